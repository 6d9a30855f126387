#include "engine/report/sampling_json.h"

#include "engine/core/json_reader.h"

namespace equipoise::report {

using nlohmann::json;
using sampling::SamplingLog;

json to_json(const std::optional<SamplingLog>& log) {
  if (!log) return nullptr;
  json recipes = json::array(), cells = json::array(), epochs = json::array();
  for (const SamplingLog::Recipe& one : log->recipes)
    recipes.push_back({{"recipe", one.recipe},
                       {"version", one.version},
                       {"file", one.file},
                       {"does", one.does},
                       {"rationale", one.rationale}});
  for (const SamplingLog::Cell& one : log->cells) cells.push_back({{"cell", one.name}, {"rows", one.rows}});
  for (const SamplingLog::Epoch& one : log->epochs)
    epochs.push_back(
        {{"epoch", one.epoch}, {"drawn", one.drawn}, {"made", one.made}, {"weights", one.weights}, {"why", one.why}});
  return {{"recipes", recipes}, {"cells", cells}, {"epochs", epochs}};
}

std::optional<SamplingLog> sampling_log_from_json(const json& object, const std::string& path) {
  if (object.is_null()) return std::nullopt;
  const core::JsonReader reader(object, path);
  SamplingLog log;
  reader.each("recipes", [&](const json& item, const std::string& at) {
    SamplingLog::Recipe& one = log.recipes.emplace_back();
    const core::JsonReader fields(item, at);
    fields.read("recipe", one.recipe);
    fields.read("version", one.version);
    fields.read("file", one.file);
    fields.read("does", one.does);
    fields.read("rationale", one.rationale);
  });
  reader.each("cells", [&](const json& item, const std::string& at) {
    SamplingLog::Cell& one = log.cells.emplace_back();
    const core::JsonReader fields(item, at);
    fields.read("cell", one.name);
    fields.read("rows", one.rows);
  });
  reader.each("epochs", [&](const json& item, const std::string& at) {
    SamplingLog::Epoch& one = log.epochs.emplace_back();
    const core::JsonReader fields(item, at);
    fields.read("epoch", one.epoch);
    fields.read("drawn", one.drawn);
    fields.read("made", one.made);
    fields.read("weights", one.weights);
    fields.read("why", one.why);
    for (const auto& [name, size] :
         {std::pair("drawn", one.drawn.size()), {"made", one.made.size()}, {"weights", one.weights.size()}})
      if (size != log.cells.size())
        throw core::UserError(core::Fault::data,
                              fmt::format("{}.{} has {} numbers, expected one for each of the {} cells", at, name, size,
                                          log.cells.size()));
  });
  return log;
}

}  // namespace equipoise::report
