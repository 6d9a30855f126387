#include "engine/data/targets.h"

#include <algorithm>
#include <cmath>

#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

std::vector<std::int64_t> level_counts(const std::vector<std::int32_t>& codes, std::size_t levels) {
  std::vector<std::int64_t> counts(levels);
  for (const std::int32_t code : codes) {
    if (code >= 0) ++counts[static_cast<std::size_t>(code)];
  }
  return counts;
}

std::string quoted(const std::vector<std::string>& values) {
  std::vector<std::string> marked;
  for (const std::string& value : values) marked.push_back("'" + value + "'");
  return core::listed(marked);
}

// "'a' (3 rows), 'b' (1 row)"
std::string with_counts(const std::vector<std::string>& values, const std::vector<std::int64_t>& counts) {
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < values.size(); ++i) {
    texts.push_back("'" + values[i] + "' (" + std::to_string(counts[i]) + (counts[i] == 1 ? " row)" : " rows)"));
  }
  return core::listed(texts, 12);
}

// Positive 1, negative 0, neither -1, for each level of the label column.
std::vector<int> signs_of_levels(const std::vector<std::string>& levels, const LabelParams& params) {
  const LevelIndex positive(params.positive), negative(params.negative);
  std::vector<int> signs;
  for (const std::string& level : levels) {
    signs.push_back(positive.find(level) >= 0 ? 1 : negative.find(level) >= 0 ? 0 : -1);
  }
  return signs;
}

// Truth values may be listed as 1 and 0.
LabelParams spelt_as_column(LabelParams params, const Column& column) {
  if (column.kind != ColumnKind::boolean) return params;
  for (std::vector<std::string>* values : {&params.positive, &params.negative}) {
    for (std::string& value : *values) {
      const std::optional<double> number = parse_number(value);
      if (number == 1.0) value = "true";
      if (number == 0.0) value = "false";
    }
  }
  return params;
}

std::vector<std::uint8_t> labels_of(const std::vector<std::int32_t>& codes, const std::vector<int>& signs) {
  std::vector<std::uint8_t> labels;
  labels.reserve(codes.size());
  for (const std::int32_t code : codes) {
    labels.push_back(static_cast<std::uint8_t>(signs[static_cast<std::size_t>(code)]));
  }
  return labels;
}

constexpr double kLargestWeight = 1e30;  // as float, and its square in double, a finite number

}  // namespace

const Column& column_named(const Table& table, const std::string& name, const std::string& field,
                           const config::Origin& origin) {
  if (const Column* column = table.find(name)) return *column;
  throw core::UserError(
      core::Fault::config,
      field + ": there is no column '" + name + "'" + core::did_you_mean(name, table.names()) + columns_text(table),
      origin.of(field));
}

std::int64_t drop_rows_without_label(Table& table, const std::string& column, core::Journal& journal) {
  const std::vector<std::int32_t> codes = CategoryView(table, *table.find(column)).codes(table);
  const auto first = std::ranges::find(codes, kMissingCode);
  if (first == codes.end()) return 0;
  const std::int64_t missing = std::ranges::count(codes, kMissingCode);
  const core::Position where = table.where(first - codes.begin());
  if (missing == table.rows()) {
    throw core::UserError(core::Fault::data, "the label column '" + column + "' holds nothing but missing values",
                          where);
  }
  std::vector<std::uint8_t> keep;
  for (const std::int32_t code : codes) keep.push_back(code != kMissingCode);
  journal.warn(std::to_string(missing) + (missing == 1 ? " row has" : " rows have") + " no label in column '" + column +
               "' and " + (missing == 1 ? "was" : "were") + " left out (the first: " + where.text() + ")");
  keep_rows(table, keep);
  return missing;
}

