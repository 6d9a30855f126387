#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "engine/cli/command.h"
#include "engine/cli/comparison.h"
#include "engine/cli/ranks_check.h"
#include "engine/cli/resuming.h"
#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"

namespace equipoise::cli {
namespace {

class Compare final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {
        {"CONFIG", "The YAML file that says what data, what model, what constraints", &config_file_, "", true},
        {"key=value", "Overrides of the config for every arm, as for train", &overrides_},
        {"--arms",
         "What is set side by side, the first being what others are compared with: a list with commas of none (the "
         "config's constraints, no recipe), config (as it is), unconstrained, names of recipes, names of the config's "
         "compare.arms; joined by '+' for several at once",
         &arms_, "", true},
        {"--seeds", "The config's seeds, on which the split hangs too: 0..4, or a list with commas", &seeds_, "0..4"},
        {"--resume",
         "Go on with the comparison that was cut off: output.run, or the newest of the config's name; runs that have "
         "finished are measured again, those that were training go on from what they saved, the others are trained. "
         "More seeds may follow those it had. --resume=auto: where "
         "there is one; else begin anew",
         FlagOrWord{&resume_}}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    const std::string usage = "equipoise compare CONFIG --arms none,balance --seeds 0..4";
    if (config_file_.empty()) throw core::UserError(core::Fault::config, "compare needs a config: " + usage);
    refuse_ranks("compare");
    const Resume resume = resume_from(resume_);
    // Each arm reads it anew.
    if (std::error_code error; std::filesystem::exists(config_file_, error) &&
                               !std::filesystem::is_regular_file(config_file_, error) &&
                               !std::filesystem::is_directory(config_file_, error))
      throw core::UserError(
          core::Fault::config,
          fmt::format("compare reads the config once for every arm, and '{}' is no file", config_file_));
    ComparisonInputs inputs;
    config::load(config_file_, overrides_, inputs.config, inputs.origin);
    if (arms_.empty())
      throw core::UserError(core::Fault::config, fmt::format("compare needs --arms: {}; there are {}", usage,
                                                             core::listed(arm_names(inputs.config))));
    read(inputs);
    inputs.file = {config_file_, core::sha256_of_file(config_file_)};
    inputs.train_command = words("train");
    inputs.command = command();
    core::expect_preemption();  // every run that has finished stays
    RunFolder folder = claim(inputs, resume, journal);
    const std::string way_on = command(words_to_go_on(inputs.config.output, folder));
    Comparison comparison(std::move(inputs), folder, journal);
    const std::optional<core::Interrupted> stopped = comparison.run();
    return answer(comparison, folder, stopped, way_on, console, journal);
  }

 private:
  static RunFolder claim(const ComparisonInputs& inputs, Resume resume, TerminalJournal& journal) {
    const training::OutputParams& output = inputs.config.output;
    const std::string name = inputs.config.name + "-compare";
    const RunMarker marker = marker_of(inputs.command, inputs.file);
    if (resume == Resume::no) return RunFolder::claim(output, name, marker, inputs.origin);
    if (std::optional<RunFolder> earlier = RunFolder::reclaim(output, name, marker, inputs.origin)) {
      earlier->go_on();
      return std::move(*earlier);
    }
    if (resume == Resume::must)
      throw core::UserError(core::Fault::data,
                            fmt::format("there is nothing to resume: no comparison '{}' stands in '{}'; --resume=auto "
                                        "starts a new one then",
                                        output.run.empty() ? folder_name(name) : output.run, output.folder));
    journal.say("There is no comparison to go on with: a new one begins.");
    return RunFolder::claim(output, name, marker, inputs.origin);
  }

