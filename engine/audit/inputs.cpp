#include "engine/audit/inputs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include "engine/data/two_threads.h"

namespace equipoise::audit {
namespace {

using data::Feature;

// What an input's rows hold before rare values are joined.
struct Raw {
  std::vector<std::string> values;
  std::vector<std::int32_t> codes;  // [rows]
  std::int32_t missing = -1;
  bool ordered = false;
};

std::string without_name(const std::string& component, const std::string& name) {
  for (const std::string_view between : {" = ", " in ", " "})
    if (component.starts_with(name) && std::string_view(component).substr(name.size()).starts_with(between))
      return component.substr(name.size() + between.size());
  return component;
}

bool is_standardized(const Feature& feature) {
  return feature.kind == data::FeatureKind::pick && feature.width == 2 && feature.components[0] == feature.name;
}

// "from -1.75, below -1.5 deviations"
std::string bin_name(const std::vector<float>& edges, std::size_t bin) {
  char text[80];
  if (edges.empty()) return "any";
  if (bin == 0)
    std::snprintf(text, sizeof text, "below %.3g deviations", edges[0]);
  else if (bin == edges.size())
    std::snprintf(text, sizeof text, "from %.3g deviations", edges[bin - 1]);
  else
    std::snprintf(text, sizeof text, "from %.3g, below %.3g deviations", edges[bin - 1], edges[bin]);
  return text;
}

// Standardised numbers by their rank among the training rows: 16 bins, in the deviations that the model sees.
Raw of_standardized(const data::Dataset& dataset, std::size_t f) {
  constexpr std::size_t kBins = 16;
  const std::size_t features = dataset.encoded.features.size();
  std::vector<float> sorted;
  for (std::size_t row = 0; row < dataset.splits.size(); ++row)
    if (dataset.splits[row] == data::Split::train && dataset.encoded.codes[row * features + f] == 0)
      sorted.push_back(dataset.encoded.values[row * features + f]);
  std::ranges::sort(sorted);
  std::vector<float> edges;  // the first value of each further bin
  for (std::size_t bin = 1; bin < kBins && !sorted.empty(); ++bin) {
    const float edge = sorted[bin * sorted.size() / kBins];
    if (edge > (edges.empty() ? sorted.front() : edges.back())) edges.push_back(edge);
  }
  Raw raw;
  raw.ordered = true;
  for (std::size_t bin = 0; bin <= edges.size(); ++bin) raw.values.push_back(bin_name(edges, bin));
  raw.missing = static_cast<std::int32_t>(raw.values.size());
  raw.values.emplace_back("missing");
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    const float value = dataset.encoded.values[row * features + f];
    const auto bin = std::ranges::upper_bound(edges, value) - edges.begin();
    raw.codes.push_back(dataset.encoded.codes[row * features + f] == 0 ? static_cast<std::int32_t>(bin) : raw.missing);
  }
  return raw;
}

// Ramps by their bin, levels by themselves; a level that training did not know is a value of its own.
Raw of_components(const data::Dataset& dataset, std::size_t f) {
  const Feature& feature = dataset.encoded.features[f];
  const std::size_t features = dataset.encoded.features.size();
  Raw raw;
  raw.ordered = feature.kind == data::FeatureKind::ramp;
  for (std::size_t i = 0; i < feature.components.size(); ++i) {
    raw.values.push_back(without_name(feature.components[i], feature.name));
    if (feature.components[i] == feature.name + " missing") raw.missing = static_cast<std::int32_t>(i);
  }
  const auto unknown = static_cast<std::int32_t>(raw.values.size());
  raw.values.emplace_back("not among the training rows");
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    const std::int32_t code = dataset.encoded.codes[row * features + f];
    raw.codes.push_back(code < 0 ? unknown : code);
  }
  return raw;
}

// Bins in order, each joined with those after it until there are rows enough; what is left at the end goes to the last.
std::vector<std::int32_t> join_bins(const Raw& raw, const std::vector<std::int64_t>& rows, std::int64_t min_rows,
                                    std::vector<std::string>& values) {
  std::vector<std::int32_t> joined(raw.values.size(), -1);
  std::vector<std::pair<std::size_t, std::size_t>> spans;  // first and last bin of each new value
  std::int64_t gathered = min_rows;
  for (std::size_t value = 0; value < raw.values.size(); ++value) {
    if (static_cast<std::int32_t>(value) == raw.missing || rows[value] == 0) continue;
    if (gathered >= min_rows) {
      spans.emplace_back(value, value);
      gathered = 0;
    }
    spans.back().second = value;
    gathered += rows[value];
    joined[value] = static_cast<std::int32_t>(spans.size()) - 1;
  }
  if (gathered < min_rows && spans.size() > 1) {
    const auto last = static_cast<std::int32_t>(spans.size()) - 1;
    std::ranges::replace(joined, last, last - 1);
    spans[spans.size() - 2].second = spans.back().second;
    spans.pop_back();
  }
  for (const auto& [first, last] : spans) {
    const std::string &from = raw.values[first], &to = raw.values[last];
    // "[25, 31)" and "[31, 40)" are "[25, 40)"
    const std::size_t comma = from.find(", "), end = to.find(", ");
    const bool is_span = first != last && comma != std::string::npos && end != std::string::npos;
    values.push_back(is_span ? from.substr(0, comma) + to.substr(end) : from);
  }
  return joined;
}

