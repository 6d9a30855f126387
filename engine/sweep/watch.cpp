#include "engine/sweep/watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <set>

#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/evaluation/measurement.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/run_state.h"
#include "engine/training/run_config.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

// Whatever is interrupted or failed may be begun again. That a run was stopped is noted before it is measured, and in a bank long
// before the others' end: its marker says when its program has written all of it.
bool is_over(const RunState& state) {
  return state.status == RunStatus::finished ||
         (state.status == RunStatus::stopped && state.marker && state.marker->status == "stopped");
}

double seconds_since(const fs::path& file) {
  std::error_code error;
  const auto written = fs::last_write_time(file, error);
  if (error) return 0;
  return std::max(0.0, std::chrono::duration<double>(fs::file_time_type::clock::now() - written).count());
}

// ISO 8601 in UTC as run.json has it.
std::optional<std::time_t> moment_from(const std::string& text) {
  std::tm parts{};
  if (::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &parts) == nullptr) return std::nullopt;
  return ::timegm(&parts);
}

std::string promise_name(const nlohmann::json& promise) {
  std::string rate = promise.value("rate", "");
  constexpr std::size_t kAbbreviation = 4;
  if (rate.size() <= kAbbreviation)
    for (char& letter : rate) letter = static_cast<char>(std::toupper(static_cast<unsigned char>(letter)));
  const std::string grouping = promise.value("grouping", "");
  return grouping.empty() ? rate : fmt::format("{} by {}", rate, grouping);
}

// Largest upper bound minus tolerance; the gap where there is no bound.
std::optional<double> largest_excess(const ReadResults::Split& split) {
  std::optional<double> largest;
  for (const ReadResults::Constraint& constraint : split.constraints) {
    const ConstraintFigures& figures = constraint.figures;
    const auto figure = figures.upper_bound ? figures.upper_bound : figures.gap;
    if (figure && figures.verdict != evaluation::Verdict::no_promise)
      largest = std::max(largest.value_or(-HUGE_VAL), *figure - figures.tolerance);
  }
  return largest;
}

const ReadResults::Split* split_named(const ReadResults& results, const std::string& name) {
  const auto found = std::ranges::find(results.splits, name, &ReadResults::Split::name);
  return found == results.splits.end() ? nullptr : &*found;
}

const ReadResults::Split* choosing_split(const ReadResults& results) {
  for (const char* name : {"selection", "holdout", "train", "test"})
    if (const auto* split = split_named(results, name)) return split;
  return nullptr;
}

}  // namespace

std::int64_t WatchSnapshot::count(RunStatus status) const {
  return std::ranges::count(runs, status, &WatchedRun::status);
}

bool WatchSnapshot::is_done() const {
  const bool is_cut_off = !is_held && count(RunStatus::gone) > 0;
  return !runs.empty() && std::ranges::all_of(runs, [&](const WatchedRun& run) {
    if (run.is_over || run.status == RunStatus::failed) return true;
    if (run.status == RunStatus::missing) return is_cut_off;
    return run.status != RunStatus::running && !is_held;
  });
}

Watcher::Watcher(fs::path folder) : folder_(std::move(folder)) {
  const bool is_sweep = is_there(folder_ / sweep_files::kPlan);
  if (is_sweep) {
    const SweepResults planned = planned_results(folder_);
    snapshot_.kind = "sweep";
    snapshot_.name = planned.plan.name;
    search_ = planned.plan.search;
    for (std::size_t i = 0; i < planned.plan.runs.size(); ++i) {
      WatchedRun& run = snapshot_.runs.emplace_back();
      run.title = title_of(planned, i);
      run.folder = folder_of(planned.plan.runs[i]).generic_string();
      run.id = planned.plan.runs[i].id;
      run.job = planned.plan.runs[i].job;
    }
    return;
  }
  if (!is_there(folder_ / "run.json") && !is_there(folder_ / "members"))
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' is the folder of no sweep (it has no {}), no bank and no run (it has no "
                                      "run.json)",
                                      folder_.string(), sweep_files::kPlan));
  snapshot_.kind = "run";
  snapshot_.name = folder_.filename().empty() ? folder_.parent_path().filename().string() : folder_.filename().string();
  find_members();
}

