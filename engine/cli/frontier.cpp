#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <optional>

#include "engine/cli/cell_rules.h"
#include "engine/cli/command.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/posterior.h"
#include "engine/cli/ranks_check.h"
#include "engine/cli/resuming.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/run_identity.h"
#include "engine/cli/run_report.h"
#include "engine/cli/run_tracking.h"
#include "engine/cli/run_writer.h"
#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/showable.h"
#include "engine/frontier/tolerances.h"
#include "engine/report/frontier_report.h"

namespace equipoise::cli {
namespace {

constexpr int kRules = 20;
// Where the test rows say nothing of the least, or could show little below the gap without constraints, the frontier starts
// at this share of that gap.
constexpr double kLeastShare = 0.05;

class Frontier final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"CONFIG", "The YAML file that says what data, what model, what constraints", &config_file_, "", true},
            {"key=value", "Overrides of the config, as for train", &overrides_},
            {"--tolerances",
             "The tolerances of the rules, a list with commas; of several constraints those of the first that has one, "
             "the others moving by the same factor",
             &tolerances_, "20, from what the test rows can show to the gap without constraints"},
            {"--pick", "The tolerance of the rule that the run in the folder decides by", &pick_, "the config's"},
            {"--fail-on",
             "Exit with 1 when a constraint has one of these verdicts on the test rows under that rule: a list with "
             "commas of violated, not_shown, not_estimable",
             &fail_on_},
            {"--resume",
             "Go on with the training that was cut off: output.run, or the newest of the config's name. --resume=auto: "
             "where there is something to go on with; else begin anew",
             FlagOrWord{&resume_}},
            {"--allow-change", "With --resume: a field of the config that may differ from what it was", &allowed_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (config_file_.empty())
      throw core::UserError(core::Fault::config, "frontier needs a config: equipoise frontier CONFIG [key=value ...]");
    refuse_ranks("frontier");
    failing_ = verdicts_from(fail_on_);
    const Resume resume = resume_from(resume_, allowed_);
    config::load(config_file_, overrides_, config_, origin_);
    check();
    if (config_.checkpoint.is_on()) core::expect_preemption();
    const bool is_file = std::filesystem::is_regular_file(config_file_);
    file_ = {config_file_, is_file ? core::sha256_of_file(config_file_) : "not a file"};
    training::RunConfig named = config_;
    named.name += "-frontier";
    ClaimedRun claimed = claim_run(named, marker_of(command(), file_), resume, allowed_, origin_, journal);
    RunFolder& folder = claimed.folder;
    if (claimed.is_finished) return answer_finished(folder, console);
    const at::Device device = training::choose_device(config_, origin_, journal);
    data::Prepared prepared = data::prepare(config_.data, static_cast<std::uint64_t>(config_.seed), origin_, journal);
    check_held_out(config_, prepared.dataset, origin_);
    say_of_rows(prepared.dataset, journal);
    check_test_rows(failing_, prepared.dataset);
    core::stop_if_interrupted();
    const constraints::ConstraintTable table = compile_tables({config_}, prepared.dataset, origin_, journal).front();
    check_pick(table, prepared.dataset);
    checkpoint::Fields identity;
    if (config_.checkpoint.is_on() || resume != Resume::no) identity = run_identity(config_, prepared, device);
    if (resume != Resume::no) check_same_run(claimed, config_, identity, allowed_, journal);
    const RunInputs inputs{config_, prepared, table, command(), file_};
    training::CheckpointPlan plan = plan_of(claimed, config_, std::move(identity), [&] {
      begin_run(folder, inputs, journal);
      folder.keep();
    });
    training::TrainingResult result = train_posterior(config_, prepared, table, device, origin_, journal,
                                                      config_.checkpoint.is_on() || plan.resume ? &plan : nullptr);
    std::optional<report::FrontierReport> frontier;
    if (!result.interrupted) frontier = solve_unless_stopped(inputs, device, plan.folder, result, journal);
    if (!frontier) return stop_for_now(folder, result, console, journal);
    return answer(folder, inputs, device, result, *frontier, console, journal);
  }

 private:
  // Nothing where a signal came, and the training was saved: the result says so then.
  std::optional<report::FrontierReport> solve_unless_stopped(const RunInputs& inputs, const at::Device& device,
                                                             const std::filesystem::path& checkpoints,
                                                             training::TrainingResult& result,
                                                             TerminalJournal& journal) const {
    try {
      return solve(inputs.prepared, inputs.table, device, result, journal);
    } catch (const core::Interrupted& stopped) {
      const std::vector<checkpoint::Saved> saved = checkpoint::list_checkpoints(checkpoints);
      if (saved.empty()) throw;
      result.interrupted = stopped;
      result.saved_step = saved.front().step;
      return std::nullopt;
    }
  }

