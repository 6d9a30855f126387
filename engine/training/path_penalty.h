#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "engine/models/learner.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// The penalty of fair mixup (Chuang and Mroueh 2021): on the way from the people of one group to those of another, dense row to dense row,
/// the mean prediction should not change. Each step draws two groups, a place t on the way and pairs of rows, and adds
///
///     weight * sum over outputs of | mean over pairs of (p(t + d) - p(t)) / d |
///
/// to the loss, p being the probability of the output (of a regression the score) and d a tenth of the way: a difference in place of the
/// paper's derivative, of both of which dropout drops the same units. All ways are drawn alike, however many people stand at their ends. All rows of a step are of one fold; the member that leaves it out
/// is left alone, and hears K / (K - 1) times as much in the steps of other folds, which of K is the same on average.
class PathPenalty {
 public:
  /// `sampler`, which has a path, and `data` must outlive this; `share` of `batch` rows are pairs. Throws UserError (config) for pictures.
  PathPenalty(const sampling::Sampler& sampler, const DeviceData& data, std::int64_t batch);

  /// Adds the penalty's gradient to that of the learner's parameters. Overwrites what its last forward kept. Draws by seed and step
  /// alone; does nothing where the sampler's path has no weight in the epoch that is on. Which way it is, and where on it, is the host's to
  /// say: on a GPU it waits for the step's number, so that such steps are launched kernel by kernel.
  void add_gradient(models::Learner& learner, std::uint64_t seed, const at::Tensor& step);

  /// Of the last step: t, and the fold of its rows.
  double place() const { return place_; }
  std::int64_t fold() const { return fold_; }

 private:
  // Rows of one fold that are alike in the columns of `inside`, by the group that they are of; two groups at least.
  struct Way {
    std::int64_t fold = 0;
    std::vector<at::Tensor> groups;  // [rows] i64
  };

  void draw(std::uint64_t seed, std::int64_t step);
  at::Tensor probabilities(const at::Tensor& scores) const;
  at::Tensor by_scores(const at::Tensor& gradient, const at::Tensor& probabilities) const;

  const sampling::Sampler& sampler_;
  const DeviceData& data_;
  std::int64_t pairs_;
  std::vector<Way> ways_;
  double place_ = 0;
  std::int64_t fold_ = 0;
  at::Tensor sources_, partners_;          // [pairs] i64, rows of train
  at::Tensor codes_, values_;              // [2 * pairs, F]
  at::Tensor slots_, parts_, next_parts_;  // [pairs]
  models::EncodedTensors before_, after_;  // at t and t + d
};

}  // namespace equipoise::training
