#include "engine/sampling/image_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "engine/sampling/sampler.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace image_change_test {

using testing::HasSubstr;

std::string problems(const SamplingParams& params, bool has_images = true) {
  try {
    check(params, true, 20, 1, config::Origin());
    check_images(params, has_images, config::Origin());
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

RecipeParams changing(double share = 0.5) {
  RecipeParams params = recipe(kImages, {"sex", "label"});
  params.share = share;
  params.change.flip = 0.5;
  return params;
}

TEST(ImageChange, GoodRecipesPass) {
  RecipeParams mixing = changing();
  mixing.change.mix = 0.3;
  EXPECT_EQ(problems({{mixing, recipe("balance", {"sex"})}}), "");
  mixing.by = {};
  mixing.where = {{"label", "positive"}};
  EXPECT_EQ(problems({{mixing}}), "");
}

TEST(ImageChange, WhatMakesNoSenseIsRefused) {
  EXPECT_THAT(problems({{changing()}}, false),
              HasSubstr("sampling.recipes[0]: images changes pictures, and data.images names none"));
  RecipeParams nothing = changing();
  nothing.change = {};
  EXPECT_THAT(problems({{nothing}}),
              HasSubstr("sampling.recipes[0]: images changes nothing: 'change' needs flip, crop"));
  RecipeParams border = changing();
  border.change.padding = "edge";
  EXPECT_THAT(problems({{border}}),
              HasSubstr("change.padding: is what a border shows, and change.crop, its width, is 0"));
  RecipeParams mixing = changing();
  mixing.by = {"sex"};
  mixing.change.mix = 0.2;
  RecipeParams faint = mixing;
  faint.change = {};
  faint.change.noise = 0.0005;
  EXPECT_THAT(problems({{faint}}), HasSubstr("change.noise: is 0.0005, which moves no pixel value; expected 0, or at "
                                             "least 0.001"));
  EXPECT_THAT(problems({{mixing}}), HasSubstr("change.mix: mixes pictures of one cell, whose label must be one too"));
  RecipeParams smote = recipe("smote", {});
  smote.share = 0.2;
  EXPECT_THAT(problems({{smote}}), HasSubstr("smote makes rows of columns, and the model sees the pictures"));
  EXPECT_EQ(problems({{smote}}, false), "");
  RecipeParams balance = recipe("balance", {"sex"});
  balance.change.flip = 0.1;
  EXPECT_THAT(problems({{balance}}),
              HasSubstr("sampling.recipes[0].change: the recipe balance does not read it; images does"));
  RecipeParams idle = changing(0);
  EXPECT_THAT(problems({{idle}}), HasSubstr("sampling.recipes[0]: images needs 'share'"));
}

// Each recipe its own strength, where it is aimed; a picture that is alone in its cell is changed all the same.
TEST(ImageChange, StrengthIsThatOfAGroup) {
  RecipeParams weak = changing(0.2), strong = changing(0.6);
  strong.by = {};
  strong.where = {{"sex", "f"}};
  strong.change.cutout = 5;
  const data::Dataset people = census();
  std::vector<std::int64_t> rows = people.rows_of(data::Split::train);
  const Sampler sampler({{weak, strong}}, people, rows, config::Origin());
  ASSERT_EQ(sampler.makings().size(), 2u);
  EXPECT_EQ(sampler.makings()[1].params.change, strong.change);
  for (std::size_t c = 0; c < sampler.cells().cells.size(); ++c) {
    const bool is_woman = sampler.cells().name(c).find("sex=f") != std::string::npos;
    EXPECT_EQ(sampler.makings()[0].shares[c], 0.2);
    EXPECT_EQ(sampler.makings()[1].shares[c], is_woman ? 0.6 : 0);
  }
  data::Dataset alone = census();
  for (std::size_t row = 70; row < 72; ++row) alone.labels[row] = 0;  // one woman is positive
  const SampledCells cells = make_cells({{weak}}, alone, rows, config::Origin());
  EXPECT_EQ(cells_to_make(cells, weak), std::vector<bool>(cells.cells.size(), true));
}

}  // namespace image_change_test
}  // namespace equipoise::sampling
