#include "kernels/outcome_stats/outcome_stats.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernels/cell_stats/cell_stats.h"
#include "kernels/device/cpu_level.h"
#include "kernels/outcome_stats/outcome_stats_kernel.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/outcome_oracle.h"

namespace equipoise::kernels {
namespace outcome_stats_test {

using testing::HasSubstr;

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNaN = std::numeric_limits<float>::quiet_NaN();

// A residual takes over the rounding of score and target, its square twice that.
constexpr double kRounding = 1e-6;

// The largest error against the oracle, as a share of the column's absolute values.
double error_of(const at::Tensor& sums, const OutcomeSample& sample) {
  const OracleTable table = oracle_table(sample);
  return largest_share(sums, table.sums, table.magnitudes);
}

// Sums of three rows of one score, weights 1, 2, 1, the first in cell 0 and the others in cell 1.
at::Tensor three_rows(const OutcomeRule& rule, std::vector<float> scores, std::vector<float> targets) {
  return outcome_stats(at::tensor(scores).view({1, 3, 1}), at::tensor(targets), at::tensor({0, 1, 1}, at::kByte), 2,
                       at::tensor({1.0f, 2.0f, 1.0f}), rule)[0];
}

void expect_rows(const at::Tensor& sums, const std::vector<std::vector<double>>& expected) {
  ASSERT_EQ(sums.size(0), static_cast<std::int64_t>(expected.size()));
  for (std::size_t row = 0; row < expected.size(); ++row) {
    for (std::size_t column = 0; column < 4; ++column) {
      EXPECT_NEAR(sums[static_cast<std::int64_t>(row)][static_cast<std::int64_t>(column)].item<double>(),
                  expected[row][column], 2e-6)
          << "row " << row << ", column " << column;
    }
  }
}

TEST(OutcomeStatsTest, AddsThreeRowsOfClassesByHand) {
  // Rows (scores, class, cell, s): (0 0 0, 2, 0, 1), (ln2 0 0, 0, 1, 2), (0 ln2 ln2, 0, 1, 1).
  // Row 0: softmax 1/3 each, loss log 3; equal scores predict class 0.
  // Row 1: softmax 1/2 1/4 1/4, loss log 2, predicts 0; all twice.
  // Row 2: softmax 1/5 2/5 2/5, loss log 5, predicts 1.
  const float log2 = std::log(2.0f);
  const at::Tensor scores = at::tensor({0.0f, 0.0f, 0.0f, log2, 0.0f, 0.0f, 0.0f, log2, log2}).view({1, 3, 3});
  const at::Tensor sums = outcome_stats(scores, at::tensor({2.0f, 0.0f, 0.0f}), at::tensor({0, 1, 1}, at::kByte), 2,
                                        at::tensor({1.0f, 2.0f, 1.0f}), softmax_rule(3));
  ASSERT_EQ(sums.sizes(), at::IntArrayRef({1, 6, 4}));
  expect_rows(sums[0], {{1, std::log(3.0), 1.0 / 3, 1},
                        {0, 0, 1.0 / 3, 0},
                        {0, 0, 1.0 / 3, 0},
                        {3, 2 * std::log(2.0) + std::log(5.0), 1.2, 2},
                        {0, 0, 0.9, 1},
                        {0, 0, 0.9, 0}});
}

TEST(OutcomeStatsTest, AddsThreeRowsOfARegressionByHand) {
  // shift 10, scale 2, threshold 12 (score 1), temperature 1. Rows (z, u, cell, s): (0, 10, 0, 1), (1 + ln3, 12, 1, 2),
  // (1 - ln3, 12, 1, 1).
  // Row 0: v = 10, t = 0, e = 0. Exceedance: soft sigmoid(-1), hard 0.
  // Row 1: v = 12 + 2 ln3, e = ln3, residual 2 ln3; soft 3/4, hard 1; all twice.
  // Row 2: v = 12 - 2 ln3, e = -ln3, residual -2 ln3; soft 1/4, hard 0.
  const double log3 = std::log(3.0);
  const std::vector<float> scores{0.0f, static_cast<float>(1 + log3), static_cast<float>(1 - log3)};
  const std::vector<float> targets{10.0f, 12.0f, 12.0f};
  const RegressionUnits units{10, 2};
  const Exceedances above{{12}, 1};
  const double low = 1 / (1 + std::exp(1.0)), square = 4 * log3 * log3;
  const auto expect_losses = [&](const OutcomeRule& rule, double loss0, double loss1) {
    expect_rows(three_rows(rule, scores, targets), {{1, loss0, 10, 10},
                                                    {0, 0, 0, 0},
                                                    {0, 0, 0, 0},
                                                    {0, 0, low, 0},
                                                    {3, loss1, 36 + 2 * log3, 36 + 2 * log3},
                                                    {0, 0, 2 * log3, 2 * log3},
                                                    {0, 0, 3 * square, 3 * square},
                                                    {0, 0, 1.75, 2}});
  };
  expect_losses(squared_rule(units, above), 0, 3 * log3 * log3);
  // |e| = ln3 > 1/2: 1/2 (ln3 - 1/4); |e| <= 2: ln3^2 / 2.
  expect_losses(huber_rule(units, 0.5, above), 0, 1.5 * (log3 - 0.25));
  expect_losses(huber_rule(units, 2, above), 0, 1.5 * log3 * log3);
  // 0.1 ln3 twice above, 0.9 ln3 once below.
  expect_losses(quantile_rule(units, 0.9, above), 0, 1.1 * log3);
}

TEST(OutcomeStatsTest, AddsThreeRowsOfACalibrationByHand) {
  // Two bins, threshold 0, temperature 1. Rows (z, label, cell, s): (0, 0, 0, 1), (ln3, 1, 1, 2), (-ln3, 1, 1, 1).
  // Row 0: p = 1/2, which begins bin 1; loss log 2, soft 1/2, hard 0.
  // Row 1: p = 3/4, bin 1; loss log(4/3), soft 3/4, hard 1; all twice.
  // Row 2: p = 1/4, bin 0; loss log 4, soft 1/4, hard 0.
  const float log3 = std::log(3.0f);
  const at::Tensor sums = three_rows(calibration_rule(2, 0, 1), {0, log3, -log3}, {0, 1, 1});
  expect_rows(sums, {{1, std::log(2.0), 0.5, 0},
                     {0, 0, 0, 0},
                     {0, 0, 0.5, 0.5},
                     {0, 0, 0, 0},
                     {0, 0, 1, 1},
                     {3, 2 * std::log(4.0 / 3.0) + std::log(4.0), 1.75, 2},
                     {0, 0, 0.25, 0.25},
                     {0, 0, 1.5, 1.5},
                     {0, 0, 1, 1},
                     {0, 0, 2, 2}});
}

TEST(OutcomeStatsTest, AgreesWithTheOracle) {
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t cells : {1, 8, 64, 300}) {
      for (const std::int64_t members : {1, 3}) {
        for (const at::ScalarType score_type : {at::kFloat, at::kBFloat16}) {
          const at::ScalarType cell_type = cells == 8 ? at::kByte : (cells == 64 ? at::kShort : at::kInt);
          const OutcomeSample sample =
              sample_outcomes(rule, {members, 1201, cells, score_type, cell_type, members == 3});
          EXPECT_LT(error_of(measure(sample), sample), kRounding)
              << described(rule) << ", " << cells << " cells, " << members << " members, " << score_type;
        }
      }
    }
  }
}