// A bank's members appear when its training has begun; until then it is watched as one run.
void Watcher::find_members() {
  std::set<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder_ / "members", error), end; !error && entry != end; entry.increment(error))
    names.insert(entry->path().filename().string());
  if (names.empty()) {
    if (!snapshot_.runs.empty()) return;
    WatchedRun& run = snapshot_.runs.emplace_back();
    run.title = snapshot_.name;
    return;
  }
  if (snapshot_.kind == "run") snapshot_.runs.clear();
  snapshot_.kind = is_there(folder_ / "compare.json") ? "comparison" : "bank";
  for (const std::string& name : names) {
    const std::string member = "members/" + name;
    if (std::ranges::find(snapshot_.runs, member, &WatchedRun::folder) != snapshot_.runs.end()) continue;
    WatchedRun& run = snapshot_.runs.emplace_back();
    run.title = "member " + name;
    run.folder = member;
  }
}

const WatchSnapshot& Watcher::look() {
  if (snapshot_.kind != "sweep") find_members();
  for (WatchedRun& run : snapshot_.runs)
    if (!run.is_over || !is_there(folder_ / run.folder)) look_at(run);
  estimate();
  snapshot_.is_held = is_held();
  return snapshot_;
}

bool Watcher::is_held() const {
  std::error_code error;
  for (fs::directory_iterator entry(folder_ / sweep_files::kLocks, error), end; !error && entry != end;
       entry.increment(error))
    if (entry->path().extension() == ".json" && holder_of(folder_, entry->path().stem().string())) return true;
  return false;
}

void Watcher::look_at(WatchedRun& run) {
  const fs::path folder = folder_ / run.folder;
  const RunState state =
      state_of_run(folder, snapshot_.kind == "sweep" ? notes_of(folder_, search_, run.id, run.job) : RunNotes{});
  run.status = state.status;
  run.is_over = is_over(state);
  run.reason = state.reason;
  if (run.status == RunStatus::running) return read_measurements(run, folder);
  if (run.status == RunStatus::interrupted || run.status == RunStatus::gone) read_measurements(run, folder);  // how far
  run.silent_seconds.reset();
  run.seconds_left.reset();
  if (state.marker)
    if (const auto from = moment_from(state.marker->started), to = moment_from(state.marker->finished); from && to)
      durations_[run.job.empty() ? run.folder : run.job] = std::difftime(*to, *from);
  if (state.results) show_results(run, *state.results);
}

void Watcher::show_results(WatchedRun& run, const ReadResults& results) {
  if (run.status != RunStatus::interrupted) run.done = 1;
  run.seconds = results.seconds;
  run.seconds_left.reset();
  run.worst_violation.reset();
  run.worst_promise.clear();
  run.largest_multiplier.reset();
  if (const auto* split = choosing_split(results)) {
    run.quality = split->figures.quality;
    run.quality_is_error = split->task == "regression";
    run.worst_violation = largest_excess(*split);
  }
  const auto* test = split_named(results, "test");
  if (test == nullptr) return;
  std::vector<evaluation::Verdict> verdicts;
  for (const ReadResults::Constraint& constraint : test->constraints) verdicts.push_back(constraint.figures.verdict);
  if (!verdicts.empty()) run.verdict = evaluation::worst(verdicts);
}

const Watcher::Limits& Watcher::limits_of(const fs::path& folder) {
  const auto known = limits_.find(folder.string());
  if (known != limits_.end()) return known->second;
  Limits limits;
  try {
    training::RunConfig config;
    config::Origin origin;
    config::load(folder / "config.yaml", {}, config, origin);
    limits.epochs = static_cast<double>(training::epochs_of(config));
    const auto table = nlohmann::json::parse(core::read_file(folder / "constraints.json"), nullptr, false);
    if (table.is_object() && table.contains("promises"))
      for (const nlohmann::json& promise : table["promises"]) {
        limits.tolerances.push_back(promise.value("tolerance", 0.0));
        limits.promises.push_back(promise_name(promise));
      }
  } catch (const core::UserError&) {
    return limits_[""] = Limits{};  // it is being written, or vanishes: looked for again next time
  } catch (const nlohmann::json::exception&) {
    return limits_[""] = Limits{};
  }
  return limits_[folder.string()] = std::move(limits);
}

