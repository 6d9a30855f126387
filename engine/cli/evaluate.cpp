#include <unistd.h>

#include <fmt/format.h>

#include <set>

#include "engine/cli/command.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/output_file.h"
#include "engine/cli/run_report.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/report/report.h"

namespace equipoise::cli {
namespace {

class Evaluate final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"RUN", "A run folder", &run_, "", true},
            {"--data", "New rows instead of the run's own, CSV or Parquet; may be given several times", &files_},
            {"--predictions",
             "With --data: the stored decisions of the new rows, for churn, as data.stored_decisions.predictions",
             &predictions_},
            {"--images",
             "With --data, of a model that sees pictures: the files of the new rows, as data.images.files, which may "
             "be given "
             "several times; or the folder of theirs, as data.images.folder",
             &images_},
            {"--split", "Which of the run's own rows: test, selection, holdout or train", &split_, "test"},
            {"--fail-on",
             "Exit with 1 when a constraint has one of these verdicts: a list with commas of violated, not_shown, "
             "not_estimable",
             &fail_on_},
            {"--output", "Also write the result to this file, as JSON", &output_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty()) {
      throw core::UserError(core::Fault::config, "evaluate needs a run folder: equipoise evaluate RUN");
    }
    if (!split_.empty() && !files_.empty()) {
      throw core::UserError(core::Fault::config, "--data and --split exclude each other: new rows are not split");
    }
    if (!predictions_.empty() && files_.empty()) {
      throw core::UserError(core::Fault::config,
                            "--predictions is about new rows, and needs --data; of its own rows the run knows them");
    }
    if (!images_.empty() && files_.empty()) {
      throw core::UserError(core::Fault::config,
                            "--images is about new rows, and needs --data; its own the run names itself");
    }
    const std::vector<evaluation::Verdict> failing = verdicts_from(fail_on_);
    const data::Split split = split_from(split_.empty() ? "test" : split_);
    if (!output_.empty()) check_output(output_, read_files());
    const SavedRun run = open_run(run_);
    if (const std::string untrained = untrained_sentence(run); !untrained.empty()) {
      if (!failing.empty())
        throw core::UserError(core::Fault::data, untrained + ", and --fail-on needs one that came to its end");
      journal.warn(untrained + ".");
    }
    if (!output_.empty()) check_output(output_, run);
    const evaluation::SplitResult result = measure_run(run, split, journal);
    warn_of_absent(result, journal);
    const std::vector<std::string> failed = failed_constraints(result, failing);
    const int exit_code = failed.empty() ? 0 : kConstraintFailed;

    const nlohmann::ordered_json json = {{"run", run.path.string()},
                                         {"verdict", worst_verdict(result)},
                                         {"failed_on", failed},
                                         {"split", evaluation::to_json(result)},
                                         {"warnings", journal.warnings()},
                                         {"exit_code", exit_code}};
    if (!output_.empty()) core::write_file_atomically(output_, json_text(json));
    journal.end_line();
    console.print(report::to_terminal(table_of(run, result), may_have_color(STDOUT_FILENO)));
    for (const std::string& title : failed) journal.say("failed on " + title);
    console.print_json(json);
    return exit_code;
  }

 private:
  std::vector<std::string> read_files() const {
    std::vector<std::string> files = files_;
    if (!predictions_.empty()) files.push_back(predictions_);
    files.insert(files.end(), images_.begin(), images_.end());
    return files;
  }

  evaluation::SplitResult measure_run(const SavedRun& run, data::Split split, TerminalJournal& journal) const {
    const at::Device device = device_of(run, journal);
    const data::EncoderPointer encoder = read_encoder(run);
    const SavedModel model = read_model(run, data::layout_of(*encoder), device);
    const bool is_new = !files_.empty();
    const data::Dataset dataset =
        is_new ? data::apply(*encoder, files_, data::Wanted::everything, journal, predictions_, images_)
               : read_own_rows(run, *encoder, journal);
    if (is_new) check_new(run, dataset, journal);
    if (!is_new && split == data::Split::train)
      warn_or_refuse(
          "the training rows are those that the model learnt: their figures say nothing of people it has not met",
          journal);
    core::stop_if_interrupted();
    const std::string name = is_new ? "new rows" : data::kSplitNames[static_cast<int>(split)];
    const std::vector<std::int64_t> rows = dataset.rows_of(is_new ? data::Split::test : split);
    if (rows.empty() && !is_new) {
      throw core::UserError(core::Fault::config, fmt::format("--split is '{}', of which the run has no rows; it has {}",
                                                             name, core::listed(splits_of(dataset))));
    }
    if (rows.empty()) throw core::UserError(core::Fault::data, "there are no rows to measure in --data");
    const constraints::ConstraintTable table = constraints::table_for(dataset, read_constraint_table(run));
    const MeasuredRows measured(dataset, table.cells.of_row, *model.learner, model.mixture, device, model.rule);
    core::stop_if_interrupted();
    return measured.measure(name, rows, table, run.config);
  }

  static std::vector<std::string> splits_of(const data::Dataset& dataset) {
    std::vector<std::string> names;
    for (int split = 0; split < 4; ++split) {
      if (!dataset.rows_of(static_cast<data::Split>(split)).empty()) names.push_back(data::kSplitNames[split]);
    }
    return names;
  }

  // New rows that are the training's own flatter the model: it has met those people.
  void check_new(const SavedRun& run, const data::Dataset& dataset, TerminalJournal& journal) const {
    const std::vector<std::string> known = files_trained_on(run, dataset.files);
    if (known.empty()) return;
    const std::string what = fmt::format(
        "{} of --data {} the bytes of a file that this run was trained on: the figures are not about people the model "
        "has not met; equipoise evaluate RUN measures the test rows that training left alone",
        core::listed(known), known.size() == 1 ? "has" : "have");
    warn_or_refuse(what, journal);
  }

  void warn_or_refuse(const std::string& what, TerminalJournal& journal) const {
    if (!fail_on_.empty()) throw core::UserError(core::Fault::config, what + ", and --fail-on needs such rows");
    journal.warn(what);
  }

  // A verdict that holds for the groups that are there reads as if it were of all.
  static void warn_of_absent(const evaluation::SplitResult& result, TerminalJournal& journal) {
    std::set<std::string> absent;
    for (const evaluation::ConstraintResult& constraint : result.constraints)
      for (const evaluation::PromiseResult& promise : constraint.promises)
        for (const evaluation::PromiseResult::LevelRate& level : promise.levels)
          if (level.unmeasured == evaluation::Unmeasured::absent && promise.within.empty() && !promise.grouping.empty())
            absent.insert(promise.grouping + "=" + level.level);
    if (!absent.empty())
      journal.warn(fmt::format("no row has {}: verdicts, met ones too, say nothing of {}",
                               core::listed({absent.begin(), absent.end()}, 8), absent.size() == 1 ? "it" : "them"));
  }

  static report::Report table_of(const SavedRun& run, const evaluation::SplitResult& result) {
    report::Report report;
    report.name = run.config.name;
    report.outcome = run.marker.status;
    report.confidence = run.config.evaluation.confidence;
    report.min_rows = run.config.multipliers.min_rows;
    report.splits = {result};
    return report;
  }

  std::string run_, split_, output_, predictions_;
  std::vector<std::string> files_, images_, fail_on_;
};

}  // namespace

std::unique_ptr<Command> make_evaluate() {
  return std::make_unique<Evaluate>();
}

}  // namespace equipoise::cli