std::vector<std::int32_t> join_levels(const Raw& raw, const std::vector<std::int64_t>& rows, std::int64_t min_rows,
                                      std::vector<std::string>& values) {
  std::vector<std::int32_t> joined(raw.values.size(), -1);
  std::vector<std::uint8_t> occurs(raw.values.size());
  for (const std::int32_t code : raw.codes) occurs[static_cast<std::size_t>(code)] = 1;
  std::int64_t rare = 0;
  for (std::size_t value = 0; value < raw.values.size(); ++value) {
    if (static_cast<std::int32_t>(value) == raw.missing) continue;
    if (rows[value] < min_rows) {
      rare += occurs[value];
      continue;
    }
    joined[value] = static_cast<std::int32_t>(values.size());
    values.push_back(raw.values[value]);
  }
  if (rare == 0) return joined;
  for (std::size_t value = 0; value < raw.values.size(); ++value)
    if (joined[value] < 0 && static_cast<std::int32_t>(value) != raw.missing)
      joined[value] = static_cast<std::int32_t>(values.size());
  values.emplace_back("rare values");
  return joined;
}

Input joined(const Raw& raw, const std::string& name, const std::vector<data::Split>& splits, std::int64_t min_rows) {
  std::vector<std::int64_t> rows(raw.values.size());
  for (std::size_t row = 0; row < raw.codes.size(); ++row)
    rows[static_cast<std::size_t>(raw.codes[row])] += splits[row] == data::Split::train;
  Input input{name, {}, {}, -1};
  std::vector<std::int32_t> place =
      raw.ordered ? join_bins(raw, rows, min_rows, input.values) : join_levels(raw, rows, min_rows, input.values);
  const bool lacks = raw.missing >= 0 && std::ranges::find(raw.codes, raw.missing) != raw.codes.end();
  if (lacks || input.values.empty()) {
    input.missing = static_cast<std::int32_t>(input.values.size());
    input.values.emplace_back("missing");
  }
  if (raw.missing >= 0) place[static_cast<std::size_t>(raw.missing)] = std::max(0, input.missing);
  input.codes.reserve(raw.codes.size());
  for (const std::int32_t code : raw.codes)
    input.codes.push_back(static_cast<std::uint16_t>(std::max(0, place[static_cast<std::size_t>(code)])));
  return input;
}

// Of the training rows, of which there is one.
double median_target(const data::Dataset& dataset) {
  std::vector<float> targets;
  for (std::size_t row = 0; row < dataset.splits.size(); ++row)
    if (dataset.splits[row] == data::Split::train) targets.push_back(dataset.targets[row]);
  const auto middle = targets.begin() + static_cast<std::ptrdiff_t>((targets.size() - 1) / 2);
  std::ranges::nth_element(targets, middle);
  return *middle;
}

}  // namespace

std::vector<Input> inputs_of(const data::Dataset& dataset, std::int64_t min_rows) {
  const std::vector<Feature>& features = dataset.encoded.features;
  std::vector<Input> inputs(features.size());
  data::on_two_threads(features.size(), [&](std::size_t f) {
    const Raw raw = is_standardized(features[f]) ? of_standardized(dataset, f) : of_components(dataset, f);
    inputs[f] = joined(raw, features[f].name, dataset.splits, min_rows);
  });
  return inputs;
}

std::vector<Answer> answers_of(const data::Dataset& dataset) {
  const auto rows = static_cast<std::size_t>(dataset.rows());
  std::vector<Answer> answers;
  switch (dataset.task) {
    case data::Task::binary:
      return {{"positive", dataset.labels}};
    case data::Task::classes:
    case data::Task::labels:
      for (std::size_t k = 0; k < dataset.outcomes.size(); ++k) {
        Answer& answer = answers.emplace_back(Answer{dataset.outcomes[k], std::vector<std::uint8_t>(rows)});
        const bool is_class = dataset.task == data::Task::classes;
        for (std::size_t row = 0; row < rows; ++row)
          answer.labels[row] = is_class ? dataset.labels[row] == k : dataset.labels[row * dataset.outcomes.size() + k];
      }
      return answers;
    case data::Task::regression: {
      Answer& answer = answers.emplace_back(Answer{"above the median", std::vector<std::uint8_t>(rows)});
      const double median = median_target(dataset);
      for (std::size_t row = 0; row < rows; ++row) answer.labels[row] = dataset.targets[row] > median;
      return answers;
    }
  }
  return answers;
}

}  // namespace equipoise::audit
