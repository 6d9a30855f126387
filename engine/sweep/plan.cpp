#include "engine/sweep/plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/values.h"

namespace equipoise::sweep {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kFormat = 1;

core::UserError damaged(const std::string& name, const std::string& what) {
  return core::UserError(core::Fault::data, fmt::format("'{}' is not a sweep's plan: {}", name, what));
}

Json to_json(const PlannedRun& run) {
  Json point = Json::object();
  for (const auto& [field, value] : run.point) point[field] = value;
  return {{"id", run.id}, {"point", point}, {"job", run.job}, {"member", run.member}};
}

Json to_json(const PlannedAxis& axis) {
  Json json = {{"fields", axis.fields}, {"values", axis.values}};
  for (const PlannedCondition& one : axis.when)
    json["when"].push_back({{"field", one.field}, {"values", one.values}, {"is_met_by_config", one.is_met_by_config}});
  return json;
}

PlannedAxis axis_from(const Json& json) {
  PlannedAxis axis{json.at("fields"), json.at("values")};
  if (json.contains("when"))
    for (const Json& one : json.at("when"))
      axis.when.push_back({one.at("field"), one.at("values"), one.at("is_met_by_config")});
  return axis;
}

Json to_json(const PlannedJob& job) {
  Json json = {{"id", job.id},
               {"kind", job.kind == JobKind::bank ? "bank" : "run"},
               {"overrides", job.overrides},
               {"runs", job.runs}};
  if (!job.again_of.empty()) json["again_of"] = job.again_of;
  return json;
}

Json to_json(const HalvingParams& halving) {
  return {{"rungs", halving.rungs}, {"keep", halving.keep}, {"near", halving.near}, {"at_least", halving.at_least}};
}

HalvingParams halving_from(const Json& json) {
  return {json.at("rungs"), json.at("keep"), json.at("near"), json.at("at_least")};
}

PlannedRun run_from(const Json& json) {
  PlannedRun run{json.at("id"), {}, json.at("job"), json.at("member"), false};
  for (const auto& [field, value] : json.at("point").items()) run.point.emplace_back(field, value);
  return run;
}

PlannedJob job_from(const Json& json, const std::string& name) {
  const std::string kind = json.at("kind");
  if (kind != "run" && kind != "bank") throw damaged(name, fmt::format("a job of the kind '{}'", kind));
  return {json.at("id"), kind == "bank" ? JobKind::bank : JobKind::run, json.at("overrides"), json.at("runs"),
          json.value("again_of", std::string())};
}

// Ids become names of files.
void check_id(const std::string& id, const std::string& name) {
  const bool is_one = !id.empty() && id.find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!is_one) throw damaged(name, fmt::format("'{}' is no id", id));
}

// Fills in what runs have from their jobs.
void join(Plan& plan, const std::string& name) {
  std::unordered_map<std::string, const PlannedJob*> jobs;
  for (const PlannedJob& job : plan.jobs) {
    check_id(job.id, name);
    if (!jobs.emplace(job.id, &job).second) throw damaged(name, fmt::format("job {} is there twice", job.id));
    if (job.runs.empty()) throw damaged(name, fmt::format("job {} has no runs", job.id));
  }
  std::unordered_set<std::string> ids;
  for (PlannedRun& run : plan.runs) {
    check_id(run.id, name);
    if (!ids.insert(run.id).second) throw damaged(name, fmt::format("run {} is there twice", run.id));
    const auto job = jobs.find(run.job);
    if (job == jobs.end()) throw damaged(name, fmt::format("run {} is of job {}, which is not there", run.id, run.job));
    if (run.member >= job->second->runs.size() || job->second->runs[run.member] != run.id)
      throw damaged(name, fmt::format("run {} is not member {} of job {}", run.id, run.member, run.job));
    run.in_bank = job->second->kind == JobKind::bank;
  }
}

}  // namespace

