#include "kernels/make_rows/make_rows.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/kernels/failure.h"
#include "tests/kernels/making_sample.h"

namespace equipoise::kernels {
namespace make_rows_test {

using testing::HasSubstr;

TEST(MakeRowsTest, WithoutAShareEveryRowIsItsSource) {
  const Sample sample;
  const at::Tensor rows = all_rows(sample, 2);
  const MadeRows batch = made(sample, rows, recipe(kSmote, 0, {0, 0, 0}));
  EXPECT_TRUE(batch.codes.equal(sample.rows.codes.index_select(0, rows)));
  EXPECT_TRUE(batch.values.equal(sample.rows.values.index_select(0, rows)));
  EXPECT_TRUE(batch.recipes.eq(-1).all().item<bool>());
  EXPECT_TRUE(batch.partners.eq(-1).all().item<bool>());
}

TEST(MakeRowsTest, SmoteLiesBetweenARowAndOneOfItsNeighbours) {
  const Sample sample;
  const at::Tensor rows = all_rows(sample, 30);
  const MadeRows batch = made(sample, rows, recipe(kSmote, 0));
  std::vector<double> parts;
  std::map<std::int64_t, int> chosen;
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const auto source = rows[slot].item<std::int64_t>(), partner = batch.partners[slot].item<std::int64_t>();
    if (sample.cell_of(source) == 2) {  // nobody beside it
      EXPECT_EQ(batch.recipes[slot].item<int>(), -1);
      continue;
    }
    EXPECT_EQ(batch.recipes[slot].item<int>(), 0);
    const at::Tensor near = sample.rows.neighbors[source];
    const auto place = (near == partner).nonzero();
    ASSERT_EQ(place.numel(), 1);
    ++chosen[place.item<std::int64_t>()];
    // The part of the way, from any number that both have and that differs; the same in all of them.
    std::vector<double> own_parts;
    for (const std::int64_t f : {0, 1, 3}) {
      const bool missing = sample.is_missing(source, f) || sample.is_missing(partner, f);
      if (missing) {
        EXPECT_EQ(batch.codes[slot][f].item<int>(), sample.rows.codes[source][f].item<int>());
        EXPECT_EQ(batch.values[slot][f].item<float>(), sample.rows.values[source][f].item<float>());
        continue;
      }
      const double from = sample.position(source, f), to = sample.position(partner, f);
      if (std::abs(to - from) > 0.2) own_parts.push_back((position_of(batch, slot, f) - from) / (to - from));
    }
    for (const double part : own_parts) {
      EXPECT_NEAR(part, own_parts.front(), 1e-4);
      EXPECT_GE(part, -1e-5);
      EXPECT_LT(part, 1 + 1e-5);
    }
    if (!own_parts.empty()) parts.push_back(own_parts.front());
  }
  // Uniform over the way and over the neighbours: means within four standard errors.
  const auto count = static_cast<double>(parts.size());
  double mean = 0;
  for (const double part : parts) mean += part / count;
  EXPECT_NEAR(mean, 0.5, 4 * std::sqrt(1 / 12.0 / count));
  for (const auto& [place, times] : chosen) EXPECT_NEAR(times, 600, 4 * std::sqrt(1800 * 2 / 9.0));
  EXPECT_EQ(chosen.size(), 3U);
}

TEST(MakeRowsTest, SmoteLooksAtAsManyNeighboursAsItIsTold) {
  const Sample sample;
  const MadeRows batch = made(sample, at::zeros({300}, at::kLong), recipe(kSmote, 2));
  std::set<std::int64_t> partners;
  for (std::int64_t slot = 0; slot < 300; ++slot) partners.insert(batch.partners[slot].item<std::int64_t>());
  EXPECT_EQ(partners, (std::set<std::int64_t>{sample.rows.neighbors[0][0].item<std::int64_t>(),
                                              sample.rows.neighbors[0][1].item<std::int64_t>()}));
}

TEST(MakeRowsTest, SmoteTakesTheMostFrequentCategoryOfAllNeighbours) {
  Sample sample;
  // Row 0's neighbours: levels 2, 1, 1 then 1, 2, 0 (all alike: the nearest's).
  for (const auto& [levels, expected] : {std::pair(std::vector<int>{2, 1, 1}, 1), {{1, 2, 0}, 1}, {{0, 0, 2}, 0}}) {
    for (std::int64_t n = 0; n < 3; ++n)
      sample.rows.codes[sample.rows.neighbors[0][n].item<std::int64_t>()][2] = levels[static_cast<std::size_t>(n)];
    const MadeRows batch = made(sample, at::zeros({50}, at::kLong), recipe(kSmote, 0));
    EXPECT_TRUE(batch.codes.select(1, 2).eq(expected).all().item<bool>());
  }
}

TEST(MakeRowsTest, JitterMovesNumbersByNoMoreThanItsAmountAndStaysInRange) {
  const Sample sample;
  const at::Tensor rows = all_rows(sample, 40);
  const MadeRows batch = made(sample, rows, recipe(kJitter, 0.1F));
  double sum = 0, square = 0, moved = 0;
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const auto source = rows[slot].item<std::int64_t>();
    EXPECT_EQ(batch.codes[slot][2].item<int>(), sample.rows.codes[source][2].item<int>());
    for (const std::int64_t f : {0, 1, 3}) {
      if (sample.is_missing(source, f)) {
        EXPECT_EQ(batch.codes[slot][f].item<int>(), sample.rows.codes[source][f].item<int>());
        continue;
      }
      const double reach = f == 1 ? 0.1 : 0.8, apart = position_of(batch, slot, f) - sample.position(source, f);
      EXPECT_LE(std::abs(apart), reach + 1e-5);
      if (f != 1) {
        EXPECT_LT(batch.codes[slot][f].item<int>(), 8);
        EXPECT_LE(batch.values[slot][f].item<float>(), 1);
        EXPECT_GE(batch.values[slot][f].item<float>(), 0);
        continue;
      }
      sum += apart;
      square += apart * apart;
      ++moved;
    }
  }
  EXPECT_NEAR(sum / moved, 0, 4 * 0.1 / std::sqrt(3 * moved));
  EXPECT_NEAR(square / moved, 0.01 / 3, 4 * 0.01 * std::sqrt(4 / 45.0 / moved));
}

