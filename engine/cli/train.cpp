#include <ATen/Parallel.h>
#include <unistd.h>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <filesystem>

#include "engine/cli/command.h"
#include "engine/cli/constraint_table_file.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/run_report.h"
#include "engine/cli/saved_run.h"
#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/data/prepare.h"
#include "engine/models/model_file.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

std::string device_text(const at::Device& device) {
  return device.is_cpu() ? fmt::format("cpu, {} threads", at::get_num_threads()) : device.str();
}

class Train final : public Command {
 public:
  void declare(CLI::App& app) override {
    app.add_option("CONFIG", config_file_, "The YAML file that says what data, what model, what constraints");
    app.add_option("key=value", overrides_,
                   "Overrides of the config: training.epochs=5 sets, +constraints[]={...} adds, ~model takes out");
    app.add_option("--fail-on", fail_on_,
                   "Exit with 1 when a constraint has one of these verdicts on the test rows: a list with commas of "
                   "violated, not_shown, not_estimable");
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (config_file_.empty()) {
      throw core::UserError(core::Fault::config, "train needs a config: equipoise train CONFIG [key=value ...]");
    }
    const std::vector<evaluation::Verdict> failing = verdicts_from(fail_on_);
    config::load(config_file_, overrides_, config_, origin_);
    // Once: the file may change while the run goes on. What comes through a pipe has been read, and is gone.
    const bool is_file = std::filesystem::is_regular_file(config_file_);
    config_sha256_ = is_file ? core::sha256_of_file(config_file_) : "not a file";
    const at::Device device = training::choose_device(config_, origin_, journal);
    RunFolder folder = RunFolder::claim(config_.output, config_.name, marker(), origin_);
    core::stop_if_interrupted();

    const data::Prepared prepared =
        data::prepare(config_.data, static_cast<std::uint64_t>(config_.seed), origin_, journal);
    core::stop_if_interrupted();
    check_test_rows(prepared.dataset, journal);
    const constraints::ConstraintTable table =
        constraints::compile(config_.constraints, prepared.dataset, config_.multipliers.min_rows, origin_, journal);
    // A run that was there is left alone until the first measurement: until then mistakes in the config show.
    training::TrainingResult result = training::train(config_, prepared.dataset, table, device, origin_, journal,
                                                      [&](const evaluation::Measurement& measurement) {
                                                        begin(folder, prepared, table);
                                                        folder.append_measurement(measurement);
                                                      });
    if (result.measurements.empty() && folder.holds_an_earlier_run()) give_up(folder, result, journal);
    begin(folder, prepared, table);
    const report::Report report = saved_or_failed(folder, prepared, table, device, result, journal);
    return answer(folder, report, result, failing, console, journal);
  }

 private:
  RunMarker marker() const {
    RunMarker marker;
    marker.command = command();
    marker.config = config_file_;
    marker.config_sha256 = config_sha256_;
    return marker;
  }

  // Verdicts are about people the model has not met.
  void check_test_rows(const data::Dataset& dataset, TerminalJournal& journal) const {
    if (!dataset.rows_of(data::Split::test).empty()) return;
    if (!fail_on_.empty()) {
      throw core::UserError(core::Fault::config, "--fail-on needs test rows: data.split leaves none (data.split.test)");
    }
    if (config_.constraints.empty()) return;
    journal.warn(
        "There are no test rows: nothing here shows how the constraints hold for people the model has not met. "
        "equipoise evaluate RUN --data FILE measures new rows.");
  }

