#pragma once

#include <unistd.h>

#include <filesystem>
#include <limits>
#include <string>

#include "engine/evaluation/measurement.h"
#include "engine/tracking/facts.h"

namespace equipoise::tracking {

/// A run of two constraints, one of them without a tolerance, and a name that no tracker takes as it stands.
inline RunFacts sample_facts(const std::filesystem::path& folder = {}) {
  RunFacts facts;
  facts.folder = folder;
  facts.label = "adult-001";
  facts.name = "adult";
  facts.command = "equipoise train adult.yaml";
  facts.config_sha256 = "abc";
  facts.batch_size = 100;
  facts.settings = {{"seed", 7},           {"training.optimizer.learning_rate", 0.001}, {"model.hidden", {64, 32}},
                    {"model.kind", "mlp"}, {"constraints[0].tolerance", 0.02},          {"data.label.positive", ""}};
  facts.constraints = {"equalized odds by sex", "worst loss by \"race\""};
  facts.promises = {
      {"TPR gap by sex", facts.constraints[0], "sex", 0.02},
      {"largest loss by \"race\"", facts.constraints[1], "race", std::numeric_limits<double>::infinity()}};
  facts.multipliers = {{"TPR sex=Female above", facts.constraints[0], "sex"},
                       {"loss race=\"b\\c\nd\"", facts.constraints[1], "race"}};
  return facts;
}

inline evaluation::Measurement sample_measurement(std::int64_t step) {
  evaluation::Measurement m;
  m.step = step;
  m.epoch = static_cast<double>(step) / 10;
  m.seconds = 2;
  m.training_loss = 0.5;
  m.training_accuracy = 0.75;
  m.selection_loss = 0.625;
  m.training_gaps = {0.125, std::nullopt};
  m.selection_gaps = {0.25, std::numeric_limits<double>::quiet_NaN()};
  m.selection_bounds = {0.375, std::nullopt};
  m.selection_lower_bounds = {0.0625, std::nullopt};
  m.multipliers = {1.5, 0};
  return m;
}

inline RunEnd sample_end() {
  RunEnd end{.outcome = "finished", .rows_per_second = 1000};
  evaluation::SplitResult& test = end.splits.emplace_back();
  test.split = "test";
  test.metrics.accuracy = 0.875;
  test.metrics.log_loss = 0.25;
  for (const auto verdict : {evaluation::Verdict::met, evaluation::Verdict::violated}) {
    evaluation::ConstraintResult& constraint = test.constraints.emplace_back();
    constraint.grouping = "sex";
    constraint.gap = 0.0625;
    constraint.upper_bound = 0.125;
    constraint.interval = evaluation::Interval{0.03125, 0.125};
    constraint.verdict = verdict;
  }
  return end;
}

/// A folder that goes with the test.
struct TemporaryFolder {
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "equipoise_tracking_XXXXXX").string();
    path = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code error;
    std::filesystem::remove_all(path, error);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  std::filesystem::path path;
};

}  // namespace equipoise::tracking
