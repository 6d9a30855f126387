#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "engine/models/learner.h"
#include "engine/training/captured_graph.h"
#include "engine/training/device_data.h"
#include "engine/training/run_state.h"
#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::training {

/// Sums of the cells of whole splits, in evaluation mode: what moves the multipliers and chooses the iterate. A run is as
/// many neighbouring members as there are folds; they decide together by the mean of their scores. One measure is like the
/// next, so that on CUDA it can be captured as a graph.
class SplitSums {
 public:
  /// Of all training rows, of the selection rows where there are any, of the holdout rows where they are asked for. With
  /// several folds each training row is scored by the one member of every run that does not learn from it. `data` and
  /// `learner` must outlive this.
  SplitSums(const DeviceData& data, bool with_holdout, double temperature, models::Learner& learner);

  /// Enqueues a measure. On CUDA it takes no tensor memory after the first.
  void run();

  /// On CUDA, after a measure: those that follow are replays of one captured graph. Returns "" or why it could not be
  /// captured; they are then launched kernel by kernel as before.
  std::string capture();

  /// What the last measure found, run by run; waits for the device.
  std::vector<RunState::Sums> read() const;

 private:
  // Rows whose logits are in memory at once, of some of the members.
  struct Chunk {
    std::int64_t first;
    models::MemberSlice slice;
    at::Tensor logits;         // [members of the slice, rows]
    at::Tensor scores;         // the same, f64; undefined where every member decides alone, as are the next two
    at::Tensor mean;           // [runs, rows] f64
    at::Tensor common_logits;  // [runs, rows]
    kernels::CellStatsWorkspace measured;
    at::Tensor total;  // [runs, C, 4] f64, of the split: a view of totals_
  };

  void add_split(std::size_t split, const DeviceData::Range& range, models::MemberSlice slice, std::int64_t together);
  void enqueue();

  const DeviceData& data_;
  models::Learner& learner_;
  double temperature_;
  at::Tensor totals_;           // [splits, runs, C, 4] f64
  at::Tensor logits_, scores_;  // of the largest chunk, which all share
  at::Tensor mean_, common_logits_;
  std::vector<Chunk> chunks_;
  CapturedGraph graph_;
};

}  // namespace equipoise::training
