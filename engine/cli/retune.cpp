#include <unistd.h>

#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "engine/cli/cell_rules.h"
#include "engine/cli/command.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/posterior.h"
#include "engine/cli/run_report.h"
#include "engine/cli/run_writer.h"
#include "engine/cli/saved_run.h"
#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/config/writer.h"
#include "engine/constraints/kinds.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/report/report.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

// The folder with a name at its end, even of ".".
fs::path whole_path(const SavedRun& saved) {
  const fs::path path = fs::absolute(saved.path).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

// What trained the run's model: a run that was retuned names the config of the one it was made of, if that is still there.
RunMarker marker_of_training(const SavedRun& saved) {
  constexpr int kMostSteps = 32;  // a run may have been replaced by what was retuned from it
  RunMarker marker = saved.marker;
  for (int step = 0; step < kMostSteps && verb_of(marker) == "retune"; ++step) {
    const fs::path file = fs::path(marker.config).parent_path() / run_files::kMarker;
    std::error_code error;
    if (!fs::exists(file, error)) break;
    const RunMarker earlier = run_marker_from(core::read_file(file), file.string());
    if (earlier.resolved_sha256 != marker.config_sha256) break;  // another run lies there by now
    marker = earlier;
  }
  return marker;
}

// The command that trains the run's frontier, with its own overrides and these. Without a name among these the run it makes has one
// that does not replace the old run.
std::string frontier_line(const SavedRun& saved, std::vector<std::string> overrides, bool has_name) {
  const RunMarker marker = marker_of_training(saved);
  const std::string verb = verb_of(marker);
  const bool is_whole = verb == "frontier" || verb == "train";
  if (!has_name) overrides.push_back("output.run=" + whole_path(saved).filename().string() + "-anew");
  return (is_whole ? "equipoise frontier" + marker.command.substr(std::string("equipoise ").size() + verb.size())
                   : shell_line({"equipoise", "frontier", marker.config})) +
         " " + shell_line(overrides);
}

class Retune final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {
        {"RUN", "The run folder of a frontier, or of an earlier retuning", &run_, "", true},
        {"key=value",
         "The tolerances that change: constraints.0.tolerance=0.05; decision.confidence; output.folder, output.run and "
         "output.overwrite say where the new run goes, else beside the old one",
         &overrides_, "", true},
        {"--fail-on",
         "Exit with 1 when a constraint has one of these verdicts on the test rows: a list with commas of violated, "
         "not_shown, not_estimable",
         &fail_on_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty() || overrides_.empty())
      throw core::UserError(core::Fault::config, fmt::format("retune needs {}: equipoise retune RUN "
                                                             "constraints.0.tolerance=0.05",
                                                             run_.empty() ? "a run folder" : "a tolerance"));
    failing_ = verdicts_from(fail_on_);
    const SavedRun saved = open_run(run_);
    const data::EncoderPointer encoder = read_encoder(saved);
    const at::Device device = device_of(saved, journal);
    SavedModel model = read_model(saved, data::layout_of(*encoder), device);
    if (!model.rule.any())
      throw core::UserError(
          core::Fault::data,
          fmt::format("the run '{}' was trained to decide, and has no posteriors of cells that another "
                      "tolerance could be solved for with: only runs of equipoise frontier, and what retune made of "
                      "them, can be retuned. {} trains one; equipoise train trains another tolerance",
                      saved.path.string(), frontier_line(saved, {}, false)));
    load(saved);
    RunFolder folder =
        RunFolder::claim(config_.output, config_.name + "-retuned", marker_of(command(), file_), origin_);
    const data::Prepared prepared{read_own_rows(saved, *encoder, journal), encoder};
    check_test_rows(failing_, prepared.dataset);
    core::stop_if_interrupted();
    const constraints::ConstraintTable table = compile_tables({config_}, prepared.dataset, origin_, journal).front();
    check_cells(saved, model, table);
    training::TrainingResult result = trained(saved, model);
    CellRules rules(config_, table, prepared.dataset,
                    posteriors_of(config_, prepared.dataset, table, *result.learner, device, origin_));
    const CellRules::Rule rule = rules.under(config_.constraints);
    const report::FrontierRule measured = rules.measured(rule, config_.constraints);
    warn_where_off({measured}, config_.decision.confidence, journal);
    if (const std::string sentence = report::rule_sentence(config_.decision.confidence, measured); !sentence.empty())
      journal.say(sentence);
    rules.finish(result, rule, config_.constraints);
    return answer(folder, {config_, prepared, table, command(), file_}, device, result, console, journal);
  }

 private:
  // The run's own config with the overrides, which may say nothing of what it was trained by.
  void load(const SavedRun& saved) {
    config::load(saved.file(run_files::kConfig), overrides_, config_, origin_);
    training::RunConfig alike = config_;
    alike.output = saved.config.output;
    alike.decision.confidence = saved.config.decision.confidence;
    for (std::size_t c = 0; c < std::min(alike.constraints.size(), saved.config.constraints.size()); ++c)
      if (constraints::has_tolerance(alike.constraints[c]))
        alike.constraints[c].tolerance = saved.config.constraints[c].tolerance;
    const auto text = [](const training::RunConfig& config) {
      return config::struct_to_yaml(config, config::Comments::none);
    };
    if (text(alike) != text(saved.config))
      throw core::UserError(
          core::Fault::config,
          fmt::format("retune changes tolerances and decision.confidence alone, and of {} some says what the run was "
                      "trained or is measured by; "
                      "{} trains anew",
                      core::quoted(overrides_), frontier_line(saved, overrides_, is_said("output.run"))));
    place(saved);
    file_ = {saved.file(run_files::kConfig).string(), core::sha256_of_file(saved.file(run_files::kConfig))};
  }

  // Whether the command line says it. What the run's own config says of its folder is not meant for another run.
  bool is_said(const std::string& field) const {
    const std::optional<core::Position> position = origin_.of(field);
    return position && position->file.starts_with("command line: ");
  }

  // Beside the old run under the next free name, where the command line does not say otherwise.
  void place(const SavedRun& saved) {
    if (!is_said("output.folder")) config_.output.folder = whole_path(saved).parent_path().string();
    if (!is_said("output.run")) config_.output.run.clear();
    if (!is_said("output.overwrite")) config_.output.overwrite = false;
    const fs::path name = run_name(config_.output, origin_);
    std::error_code error;
    if (name.empty() || !fs::equivalent(fs::path(config_.output.folder) / name, saved.path, error)) return;
    throw core::UserError(
        core::Fault::config,
        fmt::format("output.run is '{}', which is the run that retune reads: it would replace what it "
                    "is made of; name another, or leave it out for the next free name",
                    config_.output.run),
        origin_.of("output.run"));
  }

  // The outputs mean what they meant when they were learnt.
  static void check_cells(const SavedRun& saved, const SavedModel& model, const constraints::ConstraintTable& table) {
    const frontier::PosteriorCells cells = frontier::posterior_cells_of(table.cells);
    const std::vector<std::int32_t> families = model.learner->families();
    if (cells.names == model.rule.cells && (families.empty() || families == cells.answers)) return;
    throw core::UserError(
        core::Fault::data,
        fmt::format("'{}' is of other cells than the constraints of '{}': one of the two was changed "
                    "after the training",
                    saved.file(run_files::kModel).string(), saved.file(run_files::kConstraints).string()));
  }

  // What the posterior's training left, as its own results have it.
  training::TrainingResult trained(const SavedRun& saved, SavedModel& model) const {
    const report::Report before = report::report_from_json(read_json(saved.file(run_files::kResults)));
    training::TrainingResult result;
    result.learner = std::move(model.learner);
    result.mixture = std::move(model.mixture);
    result.members = before.members;
    result.steps = before.steps;
    result.seconds = before.training_seconds;
    result.rows_per_second = before.rows_per_second;
    result.kept_step = before.kept_step.value_or(0);
    result.measurements = before.measurements;
    result.kept = fmt::format("The posterior is that of '{}', which was not trained again.", saved.path.string());
    return result;
  }

  int answer(RunFolder& folder, const RunInputs& inputs, const at::Device& device, training::TrainingResult& result,
             const Console& console, TerminalJournal& journal) const {
    begin_run(folder, inputs, journal);
    add_measurement(folder, result.measurements.front(), journal);
    const report::Report report = finish_run(folder, inputs, device, result, journal);
    const std::vector<std::string> failed = failures(report, failing_);
    const int exit_code = failed.empty() ? 0 : kConstraintFailed;
    journal.end_line();
    console.print(report::to_terminal(report, may_have_color(STDOUT_FILENO)));
    console.print(
        fmt::format("\nrun     {}\nreport  {}\n", folder.path().string(), folder.file(run_files::kReport).string()));
    for (const std::string& title : failed) journal.say("failed on " + title);
    nlohmann::ordered_json splits = nlohmann::ordered_json::array();
    for (const evaluation::SplitResult& split : report.splits)
      splits.push_back(nlohmann::ordered_json(evaluation::to_json(split)));
    console.print_json({{"run", folder.path().string()},
                        {"report", folder.file(run_files::kReport).string()},
                        {"kept", result.kept},
                        {"verdict", has_test_rows(report) ? worst_verdict(report.splits.front()) : "not measured"},
                        {"failed_on", failed},
                        {"splits", splits},
                        {"warnings", journal.warnings()},
                        {"exit_code", exit_code}});
    return exit_code;
  }

  std::string command() const {
    std::vector<std::string> words = {"equipoise", "retune", run_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    return shell_line(words);
  }

  std::string run_;
  std::vector<std::string> overrides_, fail_on_;
  std::vector<evaluation::Verdict> failing_;
  training::RunConfig config_;
  config::Origin origin_;
  ConfigFile file_;
};

}  // namespace

std::unique_ptr<Command> make_retune() {
  return std::make_unique<Retune>();
}

}  // namespace equipoise::cli
