// What could be shown of mean losses, beside simulated test sets of the models that are assumed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/gamma.hpp>

#include "engine/evaluation/number_statistics.h"
#include "engine/evaluation/score_statistics.h"
#include "engine/evaluation/split_totals.h"
#include "tests/engine/evaluation/showable_people.h"

namespace equipoise::evaluation {
namespace showable_losses_test {

using constraints::ConstraintParams;
using constraints::RowBlock;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr int kExperiments = 150;

ConstraintParams loss_parity(double tolerance) {
  return {"loss_parity", {"sex"}, tolerance};
}

ConstraintParams loss_at_most(double at_most) {
  ConstraintParams params{"bounded_group_loss", {"sex"}};
  params.at_most = at_most;
  return params;
}

double least_of(const data::Dataset& dataset) {
  return compiled(loss_parity(0.1), dataset).outlooks()[0].least.value();
}

// The bounds on the gap of simulated test sets, and how far they are above the gaps.
struct Simulated {
  std::vector<double> bound, beyond_gap;

  void add(const Compiled& it, const std::vector<double>& sums, const SquareWeights& squares) {
    bound.push_back(*upper_bounds(it.table, sums, squares, {})[0]);
    beyond_gap.push_back(
        bound.back() -
        constraints::gap(it.table.promises[0], constraints::rate_values(it.table, sums, constraints::Reading::exact)));
  }
};

void expect_as_said(double said, const Simulated& simulated, double beyond) {
  EXPECT_NEAR(median(simulated.beyond_gap), said, beyond * said);
  EXPECT_GT(median(simulated.bound), said);
  EXPECT_LT(median(simulated.bound), 1.7 * said);
  testing::Test::RecordProperty("said_and_simulated", std::to_string(said) + ", " +
                                                          std::to_string(median(simulated.beyond_gap)) + " and " +
                                                          std::to_string(median(simulated.bound)));
}

// Test sets of women and men whose scores are right, and explain half of the variance of each one's labels.
Simulated right_scores(const data::Dataset& dataset, const Rows& women, const Rows& men) {
  const Compiled it = compiled(loss_parity(0.01), dataset);
  const int rows[2] = {women.negative + women.positive, men.negative + men.positive};
  const double share[2] = {1.0 * women.positive / rows[0], 1.0 * men.positive / rows[1]};
  Simulated simulated;
  for (int experiment = 0; experiment < kExperiments; ++experiment) {
    RandomDraws draws(core::mix(31, static_cast<std::uint64_t>(experiment)));
    std::vector<double> probability;
    std::vector<std::uint8_t> labels;
    std::vector<std::int32_t> cells;
    for (int row = 0; row < rows[0] + rows[1]; ++row) {
      const int sex = row < rows[0] ? 0 : 1;
      probability.push_back(std::min(boost::math::ibeta_inv(share[sex], 1 - share[sex], draws.uniform()), 1.0));
      labels.push_back(draws.uniform() < probability.back());
      for (std::int32_t c = 0; c < it.table.cells.count(); ++c)
        if (it.table.cells.cells[c].levels.front() == sex && it.table.cells.cells[c].label == labels.back())
          cells.push_back(c);
    }
    const ScoreStatistics statistics =
        host_statistics("test", {probability, labels, {}, cells, {}}, usual_request(it.table, {}));
    simulated.add(it, statistics.cells.sums, statistics.cells.squares);
  }
  return simulated;
}

TEST(ShowableLossesTest, RightScoresShowWhatIsSaid) {
  const Rows women{150, 50}, men{900, 300};
  const data::Dataset dataset = dataset_of(women, men);
  expect_as_said(least_of(dataset), right_scores(dataset, women, men), 0.12);
}

// Of equal losses nothing is known where labels are rarer in one group: what such models show beyond the gap that they have is what is said.
TEST(ShowableLossesTest, RareLabelsBlowNothingUp) {
  for (const Rows& women : {Rows{144, 6}, Rows{190, 10}, Rows{100, 100}}) {
    const Rows men{900, 300};
    const data::Dataset dataset = dataset_of(women, men);
    const double said = least_of(dataset), shown = median(right_scores(dataset, women, men).beyond_gap);
    EXPECT_GT(said, 0.7 * shown) << women.positive;
    EXPECT_LT(said, 1.4 * shown) << women.positive;
  }
  const double without = least_of(dataset_of({50, 0}, {900, 300}));
  EXPECT_GT(without, 0.02);
  EXPECT_LT(without, 0.3);
  EXPECT_THAT(warnings_of(loss_at_most(0.9), dataset_of({50, 0}, {900, 300})), IsEmpty());
}

// Three classes: scores are Dirichlet, with gamma numbers as their parts.
TEST(ShowableLossesTest, ScoresOfClassesShowWhatIsSaid) {
  const std::vector<double> shares = {0.5, 0.3, 0.2};
  std::vector<RowBlock> blocks;
  for (const data::Split split : {data::Split::train, data::Split::test})
    for (const char* sex : {"Female", "Male"})
      for (int k = 0; k < 3; ++k)
        blocks.push_back({sex, "White", k, split, static_cast<int>((*sex == 'F' ? 200 : 1000) * shares[k])});
  data::Dataset dataset = constraints::handmade_dataset(blocks);
  dataset.task = data::Task::classes;
  dataset.outcomes = {"low", "middle", "high"};
  const Compiled it = compiled(loss_parity(0.01), dataset);
  const std::vector<std::int64_t> rows = dataset.rows_of(data::Split::test);
  Simulated simulated;
  for (int experiment = 0; experiment < kExperiments; ++experiment) {
    RandomDraws draws(core::mix(37, static_cast<std::uint64_t>(experiment)));
    data::Dataset drawn = dataset;
    std::vector<double> scores;
    for (const std::int64_t row : rows) {
      std::vector<double> parts;
      for (const double share : shares) parts.push_back(boost::math::gamma_p_inv(share, draws.uniform()));
      const double sum = parts[0] + parts[1] + parts[2], where = draws.uniform() * sum;
      for (const double part : parts) scores.push_back(part / sum);
      drawn.labels[row] = where < parts[0] ? 0 : where < parts[0] + parts[1] ? 1 : 2;
    }
    const data::Cells cells = data::build_cells(drawn, {"sex"});
    std::vector<std::int32_t> own;
    std::vector<std::uint8_t> labels;
    for (const std::int64_t row : rows) {
      labels.push_back(drawn.labels[row]);
      for (std::int64_t k = 0; k < 3; ++k) own.push_back(cells.of_row[row * 3 + k]);
    }
    const SplitTotals totals = total_split("test", {scores, labels, {}, {}, own, {}}, it.table, {});
    simulated.add(it, totals.cells.sums, totals.cells.squares);
  }
  expect_as_said(it.outlooks()[0].least.value(), simulated, 0.12);
}

data::Dataset numbers(int women, int men) {
  std::vector<RowBlock> blocks;
  for (const char* sex : {"Female", "Male"}) {
    blocks.push_back({sex, "White", 0, data::Split::train, 400});
    blocks.push_back({sex, "White", 0, data::Split::test, *sex == 'F' ? women : men});
  }
  data::Dataset dataset = constraints::handmade_dataset(blocks);
  dataset.task = data::Task::regression;
  dataset.target_mean = 11;
  dataset.target_deviation = 2;
  for (std::size_t row = 0; row < dataset.labels.size(); ++row) dataset.targets.push_back(row % 2 == 0 ? 9.0f : 13.0f);
  return dataset;
}

std::vector<Outlook> outlooks_by(const NumberLoss& loss, const ConstraintParams& params, const data::Dataset& dataset) {
  const Compiled it = compiled(params, dataset);
  return outlooks(it.table, it.counts, 30, {}, loss);
}

TEST(ShowableLossesTest, LossesOfNumbersShowWhatIsSaid) {
  const data::Dataset dataset = numbers(200, 800);
  for (const NumberLoss& loss :
       {NumberLoss{squared_loss, 0}, NumberLoss{huber_loss, 0.5}, NumberLoss{quantile_loss, 0.8}}) {
    const Compiled it = compiled(loss_parity(0.01), dataset);
    const std::vector<std::int64_t> rows = dataset.rows_of(data::Split::test);
    const auto outcomes = static_cast<std::size_t>(it.table.cells.outcomes());
    Simulated simulated;
    for (int experiment = 0; experiment < kExperiments; ++experiment) {
      RandomDraws draws(core::mix(41, static_cast<std::uint64_t>(experiment)));
      std::vector<double> scores;
      std::vector<float> targets;
      std::vector<std::int32_t> cells;
      for (const std::int64_t row : rows) {
        scores.push_back(11 + std::sqrt(2.0) * draws.normal());
        targets.push_back(static_cast<float>(scores.back() + std::sqrt(2.0) * draws.normal()));
        for (std::size_t m = 0; m < outcomes; ++m) cells.push_back(it.table.cells.of_row[row * outcomes + m]);
      }
      TaskScores task{scores, {}, targets, {}, cells, {}};
      task.loss = loss.of_error;
      task.loss_parameter = loss.parameter;
      task.target_deviation = 2;
      const SplitTotals totals = total_split("test", task, it.table, {});
      simulated.add(it, totals.cells.sums, totals.cells.squares);
    }
    expect_as_said(outlooks_by(loss, loss_parity(0.01), dataset)[0].least.value(), simulated, 0.12);
  }
  EXPECT_FALSE(compiled(loss_parity(0.01), dataset).outlooks()[0].least) << "by which loss?";
}

// Groups with other base rates lose as much on average: one number is added to the losses of each. Their moments are drawn here.
TEST(ShowableLossesTest, GroupsWithOtherBaseRatesLoseAsMuch) {
  const data::Dataset dataset = dataset_of({90, 10}, {300, 300});
  const Compiled it = compiled(loss_parity(0.01), dataset);
  constexpr int kDrawn = 200'000;
  double mean[2][2] = {}, square[2][2] = {}, own[2] = {};
  const double rows[2] = {100, 600}, positive[2] = {10, 300};
  for (const int sex : {0, 1}) {
    const double share = (positive[sex] + 0.5) / (rows[sex] + 1);
    double weight[2] = {};
    RandomDraws draws(47 + static_cast<std::uint64_t>(sex));
    for (int i = 0; i < kDrawn; ++i) {
      const double score = std::clamp(boost::math::ibeta_inv(share, 1 - share, draws.uniform()), 1e-15, 1 - 1e-15);
      for (const int label : {0, 1}) {
        const double of_label = label == 1 ? score : 1 - score, loss = -std::log(of_label);
        weight[label] += of_label;
        mean[sex][label] += of_label * loss;
        square[sex][label] += of_label * loss * loss;
      }
    }
    for (const int label : {0, 1}) {
      mean[sex][label] /= weight[label];
      square[sex][label] /= weight[label];
      own[sex] += (label == 1 ? positive[sex] : rows[sex] - positive[sex]) / rows[sex] * mean[sex][label];
    }
  }
  std::vector<double> sums(static_cast<std::size_t>(it.table.cells.count()) * constraints::kColumns, 0.0);
  SquareWeights squares;
  squares.loss = squares.loss_square = std::vector<double>(static_cast<std::size_t>(it.table.cells.count()), 0.0);
  for (std::int32_t c = 0; c < it.table.cells.count(); ++c) {
    const data::Cells::Cell& cell = it.table.cells.cells[c];
    const int sex = cell.levels.front(), label = cell.label;
    const double of_cell = label == 1 ? positive[sex] : rows[sex] - positive[sex],
                 more = std::max(own[0], own[1]) - own[sex];
    sums[c * constraints::kColumns + constraints::kWeight] = of_cell;
    sums[c * constraints::kColumns + constraints::kLoss] = of_cell * (mean[sex][label] + more);
    squares.loss[c] = of_cell * (mean[sex][label] + more);
    squares.loss_square[c] = of_cell * (square[sex][label] + 2 * more * mean[sex][label] + more * more);
  }
  const double least = least_of(dataset);
  EXPECT_NEAR(least, *upper_bounds(it.table, sums, squares, {})[0], 0.01 * least);
}

TEST(ShowableLossesTest, WarnsBelowWhatItNames) {
  const data::Dataset dataset = dataset_of({150, 50}, {900, 300});
  const double least = least_of(dataset);
  EXPECT_THAT(warnings_of(loss_parity(least + 1e-9), dataset), IsEmpty());
  EXPECT_THAT(warnings_of(loss_parity(least - 1e-9), dataset), SizeIs(1));
  EXPECT_THAT(
      warnings_of(loss_parity(0.01), dataset),
      ElementsAre(AllOf(HasSubstr("'loss gap by sex' could hardly be shown to be inside 0.01 on this test split: even "
                                  "if all groups' mean losses were exactly equal, with right scores that explain "
                                  "half of the variance of each group's labels, the 95 % bound would be 0."),
                        HasSubstr("(sex=Female has 200 rows). The smallest tolerance that"))));
  // Weights of all rows alike say nothing.
  EXPECT_NEAR(least_of(dataset_of({150, 50, 3}, {900, 300, 3})), least, 1e-9);
  const data::Dataset regression = numbers(200, 800);
  EXPECT_THAT(*outlooks_by({squared_loss, 0}, loss_parity(0.01), regression)[0].warning,
              HasSubstr("mean losses were exactly equal, those of a model that explains half of the variance of "
                        "the targets, with normally distributed errors, the 95 % bound"));
}

TEST(ShowableLossesTest, BoundsSayWhatTheyNeed) {
  const data::Dataset few = dataset_of({45, 5}, {900, 300});
  EXPECT_THAT(warnings_of(loss_at_most(5), few), IsEmpty());
  EXPECT_FALSE(compiled(loss_at_most(0.2), few).outlooks()[0].least) << "no gap";
  EXPECT_THAT(warnings_of(loss_at_most(0.1), few),
              ElementsAre(AllOf(HasSubstr("'largest loss by sex' could hardly be shown to be at most 0.1 on this test "
                                          "split: right scores that explain "),
                                HasSubstr(" % of the variance of each group's labels, which would show most, have a 95 "
                                          "% bound of 0."),
                                HasSubstr("(sex=Female has 50 rows)."))));
  const data::Dataset many = dataset_of({450, 50}, {900, 300});
  EXPECT_THAT(warnings_of(loss_at_most(0.25), many),
              ElementsAre(AllOf(HasSubstr("can be shown to be at most 0.25 on this test split by right scores only if "
                                          "they explain "),
                                HasSubstr(" % of the variance of each group's labels (sex="),
                                HasSubstr(" rows): with half of it the 95 % bound would be 0.3"))));
  const data::Dataset regression = numbers(40, 800);
  EXPECT_THAT(outlooks_by({squared_loss, 0}, loss_at_most(0.5), regression)[0].warning, testing::Eq(std::nullopt))
      << "40 rows show twice what they have";
}

}  // namespace showable_losses_test
}  // namespace equipoise::evaluation