TEST(OutcomeStatsTest, AgreesAtTheEdges) {
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1024, 1025}) {
      const OutcomeSample sample = sample_outcomes(rule, {2, rows, 5});
      EXPECT_LT(error_of(measure(sample), sample), kRounding) << described(rule) << ", " << rows << " rows";
    }
  }
}

// Two classes with scores 0 and z are a label with the logit z.
TEST(OutcomeStatsTest, TwoClassesAreTheBinaryMeasure) {
  OutcomeSample sample = sample_outcomes({"softmax", {2}}, {2, 3000, 7, at::kFloat, at::kInt, true});
  sample.scores.select(2, 0).fill_(0);
  // Cells of one label each: 2 c + label.
  sample.cells = sample.cells * 2 + sample.targets.to(at::kInt);
  sample.cell_count = 14;
  const at::Tensor sums = measure(sample).view({2, 14, 2, 4});
  const at::Tensor binary = cell_stats(sample.scores.select(2, 1), sample.cells,
                                       at::arange(14).remainder(2).to(at::kByte), sample.weights, 0.0, 1.0);
  EXPECT_LT(largest_difference(sums.select(2, 0).slice(2, 0, 2), binary.slice(2, 0, 2)), kRounding);
  EXPECT_LT(largest_difference(sums.select(2, 1).slice(2, 2, 4), binary.slice(2, 2, 4)), kRounding);
}

