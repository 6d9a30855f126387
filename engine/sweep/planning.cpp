#include "engine/sweep/planning.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/axes.h"
#include "engine/sweep/packing.h"
#include "engine/sweep/search.h"
#include "engine/sweep/values.h"

namespace equipoise::sweep {
namespace {

std::string with_commas(double count) {
  std::string digits = fmt::format("{:.0f}", count);
  for (std::ptrdiff_t at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<std::size_t>(at), ",");
  return digits;
}

// "training.epochs" of "+training.epochs=5"; "" where no field of a config is meant.
std::string field_set_by(const std::string& word, const std::vector<config::Field>& fields) {
  const std::size_t begin = std::min(word.find_first_not_of("+~"), word.size());
  std::string path = word.substr(begin, word.find('=', begin) - begin);
  if (path.ends_with("[]")) path.resize(path.size() - 2);
  const auto place = config::find_place(path, fields);
  const auto* found = std::get_if<config::Place>(&place);
  return found == nullptr ? "" : found->path;
}

// Every run has a value of the axis, so that what the command line sets would say nothing. Of an axis with a condition it is for the other runs, and what
// the file sets stands beside its axes, whose default it is.
void refuse_overridden(const Request& request, const std::vector<Axis>& axes, const std::vector<config::Field>& fields,
                       std::vector<core::Problem>& problems) {
  for (std::size_t i = request.set_by_file; i < request.params.set.size(); ++i) {
    const std::string& word = request.params.set[i];
    const std::string field = field_set_by(word, fields);
    if (field.empty()) continue;
    for (const Axis& axis : axes)
      for (const std::string& varied : axis.fields)
        if (axis.when.empty() && holds_field(varied, field))
          problems.push_back(
              {fmt::format("axes.{}: it gives every run a value of '{}', so that '{}' would say nothing: take one of "
                           "them out",
                           axis.name, varied, word),
               axis.position});
  }
}

std::vector<Axis> all_axes(const Request& request, const BaseConfig& base) {
  std::vector<core::Problem> problems;
  std::vector<Axis> axes = axes_from(request.params.axes, base.fields(), problems);
  check_search(request.params, axes, problems);
  check_conditions(
      axes, [&](const std::string& field) { return base.value(field); }, problems);
  refuse_overridden(request, axes, base.fields(), problems);
  const auto position = request.origin.of("seeds");
  for (const Axis& axis : axes)
    if (!request.params.seeds.empty() && std::ranges::find(axis.fields, "training.seed") != axis.fields.end())
      problems.push_back(
          {"seeds: they are values of training.seed, which axes." + axis.name + " sets as well", position});
  if (!request.params.seeds.empty()) {
    Axis seeds{"seeds", {"training.seed"}, {}, {}, std::nullopt, {}, position.value_or(core::Position())};
    for (const std::int64_t seed : request.params.seeds) seeds.values.push_back({seed});
    axes.push_back(std::move(seeds));
  }
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
  if (axes.empty())
    throw core::UserError(core::Fault::config, "nothing varies: name axes or seeds (equipoise train makes one run)");
  return axes;
}

// Counting is cheap, resolving is not.
void check_count(const SweepParams& params, const std::vector<Axis>& axes, const BaseValue& base) {
  if (params.limit > 0) return;
  const double most = most_points(params, axes);
  if (most <= static_cast<double>(kMostRuns)) return;
  std::size_t count = 0;
  each_point(params, axes, base, [&](const Point&) { return ++count <= kMostRuns; });
  if (count <= kMostRuns) return;
  const bool is_exact = std::ranges::all_of(axes, [](const Axis& axis) { return axis.when.empty(); });
  throw core::UserError(
      core::Fault::config,
      fmt::format("the axes make {}{} settings, more than {}: say with --limit N how many to take (the first N){}",
                  is_exact ? "" : "up to ", with_commas(most), with_commas(static_cast<double>(kMostRuns)),
                  draws(params) ? "" : ", or draw with search: random and trials from all of them"));
}

std::string point_text(const Point& point) {
  std::string text;
  for (const auto& [field, value] : point) text += (text.empty() ? "" : ", ") + override_text(field, value);
  return text;
}

// Which settings are no config, and why; the first few of them.
class WrongSettings {
 public:
  void add(const Point& point, const core::UserError& error) {
    constexpr std::size_t kMostShown = 5;
    if (++count_ > kMostShown) return;
    for (core::Problem problem : error.problems()) {
      problem.message = fmt::format("the setting {}: {}", point_text(point), problem.message);
      problem.position.reset();
      problems_.push_back(std::move(problem));
    }
    shown_ = count_;
  }
  void throw_if_any() {
    if (count_ == 0) return;
    if (count_ > shown_) problems_.push_back({fmt::format("and {} more settings", count_ - shown_), std::nullopt});
    throw core::UserError(core::Fault::config, std::move(problems_));
  }

