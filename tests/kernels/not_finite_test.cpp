#include "kernels/not_finite/not_finite.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace not_finite_test {

using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

TEST(NotFinite, NamesTheFirstRowOfEachMember) {
  at::Tensor logits = at::zeros({4, 5});
  logits[0][3] = kNan;
  logits[2][4] = -kInfinity;
  logits[2][1] = kInfinity;
  logits[3][0] = std::numeric_limits<float>::max();  // the largest number is one
  EXPECT_TRUE(at::equal(not_finite(logits), at::tensor({3, -1, 1, -1}, at::kLong)));
  EXPECT_TRUE(at::equal(not_finite(logits.to(at::kBFloat16)), at::tensor({3, -1, 1, 0}, at::kLong)))
      << "in bfloat16 the largest float rounds to infinity";
}

TEST(NotFinite, EverySizeAndEveryPlace) {
  for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
    for (const std::int64_t rows : {0, 1, 31, 32, 33, 255, 256, 257, 1023, 1025}) {
      at::Tensor logits = at::ones({3, rows}, type);
      EXPECT_TRUE(at::equal(not_finite(logits), at::full({3}, -1, at::kLong)));
      for (std::int64_t row = 0; row < rows; row += 1 + rows / 7) {
        at::Tensor bad = logits.clone();
        bad[1][row] = kNan;
        bad[1][rows - 1] = kInfinity;
        EXPECT_EQ(not_finite(bad)[1].item<std::int64_t>(), row) << rows;
        EXPECT_EQ(not_finite(bad)[2].item<std::int64_t>(), -1) << rows;
      }
    }
  }
  EXPECT_EQ(not_finite(at::ones({0, 5})).size(0), 0);
  EXPECT_EQ(not_finite(at::ones({256, 3})).size(0), 256);
}

TEST(NotFinite, StridesDoNotMatter) {
  at::Tensor logits = at::zeros({5, 2});
  logits[3][1] = kNan;
  EXPECT_TRUE(at::equal(not_finite(logits.t()), at::tensor({-1, 3}, at::kLong)));
}

TEST(NotFinite, RefusesWhatDoesNotFit) {
  EXPECT_THAT(failure([] { not_finite(at::zeros({3})); }),
              HasSubstr("not_finite: logits has shape [3], expected [K, N]"));
  EXPECT_THAT(failure([] {
                not_finite(at::zeros({1, 2}, at::kDouble));
              }),
              HasSubstr("logits has type Double, expected float32 or bfloat16"));
  EXPECT_THAT(failure([] { not_finite(at::Tensor()); }), HasSubstr("logits is an undefined tensor"));
}

}  // namespace not_finite_test
}  // namespace equipoise::kernels
