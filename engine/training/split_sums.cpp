#include "engine/training/split_sums.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/log_softmax.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/mul.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/softplus.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "engine/evaluation/score_statistics.h"

namespace equipoise::training {
namespace {

using constraints::kColumns;

// Of all members together: by rows alone, so that a member's sums do not hang on the bank's size.
constexpr std::int64_t kRowsAtOnce = 1 << 20;

// Sums by split; then those of the selection rows with the weights s^2, s^2 loss, and s^2 times each figure of a number, of
// which a score has the first alone.
enum Plane : std::int64_t {
  kTrain,
  kSelection,
  kHoldout,
  kBySquare,
  kByLoss,
  kByPrediction,
  kByResidual,
  kBySquaredError,
};

std::int64_t planes_of(const KernelCells& kernel) {
  if (kernel.task == data::Task::regression) return kBySquaredError + 1;
  return kernel.score_bins > 0 ? kByPrediction + 1 : kByLoss + 1;
}

std::vector<double> column_of(const std::vector<double>& sums, constraints::Column column) {
  std::vector<double> of_cells;
  for (std::size_t c = static_cast<std::size_t>(column); c < sums.size(); c += kColumns) of_cells.push_back(sums[c]);
  return of_cells;
}

// The first numbers of `room`, which is made larger where it holds too few.
at::Tensor view_in(at::Tensor& room, std::int64_t rows, std::int64_t columns, const at::TensorOptions& options) {
  if (!room.defined() || room.numel() < rows * columns) room = at::empty({rows * columns}, options);
  return room.narrow(0, 0, rows * columns).view({rows, columns});
}

}  // namespace

SplitSums::SplitSums(const DeviceData& data, bool with_holdout, bool with_losses, double temperature,
                     models::Learner& learner, const std::optional<kernels::OutcomeRule>& rule,
                     const distributed::Ranks& ranks)
    : data_(data), learner_(learner), temperature_(temperature), with_losses_(with_losses), rule_(rule), ranks_(ranks) {
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  totals_ = at::zeros({planes_of(data.kernel), learner.members() / folds, data.kernel.rows(), kColumns},
                      learner.flat_parameters().options().dtype(at::kDouble));
  for (std::int64_t fold = 0; fold < folds; ++fold)
    add_split(kTrain, data.folds[static_cast<std::size_t>(fold)], {fold, folds}, 1);
  add_split(kSelection, data.selection, {}, folds);
  if (with_holdout) add_split(kHoldout, data.holdout, {}, folds);
}

void SplitSums::add_split(std::size_t split, const DeviceData::Range& range, models::MemberSlice slice,
                          std::int64_t together) {
  const distributed::Ranks::Part part = ranks_.part_of(range.count);
  const std::int64_t members = (learner_.members() - slice.first + slice.step - 1) / slice.step;
  const std::int64_t outputs = data_.kernel.outputs, rows_at_once = std::max<std::int64_t>(1, kRowsAtOnce / outputs);
  const at::TensorOptions single = learner_.flat_parameters().options(), real = single.dtype(at::kDouble);
  for (std::int64_t done = 0; done < part.count; done += rows_at_once) {
    const std::int64_t rows = std::min(rows_at_once, part.count - done), scores = rows * outputs;
    Chunk chunk;
    chunk.first = range.first + part.first + done;
    chunk.rows = rows;
    chunk.split = split;
    chunk.slice = slice;
    chunk.total = totals_.select(0, static_cast<std::int64_t>(split));
    chunk.logits = view_in(logits_, members, scores, single);
    if (together > 1) {
      chunk.scores = view_in(scores_, members, scores, real);
      chunk.mean = view_in(mean_, members / together, scores, real);
      chunk.common_logits = view_in(common_logits_, members / together, scores, single);
    }
    if (rule_)
      chunk.measured_outcomes = kernels::make_outcome_stats_workspace(
          members / together, rows * data_.kernel.cells_of_a_row, data_.kernel.cells, *rule_, single.device());
    else
      chunk.measured =
          kernels::make_cell_stats_workspace(members / together, scores, data_.kernel.cells, single.device());
    if (data_.kernel.bin_cells > 0)
      chunk.bins.emplace(members / together, rows, outputs, data_.kernel.bin_cells, data_.kernel.score_bins, single);
    if (split == kSelection) add_spread(chunk);
    chunks_.push_back(std::move(chunk));
  }
}

void SplitSums::add_spread(Chunk& chunk) const {
  const at::TensorOptions single = learner_.flat_parameters().options();
  const std::int64_t of_a_row = data_.kernel.cells_of_a_row, count = chunk.rows * of_a_row;
  if (data_.weights) chunk.square_weights = data_.weights->narrow(0, chunk.first * of_a_row, count).square();
  if (!with_losses_) return;
  chunk.losses = at::empty({count}, single);
  chunk.loss_weights = at::empty({count}, single);
  if (rule_) {
    chunk.outcomes_of_one =
        kernels::make_outcome_stats_workspace(1, count, data_.kernel.cells, *rule_, single.device());
    if (chunk.bins)
      chunk.bins_of_one.emplace(1, chunk.rows, data_.kernel.outputs, data_.kernel.bin_cells, data_.kernel.score_bins,
                                single);
    return;
  }
  const at::Tensor cells = data_.cells.narrow(0, chunk.first * of_a_row, count).to(at::kLong);
  chunk.signs = data_.cell_labels.take(cells).to(single).mul_(-2).add_(1);
  chunk.measured_of_one = kernels::make_cell_stats_workspace(1, count, data_.kernel.cells, single.device());
}

void SplitSums::run(bool with_selection) {
  has_selection_ = data_.selection.count > 0 && (with_selection || graph_.is_captured());
  if (graph_.is_captured()) {
    graph_.replay();
  } else {
    enqueue(with_selection);
  }
}

std::string SplitSums::capture() {
  std::string obstacle = ranks_.obstacle_to_capture();
  if (obstacle.empty()) obstacle = learner_.obstacle_to_capture();
  return obstacle.empty() ? graph_.capture([this] { enqueue(true); }) : obstacle;
}

void SplitSums::enqueue(bool with_selection) {
  totals_.zero_();
  const std::int64_t outputs = data_.kernel.outputs, of_a_row = data_.kernel.cells_of_a_row;
  for (Chunk& chunk : chunks_) {
    if (chunk.split == kSelection && !with_selection) continue;
    at::Tensor out = outputs == 1 ? chunk.logits : chunk.logits.unflatten(1, {chunk.rows, outputs});
    learner_.score(data_.encoded, chunk.first, chunk.slice, out);
    const at::Tensor logits = chunk.scores.defined() ? common_logits(chunk) : chunk.logits;
    std::optional<at::Tensor> weights;
    if (data_.weights) weights = data_.weights->narrow(0, chunk.first * of_a_row, chunk.rows * of_a_row);
    chunk.total.add_(sums_of(chunk, logits, weights, false));
    measure_spread(chunk, logits);
  }
  ranks_.sum(totals_);
}

// Members decide together by the mean of their probabilities, or of what they predict.
at::Tensor SplitSums::common_logits(Chunk& chunk) const {
  const data::Task task = data_.kernel.task;
  chunk.scores.copy_(chunk.logits);
  if (task == data::Task::classes)
    chunk.scores.copy_(chunk.scores.unflatten(1, {chunk.rows, data_.kernel.outputs}).softmax(-1).flatten(1));
  else if (task != data::Task::regression)
    chunk.scores.sigmoid_();
  const std::int64_t together = chunk.scores.size(0) / chunk.mean.size(0);
  const at::Tensor by_run = chunk.scores.view({-1, together, chunk.scores.size(1)});
  chunk.mean.copy_(by_run.select(1, 0));
  for (std::int64_t member = 1; member < together; ++member) chunk.mean.add_(by_run.select(1, member));
  chunk.mean.div_(static_cast<double>(together));
  if (task == data::Task::classes)
    chunk.mean.clamp_min_(evaluation::kSurest).log_();
  else if (task != data::Task::regression)
    chunk.mean.logit_(evaluation::kSurest);
  return chunk.common_logits.copy_(chunk.mean);
}

at::Tensor SplitSums::sums_of(Chunk& chunk, const at::Tensor& logits, const std::optional<at::Tensor>& weights,
                              bool of_one) const {
  const std::int64_t of_a_row = data_.kernel.cells_of_a_row;
  const at::Tensor cells = data_.cells.narrow(0, chunk.first * of_a_row, chunk.rows * of_a_row);
  if (!rule_) {
    kernels::CellStatsWorkspace& workspace = of_one ? chunk.measured_of_one : chunk.measured;
    kernels::cell_stats_out(workspace, logits, cells, data_.cell_labels, weights, 0.0, temperature_);
    return workspace.sums;
  }
  kernels::OutcomeStatsWorkspace& workspace = of_one ? chunk.outcomes_of_one : chunk.measured_outcomes;
  kernels::outcome_stats_out(workspace, logits.unflatten(1, {-1, rule_->outputs}),
                             data_.targets.narrow(0, chunk.first * of_a_row, chunk.rows * of_a_row), cells,
                             data_.kernel.cells, weights, *rule_);
  if (!chunk.bins) return workspace.sums;
  std::optional<at::Tensor> of_classes;
  if (weights) of_classes = weights->repeat_interleave(data_.kernel.outputs);
  ClassBins& bins = of_one ? *chunk.bins_of_one : *chunk.bins;
  return at::cat({workspace.sums, sums_of_bins(bins, chunk, logits, of_classes)}, 1);
}

const at::Tensor& SplitSums::sums_of_bins(ClassBins& bins, const Chunk& chunk, const at::Tensor& logits,
                                          const std::optional<at::Tensor>& weights) const {
  const std::int64_t classes = data_.kernel.outputs, first = chunk.first * classes, count = chunk.rows * classes;
  return bins.measure(logits.unflatten(1, {-1, classes}), data_.bin_targets.narrow(0, first, count),
                      data_.bin_cells.narrow(0, first, count), weights);
}

// s^2 times each class's own probability.
void SplitSums::measure_bin_scores(Chunk& chunk, const at::Tensor& own, std::int64_t run) {
  at::Tensor weights = own.unflatten(1, {-1, data_.kernel.outputs}).softmax(-1).flatten();
  if (chunk.square_weights.defined()) weights.mul_(chunk.square_weights.repeat_interleave(data_.kernel.outputs));
  const at::Tensor sums = sums_of_bins(*chunk.bins_of_one, chunk, own, weights);
  const std::int64_t rows = data_.kernel.bin_rows();
  totals_.select(0, kByPrediction).select(0, run).narrow(0, data_.kernel.rows() - rows, rows).add_(sums.select(0, 0));
}

// The same op with other weights: s^2 gives the sums of s^2 and of those selected; s^2 loss those of s^2 loss and s^2 loss^2.
void SplitSums::measure_spread(Chunk& chunk, const at::Tensor& logits) {
  if (chunk.square_weights.defined())
    totals_.select(0, kBySquare).add_(sums_of(chunk, logits, chunk.square_weights, false));
  if (!chunk.losses.defined()) return;
  for (std::int64_t run = 0; run < logits.size(0); ++run) {
    const at::Tensor own = logits.narrow(0, run, 1);
    if (rule_ && data_.kernel.are_binary()) {
      const std::int64_t of_a_row = data_.kernel.cells_of_a_row;
      const at::Tensor labels = data_.targets.narrow(0, chunk.first * of_a_row, chunk.rows * of_a_row),
                       logits_of_run = own.squeeze(0);
      chunk.losses.copy_(at::softplus(logits_of_run * (1 - labels * 2)));
      add_by(kByLoss, chunk, own, chunk.losses, run);
      add_by(kByPrediction, chunk, own, logits_of_run.sigmoid(), run);
    } else if (data_.kernel.task == data::Task::regression) {
      measure_figures(chunk, own.squeeze(0), run);
    } else if (rule_) {
      const at::Tensor classes = data_.targets.narrow(0, chunk.first, chunk.rows).to(at::kLong).unsqueeze(1);
      chunk.losses.copy_(own.view({chunk.rows, -1}).log_softmax(1).gather(1, classes).squeeze(1).neg_());
      add_by(kByLoss, chunk, own, chunk.losses, run);
      if (chunk.bins) measure_bin_scores(chunk, own, run);
    } else {
      at::mul_out(chunk.loss_weights, own.squeeze(0), chunk.signs);
      at::softplus_out(chunk.losses, chunk.loss_weights);
      add_by(kByLoss, chunk, own, chunk.losses, run);
    }
  }
}

void SplitSums::add_by(std::int64_t plane, Chunk& chunk, const at::Tensor& own, const at::Tensor& by,
                       std::int64_t run) {
  chunk.loss_weights.copy_(by);
  if (chunk.square_weights.defined()) chunk.loss_weights.mul_(chunk.square_weights);
  totals_.select(0, plane).select(0, run).add_(sums_of(chunk, own, chunk.loss_weights, true).select(0, 0));
}

void SplitSums::measure_figures(Chunk& chunk, const at::Tensor& scores, std::int64_t run) {
  const at::Tensor own = scores.unsqueeze(0), targets = data_.targets.narrow(0, chunk.first, chunk.rows);
  const at::Tensor prediction = scores * data_.target_deviation + data_.target_mean, residual = prediction - targets;
  const at::Tensor error = residual / data_.target_deviation;
  const double parameter = rule_->loss_parameter;
  if (rule_->loss == kernels::RegressionLoss::kSquared)
    chunk.losses.copy_(error.square());
  else if (rule_->loss == kernels::RegressionLoss::kHuber)
    chunk.losses.copy_(
        at::where(error.abs() <= parameter, error.square() / 2, (error.abs() - parameter / 2) * parameter));
  else
    chunk.losses.copy_(at::maximum(error * -parameter, error * (1 - parameter)));
  add_by(kByLoss, chunk, own, chunk.losses, run);
  add_by(kByPrediction, chunk, own, prediction, run);
  add_by(kByResidual, chunk, own, residual, run);
  add_by(kBySquaredError, chunk, own, residual.square(), run);
}

std::vector<RunState::Sums> SplitSums::read() const {
  const at::Tensor host = totals_.to(at::kCPU);
  const std::int64_t runs = host.size(1), size = host.size(2) * host.size(3);
  const auto sums_of = [&](std::int64_t plane, std::int64_t run) {
    return table_sums(host.const_data_ptr<double>() + (plane * runs + run) * size, data_.kernel);
  };
  std::vector<RunState::Sums> result;
  for (std::int64_t run = 0; run < runs; ++run) {
    RunState::Sums& sums = result.emplace_back();
    sums.train = sums_of(kTrain, run);
    sums.holdout = sums_of(kHoldout, run);
    if (!has_selection_) continue;
    sums.selection = sums_of(kSelection, run);
    const std::vector<double> squares = data_.weights ? sums_of(kBySquare, run) : sums.selection;
    if (data_.weights) {
      sums.spread.all = column_of(squares, constraints::kWeight);
      sums.spread.selected = column_of(squares, constraints::kHard);
    }
    if (!with_losses_) continue;
    const std::vector<double> by_loss = sums_of(kByLoss, run);
    sums.spread.loss = column_of(by_loss, constraints::kWeight);
    sums.spread.loss_square = column_of(by_loss, constraints::kLoss);
    if (data_.kernel.task == data::Task::classes) spread_of_classes(sums.spread);
    if (data_.kernel.score_bins > 0) spread_of_bins(squares, sums_of(kByPrediction, run), sums.spread);
    for (std::int32_t figure = 0; data_.kernel.task == data::Task::regression && figure < data::kLossFigure; ++figure)
      spread_of_figure(figure, squares, sums_of(kByPrediction + figure, run), sums.spread);
  }
  return result;
}

// A row's loss is in the cell of its class.
void SplitSums::spread_of_classes(evaluation::SquareWeights& spread) const {
  for (std::size_t c = 0; c < spread.loss.size(); c += 2) spread.loss[c] = spread.loss_square[c] = 0;
}

// A figure's sum with the weights s^2, and its own with s^2 times itself.
void SplitSums::spread_of_figure(std::int32_t figure, const std::vector<double>& squares,
                                 const std::vector<double>& by_itself, evaluation::SquareWeights& spread) const {
  const std::size_t of_combination = 2 * (static_cast<std::size_t>(data_.kernel.outcomes) + 1);
  for (std::size_t c = 2 * static_cast<std::size_t>(figure); c < spread.loss.size(); c += of_combination) {
    spread.loss[c] = squares[c * kColumns + constraints::kHard];
    spread.loss_square[c] = by_itself[c * kColumns + constraints::kHard];
  }
}

// With p the score and y the label: sums of s^2 (p - y) and s^2 (p - y)^2 from those of s^2, s^2 p and s^2 p^2.
void SplitSums::spread_of_bins(const std::vector<double>& squares, const std::vector<double>& by_score,
                               evaluation::SquareWeights& spread) const {
  const std::size_t of_answer = 2 * (1 + static_cast<std::size_t>(data_.kernel.score_bins));
  for (std::size_t c = 0; c < spread.loss.size(); ++c) {
    if (c % of_answer < 2) continue;  // no bin
    const double label = static_cast<double>(c % 2), weight = squares[c * kColumns + constraints::kWeight],
                 score = squares[c * kColumns + constraints::kHard];
    spread.loss[c] = score - label * weight;
    spread.loss_square[c] = by_score[c * kColumns + constraints::kHard] - 2 * label * score + label * weight;
  }
}

}  // namespace equipoise::training