  std::string command() const {
    std::vector<std::string> words = {"equipoise", "train", config_file_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    return shell_line(words);
  }

  // What evaluate and predict need besides the model, written before there is one: an interrupted run is readable.
  void begin(RunFolder& folder, const data::Prepared& prepared, const constraints::ConstraintTable& table) {
    if (has_begun_) return;
    has_begun_ = true;
    folder.begin();
    folder.write(run_files::kConfig, config::struct_to_yaml(config_));
    folder.write(run_files::kData, json_text(describe_data(prepared.dataset)));
    folder.write(run_files::kEncoder, json_text(data::to_json(*prepared.encoder)));
    folder.write(run_files::kConstraints, json_text(to_json(table)));
  }

  // Nothing was learnt: the finished run that stood here is worth more.
  [[noreturn]] static void give_up(const RunFolder& folder, const training::TrainingResult& result,
                                   TerminalJournal& journal) {
    journal.end_line();
    journal.say(fmt::format("Nothing was measured, so the run in '{}' is left as it was.", folder.path().string()));
    if (result.outcome == "interrupted") throw core::Interrupted(result.signal);
    throw core::UserError(core::Fault::numerical, result.failure);
  }

  report::Report saved_or_failed(RunFolder& folder, const data::Prepared& prepared,
                                 const constraints::ConstraintTable& table, const at::Device& device,
                                 training::TrainingResult& result, TerminalJournal& journal) {
    try {
      return save(folder, prepared, table, device, result, journal);
    } catch (...) {
      folder.mark_failed();
      throw;
    }
  }

  report::Report save(RunFolder& folder, const data::Prepared& prepared, const constraints::ConstraintTable& table,
                      const at::Device& device, training::TrainingResult& result, TerminalJournal& journal) {
    const data::Dataset& dataset = prepared.dataset;
    std::vector<evaluation::SplitResult> splits;
    const std::vector<double> probabilities = score_rows(dataset, *result.learner, device);
    if (all_finite(probabilities)) {
      models::write_safetensors(folder.file(run_files::kWeights), models::weights_of(*result.learner));
      folder.keep();
      folder.write(run_files::kModel, json_text(models::describe_model(
                                          config_.model, data::layout_of(*prepared.encoder), *result.learner)));
      splits = measure_splits({dataset, probabilities, table.cells.of_row}, table);
    } else {
      folder.keep();
      journal.warn("No model was saved: no iterate with finite scores was reached.");
    }
    const report::Report report = assemble_report(
        {config_, dataset, table, result, command(), config_file_, config_sha256_,
         config::struct_to_yaml(config_, config::Comments::none), device_text(device), journal.warnings()},
        std::move(splits));
    folder.write(run_files::kResults, json_text(report::to_json(report)));
    folder.write(run_files::kReport, report::to_html(report));
    folder.finish(result.outcome);
    return report;
  }

  std::vector<evaluation::SplitResult> measure_splits(const MeasuredRows& rows,
                                                      const constraints::ConstraintTable& table) const {
    std::vector<evaluation::SplitResult> splits;
    for (const data::Split split :
         {data::Split::test, data::Split::selection, data::Split::holdout, data::Split::train}) {
      const std::vector<std::int64_t> members = rows.dataset.rows_of(split);
      if (members.empty()) continue;
      splits.push_back(measure(data::kSplitNames[static_cast<int>(split)], members, rows, table, config_));
    }
    return splits;
  }

  int answer(const RunFolder& folder, const report::Report& report, const training::TrainingResult& result,
             const std::vector<evaluation::Verdict>& failing, const Console& console, TerminalJournal& journal) const {
    journal.end_line();
    std::vector<std::string> failed;
    if (has_test_rows(report)) failed = failed_constraints(report.splits.front(), failing);
    int exit_code = failed.empty() ? 0 : kConstraintFailed;
    if (result.outcome == "diverged") exit_code = static_cast<int>(core::Fault::numerical);
    if (result.outcome == "interrupted") exit_code = 128 + result.signal;

    console.print(report::to_terminal(report, may_have_color(STDOUT_FILENO)));
    console.print(
        fmt::format("\nrun     {}\nreport  {}\n", folder.path().string(), folder.file(run_files::kReport).string()));
    for (const std::string& title : failed) journal.say("failed on " + title);
    if (!result.failure.empty() && !console.json()) journal.say("error: " + result.failure);
    console.print_json(answer_json(folder, report, result, failed, exit_code));
    return exit_code;
  }

  static bool has_test_rows(const report::Report& report) {
    return !report.splits.empty() && report.splits.front().split == "test";
  }

  static nlohmann::ordered_json answer_json(const RunFolder& folder, const report::Report& report,
                                            const training::TrainingResult& result,
                                            const std::vector<std::string>& failed, int exit_code) {
    nlohmann::ordered_json json;
    if (!result.failure.empty()) {
      json["error"] = {{"exit_code", exit_code},
                       {"kind", result.outcome == "diverged" ? "numerical" : "interrupted"},
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

  std::string config_file_, config_sha256_, fail_on_;
  std::vector<std::string> overrides_;
  training::RunConfig config_;
  config::Origin origin_;
  bool has_begun_ = false;
};

}  // namespace

std::unique_ptr<Command> make_train() {
  return std::make_unique<Train>();
}

}  // namespace equipoise::cli
