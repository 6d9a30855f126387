#include "kernels/cell_stats/cell_stats.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "kernels/cell_stats/cell_stats_kernel.h"
#include "kernels/device/cpu_level.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/row_oracle.h"

namespace equipoise::kernels {
namespace cell_stats_test {

using testing::HasSubstr;

at::Tensor measure(const RowSample& sample) {
  return cell_stats(sample.logits, sample.cells, sample.cell_labels, sample.weights, sample.threshold,
                    sample.temperature);
}

TEST(CellStatsTest, AddsThreeRowsByHand) {
  // Cells: 0 has label 0, 1 has label 1. Rows (z, cell, s): (0, 0, 1), (ln 3, 1, 2), (-ln 3, 1, 1); threshold 0, tau 1.
  // Row 0: loss log 2, soft 1/2, hard 0 (0 > 0 is false).
  // Row 1: loss log(1 + 1/3) = log(4/3), soft 3/4, hard 1, all twice.
  // Row 2: loss log(1 + 3) = log 4, soft 1/4, hard 0.
  const float log3 = std::log(3.0f);
  const at::Tensor sums = cell_stats(at::tensor({0.0f, log3, -log3}).unsqueeze(0), at::tensor({0, 1, 1}, at::kByte),
                                     at::tensor({0, 1}, at::kByte), at::tensor({1.0f, 2.0f, 1.0f}), 0.0, 1.0);
  ASSERT_EQ(sums.sizes(), at::IntArrayRef({1, 2, 4}));
  const double expected[8] = {1, std::log(2.0), 0.5, 0, 3, 2 * std::log(4.0 / 3.0) + std::log(4.0), 1.75, 2};
  for (int i = 0; i < 8; ++i) EXPECT_NEAR(sums.flatten()[i].item<double>(), expected[i], 3e-7) << "column " << i;
}

TEST(CellStatsTest, AgreesWithTheOracle) {
  for (const std::int64_t cells : {1, 2, 5, 8, 16, 17, 64, 256, 1500, 4096}) {
    for (const std::int64_t members : {1, 3}) {
      for (const bool weighted : {false, true}) {
        for (const at::ScalarType logit_type : {at::kFloat, at::kBFloat16}) {
          const at::ScalarType cell_type = cells <= 256 ? at::kByte : (cells <= 2000 ? at::kShort : at::kInt);
          const RowSample sample = sample_rows({members, 3001, cells, logit_type, cell_type, weighted});
          EXPECT_LT(largest_difference(measure(sample), oracle_sums(sample)), 2e-7)
              << cells << " cells, " << members << " members, weighted " << weighted << ", " << logit_type;
        }
      }
    }
  }
}

TEST(CellStatsTest, WritesTheSameBitsIntoAWorkspaceAgainAndAgain) {
  for (const std::int64_t rows : {1025, 40000}) {  // one strip and several
    const RowSample sample = sample_rows({3, rows, 20, at::kFloat, at::kInt, true});
    CellStatsWorkspace workspace = make_cell_stats_workspace(3, rows, 20, at::kCPU);
    for (int time = 0; time < 2; ++time) {
      workspace.sums.fill_(9);
      cell_stats_out(workspace, sample.logits, sample.cells, sample.cell_labels, sample.weights, sample.threshold,
                     sample.temperature);
      EXPECT_TRUE(workspace.sums.equal(measure(sample))) << rows << " rows, time " << time;
    }
  }
}

TEST(CellStatsTest, RefusesTheWorkspaceOfOtherRows) {
  const RowSample sample = sample_rows({2, 40000, 5});
  const auto into = [&](std::int64_t members, std::int64_t rows) {
    CellStatsWorkspace workspace = make_cell_stats_workspace(members, rows, 5, at::kCPU);
    return failure(
        [&] { cell_stats_out(workspace, sample.logits, sample.cells, sample.cell_labels, std::nullopt, 0.0, 1.0); });
  };
  EXPECT_EQ(into(2, 40000), "no error");
  EXPECT_THAT(into(1, 40000), HasSubstr("workspace.sums has shape [1, 5, 4], expected [2, 5, 4]"));
  EXPECT_THAT(into(2, 1000), HasSubstr("workspace.partials has shape [1, 2, 5, 4], expected [2, 2, 5, 4]"));
}

TEST(CellStatsTest, AgreesAtTheEdgesOfBlocks) {
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 1023, 1024, 1025}) {
    for (const std::int64_t cells : {3, 40}) {
      const RowSample sample = sample_rows({2, rows, cells});
      const at::Tensor sums = measure(sample);
      EXPECT_LT(largest_difference(sums, oracle_sums(sample)), 2e-7) << rows << " rows, " << cells << " cells";
    }
  }
}

