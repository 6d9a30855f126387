#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/evaluation/evaluation.h"

namespace equipoise::tracking {

/// One field of the config, as a path such as "constraints[0].tolerance", with a plain value or a list of them.
struct Setting {
  std::string path;
  nlohmann::json value;
};

/// One figure that is promised (constraints::Promise), and what stands on charts of it.
struct PromiseFacts {
  std::string title;       ///< "TPR gap by sex"
  std::string constraint;  ///< "equalized odds by sex"
  std::string group;       ///< "sex"; "" for everyone
  double tolerance = 0;    ///< infinite where nothing is promised
};

/// One row of the constraints, which has a multiplier.
struct MultiplierFacts {
  std::string title;  ///< "TPR sex=Female above"
  std::string constraint, group;
};

/// The sweep that a run is part of. Its runs are programs of their own, and any of them may be the first.
struct SweepFacts {
  std::filesystem::path folder;
  std::string name;  ///< the sweep's: "networks"
  std::string
      title;  ///< what tells the run from the sweep's others: "training.epochs=5, seed=1"; "" where its name does
  std::string command;  ///< what goes on with the sweep
};

/// What is known of a run when it begins.
struct RunFacts {
  std::filesystem::path folder;
  std::string label;    ///< what tells it from other runs: "adult-001", of a member "parity/003"
  std::string name;     ///< the config's
  std::string command;  ///< what reproduces it
  std::string config_sha256;
  std::int64_t batch_size = 0;
  std::vector<Setting> settings;
  std::vector<std::string> constraints;      ///< "equalized odds by sex", each name once, in the config's order
  std::vector<PromiseFacts> promises;        ///< [P]
  std::vector<MultiplierFacts> multipliers;  ///< [J]
  bool holds_runs = false;                   ///< a bank or a comparison: it has no figures of its own
  std::optional<SweepFacts> sweep = {};
};

/// How a run ended.
struct RunEnd {
  std::string outcome;  ///< finished, interrupted, diverged, failed
  double rows_per_second = 0;
  std::vector<evaluation::SplitResult> splits = {};  ///< test first
  std::vector<std::string> artifacts = {};           ///< names of files in the run's folder
};

}  // namespace equipoise::tracking
