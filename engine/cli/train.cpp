#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "engine/cli/bank_writer.h"
#include "engine/cli/command.h"
#include "engine/cli/json_file.h"
#include "engine/cli/made_rows_audit.h"
#include "engine/cli/measuring.h"
#include "engine/cli/ranks_check.h"
#include "engine/cli/repeated_warnings.h"
#include "engine/cli/resuming.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/run_identity.h"
#include "engine/cli/run_report.h"
#include "engine/cli/run_tracking.h"
#include "engine/cli/run_writer.h"
#include "engine/cli/set_aside.h"
#include "engine/cli/settings_choice.h"
#include "engine/cli/shell_words.h"
#include "engine/cli/training_inputs.h"
#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/lost_ranks.h"
#include "engine/data/prepare.h"
#include "engine/report/bank_report.h"
#include "engine/sweep/halving.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

class Train final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {
        {"CONFIG", "The YAML file that says what data, what model, what constraints", &config_file_, "", true},
        {"key=value", "Overrides of the config: training.epochs=5 sets, +constraints[]={...} adds, ~model takes out",
         &overrides_},
        {"--fail-on",
         "Exit with 1 when a constraint has one of these verdicts on the test rows (of any member of a bank): a "
         "list with commas of violated, not_shown, not_estimable",
         &fail_on_},
        {"--resume",
         "Go on with the run that was cut off: output.run, or the newest of the config's name. --resume=auto: where "
         "there is one, else a new run; a finished one is left as it is",
         FlagOrWord{&resume_}},
        {"--allow-change",
         "A field, or a part of the config, that may differ from the checkpoint's when a run goes on: "
         "--allow-change training.epochs",
         &allowed_},
        {"--halving", "The folder of a sweep whose job this is (output.run): stop where its successive halving says so",
         &halving_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (config_file_.empty()) {
      throw core::UserError(core::Fault::config, "train needs a config: equipoise train CONFIG [key=value ...]");
    }
    failing_ = verdicts_from(fail_on_);
    const Resume resume = resume_from(resume_, allowed_);
    config::load(config_file_, overrides_, config_, origin_);
    members_ = training::members_of(config_, origin_);
    training::check_training(config_, members_.size(), origin_);
    if (config_.checkpoint.is_on()) core::expect_preemption();
    // Once: the file may change while the run goes on. What comes through a pipe has been read, and is gone.
    const bool is_file = std::filesystem::is_regular_file(config_file_);
    file_ = {config_file_, is_file ? core::sha256_of_file(config_file_) : "not a file"};
    const distributed::Launch launch = distributed::launch_of_this_process();
    core::Journal quiet;
    core::Journal& own_journal = launch.rank == 0 ? static_cast<core::Journal&>(journal) : quiet;
    const at::Device device = training::choose_device(config_, origin_, own_journal, launch);
    if (launch.size > 1 && !halving_.empty())
      throw core::UserError(core::Fault::config, "--halving stops runs of one process, and this one has several ranks");
    if (launch.size > 1 && models::is_searched_for(config_.model))
      throw core::UserError(core::Fault::config,
                            "model.kind: it is 'auto', and a search runs in one process, not in several ranks",
                            origin_.of("model.kind"));
    const distributed::Ranks ranks = distributed::Ranks::join(launch, config_.ranks, device);
    try {
      check_same_config(ranks, config_);
      return ranks.is_first() ? lead(ranks, device, resume, console, journal) : follow(ranks, device, quiet);
    } catch (const core::UserError& error) {
      ranks.leave(error.what(), error.fault());
      throw;
    } catch (const std::exception& error) {
      ranks.leave(error.what());
      throw;
    }
  }

