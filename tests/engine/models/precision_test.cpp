#include "engine/models/precision.h"

#include <ATen/Context.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/models/learner.h"

namespace equipoise::models {
namespace precision_test {

bool tf32_is_on() {
  return at::globalContext().allowTF32CuBLAS();
}

at::CuBLASReductionOption bf16_sums() {
  return at::globalContext().allowBF16ReductionCuBLAS();
}

// The settings are numbers of the process: they can be looked at without a GPU.
const at::Device kGpu(at::kCUDA, 0);

TEST(ProductSettings, HoldWhileTheyLive) {
  const bool tf32_before = tf32_is_on();
  const at::CuBLASReductionOption sums_before = bf16_sums();
  {
    const ProductSettings training(Precision::tf32, kGpu);
    EXPECT_TRUE(tf32_is_on());
    {
      const ProductSettings exact(Precision::fp32, kGpu);
      EXPECT_FALSE(tf32_is_on());
    }
    EXPECT_TRUE(tf32_is_on()) << "the inner ones restore the outer ones";
  }
  EXPECT_EQ(tf32_is_on(), tf32_before);
  {
    const ProductSettings training(Precision::bf16, kGpu);
    EXPECT_FALSE(tf32_is_on()) << "what stays fp32 is not rounded";
    EXPECT_EQ(bf16_sums(), at::CuBLASReductionOption::DisallowReducedPrecisionAllowSplitK);
  }
  EXPECT_EQ(bf16_sums(), sums_before);
}

TEST(ProductSettings, OverruleAndRestoreWhatTheProcessHad) {
  at::globalContext().setAllowTF32CuBLAS(true);
  at::globalContext().setAllowBF16ReductionCuBLAS(false, false);
  {
    const ProductSettings exact(Precision::fp32, kGpu);
    EXPECT_FALSE(tf32_is_on());
  }
  EXPECT_TRUE(tf32_is_on());
  EXPECT_EQ(bf16_sums(), at::CuBLASReductionOption::DisallowReducedPrecisionDisallowSplitK);
  at::globalContext().setAllowTF32CuBLAS(false);
  at::globalContext().setAllowBF16ReductionCuBLAS(true, true);
}

TEST(ProductSettings, AreRestoredByAnException) {
  try {
    const ProductSettings training(Precision::tf32, kGpu);
    throw std::runtime_error("out of memory");
  } catch (const std::runtime_error&) {
  }
  EXPECT_FALSE(tf32_is_on());
}

TEST(ProductSettings, LeaveTheCpuAlone) {
  const ProductSettings training(Precision::tf32, at::kCPU);
  EXPECT_FALSE(tf32_is_on());
}

TEST(Precision, OfTheCpuIsFp32) {
  data::EncodedRows rows;
  rows.width = 1;
  rows.features = {{"x", data::FeatureKind::pick, 0, 1, false, {}}};
  for (const Precision precision : {Precision::tf32, Precision::bf16}) {
    EXPECT_THROW(make_learner({}, rows, {1}, at::kCPU, precision), std::invalid_argument);
  }
}

}  // namespace precision_test
}  // namespace equipoise::models
