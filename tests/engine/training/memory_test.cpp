#include "engine/training/memory.h"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>

#include "engine/core/error.h"

namespace equipoise::training {
namespace {

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

TEST(MemoryAdvice, OtherErrorsAreNoneOfItsBusiness) {
  EXPECT_EQ(memory_advice("mat1 and mat2 shapes cannot be multiplied", RunConfig(), 1), "");
}

TEST(MemoryAdvice, AnAllocationThatFailsBecomesAUserError) {
  const auto message_of = [](const std::function<void()>& work) {
    try {
      with_memory_advice(RunConfig(), 1, work);
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

}  // namespace
}  // namespace equipoise::training
