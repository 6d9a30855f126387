#include "kernels/measure_price_push/measure_price_push.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/failure.h"
#include "tests/kernels/measure_sample.h"

namespace equipoise::kernels {
namespace measure_price_push_test {

using testing::HasSubstr;

TEST(MeasurePricePushTest, IsTheThreeOpsBitForBit) {
  for (const std::int64_t rows : {0, 1, 31, 40'000}) {
    for (const bool weighted : {false, true}) {
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        const RowShape shape{3, rows, 6, type, at::kByte, weighted};
        FusedSample fused(shape), three(shape);
        for (int batch = 0; batch < 3; ++batch) {
          fused.run_fused();
          three.run_three();
          EXPECT_TRUE(fused.workspace.measured.sums.equal(three.workspace.measured.sums)) << rows << " rows";
          EXPECT_TRUE(fused.averages.equal(three.averages)) << rows << " rows";
          EXPECT_TRUE(fused.workspace.priced.prices.equal(three.workspace.priced.prices)) << rows << " rows";
          EXPECT_TRUE(fused.workspace.gradient.equal(three.workspace.gradient)) << rows << " rows";
          fused.move_on();
          three.move_on();
        }
      }
    }
  }
}

TEST(MeasurePricePushTest, SaysWhatDoesNotFit) {
  const auto said_after = [](auto&& spoil) {
    FusedSample sample({2, 40, 4});
    spoil(sample);
    return failure([&] { sample.run_fused(); });
  };
  EXPECT_THAT(said_after([](FusedSample& s) { s.rows.logits = s.rows.logits.to(at::kDouble); }),
              HasSubstr("logits has type"));
  EXPECT_THAT(said_after([](FusedSample& s) {
                s.workspace.measured.sums = at::empty({2, 5, 4}, at::kDouble);
              }),
              HasSubstr("workspace.sums has shape [2, 5, 4], expected [2, 4, 4]"));
  EXPECT_THAT(said_after([](FusedSample& s) {
                s.workspace.gradient = at::empty({2, 41});
              }),
              HasSubstr("gradient has shape [2, 41], expected [2, 40]"));
  EXPECT_THAT(said_after([](FusedSample& s) { s.averages = s.averages.to(at::kFloat); }),
              HasSubstr("averages has type"));
  EXPECT_THAT(said_after([](FusedSample& s) {
                s.multipliers = at::zeros({2, 3}, at::kDouble);
              }),
              HasSubstr("multipliers has shape [2, 3], expected [2, 8]"));
  EXPECT_THAT(said_after([](FusedSample& s) { s.rows.cells[7] = 4; }),
              HasSubstr("the cell of row 7 is outside [0, 4)"));
}

}  // namespace measure_price_push_test
}  // namespace equipoise::kernels
