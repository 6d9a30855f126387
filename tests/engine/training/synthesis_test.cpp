#include "engine/training/synthesis.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/engine/training/policed.h"

namespace equipoise::training {
namespace synthesis_test {

TEST(Synthesis, KeepsWhatBatchesMakeWithItsParents) {
  const data::Dataset people = binary_people(1000, false);
  sampling::RecipeParams later = making("smote", 0.4);
  later.from_epoch = 3;  // of rows that are asked for at once there are no epochs
  Synthesis synthesis({{later}}, people, 100, 5, config::Origin());
  const MadeList list = synthesis.of_batches(600);
  EXPECT_NEAR(static_cast<double>(list.rows()), 240, 50);
  const std::size_t features = people.encoded.features.size();
  ASSERT_EQ(list.values.size(), static_cast<std::size_t>(list.rows()) * features);
  for (std::size_t row = 0; row < static_cast<std::size_t>(list.rows()); ++row) {
    const auto parent = static_cast<std::size_t>(list.parents[row]),
               partner = static_cast<std::size_t>(list.partners[row]);
    EXPECT_EQ(people.splits[parent], data::Split::train);
    EXPECT_EQ(people.splits[partner], data::Split::train);
    EXPECT_EQ(people.labels[parent], people.labels[partner]);
    EXPECT_EQ(people.groupings[0].codes[parent], people.groupings[0].codes[partner]);
    const auto& cell = synthesis.sampler().cells().cells[static_cast<std::size_t>(list.cells[row])];
    EXPECT_EQ(cell.levels[0], people.groupings[0].codes[parent]);
    EXPECT_EQ(cell.answer, people.labels[parent]);
    const float a = people.encoded.values[parent * features], b = people.encoded.values[partner * features],
                made = list.values[row * features];
    EXPECT_GE(made, std::min(a, b) - 1e-5F);
    EXPECT_LE(made, std::max(a, b) + 1e-5F);
  }
  const MadeList again = Synthesis({{later}}, people, 100, 5, config::Origin()).of_batches(600);
  EXPECT_EQ(list.values, again.values);
  EXPECT_EQ(list.parents, again.parents);
}

TEST(Synthesis, MakesAsManyOfACellAsAreAskedFor) {
  const data::Dataset people = binary_people(1000, false);
  sampling::RecipeParams women = making("corrupt", 0.1), mixup = making("mixup", 0.3);
  women.where = {{"sex", "female"}};
  mixup.inside = {"sex"};
  Synthesis synthesis({{women, making("jitter", 0.1), mixup}}, people, 100, 5, config::Origin());
  const MadeList list = synthesis.of_recipe(0, 50, 5);
  EXPECT_EQ(list.rows(), 100);  // of women with either label
  for (std::size_t row = 0; row < 100; ++row) {
    EXPECT_EQ(list.recipes[row], 0);
    EXPECT_EQ(people.groupings[0].codes[static_cast<std::size_t>(list.parents[row])], 0);
  }
  EXPECT_EQ(synthesis.of_recipe(1, 50, 5).rows(), 200);
  const MadeList mixed = synthesis.of_recipe(2, 50, 5);  // is part of two, and no row of a table
  EXPECT_EQ(mixed.rows(), 0);
  EXPECT_EQ(mixed.mixed, 200);
}

}  // namespace synthesis_test
}  // namespace equipoise::training