  // What it has learnt so far decides nothing yet.
  int stop_for_now(RunFolder& folder, const training::TrainingResult& result, const Console& console,
                   TerminalJournal& journal) const {
    folder.finish("interrupted");
    stop_tracking(folder, journal);
    journal.end_line();
    const std::string resume = command(words_to_go_on(config_.output, folder, fail_on_));
    say_way_on(result, resume, journal);
    console.print_json({{"outcome", "interrupted"},
                        {"run", folder.path().string()},
                        {"step", result.saved_step},
                        {"resume", resume},
                        {"exit_code", result.interrupted->exit_code()}});
    return result.interrupted->exit_code();
  }

  // What the config and the command line say, all that is wrong at once. The config's constraints become the picked ones.
  void check() {
    core::ProblemList problems;
    problems.collect([&] { training::members_of(config_, origin_); });
    problems.collect([&] { training::check(config_, 1, origin_); });
    problems.collect([&] { check_frontier(config_, origin_); });
    problems.throw_if_any();
    if (!tolerances_.empty()) {
      for (const std::string& word : words_between_commas(tolerances_))
        wanted_.push_back(tolerance_from("--tolerances", word));
      std::ranges::sort(wanted_);
      wanted_.erase(std::unique(wanted_.begin(), wanted_.end()), wanted_.end());
    }
    if (!pick_.empty())
      config_.constraints = frontier::at_tolerance(config_.constraints, tolerance_from("--pick", pick_));
  }

  void say_of_rows(const data::Dataset& dataset, TerminalJournal& journal) const {
    if (const std::size_t idle = dataset.rows_of(data::Split::holdout).size(); idle > 0)
      journal.warn(
          fmt::format("The {} rows of the holdout split are neither learnt from nor solved on: a frontier is "
                      "solved on the selection split, and without one on training rows; make them one or the "
                      "other.",
                      idle));
    if (config_.multipliers.margin > 0 && held_out_split(dataset) == data::Split::train)
      journal.say(
          "There is no selection split: rules aim inside the tolerances by what chance does to as many people as the "
          "test split has (multipliers.margin).");
  }

