#include "engine/audit/suggestions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/audit/representation.h"
#include "engine/config/load.h"
#include "engine/sampling/cells.h"
#include "engine/sampling/shares.h"
#include "tests/engine/audit/handmade_people.h"

namespace equipoise::audit {
namespace suggestions_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const AuditParams kParams = {30, 0.95, 1, {}};

// 2,000 rows: `few` of them women, positive as the shares say.
People some_people(double women, double positive_women, double positive_men) {
  People people(2000);
  std::vector<std::int32_t> sex;
  std::vector<int> job;
  for (std::size_t row = 0; row < 2000; ++row) {
    sex.push_back(static_cast<double>(row) < 2000 * women);
    const double place = sex.back() ? static_cast<double>(row) / (2000 * women)
                                    : (static_cast<double>(row) - 2000 * women) / (2000 * (1 - women));
    people.dataset_.labels[row] = place < (sex.back() ? positive_women : positive_men);
    job.push_back(static_cast<int>(row % 2));
  }
  people.add_group("sex", {"m", "f"}, sex);
  people.add_category("job", {"a", "b"}, job);
  return people;
}

// 3,000 rows of towns of unlike size.
People of_three_towns() {
  People people(3000);
  std::vector<std::int32_t> town;
  for (int row = 0; row < 3000; ++row) town.push_back(row < 1800 ? 0 : row < 2400 ? 1 : 2);
  people.add_group("town", {"a", "b", "c"}, town);
  people.add_category("job", {"x", "y"}, std::vector<int>(3000, 0));
  for (int row = 0; row < 3000; ++row) people.dataset_.labels[row] = row % 2;
  return people;
}

Suggestions suggested(const People& people, const Reference& reference = {}) {
  const data::Dataset dataset = people.dataset();
  Audit audit;
  count(dataset, inputs_of(dataset, 1), answers_of(dataset), reference, kParams, audit);
  return suggest(dataset, {}, audit, kParams);
}

// Every line is one that a config takes, and that finds its rows.
void expect_usable(const Suggestions& suggestions, const People& people) {
  std::string text = "recipes:\n";
  for (const SuggestedRecipe& one : suggestions.recipes) text += "  - " + one.yaml + "\n";
  sampling::SamplingParams params;
  config::Origin origin;
  config::load_text(
      text, "suggested", "", {}, [&](config::Fields& fields) { params.describe(fields); }, origin);
  sampling::check(params, true, 20, 1, origin);
  const data::Dataset dataset = people.dataset();
  const auto cells = sampling::make_cells(params, dataset, dataset.rows_of(data::Split::train), origin);
  if (params.recipes[0].recipe == "balance") sampling::balanced_shares(cells, params.recipes[0], "", origin);
}

TEST(SuggestionsTest, ASmallCellSpeaksForBatchesThatFavourIt) {
  const People people = some_people(0.3, 0.1, 0.3);
  const Suggestions found = suggested(people);
  ASSERT_THAT(found.recipes, SizeIs(1));
  EXPECT_EQ(found.recipes[0].yaml, "{recipe: balance, by: [\"sex\", label], power: 0.5}");
  EXPECT_EQ(found.recipes[0].reason, "sex=f, label=positive is 3.0 % of the training rows (60)");
  EXPECT_THAT(found.too_few, IsEmpty());
  expect_usable(found, people);
}

TEST(SuggestionsTest, APopulationGoesBeforeSmallCells) {
  const People people = some_people(0.3, 0.1, 0.3);
  const Suggestions found =
      suggested(people, {"census", {{"sex", "f", 0.5}, {"sex", "m", 0.4}, {"sex", "x", 0.1, true}}});
  ASSERT_THAT(found.recipes, SizeIs(1));
  EXPECT_THAT(found.recipes[0].yaml, HasSubstr("{where: {\"sex\": \"m\"}, share: 0.444444}"));
  EXPECT_THAT(found.recipes[0].reason, HasSubstr("sex=f is 30.0 % of the rows and 50.0 % of the population"));
  expect_usable(found, people);
}

TEST(SuggestionsTest, AnswersThatAreApartSpeakForWeights) {
  const People people = some_people(0.4, 0.3, 0.6);
  const Suggestions found = suggested(people);
  ASSERT_THAT(found.recipes, SizeIs(1));
  EXPECT_EQ(found.recipes[0].yaml, "{recipe: reweigh, by: [\"sex\"]}");
  EXPECT_EQ(found.recipes[0].reason, "'positive' is the answer of 60.0 % of sex=m and of 30.0 % of the others");
  expect_usable(found, people);
}

// Thirds, and shares whose four digits would not add up.
TEST(SuggestionsTest, SharesOfThePopulationAddUp) {
  for (const auto& [a, b] : {std::pair(1 / 3.0, 1 / 3.0), {0.16666, 0.16666}, {0.5, 0.2}}) {
    const People people = of_three_towns();
    const Suggestions found = suggested(people, {"", {{"town", "a", a}, {"town", "b", b}, {"town", "c", 1 - a - b}}});
    ASSERT_THAT(found.recipes, SizeIs(1));
    EXPECT_THAT(found.recipes[0].yaml, HasSubstr("targets"));
    expect_usable(found, people);
  }
}

// Shares that six decimals round away are drawn all the same.
TEST(SuggestionsTest, ALevelThatTheWorldHardlyHasIsDrawn) {
  for (const bool is_first : {true, false}) {
    const People people = of_three_towns();
    const char *tiny = is_first ? "a" : "c", *large = is_first ? "c" : "a";
    const Suggestions found =
        suggested(people, {"", {{"town", tiny, 1e-7}, {"town", "b", 0.2}, {"town", large, 0.7999999}}});
    ASSERT_THAT(found.recipes, SizeIs(1));
    EXPECT_THAT(found.recipes[0].yaml, HasSubstr("share: 0.000001}"));
    expect_usable(found, people);
  }
}

TEST(SuggestionsTest, ManyEqualSharesStayEqual) {
  constexpr int kTowns = 1300;
  People people(2 * kTowns);
  std::vector<std::string> names;
  std::vector<std::int32_t> town;
  Reference reference;
  for (int one = 0; one < kTowns; ++one) {
    names.push_back("t" + std::to_string(one));
    reference.shares.push_back({"town", names.back(), 1.0 / kTowns});
  }
  for (int row = 0; row < 2 * kTowns; ++row) {
    town.push_back(row < kTowns ? row : 0);  // half of all are of one
    people.dataset_.labels[row] = row % 2;
  }
  people.add_group("town", names, town);
  people.add_category("job", {"x", "y"}, std::vector<int>(2 * kTowns, 0));
  const Suggestions found = suggested(people, reference);
  ASSERT_THAT(found.recipes, SizeIs(1));
  EXPECT_THAT(found.recipes[0].yaml, HasSubstr("{where: {\"town\": \"t0\"}, share: 0.00077"));
  EXPECT_THAT(found.recipes[0].yaml, HasSubstr("{where: {\"town\": \"t1299\"}, share: 0.000769}"));
  expect_usable(found, people);
}

// Women are half by weight, and should be: no matter that they are a tenth of the rows.
TEST(SuggestionsTest, WeightsAreWhatThePopulationIsComparedBy) {
  People people = some_people(0.1, 0.4, 0.4);
  for (int row = 0; row < 2000; ++row) people.dataset_.weights.push_back(row < 200 ? 3 : 1);
  const Suggestions found = suggested(people, {"", {{"sex", "f", 0.5}, {"sex", "m", 0.5}}});
  ASSERT_THAT(found.recipes, SizeIs(1));
  // Drawn at .25, they weigh as much as the others at .75.
  EXPECT_THAT(found.recipes[0].yaml, HasSubstr("{where: {\"sex\": \"m\"}, share: 0.750000}"));
}

TEST(SuggestionsTest, ManyEqualLevelsAreNotRare) {
  People people(6000);
  std::vector<std::int32_t> town;
  std::vector<std::string> names;
  for (int level = 0; level < 50; ++level) names.push_back("t" + std::to_string(level) + "\n: [");
  for (int row = 0; row < 6000; ++row) {
    town.push_back(row % 50);
    people.dataset_.labels[row] = row / 50 % 2;
  }
  people.add_group("town", names, town);
  people.add_category("job", {"x", "y"}, std::vector<int>(6000, 0));
  EXPECT_THAT(suggested(people).recipes, IsEmpty());
  for (int row = 0; row < 3000; ++row) people.dataset_.groupings[0].codes[row] = 0;  // the others are half as many now
  for (int row = 3000; row < 5600; ++row) people.dataset_.groupings[0].codes[row] = 1;
  for (int row = 5600; row < 6000; ++row) people.dataset_.groupings[0].codes[row] = 2;
  people.dataset_.groupings[0].levels.resize(4);
  for (int row = 5800; row < 6000; ++row) people.dataset_.groupings[0].codes[row] = 3;
  const Suggestions found = suggested(people);
  ASSERT_THAT(found.recipes, SizeIs(1));
  EXPECT_EQ(found.recipes[0].reason.find('\n'), std::string::npos);
  expect_usable(found, people);
}

TEST(SuggestionsTest, OfChanceAloneWeightsAreSuggestedAsRarelyAsTheConfidenceSays) {
  int found = 0;
  constexpr int kDraws = 200;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    People people(3200);
    std::vector<std::int32_t> town;
    for (std::size_t row = 0; row < 3200; ++row) {
      town.push_back(static_cast<std::int32_t>(row % 8));
      people.dataset_.labels[row] = chance(row, 500 + draw) < 0.4;
    }
    people.add_group("town", {"a", "b", "c", "d", "e", "f", "g", "h"}, town);
    people.add_category("job", {"x", "y"}, std::vector<int>(3200, 0));
    found += !suggested(people).recipes.empty();
  }
  EXPECT_LE(found, 18);  // 5 % of 200 and 2.6 standard errors
}

TEST(SuggestionsTest, NothingIsSuggestedWhereNothingSpeaksForIt) {
  EXPECT_THAT(suggested(some_people(0.5, 0.4, 0.42)).recipes, IsEmpty());
  const Suggestions few = suggested(some_people(0.012, 0.4, 0.4));
  EXPECT_THAT(few.recipes, IsEmpty());
  EXPECT_THAT(few.too_few, ElementsAre("sex=f, label=negative (14)", "sex=f, label=positive (10)"));
}

}  // namespace suggestions_test
}  // namespace equipoise::audit
