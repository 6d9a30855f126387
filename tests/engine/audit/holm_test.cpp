#include "engine/audit/holm.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::audit {
namespace holm_test {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(HolmTest, ByHand) {
  // Ascending: .01 x 4, .02 x 3, .025 x 2 is less than the one before, .5 x 1.
  EXPECT_THAT(holm({0.5, 0.01, 0.025, 0.02}), ElementsAre(DoubleNear(0.5, 1e-15), DoubleNear(0.04, 1e-15),
                                                          DoubleNear(0.06, 1e-15), DoubleNear(0.06, 1e-15)));
  EXPECT_THAT(holm({0.4, 0.6}), ElementsAre(DoubleNear(0.8, 1e-15), DoubleNear(0.8, 1e-15)));
  EXPECT_THAT(holm({0.9, 0.9}), ElementsAre(1, 1));
  EXPECT_THAT(holm({}), IsEmpty());
}

}  // namespace holm_test
}  // namespace equipoise::audit
