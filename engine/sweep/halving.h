// Successive halving that keeps a frontier: at each rung, a share of its epochs, a run writes down how good it is, and stops where
// the others that came as far leave it no part of the answer. Nobody waits for anybody: who comes first is compared with few.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/evaluation/measurement.h"
#include "engine/sweep/params.h"

namespace equipoise::sweep {

/// What a run is judged by at a rung: more of `score` and less of `gap` is better.
struct RungFigures {
  double score = 0;  ///< accuracy, or minus the loss
  double gap = 0;    ///< the largest of the constraints'; 0 where there is none
};

/// On the selection rows, or the training rows where there are none. `by_loss`: the score is minus the loss.
RungFigures figures_of(const evaluation::Measurement& measurement, bool by_loss);

/// Whether a run goes on among all that reached its rung (itself one of them): while they are few, where no other is at least as
/// good in both figures and better by more than params.near in one, or where less than the share params.keep of them is better at all.
bool goes_on(const RungFigures& own, const std::vector<RungFigures>& all, const HalvingParams& params);

/// The rungs of the runs of one job.
class Halving {
 public:
  /// Of the sweep's folder. Throws UserError (data) where it is none, or has no such job.
  Halving(std::filesystem::path folder, const std::string& job);

  /// Writes down a run's figures where the measure has come to its next rung. `epochs`: of its whole training.
  void record(std::size_t member, const evaluation::Measurement& measurement, std::int64_t epochs);
  /// After record() of all members: why this one is to stop, "" where it goes on. One that stops is written down, and stops again
  /// where its program was killed before it could end.
  std::string verdict(std::size_t member, const evaluation::Measurement& measurement);

 private:
  std::filesystem::path rung_folder(std::int64_t rung) const;
  const std::vector<RungFigures>& at_rung(std::int64_t rung);

  std::filesystem::path folder_;
  HalvingParams params_;
  bool by_loss_ = false;
  std::vector<std::string> runs_;
  std::vector<std::int64_t> next_rung_;  // of each member
  std::vector<bool> is_at_rung_;
  std::vector<std::string> stopped_;                       // why, at an earlier start; ""
  std::map<std::int64_t, std::vector<RungFigures>> read_;  // of rungs, since the last record()
};

}  // namespace equipoise::sweep