  double tolerance_from(const char* option, const std::string& word) const {
    double value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc() || end != word.data() + word.size() || !(value > 0 && value < 1))
      throw core::UserError(
          core::Fault::config,
          fmt::format("{} is '{}', expected a tolerance between 0 and 1, both excluded", option, word));
    for (const constraints::ConstraintParams& one : frontier::at_tolerance(config_.constraints, value))
      if (constraints::has_tolerance(one) && !(one.tolerance < 1))
        throw core::UserError(
            core::Fault::config,
            fmt::format("{} is {}, which makes the tolerance of '{}' {}: tolerances move together, and each must lie "
                        "between 0 and 1, both excluded",
                        option, word, constraints::constraint_title(one), constraints::number_text(one.tolerance)));
    return value;
  }

  // The smallest tolerance that the test rows could show, of the first constraint that has one.
  std::optional<double> showable(const constraints::ConstraintTable& table, const data::Dataset& dataset) const {
    const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
    const std::vector<evaluation::Outlook> outlooks =
        evaluation::outlooks(table, counts, config_.multipliers.min_rows, config_.evaluation);
    const double first = frontier::tolerance_of(config_.constraints);
    std::optional<double> least;
    for (std::size_t p = 0; p < outlooks.size(); ++p) {
      const auto constraint = static_cast<std::size_t>(table.promises[p].constraint);
      if (!outlooks[p].least || !constraints::has_tolerance(config_.constraints[constraint])) continue;
      const double own = *outlooks[p].least * first / config_.constraints[constraint].tolerance;
      least = std::max(least.value_or(own), own);
    }
    return least;
  }

  void check_pick(const constraints::ConstraintTable& table, const data::Dataset& dataset) const {
    if (pick_.empty()) return;
    const std::optional<double> least = showable(table, dataset);
    if (!least || evaluation::is_inside(*least, frontier::tolerance_of(config_.constraints))) return;
    throw core::UserError(
        core::Fault::config,
        fmt::format("--pick is {}, which the test rows cannot show: even if all groups' rates were equal, the bound "
                    "would be {:.4f}; pick that or more, or give data.split.test more rows",
                    pick_, std::ceil(*least * 1e4) / 1e4));
  }

  std::vector<double> tolerances(const report::FrontierReport& frontier) const {
    std::vector<double> grid = wanted_;
    if (grid.empty()) {
      double high = 0;
      const double first = frontier::tolerance_of(config_.constraints);
      for (std::size_t c = 0; c < config_.constraints.size(); ++c) {
        const auto& gap = frontier.unconstrained.held_out->constraints[c].gap;
        if (gap && constraints::has_tolerance(config_.constraints[c]))
          high = std::max(high, *gap * first / config_.constraints[c].tolerance);
      }
      // Tolerances move together, and each stays below 1.
      constexpr double kMost = 0.99;
      double most = kMost;
      for (const constraints::ConstraintParams& one : config_.constraints)
        if (constraints::has_tolerance(one)) most = std::min(most, kMost * first / one.tolerance);
      high = std::clamp(high, std::min(1e-3, most), most);
      double low = frontier.showable.value_or(high * kLeastShare);
      // There would be little to draw. Rules below what the test rows could show are marked as such.
      if (low > high / 2) low = high * kLeastShare;
      grid = frontier::tolerance_grid(low, high, kRules);
    }
    grid.push_back(frontier.kept);
    std::ranges::sort(grid);
    grid.erase(std::unique(grid.begin(), grid.end()), grid.end());
    return grid;
  }

  // Also makes the result that of the picked rule.
  report::FrontierReport solve(const data::Prepared& prepared, const constraints::ConstraintTable& table,
                               const at::Device& device, training::TrainingResult& result,
                               TerminalJournal& journal) const {
    const auto start = std::chrono::steady_clock::now();
    const data::Dataset& dataset = prepared.dataset;
    CellRules rules(config_, table, dataset, posteriors_of(config_, dataset, table, *result.learner, device, origin_));
    report::FrontierReport frontier;
    frontier.kept = frontier::tolerance_of(config_.constraints);
    frontier.showable = showable(table, dataset);
    frontier.unconstrained = rules.measured(rules.unconstrained(), config_.constraints);
    for (const double tolerance : tolerances(frontier)) {
      core::stop_if_interrupted();
      const std::vector<constraints::ConstraintParams> own = frontier::at_tolerance(config_.constraints, tolerance);
      const CellRules::Rule rule = rules.under(own);
      frontier.rules.push_back(rules.measured(rule, own));
      frontier.rules.back().tolerance = tolerance;
      if (tolerance == frontier.kept) rules.finish(result, rule, own);
    }
    warn_where_off(frontier.rules, config_.decision.confidence, journal);
    describe(frontier, rules, table, dataset, device, result);
    frontier.solving_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    frontier.warnings = journal.warnings();
    return frontier;
  }

  void describe(report::FrontierReport& frontier, const CellRules& rules, const constraints::ConstraintTable& table,
                const data::Dataset& dataset, const at::Device& device, const training::TrainingResult& result) const {
    frontier.name = config_.name;
    frontier.finished = utc_now();
    frontier.command = command();
    frontier.confidence = config_.evaluation.confidence;
    frontier.device = device_text(device);
    frontier.model = result.learner->description();
    if (result.members > 1) frontier.model += fmt::format(" each, the mean of {} members", result.members);
    frontier.training_seconds = result.seconds;
    frontier.held_out_rows = static_cast<std::int64_t>(rules.solved_on_rows());
    frontier.is_out_of_fold = held_out_split(dataset) == data::Split::train;
    frontier.test_rows = static_cast<std::int64_t>(dataset.rows_of(data::Split::test).size());
    frontier.uses_groups = config_.decision.uses_group;
    frontier.is_randomised = config_.decision.randomised;
    frontier.rule_confidence = config_.decision.confidence;
    frontier.cells = rules.cells().names;
    frontier.multiplier_titles = constraints::row_titles(table);
  }

  int answer(RunFolder& folder, const RunInputs& inputs, const at::Device& device, training::TrainingResult& result,
             const report::FrontierReport& frontier, const Console& console, TerminalJournal& journal) const {
    begin_run(folder, inputs, journal);
    add_measurement(folder, result.measurements.front(), journal);
    folder.write(run_files::kFrontier, json_text(report::to_json(frontier)));
    folder.write(run_files::kFrontierPage, report::to_html(frontier));
    const report::Report report = finish_run(folder, inputs, device, result, journal);
    const std::vector<std::string> failed = failures(report, failing_);
    const int exit_code = failed.empty() ? 0 : kConstraintFailed;
    journal.end_line();
    console.print(report::to_terminal(frontier, may_have_color(STDOUT_FILENO)));
    console.print(fmt::format("\nrun       {}\nfrontier  {}\nreport    {}\n", folder.path().string(),
                              folder.file(run_files::kFrontierPage).string(),
                              folder.file(run_files::kReport).string()));
    for (const std::string& title : failed) journal.say("failed on " + title);
    console.print_json({{"run", folder.path().string()},
                        {"report", folder.file(run_files::kReport).string()},
                        {"outcome", result.outcome},
                        {"verdict", has_test_rows(report) ? worst_verdict(report.splits.front()) : "not measured"},
                        {"failed_on", failed},
                        {"frontier", report::to_json(frontier)},
                        {"warnings", journal.warnings()},
                        {"exit_code", exit_code}});
    return exit_code;
  }

  std::string command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"equipoise", "frontier", config_file_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    if (!tolerances_.empty()) words.insert(words.end(), {"--tolerances", tolerances_});
    if (!pick_.empty()) words.insert(words.end(), {"--pick", pick_});
    words.insert(words.end(), more.begin(), more.end());
    return shell_line(words);
  }

  std::string config_file_, tolerances_, pick_, resume_;
  std::vector<std::string> overrides_, fail_on_, allowed_;
  std::vector<evaluation::Verdict> failing_;
  std::vector<double> wanted_;
  training::RunConfig config_;
  config::Origin origin_;
  ConfigFile file_;
};

}  // namespace

std::unique_ptr<Command> make_frontier() {
  return std::make_unique<Frontier>();
}

}  // namespace equipoise::cli
