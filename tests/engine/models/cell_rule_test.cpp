#include "engine/models/cell_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "engine/core/error.h"
#include "engine/models/model_file.h"

namespace equipoise::models {
namespace cell_rule_test {

using nlohmann::json;
using testing::DoubleNear;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> scores(const CellRule& rule, const std::vector<double>& posterior) {
  std::vector<double> result(rule.answers());
  decide(rule, posterior.data(), result.data(), kNoGroup, 0);
  return result;
}

const CellRule kByLabel = {{"a, label 0", "a, label 1", "b, label 0", "b, label 1"}, {{-1, 1, -1, 1}}};

TEST(CellRule, OfTwoLabelsWithoutMultipliersIsTheirProbability) {
  EXPECT_THAT(scores(kByLabel, {.1, .2, .3, .4}), ElementsAre(DoubleNear(.6, 1e-15)));
}

// d = .2 - .5 * .3 / .5 = -.1 for a rule that has a price on group a.
TEST(CellRule, OfTwoLabelsMovesByItsWeights) {
  CellRule rule = kByLabel;
  rule.weights[0][0] -= 1;
  rule.weights[0][1] -= 1;
  EXPECT_THAT(scores(rule, {.1, .2, .3, .4}), ElementsAre(DoubleNear(.5 + (.2 - .3) / 2, 1e-15)));
  EXPECT_THAT(scores(rule, {.9, .1, 0, 0}), ElementsAre(0.0));
}

TEST(CellRule, OfClassesWithoutMultipliersIsTheirProbabilities) {
  const CellRule rule = {{"a0", "a1", "a2", "b0", "b1", "b2"},
                         {{1, 0, 0, 1, 0, 0}, {0, 1, 0, 0, 1, 0}, {0, 0, 1, 0, 0, 1}}};
  EXPECT_THAT(scores(rule, {.1, .2, .1, .2, .3, .1}),
              ElementsAre(DoubleNear(.3, 1e-15), DoubleNear(.5, 1e-15), DoubleNear(.2, 1e-15)));
}

// Nearest in squares: of all points of the simplex on a fine grid none is nearer, and the order of the sums stays.
TEST(CellRule, OfClassesIsTheNearestPointOfTheSimplex) {
  const std::vector<std::vector<double>> sums = {{.9, .6, -.2}, {2, 0, 0}, {-.1, -.2, -.3}, {.2, .2, .9}};
  for (const std::vector<double>& sum : sums) {
    CellRule rule;
    rule.cells = {"all"};
    for (const double own : sum) rule.weights.push_back({own});
    const std::vector<double> found = scores(rule, {1});
    const auto distance = [&](const std::vector<double>& point) {
      double squares = 0;
      for (std::size_t k = 0; k < 3; ++k) squares += (point[k] - sum[k]) * (point[k] - sum[k]);
      return squares;
    };
    EXPECT_NEAR(found[0] + found[1] + found[2], 1, 1e-12);
    constexpr int kGrid = 100;
    for (int i = 0; i <= kGrid; ++i)
      for (int j = 0; i + j <= kGrid; ++j)
        EXPECT_LE(distance(found), distance({i * .01, j * .01, (kGrid - i - j) * .01}) + 1e-12);
    for (std::size_t k = 0; k < 3; ++k)
      for (std::size_t m = 0; m < 3; ++m)
        if (sum[k] > sum[m]) EXPECT_GE(found[k], found[m]);
  }
}

CellRule by_group() {
  CellRule rule = kByLabel;
  rule.weights = {{-1.2, 0.8, -1, 1}};
  rule.groupings = {"group"};
  rule.groups = {{"a"}, {"b"}};
  return rule;
}

// Of group a p is (1/3, 2/3, 0, 0): d = -1.2/3 + 1.6/3. Without a group it is as it is.
TEST(CellRule, ThatUsesGroupsDecidesByThePosteriorGivenTheGroup) {
  const double posterior[] = {.1, .2, .3, .4};
  double score = 0;
  decide(by_group(), posterior, &score, 0, 0);
  EXPECT_NEAR(score, .5 + .4 / 6, 1e-12);
  decide(by_group(), posterior, &score, 1, 0);
  EXPECT_NEAR(score, .4 / .7, 1e-12);
  decide(by_group(), posterior, &score, kNoGroup, 0);
  EXPECT_NEAR(score, .5 + (-.12 + .16 + .1) / 2, 1e-12);
  const double impossible[] = {0, 0, .5, .5};
  decide(by_group(), impossible, &score, 0, 0);
  EXPECT_NEAR(score, .5 - .2 / 2, 1e-12) << "a group without any posterior has its labels even";
}

// One decides by the label, one is all for group a, one all against it.
CellRule drawn_rule() {
  CellRule rule = kByLabel;
  rule.weights.clear();
  rule.drawn = {{{-1, 1, -1, 1}}, {{1, 1, -1, -1}}, {{-1, -1, 1, 1}}};
  rule.lot = {{0.5, 0.3, 0.2}, 41};
  return rule;
}

// A row is decided by the rule whose interval has the draw of its place, and by nothing of its own.
TEST(CellRule, ThatIsRandomisedDecidesByTheRuleOfTheRowsPlace) {
  const CellRule rule = drawn_rule();
  EXPECT_TRUE(rule.is_randomised());
  EXPECT_EQ(rule.answers(), 1u);
  const double posterior[] = {.1, .2, .3, .4};
  constexpr std::array kScores = {.6, .3, .7};
  std::array<int, 3> rows{};
  constexpr int kRows = 20000;
  for (std::int64_t row = 0; row < kRows; ++row) {
    const double draw = core::uniform(core::mix(41, static_cast<std::uint64_t>(row)));
    const std::size_t expected = draw < 0.5 ? 0 : draw < 0.8 ? 1 : 2;
    double score = 0;
    decide(rule, posterior, &score, kNoGroup, row);
    ASSERT_NEAR(score, kScores[expected], 1e-15) << row;
    ++rows[expected];
  }
  // Five standard errors of a share of 20,000 rows are .018 at most.
  EXPECT_NEAR(rows[0], 0.5 * kRows, 360);
  EXPECT_NEAR(rows[1], 0.3 * kRows, 360);
}

TEST(CellRule, FindsTheGroupsOfRows) {
  data::Dataset dataset;
  dataset.encoded.rows = 3;
  dataset.groupings = {{"group", {"b", "a"}, {1, 0, data::kUnknownLevel}}};
  EXPECT_THAT(groups_of(by_group(), dataset), ElementsAre(0, 1, kNoGroup));
  dataset.groupings[0].codes.clear();
  EXPECT_THAT([&] { groups_of(by_group(), dataset); },
              testing::ThrowsMessage<core::UserError>(HasSubstr("the model decides by 'group' too")));
}

TEST(CellRule, IsReadAsItWasWritten) {
  const CellRule of_groups = cell_rule_from(json::parse(describe_cell_rule(by_group()).dump()), 4, 1, "m");
  EXPECT_EQ(of_groups.groupings, by_group().groupings);
  EXPECT_EQ(of_groups.groups, by_group().groups);

  const CellRule again = cell_rule_from(json::parse(describe_cell_rule(kByLabel).dump()), 4, 1, "m");
  EXPECT_EQ(again.cells, kByLabel.cells);
  EXPECT_EQ(again.weights, kByLabel.weights);

  const CellRule drawn = cell_rule_from(json::parse(describe_cell_rule(drawn_rule()).dump()), 4, 1, "m");
  EXPECT_EQ(drawn.drawn, drawn_rule().drawn);
  EXPECT_EQ(drawn.lot.probabilities, drawn_rule().lot.probabilities);
  EXPECT_EQ(drawn.lot.seed, 41u);
  EXPECT_TRUE(drawn.weights.empty());
}

// A file of a program that knew no lots.
TEST(CellRule, OfOneRuleIsWrittenAsEver) {
  EXPECT_EQ(describe_cell_rule(kByLabel), json({{"cells", kByLabel.cells}, {"weights", {{-1, 1, -1, 1}}}}));
}

std::string refusal(void (*change)(json&), std::size_t outputs = 4, std::size_t answers = 1,
                    const CellRule& rule = by_group()) {
  json description = describe_cell_rule(rule);
  change(description);
  try {
    cell_rule_from(description, outputs, answers, "model.json");
    return "";
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::data);
    return error.what();
  }
}

TEST(CellRule, ThatIsBrokenIsRefused) {
  EXPECT_THAT(refusal([](json& d) { d = 3; }), HasSubstr("'model.json': cell_rule: it is not an object"));
  EXPECT_THAT(refusal([](json& d) { d.erase("cells"); }), HasSubstr("cells is missing"));
  EXPECT_THAT(refusal([](json&) {}, 5), HasSubstr("it has 4 cells, and the model 5 outputs"));
  EXPECT_THAT(refusal([](json&) {}, 4, 3), HasSubstr("weights is missing or is not 3 lists"));
  EXPECT_THAT(refusal([](json& d) { d["weights"][0][1] = nullptr; }), HasSubstr("weights[0] is not a finite number"));
  EXPECT_THAT(refusal([](json& d) { d.erase("groupings"); }), HasSubstr("groupings is missing"));
  EXPECT_THAT(refusal([](json& d) { d["groups"][1] = {"b", "c"}; }), HasSubstr("groups is missing or is not a level"));
  EXPECT_THAT(refusal([](json& d) { d["groups"].push_back({"c"}); }), HasSubstr("as many groups as share the cells"));
  EXPECT_THAT(refusal([](json& d) { d["weights"][0].push_back(1); }), HasSubstr("weights[0] is not a finite number"));
}

TEST(CellRule, ThatIsRandomisedAndBrokenIsRefused) {
  const auto refused = [](void (*change)(json&), std::size_t answers = 1) {
    return refusal(change, 4, answers, drawn_rule());
  };
  EXPECT_THAT(refused([](json& d) { d["drawn"] = 1; }), HasSubstr("cell_rule: drawn: it is not an object"));
  EXPECT_THAT(refused([](json& d) { d["drawn"].erase("seed"); }), HasSubstr("drawn: seed is missing"));
  EXPECT_THAT(refused([](json& d) { d["drawn"]["rules"] = json::array(); }),
              HasSubstr("drawn: rules is not a list of two or more"));
  EXPECT_THAT(refused([](json& d) { d["drawn"]["rules"][2]["probability"] = .3; }),
              HasSubstr("drawn: the probabilities add to 1.1, not to 1"));
  EXPECT_THAT(refused([](json& d) { d["drawn"]["rules"][1].erase("weights"); }),
              HasSubstr("drawn: rules[1].weights is missing or is not 1 list"));
  EXPECT_THAT(refused([](json& d) { d["drawn"]["rules"][1]["weights"][0].erase(0); }),
              HasSubstr("drawn: rules[1].weights[0] is not a finite number for each of 4 cells"));
  EXPECT_THAT(refused([](json&) {}, 3), HasSubstr("drawn: rules[0].weights is missing or is not 3 lists"));
  EXPECT_THAT(refused([](json& d) {
                d["weights"] = {{-1, 1, -1, 1}};
              }),
              HasSubstr("it has both weights and drawn, of which one decides"));
}

TEST(CellRule, HasAFormatOfItsOwnInTheDescription) {
  const json described = {{"format", 3},
                          {"kind", "linear"},
                          {"hidden", json::array()},
                          {"dropout", 0.0},
                          {"outputs", 4},
                          {"embedding_size", 8},
                          {"cell_rule", describe_cell_rule(kByLabel)}};
  EXPECT_EQ(model_params_from(described, "m").kind, "linear");
  EXPECT_EQ(model_rule_from(described, "m").weights, kByLabel.weights);
  for (const char* missing : {"format", "cell_rule"}) {
    json changed = described;
    if (std::string(missing) == "format")
      changed["format"] = 1;
    else
      changed.erase("cell_rule");
    try {
      model_params_from(changed, "m");
      ADD_FAILURE() << missing;
    } catch (const core::UserError& error) {
      EXPECT_THAT(error.what(), HasSubstr("with a cell_rule 3"));
    }
  }
}

}  // namespace cell_rule_test
}  // namespace equipoise::models
