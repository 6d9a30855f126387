#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace out_of_fold_scores_test {

// Three members and three outputs of seven rows, of which five are in folds.
TEST(OutOfFoldScores, AreOfTheMemberThatLeftARowOutAndOfAllWhereNoneDid) {
  const models::NoAutograd no_autograd;
  const data::Dataset people = generated_people(7);
  models::ModelParams params;
  params.kind = "linear";
  const auto learner = models::make_learner(params, people.encoded, {1, 2, 3}, at::kCPU, models::Precision::fp32, 3,
                                            data::Task::classes);
  const models::EncodedTensors encoded = models::to_tensors(people.encoded, at::kCPU);
  models::OutputMeaning meaning;
  meaning.task = data::Task::classes;
  at::Tensor logits = at::empty({3, 7, 3});
  learner->score(encoded, 0, {}, logits);
  const at::Tensor p = logits.to(at::kDouble).softmax(-1), mean = p.mean(0);
  const std::vector<std::vector<std::int64_t>> folds = {{3, 0}, {}, {1, 4, 6}};
  const std::vector<double> scores = out_of_fold_scores(encoded, *learner, meaning, folds);
  ASSERT_EQ(scores.size(), 21u);
  const std::vector<int> left_out_by = {0, 2, -1, 0, 2, -1, 2};
  for (std::size_t row = 0; row < 7; ++row) {
    const auto place = static_cast<std::int64_t>(row);
    const at::Tensor expected = left_out_by[row] < 0 ? mean[place] : p[left_out_by[row]][place];
    for (std::int64_t output = 0; output < 3; ++output)
      EXPECT_NEAR(scores[row * 3 + static_cast<std::size_t>(output)], expected[output].item<double>(), 1e-6) << row;
  }
  EXPECT_GT((p[0] - mean).abs().max().item<double>(), 1e-3) << "members differ";
  EXPECT_THROW(out_of_fold_scores(encoded, *learner, meaning, {{0}, {1}}), std::logic_error);
}

}  // namespace out_of_fold_scores_test
}  // namespace equipoise::training
