#include "engine/training/scoring.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>

#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::training {

using constraints::kColumns;

namespace {

// Logits of so many rows are in memory at once: by this alone, so that a member's sums do not hang on the bank's size.
constexpr std::int64_t kRowsAtOnce = 1 << 20;

// The logit of the mean score of every `folds` neighbouring members: [K, n] to [K / folds, n].
at::Tensor combined(const at::Tensor& logits, std::int64_t folds) {
  if (folds == 1) return logits;
  const at::Tensor scores = logits.to(at::kDouble).sigmoid().view({-1, folds, logits.size(1)});
  at::Tensor mean = scores.select(1, 0).clone();
  for (std::int64_t fold = 1; fold < folds; ++fold) mean.add_(scores.select(1, fold));
  return mean.div_(static_cast<double>(folds)).logit().to(at::kFloat);
}

// Sums of a range, [members / together] of [C, 4]; the members of the slice decide `together` at a time.
at::Tensor sums_of_range(const DeviceData& data, const DeviceData::Range& range, double temperature,
                         models::Learner& learner, models::MemberSlice slice, std::int64_t together) {
  const std::int64_t members = (learner.members() - slice.first + slice.step - 1) / slice.step;
  const at::TensorOptions options = learner.flat_parameters().options();
  at::Tensor total = at::zeros({members / together, data.cell_labels.size(0), kColumns}, options.dtype(at::kDouble));
  for (std::int64_t done = 0; done < range.count; done += kRowsAtOnce) {
    const std::int64_t first = range.first + done, count = std::min(kRowsAtOnce, range.count - done);
    at::Tensor logits = at::empty({members, count}, options);
    learner.score(data.encoded, first, slice, logits);
    std::optional<at::Tensor> weights;
    if (data.weights) weights = data.weights->narrow(0, first, count);
    total.add_(kernels::cell_stats(combined(logits, together), data.cells.narrow(0, first, count), data.cell_labels,
                                   weights, 0.0, temperature));
  }
  return total;
}

std::vector<std::vector<double>> rows_of(const at::Tensor& sums) {
  const at::Tensor host = sums.to(at::kCPU);
  const std::int64_t size = host.size(1) * host.size(2);
  std::vector<std::vector<double>> rows;
  for (std::int64_t run = 0; run < host.size(0); ++run) {
    const double* from = host.const_data_ptr<double>() + run * size;
    rows.emplace_back(from, from + size);
  }
  return rows;
}

at::Tensor all_logits(const models::EncodedTensors& encoded, models::Learner& learner) {
  at::Tensor logits = at::empty({learner.members(), encoded.codes.size(0)}, learner.flat_parameters().options());
  learner.score(encoded, 0, {}, logits);
  return logits;
}

}  // namespace

std::vector<std::vector<double>> measured_sums(const DeviceData& data, const DeviceData::Range& range,
                                               double temperature, models::Learner& learner) {
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  return rows_of(sums_of_range(data, range, temperature, learner, {}, folds));
}

std::vector<std::vector<double>> out_of_fold_sums(const DeviceData& data, double temperature,
                                                  models::Learner& learner) {
  const auto folds = static_cast<std::int64_t>(data.folds.size());
  at::Tensor total;
  for (std::int64_t fold = 0; fold < folds; ++fold) {
    const DeviceData::Range& range = data.folds[static_cast<std::size_t>(fold)];
    const at::Tensor sums = sums_of_range(data, range, temperature, learner, {fold, folds}, 1);
    total = fold == 0 ? sums : total.add_(sums);
  }
  return rows_of(total);
}

std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner) {
  const at::Tensor logits = all_logits(encoded, learner).to(at::kCPU).contiguous();
  const std::int64_t members = logits.size(0), rows = logits.size(1);
  std::vector<double> result(static_cast<std::size_t>(rows), 0.0);
  for (std::int64_t member = 0; member < members; ++member) {
    const float* from = logits.const_data_ptr<float>() + member * rows;
    for (std::int64_t i = 0; i < rows; ++i)
      result[static_cast<std::size_t>(i)] += 1.0 / (1.0 + std::exp(-static_cast<double>(from[i])));
  }
  if (members > 1) {
    for (double& score : result) score /= static_cast<double>(members);
  }
  return result;
}

at::Tensor device_probabilities(const models::EncodedTensors& encoded, models::Learner& learner) {
  const at::Tensor logits = all_logits(encoded, learner);
  const std::int64_t members = logits.size(0);
  at::Tensor mean = at::zeros({logits.size(1)}, logits.options().dtype(at::kDouble));
  for (std::int64_t member = 0; member < members; ++member)
    mean.add_(logits.select(0, member).to(at::kDouble).sigmoid_());
  return mean.div_(static_cast<double>(members));
}

double mean_loss(const std::vector<double>& sums) {
  double loss = 0, weight = 0;
  for (std::size_t c = 0; c < sums.size(); c += kColumns) {
    loss += sums[c + constraints::kLoss];
    weight += sums[c + constraints::kWeight];
  }
  return loss / weight;
}

double accuracy(const std::vector<double>& sums, const data::Cells& cells) {
  double right = 0, weight = 0;
  for (std::size_t c = 0; c < cells.cells.size(); ++c) {
    const double positives = sums[c * kColumns + constraints::kHard], rows = sums[c * kColumns + constraints::kWeight];
    right += cells.cells[c].label == 1 ? positives : rows - positives;
    weight += rows;
  }
  return right / weight;
}

}  // namespace equipoise::training
