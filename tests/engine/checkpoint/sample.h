#pragma once

#include <ATen/Functions.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "engine/checkpoint/checkpoint.h"

namespace equipoise::checkpoint {

/// A checkpoint with something of each kind, another one for each step.
inline Checkpoint sample(std::int64_t step) {
  Checkpoint checkpoint;
  checkpoint.step = step;
  checkpoint.belongs_to = {{"training.epochs", "20"}, {"model.hidden", "[8]"}};
  checkpoint.state.tensors["weights"] = at::arange(40, at::kFloat).add(static_cast<double>(step));
  checkpoint.state.tensors["steps"] = at::full({1}, step, at::kLong);
  checkpoint.state.numbers["loss"] = {0.1, std::nan(""), -std::numeric_limits<double>::infinity()};
  checkpoint.state.integers["epoch"] = {step, -1};
  checkpoint.state.texts["why"] = {"a \"text\"", ""};
  return checkpoint;
}

/// A folder of its own for each test.
class CheckpointFolder : public testing::Test {
 protected:
  CheckpointFolder()
      : folder_(std::filesystem::temp_directory_path() /
                ("equipoise_checkpoint_" + std::to_string(::getpid()) +
                 testing::UnitTest::GetInstance()->current_test_info()->name())) {
    std::filesystem::create_directories(folder_);
  }
  ~CheckpointFolder() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path checkpoints() const { return folder_ / "checkpoints"; }

  const std::filesystem::path folder_;
};

}  // namespace equipoise::checkpoint
