// What blocks of threads do on a GPU, on the host (played_device.h): the same rows as the CPU's, to the bit.
#include "tests/kernels/played_device.h"

#include "kernels/make_rows/make_rows_block.cuh"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <vector>

#include "kernels/make_rows/make_rows_arguments.h"
#include "tests/kernels/making_sample.h"

namespace equipoise::kernels {
namespace make_rows_block_test {

using played::Order;

MadeRows play_make_rows(const Sample& sample, const at::Tensor& rows, const MakingRecipes& recipes, int tile_slots,
                        unsigned blocks, Order order) {
  MadeRows result = empty_made_rows(rows.size(0), sample.rows.codes);
  for (at::Tensor* tensor : {&result.codes, &result.values, &result.recipes, &result.partners, &result.parts})
    tensor->fill_(-9);
  const at::Tensor step = at::full({1}, 3, at::kLong);
  MakeRowsProblem problem = problem_of(rows, sample.rows, recipes, tables_given(sample.rows), 7);
  problem.step = step.const_data_ptr<std::int64_t>();
  write_into(result, problem);
  std::vector<Making> makings(static_cast<std::size_t>(tile_slots));
  std::vector<double> normals(static_cast<std::size_t>(tile_slots * problem.features));
  played::play(blocks, kMakingThreads, order, true,
               [&] { make_rows_in_block(problem, tile_slots, makings.data(), normals.data()); });
  return result;
}

TEST(MakeRowsBlock, MakesWhatTheCpuMakes) {
  const Sample sample = with_all_kinds();
  const MakingRecipes all = all_kinds();
  for (const std::int64_t count : {0, 1, 7, 61, 610}) {
    const at::Tensor rows = at::arange(count, at::kLong).remainder(61);
    const MadeRows expected = made(sample, rows, all);
    for (const auto& [tile_slots, blocks] : {std::pair(1, 5U), {7, 3U}, {32, 1U}, {32, 40U}})
      for (const Order order : {Order::kAscending, Order::kDescending, Order::kWarpByWarpBackwards})
        EXPECT_TRUE(are_same(play_make_rows(sample, rows, all, tile_slots, blocks, order), expected))
            << count << " slots, tiles of " << tile_slots;
  }
}

TEST(MakeRowsBlock, EachKindAlone) {
  const Sample sample = with_all_kinds();
  const at::Tensor rows = all_rows(sample, 3);
  for (const MakingKind kind : {kSmote, kJitter, kCorrupt, kSwap, kCopula, kMixup}) {
    const MakingRecipes alone = recipe(kind, kind == kSmote ? 2.0F : 0.3F);
    Sample own = sample;
    own.rows.swaps.recipes = at::zeros_like(sample.rows.swaps.recipes);
    own.rows.partners.pools = sample.rows.partners.pools.narrow(1, 0, 1).contiguous();
    own.rows.partners.parts = sample.rows.partners.parts.narrow(0, 0, 1).contiguous();
    const MadeRows expected = made(own, rows, alone);
    EXPECT_GT(expected.recipes.ge(0).sum().item<int>(), 20) << kind;
    EXPECT_TRUE(are_same(play_make_rows(own, rows, alone, 13, 2, Order::kDescending), expected)) << kind;
  }
}

TEST(MakeRowsBlock, ASourceThatIsNotThereBecomesNan) {
  const Sample sample;
  const at::Tensor rows = at::tensor({0, -1, 61, 5}, at::kLong);
  const MadeRows batch = play_make_rows(sample, rows, recipe(kJitter, 0.1F), 4, 1, Order::kAscending);
  for (const int slot : {1, 2}) {
    EXPECT_TRUE(batch.values[slot].isnan().all().item<bool>());
    EXPECT_TRUE(batch.codes[slot].eq(0).all().item<bool>());
    EXPECT_EQ(batch.recipes[slot].item<int>(), -1);
  }
  for (const int slot : {0, 3}) EXPECT_TRUE(batch.values[slot].isfinite().all().item<bool>());
}

// Where a kind's tensors are missing, which a GPU cannot be asked beforehand, it makes nothing.
TEST(MakeRowsBlock, AKindWithoutItsTensorsMakesNothing) {
  const Sample sample;
  for (const MakingKind kind : {kSwap, kCopula, kMixup}) {
    const MadeRows batch = play_make_rows(sample, all_rows(sample, 1), recipe(kind, 0), 16, 2, Order::kAscending);
    EXPECT_TRUE(batch.recipes.eq(-1).all().item<bool>()) << kind;
    EXPECT_TRUE(batch.codes.equal(sample.rows.codes)) << kind;
  }
}

}  // namespace make_rows_block_test
}  // namespace equipoise::kernels
