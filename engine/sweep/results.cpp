#include "engine/sweep/results.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>
#include <unordered_map>

#include "engine/constraints/titles.h"
#include "engine/core/files.h"
#include "engine/core/threads.h"
#include "engine/sweep/run_state.h"

namespace equipoise::sweep {
namespace {

constexpr std::array<const char*, 7> kStatusNames = {"finished", "stopped", "interrupted", "running",
                                                     "gone",     "failed",  "missing"};

// One run's row, and what its results.json holds, if anything.
struct Row {
  RunResult run;
  std::optional<ReadResults> read;
};

std::string data_digest(const std::vector<std::string>& files) {
  if (files.size() < 2) return files.empty() ? "" : files.front();
  std::string all;
  for (const std::string& file : files) all += file + "\n";
  return core::sha256(all);
}

Row read_row(const std::filesystem::path& sweep, const Plan& plan, const PlannedRun& planned) {
  Row row;
  row.run.folder = folder_of(planned).generic_string();
  RunState state = state_of_run(sweep / row.run.folder, notes_of(sweep, plan.search, planned.id, planned.job));
  row.run.status = state.status;
  row.run.reason = std::move(state.reason);
  row.read = std::move(state.results);
  if (!row.read) return row;
  row.run.seconds = row.read->seconds;
  row.run.steps = row.read->steps;
  row.run.data_sha256 = data_digest(row.read->files);
  row.run.splits_sha256 = read_splits_sha256(sweep / row.run.folder / "data.json");
  return row;
}

std::vector<Row> read_rows(const std::filesystem::path& folder, const Plan& plan) {
  std::vector<Row> rows(plan.runs.size());
  constexpr unsigned kMost = 16;  // a disk answers no faster to more
  core::on_threads(std::clamp(std::thread::hardware_concurrency(), 1u, kMost), rows.size(),
                   [&](std::size_t i) { rows[i] = read_row(folder, plan, plan.runs[i]); });
  return rows;
}

// Runs may have a constraint each with its own tolerance: what else names it tells which are the same, in whatever
// order they stand. A title says rates, groups, outcomes, thresholds and what is compared with what.
class ConstraintPlaces {
 public:
  explicit ConstraintPlaces(std::vector<SweepConstraint>& constraints) : constraints_(constraints) {}

  void add(const ReadResults::Split& split, SplitFigures& figures) {
    std::map<std::string, int> seen;
    for (const ReadResults::Constraint& one : split.constraints) {
      const std::string name = constraints::title_without_tolerance(one.title);
      const std::string key =
          fmt::format("{}\n{}\n{}\n{}\n{}\n{}", one.kind, one.grouping, one.form, one.unit, one.parts, name);
      const std::size_t place = place_of(fmt::format("{}\n{}", key, seen[key]++), name, one);
      figures.constraints.resize(std::max(figures.constraints.size(), place + 1));
      figures.constraints[place] = one.figures;
    }
  }

  // What the titles of several leave out is added to each of them.
  void tell_apart() {
    add_where_alike([&](std::size_t place) { return side_of(kinds_[place].form); });
    add_where_alike([&](std::size_t place) {
      return kinds_[place].parts > 0 ? fmt::format(", cut into {}", kinds_[place].parts) : "";
    });
    std::map<std::string, int> seen;
    for (SweepConstraint& constraint : constraints_)
      if (const int before = seen[constraint.name]++; before > 0) constraint.name += fmt::format(" ({})", before + 1);
  }

 private:
  // Of what its title does not say.
  struct Kind {
    std::string form;
    std::size_t parts;
  };

  // Of a bound, whose title ends before it says what is allowed.
  static std::string side_of(const std::string& form) {
    if (form == "at_most") return ", from above";
    if (form == "at_least") return ", from below";
    return form.empty() ? ", from both sides" : "";
  }

  template <typename Text>
  void add_where_alike(const Text& text_of) {
    std::map<std::string, std::set<std::string>> texts;
    for (std::size_t i = 0; i < constraints_.size(); ++i) texts[constraints_[i].name].insert(text_of(i));
    for (std::size_t i = 0; i < constraints_.size(); ++i)
      if (texts[constraints_[i].name].size() > 1) constraints_[i].name += text_of(i);
  }

  std::size_t place_of(const std::string& key, const std::string& name, const ReadResults::Constraint& one) {
    const auto [found, is_new] = places_.emplace(key, constraints_.size());
    if (is_new) {
      constraints_.push_back({name, one.unit});
      kinds_.push_back({one.form, one.parts});
    }
    return found->second;
  }

