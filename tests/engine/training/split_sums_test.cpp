#include "engine/training/split_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "engine/models/no_autograd.h"
#include "tests/engine/distributed/ranks_in_threads.h"
#include "tests/engine/training/step_sample.h"

namespace equipoise::training {
namespace split_sums_test {

using constraints::kColumns;

// Row by row in double: the mean score of the members that decide, its loss and its decision.
std::vector<double> sums_by_row(const StepSample& sample, const at::Tensor& logits, const DeviceData::Range& range,
                                const std::vector<std::int64_t>& members) {
  const DeviceData& data = sample.data();
  std::vector<double> sums(static_cast<std::size_t>(data.cell_labels.size(0) * kColumns), 0.0);
  for (std::int64_t row = range.first; row < range.first + range.count; ++row) {
    double score = 0;
    for (const std::int64_t member : members)
      score += 1 / (1 + std::exp(-logits[member][row].item<double>())) / static_cast<double>(members.size());
    const auto cell = data.cells[row].item<std::int64_t>();
    const double weight = data.weights ? (*data.weights)[row].item<double>() : 1;
    const bool label = data.cell_labels[cell].item<int>() != 0;
    double* own = sums.data() + cell * kColumns;
    own[constraints::kWeight] += weight;
    own[constraints::kLoss] -= weight * std::log(label ? score : 1 - score);
    own[constraints::kSoft] += weight * score;
    own[constraints::kHard] += score > 0.5 ? weight : 0;
  }
  return sums;
}

void expect_near(const std::vector<double>& found, const std::vector<double>& expected, const char* split) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    EXPECT_NEAR(found[i], expected[i], 1e-5 * (1 + std::abs(expected[i]))) << split << ", number " << i;
}

// The same for the sums of squares over the selection rows.
void expect_spread(const evaluation::SquareWeights& found, const StepSample& sample, const at::Tensor& logits,
                   const std::vector<std::int64_t>& members) {
  const DeviceData& data = sample.data();
  const auto cells = static_cast<std::size_t>(data.cell_labels.size(0));
  evaluation::SquareWeights expected;
  for (auto* sums : {&expected.all, &expected.selected, &expected.loss, &expected.loss_square})
    sums->assign(cells, 0.0);
  for (std::int64_t row = data.selection.first; row < data.selection.first + data.selection.count; ++row) {
    const std::vector<double> own = sums_by_row(sample, logits, {row, 1}, members);
    for (std::size_t c = 0; c < cells; ++c) {
      const double weight = own[c * kColumns + constraints::kWeight], loss = own[c * kColumns + constraints::kLoss];
      expected.all[c] += weight * weight;
      expected.selected[c] += weight * own[c * kColumns + constraints::kHard];
      expected.loss[c] += weight * loss;
      expected.loss_square[c] += loss * loss;
    }
  }
  expect_near(found.loss, expected.loss, "squared weights times losses");
  expect_near(found.loss_square, expected.loss_square, "squared weights times squared losses");
  EXPECT_EQ(found.all.empty(), !data.weights.has_value());
  if (!data.weights) return;
  expect_near(found.all, expected.all, "squared weights");
  expect_near(found.selected, expected.selected, "squared weights of the selected");
}

// People of each group and their decisions are whole numbers, whoever counts them.
TEST(SplitSums, OfAnyNumberOfRanksAreTheSameCounts) {
  const models::NoAutograd no_autograd;
  StepSample sample({"mlp", "adamw", 1, 3}, at::kCPU);
  sample.run(5);
  SplitSums whole(sample.data(), true, true, 1.0, sample.learner());
  whole.run();
  const RunState::Sums expected = whole.read().front();
  for (const std::int64_t size : {2, 3, 4}) {
    const std::vector<std::string> thrown = distributed::run_ranks(size, [&](const distributed::Ranks& ranks) {
      const models::NoAutograd none;
      StepSample own({"mlp", "adamw", 1, 3}, at::kCPU);
      own.learner().flat_parameters().copy_(sample.learner().flat_parameters());
      SplitSums sums(own.data(), true, true, 1.0, own.learner(), {}, ranks);
      sums.run();
      sums.run();
      const RunState::Sums found = sums.read().front();
      for (const auto member : {&RunState::Sums::train, &RunState::Sums::selection, &RunState::Sums::holdout})
        for (std::size_t i = 0; i < (expected.*member).size(); ++i) {
          const std::size_t column = i % kColumns;
          if (column == constraints::kWeight || column == constraints::kHard)
            EXPECT_EQ((found.*member)[i], (expected.*member)[i]) << ranks.size() << " ranks, number " << i;
          else
            EXPECT_NEAR((found.*member)[i], (expected.*member)[i], 1e-6 * (1 + std::abs((expected.*member)[i])));
        }
      expect_near(found.spread.loss, expected.spread.loss, "losses");
    });
    for (const std::string& one : thrown) EXPECT_EQ(one, "");
  }
}

class EverySplit : public testing::TestWithParam<StepCase> {};

TEST_P(EverySplit, HasTheSumsOfItsRows) {
  const models::NoAutograd no_autograd;
  StepSample sample(GetParam(), at::kCPU);
  sample.run(5);
  const DeviceData& data = sample.data();
  SplitSums sums(data, true, true, 1.0, sample.learner());
  sums.run();
  sums.run();  // the second adds nothing to the first
  at::Tensor logits = at::empty({sample.learner().members(), data.cells.size(0)});
  sample.learner().score(data.encoded, 0, {}, logits);
  const std::vector<RunState::Sums> found = sums.read();
  ASSERT_EQ(static_cast<std::int64_t>(found.size()), GetParam().runs);
  for (std::int64_t run = 0; run < GetParam().runs; ++run) {
    const std::int64_t folds = GetParam().folds;
    std::vector<double> train(found.front().train.size(), 0.0);
    std::vector<std::int64_t> all;
    for (std::int64_t fold = 0; fold < folds; ++fold) {
      all.push_back(run * folds + fold);
      const auto part = sums_by_row(sample, logits, data.folds[static_cast<std::size_t>(fold)], {run * folds + fold});
      for (std::size_t i = 0; i < part.size(); ++i) train[i] += part[i];
    }
    const RunState::Sums& own = found[static_cast<std::size_t>(run)];
    expect_near(own.train, train, "train");
    expect_near(own.selection, sums_by_row(sample, logits, data.selection, all), "selection");
    expect_near(own.holdout, sums_by_row(sample, logits, data.holdout, all), "holdout");
    expect_spread(own.spread, sample, logits, all);
  }

  sums.run(false);
  const std::vector<RunState::Sums> without = sums.read();
  for (std::size_t run = 0; run < without.size(); ++run) {
    EXPECT_EQ(without[run].train, found[run].train);
    EXPECT_EQ(without[run].holdout, found[run].holdout);
    EXPECT_TRUE(without[run].selection.empty());
    EXPECT_TRUE(without[run].spread.loss.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, EverySplit,
                         testing::Values(StepCase{"mlp", "adamw"}, StepCase{"linear", "sgd", 3, 1, true},
                                         StepCase{"mlp", "adamw", 2, 3, true}));

// A mean score that rounds to 1 has an infinite logit; one row with the other label would make every loss infinite.
TEST(SplitSums, AMeanOfCertainMembersHasAFiniteLoss) {
  const models::NoAutograd no_autograd;
  StepSample sample({"linear", "adamw", 1, 3}, at::kCPU);
  at::Tensor& parameters = sample.learner().flat_parameters();
  parameters.copy_(parameters.narrow(0, 0, 1).mul(1e6));
  SplitSums sums(sample.data(), false, false, 1.0, sample.learner());
  sums.run();
  const std::vector<double> found = sums.read().front().selection;
  double loss = 0;
  for (std::size_t cell = 0; cell < found.size(); cell += kColumns) loss += found[cell + constraints::kLoss];
  EXPECT_GT(loss, 30) << "a row whose label all members are sure of is wrong";
  EXPECT_TRUE(std::isfinite(loss));
}

}  // namespace split_sums_test
}  // namespace equipoise::training
