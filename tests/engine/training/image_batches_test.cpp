#include "engine/training/image_batches.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/training/step.h"
#include "engine/training/trainer.h"
#include "tests/engine/training/generated_pictures.h"
#include "tests/engine/training/policed.h"

namespace equipoise::training {
namespace image_batches_test {

using testing::AllOf;
using testing::HasSubstr;

sampling::RecipeParams changing(double share) {
  sampling::RecipeParams params = recipe(sampling::kImages, {"sex", "label"});
  params.share = share;
  return params;
}

// Every pixel of a picture tells its cell and fold: what is mixed stays theirs.
TEST(ImageBatches, MixPicturesOfTheirOwnCellAndFold) {
  data::Dataset people = generated_pictures(600);
  sampling::RecipeParams mixing = changing(1);
  mixing.change.mix = 0.5;
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{mixing}});
  const DeviceData placed = to_device(people, table.cells, 3, 3, at::kCPU);
  const auto fold_of = [&](std::int64_t row) {
    std::int64_t fold = 0;
    while (row >=
           placed.folds[static_cast<std::size_t>(fold)].first + placed.folds[static_cast<std::size_t>(fold)].count)
      ++fold;
    return fold;
  };
  const sampling::Sampler first({{mixing}}, people,
                                std::vector(placed.order.begin(), placed.order.begin() + placed.train.count),
                                config::Origin());
  const std::size_t bytes = people.encoded.images.bytes();
  for (std::int64_t row = 0; row < placed.train.count; ++row) {
    const auto mark =
        static_cast<std::uint8_t>(20 * (3 * first.cells().of_row[static_cast<std::size_t>(row)] + fold_of(row)));
    std::fill_n(
        people.encoded.images.pixels.begin() +
            static_cast<std::ptrdiff_t>(static_cast<std::size_t>(placed.order[static_cast<std::size_t>(row)]) * bytes),
        bytes, mark);
  }
  people.encoded.images.mean = {0};
  people.encoded.images.deviation = {1};
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  ASSERT_EQ(data.order, placed.order);
  RowPolicy policy(first, data, 200);
  ASSERT_NE(policy.images(), nullptr);
  EXPECT_EQ(policy.made(), nullptr);
  at::Tensor rows = at::empty({200}, at::kLong);
  const at::Tensor step = at::full({1}, 4, at::kLong);
  policy.draw(rows, 9, step);
  const models::EncodedTensors& changed = policy.images()->changed(9);
  at::Tensor batch = at::empty({200, 1, 6, 6});
  kernels::image_augment_out(batch, changed.images, rows, changed.image_recipes, changed.image_seed, step);
  EXPECT_TRUE(batch.equal(changed.images.pixels.index({rows}).to(at::kFloat)));
  EXPECT_TRUE(policy.images()->are_changed(rows, 9, 4).all().item<bool>());
}

TEST(ImageBatches, EachRecipeChangesItsShareOfItsRowsAndTheyAreCounted) {
  sampling::RecipeParams everyone = changing(0.3), women = changing(0.5);
  everyone.change.brightness = 0.5;
  women.by = {};
  women.where = {{"sex", "female"}};
  women.change.cutout = 3;
  Policed policed(generated_pictures(3000), odds_and_parity(), {everyone, women});
  const RowPolicy::Drawn drawn = policed.policy.drawn(0, 18, 7);
  for (std::size_t c = 0; c < drawn.rows.size(); ++c) {
    const bool is_woman = policed.sampler.cells().name(c).find("female") != std::string::npos;
    EXPECT_NEAR(static_cast<double>(drawn.made[c]) / static_cast<double>(drawn.rows[c]), is_woman ? 0.8 : 0.3, 0.07);
  }
  // What is counted is what differs.
  at::Tensor rows = at::empty({100}, at::kLong);
  const at::Tensor step = at::full({1}, 2, at::kLong);
  policed.policy.draw(rows, 7, step);
  const models::EncodedTensors& changed = policed.policy.images()->changed(7);
  at::Tensor batch = at::empty({100, 1, 6, 6}), plain = at::empty_like(batch);
  kernels::image_augment_out(batch, changed.images, rows, changed.image_recipes, 7, step);
  kernels::image_augment_out(plain, changed.images, rows, std::nullopt, 7, step);
  const at::Tensor differs = (batch != plain).flatten(1).any(1),
                   counted = policed.policy.images()->are_changed(rows, 7, 2);
  EXPECT_EQ((differs & counted.logical_not()).sum().item<std::int64_t>(), 0);
  EXPECT_GT(differs.sum().item<std::int64_t>(), 20);
}

