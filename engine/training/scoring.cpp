#include "engine/training/scoring.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "engine/constraints/rates.h"

namespace equipoise::training {

namespace {

// Of all rows by all members, or those of a slice.
at::Tensor all_logits(const models::EncodedTensors& encoded, models::Learner& learner, models::MemberSlice slice = {}) {
  const std::int64_t members = (learner.members() - slice.first + slice.step - 1) / slice.step;
  std::vector<std::int64_t> shape = {members, encoded.codes.size(0)};
  if (learner.outputs() > 1) shape.push_back(learner.outputs());
  at::Tensor logits = at::empty(shape, learner.flat_parameters().options());
  learner.score(encoded, 0, slice, logits);
  return logits;
}

// These rows as if there were no others.
models::EncodedTensors rows_of(const models::EncodedTensors& encoded, const std::vector<std::int64_t>& rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const at::Tensor index =
      at::from_blob(const_cast<std::int64_t*>(rows.data()), {count}, at::kLong).to(encoded.codes.device());
  models::EncodedTensors own = encoded;
  for (at::Tensor* all : {&own.codes, &own.values, &own.images.pixels})
    if (all->defined()) *all = all->index_select(0, index);
  return own;
}

// The first of the members of an iterate, and how many there are.
struct Members {
  std::int64_t first = 0, count = 0;
};

Members members_of(std::size_t iterate, std::int64_t members, const models::Mixture& mixture) {
  const std::int64_t each = members / static_cast<std::int64_t>(mixture.iterates());
  return {static_cast<std::int64_t>(iterate) * each, each};
}

// [rows] which iterate decides each row, on the device of `like`.
at::Tensor deciding_iterates(const models::Mixture& mixture, const at::Tensor& like) {
  at::Tensor iterates = at::empty({like.size(0)}, at::kLong);
  for (std::int64_t row = 0; row < iterates.size(0); ++row)
    iterates.mutable_data_ptr<std::int64_t>()[row] = static_cast<std::int64_t>(models::drawn(mixture, row));
  return iterates.to(like.device());
}

// [rows] or [rows, O]: each row's from the iterate that decides it, whose own are `of_iterate(members)`.
template <typename OfIterate>
at::Tensor decided(const at::Tensor& logits, const models::Mixture& mixture, const OfIterate& of_iterate) {
  at::Tensor scores = of_iterate(members_of(0, logits.size(0), mixture));
  if (mixture.iterates() == 1) return scores;
  at::Tensor iterates = deciding_iterates(mixture, scores);
  if (scores.dim() == 2) iterates = iterates.unsqueeze(1);
  for (std::size_t i = 1; i < mixture.iterates(); ++i)
    scores =
        at::where(iterates == static_cast<std::int64_t>(i), of_iterate(members_of(i, logits.size(0), mixture)), scores);
  return scores;
}

// [rows] or [rows, O] f64 on the logits' device: each row's mean over the members that decide it.
at::Tensor mean_scores(const at::Tensor& logits, const models::OutputMeaning& meaning, const models::Mixture& mixture) {
  return decided(logits, mixture, [&](const Members& members) {
    at::Tensor mean = at::zeros(logits.sizes().slice(1), logits.options().dtype(at::kDouble));
    for (std::int64_t member = members.first; member < members.first + members.count; ++member) {
      const at::Tensor own = logits.select(0, member).to(at::kDouble);
      if (meaning.task == data::Task::regression)
        mean.add_(own * meaning.target_deviation + meaning.target_mean);
      else
        mean.add_(meaning.task == data::Task::classes || meaning.rule.any() ? own.softmax(-1) : own.sigmoid());
    }
    return mean.div_(static_cast<double>(members.count));
  });
}

// [rows] or [rows, A] from posteriors [rows, C], where they were. On the host, so that a row's decision is the same wherever
// its posterior was made.
at::Tensor decided_by(const models::CellRule& rule, const at::Tensor& posteriors,
                      const std::vector<std::int32_t>& groups) {
  const at::Tensor own = posteriors.to(at::kCPU).contiguous();
  const std::int64_t rows = own.size(0), cells = own.size(1), answers = static_cast<std::int64_t>(rule.answers());
  at::Tensor scores =
      at::empty(answers == 1 ? std::vector<std::int64_t>{rows} : std::vector{rows, answers}, own.options());
  for (std::int64_t row = 0; row < rows; ++row)
    models::decide(rule, own.const_data_ptr<double>() + row * cells, scores.mutable_data_ptr<double>() + row * answers,
                   groups.empty() ? models::kNoGroup : groups[static_cast<std::size_t>(row)], row);
  return scores.to(posteriors.device());
}

}  // namespace

std::vector<double> probabilities(const models::EncodedTensors& encoded, models::Learner& learner,
                                  const models::Mixture& mixture) {
  const at::Tensor logits = all_logits(encoded, learner).to(at::kCPU).contiguous();
  const std::int64_t rows = logits.size(1);
  std::vector<double> result(static_cast<std::size_t>(rows), 0.0);
  const auto add = [&](std::int64_t member, std::int64_t row) {
    const auto logit = static_cast<double>(logits.const_data_ptr<float>()[member * rows + row]);
    result[static_cast<std::size_t>(row)] += 1.0 / (1.0 + std::exp(-logit));
  };
  const Members all = members_of(0, logits.size(0), mixture);
  if (mixture.iterates() == 1) {
    for (std::int64_t member = 0; member < all.count; ++member)
      for (std::int64_t row = 0; row < rows; ++row) add(member, row);
  } else {
    for (std::int64_t row = 0; row < rows; ++row) {
      const Members own = members_of(models::drawn(mixture, row), logits.size(0), mixture);
      for (std::int64_t member = own.first; member < own.first + own.count; ++member) add(member, row);
    }
  }
  if (all.count > 1) {
    for (double& score : result) score /= static_cast<double>(all.count);
  }
  return result;
}

std::vector<double> scores(const models::EncodedTensors& encoded, models::Learner& learner,
                           const models::OutputMeaning& meaning, const models::Mixture& mixture,
                           const std::vector<std::int32_t>& groups) {
  if (meaning.task == data::Task::binary && !meaning.rule.any()) return probabilities(encoded, learner, mixture);
  const at::Tensor own = device_scores(encoded, learner, meaning, mixture, groups).to(at::kCPU).contiguous();
  return {own.const_data_ptr<double>(), own.const_data_ptr<double>() + own.numel()};
}

std::vector<double> out_of_fold_scores(const models::EncodedTensors& encoded, models::Learner& learner,
                                       const models::OutputMeaning& meaning,
                                       const std::vector<std::vector<std::int64_t>>& folds) {
  if (static_cast<std::int64_t>(folds.size()) != learner.members())
    throw std::logic_error("out of fold scores of a learner without a member for each fold");
  std::vector<double> scores;
  std::vector<bool> is_in_fold(static_cast<std::size_t>(encoded.codes.size(0)), false);
  // Each row by whoever scores it alone: a member's trees are many.
  const auto put = [&](const std::vector<std::int64_t>& rows, models::MemberSlice slice) {
    if (rows.empty()) return;
    const at::Tensor own =
        mean_scores(all_logits(rows_of(encoded, rows), learner, slice), meaning, {}).to(at::kCPU).contiguous();
    const auto width = static_cast<std::size_t>(own.numel()) / rows.size();
    scores.resize(is_in_fold.size() * width);
    for (std::size_t i = 0; i < rows.size(); ++i)
      std::copy_n(own.const_data_ptr<double>() + i * width, width,
                  scores.data() + static_cast<std::size_t>(rows[i]) * width);
  };
  for (std::size_t fold = 0; fold < folds.size(); ++fold) {
    put(folds[fold], {static_cast<std::int64_t>(fold), learner.members()});
    for (const std::int64_t row : folds[fold]) is_in_fold[static_cast<std::size_t>(row)] = true;
  }
  std::vector<std::int64_t> others;
  for (std::size_t row = 0; row < is_in_fold.size(); ++row)
    if (!is_in_fold[row]) others.push_back(static_cast<std::int64_t>(row));
  put(others, {});
  return scores;
}

at::Tensor device_scores(const models::EncodedTensors& encoded, models::Learner& learner,
                         const models::OutputMeaning& meaning, const models::Mixture& mixture,
                         const std::vector<std::int32_t>& groups) {
  const at::Tensor scores = mean_scores(all_logits(encoded, learner), meaning, mixture);
  return meaning.rule.any() ? decided_by(meaning.rule, scores, groups) : scores;
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
