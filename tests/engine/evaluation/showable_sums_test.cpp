// What could be shown of weighted sums of shares.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/evaluation/gap_bounds.h"
#include "tests/engine/evaluation/showable_people.h"

namespace equipoise::evaluation {
namespace showable_sums_test {

using constraints::ConstraintParams;
using constraints::TermParams;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ConstraintParams sum(std::vector<TermParams> terms, double at_most) {
  ConstraintParams params{"linear", {}};
  params.terms = std::move(terms);
  params.at_most = at_most;
  return params;
}

TermParams term(const std::string& rate, const std::string& sex, double weight) {
  TermParams params;
  params.rate = rate;
  params.weight = weight;
  if (!sex.empty()) params.group = {{"sex", sex}};
  return params;
}

double least_of(const ConstraintParams& params, const data::Dataset& dataset) {
  return compiled(params, dataset).outlooks()[0].least.value();
}

// One side of the difference that equal opportunity bounds on both.
TEST(ShowableSumsTest, DifferencesAreThoseOfEqualRates) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 200});
  const Interval women = exact_limits(0.95, 40, 0.05), men = exact_limits(0.95, 200, 0.05);
  const Interval few_women = exact_limits(0.05, 40, 0.05), few_men = exact_limits(0.05, 200, 0.05);
  const double least =
      std::min(std::hypot(women.high - 0.95, 0.95 - men.low), std::hypot(few_women.high - 0.05, 0.05 - few_men.low));
  const std::vector<TermParams> terms = {term("tpr", "Female", 1), term("tpr", "Male", -1)};
  EXPECT_NEAR(least_of(sum(terms, 0.01), dataset), least, 1e-12);
  EXPECT_THAT(
      warnings_of(sum(terms, least - 1e-9), dataset),
      ElementsAre(AllOf(HasSubstr("'TPR of sex=Female - TPR of sex=Male' could hardly be shown to be inside 0."),
                        HasSubstr("even if all groups' rates were exactly equal, at 0.95, the 95 % bound would "
                                  "be 0.0"),
                        HasSubstr("(sex=Female has 40 rows). The smallest tolerance that these data"))));
  EXPECT_THAT(warnings_of(sum(terms, least + 1e-9), dataset), IsEmpty());
  // Twice the weights, twice the bound.
  EXPECT_NEAR(least_of(sum({term("tpr", "Female", 2), term("tpr", "Male", -2)}, 0.01), dataset), 2 * least, 1e-12);
  // Losses beside them are not known.
  EXPECT_THAT(
      warnings_of(sum({term("tpr", "Female", 1), term("tpr", "Male", -1), term("loss", "", 0.01)}, 0.01), dataset),
      IsEmpty());
}

TEST(ShowableSumsTest, SeveralRatesAreEqualAtOnce) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 200});
  const std::vector<TermParams> odds = {term("tpr", "Female", 0.5), term("tpr", "Male", -0.5),
                                        term("fpr", "Female", 0.5), term("fpr", "Male", -0.5)};
  const auto limits = [](double rate, double rows) { return exact_limits(rate, rows, 0.05); };
  double least = 1;
  for (const double recall : {0.95, 0.05}) {
    // Rates of one group share its rows as far as the program knows: their reaches are added.
    const double women = (limits(recall, 40).high - recall) + (limits(0.05, 150).high - 0.05),
                 men = (recall - limits(recall, 200).low) + (0.05 - limits(0.05, 150).low);
    const double apart = std::hypot(std::hypot(limits(recall, 40).high - recall, limits(0.05, 150).high - 0.05),
                                    std::hypot(recall - limits(recall, 200).low, 0.05 - limits(0.05, 150).low));
    EXPECT_LT(apart, std::hypot(women, men));
    least = std::min(least, 0.5 * apart);
  }
  EXPECT_NEAR(least_of(sum(odds, 0.01), dataset), least, 1e-12);
  EXPECT_THAT(warnings_of(sum(odds, 0.01), dataset),
              ElementsAre(AllOf(HasSubstr("even if all groups' true positive rates were exactly equal, at 0."),
                                HasSubstr(" and all groups' false positive rates were exactly equal, at 0.05, the"))));
}

// A group's rate is part of everyone's: rows that are common to both go the same way.
TEST(ShowableSumsTest, AGroupAndEveryoneHaveTheSameRate) {
  const data::Dataset dataset = dataset_of({150, 50}, {450, 150});
  const Interval women = exact_limits(0.25, 200, 0.05), all = exact_limits(0.25, 800, 0.05);
  EXPECT_NEAR(least_of(sum({term("selection_rate", "Female", 1), term("selection_rate", "", -1)}, 0.01), dataset),
              (women.high - 0.25) + (0.25 - all.low), 1e-12);
}

