#include "engine/audit/inputs.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>
#include <optional>
#include <string_view>

#include "engine/core/threads.h"

namespace equipoise::audit {
namespace {

using data::Feature;

// What an input's rows hold before rare values are joined.
struct Raw {
  std::vector<std::string> values;  // of numbers: empty texts beside the bins
  std::vector<std::int32_t> codes;  // [rows]
  std::int32_t missing = -1;
  std::vector<Span> bins;  // of numbers, before the value that stands for missing
};

std::string without_name(const std::string& component, const std::string& name) {
  for (const std::string_view between : {" = ", " in ", " "})
    if (component.starts_with(name) && std::string_view(component).substr(name.size()).starts_with(between))
      return component.substr(name.size() + between.size());
  return component;
}

// As short as they can be while each is another.
std::vector<std::string> shown(const std::vector<float>& edges) {
  constexpr int kFewestDigits = 3, kMostDigits = 9;
  std::vector<std::string> texts;
  for (int digits = kFewestDigits; digits <= kMostDigits; ++digits) {
    texts.clear();
    for (const float edge : edges) {
      char text[32];
      std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(edge));
      texts.emplace_back(text);
    }
    if (std::ranges::adjacent_find(texts) == texts.end()) break;
  }
  return texts;
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
  const std::vector<std::string> texts = shown(edges);
  for (std::size_t bin = 0; bin <= edges.size(); ++bin)
    raw.bins.push_back(
        {bin == 0 ? "" : "from " + texts[bin - 1], bin == edges.size() ? "" : "below " + texts[bin], " deviations"});
  raw.values.resize(raw.bins.size());
  raw.missing = static_cast<std::int32_t>(raw.values.size());
  raw.values.emplace_back("missing");
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    const float value = dataset.encoded.values[row * features + f];
    const auto bin = std::ranges::upper_bound(edges, value) - edges.begin();
    raw.codes.push_back(dataset.encoded.codes[row * features + f] == 0 ? static_cast<std::int32_t>(bin) : raw.missing);
  }
  return raw;
}

// The ends of "[25, 31)".
Span ends_of(const std::string& bin) {
  const std::size_t comma = bin.find(", ");
  return comma == std::string::npos ? Span{bin, "", ""} : Span{bin.substr(0, comma), bin.substr(comma + 2), ""};
}

// Ramps by their bin, levels by themselves; a level that training did not know is a value of its own.
Raw of_components(const data::Dataset& dataset, std::size_t f) {
  const Feature& feature = dataset.encoded.features[f];
  const std::size_t features = dataset.encoded.features.size();
  Raw raw;
  for (std::size_t i = 0; i < feature.components.size(); ++i) {
    raw.values.push_back(without_name(feature.components[i], feature.name));
    if (feature.components[i] == feature.name + " missing")
      raw.missing = static_cast<std::int32_t>(i);
    else if (feature.kind == data::FeatureKind::ramp)
      raw.bins.push_back(ends_of(raw.values.back()));
  }
  const auto unknown = static_cast<std::int32_t>(raw.values.size());
  // Of a number that is one alone or missing, only that is a component.
  const bool is_one_number = feature.components.size() == 1 && raw.missing == 0;
  raw.values.emplace_back(is_one_number ? "not missing" : "not among the training rows");
  if (raw.missing < 0) {
    raw.missing = static_cast<std::int32_t>(raw.values.size());
    raw.values.emplace_back("missing");
  }
  for (std::size_t row = 0; row < dataset.splits.size(); ++row) {
    const std::int32_t code = dataset.encoded.codes[row * features + f];
    const bool lacks = code < 0 && dataset.encoded.values[row * features + f] == data::kMissingUnlikeTraining;
    raw.codes.push_back(lacks ? raw.missing : code < 0 ? unknown : code);
  }
  return raw;
}

// Bins in order, each joined with those after it until there are rows enough; what is left at the end goes to the last.
std::vector<std::int32_t> join_bins(const Raw& raw, const std::vector<std::int64_t>& rows, std::int64_t min_rows,
                                    Input& input) {
  std::vector<std::int32_t> joined(raw.values.size(), -1);
  std::vector<std::pair<std::size_t, std::size_t>> spans;  // first and last bin of each new value
  std::int64_t gathered = min_rows;
  for (std::size_t bin = 0; bin < raw.bins.size(); ++bin) {
    if (gathered >= min_rows) {
      spans.emplace_back(bin, bin);
      gathered = 0;
    }
    spans.back().second = bin;
    gathered += rows[bin];
    joined[bin] = static_cast<std::int32_t>(spans.size()) - 1;
  }
  if (gathered < min_rows && spans.size() > 1) {
    const auto last = static_cast<std::int32_t>(spans.size()) - 1;
    std::ranges::replace(joined, last, last - 1);
    spans[spans.size() - 2].second = spans.back().second;
    spans.pop_back();
  }
  for (const auto& [first, last] : spans) {
    input.bins.push_back({raw.bins[first].low, raw.bins[last].high, raw.bins[first].unit});
    input.values.push_back(name_of_bins(raw.bins[first], raw.bins[last]));
  }
  return joined;
}

std::vector<std::int32_t> join_levels(const Raw& raw, const std::vector<std::int64_t>& rows, std::int64_t min_rows,
                                      Input& input) {
  std::vector<std::string>& values = input.values;
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
      raw.bins.empty() ? join_levels(raw, rows, min_rows, input) : join_bins(raw, rows, min_rows, input);
  const bool lacks = std::ranges::find(raw.codes, raw.missing) != raw.codes.end();
  if (lacks || input.values.empty()) {
    input.missing = static_cast<std::int32_t>(input.values.size());
    input.values.emplace_back("missing");
  }
  place[static_cast<std::size_t>(raw.missing)] = std::max(0, input.missing);
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

std::string name_of_bins(const Span& first, const Span& last) {
  if (first.low.empty() && last.high.empty()) return "any";
  return first.low + (first.low.empty() || last.high.empty() ? "" : ", ") + last.high + first.unit;
}

std::vector<Input> inputs_of(const data::Dataset& dataset, std::int64_t min_rows) {
  const std::vector<Feature>& features = dataset.encoded.features;
  std::vector<Input> inputs(features.size());
  core::on_threads(2, features.size(), [&](std::size_t f) {
    const Raw raw = data::is_standardized(features[f]) ? of_standardized(dataset, f) : of_components(dataset, f);
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