 private:
  // Trains, writes and speaks.
  int lead(const distributed::Ranks& ranks, const at::Device& device, Resume resume, const Console& console,
           TerminalJournal& journal) {
    ClaimedRun claimed = claim_run(config_, marker_of(command(), file_), resume, allowed_, origin_, journal);
    RunFolder& folder = claimed.folder;
    tell_ranks(ranks, claimed);
    if (claimed.is_finished) return answer_finished(folder, console);
    core::stop_if_interrupted();
    const TrainingInputs own = read_training_inputs(members_, failing_, ranks, origin_, journal);
    if (models::is_searched_for(config_.model)) {
      asked_ = asked_of_search(config_);
      choose_settings(claimed, own, device, journal);
    }
    checkpoint::Fields identity;
    if (config_.checkpoint.is_on() || resume != Resume::no) {
      identity = run_identity(config_, own.prepared, device);
      identity.insert(identity.end(), asked_.begin(), asked_.end());
    }
    if (resume != Resume::no) check_same_run(claimed, config_, identity, allowed_, journal);
    const std::vector<RunInputs> inputs =
        inputs_of(own.prepared, own.tables, audit_made_rows(config_, own.prepared.dataset, origin_, journal));
    core::stop_if_interrupted();
    std::vector<RunFolder> folders;
    std::optional<sweep::Halving> halving;
    if (!halving_.empty()) halving.emplace(halving_, config_.output.run);
    // A run that was there is left alone until the first measurement: until then mistakes in the config show.
    training::CheckpointPlan plan = plan_of(claimed, config_, std::move(identity), [&] {
      begin(folder, folders, inputs, journal);
      folder.keep();
    });
    MembersJournal heard(journal);
    std::vector<training::TrainingResult> results =
        training::train(members_, own.prepared.dataset, own.tables, device, origin_, heard,
                        {[&](std::size_t run, const evaluation::Measurement& measurement) {
                           begin(folder, folders, inputs, journal);
                           add_measurement(folder_of(folder, folders, run), measurement, journal);
                           if (halving) halving->record(run, measurement, training::epochs_of(members_[run]));
                         },
                         own.start,
                         halving ? training::StopRun([&](std::size_t run, const evaluation::Measurement& measurement) {
                           return halving->verdict(run, measurement);
                         })
                                 : training::StopRun(),
                         config_.checkpoint.is_on() || plan.resume ? &plan : nullptr, ranks});
    heard.end();
    const bool is_waited_for = exit_code_of(results, {}) != 0;
    if (searched_) results.front().kept += " " + searched_->sentence();
    const int exit_code = conclude(folder, folders, inputs, results, device, console, journal);
    if (is_waited_for) meet_at_the_end(ranks);
    return exit_code;
  }

  // What is left to rank 0 when training has ended.
  int conclude(RunFolder& folder, std::vector<RunFolder>& folders, const std::vector<RunInputs>& inputs,
               std::vector<training::TrainingResult>& results, const at::Device& device, const Console& console,
               TerminalJournal& journal) const {
    if (const auto* stopped = saved_among(results); stopped && stopped->interrupted->starts_again())
      return stop_for_now(folder, folders, *stopped, console, journal);
    const bool any_measured = std::ranges::any_of(results, [](const auto& r) { return !r.measurements.empty(); });
    if (!any_measured && folder.holds_an_earlier_run() && !folder.has_begun())
      give_up(folder, results.front(), journal);
    begin(folder, folders, inputs, journal);
    if (!is_bank()) {
      const report::Report report = finish_run(folder, inputs.front(), device, results.front(), journal);
      return answer(folder, report, results, console, journal);
    }
    return finish_bank(folder, folders, inputs, results, device, console, journal);
  }

  // Every rank but the first: its part of each step, and no word.
  int follow(const distributed::Ranks& ranks, const at::Device& device, core::Journal& quiet) const {
    ClaimedCheckpoint claimed = hear_of_checkpoint(ranks);
    if (claimed.is_finished) return 0;
    const TrainingInputs own = read_training_inputs(members_, failing_, ranks, origin_, quiet);
    // As the first rank does: whoever went ahead would wait for it in the first sum, and not for ever.
    audit_made_rows(config_, own.prepared.dataset, origin_, quiet);
    training::CheckpointPlan plan;
    plan.resume = std::move(claimed.checkpoint);
    plan.params = {.every_steps = 0, .every_seconds = 0};  // the first rank saves
    const std::vector<training::TrainingResult> results =
        training::train(members_, own.prepared.dataset, own.tables, device, origin_, quiet,
                        {.start = own.start, .checkpoints = &plan, .ranks = ranks});
    const int exit_code = exit_code_of(results, {});
    if (exit_code != 0) meet_at_the_end(ranks);
    return exit_code;
  }

  // The first rank that ends with another code than 0 may have its launcher end the others: none does before rank 0 has saved.
  static void meet_at_the_end(const distributed::Ranks& ranks) {
    try {
      ranks.barrier();
    } catch (const core::LostRanks&) {
      // Whoever is gone, or takes longer than ranks.timeout, is missed no more.
    }
  }

