#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/constraints/params.h"
#include "engine/core/error.h"

namespace equipoise::constraints {
namespace multiplier_params_test {

using testing::HasSubstr;

std::string refusal(const MultiplierParams& params) {
  try {
    check(params, {});
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.what();
  }
  return "";
}

TEST(MultiplierParams, ExponentiatedNeedsARadius) {
  MultiplierParams params;
  params.update = "exponentiated";
  EXPECT_THAT(refusal(params), HasSubstr("multipliers.radius is 0, but multipliers.update: exponentiated"));
  params.radius = 1;
  EXPECT_EQ(refusal(params), "");
  for (const char* name : {"ascent", "nupi", "augmented", "swap_regret"}) {
    params = {};
    params.update = name;
    EXPECT_EQ(refusal(params), "") << name;
  }
}

TEST(MultiplierParams, APenaltyStartsInsideItsBound) {
  MultiplierParams params;
  params.penalty = 20;
  params.update = "augmented";
  EXPECT_THAT(refusal(params),
              HasSubstr("multipliers.largest_penalty is 2, less than multipliers.penalty, which is 20"));
}

TEST(MultiplierParams, WhatAnotherUpdateReadsIsRefused) {
  MultiplierParams params;
  params.penalty = 0.5;
  EXPECT_THAT(refusal(params),
              HasSubstr("multipliers.penalty: it is of the update 'augmented', and multipliers.update is 'nupi'"));
  params.update = "augmented";
  EXPECT_EQ(refusal(params), "");
  params.integral_gain = 2;
  EXPECT_THAT(refusal(params), HasSubstr("multipliers.integral_gain: it is of the update 'nupi'"));
}

}  // namespace multiplier_params_test
}  // namespace equipoise::constraints
