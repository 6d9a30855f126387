#include "engine/training/batch_weight.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <vector>

#include "tests/engine/training/step_sample.h"

namespace equipoise::training {
namespace batch_weight_test {

// Summed by hand, in whole numbers and halves.
TEST(BatchWeight, IsThatOfTheRowsOfEachFold) {
  for (const bool is_weighted : {false, true})
    for (const bool has_parts : {false, true}) {
      if (has_parts && !is_weighted) continue;
      StepSample sample({"linear", "sgd", 1, 3, is_weighted}, at::kCPU);
      const DeviceData& data = sample.data();
      std::vector<std::int64_t> rows;
      for (std::int64_t i = 0; i < 90; ++i) rows.push_back(i * 7919 % data.train.count);
      const at::Tensor picked = at::from_blob(rows.data(), {90}, at::kLong);
      const at::Tensor parts = has_parts ? at::full({90}, 0.5f) : at::Tensor();
      std::vector<double> expected(3, 0);
      for (const std::int64_t row : rows)
        for (std::size_t fold = 0; fold < 3; ++fold) {
          const auto& range = data.folds[fold];
          if (row < range.first || row >= range.first + range.count) continue;
          expected[fold] += (is_weighted ? (*data.weights)[row].item<double>() : 1) * (has_parts ? 0.5 : 1);
        }
      BatchWeight weight(data, 90, is_weighted);
      const at::Tensor found = weight.of(picked, data.weights, parts);
      ASSERT_EQ(found.sizes(), at::IntArrayRef({3}));
      for (std::int64_t fold = 0; fold < 3; ++fold)
        EXPECT_DOUBLE_EQ(found[fold].item<double>(), expected[static_cast<std::size_t>(fold)]);
    }
}

}  // namespace batch_weight_test
}  // namespace equipoise::training
