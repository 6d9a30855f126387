#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/constraints/multipliers.h"
#include "engine/constraints/table.h"
#include "engine/core/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/measurement.h"
#include "engine/training/allowance.h"
#include "engine/training/kept_iterate.h"
#include "engine/training/measured_splits.h"
#include "engine/training/mixture.h"
#include "engine/training/run_config.h"
#include "engine/training/shrinkage.h"

namespace equipoise::training {

/// How one run of the bank went, without its weights.
struct RunOutcome {
  std::string outcome = "finished";  ///< finished, interrupted, diverged, stopped
  std::string failure;               ///< what stopped it early
  std::optional<core::Interrupted> interrupted = {};
  std::int64_t saved_step = 0;  ///< interrupted: of the checkpoint to go on from; 0: there is none
  std::int64_t steps = 0;       ///< steps taken when it ended
  std::vector<evaluation::Measurement> measurements;
};

/// What one run of a bank has of its own while the bank trains: constraints, multipliers, measurements, the iterate that
/// is kept, and whether it still goes on.
class RunState {
 public:
  /// `starting_multipliers` [J], or empty for 0. `config` and `table` must outlive this. `of_one_answer`: accuracy_of_one_answer of the rows,
  /// below which multipliers do not push the model; NaN: nothing stops them.
  RunState(const RunConfig& config, const constraints::ConstraintTable& table, MeasuredSplits driving,
           std::int64_t steps, bool has_selection, const std::vector<double>& starting_multipliers, Allowance allowance,
           Shrinkage shrinkage = {}, double of_one_answer = std::nan(""));

  /// Cell sums [C * 4] of each split; those of a split that is not used are 0. The training split's are out of fold
  /// where the run is cross-fitted.
  struct Sums {
    std::vector<double> train, holdout;
    std::vector<double> selection;          ///< empty where they were not measured
    evaluation::SquareWeights spread = {};  ///< of the selection rows
  };
  /// When a measure is taken; steps_since: training steps since the one before.
  struct Moment {
    std::int64_t step = 0, steps_since = 0;
    double epoch = 0, seconds = 0;
  };
  /// Judges the sums, moves the multipliers. Throws UserError (numerical) when the training loss is not finite.
  const evaluation::Measurement& measure(const Sums& sums, const Moment& moment);

  /// Whether the iterate after `step` steps may be kept for what the selection rows say of it, which must then be measured.
  bool may_be_kept_at(std::int64_t step) const { return step >= first_candidate_ && has_selection_; }
  /// Whether, without a selection split, rows choose the iterate that the members which score them did not learn from.
  bool is_chosen_out_of_fold() const {
    return !has_selection_ && driving_ == MeasuredSplits::cross_fitted && config_.training.keep == "best_feasible";
  }

  /// After a measure of these sums: keeps a copy of the weights where they are worth it.
  void offer(const at::Tensor& weights, const Sums& sums);
  /// After the last measure: the mean of the iterates that were looked at, where it is asked for; else undefined.
  at::Tensor mean_iterate() const { return goes_on() ? kept_.mean() : at::Tensor(); }
  /// The sums of that mean, which is kept where it is better.
  void offer_mean(const Sums& sums, const at::Tensor& weights);
  /// The initial weights: the last good model before anything is measured.
  void start(const at::Tensor& weights);
  /// Stops; the last good iterate becomes the kept one where none was kept.
  void end_early(const std::string& outcome, const std::string& why, std::int64_t steps);

  /// The mixture of the iterates that were looked at, also after an early end; nothing where keep is another, none was looked
  /// at, or the linear program could not be solved.
  std::optional<KeptMixture> mixture() const;

  /// What it holds between two steps. Weights are held on `device`.
  void walk(const checkpoint::StateWalk& walk, const at::Device& device);

  bool goes_on() const { return outcome_.outcome == "finished" && !has_settled_; }
  /// Whether training.patience ended it: finished, and before its last step.
  bool has_settled() const { return has_settled_; }
  const std::vector<double>& multipliers() const { return multipliers_.values; }
  const RunConfig& config() const { return config_; }
  const constraints::ConstraintTable& table() const { return table_; }
  const MixtureCandidates& candidates() const { return candidates_; }
  const KeptIterate& kept() const { return kept_; }
  /// Which iterate was kept and why, for the report; `measurements` are the run's.
  std::string sentence_of_kept(const std::vector<evaluation::Measurement>& measurements) const;
  /// Among which iterates, after that sentence or a mixture's.
  std::string sentence_of_candidates() const;
  RunOutcome& outcome() { return outcome_; }
  const RunOutcome& outcome() const { return outcome_; }
  /// Of the promises that compare groups, the largest gap that was measured last; nothing where one of them could not be estimated.
  std::optional<double> largest_group_gap() const;

 private:
  std::vector<double> shrunk(const std::vector<double>& rates, const std::vector<double>& driving) const;
  std::vector<double> heeded_violations(std::vector<double> rates, const std::vector<double>& driving) const;
  void scale(std::vector<double>& violations, const std::vector<double>& driving) const;
  bool is_worth_less_than_one_answer(double accuracy) const;
  void note_deviations(const Sums& sums);
  std::vector<double> estimable_rates(const std::vector<double>& sums, bool is_selection) const;
  void measure_selection(evaluation::Measurement& m, const Sums& sums) const;
  evaluation::Measurement chosen_out_of_fold(evaluation::Measurement m, const Sums& sums) const;
  std::vector<bool> rows_of_a_mixture() const;
  void settle_where_patience_ends();
  std::vector<double> margins_at(const std::vector<double>& driving) const;

  const RunConfig& config_;
  const constraints::ConstraintTable& table_;
  MeasuredSplits driving_;
  std::int64_t steps_, first_candidate_;
  bool has_selection_;
  Allowance allowance_;
  Shrinkage shrinkage_;
  double of_one_answer_;
  constraints::Multipliers multipliers_;
  std::vector<double> deviations_;  // [R] of one row of each mean, NaN of a share; empty where none was measured
  KeptIterate kept_;
  MixtureCandidates candidates_;
  std::pair<evaluation::Measurement, at::Tensor> last_good_;
  RunOutcome outcome_;
  bool has_settled_ = false;
};

/// Warns where training.patience is to end a run of which no rows choose an iterate, so that it waits for nothing.
void warn_of_idle_patience(const RunConfig& config, bool has_selection, bool is_cross_fitted, core::Journal& journal);

}  // namespace equipoise::training