 private:
  std::size_t count_ = 0, shown_ = 0;
  std::vector<core::Problem> problems_;
};

std::vector<Setting> all_settings(const SweepParams& params, const std::vector<Axis>& axes, const BaseConfig& base,
                                  std::size_t& merged) {
  const BaseValue base_value = [&](const std::string& field) { return base.value(field); };
  check_count(params, axes, base_value);
  std::vector<Setting> settings;
  std::unordered_set<std::string> known;
  WrongSettings wrong;
  std::int64_t points = 0;
  each_point(params, axes, base_value, [&](const Point& point) {
    core::stop_if_interrupted();
    try {
      Setting setting = setting_of(point, base);
      if (known.insert(setting.id).second)
        settings.push_back(std::move(setting));
      else
        ++merged;
    } catch (const core::UserError& error) {
      wrong.add(point, error);
    }
    return params.limit == 0 || ++points < params.limit;
  });
  wrong.throw_if_any();
  return settings;
}

// How many runs of before are not asked for any more. Where that is all of them, it was another sweep's folder.
std::size_t dropped_runs(const std::optional<Earlier>& earlier, const std::vector<Setting>& settings) {
  if (!earlier) return 0;
  std::unordered_set<std::string> wanted;
  for (const Setting& setting : settings) wanted.insert(setting.id);
  const std::vector<PlannedRun>& before = earlier->plan.runs;
  const auto dropped = static_cast<std::size_t>(
      std::ranges::count_if(before, [&](const PlannedRun& run) { return !wanted.contains(run.id); }));
  if (!before.empty() && dropped == before.size())
    throw core::UserError(core::Fault::config,
                          fmt::format("the folder is another sweep's: of its {} runs none is asked for here; choose "
                                      "another folder with --folder",
                                      before.size()));
  return dropped;
}

// Jobs of before that go on as they are.
std::vector<PlannedJob> kept_jobs(const std::optional<Earlier>& earlier, const std::vector<Setting>& settings,
                                  const std::string& base_text, const std::string& search) {
  std::vector<PlannedJob> kept;
  if (!earlier) return kept;
  std::unordered_set<std::string> wanted;
  for (const Setting& setting : settings) wanted.insert(setting.id);
  const auto is_wanted = [&](const std::string& run) { return wanted.contains(run); };
  const bool same_base = earlier->base_text == base_text;
  for (const PlannedJob& job : earlier->plan.jobs) {
    const bool all = std::ranges::all_of(job.runs, is_wanted), any = std::ranges::any_of(job.runs, is_wanted);
    if ((all && same_base) || (any && earlier->is_done(job, search))) kept.push_back(job);
  }
  return kept;
}

// Of a run: its job's place, and its own in the job.
using RunPlaces = std::unordered_map<std::string, std::pair<std::size_t, std::size_t>>;

// A run that a bank could not finish is listed by two jobs, and is where the earlier plan had it.
RunPlaces places_before(const std::optional<Earlier>& earlier, const std::vector<PlannedJob>& kept) {
  RunPlaces places;
  if (!earlier) return places;
  std::unordered_map<std::string, std::size_t> jobs;
  for (std::size_t i = 0; i < kept.size(); ++i) jobs.emplace(kept[i].id, i);
  for (const PlannedRun& run : earlier->plan.runs)
    if (const auto job = jobs.find(run.job); job != jobs.end()) places.try_emplace(run.id, job->second, run.member);
  return places;
}

void add_jobs(const std::vector<Setting>& settings, std::vector<PlannedJob> jobs, RunPlaces places,
              const SweepParams& params, const BaseConfig& base, Plan& plan) {
  const auto note = [&](std::size_t job) {
    for (std::size_t m = 0; m < plan.jobs[job].runs.size(); ++m) places.try_emplace(plan.jobs[job].runs[m], job, m);
  };
  plan.jobs = std::move(jobs);
  for (std::size_t job = 0; job < plan.jobs.size(); ++job) note(job);
  std::vector<Setting> left;
  for (const Setting& setting : settings)
    if (!places.contains(setting.id)) left.push_back(setting);
  for (PlannedJob& job : pack(left, static_cast<std::size_t>(params.bank_size), base)) {
    plan.jobs.push_back(std::move(job));
    note(plan.jobs.size() - 1);
  }
  for (const Setting& setting : settings) {
    const auto [job, member] = places.at(setting.id);
    plan.runs.push_back({setting.id, setting.point, plan.jobs[job].id, member, plan.jobs[job].kind == JobKind::bank});
  }
}

bool names_yaml(const Value& value) {
  if (value.is_string()) {
    const std::string text = value.get<std::string>();
    return text.ends_with(".yaml") || text.ends_with(".yml");
  }
  return value.is_structured() && std::ranges::any_of(value, names_yaml);
}

// What the recipe files hold that axes name: in the request stand their names alone.
std::string contents_text(const std::vector<Axis>& axes, const BaseConfig& base) {
  std::string text;
  for (const Axis& axis : axes)
    for (const std::vector<Value>& choice : axis.values) {
      if (std::ranges::none_of(choice, names_yaml)) continue;
      Point point;
      for (std::size_t f = 0; f < axis.fields.size(); ++f) point.emplace_back(axis.fields[f], choice[f]);
      try {
        for (const std::string& word : base.overrides_of(point)) text += "\n" + word;
      } catch (const core::UserError& error) {
        text += std::string("\n") + error.what();  // the setting that has it is refused, and named
      }
    }
  return text;
}

// The file, and what the command line changes of it.
std::string asked_sha256(const Request& request, const std::vector<Axis>& axes, const BaseConfig& base) {
  const SweepParams& params = request.params;
  std::string text = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", request.text, params.config, params.name,
                                 params.search, params.trials, params.seed, params.limit, params.bank_size);
  for (const std::string& word : params.set) text += "\n" + word;
  return core::sha256(text + contents_text(axes, base));
}

PlannedAxis planned(const Axis& axis, const BaseConfig& base) {
  PlannedAxis planned{axis.fields, axis.values};
  for (const Condition& condition : axis.when) {
    const Value value = base.value(condition.field);
    const auto is_it = [&](const Value& wanted) { return same_value(wanted, value); };
    planned.when.push_back({condition.field, condition.values, std::ranges::any_of(condition.values, is_it)});
  }
  return planned;
}

// What asha scores runs by: a regression has no accuracy.
std::string metric_of(const Request& request, const BaseConfig& base) {
  const bool is_regression = base.config().data.label.task == "regression";
  const std::string& wanted = request.params.metric;
  if (wanted.empty()) return is_regression ? "loss" : "accuracy";
  if (wanted == "accuracy" && is_regression && request.params.search == "asha")
    throw core::UserError(core::Fault::config,
                          "metric: a regression has no accuracy that asha could score runs by: write metric: loss, or "
                          "leave it out",
                          request.origin.of("metric"));
  return wanted;
}

std::string counted(std::size_t count, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", with_commas(static_cast<double>(count)), count == 1 ? one : many);
}

}  // namespace

