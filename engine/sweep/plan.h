#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/sweep/params.h"

namespace equipoise::sweep {

/// The files of a sweep's folder.
namespace sweep_files {
inline constexpr const char* kAsked = "sweep.yaml";  ///< what the user asked for, as it was given
inline constexpr const char* kPlan = "sweep.json";   ///< Plan
inline constexpr const char* kJobs = "jobs";         ///< a run folder, or a bank's, for each job
inline constexpr const char* kLocks = "locks";       ///< <job>.json: who works on it (locks.h)
inline constexpr const char* kFailures =
    "failures";  ///< <job>.json: why it could not be done; <run>.json: why its bank lost it
inline constexpr const char* kRungs = "rungs";      ///< <metric>-<epochs>/<run>.json: how good a run was after so many
inline constexpr const char* kStopped = "stopped";  ///< <run>.json: ended early by successive halving
inline constexpr const char* kLogs = "logs";        ///< <job>.log: what its program said
}  // namespace sweep_files

/// One value of a config field, as JSON: 0.05, "mlp", true, [64, 64].
using Value = nlohmann::ordered_json;
/// What a run sets, in the order of the axes: {"training.epochs", 5}, {"constraints[0].tolerance", 0.05}. A field of an axis that
/// does not apply to the run (its condition does not hold) is not among them.
using Point = std::vector<std::pair<std::string, Value>>;

/// What it sets a field to; nullptr where it does not.
const Value* value_of(const Point& point, const std::string& field);

/// What a field must be for an axis to apply to a run.
struct PlannedCondition {
  std::string field;
  std::vector<Value> values;      ///< one of these
  bool is_met_by_config = false;  ///< for runs that do not set the field

  bool operator==(const PlannedCondition&) const = default;
};

/// One thing that varies. A paired axis sets several fields at a time.
struct PlannedAxis {
  std::vector<std::string> fields;
  std::vector<std::vector<Value>> values;   ///< each has one value a field; none: drawn anew for every run
  std::vector<PlannedCondition> when = {};  ///< all of them

  bool operator==(const PlannedAxis&) const = default;
};

/// One setting, trained once.
struct PlannedRun {
  std::string id;  ///< 16 hexadecimal digits of what it resolves to
  Point point;
  std::string job;         ///< which trains it
  std::size_t member = 0;  ///< its place in the job's bank; 0 where the job is one run
  bool in_bank = false;    ///< whether the job is a bank

  bool operator==(const PlannedRun&) const = default;
};

enum class JobKind { run, bank };

/// One start of `equipoise train`.
struct PlannedJob {
  std::string id;
  JobKind kind = JobKind::run;
  std::vector<std::string> overrides;  ///< of base_file(); without those of `output`
  std::vector<std::string> runs;       ///< their ids, by their place in the bank
  std::string again_of = {};  ///< the bank that could not finish these runs, which are done again here; "": none

  bool operator==(const PlannedJob&) const = default;
};

/// All that a sweep is to do, written before any of it is done.
struct Plan {
  std::string name;
  std::string config;                  ///< path of the config that all runs start from, absolute
  std::string config_sha256;           ///< of that config resolved, as base_file() holds it
  std::string asked_sha256;            ///< of all that was asked for: the same again makes the same plan
  std::string search;                  ///< grid, random, sobol or asha
  HalvingParams halving;               ///< of asha
  std::string metric;                  ///< what asha scores runs by: accuracy or loss
  std::vector<std::string> overrides;  ///< of the config, for every run
  std::vector<PlannedAxis> axes;
  std::vector<PlannedRun> runs;
  std::vector<PlannedJob> jobs;

  bool operator==(const Plan&) const = default;
};

/// sweep.json of a sweep's folder. Throws UserError (data) when there is none, or it is not a plan of this format.
Plan read_plan(const std::filesystem::path& folder);
/// The config that the jobs' overrides are of, resolved. Named by its hash: a sweep that is changed gets another, and what is being
/// trained keeps its own.
std::filesystem::path base_file(const Plan& plan, const std::filesystem::path& folder);
/// Its text. Throws UserError (data) when it is not there, or not what was planned with.
std::string read_base(const Plan& plan, const std::filesystem::path& folder);
/// Written whole or not at all. Throws UserError (data).
void write_plan(const Plan& plan, const std::filesystem::path& folder);

nlohmann::ordered_json to_json(const Plan& plan);
/// `name` is what messages call it. Throws UserError (data).
Plan plan_from(const nlohmann::ordered_json& json, const std::string& name);

/// The run folder of a run inside the sweep's folder, there or not yet: "jobs/<job>", or "jobs/<job>/members/007".
std::filesystem::path folder_of(const PlannedRun& run);

/// [jobs] The places by which tasks of a cluster share the jobs: what is done again is its bank's task's, however many jobs came between.
std::vector<std::size_t> task_places(const Plan& plan);

/// Whether it is this axis that sets its fields of the run: another one may set the same where never both apply.
bool applies(const PlannedAxis& axis, const PlannedRun& run);

/// Whether a field only seeds the random numbers: runs that differ in nothing else are repetitions of one setting.
bool is_seed(const std::string& field);

}  // namespace equipoise::sweep
