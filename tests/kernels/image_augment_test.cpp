#include "kernels/image_augment/image_augment.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "kernels/device/cpu_level.h"
#include "kernels/image_augment/image_augment_kernel.h"
#include "tests/kernels/failure.h"
#include "tests/kernels/image_augment_oracle.h"
#include "tests/kernels/image_sample.h"

namespace equipoise::kernels {
namespace image_augment_test {

using testing::HasSubstr;

at::Tensor step_of(std::int64_t step) {
  return at::full({1}, step, at::kLong);
}

at::Tensor augmented(const ImageTensors& images, const at::Tensor& rows, const std::optional<ImageRecipes>& recipes,
                     std::uint64_t seed = 9, std::int64_t step = 4, at::ScalarType type = at::kFloat) {
  const at::Tensor& pixels = images.pixels;
  at::Tensor batch = at::full({rows.size(0), pixels.size(1), pixels.size(2), pixels.size(3)}, -7, type);
  image_augment_out(batch, images, rows, recipes, seed, step_of(step));
  return batch;
}

// Pixel values as they are.
ImageTensors plain(const at::Tensor& pixels) {
  return {pixels, at::zeros({pixels.size(1)}), at::ones({pixels.size(1)})};
}

// A picture of 2 x 3 whose pixels are 10, 20, 30 / 40, 50, 60, mirrored: 30, 20, 10 / 60, 50, 40. With mean 20 and scale 1/10 that is
// 1, 0, -1 / 4, 3, 2.
TEST(ImageAugmentTest, MirrorsByHand) {
  const at::Tensor pixels = at::tensor({10, 20, 30, 40, 50, 60}, at::kByte).view({1, 1, 2, 3});
  const ImageTensors images{pixels, at::tensor({20.0F}), at::tensor({0.1F})};
  ImageRecipes recipes{at::zeros({1}, at::kInt), at::zeros({1}, at::kLong),
                       at::tensor(std::vector<std::int64_t>{0, 1}, at::kLong),
                       at::tensor(std::vector<std::int64_t>{kAlways, 0, 0, 0, 0, 0, 0, 0}, at::kLong).view({1, 8}),
                       at::tensor(std::vector<std::int64_t>{kAlways}, at::kLong).view({1, 1})};
  const at::Tensor rows = at::zeros({1}, at::kLong);
  EXPECT_TRUE(
      at::allclose(augmented(images, rows, recipes).flatten(), at::tensor({1.0F, 0.0F, -1.0F, 4.0F, 3.0F, 2.0F})));
  EXPECT_TRUE(
      at::allclose(augmented(images, rows, std::nullopt).flatten(), at::tensor({-1.0F, 0.0F, 1.0F, 2.0F, 3.0F, 4.0F})));
}

TEST(ImageAugmentTest, IsWhatTheOracleMakesOfEverySetting) {
  const ImageTensors images = some_images(12, 5, 7, 6);
  const at::Tensor rows = at::randint(12, {40}, at::kLong);
  const std::vector<std::int64_t> sources(rows.const_data_ptr<std::int64_t>(),
                                          rows.const_data_ptr<std::int64_t>() + 40);
  for (const auto& setting : every_setting()) {
    const ImageRecipes recipes =
        recipes_of(12, {setting, every_setting()[0]}, {{kHalf, 3 * (kHalf / 2)}, {kAlways, kAlways}});
    const AugmentOracle oracle{images.pixels,
                               recipes.cells,
                               recipes.order,
                               recipes.offsets,
                               recipes.settings,
                               recipes.limits,
                               (std::uint64_t{77} << 32) + 5,
                               (std::uint64_t{1} << 33) + 6};
    const at::Tensor values = oracle.changed(sources);
    const at::Tensor expected = at::nan_to_num(
        (values - images.mean.to(at::kDouble).view({1, 5, 1, 1})) * images.scale.to(at::kDouble).view({1, 5, 1, 1}),
        0.0);
    const at::Tensor found = augmented(images, rows, recipes, oracle.seed, static_cast<std::int64_t>(oracle.step));
    EXPECT_LT((found - expected).abs().max().item<double>(), 1e-5) << "setting " << setting;
    const at::Tensor short_found =
        augmented(images, rows, recipes, oracle.seed, static_cast<std::int64_t>(oracle.step), at::kBFloat16);
    EXPECT_TRUE(short_found.equal(found.to(at::kBFloat16)));
  }
}

// A picture of several tiles, whose lines begin anywhere in one.
TEST(ImageAugmentTest, IsWhatTheOracleMakesOfLargePictures) {
  const ImageTensors images = some_images(4, 1, 90, 101);
  const at::Tensor rows = at::tensor(std::vector<std::int64_t>{3, 0, 2}, at::kLong);
  const ImageRecipes recipes = recipes_of(4, {{kHalf, 60, kReflect, 900, 0, 70, 9000, 100}}, {{kAlways}, {kAlways}});
  const AugmentOracle oracle{
      images.pixels, recipes.cells, recipes.order, recipes.offsets, recipes.settings, recipes.limits, 3, 1};
  const at::Tensor expected =
      at::nan_to_num((oracle.changed({3, 0, 2}) - images.mean.item<double>()) * images.scale.item<double>(), 0.0);
  EXPECT_LT((augmented(images, rows, recipes, 3, 1) - expected).abs().max().item<double>(), 1e-5);
}

TEST(ImageAugmentTest, GivesTheSameBitsForAnyNumberOfThreadsAndOnEveryInstructionSet) {
  const ImageTensors images = some_images(50, 3, 28, 28);
  const at::Tensor rows = at::randint(50, {300}, at::kLong);
  const ImageRecipes recipes = recipes_of(50, {every_setting()[0]}, {{kAlways}, {kHalf}});
  const int threads = at::get_num_threads();
  const at::Tensor once = augmented(images, rows, recipes);
  for (const int count : {1, 2, 3, 7}) {
    at::set_num_threads(count);
    EXPECT_TRUE(augmented(images, rows, recipes).equal(once)) << count;
  }
  at::set_num_threads(threads);
  at::Tensor batch = at::empty_like(once);
  ImageAugmentProblem problem;
  problem.pixels = images.pixels.const_data_ptr<std::uint8_t>();
  problem.mean = images.mean.const_data_ptr<float>();
  problem.scale = images.scale.const_data_ptr<float>();
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.batch = batch.mutable_data_ptr();
  problem.population = 50, problem.batch_rows = 300, problem.channels = 3, problem.height = 28, problem.width = 28;
  problem.cells = recipes.cells.const_data_ptr<std::int32_t>();
  problem.order = recipes.order.const_data_ptr<std::int64_t>();
  problem.offsets = recipes.offsets.const_data_ptr<std::int64_t>();
  problem.settings = recipes.settings.const_data_ptr<std::int64_t>();
  problem.limits = recipes.limits.const_data_ptr<std::int64_t>();
  problem.cell_count = 2, problem.recipe_count = 1, problem.seed = 9;
  const std::int64_t step = 4;
  problem.step = &step;
  std::int64_t bad = 0;
  baseline::image_augment_range(problem, 0, 300, bad);
  EXPECT_EQ(bad, -1);
  EXPECT_TRUE(batch.equal(once));
#ifdef EQUIPOISE_X86_LEVELS
  if (cpu_level() != CpuLevel::kBaseline) {
    batch.zero_();
    avx2::image_augment_range(problem, 0, 300, bad);
    EXPECT_TRUE(batch.equal(once));
  }
#endif
}

TEST(ImageAugmentTest, ASlotHangsOnSeedStepAndPlaceAlone) {
  const ImageTensors images = some_images(20, 3, 9, 9);
  const at::Tensor rows = at::randint(20, {64}, at::kLong);
  const ImageRecipes recipes = recipes_of(20, {every_setting()[0]}, {{kAlways}, {kAlways}});
  const at::Tensor once = augmented(images, rows, recipes);
  EXPECT_TRUE(augmented(images, rows.narrow(0, 0, 10).contiguous(), recipes).equal(once.narrow(0, 0, 10)));
  EXPECT_FALSE(augmented(images, rows, recipes, 10).equal(once));
  EXPECT_FALSE(augmented(images, rows, recipes, 9, 5).equal(once));
  ImageRecipes of_the_rest = recipes;
  of_the_rest.first_slot = 10;
  EXPECT_TRUE(augmented(images, rows.narrow(0, 10, 54).contiguous(), of_the_rest).equal(once.narrow(0, 10, 54)));
  const at::Tensor again = augmented(images, at::zeros({2}, at::kLong), recipes);
  EXPECT_FALSE(again[0].equal(again[1])) << "two slots of one picture are drawn apart";
}

TEST(ImageAugmentTest, RecipesHaveTheirShareOfEachCell) {
  const ImageTensors images = some_images(10, 1, 4, 4);
  const at::Tensor rows = at::randint(10, {20000}, at::kLong);
  const ImageRecipes recipes =
      recipes_of(10, {every_setting()[1], every_setting()[7]}, {{kHalf / 2, kHalf}, {0, kHalf + kHalf / 2}});
  const at::Tensor by = image_recipes_of_slots(rows, recipes, 3, 8), cells = rows.remainder(2);
  const auto share = [&](std::int64_t cell, int recipe) {
    return (by.eq(recipe) & cells.eq(cell)).sum().item<double>() / cells.eq(cell).sum().item<double>();
  };
  EXPECT_NEAR(share(0, 0), 0.25, 0.02);
  EXPECT_NEAR(share(0, 1), 0.25, 0.02);
  EXPECT_EQ(share(1, 0), 0);
  EXPECT_NEAR(share(1, 1), 0.75, 0.02);
  // And those slots are the ones that are changed.
  const at::Tensor found = augmented(plain(images.pixels), rows, recipes, 3, 8),
                   sources = images.pixels.index({rows}).to(at::kFloat);
  const at::Tensor differs = (found != sources).flatten(1).any(1);
  EXPECT_TRUE((differs & by.lt(0)).sum().item<std::int64_t>() == 0);
  EXPECT_GT(differs.sum().item<std::int64_t>(), 8000);
}

TEST(ImageAugmentTest, PicturesAreMixedWithThoseOfTheirOwnCell) {
  // Pictures of cell 0 are dark, those of cell 1 bright.
  const at::Tensor pixels = at::arange(20, at::kLong)
                                .remainder(2)
                                .mul(200)
                                .to(at::kByte)
                                .view({20, 1, 1, 1})
                                .expand({20, 1, 3, 3})
                                .contiguous();
  const ImageRecipes recipes = recipes_of(20, {every_setting()[9]}, {{kAlways}, {kAlways}});
  const at::Tensor rows = at::randint(20, {500}, at::kLong);
  EXPECT_TRUE(augmented(plain(pixels), rows, recipes).equal(pixels.index({rows}).to(at::kFloat)));
}

TEST(ImageAugmentTest, NoiseHasTheDeviationThatItIsAskedFor) {
  const at::Tensor pixels = at::full({2, 1, 100, 100}, 128, at::kByte);
  const double wanted = 0.05 * 255;
  const auto setting = static_cast<std::int64_t>(std::llround(wanted / kDeviationOfFourBytes * 65536));
  const ImageRecipes recipes = recipes_of(2, {{0, 0, 0, 0, 0, 0, setting, 0}}, {{kAlways}, {kAlways}});
  const at::Tensor noise = augmented(plain(pixels), at::arange(2, at::kLong), recipes) - 128;
  EXPECT_NEAR(noise.mean().item<double>(), 0, 0.3);
  EXPECT_NEAR(noise.std().item<double>(), wanted, 0.3);
  const double kurtosis = noise.pow(4).mean().item<double>() / std::pow(noise.pow(2).mean().item<double>(), 2);
  EXPECT_NEAR(kurtosis, 2.7, 0.1) << "that of four uniform numbers; the normal's is 3";
  EXPECT_NEAR((noise.flatten().narrow(0, 0, 19999) * noise.flatten().narrow(0, 1, 19999)).mean().item<double>(), 0,
              2.5);
}

TEST(ImageAugmentTest, TakesBatchesOfAnySize) {
  const ImageTensors images = some_images(7, 2, 3, 5);
  const ImageRecipes recipes = recipes_of(7, {every_setting()[0]}, {{kAlways}, {kAlways}});
  for (const std::int64_t batch : {0, 1, 31, 32, 33, 1023, 1025}) {
    const at::Tensor rows = at::arange(batch, at::kLong).remainder(7);
    const at::Tensor found = augmented(images, rows, recipes);
    EXPECT_EQ(found.size(0), batch);
    EXPECT_TRUE(found.isfinite().all().item<bool>());
    if (batch == 0) continue;
    EXPECT_TRUE(found[0].equal(augmented(images, rows.narrow(0, 0, 1).contiguous(), recipes)[0]));
  }
  // One pixel, which can go nowhere.
  const ImageTensors dot = some_images(3, 1, 1, 1);
  EXPECT_TRUE(augmented(dot, at::arange(3, at::kLong), recipes_of(3, {every_setting()[1]}, {{kAlways}, {kAlways}}))
                  .equal(augmented(dot, at::arange(3, at::kLong), std::nullopt)));
}

TEST(ImageAugmentTest, RefusesWhatDoesNotFit) {
  const ImageTensors images = some_images(6, 3, 5, 5);
  const at::Tensor rows = at::arange(6, at::kLong);
  const auto with = [&](const std::vector<std::int64_t>& setting) {
    return recipes_of(6, {setting}, {{kAlways}, {kAlways}});
  };
  const auto message = [&](const ImageTensors& of, const at::Tensor& at_rows,
                           const std::optional<ImageRecipes>& recipes) {
    return failure([&] { augmented(of, at_rows, recipes); });
  };
  EXPECT_THAT(message({images.pixels.to(at::kFloat), images.mean, images.scale}, rows, std::nullopt),
              HasSubstr("image_augment: pixels has type Float, expected Byte"));
  EXPECT_THAT(message({images.pixels, at::zeros({2}), images.scale}, rows, std::nullopt),
              HasSubstr("mean has shape [2], expected [3]"));
  EXPECT_THAT(message(images, at::tensor(std::vector<std::int64_t>{1, 6}, at::kLong), std::nullopt),
              HasSubstr("slot 1 has row 6, expected one in [0, 6)"));
  EXPECT_THAT(message({images.pixels.transpose(2, 3), images.mean, images.scale}, rows, std::nullopt),
              HasSubstr("pixels is not contiguous"));
  EXPECT_THAT(message(images, rows, with({0, 5, 0, 0, 0, 0, 0, 0})),
              HasSubstr("crop of recipe 0 is 5, expected 0 to 4"));
  EXPECT_THAT(message(images, rows, with({0, 0, 3, 0, 0, 0, 0, 0})), HasSubstr("padding of recipe 0 is 3"));
  EXPECT_THAT(message(images, rows, with({0, 0, 0, 5000, 0, 0, 0, 0})), HasSubstr("brightness of recipe 0 is 5000"));
  EXPECT_THAT(message(images, rows, with({0, 0, 0, 0, 0, 0, 0, 257})), HasSubstr("mix of recipe 0 is 257"));
  ImageRecipes other = with(every_setting()[0]);
  other.cells[2] = 9;
  EXPECT_THAT(message(images, rows, other), HasSubstr("row 2 is in cell 9, expected one in [0, 2)"));
  other = with(every_setting()[9]);
  other.offsets[2] = 99;
  EXPECT_THAT(message(images, rows, other), HasSubstr("order and offsets do not hold the rows of cell 1"));
  other = with(every_setting()[0]);
  other.settings = other.settings.narrow(1, 0, 7);
  EXPECT_THAT(message(images, rows, other), HasSubstr("settings has shape [1, 7], expected [1, 8]"));
  at::Tensor wrong = at::empty({6, 3, 5, 4});
  EXPECT_THAT(failure([&] { image_augment_out(wrong, images, rows, std::nullopt, 1, step_of(0)); }),
              HasSubstr("batch has shape [6, 3, 5, 4]"));
}

}  // namespace image_augment_test
}  // namespace equipoise::kernels
