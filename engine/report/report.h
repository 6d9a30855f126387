#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/audit/artifacts.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/measurement.h"
#include "engine/sampling/sampler.h"

namespace equipoise::report {

/// One line of measurements.jsonl.
using Measurement = evaluation::Measurement;

/// The figure that swung the most over the last tenth of the measurements: half of what lies between its smallest and its
/// largest value, and how often it turned.
struct LargestSwing {
  std::string title;
  double amplitude = 0;
  std::int64_t turns = 0;
};

/// Everything the report says; results.json is this struct (schema: docs/results.schema.json).
struct Report {
  std::string name;
  std::string finished;  ///< ISO 8601, UTC
  std::string command;   ///< the exact command that reproduces the run
  std::string outcome;   ///< "finished", "interrupted", "diverged", "stopped"
  std::uint64_t seed = 0;
  std::string kept;                       ///< which iterate was kept and why, a sentence
  std::optional<std::int64_t> kept_step;  ///< the step of the measurement it belongs to
  double confidence = 0.95;               ///< of every interval and bound
  std::int64_t min_rows = 30;             ///< fewer rows in a rate's denominator: not estimable
  double training_seconds = 0;
  double rows_per_second = 0;
  std::int64_t steps = 0;
  std::string device;
  std::vector<std::pair<std::string, std::string>> versions;  ///< equipoise, LibTorch, compiler, CUDA, CPU, ...
  std::vector<std::pair<std::string, std::int64_t>> split_rows;
  std::vector<std::string> promise_titles;     ///< [promises] "TPR gap by sex"
  std::vector<double> promise_tolerances;      ///< [promises]
  std::vector<std::string> multiplier_titles;  ///< [J] "TPR sex=Female above"
  std::int64_t swing_measures = 0;             ///< measurements that the swings are of
  std::optional<LargestSwing> gap_swing;       ///< of the gaps on the rows that drive the multipliers
  std::optional<LargestSwing> multiplier_swing;
  std::string measured_on;   ///< which rows moved the multipliers, a sentence; "" when nothing is constrained
  std::int64_t members = 1;  ///< that decide together, by the mean of their scores
  std::vector<data::Fingerprint> files;
  std::vector<std::string> reading;  ///< how each column was read
  std::vector<data::Leak> leaks;
  std::vector<std::string> warnings;
  std::string model;                            ///< "mlp 331-256-256-1, 151,041 parameters"
  std::vector<evaluation::SplitResult> splits;  ///< test first
  std::vector<Measurement> measurements;
  std::optional<sampling::SamplingLog> sampling;  ///< where the run had recipes
  std::optional<audit::ArtifactAudit> artifacts;  ///< where recipes made rows, and these were looked at
  std::string config_yaml;                        ///< resolved
};

nlohmann::json to_json(const Report& report);
/// Throws UserError (data) naming what is missing or of the wrong type.
Report report_from_json(const nlohmann::json& json);

/// One self-contained page: no network, light and dark, prints well.
std::string to_html(const Report& report);

/// The result table for a terminal: one line per constraint and the accuracy, with `color` as ANSI.
std::string to_terminal(const Report& report, bool color);

}  // namespace equipoise::report
