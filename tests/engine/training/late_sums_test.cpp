// Prices by the batch before: what they are, and that ranks, and a run that was cut off, come to the same.
#include "engine/training/late_sums.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "tests/engine/distributed/ranks_in_threads.h"
#include "tests/engine/training/gradient_check.h"
#include "tests/engine/training/step_sample.h"

namespace equipoise::training {
namespace late_sums_test {

constexpr double kAveraging = 0.5, kRate = 2, kMultiplier = 3;

// Soft positives among those who are positive and those who are not: what precision is made of, whose derivatives move with the scores.
struct SoftPositives {
  double of_positives = 0, of_negatives = 0, loss = 0;
};

// Steps of descent over all training rows, so that a batch's sums are known from the weights alone.
class WholeBatches {
 public:
  explicit WholeBatches(const std::string& priced_by) {
    constraints::ConstraintParams precision;
    precision.kind = "bound";
    precision.rate = "ppv";
    precision.at_least = 0.9;
    core::Journal journal;
    table_ = constraints::compile({precision}, people_, 30, {}, journal);
    data_ = std::make_unique<DeviceData>(to_device(people_, table_.cells, 1, 3, at::kCPU));
    learner_ = linear_model(*data_);
    bias_ = static_cast<std::size_t>(learner_->parameters().back().value.storage_offset());
    TrainingParams training = small_config().training;
    training.batch_size = data_->train.count;
    training.schedule = "constant";
    training.optimizer.kind = "sgd";
    training.optimizer.momentum = training.optimizer.weight_decay = training.optimizer.clip_norm = 0;
    constraints::MultiplierParams multipliers;
    multipliers.averaging = kAveraging;
    multipliers.priced_by = priced_by;
    step_ = std::make_unique<TrainingStep>(*data_, table_, multipliers, training, std::vector<double>{kRate}, 10, 7,
                                           *learner_);
    step_->set_multipliers(0, {kMultiplier});
  }

  at::Tensor weights() const { return learner_->flat_parameters().squeeze(0).clone(); }

  // The gradient by which the next step moves the weights.
  at::Tensor next_gradient() {
    const models::NoAutograd no_autograd;
    const at::Tensor before = weights();
    step_->run();
    return (before - weights()) / kRate;
  }

  // In double, at any weights: two of the encoder's four components are x and noise, the others flags that nobody has.
  SoftPositives sums_at(const at::Tensor& weights) const {
    const std::vector<double> w = to_doubles(weights);
    SoftPositives sums;
    for (std::int64_t row = 0; row < people_.rows(); ++row) {
      const auto at = static_cast<std::size_t>(row);
      if (people_.splits[at] != data::Split::train) continue;
      const double z = w[0] * people_.encoded.values[2 * at] + w[2] * people_.encoded.values[2 * at + 1] + w[bias_];
      const double score = 1 / (1 + std::exp(-z));
      (people_.labels[at] == 1 ? sums.of_positives : sums.of_negatives) += score;
      sums.loss -= std::log(people_.labels[at] == 1 ? score : 1 - score) / static_cast<double>(data_->train.count);
    }
    return sums;
  }

  // Central differences of the mean loss and of the multiplier times the precision that these sums would linearise.
  std::vector<double> expected_gradient(const at::Tensor& weights, const SoftPositives& priced_by) const {
    const double all = priced_by.of_positives + priced_by.of_negatives;
    const auto value = [&](const at::Tensor& at) {
      const SoftPositives sums = sums_at(at);
      return sums.loss - kMultiplier *
                             (priced_by.of_negatives * sums.of_positives - priced_by.of_positives * sums.of_negatives) /
                             (all * all);
    };
    std::vector<double> gradient;
    for (std::int64_t p = 0; p < weights.numel(); ++p) {
      const at::Tensor above = weights.to(at::kDouble), below = above.clone();
      above[p].add_(1e-5);
      below[p].sub_(1e-5);
      gradient.push_back((value(above) - value(below)) / 2e-5);
    }
    return gradient;
  }