TEST(ImageBatches, PicturesAreMovedByLessThanTheirSize) {
  sampling::RecipeParams moving = changing(0.5);
  moving.change.crop = moving.change.cutout = 6;
  try {
    check_picture_changes({{recipe("balance", {"sex"}), moving}}, generated_pictures(10).encoded.images,
                          config::Origin());
    ADD_FAILURE() << "no error";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("sampling.recipes[1].change.crop: the images are 6 x 6: of a picture "
                                              "something is to be left, so at most 5 pixels, and not 6"),
                                    HasSubstr("sampling.recipes[1].change.cutout")));
  }
}

std::vector<TrainingResult> trained(const data::Dataset& people, const std::vector<RunConfig>& members) {
  core::Journal journal;
  std::vector<constraints::ConstraintTable> tables(
      members.size(), Policed::compiled(people, members.front().constraints, members.front().sampling));
  return train(members, people, tables, at::kCPU, config::Origin(), journal);
}

RunConfig picture_config() {
  RunConfig config = small_config();
  config.model.kind = "convnet";
  config.model.channels = {6, 8};
  config.training.epochs = 4;
  config.constraints = odds_and_parity();
  sampling::RecipeParams changes = changing(0.5);
  changes.change.crop = 1;
  changes.change.noise = 0.05;
  changes.change.mix = 0.3;
  config.sampling.recipes = {changes};
  return config;
}

TEST(ImageBatches, ARunLearnsAndIsTheSameInABankAndWithAnyNumberOfThreads) {
  const data::Dataset people = generated_pictures(1200);
  const RunConfig config = picture_config();
  RunConfig other = config;
  other.training.seed = 99;
  const std::vector<TrainingResult> alone = trained(people, {config}), bank = trained(people, {other, config});
  EXPECT_TRUE(alone[0].learner->flat_parameters().equal(bank[1].learner->flat_parameters()));
  EXPECT_FALSE(alone[0].learner->flat_parameters().equal(bank[0].learner->flat_parameters()));
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  EXPECT_TRUE(trained(people, {config})[0].learner->flat_parameters().equal(alone[0].learner->flat_parameters()));
  at::set_num_threads(threads);
  ASSERT_TRUE(alone[0].sampling.has_value());
  std::int64_t changed = 0, drawn = 0;
  for (const auto& epoch : alone[0].sampling->epochs)
    for (std::size_t c = 0; c < epoch.made.size(); ++c) changed += epoch.made[c], drawn += epoch.drawn[c];
  EXPECT_NEAR(static_cast<double>(changed) / static_cast<double>(drawn), 0.5, 0.05);
  EXPECT_GT(alone[0].measurements.back().training_accuracy, 0.8);
  RunConfig plain = config;
  plain.sampling = {};
  EXPECT_FALSE(trained(people, {plain})[0].learner->flat_parameters().equal(alone[0].learner->flat_parameters()));
}

TEST(ImageBatches, CrossFittedMembersAreDistilledWithoutChanges) {
  RunConfig config = picture_config();
  config.multipliers.measure_on = "cross_fitted";
  config.multipliers.folds = 2;
  config.training.distill = true;
  config.training.epochs = 2;
  const std::vector<TrainingResult> results = trained(generated_pictures(600), {config});
  EXPECT_EQ(results[0].outcome, "finished");
  EXPECT_EQ(results[0].members, 1);
}

}  // namespace image_batches_test
}  // namespace equipoise::training