void Watcher::read_measurements(WatchedRun& run, const fs::path& folder) {
  const fs::path file = folder / "measurements.jsonl";
  const nlohmann::json line = nlohmann::json::parse(last_whole_line(file), nullptr, false);
  run.silent_seconds = seconds_since(is_there(file) ? file : folder / "run.json");
  if (!line.is_object()) return;
  evaluation::Measurement measurement;
  try {
    measurement = evaluation::measurement_from_json(line);
  } catch (const core::UserError&) {
    return;  // of another version: the run is there, and nothing more is known of it
  }
  const Limits& limits = limits_of(folder);
  run.epoch = measurement.epoch;
  run.epochs = limits.epochs;
  run.seconds = measurement.seconds;
  run.accuracy = measurement.training_accuracy;
  if (limits.epochs && *limits.epochs > 0) run.done = std::clamp(measurement.epoch / *limits.epochs, 0.0, 1.0);
  run.seconds_left.reset();
  if (run.done > 0) run.seconds_left = measurement.seconds * (1 - run.done) / run.done;
  run.worst_violation.reset();
  for (std::size_t i = 0; i < measurement.training_gaps.size() && i < limits.tolerances.size(); ++i) {
    if (!measurement.training_gaps[i]) continue;
    const double violation = *measurement.training_gaps[i] - limits.tolerances[i];
    if (run.worst_violation && violation <= *run.worst_violation) continue;
    run.worst_violation = violation;
    run.worst_promise = limits.promises[i];
  }
  run.largest_multiplier.reset();
  if (!measurement.multipliers.empty()) run.largest_multiplier = std::ranges::max(measurement.multipliers);
}

// Of jobs that go on what they still need; of those to come as long as others took; so many at a time as go on now.
void Watcher::estimate() {
  struct Job {
    bool running = false, waiting = false;
    double left = 0, whole = 0;
  };
  std::map<std::string, Job> jobs;
  for (const WatchedRun& run : snapshot_.runs) {
    Job& job = jobs[run.job.empty() ? run.folder : run.job];
    job.waiting = job.waiting || run.status == RunStatus::missing;
    if (run.status != RunStatus::running) continue;
    job.running = true;
    if (!run.seconds_left) continue;
    job.left = std::max(job.left, *run.seconds_left);
    job.whole = std::max(job.whole, *run.seconds_left + run.seconds.value_or(0));
  }
  double left = 0, whole = 0;
  std::size_t running = 0, waiting = 0, known = 0;
  for (const auto& [name, job] : jobs) {
    running += job.running;
    waiting += job.waiting && !job.running;
    left += job.left;
    whole += job.whole;
    known += job.whole > 0;
  }
  for (const auto& [name, seconds] : durations_) {
    whole += seconds;
    ++known;
  }
  snapshot_.seconds_left.reset();
  if (running == 0 || known == 0) return;
  left += static_cast<double>(waiting) * whole / static_cast<double>(known);
  // A bank's or a comparison's runs go on together: the last of them ends it.
  if (snapshot_.kind == "bank") {
    left = 0;
    for (const auto& [name, job] : jobs) left = std::max(left, job.left);
    snapshot_.seconds_left = left;
    return;
  }
  snapshot_.seconds_left = left / static_cast<double>(running);
}

std::string last_whole_line(const fs::path& file) {
  constexpr std::streamoff kEnd = 1 << 16;
  std::ifstream stream(file, std::ios::binary | std::ios::ate);
  if (!stream) return "";
  const std::streamoff size = stream.tellg();
  const std::streamoff from = std::max<std::streamoff>(0, size - kEnd);
  stream.seekg(from);
  std::string text(static_cast<std::size_t>(size - from), '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(0, stream.gcount())));
  const std::size_t end = text.rfind('\n');  // what stands after it is still being written
  if (end == std::string::npos) return "";
  const std::size_t before = end == 0 ? std::string::npos : text.rfind('\n', end - 1);
  const std::size_t begin = before == std::string::npos ? 0 : before + 1;
  if (begin == 0 && from > 0) return "";  // a line longer than what was read
  return text.substr(begin, end - begin);
}

}  // namespace equipoise::sweep