  // From here on the run is that of the settings that are found, as if the config had named them.
  void choose_settings(const ClaimedRun& claimed, const TrainingInputs& inputs, const at::Device& device,
                       core::Journal& journal) {
    if (claimed.checkpoint) {
      take_chosen_settings(claimed, config_);
    } else {
      searched_ =
          training::search_settings(config_, inputs.prepared.dataset, inputs.tables.front(), device, origin_, journal);
      config_ = searched_->kept().settings.config;
    }
    members_ = training::members_of(config_, origin_);
  }

  bool is_bank() const { return !config_.bank.empty(); }

  std::vector<RunInputs> inputs_of(const data::Prepared& prepared,
                                   const std::vector<constraints::ConstraintTable>& tables,
                                   const std::optional<audit::ArtifactAudit>& artifacts) const {
    std::vector<RunInputs> inputs;
    for (std::size_t run = 0; run < members_.size(); ++run) {
      std::vector<std::string> alone;  // what trains this member by itself
      if (is_bank()) alone = training::member_overrides(config_.bank, members_[run], run);
      inputs.push_back({members_[run], prepared, tables[run], command(alone), file_, artifacts});
    }
    return inputs;
  }

  std::string command(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> words = {"equipoise", "train", config_file_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    words.insert(words.end(), more.begin(), more.end());
    return shell_line(words);
  }

  // What a scheduler stopped is left to be gone on with: no model is chosen, and nothing is measured, in the seconds that are left.
  int stop_for_now(RunFolder& folder, std::vector<RunFolder>& folders, const training::TrainingResult& result,
                   const Console& console, TerminalJournal& journal) const {
    for (RunFolder& member : folders) member.finish("interrupted");
    folder.finish("interrupted");
    for (const RunFolder& member : folders) stop_tracking(member, journal);
    stop_tracking(folder, journal);
    journal.end_line();
    const std::string resume = way_on(folder);
    say_way_on(result, resume, journal);
    if (const RunFolder& holder = folders.empty() ? folder : folders.front(); has_set_aside(holder.path()))
      journal.say(fmt::format("The model that the run had before is kept in '{}' until it has one again.",
                              set_aside_folder(holder.path()).string()));
    console.print_json({{"outcome", "interrupted"},
                        {"run", folder.path().string()},
                        {"step", result.saved_step},
                        {"resume", resume},
                        {"exit_code", core::kStartAgain}});
    return core::kStartAgain;
  }

  // The line that goes on with a run that saved itself when it was stopped.
  std::string way_on(const RunFolder& folder) const {
    return command(words_to_go_on(config_.output, folder, fail_on_));
  }

  // In the answer too, where there is such a run.
  void add_way_on(nlohmann::ordered_json& answer, const RunFolder& folder,
                  const std::vector<training::TrainingResult>& results, core::Journal& journal) const {
    const training::TrainingResult* stopped = saved_among(results);
    if (stopped == nullptr) return;
    say_way_on(*stopped, way_on(folder), journal);
    answer["resume"] = way_on(folder);
  }

  static RunFolder& folder_of(RunFolder& folder, std::vector<RunFolder>& folders, std::size_t run) {
    return folders.empty() ? folder : folders[run];
  }

  void begin(RunFolder& folder, std::vector<RunFolder>& folders, const std::vector<RunInputs>& inputs,
             core::Journal& journal) const {
    if (folder.has_begun()) return;
    if (!is_bank()) {
      begin_run(folder, inputs.front(), journal);
      if (searched_) folder.write(run_files::kSearch, json_text(to_json(*searched_, asked_)));
      return;
    }
    folders = begin_bank(folder, config_, inputs, command(), journal);
  }

  // Nothing was learnt: the finished run that stood here is worth more.
  [[noreturn]] static void give_up(const RunFolder& folder, const training::TrainingResult& result,
                                   TerminalJournal& journal) {
    journal.end_line();
    journal.say(fmt::format("Nothing was measured, so the run in '{}' is left as it was.", folder.path().string()));
    if (result.outcome == "interrupted") throw *result.interrupted;
    throw core::UserError(core::Fault::numerical, result.failure);
  }

  // Of a bank, a member that diverged is a result like another, as long as one finished.
  static int exit_code_of(const std::vector<training::TrainingResult>& results,
                          const std::vector<std::string>& failed) {
    const auto first = [&](const char* outcome) {
      return std::ranges::find(results, outcome, &training::TrainingResult::outcome);
    };
    if (const auto stopped = first("interrupted"); stopped != results.end()) return stopped->interrupted->exit_code();
    if (first("finished") == results.end() && first("stopped") == results.end())
      return static_cast<int>(core::Fault::numerical);
    return failed.empty() ? 0 : kConstraintFailed;
  }

  int answer(const RunFolder& folder, const report::Report& report,
             const std::vector<training::TrainingResult>& results, const Console& console,
             TerminalJournal& journal) const {
    journal.end_line();
    const training::TrainingResult& result = results.front();
    const std::vector<std::string> failed = failures(report, failing_);
    const int exit_code = exit_code_of(results, failed);
    console.print(report::to_terminal(report, may_have_color(STDOUT_FILENO)));
    print_paths(folder, console);
    for (const std::string& title : failed) journal.say("failed on " + title);
    if (!result.failure.empty() && !console.json())
      journal.say((result.outcome == "stopped" ? "This run was " : "error: ") + result.failure);
    nlohmann::ordered_json json = answer_json(folder, report, result, failed, exit_code);
    add_way_on(json, folder, results, journal);
    console.print_json(json);
    return exit_code;
  }

  static void print_paths(const RunFolder& folder, const Console& console) {
    console.print(
        fmt::format("\nrun     {}\nreport  {}\n", folder.path().string(), folder.file(run_files::kReport).string()));
  }

  int finish_bank(RunFolder& folder, std::vector<RunFolder>& folders, const std::vector<RunInputs>& inputs,
                  std::vector<training::TrainingResult>& results, const at::Device& device, const Console& console,
                  TerminalJournal& journal) const {
    const FinishedBank bank =
        cli::finish_bank(folder, folders, {config_, command(), inputs, failing_}, device, results, journal);
    journal.end_line();
    const int exit_code = exit_code_of(results, bank.failed);
    console.print(report::to_terminal(bank.report, may_have_color(STDOUT_FILENO)));
    print_paths(folder, console);
    for (const std::string& title : bank.failed) journal.say("failed on " + title);
    nlohmann::ordered_json json = {
        {"run", folder.path().string()},        {"report", folder.file(run_files::kReport).string()},
        {"bank", report::to_json(bank.report)}, {"failed_on", bank.failed},
        {"warnings", journal.warnings()},       {"exit_code", exit_code}};
    add_way_on(json, folder, results, journal);
    console.print_json(json);
    return exit_code;
  }

  static nlohmann::ordered_json answer_json(const RunFolder& folder, const report::Report& report,
                                            const training::TrainingResult& result,
                                            const std::vector<std::string>& failed, int exit_code) {
    nlohmann::ordered_json json;
    if (!result.failure.empty() && result.outcome != "stopped") {
      json["error"] = {{"exit_code", exit_code},
                       {"kind", result.outcome == "diverged" ? "numerical" : result.outcome},
                       {"message", result.failure}};
    }
    json["run"] = folder.path().string();
    json["report"] = folder.file(run_files::kReport).string();
    json["results"] = folder.file(run_files::kResults).string();
    json["outcome"] = result.outcome;
    json["kept"] = result.kept;
    json["seconds"] = result.seconds;
    json["rows_per_second"] = result.rows_per_second;
    json["verdict"] = has_test_rows(report) ? worst_verdict(report.splits.front()) : "not measured";
    json["failed_on"] = failed;
    json["splits"] = nlohmann::ordered_json::array();
    for (const evaluation::SplitResult& split : report.splits)
      json["splits"].push_back(nlohmann::ordered_json(evaluation::to_json(split)));
    json["warnings"] = report.warnings;
    json["exit_code"] = exit_code;
    return json;
  }

  std::string config_file_, resume_, halving_;
  std::vector<std::string> overrides_, fail_on_, allowed_;
  training::RunConfig config_;
  config::Origin origin_;
  std::vector<training::RunConfig> members_;
  std::optional<training::Searched> searched_;  // where model.kind is auto
  checkpoint::Fields asked_;                    // of it
  ConfigFile file_;
  std::vector<evaluation::Verdict> failing_;
};

}  // namespace

std::unique_ptr<Command> make_train() {
  return std::make_unique<Train>();
}

}  // namespace equipoise::cli
