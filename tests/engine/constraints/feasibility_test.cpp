#include "engine/constraints/feasibility.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "engine/core/error.h"
#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace feasibility_test {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr double kUnbounded = ConstraintParams::kUnbounded;

ConstraintParams at_most(const std::string& rate, double bound, const std::vector<std::string>& group = {}) {
  ConstraintParams params{"bound", group};
  params.rate = rate;
  params.at_most = bound;
  return params;
}

ConstraintParams at_least(const std::string& rate, double bound, const std::vector<std::string>& group = {}) {
  ConstraintParams params{"bound", group};
  params.rate = rate;
  params.at_least = bound;
  return params;
}

ConstraintParams parity(const std::string& rate, double tolerance, const std::string& form = "max_min") {
  ConstraintParams params{"parity", {"sex"}, tolerance, form, form == "reference" ? "Male" : ""};
  params.rate = rate;
  return params;
}

struct Term {
  std::string rate, sex;
  double weight;
};

ConstraintParams linear(const std::vector<Term>& terms, double bound) {
  ConstraintParams params{"linear", {}};
  params.at_most = bound;
  for (const Term& term : terms) params.terms.push_back({term.rate, {{"sex", term.sex}}, term.weight});
  return params;
}

// Of 300 women 60 are positive, of 300 men 120: base rates .2 and .4, and .3 of all.
data::Dataset unlike_sexes(float weight_of_women = 1) {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test}) {
    blocks.push_back({"Female", "White", 0, split, 240, weight_of_women});
    blocks.push_back({"Female", "White", 1, split, 60, weight_of_women});
    blocks.push_back({"Male", "White", 0, split, 180});
    blocks.push_back({"Male", "White", 1, split, 120});
  }
  return handmade_dataset(blocks);
}

// Of 300 women 60 were selected before, of 300 men 120; half of each are positive.
data::Dataset unlike_before() {
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test}) {
    for (const int label : {0, 1}) {
      blocks.push_back({"Female", "White", label, split, 120, 1, 0});
      blocks.push_back({"Female", "White", label, split, 30, 1, 1});
      blocks.push_back({"Male", "White", label, split, 90, 1, 0});
      blocks.push_back({"Male", "White", label, split, 60, 1, 1});
    }
  }
  return handmade_dataset(blocks);
}

// What compiling says of them: "" where they pass.
std::string refusal(const std::vector<ConstraintParams>& constraints, const data::Dataset& dataset = unlike_sexes()) {
  core::Journal journal;
  config::Origin origin;
  for (std::size_t i = 0; i < constraints.size(); ++i)
    origin.set("constraints[" + std::to_string(i) + "]", {"run.yaml", 10 * static_cast<int>(i + 1), 5});
  try {
    compile(constraints, dataset, 30, origin, journal);
  } catch (const core::UserError& error) {
    EXPECT_EQ(error.fault(), core::Fault::config);
    return error.problems().front().text();
  }
  return "";
}

TEST(FeasibilityTest, LetsPassWhatSomeDecisionsSatisfy) {
  EXPECT_EQ(refusal({}), "");
  EXPECT_EQ(refusal({parity("tpr", 0.001), parity("fpr", 0.001), parity("selection_rate", 0.001)}), "");
  EXPECT_EQ(refusal({at_most("selection_rate", 0.27), at_least("tpr", 0.9)}), "");  // .9 of .3, and no negative
  EXPECT_EQ(refusal({at_most("error", 0.05), at_least("ppv", 0.99, {"sex"}), at_least("tpr", 0.95, {"sex"})}), "");
  EXPECT_EQ(refusal({at_least("tpr", 0.95), at_most("fpr", 0.05), parity("selection_rate", 0.2)}), "");
}

// Rates of .2 and .4 come within .1 of each other where .1 of all decisions of one sex change, .05 of both.
TEST(FeasibilityTest, ParityCostsChangedDecisions) {
  EXPECT_EQ(refusal({parity("selection_rate", 0.1), at_most("churn", 0.051)}, unlike_before()), "");
  EXPECT_THAT(refusal({parity("selection_rate", 0.1), at_most("churn", 0.04)}, unlike_before()),
              AllOf(HasSubstr("run.yaml:20:5: constraints[1]"), HasSubstr("together with constraints[0]"),
                    HasSubstr("looser by 0.010;")));
  EXPECT_EQ(refusal({parity("selection_rate", 0.1), at_most("churn", 0.051, {"sex"})}, unlike_before()), "");
  EXPECT_NE(refusal({parity("selection_rate", 0.1), at_most("churn", 0.04, {"sex"})}, unlike_before()), "");
}