  std::vector<SweepConstraint>& constraints_;
  std::vector<Kind> kinds_;  // [constraints_]
  std::unordered_map<std::string, std::size_t> places_;
};

void take(SweepResults& results, ConstraintPlaces& places, Row& row) {
  RunResult& run = results.runs.emplace_back(std::move(row.run));
  if (!row.read) return;
  results.confidence = row.read->confidence;
  for (ReadResults::Split& split : row.read->splits) {
    const auto name = std::ranges::find(data::kSplitNames, split.name);
    if (name == std::end(data::kSplitNames)) continue;
    SplitFigures& figures = run.splits[static_cast<std::size_t>(name - data::kSplitNames)].emplace(split.figures);
    results.quality = evaluation::quality_of_task(split.task);
    places.add(split, figures);
  }
}

std::string shorter(const std::string& field, std::size_t parts) {
  std::size_t at = field.size();
  for (std::size_t i = 0; i < parts && at != std::string::npos && at > 0; ++i) at = field.rfind('.', at - 1);
  return at == std::string::npos || at == 0 ? field : field.substr(at + 1);
}

std::vector<std::string> short_names_of(const std::vector<std::string>& fields) {
  std::vector<std::string> names;
  for (const std::string& field : fields) {
    std::string name;
    for (std::size_t parts = 1; parts < 16; ++parts) {
      name = shorter(field, parts);
      const auto same = [&](const std::string& other) { return shorter(other, parts) == name; };
      if (std::ranges::count_if(fields, same) < 2) break;
    }
    names.push_back(name);
  }
  return names;
}

std::string title_without_seeds(const SweepResults& results, const PlannedRun& run) {
  std::string title;
  for (std::size_t f = 0; f < results.fields.size(); ++f) {
    const Value* value = is_seed(results.fields[f]) ? nullptr : value_of(run, results.fields[f]);
    if (value == nullptr) continue;
    title += fmt::format("{}{} {}", title.empty() ? "" : ", ", results.short_names[f], value_text(*value));
  }
  return title;
}

}  // namespace

const char* name_of(RunStatus status) {
  return kStatusNames[static_cast<std::size_t>(status)];
}

const SplitFigures* RunResult::on(data::Split split) const {
  const auto& figures = splits[static_cast<std::size_t>(split)];
  return figures ? &*figures : nullptr;
}

std::int64_t SweepResults::count(RunStatus status) const {
  return std::ranges::count(runs, status, &RunResult::status);
}

std::vector<std::size_t> SweepResults::measured(data::Split split) const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < runs.size(); ++i)
    if (runs[i].status == RunStatus::finished && runs[i].on(split) && runs[i].on(split)->quality) places.push_back(i);
  return places;
}

evaluation::Quality quality_of(const SweepResults& results, std::optional<double> figure,
                               std::optional<evaluation::Interval> interval) {
  evaluation::Quality quality = results.quality;
  quality.figure = figure;
  quality.interval = interval;
  return quality;
}

SweepResults planned_results(const std::filesystem::path& folder) {
  SweepResults results;
  results.plan = read_plan(folder);
  // Two axes may be of one field, where never both apply.
  for (const PlannedAxis& axis : results.plan.axes)
    for (const std::string& field : axis.fields)
      if (std::ranges::find(results.fields, field) == results.fields.end()) results.fields.push_back(field);
  results.short_names = short_names_of(results.fields);
  results.quality = evaluation::quality_of_task("binary");
  return results;
}

SweepResults read_results(const std::filesystem::path& folder) {
  SweepResults results = planned_results(folder);
  std::vector<Row> rows = read_rows(folder, results.plan);
  ConstraintPlaces places(results.constraints);
  for (Row& row : rows) take(results, places, row);
  places.tell_apart();
  // A run that lacks the last constraints has an entry for each all the same.
  for (RunResult& run : results.runs)
    for (auto& split : run.splits)
      if (split) split->constraints.resize(results.constraints.size());
  return results;
}

std::string value_text(const Value& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number_float()) return fmt::format("{}", value.get<double>());
  return value.dump(-1, ' ', false, Value::error_handler_t::replace);
}

const Value* value_of(const PlannedRun& run, const std::string& field) {
  return value_of(run.point, field);
}

std::vector<SettingRuns> settings_of(const SweepResults& results) {
  std::vector<SettingRuns> settings;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < results.plan.runs.size(); ++i) {
    const std::string title = title_without_seeds(results, results.plan.runs[i]);
    const auto [found, is_new] = places.emplace(title, settings.size());
    if (is_new) settings.push_back({title.empty() ? "the config as it is" : title, {}});
    settings[found->second].runs.push_back(i);
  }
  return settings;
}

std::string title_of(const SweepResults& results, std::size_t run) {
  const PlannedRun& planned = results.plan.runs[run];
  std::string title = title_without_seeds(results, planned);
  for (std::size_t f = 0; f < results.fields.size(); ++f) {
    const Value* value = is_seed(results.fields[f]) ? value_of(planned, results.fields[f]) : nullptr;
    if (value != nullptr)
      title += fmt::format("{}{} {}", title.empty() ? "" : ", ", results.short_names[f], value_text(*value));
  }
  return title.empty() ? planned.id : title;
}

std::string text_without(const SweepResults& results, const PlannedRun& run, const std::vector<std::string>& fields) {
  std::string text;
  for (const std::string& field : results.fields) {
    const Value* value = std::ranges::find(fields, field) == fields.end() ? value_of(run, field) : nullptr;
    if (value != nullptr) text += fmt::format("{}={}\n", field, value_text(*value));
  }
  return text;
}

std::string seed_text(const PlannedRun& run) {
  std::string text;
  for (const auto& [field, value] : run.point)
    if (is_seed(field)) text += (text.empty() ? "" : ", ") + value_text(value);
  return text;
}

std::string unit_text(const SweepResults& results, const PlannedRun& run) {
  const Value* split = value_of(run, "seed");
  const bool varies = std::ranges::find(results.fields, "seed") != results.fields.end();
  return varies && split != nullptr ? value_text(*split) : seed_text(run);
}

}  // namespace equipoise::sweep
