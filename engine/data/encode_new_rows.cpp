#include "engine/data/encode_new_rows.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

// The values of a category that training never saw, and how many rows have one.
struct Unseen {
  std::vector<std::string> values;
  std::int64_t rows = 0;
};

// Of a number that training had one of, or none: whatever it is, the model sees that it is known.
bool tells_missing_alone(const FeatureRule& rule) {
  return rule.form == FeatureForm::levels && rule.levels.empty();
}

Unseen unseen_values(const FeatureRule& rule, const Table& table) {
  Unseen unseen;
  // With "other" among the levels, values that training had and did not keep look the same.
  if (rule.form != FeatureForm::levels || rule.other_level || tells_missing_alone(rule)) return unseen;
  const CategoryView view(table, *table.find(rule.column));
  const LevelIndex known(rule.levels);
  std::vector<std::uint8_t> is_unseen;
  for (const std::string& level : view.levels()) {
    is_unseen.push_back(known.find(level) < 0);
    if (is_unseen.back()) unseen.values.push_back("'" + level + "'");
  }
  if (unseen.values.empty()) return unseen;
  unseen.rows = std::ranges::count_if(
      view.codes(table), [&](std::int32_t code) { return code >= 0 && is_unseen[static_cast<std::size_t>(code)]; });
  return unseen;
}

// Such rows leave all components of the feature 0: they have a score like any other, and nothing shows in it.
void warn_of_unseen_values(const Encoder& encoder, const std::vector<Unseen>& unseen, const EncodedRows& encoded,
                           core::Journal& journal) {
  const std::size_t features = encoder.features.size();
  for (std::size_t f = 0; f < features; ++f) {
    const FeatureRule& rule = encoder.features[f];
    if (tells_missing_alone(rule)) continue;
    std::int64_t nowhere = 0;
    for (std::size_t place = f; place < encoded.codes.size(); place += features) nowhere += encoded.codes[place] < 0;
    const auto warn = [&](std::int64_t rows, const std::string& what) {
      if (rows == 0) return;
      journal.warn(std::to_string(rows) + (rows == 1 ? " row has " : " rows have ") + what + " in the input '" +
                   rule.column + "': the model sees none of its levels there");
    };
    warn(unseen[f].rows, "a value that training never saw (" + core::listed(unseen[f].values, 5) + ")");
    warn(nowhere - unseen[f].rows, "no value, which training always had,");
  }
}

// A few lie beyond whatever training had. Of more than these the scores are those of a world that the model has not seen.
void warn_of_numbers_beyond(const FeatureRule& rule, const Column& column, const std::vector<double>& numbers,
                            core::Journal& journal) {
  constexpr double kFew = 0.05;
  // Of any rows at most 1 in 100 lie that far from their mean (Chebyshev): the least and the most are not known of such an input.
  constexpr double kFarDeviations = 10;
  const bool is_standardized = rule.form == FeatureForm::standardized;
  if (!is_standardized && rule.edges.empty()) return;
  const double far = kFarDeviations * rule.deviation;
  const double least = is_standardized ? rule.mean - far : rule.edges.front(),
               most = is_standardized ? rule.mean + far : rule.edges.back();
  const auto beyond = std::ranges::count_if(numbers, [&](double one) { return one < least || one > most; });
  if (static_cast<double>(beyond) <= kFew * static_cast<double>(numbers.size())) return;
  const ColumnKind kind = column_kind(rule.numbers);
  journal.warn(std::to_string(beyond) + " of " + std::to_string(numbers.size()) + " rows lie in the input '" +
               rule.column + "' beyond " +
               (is_standardized ? "ten deviations of what training saw there, " : "all that training saw there, ") +
               value_text(kind, least) + " to " + value_text(kind, most) +
               ": the model has learnt nothing of such rows");
}

// Nearly all rows: of a column that training had, that is a fault of the file more often than of the world.
void warn_of_missing_numbers(const FeatureRule& rule, const std::vector<double>& numbers, core::Journal& journal) {
  constexpr double kNearlyAll = 0.9;
  const auto missing = std::ranges::count_if(numbers, [](double one) { return std::isnan(one); });
  if (numbers.empty() || static_cast<double>(missing) < kNearlyAll * static_cast<double>(numbers.size())) return;
  journal.warn(std::to_string(missing) + " of " + std::to_string(numbers.size()) +
               " rows have no number in the input '" + rule.column +
               "': the model decides them as it does people of whom it is not known");
}

void warn_of_numbers(const Encoder& encoder, const Table& table, core::Journal& journal) {
  for (const FeatureRule& rule : encoder.features) {
    if (rule.form == FeatureForm::levels) continue;
    const Column& column = *table.find(rule.column);
    const NumberView view(column);
    if (view.first_unreadable_level() >= 0) continue;  // is refused
    const std::vector<double> numbers = view.numbers(table);
    warn_of_numbers_beyond(rule, column, numbers, journal);
    warn_of_missing_numbers(rule, numbers, journal);
  }
}

}  // namespace

std::set<std::string> categories_of(const Encoder& encoder) {
  std::set<std::string> columns;
  for (const FeatureRule& rule : encoder.features)
    if (rule.form == FeatureForm::levels) columns.insert(rule.column);
  return columns;
}

void check_inputs(const Encoder& encoder, const Table& table) {
  std::vector<std::string> missing;
  for (const FeatureRule& rule : encoder.features) {
    if (table.find(rule.column) == nullptr) missing.push_back(rule.column);
  }
  if (missing.empty()) return;
  throw core::UserError(core::Fault::data,
                        "the model needs columns that are not there: " + core::listed(missing, 60) +
                            core::did_you_mean(missing.front(), table.names()) + columns_text(table),
                        core::Position{table.files.front().path, 0, 0});
}

EncodedRows encode_new_rows(const Encoder& encoder, Table& table, core::Journal& journal) {
  std::vector<Unseen> unseen;
  for (const FeatureRule& rule : encoder.features) unseen.push_back(unseen_values(rule, table));
  warn_of_numbers(encoder, table, journal);
  EncodedRows encoded = encode(encoder.features, table);
  warn_of_unseen_values(encoder, unseen, encoded, journal);
  return encoded;
}

}  // namespace equipoise::data
