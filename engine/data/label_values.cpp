#include "engine/data/label_values.h"

#include <algorithm>
#include <optional>

#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"

namespace equipoise::data {
namespace {

// A label column as categories, and how many rows have each level.
struct LabelLevels {
  LabelLevels(const Table& table, const std::string& name)
      : column(*table.find(name)), view(table, column), codes(view.codes(table)), counts(view.levels().size()) {
    for (const std::int32_t code : codes) {
      if (code >= 0) ++counts[static_cast<std::size_t>(code)];
    }
  }

  // "'a' (3 rows), 'b' (1 row)"
  std::string with_counts() const {
    std::vector<std::string> texts;
    for (std::size_t i = 0; i < counts.size(); ++i) {
      texts.push_back("'" + view.levels()[i] + "' (" + std::to_string(counts[i]) +
                      (counts[i] == 1 ? " row)" : " rows)"));
    }
    return core::listed(texts, 12);
  }

  std::string found() const { return "the label column '" + column.name + "' holds " + with_counts(); }

  std::int64_t first_row_of(std::int32_t level) const { return std::ranges::find(codes, level) - codes.begin(); }

  const Column& column;
  CategoryView view;
  std::vector<std::int32_t> codes;
  std::vector<std::int64_t> counts;
};

// Truth values may be listed as 1 and 0.
std::vector<std::string> spelt_as_column(std::vector<std::string> values, const Column& column) {
  if (column.kind != ColumnKind::boolean) return values;
  for (std::string& value : values) {
    const std::optional<double> number = parse_number(value);
    if (number == 1.0) value = "true";
    if (number == 0.0) value = "false";
  }
  return values;
}

// Positive 1, negative 0, neither -1, for each level of the label column.
std::vector<int> signs_of_levels(const LabelLevels& found, const LabelParams& params) {
  const LevelIndex positive(spelt_as_column(params.positive, found.column)),
      negative(spelt_as_column(params.negative, found.column));
  std::vector<int> signs;
  for (const std::string& level : found.view.levels())
    signs.push_back(positive.find(level) >= 0 ? 1 : negative.find(level) >= 0 ? 0 : -1);
  return signs;
}

// Where several columns have the same values, each is listed once.
void add_negatives(const std::vector<std::string>& others, const Column& column, std::vector<std::string>& negative) {
  for (const std::string& value : others) {
    if (LevelIndex(spelt_as_column(negative, column)).find(value) < 0) negative.push_back(value);
  }
}

void refuse_unlisted(const std::vector<std::string>& others, const LabelParams& params, const std::string& found,
                     const config::Origin& origin) {
  if (others.empty()) return;
  if (!params.negative.empty()) {
    throw core::UserError(core::Fault::config,
                          "data.label: " + core::quoted(others) + " is neither in positive nor in negative; " + found,
                          origin.of("data.label.negative"));
  }
  if (others.size() <= params.positive.size()) return;
  throw core::UserError(core::Fault::config,
                        "data.label: " + found + "; with " + std::to_string(others.size()) +
                            " values besides the positive ones, list under data.label.negative which count as negative",
                        origin.of("data.label"));
}

// The levels that are different classes, in the order in which they are told of; nothing when there are too many.
std::optional<std::vector<std::string>> classes_of(std::vector<std::string> levels) {
  if (std::ranges::all_of(levels, [](const std::string& level) { return parse_number(level).has_value(); })) {
    std::ranges::stable_sort(levels, {}, [](const std::string& level) { return *parse_number(level); });
  }
  std::vector<std::string> classes;
  for (const std::string& level : levels) {
    if (LevelIndex(classes).find(level) >= 0) continue;
    if (classes.size() == kMostOutcomes) return std::nullopt;
    classes.push_back(level);
  }
  return classes;
}

void fill_classes(const LabelLevels& found, LabelParams& params, const config::Origin& origin) {
  const std::optional<std::vector<std::string>> classes = classes_of(found.view.levels());
  if (classes && classes->size() > 1) {
    params.classes = *classes;
    return;
  }
  const std::string what =
      classes ? "one value only, '" + classes->front() + "': there is nothing to learn"
              : std::to_string(found.view.levels().size()) + " different values, but classes are at most " +
                    std::to_string(kMostOutcomes) +
                    "; numbers can be cut into classes, for example with "
                    "data.label.bins: [20000, 50000], or predicted as they are with data.label.task: regression";
  throw core::UserError(core::Fault::config,
                        "data.label.column: the label column '" + found.column.name + "' holds " + what,
                        origin.of("data.label.column"));
}

// Each value is a class, and each class occurs.
void check_classes(const Table& table, const LabelLevels& found, const std::vector<std::string>& classes,
                   const config::Origin& origin) {
  const LevelIndex known(classes);
  std::vector<bool> occurs(classes.size());
  std::vector<std::string> others;
  std::int64_t first = table.rows();
  for (std::size_t level = 0; level < found.view.levels().size(); ++level) {
    const std::int32_t place = known.find(found.view.levels()[level]);
    if (place >= 0) {
      occurs[static_cast<std::size_t>(place)] = true;
      continue;
    }
    others.push_back(found.view.levels()[level]);
    first = std::min(first, found.first_row_of(static_cast<std::int32_t>(level)));
  }
  if (!others.empty()) {
    throw core::UserError(core::Fault::config,
                          "data.label.classes: " + core::quoted(others) + " is not among the classes" +
                              core::did_you_mean(others.front(), classes) +
                              " (the first such row: " + table.where(first).text() + "); " + found.found(),
                          origin.of("data.label.classes"));
  }
  const auto absent = std::ranges::find(occurs, false) - occurs.begin();
  if (absent == static_cast<std::ptrdiff_t>(occurs.size())) return;
  const std::string& name = classes[static_cast<std::size_t>(absent)];
  const std::string field = "data.label.classes[" + std::to_string(absent) + "]";
  throw core::UserError(
      core::Fault::config,
      field + ": no row has '" + name + "'" + core::did_you_mean(name, found.view.levels()) + "; " + found.found(),
      origin.of(field));
}

template <typename Value>
std::vector<std::uint8_t> values_of_rows(const std::vector<std::int32_t>& codes, const std::vector<Value>& values) {
  std::vector<std::uint8_t> labels;
  labels.reserve(codes.size());
  for (const std::int32_t code : codes)
    labels.push_back(static_cast<std::uint8_t>(values[static_cast<std::size_t>(code)]));
  return labels;
}

std::vector<std::int32_t> classes_of_levels(const LabelLevels& found, const std::vector<std::string>& classes) {
  const LevelIndex known(classes);
  std::vector<std::int32_t> places;
  for (const std::string& level : found.view.levels()) places.push_back(known.find(level));
  return places;
}

// The first new row whose value means nothing, if any.
template <typename Value>
void refuse_unseen(const Table& table, const LabelLevels& found, const std::vector<Value>& values,
                   const std::vector<std::string>& known, const std::string& expected) {
  const auto bad =
      std::ranges::find_if(found.codes, [&](std::int32_t code) { return values[static_cast<std::size_t>(code)] < 0; });
  if (bad == found.codes.end()) return;
  const std::string& level = found.view.levels()[static_cast<std::size_t>(*bad)];
  throw core::UserError(core::Fault::data,
                        "the label '" + level + "' in column '" + found.column.name + "' was not there in training" +
                            core::did_you_mean(level, known) + "; " + expected,
                        table.where(bad - found.codes.begin()));
}

}  // namespace

void spell_as_columns(const Table& table, const std::vector<std::string>& columns, LabelParams& params) {
  const auto is_boolean = [&](const std::string& name) { return table.find(name)->kind == ColumnKind::boolean; };
  if (!std::ranges::all_of(columns, is_boolean)) return;
  for (std::vector<std::string>* values : {&params.positive, &params.negative, &params.classes})
    *values = spelt_as_column(*values, *table.find(columns.front()));
}

std::vector<std::uint8_t> make_signs(const Table& table, const std::string& column, const LabelParams& params,
                                     std::vector<std::string>& negative, const config::Origin& origin,
                                     core::Journal& journal) {
  const LabelLevels found(table, column);
  std::vector<int> signs = signs_of_levels(found, params);
  std::vector<std::string> others;
  for (std::size_t i = 0; i < signs.size(); ++i) {
    if (signs[i] < 0) others.push_back(found.view.levels()[i]);
  }
  if (!params.negative.empty()) refuse_unlisted(others, params, found.found(), origin);
  if (std::ranges::find(signs, 1) == signs.end()) {
    throw core::UserError(core::Fault::config,
                          "data.label.positive: no row has " + core::quoted(params.positive) +
                              core::did_you_mean(params.positive.front(), found.view.levels()) + "; " + found.found(),
                          origin.of("data.label.positive"));
  }
  if (std::ranges::count(signs, 1) == static_cast<std::int64_t>(signs.size())) {
    throw core::UserError(core::Fault::data, "every row is positive, so there is nothing to learn; " + found.found(),
                          core::Position{table.files.front().path, 0, 0});
  }
  refuse_unlisted(others, params, found.found(), origin);
  std::ranges::replace(signs, -1, 0);
  if (params.negative.empty()) add_negatives(others, found.column, negative);
  journal.say("label '" + column + "': positive " + core::quoted(spelt_as_column(params.positive, found.column)) +
              ", negative " +
              core::quoted(params.negative.empty() ? others : spelt_as_column(params.negative, found.column)));
  return values_of_rows(found.codes, signs);
}

std::vector<std::uint8_t> apply_signs(const Table& table, const std::string& column, const LabelParams& params) {
  const LabelLevels found(table, column);
  const std::vector<int> signs = signs_of_levels(found, params);
  std::vector<std::string> known = params.positive;
  known.insert(known.end(), params.negative.begin(), params.negative.end());
  refuse_unseen(table, found, signs, known,
                "positive is " + core::quoted(params.positive) + ", negative " + core::quoted(params.negative));
  return values_of_rows(found.codes, signs);
}

std::vector<std::uint8_t> make_classes(const Table& table, LabelParams& params, const config::Origin& origin,
                                       core::Journal& journal) {
  const LabelLevels found(table, params.column);
  if (params.classes.empty()) fill_classes(found, params, origin);
  check_classes(table, found, params.classes, origin);
  journal.say("label '" + params.column + "': " + std::to_string(params.classes.size()) + " classes, " +
              core::quoted(params.classes));
  return values_of_rows(found.codes, classes_of_levels(found, params.classes));
}

std::vector<std::uint8_t> apply_classes(const Table& table, const LabelParams& params) {
  const LabelLevels found(table, params.column);
  const std::vector<std::string> classes = spelt_as_column(params.classes, found.column);
  const std::vector<std::int32_t> places = classes_of_levels(found, classes);
  refuse_unseen(table, found, places, classes, "the classes are " + core::quoted(classes));
  return values_of_rows(found.codes, places);
}

}  // namespace equipoise::data
