#include "engine/training/scoring.h"

#include <ATen/Functions.h>

#include <cmath>

#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::training {

using constraints::kColumns;

std::vector<double> measured_sums(const DeviceData& data, const DeviceData::Range& range, double temperature,
                                  models::Learner& learner) {
  at::Tensor logits = at::empty({learner.members(), range.count}, learner.flat_parameters().options());
  learner.score(data.encoded, range.first, logits);
  std::optional<at::Tensor> weights;
  if (data.weights) weights = data.weights->narrow(0, range.first, range.count);
  const at::Tensor sums = kernels::cell_stats(logits, data.cells.narrow(0, range.first, range.count), data.cell_labels,
                                              weights, 0.0, temperature)
                              .select(0, 0)
                              .contiguous()
                              .to(at::kCPU);
  return {sums.const_data_ptr<double>(), sums.const_data_ptr<double>() + sums.numel()};
}

std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner) {
  at::Tensor out = at::empty({learner.members(), encoded.codes.size(0)}, learner.flat_parameters().options());
  learner.score(encoded, 0, out);
  const at::Tensor logits = out.select(0, 0).to(at::kCPU).contiguous();
  std::vector<double> result(static_cast<std::size_t>(logits.numel()));
  const float* from = logits.const_data_ptr<float>();
  for (std::size_t i = 0; i < result.size(); ++i) result[i] = 1.0 / (1.0 + std::exp(-static_cast<double>(from[i])));
  return result;
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
