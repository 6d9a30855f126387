#include "engine/training/measured_splits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace {

using testing::HasSubstr;

class Listening : public core::Journal {
 public:
  void say(std::string_view sentence) override { said += sentence; }
  std::string said;
};

MeasuredSplits chosen(const data::Dataset& people, const std::string& measure_on, Listening& journal) {
  constraints::ConstraintParams wanted;
  wanted.kind = "equal_opportunity";
  wanted.group = {"sex"};
  constraints::MultiplierParams params;
  params.measure_on = measure_on;
  const config::Origin origin;
  const auto table = constraints::compile({wanted}, people, params.min_rows, origin, journal);
  return choose_measured_splits(params, table, people, origin, journal);
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

}  // namespace
}  // namespace equipoise::training