TEST(OutcomeStatsTest, LeavesAnEmptyCellAtZero) {
  for (const NamedRule& rule : every_rule()) {
    OutcomeSample sample = sample_outcomes(rule, {1, 500, 7});
    sample.cells.masked_fill_(sample.cells == 3, 4);
    EXPECT_TRUE(measure(sample).view({7, -1, 4})[3].eq(0).all().item<bool>()) << described(rule);
  }
}

TEST(OutcomeStatsTest, SurvivesExtremeScores) {
  // (1e4 0 -inf), class 1: all on class 0, loss 1e4. (inf 0 0), class 0: loss 0. (-1e4 -1e4 1e4), class 2: loss 0.
  const at::Tensor scores =
      at::tensor({1e4f, 0.0f, -kInfinity, kInfinity, 0.0f, 0.0f, -1e4f, -1e4f, 1e4f}).view({1, 3, 3});
  const at::Tensor classes = outcome_stats(scores, at::tensor({1.0f, 0.0f, 2.0f}), at::zeros({3}, at::kByte), 1,
                                           std::nullopt, softmax_rule(3))[0];
  expect_rows(classes, {{3, 1e4, 2, 2}, {0, 0, 0, 0}, {0, 0, 1, 1}});
  // Of scores all equal to -inf each class has a third; a class at -inf costs everything.
  const at::Tensor lowest = outcome_stats(at::full({1, 1, 3}, -kInfinity), at::zeros({1}), at::zeros({1}, at::kByte), 1,
                                          std::nullopt, softmax_rule(3))[0];
  expect_rows(lowest, {{1, std::log(3.0), 1.0 / 3, 1}, {0, 0, 1.0 / 3, 0}, {0, 0, 1.0 / 3, 0}});

  const at::Tensor binned = three_rows(calibration_rule(4, 0, 1), {kInfinity, 1e4f, -kInfinity}, {1, 1, 0});
  EXPECT_EQ(binned[0][kLoss].item<double>() + binned[9][kLoss].item<double>(), 0.0);
  EXPECT_EQ(binned[8][kHardPositives].item<double>(), 1.0);   // +inf: probability 1, in the last of four bins
  EXPECT_EQ(binned[17][kHardPositives].item<double>(), 2.0);  // 1e4, twice
  EXPECT_EQ(binned[14][kHardPositives].item<double>(), 1.0);  // -inf: in the first

  const at::Tensor far = three_rows(huber_rule({0, 1}, 1, {{0}, 1}), {1e4f, -1e4f, 1e4f}, {0, 0, 0});
  expect_rows(far.slice(0, 3, 5), {{0, 0, 1, 1}, {3, 3 * (1e4 - 0.5), -1e4, -1e4}});
}

// At the logit of an edge the product of probability and bins may round to either side.
TEST(OutcomeStatsTest, ABinHoldsItsLowerEdge) {
  for (const std::int64_t bins : {2, 3, 10, 32}) {
    const OutcomeRule rule = calibration_rule(bins, 0, 1);
    for (std::int64_t b = 1; b < bins; ++b) {
      const float edge = static_cast<float>(std::log(static_cast<double>(b) / static_cast<double>(bins - b)));
      const at::Tensor scores = at::tensor({edge, std::nextafter(edge, -kInfinity)}).view({1, 2, 1});
      const at::Tensor shares =
          outcome_stats(scores, at::zeros({2}), at::tensor({0, 1}, at::kByte), 2, std::nullopt, rule)
              .view({2, 1 + 2 * bins, 4})
              .slice(1, 1 + bins);
      EXPECT_EQ(shares[0][b][kHardPositives].item<double>(), 1.0) << "edge " << b << " of " << bins << " bins";
      EXPECT_EQ(shares[1][b - 1][kHardPositives].item<double>(), 1.0)
          << "below edge " << b << " of " << bins << " bins";
    }
  }
}

