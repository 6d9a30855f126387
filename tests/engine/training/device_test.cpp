#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/gpu_driver.h"
#include "engine/models/xgboost.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/refusal.h"

namespace equipoise::training {
namespace {

using testing::AllOf;
using testing::HasSubstr;

RunConfig config_of(const std::string& device, const std::string& precision) {
  RunConfig config;
  config.device = device;
  config.precision = precision;
  return config;
}

TEST(Device, ThePrecisionsBelowFp32NeedAGpu) {
  core::Journal journal;
  for (const std::string precision : {"tf32", "bf16"}) {
    const RunConfig config = config_of("cpu", precision);
    const auto message =
        AllOf(HasSubstr("precision: " + precision + " needs device: cuda"), HasSubstr("device is 'cpu'"));
    EXPECT_THAT(refusal(core::Fault::config, [&] { check_device(config, {}); }), message) << "before there is any data";
    EXPECT_THAT(refusal(core::Fault::config, [&] { choose_device(config, {}, journal); }), message);
    EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(config_of("auto", precision), {}); }), "")
        << "the machine decides";
    EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(config_of("cuda:1", precision), {}); }), "");
  }
  EXPECT_EQ(refusal(core::Fault::config, [&] { choose_device(config_of("cpu", "fp32"), {}, journal); }), "");
}

TEST(Device, AutoDoesNotTrainInAnotherPrecisionThanWasAskedFor) {
  core::Journal journal;
  if (choose_device(config_of("auto", "fp32"), {}, journal).is_cuda()) GTEST_SKIP() << "auto finds a GPU here";
  EXPECT_THAT(refusal(core::Fault::config, [&] { choose_device(config_of("auto", "bf16"), {}, journal); }),
              AllOf(HasSubstr("precision: bf16 needs device: cuda"), HasSubstr("device is 'auto' and found no GPU")));
}

TEST(Device, EveryRecipeOfRowsComputesOnAGpuToo) {
  for (const std::string name :
       {"balance", "smote", "jitter", "corrupt", "counterfactual", "copula", "mixup", "fair_mixup", "massage"}) {
    RunConfig config = config_of("cuda", "fp32");
    config.sampling.recipes.resize(1);
    config.sampling.recipes[0].recipe = name;
    EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(config, {}); }), "") << name;
  }
}

// Before any data are read: what has no version for GPUs is not sent there, and `auto` passes them over.
TEST(Device, AConvnetComputesOnTheCpu) {
  RunConfig config = config_of("cuda", "fp32");
  config.model.kind = "convnet";
  EXPECT_THAT(refusal(core::Fault::config, [&] { check_device(config, {}); }),
              HasSubstr("device is 'cuda', but model.kind: convnet computes on the CPU alone so far; set device: cpu"));
  config.device = "auto";
  core::Journal journal;
  EXPECT_TRUE(choose_device(config, {}, journal).is_cpu());
}

TEST(Device, TreesGoWhereTheirXgboostCan) {
  RunConfig config = config_of("cuda", "fp32");
  config.model.kind = "boosted_trees";
  const std::string why = models::xgboost::obstacle_to_cuda();
  EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(config, {}); }),
            why.empty() ? "" : "device is 'cuda', but " + why + "; set device: cpu");
  core::Journal journal;
  config.device = "auto";
  if (!why.empty()) EXPECT_TRUE(choose_device(config, {}, journal).is_cpu());
  config.device = "cpu";
  EXPECT_TRUE(choose_device(config, {}, journal).is_cpu());
}

TEST(Device, IsWrittenAsTheConfigSays) {
  for (const std::string device : {"auto", "cpu", "cuda", "cuda:0", "cuda:12"}) {
    EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(config_of(device, "fp32"), {}); }), "") << device;
  }
  for (const std::string device : {"gpu", "cuda:", "cuda:x", "cuda:1x", "cuda:-1", "cuda:500", "CPU", ""}) {
    EXPECT_THAT(refusal(core::Fault::config, [&] { check_device(config_of(device, "fp32"), {}); }),
                HasSubstr("expected auto, cpu, cuda"))
        << device;
  }
}

}  // namespace
}  // namespace equipoise::training