Planning make_plan(const Request& request, const std::optional<Earlier>& earlier) {
  check(request.params, request.origin);
  refuse_unread(request.params, request.written);
  const BaseConfig base(request.params.config, request.params.set);
  Planning planning;
  planning.base_text = base.text();
  Plan& plan = planning.plan;
  plan.config_sha256 = core::sha256(base.text());
  const std::vector<Axis> axes = all_axes(request, base);
  plan.asked_sha256 = asked_sha256(request, axes, base);
  if (earlier && earlier->plan.asked_sha256 == plan.asked_sha256 && earlier->plan.config_sha256 == plan.config_sha256) {
    planning.plan = earlier->plan;
    planning.is_as_before = true;
    return planning;
  }
  plan.name = request.params.name.empty() ? base.config().name : request.params.name;
  plan.config = request.params.config;
  plan.search = request.params.search;
  plan.metric = metric_of(request, base);
  plan.halving = request.params.halving;
  plan.overrides = request.params.set;
  for (const Axis& axis : axes) plan.axes.push_back(planned(axis, base));
  const std::vector<Setting> settings = all_settings(request.params, axes, base, planning.merged);
  planning.dropped = dropped_runs(earlier, settings);
  std::vector<PlannedJob> kept = kept_jobs(earlier, settings, base.text(), plan.search);
  RunPlaces places = places_before(earlier, kept);
  add_jobs(settings, std::move(kept), std::move(places), request.params, base, plan);
  return planning;
}

std::string headline(const Plan& plan, std::size_t processes) {
  const auto banks = static_cast<std::size_t>(std::ranges::count(plan.jobs, JobKind::bank, &PlannedJob::kind));
  const std::size_t alone = plan.jobs.size() - banks;
  std::string text = counted(plan.runs.size(), "run", "runs");
  if (banks > 0) text += " in " + counted(banks, "bank", "banks");
  if (banks > 0 && alone > 0) text += " and " + counted(alone, "single run", "single runs");
  return text + ", " + counted(processes, "process", "processes");
}

std::string axes_text(const Plan& plan) {
  std::string text;
  for (const PlannedAxis& axis : plan.axes) {
    std::vector<std::string> values;
    for (const std::vector<Value>& choice : axis.values) {
      std::string one;
      for (const Value& value : choice)
        one += (one.empty() ? "" : " with ") + (value.is_string() ? value.get<std::string>() : value.dump());
      values.push_back(one);
    }
    std::string fields;
    for (const std::string& field : axis.fields) fields += (fields.empty() ? "" : " with ") + field;
    text += fmt::format("  {}  {}\n", fields, values.empty() ? "drawn" : core::listed(values, 8));
  }
  return text;
}

}  // namespace equipoise::sweep
