#pragma once

#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"
#include "engine/report/report.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// What the report says of a run besides its measured splits.
struct RunFacts {
  const training::RunConfig& config;
  const data::Dataset& dataset;
  const constraints::ConstraintTable& table;
  const training::TrainingResult& result;
  std::string command, config_file, config_sha256, config_yaml, device;
  const std::vector<std::string>& warnings;
};

report::Report assemble_report(const RunFacts& facts, std::vector<evaluation::SplitResult> splits);

/// The worst verdict of a split as a word, or "unconstrained".
std::string worst_verdict(const evaluation::SplitResult& result);

}  // namespace equipoise::cli