TEST(OutcomeStatsTest, PropagatesNaNToItsOwnCellOnly) {
  for (const NamedRule& rule : every_rule()) {
    OutcomeSample sample = sample_outcomes(rule, {1, 100, 4});
    sample.cells[50] = 2;
    for (std::int64_t output = 0; output < std::min<std::int64_t>(sample.scores.size(2), 3); ++output) {
      const at::Tensor before = sample.scores[0][50][output].clone();
      sample.scores[0][50][output] = kNaN;
      const at::Tensor sums = measure(sample).view({4, -1, 4});
      EXPECT_TRUE(sums[2][0][kLoss].isnan().item<bool>()) << described(rule);
      EXPECT_TRUE(sums[2].select(1, kSoftPositives).isnan().all().item<bool>()) << described(rule);
      EXPECT_TRUE(sums[2].select(1, kWeight).isfinite().all().item<bool>()) << described(rule);
      EXPECT_TRUE(sums[1].isfinite().all().item<bool>()) << described(rule);
      sample.scores[0][50][output] = before;
    }
  }
}

TEST(OutcomeStatsTest, ARegressionsTargetMayBeNaN) {
  const at::Tensor sums = three_rows(squared_rule({0, 1}, {{0.5}, 1}), {1, 2, 3}, {kNaN, 2, 3});
  const at::Tensor missing = sums.isnan();
  EXPECT_TRUE(missing[0][kLoss].item<bool>());
  EXPECT_TRUE(missing.slice(0, 1, 3).slice(1, 2, 4).all().item<bool>());
  EXPECT_EQ(missing.sum().item<std::int64_t>(), 5);  // not the prediction, not the exceedance, not the other cell
}

TEST(OutcomeStatsTest, WritesTheSameBitsIntoAWorkspaceAgainAndAgain) {
  for (const NamedRule& rule : every_rule()) {
    for (const std::int64_t rows : {1025, 20000}) {  // one strip and several
      const OutcomeSample sample = sample_outcomes(rule, {2, rows, 20, at::kFloat, at::kInt, true});
      OutcomeStatsWorkspace workspace = make_outcome_stats_workspace(2, rows, 20, rule_of(sample), at::kCPU);
      for (int time = 0; time < 2; ++time) {
        workspace.sums.fill_(9);
        outcome_stats_out(workspace, sample.scores, sample.targets, sample.cells, 20, sample.weights, rule_of(sample));
        EXPECT_TRUE(workspace.sums.equal(measure(sample))) << described(rule) << ", " << rows << " rows, time " << time;
      }
    }
  }
}

TEST(OutcomeStatsTest, ReadsNonContiguousInputs) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample plain = sample_outcomes(rule, {3, 200, 8, at::kFloat, at::kByte, true});
    OutcomeSample strided = plain;
    strided.scores = plain.scores.transpose(0, 1).contiguous().transpose(0, 1);
    strided.targets = at::stack({plain.targets, plain.targets}, 1).select(1, 0);
    strided.cells = at::stack({plain.cells, plain.cells}, 1).select(1, 0);
    strided.weights = at::stack({*plain.weights, *plain.weights}, 1).select(1, 1);
    ASSERT_FALSE(strided.scores.is_contiguous());
    EXPECT_TRUE(measure(strided).equal(measure(plain))) << described(rule);
  }
}

TEST(OutcomeStatsTest, RepeatsBitForBitWithAnyNumberOfThreads) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {2, 30'000, 8, at::kFloat, at::kInt, true});
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const at::Tensor one = measure(sample);
    at::set_num_threads(2);
    EXPECT_TRUE(measure(sample).equal(one)) << described(rule);
    EXPECT_TRUE(measure(sample).equal(one)) << described(rule);
    at::set_num_threads(threads);
  }
}