std::vector<std::uint8_t> make_labels(const Table& table, LabelParams& params, const config::Origin& origin,
                                      core::Journal& journal) {
  const Column& column = *table.find(params.column);
  params = spelt_as_column(params, column);
  const CategoryView view(table, column);
  const std::vector<std::int32_t> codes = view.codes(table);
  const std::vector<std::int64_t> counts = level_counts(codes, view.levels().size());
  std::vector<int> signs = signs_of_levels(view.levels(), params);
  const std::string found = "the label column '" + params.column + "' holds " + with_counts(view.levels(), counts);
  std::vector<std::string> others;
  for (std::size_t i = 0; i < signs.size(); ++i) {
    if (signs[i] < 0) others.push_back(view.levels()[i]);
  }
  if (!params.negative.empty() && !others.empty()) {
    throw core::UserError(core::Fault::config,
                          "data.label: " + quoted(others) + " is neither in positive nor in negative; " + found,
                          origin.of("data.label.negative"));
  }
  if (std::ranges::find(signs, 1) == signs.end()) {
    throw core::UserError(core::Fault::config,
                          "data.label.positive: no row has " + quoted(params.positive) +
                              core::did_you_mean(params.positive.front(), view.levels()) + "; " + found,
                          origin.of("data.label.positive"));
  }
  if (std::ranges::count(signs, 1) == static_cast<std::int64_t>(signs.size())) {
    throw core::UserError(core::Fault::data, "every row is positive, so there is nothing to learn; " + found,
                          core::Position{table.files.front().path, 0, 0});
  }
  if (params.negative.empty() && others.size() > params.positive.size()) {
    throw core::UserError(
        core::Fault::config,
        "data.label: " + found + "; with " + std::to_string(others.size()) +
            " values besides the positive ones, list under data.label.negative which count as negative",
        origin.of("data.label"));
  }
  if (params.negative.empty()) params.negative = others;
  signs = signs_of_levels(view.levels(), params);
  journal.say("label '" + params.column + "': positive " + quoted(params.positive) + ", negative " +
              quoted(params.negative));
  return labels_of(codes, signs);
}

std::vector<std::uint8_t> apply_labels(const Table& table, const LabelParams& params) {
  const Column& column = *table.find(params.column);
  const CategoryView view(table, column);
  const std::vector<std::int32_t> codes = view.codes(table);
  const std::vector<int> signs = signs_of_levels(view.levels(), spelt_as_column(params, column));
  for (std::size_t row = 0; row < codes.size(); ++row) {
    const auto level = static_cast<std::size_t>(codes[row]);
    if (signs[level] >= 0) continue;
    throw core::UserError(core::Fault::data,
                          "the label '" + view.levels()[level] + "' in column '" + params.column +
                              "' was not there in training; positive is " + quoted(params.positive) + ", negative " +
                              quoted(params.negative),
                          table.where(static_cast<std::int64_t>(row)));
  }
  return labels_of(codes, signs);
}

std::vector<float> make_weights(const Table& table, const std::string& name) {
  const Column& column = *table.find(name);
  const NumberView view(column);
  std::vector<double> weights(static_cast<std::size_t>(table.rows()));
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk];
    view.read(chunk, 0, table.chunk_begins[chunk + 1] - begin, weights.data() + begin);
  }
  const auto bad =
      std::ranges::find_if(weights, [](double weight) { return !(weight >= 0 && weight <= kLargestWeight); });
  if (bad != weights.end()) {
    const std::string what = std::isnan(*bad) ? "is missing or not a number" : "is " + number_text(*bad);
    throw core::UserError(core::Fault::data,
                          "the sample weight in column '" + name + "' " + what + "; weights are numbers from 0 to 1e30",
                          table.where(bad - weights.begin()));
  }
  if (std::ranges::all_of(weights, [](double weight) { return weight == 0; })) {
    throw core::UserError(core::Fault::data, "all sample weights in column '" + name + "' are 0",
                          core::Position{table.files.front().path, 0, 0});
  }
  return {weights.begin(), weights.end()};
}

}  // namespace equipoise::data
