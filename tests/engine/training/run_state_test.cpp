#include "engine/training/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/engine/constraints/handmade_dataset.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {
namespace run_state_test {

using constraints::kColumns;

// A hundred people of either sex, of whom 30 have the label: one answer is right about .7.
data::Dataset people() {
  return constraints::handmade_dataset({{"Female", "White", 0, data::Split::train, 70},
                                        {"Female", "White", 1, data::Split::train, 30},
                                        {"Male", "White", 0, data::Split::train, 70},
                                        {"Male", "White", 1, data::Split::train, 30}});
}

constraints::ConstraintTable compiled(const data::Dataset& dataset, const std::string& kind) {
  core::Journal journal;
  return constraints::compile({constraints::ConstraintParams{kind, {"sex"}}}, dataset, 10, {}, journal);
}

// Women and men that are selected, of those without the label and of those with it.
RunState::Sums selecting(const std::vector<double>& selected) {
  std::vector<double> sums(4 * kColumns, 0.0);
  for (std::size_t cell = 0; cell < 4; ++cell) {
    sums[cell * kColumns + constraints::kWeight] = cell % 2 == 0 ? 70 : 30;
    sums[cell * kColumns + constraints::kHard] = selected[cell];
  }
  return {sums, {}, {}, {}};
}

const RunState::Sums kBetter = selecting({0, 10, 20, 30});  // .8 right, selection rates .1 and .5
const RunState::Sums kWorse = selecting({20, 10, 60, 10});  // .4 right, rates .3 and .7

class Multipliers : public testing::Test {
 protected:
  // The largest after each of the measures.
  std::vector<double> largest_after(const std::string& kind, const std::vector<RunState::Sums>& measured,
                                    double of_one_answer) {
    const data::Dataset dataset = people();
    const constraints::ConstraintTable table = compiled(dataset, kind);
    RunConfig config = small_config();
    config.multipliers.update = "ascent";
    RunState run(config, table, MeasuredSplits::train, 100, false, {}, {}, {}, of_one_answer);
    std::vector<double> largest;
    for (const RunState::Sums& sums : measured) {
      const std::vector<double> now = run.measure(sums, {1, 1, 0, 0}).multipliers;
      largest.push_back(*std::ranges::max_element(now));
    }
    return largest;
  }
};

TEST_F(Multipliers, ComeDownWhereTheModelIsWorthLessThanOneAnswer) {
  const std::vector<double> found = largest_after("demographic_parity", {kBetter, kBetter, kWorse, kBetter}, 0.7);
  EXPECT_GT(found[0], 0);
  EXPECT_NEAR(found[1], 2 * found[0], 1e-12);
  EXPECT_LT(found[2], found[1]);
  EXPECT_NEAR(found[3] - found[2], found[0], 1e-12) << "they go on once it is worth more again";
}

TEST_F(Multipliers, GoOnWhereNothingIsLearntYet) {
  const std::vector<double> found = largest_after("demographic_parity", {kWorse, kWorse}, 0.7);
  EXPECT_NEAR(found[1], 2 * found[0], 1e-12);
  EXPECT_GT(found[0], 0);
}

TEST_F(Multipliers, GoOnWhereOneAnswerKeepsNoPromiseOrIsNotKnown) {
  for (const auto& [kind, of_one_answer] :
       {std::pair("predictive_parity", 0.7), {"demographic_parity", std::nan("")}}) {
    const std::vector<double> found = largest_after(kind, {kBetter, kWorse}, of_one_answer);
    EXPECT_GT(found[1], found[0]) << kind;
  }
}

}  // namespace run_state_test
}  // namespace equipoise::training
