#include "engine/cli/made_columns.h"

#include <algorithm>

#include "engine/data/decode.h"
#include "engine/data/encoder.h"

namespace equipoise::cli {
namespace {

FileColumn feature_column(const data::FeatureRule& rule, std::size_t feature, std::size_t features,
                          const training::MadeList& list) {
  const auto rows = static_cast<std::size_t>(list.rows());
  Numbers numbers;
  Texts texts;
  for (std::size_t row = 0; row < rows; ++row) {
    const std::size_t at = row * features + feature;
    data::DecodedValue value = data::decode(rule, list.codes[at], list.values[at]);
    if (data::is_number(rule))
      numbers.push_back(value.number);
    else
      texts.push_back(std::move(value.text));
  }
  if (data::is_number(rule)) return {rule.column, std::move(numbers)};
  return {rule.column, std::move(texts)};
}

// Whether a recipe's column changed in a row of the sampler, with all that it hangs on.
bool has_changed(const std::vector<sampling::SwapColumn>& swaps, std::ptrdiff_t swap, std::size_t source) {
  for (std::ptrdiff_t at = swap; at >= 0; at = swaps[static_cast<std::size_t>(at)].parent) {
    const sampling::SwapColumn& column = swaps[static_cast<std::size_t>(at)];
    const std::int16_t level = column.level_of_row[source];
    if (level < 0 || column.becomes[static_cast<std::size_t>(level)] == level) return false;
  }
  return true;
}

// The level of a group that models do not see: the parent's, or what a recipe exchanged it for.
FileColumn group_column(const data::Grouping& grouping, const std::string& name, const training::MadeList& list,
                        const sampling::Sampler& sampler) {
  Texts texts;
  for (std::size_t row = 0; row < static_cast<std::size_t>(list.rows()); ++row) {
    std::int32_t level = grouping.codes[static_cast<std::size_t>(list.parents[row])];
    const std::vector<sampling::SwapColumn>& swaps =
        sampler.makings()[static_cast<std::size_t>(list.recipes[row])].swaps;
    const auto swap = std::ranges::find(swaps, grouping.name, &sampling::SwapColumn::name);
    if (swap != swaps.end() && has_changed(swaps, swap - swaps.begin(), static_cast<std::size_t>(list.sources[row])))
      level = swap->becomes[static_cast<std::size_t>(level)];
    const std::string& text = grouping.levels[static_cast<std::size_t>(level)];
    texts.push_back(text == data::kMissingLevel ? std::nullopt : std::optional(text));
  }
  return {name, std::move(texts)};
}

// Of values that a number's bound tells apart there is none to write: the side of it.
std::string label_value(const data::LabelParams& label, bool is_positive) {
  const std::vector<std::string>& values = is_positive ? label.positive : label.negative;
  if (!values.empty()) return values.front();
  return is_positive ? "positive" : "negative";
}

std::vector<FileColumn> label_columns(const data::Prepared& prepared, const training::MadeList& list) {
  const data::LabelParams& label = prepared.encoder->label;
  const data::Dataset& dataset = prepared.dataset;
  const auto rows = static_cast<std::size_t>(list.rows());
  const auto parent = [&](std::size_t row) { return static_cast<std::size_t>(list.parents[row]); };
  if (dataset.task == data::Task::regression) {
    Numbers numbers;
    for (std::size_t row = 0; row < rows; ++row) numbers.emplace_back(dataset.targets[parent(row)]);
    return {{label.column, std::move(numbers)}};
  }
  const std::size_t labels = dataset.task == data::Task::labels ? dataset.outcomes.size() : 1;
  std::vector<FileColumn> columns;
  for (std::size_t i = 0; i < labels; ++i) {
    Texts texts;
    for (std::size_t row = 0; row < rows; ++row) {
      const std::uint8_t own = dataset.labels[parent(row) * labels + i];
      texts.emplace_back(dataset.task == data::Task::classes ? dataset.outcomes[own] : label_value(label, own == 1));
    }
    columns.push_back({labels > 1              ? label.columns[i]
                       : label.columns.empty() ? label.column
                                               : label.columns.front(),
                       std::move(texts)});
  }
  return columns;
}

// A made row counts as much as the one that it was made of.
FileColumn weight_column(const data::Prepared& prepared, const training::MadeList& list) {
  Numbers weights;
  for (const std::int64_t parent : list.parents)
    weights.emplace_back(prepared.dataset.weight_of(static_cast<std::size_t>(parent)));
  return {prepared.encoder->weight, std::move(weights)};
}

bool has_column(const std::vector<FileColumn>& columns, const std::string& name) {
  return std::ranges::find(columns, name, &FileColumn::name) != columns.end();
}

// The data's own name stays theirs.
std::string free_name(const std::vector<FileColumn>& columns, std::string name) {
  while (has_column(columns, name)) name += "_of_made_row";
  return name;
}

Integers one_based(const std::vector<std::int64_t>& rows) {
  Integers shown;
  for (const std::int64_t row : rows) shown.push_back(row + 1);
  return shown;
}

}  // namespace

std::vector<FileColumn> made_columns(const training::MadeList& list, const sampling::Sampler& sampler,
                                     const data::Prepared& prepared) {
  const data::Encoder& encoder = *prepared.encoder;
  std::vector<FileColumn> columns;
  for (std::size_t f = 0; f < encoder.features.size(); ++f)
    columns.push_back(feature_column(encoder.features[f], f, encoder.features.size(), list));
  for (const data::GroupRule& group : encoder.groups)
    if (group.cross.empty() && !has_column(columns, group.column)) {
      // Of a number that was cut it is not the number that is known.
      const std::string name = group.bins.empty() ? group.column : group.column + "_group";
      columns.push_back(group_column(prepared.dataset.grouping(group.name), name, list, sampler));
    }
  for (FileColumn& column : label_columns(prepared, list)) columns.push_back(std::move(column));
  if (!encoder.weight.empty()) columns.push_back(weight_column(prepared, list));
  Texts recipes, cells;
  Numbers partners;
  for (std::size_t row = 0; row < static_cast<std::size_t>(list.rows()); ++row) {
    recipes.emplace_back(sampler.makings()[static_cast<std::size_t>(list.recipes[row])].params.recipe);
    cells.emplace_back(sampler.cells().name(static_cast<std::size_t>(list.cells[row])));
    partners.push_back(list.partners[row] < 0 ? std::nullopt
                                              : std::optional(static_cast<double>(list.partners[row] + 1)));
  }
  columns.push_back({free_name(columns, "recipe"), std::move(recipes)});
  columns.push_back({free_name(columns, "cell"), std::move(cells)});
  columns.push_back({free_name(columns, "parent"), one_based(list.parents)});
  columns.push_back({free_name(columns, "partner"), std::move(partners)});
  return columns;
}

}  // namespace equipoise::cli
