#include "engine/training/step.h"

#include <ATen/Functions.h>
#include <c10/core/CPUAllocator.h>
#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <string>

#include "tests/engine/training/step_sample.h"

namespace equipoise::training {
namespace step_test {

/// Counts what all threads take of LibTorch's host memory while it lives.
class AllocationCount final : public c10::Allocator {
 public:
  AllocationCount() : beneath_(c10::GetCPUAllocator()) { c10::SetCPUAllocator(this); }
  ~AllocationCount() override { c10::SetCPUAllocator(beneath_); }

  c10::DataPtr allocate(std::size_t bytes) override {
    ++count_;
    return beneath_->allocate(bytes);
  }
  c10::DeleterFnPtr raw_deleter() const override { return beneath_->raw_deleter(); }
  void copy_data(void* to, const void* from, std::size_t bytes) const override { default_copy_data(to, from, bytes); }

  int count() const { return count_; }

 private:
  c10::Allocator* beneath_;
  std::atomic<int> count_{0};
};

TEST(AllocationCount, SeesATensorBeingMade) {
  const AllocationCount allocations;
  const at::Tensor tensor = at::empty({3});
  EXPECT_EQ(allocations.count(), 1);
}

// Cross-fitted rows lie fold by fold: the row that is named is the one of the data set.
TEST(TrainingStep, NamesTheRowOfTheDataThatLeftTheFiniteNumbers) {
  StepCase wanted{"linear", "adamw", 1, 3};
  wanted.steps = 40;  // three epochs: every row is drawn
  StepSample sample(wanted, at::kCPU);
  constexpr std::int64_t kRow = 700;  // on the device
  const float x = sample.data().encoded.values[kRow][0].item<float>();
  const auto& values = sample.people().encoded.values;
  std::size_t place = 0;
  while (values[2 * place] != x) ++place;
  ASSERT_NE(place, static_cast<std::size_t>(kRow));
  sample.data().encoded.values[kRow].fill_(std::numeric_limits<float>::quiet_NaN());
  std::string failure;
  for (int step = 0; step < wanted.steps && failure.find("logits") == std::string::npos; ++step) {
    sample.run(1);
    failure = sample.step().failure_of(0);
  }
  EXPECT_NE(failure.find("of the batch, row " + std::to_string(place) + " of the data, counted from 0)"),
            std::string::npos)
      << failure;
}

// Of the right sign its loss and slope are 0: nothing else of the step shows it.
TEST(TrainingStep, StopsWhereALogitIsInfinite) {
  for (const float logit : {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()}) {
    StepSample sample({"linear", "sgd"}, at::kCPU);
    sample.run(1);
    ASSERT_EQ(sample.step().alive(), std::vector<bool>{true});
    at::Tensor bias = sample.learner().parameters().back().value;
    ASSERT_EQ(bias.numel(), 1);
    bias.fill_(logit);
    sample.run(1);
    EXPECT_EQ(sample.step().alive(), std::vector<bool>{false}) << logit;
    EXPECT_NE(sample.step().failure_of(0).find("the logits left the finite numbers (row 0"), std::string::npos);
  }
}

class EveryStep : public testing::TestWithParam<StepCase> {};

TEST_P(EveryStep, TakesNoTensorMemoryAfterWarmUp) {
  StepSample sample(GetParam(), at::kCPU);
  sample.run(3);
  const at::Tensor before = sample.weights();
  const AllocationCount allocations;
  sample.run(5);
  const int count = allocations.count();
  EXPECT_EQ(count, 0);
  EXPECT_FALSE(at::equal(sample.weights(), before)) << "the steps did nothing";
}

INSTANTIATE_TEST_SUITE_P(Cases, EveryStep, testing::ValuesIn(step_cases()));

// SGD without momentum and decay moves by rate times gradient, so that two steps from the same weights show their rates.
TEST(TrainingStep, ScalesTheLearningRateByTheScheduleOfItsOwnStep) {
  StepCase wanted{"mlp", "sgd"};
  wanted.momentum = wanted.weight_decay = 0;
  wanted.steps = 3;
  StepSample cosine(wanted, at::kCPU);
  wanted.schedule = "constant";
  StepSample constant(wanted, at::kCPU);
  cosine.run(1);
  constant.run(1);
  const at::Tensor start = constant.weights();
  ASSERT_TRUE(at::equal(cosine.weights(), start)) << "the cosine begins at 1";
  cosine.run(1);
  constant.run(1);
  // Half of 1 + cos(pi / 3).
  const at::Tensor expected = at::mul(at::sub(constant.weights(), start), 0.75);
  EXPECT_TRUE(at::allclose(at::sub(cosine.weights(), start), expected, 1e-3, 1e-7));
  EXPECT_GT(at::abs(expected).max().item<float>(), 1e-4);
}

TEST(TrainingStep, RefusesToBeCapturedWhereThereIsNoGpu) {
  StepSample sample({}, at::kCPU);
  sample.run(3);
  const std::string why = sample.step().capture();
  EXPECT_NE(why, "");
  const at::Tensor before = sample.weights();
  sample.run(1);
  EXPECT_FALSE(at::equal(sample.weights(), before)) << "steps go on without the graph";
}

}  // namespace step_test
}  // namespace equipoise::training
