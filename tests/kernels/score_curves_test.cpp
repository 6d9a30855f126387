#include "kernels/score_curves/score_curves.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/kernels/failure.h"
#include "tests/kernels/score_sample.h"

namespace equipoise::kernels {
namespace score_curves_test {

using testing::HasSubstr;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Four rows: groups 0, 0, 1, none.
ScoredRows four_rows() {
  ScoredRows rows;
  rows.scores = at::tensor({0.4, 0.1, 0.8, 0.4}, at::kDouble).view({1, 4});
  rows.labels = at::tensor({1, 0, 1, 0}, at::kByte);
  rows.groups = at::tensor({0, 0, 1, -1}, at::kInt);
  rows.group_count = 2;
  return rows;
}

bool close(const at::Tensor& a, const at::Tensor& b, double tolerance) {
  return at::allclose(a, b, tolerance, tolerance, true);
}

// Every shape that the brief of every op names.
void for_each_shape(const std::function<void(const ScoreShape&)>& visit) {
  for (const std::int64_t rows : {0, 1, 31, 32, 33})
    for (const std::int64_t groups : {0, 1, 2, 8, 64})
      for (const at::ScalarType type : {at::kFloat, at::kDouble})
        for (const at::ScalarType group_type : {at::kByte, at::kShort, at::kInt})
          for (const bool weighted : {false, true})
            for (const bool tied : {false, true}) visit({1, rows, groups, type, group_type, weighted, tied});
  for (const std::int64_t rows : {1023, 1025})
    for (const bool weighted : {false, true})
      for (const bool tied : {false, true}) visit({1, rows, 8, at::kDouble, at::kShort, weighted, tied});
  for (const std::int64_t groups : {256, 4096}) visit({1, 300, groups, at::kFloat, at::kShort, true, true});
  visit({3, 200, 2, at::kFloat, at::kByte, true, false});
}

std::string told(const ScoreShape& shape) {
  return std::to_string(shape.rows) + " rows, " + std::to_string(shape.groups) + " groups, " +
         at::toString(shape.score_type) + ", weighted " + std::to_string(shape.weighted) + ", tied " +
         std::to_string(shape.tied);
}

TEST(ScoreAreasTest, FourRowsByHand) {
  // Group 0: .4 beats .1. Group 1 has no negative. Everyone: .4 beats .1 and ties .4, .8 beats both.
  const at::Tensor areas = score_areas(four_rows());
  EXPECT_TRUE(close(areas, at::tensor({1.0, kNaN, 3.5 / 4}, at::kDouble).view({1, 3}), 0)) << areas;
  ScoredRows weighted = four_rows();
  weighted.weights = at::tensor({2.0f, 1.0f, 1.0f, 3.0f});
  // Everyone: pairs (2 + 1)(1 + 3); won 2 * 1 + 2 * 3 / 2 + 1 * 1 + 1 * 3
  EXPECT_DOUBLE_EQ(score_areas(weighted)[0][2].item<double>(), 9.0 / 12);
}

TEST(ScoreAreasTest, AgreesWithEveryPair) {
  for_each_shape([](const ScoreShape& shape) {
    const ScoredRows rows = sample_scores(shape);
    EXPECT_TRUE(close(score_areas(rows), oracle_areas(rows), 1e-12)) << told(shape);
  });
}

TEST(ScoreAreasTest, HasNoAreaWithoutBothLabels) {
  ScoredRows rows = sample_scores({1, 50, 0});
  rows.labels.fill_(1);
  EXPECT_TRUE(score_areas(rows).isnan().all().item<bool>());
}

TEST(ScoreAreasTest, OneGroupHasAllRowsAndOthersNone) {
  ScoredRows rows = sample_scores({1, 1025, 8});
  rows.groups->fill_(5);
  const at::Tensor areas = score_areas(rows);
  EXPECT_TRUE(close(areas, oracle_areas(rows), 1e-12));
  EXPECT_EQ(areas.isnan().sum().item<std::int64_t>(), 7);
  EXPECT_EQ(areas[0][5].item<double>(), areas[0][8].item<double>());
}

// Far apart, close together, equal, infinite, of both signs and zeros: over many blocks, against a sort of the library.
TEST(ScoreAreasTest, SortsAnyScores) {
  constexpr std::int64_t kRows = 200'000;
  at::manual_seed(8);
  const at::Tensor uniform = at::rand({kRows}, at::kDouble);
  const at::Tensor labels = at::rand({kRows}).gt(0.6).to(at::kByte);
  at::Tensor outliers = uniform.clone();
  outliers.slice(0, 0, 3).copy_(at::tensor({-kInfinity, 1e-300, kInfinity}, at::kDouble));
  at::Tensor zeros = at::where(uniform.lt(0.3), at::full({}, -0.0, at::kDouble), at::full({}, 0.0, at::kDouble));
  const std::vector<at::Tensor> cases = {uniform,
                                         outliers,
                                         zeros,
                                         0.5 + uniform * 1e-14,
                                         at::randn({kRows}, at::kDouble).sigmoid(),
                                         (at::randn({kRows}, at::kDouble) * 200).exp(),
                                         at::where(uniform.lt(0.999), at::full({}, 0.25, at::kDouble), uniform),
                                         (uniform * 50).floor() - 25,
                                         std::get<0>(uniform.sort()),
                                         std::get<0>(uniform.sort(0, true))};
  for (std::size_t i = 0; i < cases.size(); ++i) {
    ScoredRows rows;
    rows.scores = cases[i].view({1, kRows});
    rows.labels = labels;
    // Mean rank: the area is (sum of the positives' ranks, ties sharing theirs - P (P + 1) / 2) / (P N).
    const auto [sorted, order] = cases[i].sort(/*stable=*/true, 0, false);
    const at::Tensor low = at::searchsorted(sorted, cases[i]), high = at::searchsorted(sorted, cases[i], false, true);
    const at::Tensor ranks = (low + high + 1).to(at::kDouble) / 2;
    const double positives = labels.sum().item<double>(), negatives = kRows - positives;
    const double expected =
        ((ranks * labels).sum().item<double>() - positives * (positives + 1) / 2) / (positives * negatives);
    EXPECT_NEAR(score_areas(rows)[0][0].item<double>(), expected, 1e-12) << "case " << i;
  }
}

TEST(ScoreAboveTest, FourRowsByHand) {
  // A score of .4 is not above .4.
  const at::Tensor above = score_above(four_rows(), at::tensor({0.1, 0.4}, at::kDouble));
  const at::Tensor expected = at::tensor({1.0, 0.0, 0.0, 1.0, 1.0, 0.0,   // group 0: negatives, positives
                                          0.0, 0.0, 0.0, 1.0, 1.0, 1.0,   // group 1
                                          2.0, 1.0, 0.0, 2.0, 2.0, 1.0},  // everyone
                                         at::kDouble);
  EXPECT_TRUE(above.equal(expected.view({1, 3, 2, 3}))) << above;
}

TEST(ScoreAboveTest, AgreesWithEveryRowAtEveryThreshold) {
  const std::vector<std::vector<double>> sweeps = {
      {}, {0.25}, {-kInfinity, -0.5, -0.25, 0, 0, 0.25, 0.5, 3, kInfinity}, {0.5, 0.5}};
  for_each_shape([&](const ScoreShape& shape) {
    const ScoredRows rows = sample_scores(shape);
    for (const std::vector<double>& thresholds : sweeps) {
      const at::Tensor above = score_above(rows, at::tensor(thresholds, at::kDouble));
      EXPECT_TRUE(close(above, oracle_above(rows, thresholds), shape.weighted ? 1e-12 : 0))
          << told(shape) << ", " << thresholds.size() << " thresholds";
    }
  });
}

TEST(ScoreHistogramTest, FourRowsByHand) {
  const at::Tensor histogram = score_histogram(four_rows(), 2, 0, 1)[0];
  const at::Tensor everyone = at::tensor({3.0, 3.0, 0.9, 1.0, 1.0, 1.0, 0.8, 1.0}, at::kDouble).view({2, 4});
  EXPECT_TRUE(close(histogram[2], everyone, 1e-15)) << histogram;
  EXPECT_TRUE(close(histogram[0][0], at::tensor({2.0, 2.0, 0.5, 1.0}, at::kDouble), 1e-15)) << histogram;
}

TEST(ScoreHistogramTest, AgreesWithEveryRow) {
  for_each_shape([](const ScoreShape& shape) {
    const ScoredRows rows = sample_scores(shape);
    for (const std::int64_t bins : {1, 7}) {
      EXPECT_TRUE(close(score_histogram(rows, bins, -1, 1.5), oracle_histogram(rows, bins, -1, 1.5), 1e-12))
          << told(shape) << ", " << bins << " bins";
    }
  });
}

TEST(ScoreCurvesTest, AreTheSameWithAnyNumberOfThreads) {
  ScoredRows rows = sample_scores({2, 300'000, 8, at::kFloat, at::kShort, true, false});
  const at::Tensor thresholds = at::linspace(-2, 2, 100, at::kDouble);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const at::Tensor areas = score_areas(rows), above = score_above(rows, thresholds),
                   histogram = score_histogram(rows, 20, -2, 2);
  at::set_num_threads(3);
  EXPECT_TRUE(score_areas(rows).equal(areas));
  EXPECT_TRUE(score_above(rows, thresholds).equal(above));
  EXPECT_TRUE(score_histogram(rows, 20, -2, 2).equal(histogram));
  at::set_num_threads(threads);
  // and of rows that are not contiguous
  rows.scores = rows.scores.t().contiguous().t();
  rows.labels = at::stack({rows.labels, rows.labels}, 1).select(1, 0);
  EXPECT_TRUE(score_areas(rows).equal(areas));
}

TEST(ScoreCurvesTest, RefuseRowsByNumber) {
  ScoredRows rows = sample_scores({2, 1000, 4});
  rows.scores[1][40] = rows.scores[1][700] = kNaN;
  EXPECT_THAT(failure([&] { score_areas(rows); }),
              HasSubstr("score_areas: the score of member 1, row 40 is not a number"));
  EXPECT_THAT(failure([&] { score_histogram(rows, 5, 0, 1); }),
              HasSubstr("score_histogram: the score of member 1, row 40 is not a number"));
  rows = sample_scores({1, 1000, 4});
  rows.labels[999] = 2;
  EXPECT_THAT(failure([&] { score_above(rows, at::zeros({1}, at::kDouble)); }),
              HasSubstr("score_above: the label of row 999 is 2, expected 0 or 1"));
  rows = sample_scores({1, 1000, 4});
  (*rows.groups)[3] = 4;
  EXPECT_THAT(failure([&] { score_areas(rows); }),
              HasSubstr("score_areas: the group of row 3 is 4, expected a number below 4"));
}

TEST(ScoreCurvesTest, RefuseArgumentsByName) {
  const ScoredRows good = sample_scores({1, 10, 4});
  const auto areas_of = [&](const std::function<void(ScoredRows&)>& spoil) {
    ScoredRows rows = good;
    spoil(rows);
    return failure([&] { score_areas(rows); });
  };
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.scores = rows.scores.to(at::kHalf); }),
              HasSubstr("score_areas: scores has type Half, expected float32 or float64"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.scores = rows.scores[0]; }),
              HasSubstr("score_areas: scores has shape [10], expected [K, N]"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.labels = rows.labels.slice(0, 1); }),
              HasSubstr("score_areas: labels has shape [9], expected [10]"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.groups = rows.groups->to(at::kLong); }),
              HasSubstr("score_areas: groups has type Long, expected uint8, int16 or int32"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.group_count = 0; }),
              HasSubstr("score_areas: group_count is 0, expected a number in [1, 2^31) with groups"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.groups.reset(); }),
              HasSubstr("score_areas: group_count is 4, expected 0 without groups"));
  EXPECT_THAT(areas_of([](ScoredRows& rows) { rows.weights = at::ones({10}, at::kDouble); }),
              HasSubstr("score_areas: weights has type Double, expected Float"));
  EXPECT_THAT(failure([&] {
                score_above(good, at::tensor({0.5, 0.4}, at::kDouble));
              }),
              HasSubstr("score_above: threshold 1 is 0.4, expected at least the one before it, 0.5"));
  EXPECT_THAT(failure([&] { score_above(good, at::tensor({kNaN}, at::kDouble)); }),
              HasSubstr("score_above: threshold 0 is not a number"));
  EXPECT_THAT(failure([&] { score_histogram(good, 0, 0, 1); }),
              HasSubstr("score_histogram: bins is 0, expected a number in [1, 2^31)"));
  EXPECT_THAT(failure([&] { score_histogram(good, 5, 1, 1); }),
              HasSubstr("score_histogram: the range is [1, 1], expected low < high"));
}

}  // namespace score_curves_test
}  // namespace equipoise::kernels
