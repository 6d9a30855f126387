// Recipes that exchange, synthesise or mix whole rows.
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "kernels/make_rows/make_rows.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/making_sample.h"

namespace equipoise::kernels {
namespace make_rows_whole_test {

using testing::HasSubstr;

TEST(MakeRowsSwap, ExchangesWhatHangsOnTheColumnAndNothingElse) {
  const Sample sample = with_swaps();
  const at::Tensor rows = all_rows(sample, 1);
  const MadeRows batch = made(sample, rows, recipe(kSwap, 0));
  int changed = 0;
  for (std::int64_t row = 0; row < sample.count; ++row) {
    const int level = sample.rows.codes[row][2].item<int>();
    EXPECT_EQ(batch.recipes[row].item<int>(), level == 0 ? 0 : -1);  // the others would be copies
    EXPECT_EQ(batch.codes[row][2].item<int>(), level == 0 ? 1 : level) << row;
    changed += level == 0;
    for (const std::int64_t f : {0, 1, 3}) {
      EXPECT_EQ(batch.codes[row][f].item<int>(), sample.rows.codes[row][f].item<int>());
      EXPECT_EQ(batch.values[row][f].item<float>(), sample.rows.values[row][f].item<float>());
    }
  }
  EXPECT_GT(changed, 5);
}

TEST(MakeRowsSwap, LeavesARowAloneWhoseColumnStays) {
  Sample sample = with_swaps();
  sample.rows.swaps.becomes[1] = 1;  // odd rows stay, and so does what hangs on them
  const MadeRows batch = made(sample, all_rows(sample, 1), recipe(kSwap, 0));
  for (std::int64_t row = 0; row < sample.count; ++row) {
    const int level = sample.rows.codes[row][2].item<int>();
    EXPECT_EQ(batch.recipes[row].item<int>(), row % 2 == 0 && level == 0 ? 0 : -1);
    EXPECT_EQ(batch.codes[row][2].item<int>(), row % 2 == 0 && level == 0 ? 1 : level);
  }
  sample.rows.swaps.levels[0].fill_(-1);  // nobody has a level
  EXPECT_TRUE(made(sample, all_rows(sample, 1), recipe(kSwap, 0)).recipes.eq(-1).all().item<bool>());
}

TEST(MakeRowsSwap, FollowsAChain) {
  Sample sample = with_swaps();
  // Feature 2 hangs on the first column, and a third, feature 0's bin, on feature 2.
  sample.rows.swaps.recipes = at::tensor({0, 0, 0}, at::kInt);
  sample.rows.swaps.features = at::tensor({-1, 2, 0}, at::kInt);
  sample.rows.swaps.parents = at::tensor({-1, 0, 1}, at::kInt);
  sample.rows.swaps.levels = at::cat({sample.rows.swaps.levels, sample.rows.codes.select(1, 0).unsqueeze(0)});
  sample.rows.swaps.offsets = at::tensor({0, 2, 5, 13}, at::kLong);
  sample.rows.swaps.becomes = at::tensor({1, 0, 1, 1, 2, 7, 6, 5, 4, 3, 2, 1, 0}, at::kShort);
  const MadeRows batch = made(sample, all_rows(sample, 1), recipe(kSwap, 0));
  for (std::int64_t row = 0; row < sample.count; ++row) {
    const int level = sample.rows.codes[row][2].item<int>(), bin = sample.rows.codes[row][0].item<int>();
    EXPECT_EQ(batch.codes[row][0].item<int>(), level == 0 ? 7 - bin : bin) << row;
  }
}

TEST(MakeRowsCopula, HasTheMarginalsOfItsCell) {
  const Sample sample = with_copulas(false);
  constexpr int kMade = 4000;
  const MadeRows batch = made(sample, at::zeros({kMade}, at::kLong), recipe(kCopula, 0));  // of cell 0
  std::map<int, double> levels, of_cell;
  double missing = 0, below = 0, rows = 0, middle = 0, known = 0, known_below = 0;
  std::vector<double> numbers;
  for (std::int64_t row = 0; row < sample.count; ++row) {
    if (sample.cell_of(row) != 0) continue;
    ++rows;
    of_cell[sample.rows.codes[row][2].item<int>()] += 1 / 40.0;
    missing += sample.is_missing(row, 3) / 40.0;
    numbers.push_back(sample.position(row, 0));
  }
  std::sort(numbers.begin(), numbers.end());
  middle = (numbers[19] + numbers[20]) / 2;
  double made_missing = 0;
  for (std::int64_t slot = 0; slot < kMade; ++slot) {
    levels[batch.codes[slot][2].item<int>()] += 1.0 / kMade;
    made_missing += (batch.codes[slot][3].item<int>() == 8) / static_cast<double>(kMade);
    const double number = position_of(batch, slot, 0);
    EXPECT_GE(number, numbers.front());
    EXPECT_LE(number, numbers.back());
    below += number < middle;
    if (batch.codes[slot][3].item<int>() != 8) {
      ++known;
      known_below += number < middle;
    }
  }
  EXPECT_EQ(rows, 40);
  for (const auto& [level, share] : of_cell)
    EXPECT_NEAR(levels[level], share, 4 * std::sqrt(share * (1 - share) / kMade)) << level;
  EXPECT_NEAR(made_missing, missing, 4 * std::sqrt(missing * (1 - missing) / kMade));
  EXPECT_NEAR(below / kMade, 0.5, 4 * std::sqrt(0.25 / kMade));
  EXPECT_NEAR(known_below / known, 0.5, 4 * std::sqrt(0.25 / known));  // features of their own
}

TEST(MakeRowsCopula, FeaturesGoTogetherAsTheFactorSays) {
  const Sample sample = with_copulas(true);
  const MadeRows batch = made(sample, at::zeros({2000}, at::kLong), recipe(kCopula, 0));
  // All scores are the same number: who is higher in one feature is so in the others.
  std::vector<std::pair<double, double>> pairs;
  for (std::int64_t slot = 0; slot < 2000; ++slot)
    if (batch.codes[slot][1].item<int>() == 0)
      pairs.emplace_back(position_of(batch, slot, 0), batch.values[slot][1].item<double>());
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t i = 1; i < pairs.size(); ++i) EXPECT_LE(pairs[i - 1].second, pairs[i].second + 1e-6);
  EXPECT_GT(pairs.size(), 1000U);
}

TEST(MakeRowsCopula, NeedsTwoRows) {
  const Sample sample = with_copulas(false);
  EXPECT_EQ(made(sample, at::full({1}, 60, at::kLong), recipe(kCopula, 0)).recipes.item<int>(), -1);
}

TEST(MakeRowsMix, NamesAPartnerOfThePoolAndAPart) {
  const Sample sample = with_partners();
  const at::Tensor rows = all_rows(sample, 50);
  const MadeRows batch = made(sample, rows, recipe(kMixup, 0, {0.5, 1, 1}));
  EXPECT_TRUE(batch.codes.equal(sample.rows.codes.index_select(0, rows)));
  EXPECT_TRUE(batch.values.equal(sample.rows.values.index_select(0, rows)));
  std::map<std::int64_t, int> partners;
  double mixed = 0, quarters = 0;
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const float part = batch.parts[slot].item<float>();
    const auto partner = batch.partners[slot].item<std::int64_t>();
    if (sample.cell_of(rows[slot].item<std::int64_t>()) != 0 || batch.recipes[slot].item<int>() < 0) {
      EXPECT_EQ(batch.recipes[slot].item<int>(), -1);
      EXPECT_EQ(part, 1);
      EXPECT_EQ(partner, -1);
      continue;
    }
    ++mixed;
    quarters += part == 0.25F;
    EXPECT_TRUE(part == 0.25F || part == 0.75F);
    EXPECT_EQ(sample.cell_of(partner), 1);
    ++partners[partner];
  }
  EXPECT_NEAR(mixed / 2000, 0.5, 4 * std::sqrt(0.25 / 2000));
  EXPECT_NEAR(quarters / mixed, 0.5, 4 * std::sqrt(0.25 / mixed));
  EXPECT_EQ(partners.size(), 20U);
  for (const auto& [partner, times] : partners) EXPECT_NEAR(times, mixed / 20, 5 * std::sqrt(mixed / 20)) << partner;
}

