#include "engine/training/settling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::training {
namespace settling_test {

using testing::HasSubstr;

std::vector<constraints::Promise> promise_of(double tolerance) {
  constraints::Promise promise;
  promise.grouping = "sex";
  promise.rate = "selection_rate";
  promise.form = "max_min";
  promise.tolerance = tolerance;
  return {promise};
}

// Twenty measurements whose last two have these gaps and largest multipliers.
std::vector<evaluation::Measurement> ended_with(double gap_before, double multiplier_before, double gap_after,
                                                double multiplier_after) {
  std::vector<evaluation::Measurement> all(20);
  for (auto& m : all) {
    m.training_gaps = {0.3};
    m.multipliers = {0.0, 0.01};
  }
  all[18].training_gaps = {gap_before};
  all[18].multipliers = {0.0, multiplier_before};
  all[19].training_gaps = {gap_after};
  all[19].multipliers = {0.0, multiplier_after};
  return all;
}

TEST(Settling, IsMissedWhereAGapStaysFarOutsideAndMultipliersRise) {
  EXPECT_THAT(unsettled(ended_with(0.14, 0.304, 0.13, 0.339), promise_of(0.05)),
              HasSubstr("the largest rose from 0.304 to 0.339, and the SR gap by sex stayed at 0.130 or more"));
}

TEST(Settling, AFloorIsSpokenOfAsTheRate) {
  std::vector<constraints::Promise> promises = promise_of(0.25);  // at least .75
  promises[0].form = "at_least";
  EXPECT_THAT(unsettled(ended_with(0.5, 0.304, 0.45, 0.339), promises),
              HasSubstr("the smallest SR by sex stayed at 0.550 or less, where 0.750 is allowed"));
}

TEST(Settling, IsThereOtherwise) {
  EXPECT_EQ(unsettled(ended_with(0.14, 0.304, 0.07, 0.339), promise_of(0.05)), "");  // came near
  EXPECT_EQ(unsettled(ended_with(0.14, 0.339, 0.13, 0.304), promise_of(0.05)), "");  // multipliers fall
  EXPECT_EQ(unsettled(ended_with(0.14, 0.304, 0.13, 0.339), {}), "");
  EXPECT_EQ(unsettled({}, promise_of(0.05)), "");
  std::vector<evaluation::Measurement> undefined = ended_with(0.14, 0.304, 0.13, 0.339);
  undefined[19].training_gaps = {std::nullopt};
  EXPECT_EQ(unsettled(undefined, promise_of(0.05)), "");
}

// Measurements whose gap and first multiplier are these functions of their place.
std::vector<evaluation::Measurement> moving(int count, double (*gap)(int), double (*multiplier)(int)) {
  std::vector<evaluation::Measurement> all(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    all[static_cast<std::size_t>(i)].training_gaps = {gap(i)};
    all[static_cast<std::size_t>(i)].multipliers = {multiplier(i), 0.0};
  }
  return all;
}

double still(int) {
  return 0.02;
}

TEST(Swings, AreHalfTheRangeAndTheTurnsOfTheLastTenth) {
  // Of 50 the last five count: gaps .10 .14 .14 .12 .18 rise, rest, fall, rise: two turns, and (.18 - .10) / 2.
  std::vector<evaluation::Measurement> all = moving(50, still, [](int i) { return i < 45 ? 5.0 : 0.1 * i; });
  const double last[] = {0.10, 0.14, 0.14, 0.12, 0.18};
  for (std::size_t i = 0; i < 5; ++i) all[45 + i].training_gaps = {last[i]};
  const Swings swings = last_swings(all);
  EXPECT_EQ(swings.measures, 5);
  ASSERT_EQ(swings.gaps.size(), 1u);
  EXPECT_NEAR(swings.gaps[0].amplitude, 0.04, 1e-15);
  EXPECT_EQ(swings.gaps[0].turns, 2);
  ASSERT_EQ(swings.multipliers.size(), 2u);
  EXPECT_NEAR(swings.multipliers[0].amplitude, 0.2, 1e-12) << "a rise is a swing without a turn";
  EXPECT_EQ(swings.multipliers[0].turns, 0);
  EXPECT_EQ(swings.multipliers[1].amplitude, 0);
  all[47].training_gaps = {std::nullopt};
  EXPECT_EQ(last_swings(all).gaps[0].turns, 2) << "what could not be measured is passed over";
}

TEST(Swings, OfNothingAreNone) {
  EXPECT_EQ(last_swings({}).measures, 0);
  EXPECT_EQ(last_swings(std::vector<evaluation::Measurement>(1)).measures, 0);
  const Swings unconstrained = last_swings(std::vector<evaluation::Measurement>(30));
  EXPECT_EQ(unconstrained.measures, 3);
  EXPECT_TRUE(unconstrained.gaps.empty());
}

TEST(StillSwinging, NamesAGapThatKeepsItsRhythm) {
  const auto swing = [](int i) { return 0.05 + 0.03 * std::sin(i); };
  EXPECT_THAT(still_swinging(moving(100, swing, still), promise_of(0.05)),
              HasSubstr("The SR gap by sex still swung when training ended: over its last 10 measures by 0.030 to "
                        "either side with 2 turns, where 0.050 is allowed"));
}

TEST(Settling, TheWaysOutAreWordsOfTheLearnersOwnConfig) {
  const std::vector<evaluation::Measurement> rising = ended_with(0.14, 0.304, 0.13, 0.339);
  EXPECT_THAT(unsettled(rising, promise_of(0.05), settling_words(false)), HasSubstr("More training.epochs or"));
  EXPECT_THAT(unsettled(rising, promise_of(0.05), settling_words(true)), HasSubstr("More model.trees.rounds or"));
  EXPECT_EQ(settling_words(false).rate, "training.optimizer.learning_rate");
  EXPECT_EQ(settling_words(true).rate, "model.trees.learning_rate");
  const std::vector<evaluation::Measurement> swinging = moving(
      100, [](int i) { return 0.05 + 0.03 * std::sin(i); }, still);
  EXPECT_THAT(still_swinging(swinging, promise_of(0.05), settling_words(false)),
              HasSubstr("(nupi) or training.schedule: cosine may steady it."));
  EXPECT_THAT(still_swinging(swinging, promise_of(0.05), settling_words(true)),
              HasSubstr("(nupi) or a smaller model.trees.learning_rate may steady it."));
}

TEST(StillSwinging, SaysNothingOfWhatRestsOrDiesOutOrDrifts) {
  const auto small = [](int i) { return 0.05 + 0.02 * std::sin(i); };
  const auto dying = [](int i) { return 0.05 + 0.06 * std::sin(i) * std::exp(-(i - 80) / 12.0); };
  const auto drifting = [](int i) { return 0.05 + 0.01 * i; };
  const auto late = [](int i) { return i < 90 ? 0.05 : 0.05 + 0.03 * std::sin(i); };
  EXPECT_EQ(still_swinging(moving(100, small, still), promise_of(0.05)), "");
  EXPECT_EQ(still_swinging(moving(100, dying, still), promise_of(0.05)), "");
  EXPECT_EQ(still_swinging(moving(100, drifting, still), promise_of(0.05)), "");
  EXPECT_EQ(still_swinging(moving(100, late, still), promise_of(0.05)), "");
  EXPECT_EQ(still_swinging({}, promise_of(0.05)), "");
  EXPECT_EQ(still_swinging(moving(100, still, still), {}), "");
}

TEST(OneAnswer, IsRightAsOftenAsTheMoreFrequentLabelWeighsInTraining) {
  data::Dataset dataset = constraints::handmade_dataset({{"Female", "White", 1, data::Split::train, 2, 4.0f},
                                                         {"Male", "White", 0, data::Split::train, 4},
                                                         {"Male", "White", 0, data::Split::test, 90}});
  EXPECT_DOUBLE_EQ(accuracy_of_one_answer(dataset), 8.0 / 12);
  dataset.task = data::Task::classes;
  EXPECT_TRUE(std::isnan(accuracy_of_one_answer(dataset)));
}

TEST(OneAnswer, IsSaidToBeBetterWhereTheModelIsRightLessOften) {
  std::vector<evaluation::Measurement> measurements(3);
  measurements.back().training_accuracy = 0.6;
  measurements.back().multipliers = {0, 0.5};
  EXPECT_THAT(
      worse_than_one_answer(measurements, promise_of(0.05), 0.66),
      HasSubstr("ended with 60.0 % right answers, where giving everybody the more frequent one is right 66.0 %"));
  EXPECT_EQ(worse_than_one_answer(measurements, promise_of(0.05), 0.59), "");
  EXPECT_EQ(worse_than_one_answer(measurements, promise_of(0.05), std::nan("")), "") << "several classes";
  EXPECT_EQ(worse_than_one_answer({}, promise_of(0.05), 0.66), "");
  EXPECT_EQ(worse_than_one_answer(measurements, {}, 0.66), "") << "nothing was asked for";
  std::vector<constraints::Promise> promises = promise_of(0.05);
  promises[0].rate = "ppv";
  EXPECT_EQ(worse_than_one_answer(measurements, promises, 0.66), "") << "one answer has no precision";
  promises[0].rate = "tpr";
  promises[0].form = "at_least";
  EXPECT_EQ(worse_than_one_answer(measurements, promises, 0.66), "") << "one answer may be below a floor";
  measurements.back().multipliers = {0, 0};
  EXPECT_EQ(worse_than_one_answer(measurements, promise_of(0.05), 0.66), "") << "no constraint has cost anything";
}

// Measures with these losses and upper bounds on selection rows, and training losses that fall.
std::vector<evaluation::Measurement> measured_on_selection(const std::vector<double>& losses,
                                                           const std::vector<double>& bounds) {
  std::vector<evaluation::Measurement> all(losses.size());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    all[i].step = static_cast<std::int64_t>(10 * (i + 1));
    all[i].training_loss = 1.0 / static_cast<double>(i + 1);  // by heart
    all[i].training_gaps = {0.0};
    all[i].selection_loss = losses[i];
    all[i].selection_gaps = {0.0};
    all[i].selection_bounds = {bounds[i]};
  }
  return all;
}

