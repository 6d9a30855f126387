#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kernels/cuda_device.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/score_sample.h"

namespace equipoise::kernels {
namespace score_curves_cuda_test {

using testing::HasSubstr;

ScoredRows on_gpu(const ScoredRows& rows) {
  ScoredRows moved{rows.scores.cuda(), rows.labels.cuda(), std::nullopt, rows.group_count, std::nullopt};
  if (rows.groups) moved.groups = rows.groups->cuda();
  if (rows.weights) moved.weights = rows.weights->cuda();
  return moved;
}

std::vector<ScoreShape> shapes() {
  std::vector<ScoreShape> all;
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1025, 100'000})
    for (const std::int64_t groups : {0, 1, 2, 8, 64, 256, 4096})
      for (const at::ScalarType type : {at::kFloat, at::kDouble})
        for (const bool weighted : {false, true})
          for (const bool tied : {false, true}) all.push_back({1, rows, groups, type, at::kInt, weighted, tied});
  return all;
}

// Counts must be equal, sums of weights within the contract's 1e-12.
void expect_same(const at::Tensor& on_cuda, const at::Tensor& on_cpu, const ScoreShape& shape) {
  const double tolerance = shape.weighted ? 1e-12 : 0.0;
  EXPECT_TRUE(at::allclose(on_cuda.cpu(), on_cpu, tolerance, tolerance, true))
      << shape.rows << " rows, " << shape.groups << " groups, " << shape.score_type << ", weighted " << shape.weighted
      << ", tied " << shape.tied;
}

TEST(ScoreCurvesCudaTest, AreasAgreeWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const ScoreShape& shape : shapes()) {
    const ScoredRows rows = sample_scores(shape), moved = on_gpu(rows);
    const at::Tensor areas = score_areas(moved);
    expect_same(areas, score_areas(rows), shape);
    EXPECT_TRUE(score_areas(moved).nan_to_num().equal(areas.nan_to_num())) << "not the same bits again";
  }
}

TEST(ScoreCurvesCudaTest, AboveAgreesWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  const at::Tensor thresholds = at::linspace(-2, 2, 101, at::kDouble);
  for (const ScoreShape& shape : shapes()) {
    const ScoredRows rows = sample_scores(shape), moved = on_gpu(rows);
    const at::Tensor above = score_above(moved, thresholds);
    expect_same(above, score_above(rows, thresholds), shape);
    EXPECT_TRUE(score_above(moved, thresholds).equal(above)) << "not the same bits again";
  }
}

TEST(ScoreCurvesCudaTest, HistogramsAgreeWithTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const ScoreShape& shape : shapes()) {
    const ScoredRows rows = sample_scores(shape), moved = on_gpu(rows);
    const at::Tensor on_cuda = score_histogram(moved, 20, -2, 2), on_cpu = score_histogram(rows, 20, -2, 2);
    EXPECT_TRUE(on_cuda.select(3, kBinRows).cpu().equal(on_cpu.select(3, kBinRows)));
    // Scores have both signs: their sum is judged by the magnitudes, at most 5 each.
    const double magnitude = 1e-12 * static_cast<double>(shape.rows) * 5;
    EXPECT_TRUE(at::allclose(on_cuda.cpu(), on_cpu, 1e-12, magnitude)) << shape.rows << " rows";
    EXPECT_TRUE(score_histogram(moved, 20, -2, 2).equal(on_cuda)) << "not the same bits again";
  }
}

TEST(ScoreCurvesCudaTest, NamesARowThatIsNotANumber) {
  EQUIPOISE_NEEDS_GPU();
  ScoredRows rows = on_gpu(sample_scores({2, 1000, 4}));
  rows.scores[1][700] = rows.scores[1][40] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(failure([&] { score_areas(rows); }),
              HasSubstr("score_areas: the score of member 1, row 40 is not a number"));
}

}  // namespace score_curves_cuda_test
}  // namespace equipoise::kernels
