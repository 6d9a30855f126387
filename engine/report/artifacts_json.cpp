#include "engine/report/artifacts_json.h"

#include <algorithm>

#include "engine/core/json_reader.h"

namespace equipoise::report {
namespace {

using audit::ArtifactAudit;
using audit::ArtifactFigure;
using audit::ArtifactVerdict;
using audit::CellArtifacts;
using nlohmann::json;

json to_json(const std::optional<evaluation::Interval>& interval) {
  if (!interval) return nullptr;
  return {{"low", core::number_or_null(interval->low)}, {"high", core::number_or_null(interval->high)}};
}

json to_json(const ArtifactFigure& figure) {
  return {{"kind", audit::artifact_kinds()[static_cast<std::size_t>(figure.kind)].name},
          {"made", core::number_or_null(figure.made)},
          {"real", core::number_or_null(figure.real)},
          {"excess", core::number_or_null(figure.excess)},
          {"interval", to_json(figure.interval)},
          {"bound", core::number_or_null(figure.bound)},
          {"p_value", core::number_or_null(figure.p_value)},
          {"noise", core::number_or_null(figure.noise)},
          {"made_rows", figure.made_rows},
          {"real_rows", figure.real_rows},
          {"verdict", figure.verdict ? json(audit::name_of(*figure.verdict)) : json(nullptr)},
          {"says", figure.says}};
}

json to_json(const CellArtifacts& cell) {
  json figures = json::array();
  for (const ArtifactFigure& figure : cell.figures) figures.push_back(to_json(figure));
  json distances = nullptr;
  if (cell.distances)
    distances = {{"real", cell.distances->real}, {"made", cell.distances->made}, {"to_any", cell.distances->to_any}};
  return {{"cell", cell.cell},
          {"verdict", audit::name_of(cell.verdict)},
          {"reasons", cell.reasons},
          {"made_rows", cell.made_rows},
          {"looked_at", cell.looked_at},
          {"real_rows", cell.real_rows},
          {"held_out_rows", cell.held_out_rows},
          {"distances", distances},
          {"figures", figures}};
}

ArtifactVerdict verdict_at(const std::string& name, const std::string& path) {
  const std::optional<ArtifactVerdict> verdict = audit::artifact_verdict_from(name);
  if (!verdict)
    throw core::UserError(core::Fault::data,
                          fmt::format("{}.verdict is '{}', expected clean, too_few, look or harmful", path, name));
  return *verdict;
}

ArtifactFigure figure_at(const json& item, const std::string& path) {
  const core::JsonReader fields(item, path);
  ArtifactFigure figure;
  std::string kind;
  fields.read("kind", kind);
  const auto found = std::ranges::find(audit::artifact_kinds(), kind, &audit::ArtifactKindEntry::name);
  if (found == audit::artifact_kinds().end())
    throw core::UserError(core::Fault::data, fmt::format("{}.kind is '{}', which is no kind of figure", path, kind));
  figure.kind = found->kind;
  fields.read("made", figure.made);
  fields.read("real", figure.real);
  fields.read("excess", figure.excess);
  fields.if_there("interval", [&](const json& object, const std::string& at) {
    if (object.is_null()) return;
    const core::JsonReader ends(object, at);
    ends.read("low", figure.interval.emplace().low);
    ends.read("high", figure.interval->high);
  });
  fields.read("bound", figure.bound);
  fields.read("p_value", figure.p_value);
  fields.read("noise", figure.noise);
  fields.read("made_rows", figure.made_rows);
  fields.read("real_rows", figure.real_rows);
  std::optional<std::string> verdict;
  fields.read("verdict", verdict);
  if (verdict) figure.verdict = verdict_at(*verdict, path);
  fields.read("says", figure.says);
  return figure;
}

void read_quantiles(const core::JsonReader& fields, const std::string& path, const char* key,
                    audit::DistanceQuantiles& quantiles) {
  std::vector<double> values;
  fields.read(key, values);
  if (values.size() != quantiles.size())
    throw core::UserError(core::Fault::data,
                          fmt::format("{}.{} has {} numbers, expected {}", path, key, values.size(), quantiles.size()));
  std::ranges::copy(values, quantiles.begin());
}

CellArtifacts cell_at(const json& item, const std::string& path) {
  const core::JsonReader fields(item, path);
  CellArtifacts cell;
  std::string verdict;
  fields.read("cell", cell.cell);
  fields.read("verdict", verdict);
  cell.verdict = verdict_at(verdict, path);
  fields.read("reasons", cell.reasons);
  fields.read("made_rows", cell.made_rows);
  fields.read("looked_at", cell.looked_at);
  fields.read("real_rows", cell.real_rows);
  fields.read("held_out_rows", cell.held_out_rows);
  fields.if_there("distances", [&](const json& object, const std::string& at) {
    if (object.is_null()) return;
    const core::JsonReader lists(object, at);
    cell.distances.emplace();
    read_quantiles(lists, at, "real", cell.distances->real);
    read_quantiles(lists, at, "made", cell.distances->made);
    read_quantiles(lists, at, "to_any", cell.distances->to_any);
  });
  fields.each("figures",
              [&](const json& figure, const std::string& at) { cell.figures.push_back(figure_at(figure, at)); });
  return cell;
}

}  // namespace

json to_json(const std::optional<ArtifactAudit>& artifacts) {
  if (!artifacts) return nullptr;
  json recipes = json::array();
  for (const audit::RecipeArtifacts& recipe : artifacts->recipes) {
    json cells = json::array();
    for (const CellArtifacts& cell : recipe.cells) cells.push_back(to_json(cell));
    recipes.push_back({{"recipe", recipe.recipe}, {"cells", cells}});
  }
  return {
      {"confidence", artifacts->confidence}, {"verdict", audit::name_of(artifacts->verdict())}, {"recipes", recipes}};
}

std::optional<ArtifactAudit> artifacts_from_json(const json& object, const std::string& path) {
  if (object.is_null()) return std::nullopt;
  const core::JsonReader reader(object, path);
  ArtifactAudit artifacts;
  reader.read("confidence", artifacts.confidence);
  reader.each("recipes", [&](const json& item, const std::string& at) {
    audit::RecipeArtifacts& recipe = artifacts.recipes.emplace_back();
    const core::JsonReader fields(item, at);
    fields.read("recipe", recipe.recipe);
    fields.each("cells",
                [&](const json& cell, const std::string& of_cell) { recipe.cells.push_back(cell_at(cell, of_cell)); });
  });
  return artifacts;
}

}  // namespace equipoise::report
