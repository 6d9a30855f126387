#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/gpu_driver.h"
#include "engine/models/xgboost.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/refusal.h"

namespace equipoise::training {
namespace device_test {

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

RunConfig trees_on(const std::string& device, const std::string& precision = "fp32") {
  RunConfig config = config_of(device, precision);
  config.model.kind = "boosted_trees";
  return config;
}

TEST(Device, TreesGoToAGpuWhereTheyAreSentAlone) {
  core::Journal journal;
  for (const std::string device : {"auto", "cpu"})
    EXPECT_TRUE(choose_device(trees_on(device), {}, journal).is_cpu()) << device;
  EXPECT_EQ(refusal(core::Fault::config, [&] { check_device(trees_on("cuda"), {}); }), "") << "the machine decides";
  const bool has_gpu =
      refusal(core::Fault::config, [&] { choose_device(config_of("cuda", "fp32"), {}, journal); }).empty();
  const std::string refused = refusal(core::Fault::config, [&] { choose_device(trees_on("cuda"), {}, journal); });
  if (!has_gpu) {
    EXPECT_THAT(refused, AllOf(HasSubstr("device is 'cuda', but "), testing::Not(HasSubstr("XGBoost"))))
        << "what no other library would mend comes first";
  } else if (!models::xgboost::obstacle_to_cuda().empty()) {
    EXPECT_THAT(refused, AllOf(HasSubstr("scripts/setup.sh --gpu-trees"), HasSubstr("scripts/build.sh")));
  } else {
    EXPECT_TRUE(choose_device(trees_on("cuda"), {}, journal).is_cuda());
  }
}

TEST(Device, OfTreesIsRefusedForItsFormFirstAndTheyHaveNoPrecision) {
  EXPECT_THAT(refusal(core::Fault::config, [&] { check_device(trees_on("gpu"), {}); }),
              HasSubstr("device is 'gpu', expected auto, cpu, cuda or cuda:N"));
  for (const std::string device : {"auto", "cuda", "cpu"})
    EXPECT_THAT(refusal(core::Fault::config, [&] { check_device(trees_on(device, "bf16"), {}); }),
                HasSubstr("precision: bf16 has no meaning for model.kind: boosted_trees; expected fp32"))
        << device;
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

}  // namespace device_test
}  // namespace equipoise::training
