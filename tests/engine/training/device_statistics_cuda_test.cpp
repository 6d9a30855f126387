#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/training/device_statistics.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/scored_people.h"

namespace equipoise::training {
namespace device_statistics_cuda_test {

// The GPU, or nothing, and why.
std::optional<at::Device> gpu(std::string& reason) {
  RunConfig config;
  config.device = "cuda";
  core::Journal journal;
  try {
    return choose_device(config, config::Origin(), journal);
  } catch (const core::UserError& error) {
    reason = error.what();
    return std::nullopt;
  }
}

TEST(DeviceStatisticsCudaTest, AgreeWithTheHostAndRepeatBitForBit) {
  std::string reason;
  const std::optional<at::Device> device = gpu(reason);
  if (!device) GTEST_SKIP() << reason;
  for (const bool weighted : {false, true})
    for (const std::int64_t rows : {0, 1, 2, 31, 1025, 100'000, (1 << 20) + 3}) {
      SCOPED_TRACE(std::to_string(rows) + (weighted ? " rows, weighted" : " rows"));
      const ScoredPeople people(rows, weighted);
      const at::Tensor scores = at::tensor(people.probability, at::kDouble).to(*device);
      const DeviceScores on_gpu = device_scores(people.dataset, people.cells, scores);
      const auto statistics = device_statistics("test", on_gpu, people.request);
      expect_agreement(statistics, evaluation::host_statistics("test", people.scores(), people.request));
      const auto again = device_statistics("test", on_gpu, people.request);
      EXPECT_EQ(again.log_loss, statistics.log_loss);
      EXPECT_EQ(again.area, statistics.area);
      EXPECT_EQ(again.histogram, statistics.histogram);
      EXPECT_EQ(again.above, statistics.above);
      EXPECT_EQ(again.cells.squares.all, statistics.cells.squares.all);
    }
}

TEST(DeviceStatisticsCudaTest, OfSomeRowsAndOfARowThatIsNoProbability) {
  std::string reason;
  const std::optional<at::Device> device = gpu(reason);
  if (!device) GTEST_SKIP() << reason;
  const ScoredPeople people(1000, true);
  std::vector<std::int64_t> rows;
  for (std::int64_t row = 0; row < 1000; row += 3) rows.push_back(row);
  const at::Tensor scores = at::tensor(people.probability, at::kDouble);
  const auto some = [&](const at::Device& where) {
    return picked(device_scores(people.dataset, people.cells, scores.to(where)), rows);
  };
  expect_agreement(device_statistics("test", some(*device), people.request),
                   device_statistics("test", some(at::kCPU), people.request));
  DeviceScores wrong = some(*device);
  wrong.probability[7] = std::nan("");
  try {
    device_statistics("test", wrong, people.request);
    FAIL() << "no error";
  } catch (const core::UserError& error) {
    EXPECT_NE(std::string(error.what()).find("row 7 of the test rows"), std::string::npos) << error.what();
  }
}

}  // namespace device_statistics_cuda_test
}  // namespace equipoise::training