 private:
  static std::vector<double> to_doubles(const at::Tensor& tensor) {
    const at::Tensor all = tensor.to(at::kDouble).contiguous();
    return {all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel()};
  }

  data::Dataset people_ = generated_people(1500);
  constraints::ConstraintTable table_;
  std::unique_ptr<DeviceData> data_;
  std::unique_ptr<models::Learner> learner_;
  std::size_t bias_ = 0;  // its place in the flat parameters
  std::unique_ptr<TrainingStep> step_;
};

void expect_near(const at::Tensor& gradient, const std::vector<double>& expected, const char* what) {
  ASSERT_EQ(gradient.numel(), static_cast<std::int64_t>(expected.size()));
  for (std::int64_t p = 0; p < gradient.numel(); ++p)
    EXPECT_NEAR(gradient[p].item<double>(), expected[static_cast<std::size_t>(p)], 2e-5) << what << ", parameter " << p;
}

TEST(LateSums, PriceTheBatchAfterTheirs) {
  WholeBatches late("batch_before");
  // The first has none before it; the average of the second is of the first twice, and that of the third of it twice and of the second.
  const at::Tensor first = late.weights();
  const SoftPositives of_first = late.sums_at(first);
  expect_near(late.next_gradient(), late.expected_gradient(first, of_first), "first step");
  const at::Tensor second = late.weights();
  const SoftPositives of_second = late.sums_at(second);
  expect_near(late.next_gradient(), late.expected_gradient(second, of_first), "second step");
  const at::Tensor third = late.weights();
  const double newest = 1 - kAveraging, all = 1 - std::pow(kAveraging, 3), share = newest / all;
  const SoftPositives averaged{share * of_second.of_positives + (1 - share) * of_first.of_positives,
                               share * of_second.of_negatives + (1 - share) * of_first.of_negatives};
  expect_near(late.next_gradient(), late.expected_gradient(third, averaged), "third step");
  // By its own sums the second step would have been another.
  const std::vector<double> own = late.expected_gradient(second, of_second),
                            before = late.expected_gradient(second, of_first);
  EXPECT_GT(std::abs(own[0] - before[0]), 1e-3);
}

TEST(LateSums, OfThisBatchAreTheDefault) {
  WholeBatches now("this_batch");
  now.next_gradient();
  const at::Tensor second = now.weights();
  const double share = (1 - kAveraging) / (1 - std::pow(kAveraging, 2));
  WholeBatches start("this_batch");
  const SoftPositives of_first = start.sums_at(start.weights()), of_second = now.sums_at(second);
  const SoftPositives averaged{share * of_second.of_positives + (1 - share) * of_first.of_positives,
                               share * of_second.of_negatives + (1 - share) * of_first.of_negatives};
  expect_near(now.next_gradient(), now.expected_gradient(second, averaged), "second step");
}

// Where no multiplier asks for anything all that is left is the mean loss, of the rows of this batch and by their weights.
TEST(LateSums, LeaveTheMeanLossToThisBatch) {
  StepCase weighted{"mlp", "sgd", 1, 1, true}, folded{"linear", "sgd", 2, 3, true}, plain_folds{"mlp", "adamw", 1, 3};
  for (const StepCase& wanted : {weighted, folded, plain_folds, with_recipes(weighted, {"balance", "reweigh", "smote"}),
                                 with_recipes(folded, {"jitter", "copula", "mixup"})}) {
    std::vector<at::Tensor> moved;
    for (const bool is_late : {false, true}) {
      StepSample sample(is_late ? priced_late(wanted) : wanted, at::kCPU);
      if (sample.data().weights) {
        at::Tensor& weights = *sample.data().weights;  // a few rows weigh a thousand times what others do
        for (std::int64_t i = 0; i < weights.size(0); i += 40) weights[i].fill_(500);
      }
      sample.set_multipliers(0);
      const at::Tensor before = sample.weights();
      sample.run(12);
      moved.push_back(sample.weights() - before);
    }
    const double largest = moved[0].abs().max().item<double>();
    EXPECT_GT(largest, 1e-4) << wanted;
    EXPECT_LT((moved[0] - moved[1]).abs().max().item<double>(), 1e-3 * largest) << wanted;
  }
}

TEST(LateSums, MakeOneTrajectoryForAnyNumberOfRanks) {
  for (const StepCase& wanted : {priced_late({"mlp", "adamw", 2}), priced_late({"mlp", "sgd", 2, 3, true}),
                                 priced_late(with_recipes({"mlp", "adamw"}, {"balance", "smote", "mixup"}))}) {
    StepSample alone(wanted, at::kCPU);
    alone.run(12);
    const double largest = alone.weights().abs().max().item<double>();
    for (const std::int64_t size : {2, 4}) {
      std::vector<at::Tensor> weights(static_cast<std::size_t>(size));
      const std::vector<std::string> thrown = distributed::run_ranks(size, [&](const distributed::Ranks& ranks) {
        StepSample sample(wanted, at::kCPU, ranks);
        sample.run(12);
        weights[static_cast<std::size_t>(ranks.rank())] = sample.weights();
      });
      for (const std::string& message : thrown) ASSERT_EQ(message, "") << wanted;
      for (const at::Tensor& of_rank : weights) EXPECT_TRUE(at::equal(of_rank, weights.front())) << wanted;
      EXPECT_LT((weights.front() - alone.weights()).abs().max().item<double>(), 1e-5 * largest) << wanted;
    }
  }
}

TEST(LateSums, TellOfASignalWithTheGradient) {
  const std::vector<std::string> thrown = distributed::run_ranks(2, [&](const distributed::Ranks& ranks) {
    StepSample sample(priced_late({}), at::kCPU, ranks);
    sample.run(2);
    EXPECT_FALSE(sample.step().is_asked_to_stop());
    if (!ranks.is_first()) sample.step().ask_to_stop();
    sample.run(1);
    EXPECT_TRUE(sample.step().is_asked_to_stop()) << "rank " << ranks.rank();
  });
  for (const std::string& message : thrown) EXPECT_EQ(message, "");
}

TEST(LateSums, AreInACheckpoint) {
  const StepCase wanted = priced_late({"mlp", "adamw", 1, 3});
  StepSample whole(wanted, at::kCPU), first(wanted, at::kCPU), then(wanted, at::kCPU);
  whole.run(10);
  first.run(4);
  checkpoint::State state;
  first.step().walk(checkpoint::StateWalk::saving_into(state));
  EXPECT_TRUE(state.tensors.contains("late_sums.sums"));
  then.step().walk(checkpoint::StateWalk::restoring_from(state, "test"));
  then.learner().flat_parameters().copy_(first.learner().flat_parameters());
  then.run(6);
  EXPECT_TRUE(at::equal(then.weights(), whole.weights()));
}

// --allow-change multipliers.priced_by: the first batch after it is priced by its own sums, as a run's first is.
TEST(LateSums, NeedNoneOfARunThatHadNone) {
  StepCase wanted{"mlp", "adamw", 1, 3};
  StepSample now(wanted, at::kCPU), late(priced_late(wanted), at::kCPU);
  now.run(4);
  checkpoint::State state;
  now.step().walk(checkpoint::StateWalk::saving_into(state));
  late.step().walk(checkpoint::StateWalk::restoring_from(state, "test"));
  late.learner().flat_parameters().copy_(now.learner().flat_parameters());
  now.run(1);
  late.run(1);
  EXPECT_LT((now.weights() - late.weights()).abs().max().item<double>(), 1e-6);
  late.run(3);
  checkpoint::State late_state;
  late.step().walk(checkpoint::StateWalk::saving_into(late_state));
  EXPECT_NO_THROW(now.step().walk(checkpoint::StateWalk::restoring_from(late_state, "test")));
}

}  // namespace late_sums_test
}  // namespace equipoise::training