TEST(FeasibilityTest, RefusesACapOnSelectionsBelowTheRecallThatIsAskedFor) {
  const std::string message = refusal({parity("fpr", 0.5), at_most("selection_rate", 0.1), at_least("tpr", 0.9)});
  // .1 of all is a third of the positives: .9 is .567 too many.
  EXPECT_EQ(message,
            "run.yaml:30:5: constraints[2]: no decisions on the training rows, not even ones that know every label, "
            "satisfy 'true positive rate bound, at least 0.9' together with constraints[1] (selection rate bound, at "
            "most 0.1); it would have to be looser by 0.567; loosen or take out one of them");
  EXPECT_EQ(refusal({at_most("selection_rate", 0.1), at_least("tpr", 0.9 - 0.567)}), "");
  EXPECT_NE(refusal({at_most("selection_rate", 0.1), at_least("tpr", 0.9 - 0.566)}), "");
}

TEST(FeasibilityTest, CountsWeights) {
  // The base rate of all is .2 or almost, by weight: .19 is nearly all positives.
  EXPECT_EQ(refusal({at_most("selection_rate", 0.19), at_least("tpr", 0.9)}, unlike_sexes(1000)), "");
  EXPECT_NE(refusal({at_most("selection_rate", 0.19), at_least("tpr", 0.9)}), "");
}

TEST(FeasibilityTest, RefusesParityOfSelectionsWithAlmostNoError) {
  // Selection rates that agree while base rates differ by .2 need errors: .1 of each group at least, or .2 of one.
  const std::string message = refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.02)});
  EXPECT_THAT(message, AllOf(HasSubstr("constraints[1]"), HasSubstr("constraints[0] (error rate bound by sex"),
                             HasSubstr("looser by 0.080")));
  EXPECT_EQ(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.1)}), "");
  for (const char* form : {"reference", "ratio"})
    EXPECT_NE(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.02, form)}), "") << form;
  // To everyone's rate, the middle, it is half as far.
  EXPECT_NE(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.04, "overall")}), "");
  EXPECT_EQ(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.06, "overall")}), "");
  // Of .15 to .35 the ratio is .43.
  EXPECT_EQ(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.41, "ratio")}), "");
  EXPECT_THAT(refusal({at_most("error", 0.05, {"sex"}), parity("selection_rate", 0.2, "ratio")}),
              Not(HasSubstr("looser")));
}

TEST(FeasibilityTest, TakesBoundsOfRatesWhoseDenominatorHangsOnDecisions) {
  // Who selects half of all has .3 / .5 positives among them at most.
  EXPECT_EQ(refusal({at_least("selection_rate", 0.5), at_least("ppv", 0.59)}), "");
  EXPECT_THAT(refusal({at_least("selection_rate", 0.5), at_least("ppv", 0.61)}),
              AllOf(HasSubstr("constraints[1]"), HasSubstr("constraints[0]"), Not(HasSubstr("looser"))));
  EXPECT_NE(refusal({at_most("selection_rate", 0.1), at_least("f1", 0.6)}), "");  // 2 * .1 / (.1 + .3) = .5
  EXPECT_EQ(refusal({at_most("selection_rate", 0.1), at_least("f1", 0.49)}), "");
  EXPECT_NE(refusal({at_most("selection_rate", 0.1), at_most("for", 0.2)}), "");  // .2 / .9 = .222
  EXPECT_EQ(refusal({at_most("selection_rate", 0.1), at_most("for", 0.23)}), "");
}

TEST(FeasibilityTest, LeavesOutWhatIsNotLinear) {
  ConstraintParams loss{"bounded_group_loss", {"sex"}};
  loss.at_most = 1e-9;
  EXPECT_EQ(refusal({loss, parity("ppv", 0.001), at_least("fpr", 0.9)}), "");
}

TEST(FeasibilityTest, RefusesOneThatNothingSatisfies) {
  EXPECT_THAT(refusal({parity("tpr", 0.1), linear({{"tpr", "Female", -1}}, -1.25)}),
              AllOf(HasSubstr("constraints[1]: no decisions"), HasSubstr("looser by 0.250; loosen it or take it out"),
                    Not(HasSubstr("together"))));
}

