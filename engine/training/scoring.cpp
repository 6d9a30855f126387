#include "engine/training/scoring.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <cmath>

namespace equipoise::training {

using constraints::kColumns;

namespace {

at::Tensor all_logits(const models::EncodedTensors& encoded, models::Learner& learner) {
  at::Tensor logits = at::empty({learner.members(), encoded.codes.size(0)}, learner.flat_parameters().options());
  learner.score(encoded, 0, {}, logits);
  return logits;
}

}  // namespace

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