constexpr MeasuredBlind kAlone = MeasuredBlind::selection_alone;

TEST(Settling, SaysWhereAnEarlierIterateDidBetter) {
  const auto promises = promise_of(0.05);
  const auto measured = measured_on_selection({0.7, 0.60, 0.62, 0.66}, {0.2, 0.04, 0.01, 0.03});
  EXPECT_THAT(better_before(measured, promises, 40, kAlone),
              testing::AllOf(HasSubstr("a loss of 0.600 at step 20, and 0.660 at 40, which is kept, with no constraint "
                                       "kept any worse"),
                             HasSubstr("training.patience"), HasSubstr("training.candidates_from")));
  EXPECT_THAT(better_before(measured, promises, 40, kAlone, settling_words(true)),
              testing::AllOf(HasSubstr("at round 20"), HasSubstr("model.trees.max_leaves")));
  EXPECT_THAT(
      better_before(measured_on_selection({0.7, 0.60, 0.62, 0.66}, {0.2, 0.09, 0.01, 0.03}), promises, 40, kAlone),
      HasSubstr("0.620 at step 30"))
      << "the second was outside";
  // Out of fold the training rows are such rows.
  auto out_of_fold = measured_on_selection({0.7, 0.6, 0.6, 0.7}, {0, 0, 0, 0});
  for (auto& m : out_of_fold) std::swap(m.training_loss, *m.selection_loss);
  EXPECT_THAT(better_before(out_of_fold, promises, 40, MeasuredBlind::out_of_fold), HasSubstr("0.600 at step 20"));
  EXPECT_EQ(better_before(out_of_fold, promises, 40, kAlone), "") << "these fell";
  for (auto& m : out_of_fold) m.training_gaps = {m.step < 40 ? 0.04 : 0.01};
  EXPECT_EQ(better_before(out_of_fold, promises, 40, MeasuredBlind::out_of_fold), "")
      << "inside, but not by the margin that training aims for";
}