TEST(FeasibilityTest, NamesThreeOfWhichEveryTwoCanBeHeld) {
  // Almost no error among women and among men, and almost equal selection rates; the first has nothing to do with it.
  const std::string message = refusal({at_most("fpr", 0.9), linear({{"error", "Female", 1}}, 0.03),
                                       linear({{"error", "Male", 1}}, 0.03), parity("selection_rate", 0.05)});
  EXPECT_THAT(message, AllOf(HasSubstr("run.yaml:40:5: constraints[3]"), HasSubstr("together with constraints[1] ("),
                             HasSubstr("constraints[2] ("), Not(HasSubstr("constraints[0]"))));
}

TEST(FeasibilityTest, CountsOnlyLevelsThatSteer) {
  // Three women: too few to be held to anything.
  std::vector<RowBlock> blocks = {{"Female", "White", 1, data::Split::train, 3}};
  for (const int label : {0, 1}) blocks.push_back({"Male", "White", label, data::Split::train, 100});
  const data::Dataset dataset = handmade_dataset(blocks);
  EXPECT_EQ(refusal({at_most("selection_rate", 0.1, {"sex"}), at_least("tpr", 0.15, {"sex"})}, dataset), "");
  EXPECT_NE(refusal({at_most("selection_rate", 0.1, {"sex"}), at_least("tpr", 0.25, {"sex"})}, dataset), "");
}

// Against all decisions on a grid of shares of the four cells: what is satisfied there passes, and what misses there by
// more than the grid is coarse is refused.
class Grid {
 public:
  explicit Grid(const data::Dataset& dataset) : dataset_(dataset) {}

  static constexpr int kSteps = 6;

  // Smallest over the decisions of the largest violation of any row.
  double least_violation(const std::vector<ConstraintParams>& constraints) const {
    std::vector<ConstraintTable> tables;
    for (const ConstraintParams& one : constraints) {
      core::Journal journal;
      tables.push_back(compile({one}, dataset_, 30, {}, journal));
      EXPECT_EQ(tables.back().cells.count(), 4);
    }
    const std::vector<double> weight =
        count_rows(tables.front().cells, dataset_).weight[static_cast<int>(data::Split::train)];
    double least = kUnbounded;
    for (int code = 0; code < std::pow(kSteps + 1, 4); ++code) {
      const std::vector<double> sums = decisions(code, weight);
      double largest = -kUnbounded;
      for (const ConstraintTable& table : tables) {
        const std::vector<double> g = violations(table, rate_values(table, sums, Reading::exact));
        largest = std::max(largest, *std::max_element(g.begin(), g.end()));
      }
      least = std::min(least, largest);
    }
    return least;
  }

 private:
  static std::vector<double> decisions(int code, const std::vector<double>& weight) {
    std::vector<double> sums(weight.size() * kColumns, 0.0);
    for (std::size_t c = 0; c < weight.size(); ++c, code /= kSteps + 1) {
      sums[c * kColumns + kWeight] = weight[c];
      sums[c * kColumns + kHard] = weight[c] * (code % (kSteps + 1)) / kSteps;
    }
    return sums;
  }

  const data::Dataset& dataset_;
};

TEST(FeasibilityTest, AgreesWithAllDecisionsOnAGrid) {
  const data::Dataset dataset = unlike_sexes();
  const Grid grid(dataset);
  std::mt19937_64 random(7);
  const auto uniform = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  const std::vector<std::string> rates = {"selection_rate", "tpr", "fpr", "fnr", "tnr", "error", "accuracy"};
  const std::vector<std::string> forms = {"max_min", "overall", "reference"};
  int satisfied = 0, missed = 0;
  for (int trial = 0; trial < 240; ++trial) {
    std::vector<ConstraintParams> constraints;
    const std::string first = rates[random() % rates.size()], second = rates[random() % rates.size()];
    constraints.push_back(at_most(first, uniform(0.02, 0.3), {"sex"}));
    constraints.push_back(at_least(second, uniform(0.6, 0.98), {"sex"}));
    constraints.push_back(parity(rates[random() % rates.size()], uniform(0.01, 0.2), forms[random() % forms.size()]));
    if (first == second) continue;
    const double violation = grid.least_violation(constraints);
    const std::string message = refusal(constraints, dataset);
    // A row moves by half a step for each of its one or two rates, or its rate and the middle.
    constexpr double kCoarse = 2 * 0.5 / Grid::kSteps;
    if (violation <= 0 || violation > kCoarse) {
      EXPECT_EQ(message.empty(), violation <= 0) << trial << ": " << violation << " " << message;
    }
    satisfied += violation <= 0;
    missed += violation > kCoarse;
  }
  EXPECT_GE(satisfied, 15);
  EXPECT_GE(missed, 15);
}

}  // namespace feasibility_test
}  // namespace equipoise::constraints
