#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "engine/cli/command.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/sweep_cluster.h"
#include "engine/cli/sweep_exit_code.h"
#include "engine/cli/sweep_tracking.h"
#include "engine/config/load.h"
#include "engine/config/scalars.h"
#include "engine/core/error.h"
#include "engine/core/gpu_driver.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/folder.h"
#include "engine/sweep/jobs.h"
#include "engine/sweep/launch.h"
#include "engine/sweep/processes.h"
#include "engine/sweep/retry.h"
#include "engine/sweep/standing.h"
#include "engine/sweep/values.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {
namespace {

core::UserError usage(const std::string& what) {
  return core::UserError(core::Fault::config, what);
}

constexpr std::int64_t kMost = 1000000;  // of anything that is counted

// A whole number of at least 1 after an option; nothing where the option was not given.
std::optional<std::size_t> count_from(const std::string& text, const char* option) {
  if (text.empty()) return std::nullopt;
  const auto count = config::parse_integer(text, config::between(1, kMost));
  if (const auto* value = std::get_if<std::int64_t>(&count)) return static_cast<std::size_t>(*value);
  throw usage(fmt::format("{} is '{}', {}", option, text, std::get<config::Refusal>(count).reason));
}

struct Task {
  std::size_t index = 0, count = 1;
};

// "3/10": the fourth of ten, counted from 0 as clusters do.
Task task_from(const std::string& text) {
  Task task;
  if (text.empty()) return task;
  const auto refusal = [&](const std::string& why) {
    return usage(fmt::format("--task is '{}', expected I/N with I from 0 to N - 1, such as 0/8{}", text, why));
  };
  const auto number = [&](const std::string& digits, std::int64_t least) {
    const auto parsed = config::parse_integer(digits, config::between(static_cast<double>(least), kMost));
    if (const auto* value = std::get_if<std::int64_t>(&parsed)) return static_cast<std::size_t>(*value);
    throw refusal(": " + std::get<config::Refusal>(parsed).reason);
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string::npos) throw refusal("");
  task.index = number(text.substr(0, slash), 0);
  task.count = number(text.substr(slash + 1), 1);
  if (task.index >= task.count) throw refusal("");
  return task;
}

// The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them.
std::vector<std::string> visible_gpus() {
  std::vector<std::string> gpus;
  if (const char* visible = std::getenv("CUDA_VISIBLE_DEVICES")) {
    std::string name;
    for (const char letter : std::string(visible) + ",") {
      if (letter != ',') {
        name += letter;
      } else if (!name.empty()) {
        gpus.push_back(std::exchange(name, ""));
      }
    }
    return gpus;
  }
  const std::size_t count = core::describe_gpus().devices.size();
  for (std::size_t i = 0; i < count; ++i) gpus.push_back(std::to_string(i));
  return gpus;
}

class Sweep final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"SWEEP", "A sweep file, a W&B sweep file, the folder of a sweep to go on with, or with -m a config",
             &what_, "", true},
            {"key=value", "Overrides of the config for every run; with -m, those with several values vary", &words_},
            {"-m,--multirun", "SWEEP is a config, and what varies stands in the overrides: training.epochs=5,10",
             &is_multirun_},
            {"--plan,--dry-run", "Say what would be done, and do nothing", &plan_only_},
            {"--config", "The config that all runs start from, where the sweep file does not say", &config_},
            {"--folder", "Where the sweep is written; else what the file says, or sweeps/<name>", &folder_option_},
            {"--search", "grid, random, sobol or asha, in place of what the file says", &search_},
            {"--trials", "How many settings random and sobol draw, in place of what the file says", &trials_},
            {"--limit", "The most settings; the first ones are taken", &limit_},
            {"--workers", "Programs at a time; else one a GPU, or one a processor", &workers_},
            {"--retry-failed", "Do again what failed", &retry_failed_},
            {"--task", "I/N: do every N-th job from the I-th on, as a task of a cluster", &task_},
            {"--slurm", "Write a batch script for sbatch here, and start nothing", &cluster_.slurm},
            {"--max-array-size", "Slurm's MaxArraySize; else what scontrol says, or 1001", &array_size_},
            {"--kubernetes", "Write an indexed Job for kubectl here, and start nothing", &cluster_.kubernetes},
            {"--image", "The Job's image", &cluster_.image, ClusterOptions::kImage},
            {"--claim", "The Job's PersistentVolumeClaim", &cluster_.claim, ClusterOptions::kClaim},
            {"--mount", "Where pods see the claim; else the sweep's folder", &cluster_.mount}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    core::expect_preemption();  // a scheduler may stop it while it plans
    if (what_.empty())
      throw usage("sweep needs a sweep file: equipoise sweep SWEEP.yaml, or equipoise sweep CONFIG -m key=a,b");
    options_.program = sweep::own_program();
    read_options();
    std::error_code error;
    if (std::filesystem::is_directory(what_, error))
      open_folder();
    else
      make_plan(journal);
    const std::vector<sweep::JobStanding> standings = sweep::standings_of(plan_, folder_);
    choose_workers(standings);
    say_plan(counts_of(standings), console);
    if (plan_only_) return answer_plan(counts_of(standings), console);
    if (std::ranges::any_of(standings, has_halved)) plan_ = sweep::redo_halved(folder_, options_.task, options_.tasks);
    if (retry_failed_) plan_ = sweep::retry_failed(folder_, options_.task, options_.tasks);
    if (cluster_.any()) {
      core::stop_if_interrupted();
      write_cluster_files(cluster_, devices(), plan_, folder_, options_.program, workers_count_.value_or(0), console,
                          journal);
      return 0;
    }
    const sweep::Tally tally = sweep::launch(plan_, folder_, options_, journal);
    if (jobs_to_do(standings) > 0) end_sweep_tracking(plan_, folder_, journal);
    return answer(tally, console, journal);
  }

 private:
  static bool has_halved(const sweep::JobStanding& standing) {
    return std::ranges::any_of(standing.lost, &sweep::LostRun::was_halved);
  }

  void read_options() {
    limit_count_ = count_from(limit_, "--limit");
    trials_count_ = count_from(trials_, "--trials");
    workers_count_ = count_from(workers_, "--workers");
    cluster_.largest_array = count_from(array_size_, "--max-array-size");
    const Task task = task_from(task_);
    options_.task = task.index;
    options_.tasks = task.count;
    check_what_is_started();
    check_cluster_options(cluster_);
  }

  // A file for all tasks starts nothing.
  void check_what_is_started() const {
    for (const auto& [option, is_given] : {std::pair{"--task", !task_.empty()}, {"--plan", plan_only_}})
      if (is_given && cluster_.any())
        throw usage(fmt::format("{} writes a file for all tasks and starts nothing: leave out {}",
                                cluster_.slurm.empty() ? "--kubernetes" : "--slurm", option));
  }

  static sweep::RunCounts counts_of(const std::vector<sweep::JobStanding>& standings) {
    sweep::RunCounts counts;
    for (const sweep::JobStanding& standing : standings) sweep::add(standing, counts);
    return counts;
  }

  // What was planned is done as it was planned.
  void open_folder() {
    for (const auto& [option, value] : {std::pair{"--limit", &limit_},
                                        {"--trials", &trials_},
                                        {"--search", &search_},
                                        {"--config", &config_},
                                        {"--folder", &folder_option_}})
      if (!value->empty())
        throw usage(fmt::format("{} belongs to planning, and '{}' is planned; give the sweep file", option, what_));
    if (!words_.empty() || is_multirun_)
      throw usage(fmt::format("overrides belong to planning, and '{}' is planned; give the sweep file", what_));
    folder_ = std::filesystem::weakly_canonical(what_);
    plan_ = sweep::read_plan(folder_);
    base_text_ = sweep::read_base(plan_, folder_);
    check_cluster_files(cluster_, devices(), folder_ / sweep::sweep_files::kAsked, folder_);
  }

  sweep::Request request(TerminalJournal& journal) const {
    sweep::Request request =
        is_multirun_ ? sweep::multirun_request(what_, words_) : sweep::read_request(what_, config_, journal);
    if (!is_multirun_) request.params.set.insert(request.params.set.end(), words_.begin(), words_.end());
    static const std::vector<std::string> searches = {"grid", "random", "sobol", "asha"};
    if (!search_.empty()) {
      if (std::ranges::find(searches, search_) == searches.end())
        throw usage(fmt::format("--search is '{}'{}; there are {}", search_, core::did_you_mean(search_, searches),
                                core::listed(searches)));
      request.params.search = search_;
      request.written.clear();  // the file's keys are for its own search
    }
    if (trials_count_) request.params.trials = static_cast<std::int64_t>(*trials_count_);
    if (limit_count_) request.params.limit = static_cast<std::int64_t>(*limit_count_);
    return request;
  }

  void make_plan(TerminalJournal& journal) {
    const sweep::Request asked = request(journal);
    std::string folder = folder_option_.empty() ? asked.params.folder : folder_option_;
    if (folder.empty()) folder = "sweeps/" + folder_name(asked);
    folder_ = std::filesystem::weakly_canonical(std::filesystem::absolute(folder));
    const std::optional<sweep::Earlier> earlier = sweep::earlier_of(folder_);
    const sweep::Planning planning = sweep::make_plan(asked, earlier);
    plan_ = planning.plan;
    base_text_ = planning.base_text;
    for (const std::filesystem::path& asked_of : {std::filesystem::path(what_), std::filesystem::path(plan_.config)})
      check_cluster_files(cluster_, devices(), asked_of, folder_);
    if (planning.merged > 0)
      journal.say(fmt::format("{} of the settings come to a run that is there already, and are not made twice.",
                              planning.merged));
    if (planning.dropped > 0)
      journal.say(fmt::format("{} runs of the sweep in this folder are not asked for any more: they leave its plan.",
                              planning.dropped));
    if (!plan_only_) sweep::write_folder(asked, planning, folder_);
  }

  static std::string folder_name(const sweep::Request& asked) {
    if (!asked.params.name.empty()) return cli::folder_name(asked.params.name);
    training::RunConfig config;
    config::Origin origin;
    config::load(asked.params.config, asked.params.set, config, origin);
    return cli::folder_name(config.name);
  }

  // What the runs compute on.
  std::set<std::string> devices() const {
    training::RunConfig config;
    config::Origin origin;
    const auto describe = [&](config::Fields& fields) { config.describe(fields); };
    config::load_text(base_text_, "config", folder_, {}, describe, origin);
    return devices_of(plan_, config.device);
  }

  // Jobs that this process will start.
  std::size_t jobs_to_do(const std::vector<sweep::JobStanding>& standings) const {
    std::size_t count = 0;
    const std::vector<std::size_t> places = sweep::task_places(plan_);
    for (std::size_t i = 0; i < standings.size(); ++i) {
      if (places[i] % options_.tasks != options_.task) continue;
      const bool has_failed = standings[i].state == sweep::JobState::failed || !standings[i].lost.empty();
      count +=
          standings[i].state == sweep::JobState::waiting || has_halved(standings[i]) || (retry_failed_ && has_failed);
    }
    return count;
  }

  void choose_workers(const std::vector<sweep::JobStanding>& standings) {
    const std::set<std::string> wanted = devices();
    const bool is_one_gpu = wanted.size() == 1 && wanted.begin()->starts_with("cuda:");
    if (wanted.contains("auto") || wanted.contains("cuda")) options_.gpus = visible_gpus();
    const std::size_t jobs = std::max<std::size_t>(1, jobs_to_do(standings));
    const std::size_t places = is_one_gpu              ? 1
                               : options_.gpus.empty() ? std::max<std::size_t>(1, sweep::usable_cpus().size())
                                                       : options_.gpus.size();
    options_.workers = std::min(jobs, workers_count_.value_or(places));
    // More workers than GPUs share them.
    for (std::size_t i = 0; !options_.gpus.empty() && options_.gpus.size() < options_.workers; ++i)
      options_.gpus.push_back(options_.gpus[i]);
  }

  void say_plan(const sweep::RunCounts& counts, const Console& console) const {
    console.print(
        fmt::format("{}: {}\n{}", plan_.name, sweep::headline(plan_, options_.workers), sweep::axes_text(plan_)));
    if (counts.done + counts.failed == 0) return;
    const std::size_t failed = counts.failed - counts.foreign;
    console.print(fmt::format("  of {} runs {} are done{} {} failed{}{}\n", plan_.runs.size(), counts.done,
                              counts.foreign > 0 ? "," : " and", failed,
                              failed > 0 && !retry_failed_ ? " (--retry-failed does them again)" : "",
                              counts.foreign > 0 ? fmt::format(" and {} are another version's", counts.foreign) : ""));
  }

  int answer_plan(const sweep::RunCounts& counts, const Console& console) const {
    constexpr std::size_t kMostShown = 20;
    std::string text;
    for (std::size_t i = 0; i < std::min(kMostShown, plan_.runs.size()); ++i) {
      std::string words;
      for (const auto& [field, value] : plan_.runs[i].point) words += "  " + sweep::override_text(field, value);
      text += fmt::format("  {}{}\n", plan_.runs[i].id, words);
    }
    if (plan_.runs.size() > kMostShown) text += fmt::format("  ... and {} more\n", plan_.runs.size() - kMostShown);
    console.print(text);
    nlohmann::ordered_json json = sweep::to_json(plan_);
    json["done"] = counts.done;
    json["workers"] = options_.workers;
    console.print_json(json);
    return 0;
  }

  int answer(const sweep::Tally& tally, const Console& console, TerminalJournal& journal) const {
    journal.end_line();
    const int exit_code = exit_code_of(tally, plan_, folder_, !task_.empty());
    std::string text =
        fmt::format("{} of {} runs done", tally.done, tally.done + tally.failed + tally.left + tally.elsewhere);
    if (const std::size_t halved = sweep::halved_runs(plan_, folder_); halved > 0)
      text += fmt::format(", of which successive halving ended {} early", halved);
    if (tally.failed > tally.foreign)
      text += fmt::format(", {} failed (why: failures/ and logs/; --retry-failed does them again)",
                          tally.failed - tally.foreign);
    if (tally.foreign > 0) text += fmt::format(", {} are another version's", tally.foreign);
    if (tally.elsewhere > 0) text += fmt::format(", {} with other processes", tally.elsewhere);
    if (tally.left > 0) text += fmt::format(", {} left: the same command goes on", tally.left);
    console.print(fmt::format("{}\n\nsweep   {}\n", text, folder_.string()));
    console.print_json({{"sweep", folder_.string()},
                        {"runs", plan_.runs.size()},
                        {"jobs", plan_.jobs.size()},
                        {"done", tally.done},
                        {"failed", tally.failed},
                        {"elsewhere", tally.elsewhere},
                        {"left", tally.left},
                        {"warnings", journal.warnings()},
                        {"exit_code", exit_code}});
    return exit_code;
  }

  std::string what_, config_, folder_option_, search_, trials_, limit_, workers_, task_, array_size_;
  ClusterOptions cluster_;
  std::vector<std::string> words_;
  bool is_multirun_ = false, plan_only_ = false, retry_failed_ = false;
  std::optional<std::size_t> limit_count_, trials_count_, workers_count_;
  sweep::LaunchOptions options_;
  sweep::Plan plan_;
  std::string base_text_;  // the config that all jobs start from
  std::filesystem::path folder_;
};

}  // namespace

std::unique_ptr<Command> make_sweep() {
  return std::make_unique<Sweep>();
}

}  // namespace equipoise::cli
