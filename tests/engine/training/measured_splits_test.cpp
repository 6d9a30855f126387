#include "engine/training/measured_splits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace measured_splits_test {

using testing::HasSubstr;

class Listening : public core::Journal {
 public:
  void say(std::string_view sentence) override { said += sentence; }
  std::string said;
};

constexpr TrainingWork kShort{1, 10}, kLong{1, 3};  // for five folds

MeasuredSplits chosen(const data::Dataset& people, const std::string& measure_on, Listening& journal,
                      const TrainingWork& work = kLong) {
  constraints::ConstraintParams wanted;
  wanted.kind = "equal_opportunity";
  wanted.group = {"sex"};
  constraints::MultiplierParams params;
  params.measure_on = measure_on;
  const config::Origin origin;
  const auto table = constraints::compile({wanted}, people, params.min_rows, origin, journal);
  return choose_measured_splits(params, table, people, work, origin, journal);
}

TEST(MeasuredSplits, AutoCrossFitsWhileThatIsShort) {
  Listening journal;
  EXPECT_EQ(chosen(generated_people(2000), "auto", journal, {1, 5}), MeasuredSplits::cross_fitted);
  EXPECT_THAT(journal.said,
              HasSubstr("each training row is measured by the one of 5 models that does not learn from it"));
  EXPECT_EQ(chosen(generated_people(2000), "auto", journal, {1, 4.9}), MeasuredSplits::train);
  EXPECT_THAT(journal.said, HasSubstr("too long for auto to choose; multipliers.measure_on: cross_fitted does it"));
  EXPECT_EQ(chosen(generated_people(20000, true), "auto", journal, kShort), MeasuredSplits::train)
      << "rows that are set aside are not left unused";
  EXPECT_EQ(chosen(generated_people(2000), "train", journal, kShort), MeasuredSplits::train);
}

// 3 x (2 features x 4 units + 4 x 1) multiply-adds for each of 100 rows, 5 times.
TEST(MeasuredSplits, TheWorkIsThatOfAllEpochs) {
  RunConfig config;
  config.model.hidden = {4};
  config.training.epochs = 5;
  data::EncodedRows two_features;
  two_features.features.resize(2);
  const TrainingWork work = training_work(config, two_features, 100, at::kCPU);
  EXPECT_EQ(work.once, 3 * 12 * 100 * 5);
  EXPECT_LT(work.limit, training_work(config, two_features, 100, at::Device(at::kCUDA, 0)).limit);
  RunConfig trees = config;
  trees.model.kind = "boosted_trees";
  EXPECT_EQ(work.limit, training_work(trees, two_features, 100, at::Device(at::kCUDA, 0)).limit);
  config.model.kind = "linear";
  EXPECT_EQ(training_work(config, two_features, 100, at::kCPU).once, 3 * 2 * 100 * 5);
}

TEST(MeasuredSplits, AutoTakesTrainingRowsWhileEveryGroupIsLarge) {
  Listening journal;
  EXPECT_EQ(chosen(generated_people(20000, true), "auto", journal), MeasuredSplits::train);
  EXPECT_THAT(journal.said, HasSubstr("from 500 on, auto takes the training split"));
}

TEST(MeasuredSplits, AutoAddsTheHoldoutWhereAGroupIsSmall) {
  Listening journal;
  // Positive women: about 0.4 * 0.25 of the rows, so some 70 of 1,200 training rows and 40 of 400 holdout rows.
  EXPECT_EQ(chosen(generated_people(2000, true), "auto", journal), MeasuredSplits::both);
  EXPECT_EQ(chosen(generated_people(7000, true), "auto", journal), MeasuredSplits::holdout);
  EXPECT_EQ(chosen(generated_people(2000, false), "auto", journal), MeasuredSplits::train);
  EXPECT_THAT(journal.said, HasSubstr("there is no holdout split"));
}

TEST(MeasuredSplits, RefusesAHoldoutThatIsNotThere) {
  Listening journal;
  try {
    chosen(generated_people(2000, false), "holdout", journal);
    ADD_FAILURE() << "nothing was thrown";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("there is no holdout split; set data.split.holdout"));
  }
}

}  // namespace measured_splits_test
}  // namespace equipoise::training
