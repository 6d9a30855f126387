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
namespace {

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

TEST(ShowableLossesTest, RightScoresShowWhatIsSaid) {
  const data::Dataset dataset = dataset_of({150, 50}, {900, 300});
  const Compiled it = compiled(loss_parity(0.01), dataset);
  Simulated simulated;
  for (int experiment = 0; experiment < kExperiments; ++experiment) {
    Draws draws(core::mix(31, static_cast<std::uint64_t>(experiment)));
    std::vector<double> probability;
    std::vector<std::uint8_t> labels;
    std::vector<std::int32_t> cells;
    for (int row = 0; row < 1400; ++row) {
      probability.push_back(std::min(boost::math::ibeta_inv(0.25, 0.75, draws.uniform()), 1.0));
      labels.push_back(draws.uniform() < probability.back());
      for (std::int32_t c = 0; c < it.table.cells.count(); ++c)
        if (it.table.cells.cells[c].levels.front() == (row < 200 ? 0 : 1) &&
            it.table.cells.cells[c].label == labels.back())
          cells.push_back(c);
    }
    const ScoreStatistics statistics =
        host_statistics("test", {probability, labels, {}, cells, {}}, usual_request(it.table, {}));
    simulated.add(it, statistics.cells.sums, statistics.cells.squares);
  }
  expect_as_said(it.outlooks()[0].least.value(), simulated, 0.12);
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
    Draws draws(core::mix(37, static_cast<std::uint64_t>(experiment)));
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
      Draws draws(core::mix(41, static_cast<std::uint64_t>(experiment)));
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

// Groups with other base rates lose as much on average: each group's losses are larger or smaller by one factor.
TEST(ShowableLossesTest, GroupsWithOtherBaseRatesLoseAsMuch) {
  const data::Dataset dataset = dataset_of({90, 10}, {300, 300});
  const Compiled it = compiled(loss_parity(0.01), dataset);
  // Their moments by draws, of as many rows as it takes.
  constexpr int kDrawn = 400'000;
  const double equal = [&] {
    Draws draws(43);
    double sum = 0;
    for (int i = 0; i < kDrawn; ++i) {
      const double score = boost::math::ibeta_inv(0.25, 0.75, draws.uniform());  // the training rows'
      sum -= score * std::log(std::max(score, 1e-300)) + (1 - score) * std::log1p(-std::min(score, 1 - 1e-16));
    }
    return sum / kDrawn;
  }();
  std::vector<double> sums(static_cast<std::size_t>(it.table.cells.count()) * constraints::kColumns, 0.0);
  SquareWeights squares;
  squares.loss = squares.loss_square = std::vector<double>(static_cast<std::size_t>(it.table.cells.count()), 0.0);
  for (const int sex : {0, 1}) {
    const double rows = sex == 0 ? 100 : 600, positive = sex == 0 ? 10 : 300, share = (positive + 0.5) / (rows + 1);
    double mean[2] = {0, 0}, square[2] = {0, 0}, weight[2] = {0, 0};
    Draws draws(47 + static_cast<std::uint64_t>(sex));
    for (int i = 0; i < kDrawn; ++i) {
      const double score = std::clamp(boost::math::ibeta_inv(share, 1 - share, draws.uniform()), 1e-15, 1 - 1e-15);
      for (const int label : {0, 1}) {
        const double of_label = label == 1 ? score : 1 - score, loss = -std::log(of_label);
        weight[label] += of_label;
        mean[label] += of_label * loss;
        square[label] += of_label * loss * loss;
      }
    }
    double own = 0;
    for (const int label : {0, 1}) {
      mean[label] /= weight[label];
      square[label] /= weight[label];
      own += (label == 1 ? positive : rows - positive) / rows * mean[label];
    }
    const double factor = equal / own;
    for (std::int32_t c = 0; c < it.table.cells.count(); ++c) {
      const data::Cells::Cell& cell = it.table.cells.cells[c];
      if (cell.levels.front() != sex) continue;
      const double of_cell = cell.label == 1 ? positive : rows - positive;
      sums[c * constraints::kColumns + constraints::kWeight] = of_cell;
      sums[c * constraints::kColumns + constraints::kLoss] = of_cell * factor * mean[cell.label];
      squares.loss[c] = of_cell * factor * mean[cell.label];
      squares.loss_square[c] = of_cell * factor * factor * square[cell.label];
    }
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
      ElementsAre(AllOf(HasSubstr("'loss gap by sex' cannot be shown to be inside 0.01 on this test split: even "
                                  "if all groups' mean losses were exactly equal, at 0.29"),
                        HasSubstr(", that of right scores that explain half of the variance of the labels, the "
                                  "95 % bound would be 0."),
                        HasSubstr("(sex=Female has 200 rows). The smallest tolerance that"))));
  // Weights of all rows alike say nothing.
  EXPECT_NEAR(least_of(dataset_of({150, 50, 3}, {900, 300, 3})), least, 1e-9);
  const data::Dataset regression = numbers(200, 800);
  EXPECT_THAT(*outlooks_by({squared_loss, 0}, loss_parity(0.01), regression)[0].warning,
              HasSubstr("mean losses were exactly equal, at 0.5, that of a model that explains half of the variance of "
                        "the targets, with normally distributed errors, the 95 % bound"));
}

TEST(ShowableLossesTest, BoundsSayWhatTheyNeed) {
  const data::Dataset few = dataset_of({45, 5}, {900, 300});
  EXPECT_THAT(warnings_of(loss_at_most(5), few), IsEmpty());
  EXPECT_FALSE(compiled(loss_at_most(0.2), few).outlooks()[0].least) << "no gap";
  const std::vector<std::string> warned = warnings_of(loss_at_most(0.2), few);
  EXPECT_THAT(warned,
              ElementsAre(AllOf(HasSubstr("'largest loss by sex' cannot be shown to be at most 0.2 on this test "
                                          "split: even at a mean loss of 0.1"),
                                HasSubstr(" the 95 % bound would be 0."), HasSubstr("(sex=Female has 50 rows)."))));
  const std::vector<std::string> possible = warnings_of(loss_at_most(0.5), few);
  EXPECT_THAT(possible,
              ElementsAre(AllOf(HasSubstr("can be shown to be at most 0.5 on this test split only by a mean loss of at "
                                          "most 0."),
                                HasSubstr("(sex=Female has 50 rows): the 95 % bound is that far from it."))));
  const data::Dataset regression = numbers(40, 800);
  EXPECT_THAT(outlooks_by({squared_loss, 0}, loss_at_most(0.5), regression)[0].warning, testing::Eq(std::nullopt))
      << "40 rows show twice what they have";
}

}  // namespace
}  // namespace equipoise::evaluation
