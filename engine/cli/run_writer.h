#pragma once

#include <optional>
#include <string>

#include "engine/audit/artifacts.h"
#include "engine/cli/run_folder.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/report/report.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// The config file as the user named it, and what it held when it was loaded.
struct ConfigFile {
  std::string path, sha256;
};

/// What one run is made from.
struct RunInputs {
  const training::RunConfig& config;
  const data::Prepared& prepared;
  const constraints::ConstraintTable& table;
  std::string command;  ///< what reproduces the run
  ConfigFile file;
  std::optional<audit::ArtifactAudit> artifacts = {};  ///< of the rows that recipes make
};

RunMarker marker_of(const std::string& command, const ConfigFile& file);

/// Takes the folder, and writes what evaluate and predict need besides the model before there is one: an interrupted run
/// is readable. Its trackers begin. Does nothing the second time.
void begin_run(RunFolder& folder, const RunInputs& inputs, core::Journal& journal);

/// One more measure: a line of measurements.jsonl, and the trackers are told.
void add_measurement(RunFolder& folder, const evaluation::Measurement& measurement, core::Journal& journal);

/// Measures the trained model on every split, writes model, results and report, and sets the folder's status. A model
/// whose scores are not all finite is not saved, and the result becomes a diverged one. Throws what the disk makes it
/// throw, after marking the folder failed.
report::Report finish_run(RunFolder& folder, const RunInputs& inputs, const at::Device& device,
                          training::TrainingResult& result, core::Journal& journal);

/// "cpu, 2 threads", "cuda:0"
std::string device_text(const at::Device& device);

/// Whether test rows were measured: only they say something about people the model has not met.
bool has_test_rows(const report::Report& report);

/// The titles of the constraints that have a verdict that --fail-on names. Where it names any, test rows that were not
/// measured fail the run as well.
std::vector<std::string> failures(const report::Report& report, const std::vector<evaluation::Verdict>& failing);

}  // namespace equipoise::cli
