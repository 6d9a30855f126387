#include "engine/sampling/swaps.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/core/error.h"
#include "tests/engine/sampling/census.h"

namespace equipoise::sampling {
namespace swaps_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// The census with three columns that models see: whose part in the family somebody has, what they work as, and a number.
data::Dataset families() {
  data::Dataset dataset = census();
  dataset.encoded.features = {
      {"part", data::FeatureKind::pick, 0, 3, false, {"part = wife", "part = husband", "part = child"}},
      {"work", data::FeatureKind::pick, 3, 2, false, {"work = home", "work = away"}},
      {"age", data::FeatureKind::pick, 5, 2, false, {"age", "age missing"}}};
  for (std::int64_t row = 0; row < dataset.encoded.rows; ++row) {
    const bool is_man = dataset.groupings[0].codes[static_cast<std::size_t>(row)] == 1;
    dataset.encoded.codes.insert(dataset.encoded.codes.end(), {static_cast<std::int16_t>(row % 5 == 0 ? 2
                                                                                         : is_man     ? 1
                                                                                                      : 0),
                                                               static_cast<std::int16_t>(row % 2), 0});
    dataset.encoded.values.insert(dataset.encoded.values.end(), {1, 1, 0.5F});
  }
  return dataset;
}

SwapParams exchange(const std::string& column, const std::string& with, std::map<std::string, std::string> levels) {
  SwapParams swap;
  swap.column = column;
  swap.with = with;
  swap.levels = std::move(levels);
  return swap;
}

SwapParams sexes() {
  return exchange("sex", "", {{"f", "m"}, {"m", "f"}});
}

SwapParams parts() {
  return exchange("part", "sex", {{"wife", "husband"}, {"husband", "wife"}});
}

std::vector<SwapColumn> columns_of(const std::vector<SwapParams>& swaps, const data::Dataset& dataset = families()) {
  RecipeParams params = recipe("counterfactual", {});
  params.swap = swaps;
  return swap_columns(params, dataset, dataset.rows_of(data::Split::train), "r", config::Origin());
}

std::string refusal(const std::vector<SwapParams>& swaps) {
  try {
    columns_of(swaps);
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

TEST(SwapsTest, AColumnComesAfterTheOneThatItIsLinkedWith) {
  const data::Dataset dataset = families();
  const std::vector<SwapColumn> columns =
      columns_of({exchange("work", "part", {{"home", "away"}}), parts(), sexes()}, dataset);
  ASSERT_EQ(columns.size(), 3U);
  EXPECT_EQ(columns[0].name, "sex");
  EXPECT_EQ(columns[0].feature, -1);  // a group that models do not see
  EXPECT_EQ(columns[0].parent, -1);
  EXPECT_THAT(columns[0].becomes, ElementsAre(1, 0, 2));
  EXPECT_EQ(columns[1].name, "part");
  EXPECT_EQ(columns[1].feature, 0);
  EXPECT_EQ(columns[1].parent, 0);
  EXPECT_THAT(columns[1].becomes, ElementsAre(1, 0, 2));
  EXPECT_EQ(columns[2].name, "work");
  EXPECT_EQ(columns[2].parent, 1);
  EXPECT_THAT(columns[2].becomes, ElementsAre(1, 1));
  ASSERT_EQ(columns[0].level_of_row.size(), 100U);  // of the training rows
  EXPECT_EQ(columns[0].level_of_row[0], 0);
  EXPECT_EQ(columns[0].level_of_row[70], 1);
  EXPECT_EQ(columns[1].level_of_row[71], 1);
  EXPECT_EQ(columns[1].level_of_row[5], 2);
}

TEST(SwapsTest, AGroupThatModelsSeeIsTheirColumn) {
  data::Dataset dataset = families();
  dataset.encoded.features[0] = {"sex", data::FeatureKind::pick, 0, 3, false, {"sex = m", "sex = f", "sex = x"}};
  const std::vector<SwapColumn> columns = columns_of({sexes()}, dataset);
  EXPECT_EQ(columns[0].feature, 0);
  EXPECT_THAT(columns[0].becomes, ElementsAre(1, 0, 2));
}

TEST(SwapsTest, AllThatIsWrongIsSaidAtOnce) {
  const std::string all = refusal({exchange("sx", "", {{"f", "m"}}), exchange("sex", "", {{"f", "man"}, {"g", "m"}}),
                                   exchange("part", "sexx", {{"wife", "husbnd"}}), exchange("age", "", {{"1", "2"}}),
                                   exchange("part", "", {{"wife", "husband"}})});
  EXPECT_THAT(all, HasSubstr("r.swap[0].column: there is no category and no group 'sx'"));
  EXPECT_THAT(all, HasSubstr("did you mean 'sex'"));
  EXPECT_THAT(all, HasSubstr("r.swap[1].levels.f: 'sex' has no level 'man'"));
  EXPECT_THAT(all, HasSubstr("r.swap[1].levels.g: 'sex' has no level 'g'"));
  EXPECT_THAT(all,
              AllOf(HasSubstr("r.swap[2].with: 'sexx' is no column of the list"), HasSubstr("did you mean 'sex'")));
  EXPECT_THAT(all, AllOf(HasSubstr("r.swap[2].levels.wife: 'part' has no level 'husbnd'"),
                         HasSubstr("did you mean 'husband'")));
  EXPECT_THAT(all, HasSubstr("r.swap[3].column: 'age' is a number, and levels of categories are exchanged"));
  EXPECT_THAT(all, HasSubstr("r.swap[4].column: 'part' is in the list already"));
}

TEST(SwapsTest, LinksInACircleAreRefused) {
  EXPECT_THAT(
      refusal({exchange("part", "work", {{"wife", "husband"}}), exchange("work", "part", {{"home", "away"}}), sexes()}),
      HasSubstr("r.swap: the links of part, work form a circle: none of them changes first"));
  EXPECT_THAT(refusal({exchange("part", "part", {{"wife", "husband"}})}), HasSubstr("the links of part form a circle"));
}

TEST(SwapsTest, SomethingThatModelsSeeMustChange) {
  EXPECT_THAT(refusal({sexes()}), HasSubstr("r.swap: models see none of these columns, so nothing would change"));
  EXPECT_EQ(refusal({sexes(), parts()}), "");
}

}  // namespace swaps_test
}  // namespace equipoise::sampling