Json to_json(const Plan& plan) {
  Json axes = Json::array(), runs = Json::array(), jobs = Json::array();
  for (const PlannedAxis& axis : plan.axes) axes.push_back(to_json(axis));
  for (const PlannedRun& run : plan.runs) runs.push_back(to_json(run));
  for (const PlannedJob& job : plan.jobs) jobs.push_back(to_json(job));
  Json json = {{"format", kFormat},
               {"name", plan.name},
               {"config", plan.config},
               {"config_sha256", plan.config_sha256},
               {"asked_sha256", plan.asked_sha256},
               {"search", plan.search},
               {"metric", plan.metric},
               {"overrides", plan.overrides},
               {"axes", std::move(axes)},
               {"runs", std::move(runs)},
               {"jobs", std::move(jobs)}};
  if (plan.search == "asha") json["halving"] = to_json(plan.halving);
  return json;
}

Plan plan_from(const Json& json, const std::string& name) {
  try {
    const int format = json.at("format");
    if (format != kFormat) throw damaged(name, fmt::format("it has format {}, this program reads {}", format, kFormat));
    Plan plan;
    plan.name = json.at("name");
    plan.config = json.at("config");
    plan.config_sha256 = json.at("config_sha256");
    plan.asked_sha256 = json.at("asked_sha256");
    plan.search = json.at("search");
    plan.metric = json.at("metric");
    plan.overrides = json.at("overrides");
    if (plan.search == "asha") plan.halving = halving_from(json.at("halving"));
    for (const Json& axis : json.at("axes")) plan.axes.push_back(axis_from(axis));
    for (const Json& run : json.at("runs")) plan.runs.push_back(run_from(run));
    for (const Json& job : json.at("jobs")) plan.jobs.push_back(job_from(job, name));
    join(plan, name);
    return plan;
  } catch (const nlohmann::json::exception& error) {
    throw damaged(name, error.what());
  }
}

Plan read_plan(const std::filesystem::path& folder) {
  const std::filesystem::path file = folder / sweep_files::kPlan;
  if (std::error_code error; !std::filesystem::is_regular_file(file, error))
    throw core::UserError(core::Fault::data, fmt::format("'{}' is not a sweep's folder: it has no {}", folder.string(),
                                                         sweep_files::kPlan));
  const Json json = Json::parse(core::read_file(file), nullptr, false);
  if (json.is_discarded()) throw damaged(file.string(), "it is no JSON");
  return plan_from(json, file.string());
}

std::filesystem::path base_file(const Plan& plan, const std::filesystem::path& folder) {
  constexpr std::size_t kDigits = 8;
  return folder / fmt::format("config-{}.yaml", plan.config_sha256.substr(0, kDigits));
}

std::string read_base(const Plan& plan, const std::filesystem::path& folder) {
  const std::filesystem::path file = base_file(plan, folder);
  std::string text = core::read_file(file);
  if (core::sha256(text) != plan.config_sha256)
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' was changed since it was planned with: its SHA-256 is not "
                                      "that of {}. Undo the change, or choose another --folder",
                                      file.string(), sweep_files::kPlan));
  return text;
}

void write_plan(const Plan& plan, const std::filesystem::path& folder) {
  core::write_file_atomically(folder / sweep_files::kPlan,
                              to_json(plan).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

const Value* value_of(const Point& point, const std::string& field) {
  const auto found = std::ranges::find(point, field, &Point::value_type::first);
  return found == point.end() ? nullptr : &found->second;
}

std::filesystem::path folder_of(const PlannedRun& run) {
  const std::filesystem::path job = std::filesystem::path(sweep_files::kJobs) / run.job;
  return run.in_bank ? job / "members" / fmt::format("{:03}", run.member) : job;
}

std::vector<std::size_t> task_places(const Plan& plan) {
  std::unordered_map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) known.emplace(plan.jobs[i].id, i);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
    const auto bank = known.find(plan.jobs[i].again_of);
    places.push_back(bank == known.end() ? i : bank->second);
  }
  return places;
}

bool applies(const PlannedAxis& axis, const PlannedRun& run) {
  return std::ranges::all_of(axis.when, [&](const PlannedCondition& condition) {
    const Value* value = value_of(run.point, condition.field);
    if (value == nullptr) return condition.is_met_by_config;
    return std::ranges::any_of(condition.values, [&](const Value& wanted) { return same_value(wanted, *value); });
  });
}

bool is_seed(const std::string& field) {
  return field == "seed" || field == "training.seed";
}

}  // namespace equipoise::sweep