TEST(Settling, SaysNothingOfIteratesThatWereNotBetter) {
  const auto promises = promise_of(0.05);
  EXPECT_EQ(better_before(measured_on_selection({0.7, 0.60, 0.61}, {0, 0, 0}), promises, 30, kAlone), "") << "hardly";
  EXPECT_EQ(better_before(measured_on_selection({0.7, 0.60, 0.66}, {0.2, 0.2, 0.1}), promises, 30, kAlone), "")
      << "further outside";
  EXPECT_EQ(better_before(measured_on_selection({0.7, 0.60, 0.66}, {0.2, 0, 0}), promises, 20, kAlone), "")
      << "what came later was not kept";
  EXPECT_EQ(better_before(measured_on_selection({0.7, 0.60, 0.66}, {0.2, 0, 0}), promises, 0, kAlone), "") << "a mean";
  auto unmeasured = measured_on_selection({0.7, 0.60, 0.66}, {0.2, 0, 0});
  unmeasured[1].selection_bounds = {std::nullopt};
  EXPECT_EQ(better_before(unmeasured, promises, 30, kAlone), "") << "nobody knows how far outside";
  unmeasured[1].selection_loss.reset();
  EXPECT_EQ(better_before(unmeasured, promises, 30, kAlone), "");
  // What constraints cost is lost on rows that were learnt from too; where these are out of fold, more may be learnt by heart.
  auto costly = measured_on_selection({0.7, 0.60, 0.66}, {0.2, 0, 0});
  costly[2].training_loss = 0.8;
  EXPECT_EQ(better_before(costly, promises, 30, kAlone), "");
  EXPECT_THAT(better_before(costly, promises, 30, MeasuredBlind::selection), HasSubstr("0.600 at step 20"));
  // Of the worst group's loss, which an aim makes small, the mean says nothing.
  EXPECT_EQ(better_before(costly, promise_of(std::numeric_limits<double>::infinity()), 30, MeasuredBlind::selection),
            "");
}

}  // namespace settling_test
}  // namespace equipoise::training
