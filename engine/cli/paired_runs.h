#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/cli/saved_run.h"
#include "engine/core/journal.h"
#include "engine/sweep/comparison.h"

namespace equipoise::cli {

/// Measures finished runs of a sweep again on their own test rows, as `compare` does while it trains: every figure with and without
/// each part of the rows, for intervals that know of the people who were tested.
class PairedRuns {
 public:
  /// `reference` is the run folder whose constraints all are measured by. Throws UserError as reading it does.
  PairedRuns(const std::filesystem::path& reference, core::Journal& journal);
  ~PairedRuns();

  const std::vector<evaluation::ComparedFigure>& figures() const { return figures_; }
  /// Throws UserError where the run or its data files are not as they were.
  sweep::PartedRun measure(const std::filesystem::path& run);

 private:
  struct Rows;
  const Rows& rows_of(const SavedRun& run);

  core::Journal& journal_;
  constraints::ConstraintTable constraints_;
  std::vector<evaluation::ComparedFigure> figures_;
  std::vector<std::unique_ptr<Rows>> known_;  // of the last few ways in which runs split and encode their data
};

}  // namespace equipoise::cli
