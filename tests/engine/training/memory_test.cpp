#include "engine/training/memory.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "engine/core/error.h"

namespace equipoise::training {
namespace memory_test {

using testing::HasSubstr;

TEST(MemoryAdvice, SaysWhatTheGpuLacks) {
  RunConfig config;
  config.training.batch_size = 65536;
  EXPECT_EQ(
      memory_advice("CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.11 GiB of "
                    "which 3.50 GiB is free. Process 1 has 75.61 GiB memory in use.",
                    config, 8),
      "the GPU's memory ran out: 20.00 GiB more were asked for, 3.50 GiB are free; lower training.batch_size (65536) "
      "or model.hidden, or train fewer networks together (8: bank, multipliers.folds)");
}

TEST(MemoryAdvice, OfTreesSpeaksOfWhatTheyHave) {
  RunConfig config;
  config.model.kind = "boosted_trees";
  EXPECT_EQ(
      memory_advice("you tried to allocate 1048576 bytes", config, 4),
      "memory ran out: 1 MiB more were asked for; learn from fewer rows, or train fewer models together (4: bank, "
      "multipliers.folds)");
}

// The text is that of 3.2, src/common/device_vector.cu; its units by HumanMemUnit.
TEST(MemoryAdvice, KnowsXgboostsWords) {
  RunConfig config;
  config.model.kind = "boosted_trees";
  const std::string what =
      "XGBoost: [12:00:00] /xgboost/src/common/device_vector.cu:20: Memory allocation error on worker 0: Caching "
      "allocator\n"
      "- Free memory: 1.5GB\n- Requested memory: 2.25GB\n";
  EXPECT_EQ(memory_advice(what, config, 1),
            "the GPU's memory ran out: 2.25GB more were asked for, 1.5GB are free; learn from fewer rows");
  EXPECT_THROW(with_memory_advice(config, 1, [&] { throw std::runtime_error(what); }), core::UserError);
  EXPECT_EQ(memory_advice("XGBoost: std::bad_alloc", config, 1), "memory ran out; learn from fewer rows");
  try {
    with_memory_advice(config, 1, [] { throw std::runtime_error("XGBoost: another error"); });
    FAIL() << "it was swallowed";
  } catch (const core::UserError&) {
    FAIL() << "nobody ran out of memory";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "XGBoost: another error");
  }
}

TEST(MemoryAdvice, OtherErrorsAreNoneOfItsBusiness) {
  EXPECT_EQ(memory_advice("mat1 and mat2 shapes cannot be multiplied", RunConfig(), 1), "");
}

TEST(MemoryAdvice, AnAllocationThatFailsBecomesAUserError) {
  RunConfig config;
  config.training.batch_size = 512;
  const auto message_of = [&](const std::function<void()>& work) {
    try {
      with_memory_advice(config, 1, work);
    } catch (const core::UserError& error) {
      EXPECT_EQ(error.fault(), core::Fault::memory);
      return std::string(error.what());
    }
    return std::string("no error");
  };
  // More than a process can address.
  const std::string asked = message_of([] { at::empty({std::int64_t{1} << 50}, at::kFloat); });
  EXPECT_THAT(asked, HasSubstr("memory ran out: 4096 TiB more were asked for; lower training.batch_size (512)"));
  EXPECT_THAT(message_of([] { throw std::bad_alloc(); }), HasSubstr("memory ran out; lower training.batch_size"));
  EXPECT_THROW(with_memory_advice(RunConfig(), 1, [] { at::empty({2}).view({3}); }), c10::Error);
}

}  // namespace memory_test
}  // namespace equipoise::training
