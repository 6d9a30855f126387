#include "engine/training/split_sums.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "engine/evaluation/score_statistics.h"

namespace equipoise::training {
namespace {

using constraints::kColumns;

// Of all members together: by rows alone, so that a member's sums do not hang on the bank's size.
constexpr std::int64_t kRowsAtOnce = 1 << 20;

// Sums by split; then those of the selection rows with the weights s^2, and s^2 loss.
enum Plane : std::int64_t { kTrain, kSelection, kHoldout, kBySquare, kByLoss, kPlanes };

// The first numbers of `room`, which is made larger where it holds too few.
at::Tensor view_in(at::Tensor& room, std::int64_t rows, std::int64_t columns, const at::TensorOptions& options) {
  if (!room.defined() || room.numel() < rows * columns) room = at::empty({rows * columns}, options);
  return room.narrow(0, 0, rows * columns).view({rows, columns});
}

}  // namespace

SplitSums::SplitSums(const DeviceData& data, bool with_holdout, bool with_losses, double temperature,
                     models::Learner& learner)
    : data_(data), learner_(learner), temperature_(temperature), with_losses_(with_losses) {
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  totals_ = at::zeros({kPlanes, learner.members() / folds, data.cell_labels.size(0), kColumns},
                      learner.flat_parameters().options().dtype(at::kDouble));
  for (std::int64_t fold = 0; fold < folds; ++fold)
    add_split(kTrain, data.folds[static_cast<std::size_t>(fold)], {fold, folds}, 1);
  add_split(kSelection, data.selection, {}, folds);
  if (with_holdout) add_split(kHoldout, data.holdout, {}, folds);
}

void SplitSums::add_split(std::size_t split, const DeviceData::Range& range, models::MemberSlice slice,
                          std::int64_t together) {
  const std::int64_t members = (learner_.members() - slice.first + slice.step - 1) / slice.step;
  const at::TensorOptions single = learner_.flat_parameters().options(), real = single.dtype(at::kDouble);
  for (std::int64_t done = 0; done < range.count; done += kRowsAtOnce) {
    const std::int64_t rows = std::min(kRowsAtOnce, range.count - done);
    Chunk chunk;
    chunk.first = range.first + done;
    chunk.slice = slice;
    chunk.total = totals_.select(0, static_cast<std::int64_t>(split));
    chunk.logits = view_in(logits_, members, rows, single);
    if (together > 1) {
      chunk.scores = view_in(scores_, members, rows, real);
      chunk.mean = view_in(mean_, members / together, rows, real);
      chunk.common_logits = view_in(common_logits_, members / together, rows, single);
    }
    chunk.measured =
        kernels::make_cell_stats_workspace(members / together, rows, data_.cell_labels.size(0), single.device());
    if (split == kSelection) add_spread(chunk, rows);
    chunks_.push_back(std::move(chunk));
  }
}

void SplitSums::add_spread(Chunk& chunk, std::int64_t rows) const {
  const at::TensorOptions single = learner_.flat_parameters().options();
  if (data_.weights) chunk.square_weights = data_.weights->narrow(0, chunk.first, rows).square();
  if (!with_losses_) return;
  const at::Tensor cells = data_.cells.narrow(0, chunk.first, rows).to(at::kLong);
  chunk.signs = data_.cell_labels.take(cells).to(single).mul_(-2).add_(1);
  chunk.losses = at::empty({rows}, single);
  chunk.loss_weights = at::empty({rows}, single);
  chunk.measured_of_one = kernels::make_cell_stats_workspace(1, rows, data_.cell_labels.size(0), single.device());
}

void SplitSums::run() {
  if (graph_.is_captured()) {
    graph_.replay();
  } else {
    enqueue();
  }
}

std::string SplitSums::capture() {
  return graph_.capture([this] { enqueue(); });
}

void SplitSums::enqueue() {
  totals_.zero_();
  for (Chunk& chunk : chunks_) {
    learner_.score(data_.encoded, chunk.first, chunk.slice, chunk.logits);
    at::Tensor logits = chunk.logits;
    if (chunk.scores.defined()) {
      chunk.scores.copy_(chunk.logits).sigmoid_();
      const std::int64_t together = chunk.scores.size(0) / chunk.mean.size(0);
      const at::Tensor by_run = chunk.scores.view({-1, together, chunk.scores.size(1)});
      chunk.mean.copy_(by_run.select(1, 0));
      for (std::int64_t member = 1; member < together; ++member) chunk.mean.add_(by_run.select(1, member));
      logits = chunk.common_logits.copy_(chunk.mean.div_(static_cast<double>(together)).logit_(evaluation::kSurest));
    }
    measure(chunk, logits);
    measure_spread(chunk, logits);
  }
}

void SplitSums::measure(Chunk& chunk, const at::Tensor& logits) {
  std::optional<at::Tensor> weights;
  if (data_.weights) weights = data_.weights->narrow(0, chunk.first, logits.size(1));
  kernels::cell_stats_out(chunk.measured, logits, data_.cells.narrow(0, chunk.first, logits.size(1)), data_.cell_labels,
                          weights, 0.0, temperature_);
  chunk.total.add_(chunk.measured.sums);
}

// The same op with other weights: s^2 gives the sums of s^2 and of those selected; s^2 loss those of s^2 loss and s^2 loss^2.
void SplitSums::measure_spread(Chunk& chunk, const at::Tensor& logits) {
  const at::Tensor cells = data_.cells.narrow(0, chunk.first, logits.size(1));
  if (chunk.square_weights.defined()) {
    kernels::cell_stats_out(chunk.measured, logits, cells, data_.cell_labels, chunk.square_weights, 0.0, temperature_);
    totals_.select(0, kBySquare).add_(chunk.measured.sums);
  }
  if (!chunk.signs.defined()) return;
  for (std::int64_t run = 0; run < logits.size(0); ++run) {
    const at::Tensor own = logits.narrow(0, run, 1);
    at::mul_out(chunk.loss_weights, own.squeeze(0), chunk.signs);
    at::softplus_out(chunk.losses, chunk.loss_weights);
    chunk.loss_weights.copy_(chunk.losses);
    if (chunk.square_weights.defined()) chunk.loss_weights.mul_(chunk.square_weights);
    kernels::cell_stats_out(chunk.measured_of_one, own, cells, data_.cell_labels, chunk.loss_weights, 0.0,
                            temperature_);
    totals_.select(0, kByLoss).select(0, run).add_(chunk.measured_of_one.sums.select(0, 0));
  }
}

std::vector<RunState::Sums> SplitSums::read() const {
  const at::Tensor host = totals_.to(at::kCPU);
  const std::int64_t runs = host.size(1), size = host.size(2) * host.size(3);
  const auto sums_of = [&](std::size_t split, std::int64_t run) {
    const double* from = host.const_data_ptr<double>() + (static_cast<std::int64_t>(split) * runs + run) * size;
    return std::vector<double>(from, from + size);
  };
  std::vector<RunState::Sums> result;
  const auto column = [&](Plane plane, std::int64_t run, constraints::Column column) {
    const at::Tensor of_run = host.select(0, plane).select(0, run).select(1, column).contiguous();
    return std::vector<double>(of_run.const_data_ptr<double>(), of_run.const_data_ptr<double>() + of_run.numel());
  };
  for (std::int64_t run = 0; run < runs; ++run) {
    RunState::Sums& sums = result.emplace_back();
    sums.train = sums_of(kTrain, run);
    sums.holdout = sums_of(kHoldout, run);
    sums.selection = sums_of(kSelection, run);
    if (data_.weights) {
      sums.spread.all = column(kBySquare, run, constraints::kWeight);
      sums.spread.selected = column(kBySquare, run, constraints::kHard);
    }
    if (with_losses_) {
      sums.spread.loss = column(kByLoss, run, constraints::kWeight);
      sums.spread.loss_square = column(kByLoss, run, constraints::kLoss);
    }
  }
  return result;
}

}  // namespace equipoise::training