#ifdef EQUIPOISE_X86_LEVELS
TEST(OutcomeStatsTest, EveryInstructionSetAgreesWithTheOracle) {
  for (const NamedRule& rule : every_rule()) {
    const OutcomeSample sample = sample_outcomes(rule, {1, 1500, 8, at::kFloat, at::kInt, true});
    at::Tensor sums = at::zeros({1, sample.soft_price.size(1), 4}, at::kDouble);
    OutcomeStatsProblem problem;
    problem.scores = sample.scores.const_data_ptr();
    problem.targets = sample.targets.const_data_ptr<float>();
    problem.cells = sample.cells.const_data_ptr();
    problem.weights = sample.weights->const_data_ptr<float>();
    problem.members = 1;
    problem.rows = 1500;
    problem.cell_count = 8;
    problem.cell_type = CellType::kI32;
    problem.rule = rule_of(sample);
    problem.partials = sums.mutable_data_ptr<double>();
    OutcomeStatsStrip strip{&problem, 0, 0, -1};
    baseline::outcome_stats_strip(strip);
    EXPECT_LT(error_of(sums, sample), kRounding) << "baseline, " << described(rule);
    if (cpu_level() >= CpuLevel::kAvx2) {
      avx2::outcome_stats_strip(strip);
      EXPECT_LT(error_of(sums, sample), kRounding) << "avx2, " << described(rule);
    }
    if (cpu_level() >= CpuLevel::kAvx512) {
      avx512::outcome_stats_strip(strip);
      EXPECT_LT(error_of(sums, sample), kRounding) << "avx512, " << described(rule);
    }
  }
}
#endif

TEST(OutcomeStatsTest, RefusesWhatItCannotRead) {
  const OutcomeSample good = sample_outcomes({"softmax", {3}}, {2, 10, 4});
  const auto refuses = [](const OutcomeSample& sample, const std::string& message) {
    EXPECT_THAT(failure([&] { measure(sample); }), HasSubstr("outcome_stats: " + message));
  };
  OutcomeSample bad = good;
  bad.scores = good.scores.to(at::kDouble);
  refuses(bad, "scores has type Double, expected float32 or bfloat16");
  bad = good;
  bad.scores = good.scores[0];
  refuses(bad, "scores has shape [10, 3], expected [K, N, 3]");
  bad = good;
  bad.scores = good.scores.slice(2, 0, 2);
  refuses(bad, "scores has shape [2, 10, 2], expected [K, N, 3]");
  bad = good;
  bad.targets = good.targets.to(at::kLong);
  refuses(bad, "targets has type Long, expected Float");
  bad = good;
  bad.targets = good.targets.slice(0, 0, 9);
  refuses(bad, "targets has shape [9], expected [10]");
  bad = good;
  bad.cells = good.cells.to(at::kLong);
  refuses(bad, "cells has type Long, expected uint8, int16 or int32");
  bad = good;
  bad.weights = at::ones({11});
  refuses(bad, "weights has shape [11], expected [10]");
  bad = good;
  bad.cell_count = 0;
  refuses(bad, "cell_count is 0, expected 1 or more");
  bad = good;
  bad.scores = good.scores.to(at::kMeta);
  refuses(bad, "targets is on cpu, expected meta, where scores is");
  OutcomeStatsWorkspace workspace = make_outcome_stats_workspace(1, 10, 4, softmax_rule(3), at::kCPU);
  EXPECT_THAT(failure([&] {
                outcome_stats_out(workspace, good.scores, good.targets, good.cells, 4, std::nullopt, softmax_rule(3));
              }),
              HasSubstr("outcome_stats: workspace.sums has shape [1, 12, 4], expected [2, 12, 4]"));
}

TEST(OutcomeStatsTest, NamesTheRowThatItCannotRead) {
  for (const std::int64_t wrong : {4, -1}) {
    OutcomeSample sample = sample_outcomes({"squared", {0, 1, 1}}, {1, 3000, 4});
    sample.cells[2077] = wrong;
    EXPECT_THAT(failure([&] { measure(sample); }), HasSubstr("outcome_stats: the cell of row 2077 is outside [0, 4)"));
  }
  for (const float wrong : {3.0f, -1.0f, 1.5f, kNaN}) {
    OutcomeSample sample = sample_outcomes({"softmax", {3}}, {1, 3000, 4});
    sample.targets[2077] = wrong;
    EXPECT_THAT(failure([&] { measure(sample); }), HasSubstr("outcome_stats: the target of row 2077 is "));
    EXPECT_THAT(failure([&] { measure(sample); }), HasSubstr("expected a class, a whole number in [0, 3)"));
  }
  OutcomeSample sample = sample_outcomes({"calibration", {5, 0, 1}}, {1, 3000, 4});
  sample.targets[2077] = 2;
  EXPECT_THAT(failure([&] { measure(sample); }),
              HasSubstr("outcome_stats: the target of row 2077 is 2, expected a label, 0 or 1"));
}

}  // namespace outcome_stats_test
}  // namespace equipoise::kernels
