#include "engine/cli/run_writer.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include "engine/cli/constraint_table_file.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/run_report.h"
#include "engine/cli/run_tracking.h"
#include "engine/cli/saved_run.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/models/model_file.h"

namespace equipoise::cli {
namespace {

std::vector<evaluation::SplitResult> measure_splits(const RunInputs& inputs, const MeasuredRows& rows) {
  const data::Dataset& dataset = inputs.prepared.dataset;
  std::vector<evaluation::SplitResult> splits;
  for (const data::Split split :
       {data::Split::test, data::Split::selection, data::Split::holdout, data::Split::train}) {
    const std::vector<std::int64_t> members = dataset.rows_of(split);
    if (members.empty()) continue;
    splits.push_back(rows.measure(data::kSplitNames[static_cast<int>(split)], members, inputs.table, inputs.config));
  }
  return splits;
}

// A run without a model has failed, also where its training went through.
void fail_without_model(training::TrainingResult& result, std::int64_t rows, core::Journal& journal) {
  const std::string why = fmt::format(
      "no model was saved: the scores of {} {} left the finite numbers; a smaller training.optimizer.learning_rate "
      "often helps",
      rows, rows == 1 ? "row" : "rows");
  result.kept = "";
  result.kept_step = 0;
  if (result.outcome == "finished") {
    result.outcome = "diverged";
    result.failure = why;
    return;
  }
  journal.warn(why);
}

std::vector<evaluation::SplitResult> save_model(RunFolder& folder, const RunInputs& inputs, const at::Device& device,
                                                training::TrainingResult& result, core::Journal& journal) {
  models::Learner& learner = *result.learner;
  const MeasuredRows rows(inputs.prepared.dataset, inputs.table.cells.of_row, learner, result.mixture, device,
                          result.rule);
  if (const std::int64_t bad = rows.not_finite(); bad > 0) {
    folder.keep();
    fail_without_model(result, bad, journal);
    return {};
  }
  models::write_safetensors(folder.file(run_files::kWeights), models::weights_of(learner));
  folder.keep();
  const data::EncodedRows layout = data::layout_of(*inputs.prepared.encoder);
  models::OutputMeaning meaning = models::meaning_of(inputs.prepared.dataset);
  meaning.rule = result.rule;
  folder.write(run_files::kModel,
               json_text(models::describe_model(inputs.config.model, layout, learner, meaning, result.mixture)));
  return measure_splits(inputs, rows);
}

// A run goes on with the code that it began with.
void check_same_module(const std::filesystem::path& own, const std::string& named) {
  if (core::sha256_of_file(own) == core::sha256_of_file(named)) return;
  throw core::UserError(
      core::Fault::data,
      fmt::format("model.file: '{}' has changed since this run began: it is not '{}'", named, own.string()));
}

}  // namespace

std::string device_text(const at::Device& device) {
  return device.is_cpu() ? fmt::format("cpu, {} threads", at::get_num_threads()) : device.str();
}

RunMarker marker_of(const std::string& command, const ConfigFile& file) {
  RunMarker marker;
  marker.command = command;
  marker.config = file.path;
  marker.config_sha256 = file.sha256;
  return marker;
}

void begin_run(RunFolder& folder, const RunInputs& inputs, core::Journal& journal) {
  const std::string& module = inputs.config.model.file;
  if (folder.has_begun()) {
    if (!module.empty()) check_same_module(folder.file(run_files::kModule), module);
    return;
  }
  folder.begin(config::struct_to_yaml(inputs.config));
  folder.write(run_files::kData, json_text(describe_data(inputs.prepared.dataset)));
  folder.write(run_files::kEncoder, json_text(data::to_json(*inputs.prepared.encoder)));
  folder.write(run_files::kConstraints, json_text(to_json(inputs.table)));
  if (!module.empty()) folder.write(run_files::kModule, core::read_file(module));
  track_run(folder, inputs, journal);
}

void add_measurement(RunFolder& folder, const evaluation::Measurement& measurement, core::Journal& journal) {
  folder.append_measurement(measurement);
  if (folder.trackers() != nullptr) folder.trackers()->measured(measurement, journal);
}

report::Report finish_run(RunFolder& folder, const RunInputs& inputs, const at::Device& device,
                          training::TrainingResult& result, core::Journal& journal) {
  try {
    std::vector<evaluation::SplitResult> splits = save_model(folder, inputs, device, result, journal);
    report::Report report =
        assemble_report({inputs.config, inputs.prepared.dataset, inputs.table, result, inputs.command, inputs.file.path,
                         inputs.file.sha256, config::struct_to_yaml(inputs.config, config::Comments::none),
                         device_text(device), journal.warnings()},
                        std::move(splits));
    report.artifacts = inputs.artifacts;
    folder.write(run_files::kResults, json_text(report::to_json(report)));
    folder.write(run_files::kReport, report::to_html(report));
    folder.finish(result.outcome);
    end_tracking(folder, {report.outcome, report.rows_per_second, report.splits}, journal);
    return report;
  } catch (...) {
    folder.mark_failed();
    throw;
  }
}

bool has_test_rows(const report::Report& report) {
  return !report.splits.empty() && report.splits.front().split == "test";
}

std::vector<std::string> failures(const report::Report& report, const std::vector<evaluation::Verdict>& failing) {
  if (failing.empty()) return {};
  if (!has_test_rows(report)) return {"the test rows: not measured"};
  return failed_constraints(report.splits.front(), failing);
}

}  // namespace equipoise::cli