TEST(CellStatsTest, LeavesAnEmptyCellAtZero) {
  RowSample sample = sample_rows({1, 500, 7});
  sample.cells.masked_fill_(sample.cells == 3, 4);
  EXPECT_TRUE(measure(sample)[0][3].eq(0).all().item<bool>());
}

TEST(CellStatsTest, SurvivesExtremeLogits) {
  const float infinity = std::numeric_limits<float>::infinity();
  for (const std::int64_t cells : {2, 40}) {
    RowSample sample = sample_rows({1, 6, cells});
    sample.logits = at::tensor({1e4f, -1e4f, 1e4f, -1e4f, -infinity, infinity}).unsqueeze(0);
    sample.cells = at::tensor({0, 0, 1, 1, 0, 1}, at::kInt);
    sample.cell_labels = at::zeros({cells}, at::kByte);
    sample.cell_labels[1] = 1;
    const at::Tensor sums = measure(sample)[0];
    EXPECT_EQ(sums[0][kLoss].item<double>(), 1e4);  // +1e4 and label 0 costs 1e4; -1e4 and -inf cost nothing
    EXPECT_EQ(sums[1][kLoss].item<double>(), 1e4);  // -1e4 and label 1
    EXPECT_EQ(sums[0][kSoftPositives].item<double>(), 1.0);
    EXPECT_EQ(sums[1][kSoftPositives].item<double>(), 2.0);
    EXPECT_EQ(sums[1][kHardPositives].item<double>(), 2.0);
    sample.logits[0][5] = -infinity;
    EXPECT_EQ(measure(sample)[0][1][kLoss].item<double>(), std::numeric_limits<double>::infinity());
  }
}

TEST(CellStatsTest, PropagatesNaNToItsOwnCellOnly) {
  for (const std::int64_t cells : {4, 40}) {
    RowSample sample = sample_rows({1, 100, cells});
    sample.cells[50] = 2;
    sample.logits[0][50] = std::numeric_limits<float>::quiet_NaN();
    const at::Tensor sums = measure(sample)[0];
    EXPECT_TRUE(sums[2][kLoss].isnan().item<bool>());
    EXPECT_TRUE(sums[2][kSoftPositives].isnan().item<bool>());
    EXPECT_TRUE(sums[1].isfinite().all().item<bool>());
  }
}

TEST(CellStatsTest, ReadsNonContiguousInputs) {
  const RowSample plain = sample_rows({3, 200, 8, at::kFloat, at::kByte, true});
  RowSample strided = plain;
  strided.logits = plain.logits.t().contiguous().t();
  strided.cells = at::stack({plain.cells, plain.cells}, 1).select(1, 0);
  strided.weights = at::stack({*plain.weights, *plain.weights}, 1).select(1, 1);
  ASSERT_FALSE(strided.logits.is_contiguous());
  EXPECT_TRUE(measure(strided).equal(measure(plain)));
}

