// Successive halving that keeps a frontier: at each rung, a share of its epochs, a run writes down how good it is, and
// stops where the others that were measured after as many epochs leave it no part of the answer. Nobody waits for
// anybody: who comes first is compared with few.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/measurement.h"
#include "engine/sweep/params.h"

namespace equipoise::sweep {

/// What a run is judged by at a rung: more of `score` and less of `gap` is better.
struct RungFigures {
  double score = 0;            ///< accuracy, or minus the loss
  double gap = 0;              ///< the largest of the constraints' that could be measured; 0 where there is none
  std::size_t unmeasured = 0;  ///< gaps that could not be: a run with more of them is less fair than any other
};

/// On the selection rows, or the training rows where there are none. `by_loss`: the score is minus the loss.
RungFigures figures_of(const evaluation::Measurement& measurement, bool by_loss);

/// Whether a run goes on among all that were measured after as many epochs (itself one of them): while they are few,
/// where no other is at least as good in both figures and better by more than params.near in one, or where less than
/// the share params.keep of them is better at all.
bool goes_on(const RungFigures& own, const std::vector<RungFigures>& all, const HalvingParams& params);

/// The rungs of the runs of one job.
class Halving {
 public:
  /// Of the sweep's folder. Throws UserError (data) where it is none, or has no such job.
  Halving(std::filesystem::path folder, const std::string& job);

  /// Writes down a run's figures where it has come to a rung since it was measured before, be it at an earlier start.
  /// `epochs`: of its whole training, or rounds.
  void record(std::size_t member, const evaluation::Measurement& measurement, std::int64_t epochs);
  /// After record() of all members: why this one is to stop, "" where it goes on. One that stops is written down, and stops again
  /// where its program was killed before it could end.
  std::string verdict(std::size_t member, const evaluation::Measurement& measurement);

 private:
  struct Member {
    std::string run;
    std::filesystem::path folder;        // of the run
    std::string stopped;                 // why, at an earlier start; ""
    std::optional<double> epoch;         // of its last measure, since the start
    std::int64_t rung = 0;               // to which it has come with that
    std::filesystem::path figures = {};  // those of all runs there; empty: it has come to none
  };
  std::filesystem::path figures_folder(double epochs) const;
  const std::vector<RungFigures>& figures_in(const std::filesystem::path& folder);

  std::filesystem::path folder_;
  HalvingParams params_;
  std::string metric_;
  std::vector<Member> members_;
  std::map<std::filesystem::path, std::vector<RungFigures>> read_;  // since the last record()
};

}  // namespace equipoise::sweep
