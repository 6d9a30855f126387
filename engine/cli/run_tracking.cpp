#include "engine/cli/run_tracking.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "engine/cli/sweep_tracking.h"
#include "engine/config/writer.h"
#include "engine/constraints/titles.h"

namespace equipoise::cli {
namespace {

using nlohmann::ordered_json;

void add_settings(const std::string& path, const ordered_json& value, std::vector<tracking::Setting>& settings) {
  if (value.is_object()) {
    for (const auto& [key, inner] : value.items()) add_settings(path.empty() ? key : path + "." + key, inner, settings);
  } else if (value.is_array() && std::ranges::any_of(value, [](const auto& one) { return one.is_structured(); })) {
    for (std::size_t i = 0; i < value.size(); ++i) add_settings(fmt::format("{}[{}]", path, i), value[i], settings);
  } else if (!value.is_null()) {
    settings.push_back({path, value});
  }
}

// Each name once: trackers take equal ones for the same curve.
class UniqueNames {
 public:
  std::string operator()(const std::string& text) {
    std::string name = text;
    for (int number = 2; !taken_.insert(name).second; ++number) name = fmt::format("{} ({})", text, number);
    return name;
  }

 private:
  std::set<std::string> taken_;
};

void describe_constraints(tracking::RunFacts& facts, const constraints::ConstraintTable& table) {
  UniqueNames constraint, promise, row;
  for (const std::string& title : table.constraint_titles)
    facts.constraints.push_back(constraint(constraints::title_without_tolerance(title)));
  const std::vector<std::string> titles = constraints::promise_titles(table), rows = constraints::row_titles(table);
  for (std::size_t p = 0; p < titles.size(); ++p) {
    const constraints::Promise& one = table.promises[p];
    facts.promises.push_back(
        {promise(titles[p]), facts.constraints[static_cast<std::size_t>(one.constraint)], one.grouping, one.tolerance});
  }
  for (std::size_t j = 0; j < rows.size(); ++j) {
    const tracking::PromiseFacts& of = facts.promises[static_cast<std::size_t>(table.rows[j].promise)];
    facts.multipliers.push_back({row(rows[j]), of.constraint, of.group});
  }
}

std::string label_of(const RunFolder& folder) {
  const std::string name = folder.path().filename().string();
  return folder.parent() == nullptr ? name : folder.parent()->path().filename().string() + "/" + name;
}

}  // namespace

std::vector<tracking::Setting> settings_of(training::RunConfig config) {
  config.compare = {};
  ordered_json json = config::to_json([&config](config::Fields& fields) { config.describe(fields); });
  for (const char* section : {"output", "tracking", "compare", "name"}) json.erase(section);
  std::vector<tracking::Setting> settings;
  add_settings("", json, settings);
  return settings;
}

tracking::RunFacts tracking_facts(const RunFolder& folder, const RunInputs& inputs) {
  tracking::RunFacts facts;
  facts.folder = folder.path();
  facts.label = label_of(folder);
  facts.name = inputs.config.name;
  facts.command = inputs.command;
  facts.config_sha256 = inputs.file.sha256;
  facts.batch_size = training::batch_of(
      inputs.config, static_cast<std::int64_t>(inputs.prepared.dataset.rows_of(data::Split::train).size()));
  training::RunConfig config = inputs.config;
  if (!models::grows(config.model)) config.training.batch_size = facts.batch_size;  // 0 would tell nobody how many
  facts.settings = settings_of(config);
  facts.sweep = sweep_facts(folder);
  describe_constraints(facts, inputs.table);
  return facts;
}

void track_run(RunFolder& folder, const RunInputs& inputs, core::Journal& journal) {
  if (!inputs.config.tracking.is_on()) return;
  tracking::Trackers* parent = folder.parent() == nullptr ? nullptr : folder.parent()->trackers();
  folder.track(
      std::make_unique<tracking::Trackers>(inputs.config.tracking, tracking_facts(folder, inputs), journal, parent));
}

void track_runs_of(RunFolder& folder, const training::RunConfig& config, const std::string& command,
                   const ConfigFile& file, core::Journal& journal) {
  if (!config.tracking.is_on()) return;
  tracking::RunFacts facts;
  facts.folder = folder.path();
  facts.label = label_of(folder);
  facts.name = config.name;
  facts.command = command;
  facts.config_sha256 = file.sha256;
  facts.settings = settings_of(config);
  facts.sweep = sweep_facts(folder);
  facts.holds_runs = true;
  folder.track(std::make_unique<tracking::Trackers>(config.tracking, facts, journal));
}

void end_tracking(const RunFolder& folder, tracking::RunEnd end, core::Journal& journal) {
  if (folder.trackers() == nullptr) return;
  std::error_code error;
  for (const char* name : run_files::kAll)
    if (std::filesystem::exists(folder.file(name), error)) end.artifacts.emplace_back(name);
  folder.trackers()->finished(end, journal);
}

void stop_tracking(const RunFolder& folder, core::Journal& journal) {
  if (folder.trackers() != nullptr) folder.trackers()->finished({.outcome = "interrupted"}, journal, 0);
}

}  // namespace equipoise::cli