TEST(MakeRowsWhole, AreTheSameForAnyNumberOfThreads) {
  const Sample sample = with_all_kinds();
  const MakingRecipes all = all_kinds();
  const at::Tensor rows = all_rows(sample, 60);
  const MadeRows many = made(sample, rows, all);
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const MadeRows one = made(sample, rows, all);
  at::set_num_threads(threads);
  EXPECT_TRUE(are_same(many, one));
  EXPECT_FALSE(many.values.equal(made(sample, rows, all, 8).values));
  for (const int kind : {0, 1, 2, 3, 4, 5}) EXPECT_GT(many.recipes.eq(kind).sum().item<int>(), 100) << kind;
}

TEST(MakeRowsWhole, RefuseWhatDoesNotFit) {
  const Sample without;
  for (const auto& [kind, missing] : {std::pair(kCopula, "ranked is an undefined tensor"),
                                      {kSwap, "swap recipes are not [S]"},
                                      {kMixup, "partners are not [P]"}})
    EXPECT_THAT(failure([&, kind = kind] { made(without, all_rows(without, 1), recipe(kind, 0)); }),
                HasSubstr(missing));
  Sample swaps = with_swaps();
  swaps.rows.swaps.parents = at::tensor({1, 0}, at::kInt);
  EXPECT_THAT(failure([&] { made(swaps, all_rows(swaps, 1), recipe(kSwap, 0)); }),
              HasSubstr("swap 0 hangs on swap 1, expected one before it"));
  swaps = with_swaps();
  swaps.rows.swaps.features = at::tensor({-1, 4}, at::kInt);
  EXPECT_THAT(failure([&] { made(swaps, all_rows(swaps, 1), recipe(kSwap, 0)); }),
              HasSubstr("swap 1 is of feature 4, expected one in [-1, 4)"));
  Sample partners = with_partners();
  partners.rows.partners.parts = at::full({1, 3}, 0.5F);
  EXPECT_THAT(failure([&] { made(partners, all_rows(partners, 1), recipe(kMixup, 0)); }),
              HasSubstr("parts have 3 quantiles, expected a power of 2"));
  partners = with_partners();
  partners.rows.partners.pools[0][0][1] = 21;
  EXPECT_THAT(failure([&] { made(partners, all_rows(partners, 1), recipe(kMixup, 0)); }),
              HasSubstr("pool 0 goes from 0 to 21 of 20 rows"));
}

}  // namespace make_rows_whole_test
}  // namespace equipoise::kernels
