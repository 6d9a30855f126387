#include "engine/training/scoring.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "engine/constraints/rates.h"

namespace equipoise::training {

using constraints::kColumns;

namespace {

at::Tensor all_logits(const models::EncodedTensors& encoded, models::Learner& learner) {
  std::vector<std::int64_t> shape = {learner.members(), encoded.codes.size(0)};
  if (learner.outputs() > 1) shape.push_back(learner.outputs());
  at::Tensor logits = at::empty(shape, learner.flat_parameters().options());
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

std::vector<double> scores(const models::EncodedTensors& encoded, models::Learner& learner,
                           const ScoreMeaning& meaning) {
  if (meaning.task == data::Task::binary) return probabilities(encoded, learner);
  const at::Tensor logits = all_logits(encoded, learner);
  at::Tensor mean = at::zeros(logits.sizes().slice(1), logits.options().dtype(at::kDouble));
  for (std::int64_t member = 0; member < logits.size(0); ++member) {
    const at::Tensor own = logits.select(0, member).to(at::kDouble);
    if (meaning.task == data::Task::regression)
      mean.add_(own * meaning.target_deviation + meaning.target_mean);
    else
      mean.add_(meaning.task == data::Task::classes ? own.softmax(-1) : own.sigmoid());
  }
  mean = mean.div_(static_cast<double>(logits.size(0))).to(at::kCPU).contiguous();
  return {mean.const_data_ptr<double>(), mean.const_data_ptr<double>() + mean.numel()};
}

at::Tensor device_probabilities(const models::EncodedTensors& encoded, models::Learner& learner) {
  const at::Tensor logits = all_logits(encoded, learner);
  const std::int64_t members = logits.size(0);
  at::Tensor mean = at::zeros({logits.size(1)}, logits.options().dtype(at::kDouble));
  for (std::int64_t member = 0; member < members; ++member)
    mean.add_(logits.select(0, member).to(at::kDouble).sigmoid_());
  return mean.div_(static_cast<double>(members));
}

double mean_loss(const std::vector<double>& sums, const data::Cells& cells) {
  const constraints::Rate loss = constraints::make_rate("loss", cells, {});
  return constraints::value_of(loss.numerator, sums, constraints::Reading::exact) /
         constraints::value_of(loss.denominator, sums, constraints::Reading::exact);
}

double accuracy(const std::vector<double>& sums, const data::Cells& cells) {
  if (cells.task == data::Task::regression) return std::nan("");
  const constraints::Rate right = constraints::make_rate("accuracy", cells, {});
  return constraints::value_of(right.numerator, sums, constraints::Reading::exact) /
         constraints::value_of(right.denominator, sums, constraints::Reading::exact);
}

}  // namespace equipoise::training