  // All that is wrong with the command line and the arms' configs, at once. What is wrong with some arms alone waits until the
  // others have seen their data, which may say more (Comparison).
  void read(ComparisonInputs& inputs) const {
    core::ProblemList problems;
    bool goes_on = true;
    const auto look = [&](const auto& check) {
      bool is_right = false;
      problems.collect([&] {
        check();
        is_right = true;
      });
      goes_on = goes_on && is_right;
    };
    look([&] { check_no_bank(inputs.config, inputs.origin); });
    look([&] { inputs.seeds = seeds_from(seeds_.empty() ? "0..4" : seeds_); });
    look([&] { inputs.arms = arms_from(arms_, inputs.config, inputs.origin); });
    for (const Arm& arm : inputs.arms) {
      training::RunConfig& config = inputs.configs.emplace_back();
      config::Origin& origin = inputs.origins.emplace_back();
      inputs.problems.collect(arm.name, [&] { load_arm(arm, inputs.config.bank.empty(), config, origin); });
    }
    const auto is_right = [&](const Arm& arm) { return !inputs.problems.has(arm.name); };
    if (goes_on && std::ranges::any_of(inputs.arms, is_right)) return;
    problems.collect([&] { inputs.problems.throw_if_any(inputs.arms.size()); });
    problems.throw_if_any();
  }

  static void check_no_bank(const training::RunConfig& config, const config::Origin& origin) {
    if (config.bank.empty()) return;
    throw core::UserError(
        core::Fault::config,
        "bank: compare trains arms at seeds; name its settings as arms (compare.arms), or take it out (~bank)",
        origin.of("bank"));
  }

  // A bank that all arms have from the config is refused once, not for each (`check_bank`).
  void load_arm(const Arm& arm, bool check_bank, training::RunConfig& config, config::Origin& origin) const {
    std::vector<std::string> overrides = overrides_;
    overrides.insert(overrides.end(), arm.overrides.begin(), arm.overrides.end());
    config::load(config_file_, overrides, config, origin);
    if (check_bank) check_no_bank(config, origin);
    training::members_of(config, origin);
    training::check_training(config, 1, origin);
    if (models::is_searched_for(config.model))
      throw core::UserError(core::Fault::config,
                            "model.kind: it is 'auto', and arms are models that are named; let equipoise train find "
                            "one first, or name several kinds as arms (compare.arms)",
                            origin.of("model.kind"));
  }

  std::vector<std::string> words(const char* verb) const {
    std::vector<std::string> words = {"equipoise", verb, config_file_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    return words;
  }

  std::string command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> all = words("compare");
    all.insert(all.end(), {"--arms", arms_});
    if (!seeds_.empty()) all.insert(all.end(), {"--seeds", seeds_});
    all.insert(all.end(), more.begin(), more.end());
    return shell_line(all);
  }

  // What kept all runs from finishing: where none left the finite numbers, the rows.
  static int exit_code_of(const report::CompareReport& report) {
    const auto any = [&](const char* outcome) {
      return std::ranges::find(report.runs, outcome, &report::ComparedRun::outcome) != report.runs.end();
    };
    if (any("finished")) return 0;
    return static_cast<int>(any("diverged") ? core::Fault::numerical : core::Fault::data);
  }

  static int answer(const Comparison& comparison, const RunFolder& folder,
                    const std::optional<core::Interrupted>& stopped, const std::string& way_on, const Console& console,
                    TerminalJournal& journal) {
    const report::CompareReport& report = comparison.report();
    journal.end_line();
    const int exit_code = stopped ? stopped->exit_code() : exit_code_of(report);
    console.print(report::to_terminal(report, may_have_color(STDOUT_FILENO)));
    console.print(
        fmt::format("\nrun     {}\nreport  {}\n", folder.path().string(), folder.file(run_files::kReport).string()));
    nlohmann::ordered_json json = {{"run", folder.path().string()},
                                   {"report", folder.file(run_files::kReport).string()},
                                   {"comparison", report::to_json(report)},
                                   {"warnings", journal.warnings()},
                                   {"exit_code", exit_code}};
    if (stopped) {
      json["resume"] = way_on;
      const std::string saved = comparison.saved_step() > 0
                                    ? fmt::format(", and those that were training are saved as they were after step {}",
                                                  comparison.saved_step())
                                    : "";
      journal.say(fmt::format("The comparison was {}; the runs that have finished stay{}. To go on: {}",
                              stopped->what(), saved, way_on));
    }
    console.print_json(json);
    return exit_code;
  }

  std::string config_file_, arms_, seeds_, resume_;
  std::vector<std::string> overrides_;
};

}  // namespace

std::unique_ptr<Command> make_compare() {
  return std::make_unique<Compare>();
}

}  // namespace equipoise::cli
