#include "engine/training/row_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/maximum.h>

#include <algorithm>

#include "engine/core/seed.h"
#include "engine/models/no_autograd.h"
#include "engine/training/step.h"

namespace equipoise::training {
namespace {

// [rows, O] f64 logits of a range of rows by one member, on the CPU.
at::Tensor logits_of(models::Learner& learner, std::int64_t member, const DeviceData& data,
                     const DeviceData::Range& range) {
  const std::int64_t outputs = learner.outputs();
  const at::TensorOptions options(data.cell_labels.device());
  at::Tensor out = outputs == 1 ? at::empty({1, range.count}, options) : at::empty({1, range.count, outputs}, options);
  learner.score(data.encoded, range.first, {member, learner.members()}, out);
  return out.view({range.count, outputs}).to(at::kCPU, at::kDouble);
}

// [rows] of rows first .. first + rows of the data.
at::Tensor losses_of(const at::Tensor& logits, std::int64_t first, const DeviceData& data,
                     const TrainingParams& params) {
  const std::int64_t rows = logits.size(0), of_a_row = data.kernel.cells_of_a_row;
  const auto own = [&](const at::Tensor& all) {
    return all.narrow(0, first * of_a_row, rows * of_a_row).to(at::kCPU).view({rows, of_a_row});
  };
  switch (data.kernel.task) {
    case data::Task::classes:
      return at::cross_entropy_loss(logits, own(data.targets).squeeze(1).to(at::kLong), {}, at::Reduction::None);
    case data::Task::regression: {
      const at::Tensor error =
          logits.squeeze(1) - (own(data.targets).squeeze(1).to(at::kDouble) - data.target_mean) / data.target_deviation;
      if (params.loss == "quantile") return at::maximum((1 - params.quantile) * error, -params.quantile * error);
      return params.loss == "huber" ? error.abs() : error.square();  // in the same order as huber's
    }
    default: {
      // Cells of scores that are cut into bins have no labels of their own.
      const at::Tensor labels = data.kernel.score_bins > 0
                                    ? own(data.targets)
                                    : data.cell_labels.to(at::kCPU)
                                          .index_select(0, own(data.cells).flatten().to(at::kLong))
                                          .view({rows, of_a_row});
      return at::binary_cross_entropy_with_logits(logits, labels.to(at::kDouble), {}, {}, at::Reduction::None).mean(1);
    }
  }
}

}  // namespace

std::vector<double> row_losses(models::Learner& learner, std::int64_t first, const DeviceData& data,
                               const TrainingParams& params) {
  const models::NoAutograd no_autograd;
  std::vector<double> losses;
  for (std::size_t fold = 0; fold < data.folds.size(); ++fold) {
    const at::Tensor logits = logits_of(learner, first + static_cast<std::int64_t>(fold), data, data.folds[fold]);
    const at::Tensor own = losses_of(logits, data.folds[fold].first, data, params).contiguous();
    losses.insert(losses.end(), own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel());
  }
  return losses;
}

std::vector<double> ranking_scores(const DeviceData& data, const constraints::ConstraintTable& table,
                                   std::uint64_t seed) {
  const models::NoAutograd no_autograd;
  constexpr std::int64_t kEpochs = 10, kLeastSteps = 1000, kLargestBatch = 256;
  DeviceData joined = data;
  if (joined.folds.size() > 1) join_folds(joined);
  models::ModelParams model;
  model.kind = "linear";
  const auto learner = models::make_learner(model, joined.host, {core::seed_for(seed, "massage")},
                                            joined.cell_labels.device(), models::Precision::fp32, 1);
  constraints::ConstraintTable bare;  // what the labels say, and no more
  bare.cells = table.cells;
  TrainingParams params;
  params.batch_size = std::min(kLargestBatch, joined.train.count);
  const std::int64_t steps = std::max(kLeastSteps, kEpochs * (joined.train.count / params.batch_size));
  constexpr double kLearningRate = 1e-2;
  TrainingStep step(joined, bare, {}, params, {kLearningRate}, steps, seed, *learner);
  for (std::int64_t done = 0; done < steps; ++done) step.run();
  const at::Tensor scores = logits_of(*learner, 0, joined, joined.train).contiguous();
  return {scores.const_data_ptr<double>(), scores.const_data_ptr<double>() + scores.numel()};
}

}  // namespace equipoise::training