TEST(MakeRowsTest, CorruptionTakesSingleFeaturesFromTheSameCell) {
  const Sample sample;
  const at::Tensor rows = at::zeros({4000}, at::kLong);  // of cell 0
  const MadeRows batch = made(sample, rows, recipe(kCorrupt, 0.3F));
  // Standardised numbers are all different: of whom it is can be told.
  std::map<float, std::int64_t> whose;
  for (std::int64_t row = 1; row < 60; ++row)
    if (sample.cell_of(row) == 0 && row % 7 != 0) whose[sample.rows.values[row][1].item<float>()] = row;
  std::map<std::int64_t, int> taken;
  int kept = 0, missing = 0;
  for (std::int64_t slot = 0; slot < 4000; ++slot) {
    if (batch.codes[slot][1].item<int>() == 1) {  // row 0 lacks the number, as do others
      ++missing;
      continue;
    }
    const auto found = whose.find(batch.values[slot][1].item<float>());
    ASSERT_NE(found, whose.end());
    ++taken[found->second];
  }
  for (std::int64_t slot = 0; slot < 4000; ++slot)
    kept += batch.values[slot][0].item<float>() == sample.rows.values[0][0].item<float>();
  // .7 keep their own; of the others one in 40 is row 0 itself.
  EXPECT_NEAR(kept / 4000.0, 0.7 + 0.3 / 40, 4 * std::sqrt(0.21 / 4000));
  const double lacking = 6.0 / 40;  // rows 0, 7, 21, 28, 42, 49 of cell 0
  EXPECT_NEAR(missing / 4000.0, 0.7 + 0.3 * lacking, 4 * std::sqrt(0.21 / 4000));
  for (const auto& [row, times] : taken) EXPECT_NEAR(times, 4000 * 0.3 / 40, 5 * std::sqrt(30.0)) << row;
}