// Precision has denominators that go with it; terms about the same rows may not have their rates at once.
TEST(ShowableSumsTest, RatesOverDecisionsAreComparedWhereDecisionsGiveThem) {
  const data::Dataset dataset = dataset_of({300, 95}, {300, 190});
  const std::vector<TermParams> terms = {term("ppv", "Female", 1), term("ppv", "Male", -1)};
  const auto at = [](double rate, double women, double men) {
    return std::hypot(exact_limits(rate, women, 0.05).high - rate, rate - exact_limits(rate, men, 0.05).low);
  };
  EXPECT_NEAR(least_of(sum(terms, 0.01), dataset),
              std::min(at(0.95, 95 / 0.95, 190 / 0.95), at(0.05, 300 / 0.95, 300 / 0.95)), 1e-9);
  std::vector<TermParams> mixed = terms;
  for (const char* sex : {"Female", "Male"})
    mixed.push_back(term("selection_rate", sex, std::string(sex) == "Male" ? -1 : 1));
  EXPECT_FALSE(compiled(sum(mixed, 0.01), dataset).outlooks()[0].least);
  EXPECT_THAT(warnings_of(sum(mixed, 0.001), dataset), IsEmpty());
}

// Half of the way from the bound to the smallest sum: here two errors of .05.
TEST(ShowableSumsTest, OtherSumsAreJudgedHalfwayToTheirSmallest) {
  const std::vector<TermParams> terms = {term("error", "Female", 0.5), term("error", "Male", 0.5)};
  const data::Dataset few = dataset_of({30, 20}, {30, 20}), many = dataset_of({300, 200}, {300, 200});
  EXPECT_THAT(warnings_of(sum(terms, 0.1), many), IsEmpty());
  EXPECT_FALSE(compiled(sum(terms, 0.1), many).outlooks()[0].least);
  const std::vector<std::string> warnings = warnings_of(sum(terms, 0.1), few);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0],
              AllOf(HasSubstr("'0.5 ERR of sex=Female + 0.5 ERR of sex=Male' can be shown to be at most 0.1 on this "
                              "test split only by a sum of at most 0.0"),
                    HasSubstr("(sex=Female has 50 rows): the 95 % bound is that far from it.")));
  const double needed = std::stod(warnings[0].substr(warnings[0].find("sum of at most") + 14));
  const auto bound = [](double error) { return error + std::sqrt(0.5) * (exact_limits(error, 50, 0.05).high - error); };
  EXPECT_LE(bound(needed), 0.1);
  EXPECT_GT(bound(needed + 2e-4), 0.1);
  EXPECT_THAT(warnings_of(sum(terms, 0.02), few),
              ElementsAre(HasSubstr("cannot be shown to be at most 0.02 on this test split: even at a sum of 0, the "
                                    "smallest there is, the 95 % bound would be 0.04")));
}

// A floor as a sum is the floor.
TEST(ShowableSumsTest, ASingleTermIsJudgedAsItsBoundIs) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 60});
  ConstraintParams floor{"bound", {}};
  floor.rate = "tpr";
  floor.at_least = 0.9;
  const auto needed = [&](const ConstraintParams& params, const std::string& before) {
    const std::vector<std::string> warnings = warnings_of(params, dataset);
    if (warnings.size() != 1) return 0.0;
    return std::stod(warnings[0].substr(warnings[0].find(before) + before.size()));
  };
  EXPECT_NEAR(needed(floor, "only by a rate of at least"),
              -needed(sum({term("tpr", "", -1)}, -0.9), "only by a sum of at most"), 1e-9);
  EXPECT_GT(needed(floor, "only by a rate of at least"), 0.9);
}

// A sum that favours a group on purpose is far from its smallest.
TEST(ShowableSumsTest, ADifferenceThatIsWantedIsNoParity) {
  const data::Dataset dataset = dataset_of({150, 40}, {150, 200});
  const ConstraintParams wanted = sum({term("tpr", "Male", 1), term("tpr", "Female", -1)}, -0.05);
  EXPECT_FALSE(compiled(wanted, dataset).outlooks()[0].least);
  EXPECT_THAT(warnings_of(wanted, dataset), IsEmpty());
}

// Test sets of a model that decides at the sum that a warning names: half of them show the bound.
TEST(ShowableSumsTest, TheSumThatIsNeededShowsItHalfOfTheTime) {
  const data::Dataset dataset = dataset_of({60, 40}, {60, 40});
  const ConstraintParams wanted = sum({term("error", "Female", 0.5), term("error", "Male", 0.5)}, 0.06);
  const std::vector<std::string> warnings = warnings_of(wanted, dataset);
  ASSERT_EQ(warnings.size(), 1u);
  const double needed = std::stod(warnings[0].substr(warnings[0].find("sum of at most") + 14));
  const Compiled it = compiled(wanted, dataset);
  std::vector<double> bounds;
  for (int experiment = 0; experiment < 400; ++experiment) {
    RandomDraws draws(core::mix(11, static_cast<std::uint64_t>(experiment)));
    std::vector<double> sums;
    for (std::size_t c = 0; c < it.table.cells.cells.size(); ++c) {
      const std::int64_t rows = it.counts.rows_of_cell[3][c];
      double selected = 0;
      for (std::int64_t row = 0; row < rows; ++row)
        selected += (draws.uniform() < needed) != (it.table.cells.cells[c].label == 1);
      sums.insert(sums.end(), {static_cast<double>(rows), 0, 0, selected});
    }
    bounds.push_back(*upper_bounds(it.table, sums, {}, {})[0]);
  }
  EXPECT_NEAR(median(bounds), 0.06, 0.004);
}

}  // namespace showable_sums_test
}  // namespace equipoise::evaluation
