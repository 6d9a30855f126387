#include "kernels/unique_counts/unique_counts.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "tests/kernels/failure.h"

namespace equipoise::kernels {
namespace unique_counts_test {

using testing::HasSubstr;

void expect_counts(const at::Tensor& values) {
  std::map<std::int64_t, std::int64_t> expected;
  const at::Tensor wide = values.to(at::kLong).contiguous();
  for (std::int64_t row = 0; row < wide.size(0); ++row) ++expected[wide.const_data_ptr<std::int64_t>()[row]];
  const UniqueCounts unique = unique_counts(values);
  EXPECT_EQ(unique.values.scalar_type(), values.scalar_type());
  ASSERT_EQ(unique.values.size(0), static_cast<std::int64_t>(expected.size()));
  std::int64_t place = 0;
  for (const auto& [value, rows] : expected) {
    EXPECT_EQ(unique.values[place].item<std::int64_t>(), value);
    EXPECT_EQ(unique.counts[place++].item<std::int64_t>(), rows);
  }
}

TEST(UniqueCountsTest, CountsByHand) {
  const UniqueCounts unique = unique_counts(at::tensor({7, -2, 7, 7, 0}, at::kInt));
  EXPECT_TRUE(unique.values.equal(at::tensor({-2, 0, 7}, at::kInt))) << unique.values;
  EXPECT_TRUE(unique.counts.equal(at::tensor({1, 1, 3}, at::kLong))) << unique.counts;
}

TEST(UniqueCountsTest, AgreesWithAMapForAllSizesAndTypes) {
  at::manual_seed(3);
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1025, 200'000}) {
    for (const std::int64_t levels : {1, 2, 64, 4096}) {
      for (const at::ScalarType type : {at::kInt, at::kLong}) {
        expect_counts(at::randint(-levels / 2, levels - levels / 2, {rows}, at::kLong).to(type));
      }
    }
  }
}

TEST(UniqueCountsTest, TakesTheEndsOfTheRangeAndEveryRowDifferent) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  at::Tensor values = at::arange(150'000, at::kLong).flip(0);
  values[17] = most;
  values[18] = least;
  expect_counts(values);
}

TEST(UniqueCountsTest, IsTheSameWithAnyNumberOfThreadsAndReadsNonContiguousValues) {
  at::manual_seed(4);
  const at::Tensor values = at::randint(1000, {300'000}, at::kLong);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const UniqueCounts one = unique_counts(values);
  at::set_num_threads(3);
  const UniqueCounts three = unique_counts(at::stack({values, values}, 1).select(1, 0));
  at::set_num_threads(threads);
  EXPECT_TRUE(three.values.equal(one.values));
  EXPECT_TRUE(three.counts.equal(one.counts));
}

TEST(UniqueCountsTest, RefusesWhatItCannotCount) {
  EXPECT_THAT(failure([] { unique_counts(at::zeros({3})); }),
              HasSubstr("unique_counts: values has type Float, expected int32 or int64"));
  EXPECT_THAT(failure([] {
                unique_counts(at::zeros({3, 1}, at::kInt));
              }),
              HasSubstr("unique_counts: values has shape [3, 1], expected [N]"));
}

}  // namespace unique_counts_test
}  // namespace equipoise::kernels