TEST(MakeRowsTest, EachCellHasItsOwnShare) {
  const Sample sample;
  const at::Tensor rows = all_rows(sample, 200);
  const MadeRows batch = made(sample, rows, recipe(kJitter, 0.1F, {0.25, 0.75, 0}));
  double count[3] = {}, of[3] = {};
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const std::int64_t cell = sample.cell_of(rows[slot].item<std::int64_t>());
    ++of[cell];
    count[cell] += batch.recipes[slot].item<int>() == 0;
  }
  EXPECT_NEAR(count[0] / of[0], 0.25, 4 * std::sqrt(0.1875 / of[0]));
  EXPECT_NEAR(count[1] / of[1], 0.75, 4 * std::sqrt(0.1875 / of[1]));
  EXPECT_EQ(count[2], 0);
}

TEST(MakeRowsTest, SeveralRecipesShareACellAndAreToldApart) {
  const Sample sample;
  MakingRecipes both{at::tensor({int{kSmote}, int{kJitter}}, at::kInt), at::tensor({0.0F, 0.1F}, at::kFloat),
                     at::empty({3, 2}, at::kLong)};
  both.limits.select(1, 0).fill_(kWholeLimit / 4);
  both.limits.select(1, 1).fill_(kWholeLimit / 2);
  const at::Tensor rows = at::zeros({4000}, at::kLong);
  const MadeRows batch = made(sample, rows, both);
  for (const auto& [recipe, share] : {std::pair(-1, 0.5), {0, 0.25}, {1, 0.25}})
    EXPECT_NEAR(batch.recipes.eq(recipe).sum().item<double>() / 4000, share, 4 * std::sqrt(share * (1 - share) / 4000));
  EXPECT_TRUE(recipes_of_slots(rows, sample.rows, both, 7, 3).equal(batch.recipes));
  const at::Tensor all = all_rows(sample, 20);  // of the cell that has one row too
  EXPECT_TRUE(recipes_of_slots(all, sample.rows, both, 7, 3).equal(made(sample, all, both).recipes));
}

TEST(MakeRowsTest, IsAPureFunctionOfSeedStepAndSlot) {
  const Sample sample;
  const at::Tensor rows = all_rows(sample, 20);
  const MakingRecipes smote = recipe(kSmote, 0);
  const MadeRows first = made(sample, rows, smote);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const MadeRows again = made(sample, rows, smote);
  at::set_num_threads(threads);
  EXPECT_TRUE(first.values.equal(again.values) && first.codes.equal(again.codes));
  EXPECT_FALSE(first.values.equal(made(sample, rows, smote, 8).values));
  EXPECT_FALSE(first.values.equal(made(sample, rows, smote, 7, 4).values));
  const MadeRows shorter = made(sample, rows.narrow(0, 0, 100), smote);
  EXPECT_TRUE(shorter.values.equal(first.values.narrow(0, 0, 100)));
  EXPECT_EQ(made(sample, rows.narrow(0, 0, 0), smote).codes.size(0), 0);
}

TEST(MakeRowsTest, RefusesWhatDoesNotFit) {
  Sample sample;
  const MakingRecipes smote = recipe(kSmote, 0);
  EXPECT_THAT(failure([&] { made(sample, at::full({2}, 61, at::kLong), smote); }),
              HasSubstr("make_rows: slot 0 has row 61, expected one in [0, 61)"));
  EXPECT_THAT(failure([&] { made(sample, at::zeros({2}, at::kInt), smote); }),
              HasSubstr("make_rows: rows has type Int, expected Long"));
  sample.rows.cells[0] = 3;
  EXPECT_THAT(failure([&] { made(sample, at::zeros({2}, at::kLong), smote); }),
              HasSubstr("make_rows: row 0 is in cell 3, expected one in [0, 3)"));
  sample.rows.forms = at::zeros({5}, at::kByte);
  EXPECT_THAT(failure([&] { made(sample, at::zeros({2}, at::kLong), smote); }),
              HasSubstr("make_rows: forms has shape [5], expected [4]"));
}

}  // namespace make_rows_test
}  // namespace equipoise::kernels
