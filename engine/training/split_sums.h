#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "engine/distributed/ranks.h"
#include "engine/models/learner.h"
#include "engine/training/captured_graph.h"
#include "engine/training/class_bins.h"
#include "engine/training/device_data.h"
#include "engine/training/run_state.h"
#include "kernels/cell_stats/cell_stats.h"
#include "kernels/outcome_stats/outcome_stats.h"

namespace equipoise::training {

/// Sums of the cells of whole splits, in evaluation mode: what moves the multipliers and chooses the iterate. A run is as
/// many neighbouring members as there are folds; they decide together by the mean of their scores. One measure is like the
/// next, so that on CUDA it can be captured as a graph; but for spreads of means and for several classes that are decided
/// together, which take memory.
class SplitSums {
 public:
  /// Of all training rows, of the selection rows where there are any, of the holdout rows where they are asked for. With
  /// several folds each training row is scored by the one member of every run that does not learn from it. `data` and
  /// `learner` must outlive this.
  /// `with_losses`: the spread of the selection rows' losses and other means too, for constraints about them. `rule`: what
  /// scores mean where a row has several outcomes in one cell (kernel_cells.h). Each of the `ranks` scores a part of every split, and
  /// has the sums of all: of rows that weigh 1 the same counts for any number of ranks.
  SplitSums(const DeviceData& data, bool with_holdout, bool with_losses, double temperature, models::Learner& learner,
            const std::optional<kernels::OutcomeRule>& rule = {},
            const distributed::Ranks& ranks = distributed::alone());

  /// Enqueues a measure, `with_selection` of the selection rows too. On CUDA it takes no tensor memory after the first, and a graph that was
  /// captured measures all splits.
  void run(bool with_selection = true);

  /// On CUDA, after a measure: those that follow are replays of one captured graph. Returns "" or why it could not be
  /// captured; they are then launched kernel by kernel as before.
  std::string capture();

  /// What the last measure found, run by run; waits for the device. Without selection rows, or where they were not measured, their sums are empty.
  std::vector<RunState::Sums> read() const;

 private:
  // Rows whose logits are in memory at once, of some of the members.
  struct Chunk {
    std::int64_t first, rows;
    std::size_t split;
    models::MemberSlice slice;
    at::Tensor logits;         // [members of the slice, rows * O]
    at::Tensor scores;         // the same, f64; undefined where every member decides alone, as are the next two
    at::Tensor mean;           // [runs, rows * O] f64
    at::Tensor common_logits;  // [runs, rows * O]
    kernels::CellStatsWorkspace measured;
    kernels::OutcomeStatsWorkspace measured_outcomes;  // with a rule, in its place
    at::Tensor total;                                  // [runs, S, 4] f64, of the split: a view of totals_
    // For the selection split: what its sums of squares are made of; undefined where none are.
    at::Tensor square_weights;                    // [rows * A] s^2
    at::Tensor signs;                             // [rows * A] 1 where the label is 0, -1 where it is 1
    at::Tensor losses, loss_weights;              // [rows * A], and s^2 times it; of one run at a time
    kernels::CellStatsWorkspace measured_of_one;  // run
    kernels::OutcomeStatsWorkspace outcomes_of_one;
    std::optional<ClassBins> bins, bins_of_one;  // of several classes
  };

  void add_split(std::size_t split, const DeviceData::Range& range, models::MemberSlice slice, std::int64_t together);
  void add_spread(Chunk& chunk) const;
  void enqueue(bool with_selection);
  at::Tensor common_logits(Chunk& chunk) const;
  at::Tensor sums_of(Chunk& chunk, const at::Tensor& logits, const std::optional<at::Tensor>& weights,
                     bool of_one) const;
  void measure_spread(Chunk& chunk, const at::Tensor& logits);
  const at::Tensor& sums_of_bins(ClassBins& bins, const Chunk& chunk, const at::Tensor& logits,
                                 const std::optional<at::Tensor>& weights) const;
  void measure_bin_scores(Chunk& chunk, const at::Tensor& own, std::int64_t run);
  void measure_figures(Chunk& chunk, const at::Tensor& scores, std::int64_t run);
  void add_by(std::int64_t plane, Chunk& chunk, const at::Tensor& scores, const at::Tensor& by, std::int64_t run);
  void spread_of_classes(evaluation::SquareWeights& spread) const;
  void spread_of_figure(std::int32_t figure, const std::vector<double>& squares, const std::vector<double>& by_itself,
                        evaluation::SquareWeights& spread) const;
  void spread_of_bins(const std::vector<double>& squares, const std::vector<double>& by_score,
                      evaluation::SquareWeights& spread) const;

  const DeviceData& data_;
  models::Learner& learner_;
  double temperature_;
  bool with_losses_;
  std::optional<kernels::OutcomeRule> rule_;
  const distributed::Ranks& ranks_;
  at::Tensor totals_;  // [planes, runs, S, 4] f64: of each split, and with other weights of the selection split
  at::Tensor logits_, scores_;  // of the largest chunk, which all share
  at::Tensor mean_, common_logits_;
  std::vector<Chunk> chunks_;
  bool has_selection_ = false;  // the last measure
  CapturedGraph graph_;
};

}  // namespace equipoise::training