TEST(CellStatsTest, RepeatsBitForBitWithAnyNumberOfThreads) {
  for (const std::int64_t cells : {8, 100}) {
    const RowSample sample = sample_rows({2, 200'000, cells, at::kFloat, at::kInt, true});
    const int threads = at::get_num_threads();
    at::set_num_threads(1);
    const at::Tensor one = measure(sample);
    at::set_num_threads(2);
    EXPECT_TRUE(measure(sample).equal(one));
    EXPECT_TRUE(measure(sample).equal(one));
    at::set_num_threads(threads);
  }
}

#ifdef EQUIPOISE_X86_LEVELS
TEST(CellStatsTest, EveryInstructionSetAgreesWithTheOracle) {
  for (const std::int64_t cells : {3, 8, 16, 50}) {
    for (const bool weighted : {false, true}) {
      const RowSample sample = sample_rows({1, 1500, cells, at::kFloat, at::kInt, weighted});
      at::Tensor sums = at::zeros({1, cells, 4}, at::kDouble);
      CellStatsProblem problem{problem_of(sample)};
      problem.partials = sums.mutable_data_ptr<double>();
      CellStatsStrip strip{&problem, 0, 0, -1};
      baseline::cell_stats_strip(strip);
      EXPECT_LT(largest_difference(sums, oracle_sums(sample)), 2e-7) << "baseline";
      if (cpu_level() >= CpuLevel::kAvx2) {
        avx2::cell_stats_strip(strip);
        EXPECT_LT(largest_difference(sums, oracle_sums(sample)), 2e-7) << "avx2";
      }
      if (cpu_level() >= CpuLevel::kAvx512) {
        avx512::cell_stats_strip(strip);
        EXPECT_LT(largest_difference(sums, oracle_sums(sample)), 2e-7) << "avx512";
      }
    }
  }
}
#endif

TEST(CellStatsTest, RefusesWhatItCannotRead) {
  const RowSample good = sample_rows({2, 10, 4});
  RowSample bad = good;
  bad.logits = good.logits.to(at::kDouble);
  EXPECT_THAT(failure([&] { measure(bad); }),
              HasSubstr("cell_stats: logits has type Double, expected float32 or bfloat16"));
  bad = good;
  bad.logits = good.logits[0];
  EXPECT_THAT(failure([&] { measure(bad); }), HasSubstr("cell_stats: logits has shape [10], expected [K, N]"));
  bad = good;
  bad.cells = good.cells.to(at::kLong);
  EXPECT_THAT(failure([&] { measure(bad); }),
              HasSubstr("cell_stats: cells has type Long, expected uint8, int16 or int32"));
  bad = good;
  bad.cells = good.cells.slice(0, 0, 9);
  EXPECT_THAT(failure([&] { measure(bad); }), HasSubstr("cell_stats: cells has shape [9], expected [10]"));
  bad = good;
  bad.cell_labels = good.cell_labels.to(at::kInt);
  EXPECT_THAT(failure([&] { measure(bad); }), HasSubstr("cell_stats: cell_labels has type Int, expected Byte"));
  bad = good;
  bad.weights = at::ones({11});
  EXPECT_THAT(failure([&] { measure(bad); }), HasSubstr("cell_stats: weights has shape [11], expected [10]"));
  bad = good;
  bad.temperature = 0.0;
  EXPECT_THAT(failure([&] { measure(bad); }),
              HasSubstr("cell_stats: temperature is 0, expected a finite number above 0"));
  bad = good;
  bad.logits = good.logits.to(at::kMeta);
  EXPECT_THAT(failure([&] { measure(bad); }), HasSubstr("cell_stats: cells is on cpu, expected meta, where logits is"));
}

TEST(CellStatsTest, NamesTheRowOfACellOutOfRange) {
  for (const std::int64_t cells : {4, 40}) {
    for (const std::int64_t wrong : {cells, std::int64_t{-1}}) {
      RowSample sample = sample_rows({1, 3000, cells});
      sample.cells[2077] = wrong;
      EXPECT_THAT(failure([&] { measure(sample); }),
                  HasSubstr("cell_stats: the cell of row 2077 is outside [0, " + std::to_string(cells) + ")"));
    }
  }
}

}  // namespace cell_stats_test
}  // namespace equipoise::kernels
