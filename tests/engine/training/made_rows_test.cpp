#include "engine/training/made_rows.h"

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tests/engine/training/policed.h"

namespace equipoise::training {
namespace made_rows_test {

// Where a made row comes from: its partner is of the same sex, label and fold, and no row of these is nearer than the five that it
// was chosen among.
TEST(MadeRows, ComeFromTheNearestOfTheirCellAndFold) {
  const data::Dataset people = binary_people(900, false);
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{making("smote", 1)}});
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  const sampling::Sampler sampler({{making("smote", 1)}}, people,
                                  std::vector(data.order.begin(), data.order.begin() + data.train.count),
                                  config::Origin());
  RowPolicy policy(sampler, data, 200);
  at::Tensor rows = at::empty({200}, at::kLong), step = at::full({1}, 4, at::kLong);
  policy.draw(rows, 9, step);
  const models::EncodedTensors& made = policy.made()->make(rows, 9, step);
  const auto fold_of = [&](std::int64_t row) {
    std::int64_t fold = 0;
    while (row >= data.folds[fold].first + data.folds[fold].count) ++fold;
    return fold;
  };
  const auto* x = data.encoded.values.const_data_ptr<float>();
  int between = 0;
  for (std::int64_t slot = 0; slot < 200; ++slot) {
    const std::int64_t source = rows[slot].item<std::int64_t>();
    std::vector<std::pair<double, std::int64_t>> near;
    for (std::int64_t row = 0; row < data.train.count; ++row) {
      if (row == source || fold_of(row) != fold_of(source) ||
          sampler.cells().of_row[row] != sampler.cells().of_row[source])
        continue;
      near.emplace_back(std::hypot(double{x[2 * row]} - x[2 * source], double{x[2 * row + 1]} - x[2 * source + 1]),
                        row);
    }
    std::sort(near.begin(), near.end());
    const double a = made.values[slot][0].item<double>(), b = made.values[slot][1].item<double>();
    const bool found = std::any_of(near.begin(), near.begin() + 5, [&](const auto& one) {
      const double from_a = x[2 * source], from_b = x[2 * source + 1], to_a = x[2 * one.second],
                   to_b = x[2 * one.second + 1];
      const double part = (a - from_a) / (to_a - from_a);
      return part > -1e-4 && part < 1.0001 && std::abs(from_b + part * (to_b - from_b) - b) < 1e-3;
    });
    between += found;
  }
  EXPECT_EQ(between, 200);
}

// Rows without weight are of nobody: no row is made of them, and none from them.
TEST(MadeRows, AreNotMadeOfRowsWithoutWeight) {
  data::Dataset people = binary_people(600, true);
  for (std::size_t row = 0; row < 600; row += 2) {
    people.weights[row] = 0;
    people.encoded.values[2 * row] = 50;  // far away from the others
  }
  Policed sample(people, odds_and_parity(), {making("corrupt", 1)});
  at::Tensor rows = at::arange(100, at::kLong), step = at::full({1}, 4, at::kLong);
  const models::EncodedTensors& made = sample.policy.made()->make(rows, 9, step);
  const at::Tensor are_made = sample.policy.made()->are_made(rows, 9, 4);
  for (std::int64_t slot = 0; slot < 100; ++slot) {
    const bool has_weight = sample.sampler.cells().is_drawn[static_cast<std::size_t>(slot)];
    EXPECT_EQ(are_made[slot].item<bool>(), has_weight);
    EXPECT_EQ(made.values[slot][0].item<float>() == 50, !has_weight);
  }
}

// Categories count in distances: by the median of the numbers' standard deviations where they differ.
TEST(MadeRows, CategoriesKeepRowsApart) {
  data::Dataset people = binary_people(400, false);
  people.encoded.features[1] = {"job", data::FeatureKind::pick, 2, 2, false, {"job = a", "job = b"}};
  for (std::size_t row = 0; row < 400; ++row) {
    people.encoded.codes[2 * row + 1] = static_cast<std::int16_t>(row % 2);
    people.encoded.values[2 * row + 1] = 1;
    people.encoded.values[2 * row] *= 1e-3F;  // rows of one job lie closer than the two jobs by far
  }
  people.encoded.values[0] = 1000;  // but for one that makes the deviation large
  people.splits[0] = data::Split::train;
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{making("smote", 1)}});
  const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
  const sampling::Sampler sampler({{making("smote", 1)}}, people,
                                  std::vector(data.order.begin(), data.order.begin() + data.train.count),
                                  config::Origin());
  RowPolicy policy(sampler, data, 100);
  at::Tensor rows = at::empty({100}, at::kLong), step = at::full({1}, 1, at::kLong);
  policy.draw(rows, 9, step);
  const models::EncodedTensors& made = policy.made()->make(rows, 9, step);
  for (std::int64_t slot = 0; slot < 100; ++slot)
    EXPECT_EQ(made.codes[slot][1].item<int>(), data.encoded.codes[rows[slot].item<std::int64_t>()][1].item<int>());
}

TEST(MadeRows, AreCountedWhereTheirRecipeIsFollowed) {
  sampling::RecipeParams later = making("corrupt", 0.4);
  later.where = {{"sex", "female"}};
  later.from_epoch = 1;
  Policed sample(binary_people(2000, false), odds_and_parity(), {later});
  EXPECT_EQ(sample.policy.drawn(0, 5, 9).made, (std::vector<std::int64_t>{0, 0, 0, 0}));
  sample.sampler.end_epoch({1, 1, 1, 1}, {0, 0, 0, 0}, {{0, 0, 0, 0}, {}}, {});
  sample.policy.follow();
  const RowPolicy::Drawn drawn = sample.policy.drawn(0, 12, 9);
  for (std::size_t cell = 0; cell < 4; ++cell) {
    const bool is_female = sample.sampler.cells().cells[cell].levels[0] == 0;
    EXPECT_NEAR(static_cast<double>(drawn.made[cell]), is_female ? 0.4 * static_cast<double>(drawn.rows[cell]) : 0,
                is_female ? 40 : 0);
  }
}

}  // namespace made_rows_test
}  // namespace equipoise::training
