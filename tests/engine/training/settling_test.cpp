#include "engine/training/settling.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::training {
namespace {

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

TEST(Settling, IsThereOtherwise) {
  EXPECT_EQ(unsettled(ended_with(0.14, 0.304, 0.07, 0.339), promise_of(0.05)), "");  // came near
  EXPECT_EQ(unsettled(ended_with(0.14, 0.339, 0.13, 0.304), promise_of(0.05)), "");  // multipliers fall
  EXPECT_EQ(unsettled(ended_with(0.14, 0.304, 0.13, 0.339), {}), "");
  EXPECT_EQ(unsettled({}, promise_of(0.05)), "");
  std::vector<evaluation::Measurement> undefined = ended_with(0.14, 0.304, 0.13, 0.339);
  undefined[19].training_gaps = {std::nullopt};
  EXPECT_EQ(unsettled(undefined, promise_of(0.05)), "");
}

}  // namespace
}  // namespace equipoise::training
