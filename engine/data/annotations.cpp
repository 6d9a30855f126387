#include "engine/data/annotations.h"

#include <algorithm>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

constexpr int kUnknown = -1;

// What each of the column's values says.
std::vector<int> answers_of_levels(const CategoryView& view, const LabelParams& params) {
  std::vector<int> answers;
  const LevelIndex positive(params.positive), negative(params.negative), classes(params.classes);
  for (const std::string& level : view.levels()) {
    if (!params.classes.empty())
      answers.push_back(classes.find(level));
    else
      answers.push_back(positive.find(level) >= 0 ? 1 : negative.find(level) >= 0 ? 0 : kUnknown);
  }
  return answers;
}

std::vector<std::string> known_values(const LabelParams& params) {
  if (!params.classes.empty()) return params.classes;
  std::vector<std::string> known = params.positive;
  known.insert(known.end(), params.negative.begin(), params.negative.end());
  return known;
}

}  // namespace

std::vector<std::uint8_t> make_annotations(const Table& table, const LabelParams& params,
                                           const config::Origin& origin) {
  const std::size_t annotators = params.annotators.size();
  std::vector<std::uint8_t> annotations(static_cast<std::size_t>(table.rows()) * annotators, kNoAnnotation);
  for (std::size_t a = 0; a < annotators; ++a) {
    const std::string field = "data.label.annotators[" + std::to_string(a) + "]";
    if (params.annotators[a] == params.column)
      throw core::UserError(core::Fault::config,
                            field + ": '" + params.column + "' is the label itself (data.label.column)",
                            origin.of(field));
    if (std::ranges::find(params.annotators.begin(), params.annotators.begin() + static_cast<std::ptrdiff_t>(a),
                          params.annotators[a]) != params.annotators.begin() + static_cast<std::ptrdiff_t>(a))
      throw core::UserError(core::Fault::config, field + ": '" + params.annotators[a] + "' is in the list already",
                            origin.of(field));
    const Column& column = column_named(table, params.annotators[a], field, origin);
    const CategoryView view(table, column);
    const std::vector<int> answers = answers_of_levels(view, params);
    const std::vector<std::int32_t> codes = view.codes(table);
    for (std::size_t row = 0; row < codes.size(); ++row) {
      if (codes[row] < 0) continue;
      const int answer = answers[static_cast<std::size_t>(codes[row])];
      if (answer == kUnknown) {
        const std::string& level = view.levels()[static_cast<std::size_t>(codes[row])];
        const std::vector<std::string> known = known_values(params);
        throw core::UserError(core::Fault::data,
                              "'" + level + "' in the annotator's column '" + column.name + "' is no label" +
                                  core::did_you_mean(level, known) + "; labels are " + core::quoted(known),
                              table.where(static_cast<std::int64_t>(row)));
      }
      annotations[row * annotators + a] = static_cast<std::uint8_t>(answer);
    }
  }
  return annotations;
}

}  // namespace equipoise::data
