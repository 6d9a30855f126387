#include "engine/evaluation/compared_figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "engine/core/seed.h"
#include "engine/evaluation/number_statistics.h"
#include "tests/engine/evaluation/handmade_scores.h"

namespace equipoise::evaluation {
namespace compared_figures_test {

using constraints::ConstraintParams;
using testing::ElementsAre;

// 800 people of three groups with scores that are drawn.
Handmade people(std::vector<ConstraintParams> wanted, bool weighted = false) {
  Handmade made({{0, 0, 120, 30, 1.5F},
                 {0, 1, 80, 40, 0.5F},
                 {1, 0, 15, 3},
                 {1, 1, 5, 3},
                 {2, 0, 300, 45},
                 {2, 1, 280, 210, 2.0F}},
                std::move(wanted), weighted);
  for (std::size_t i = 0; i < made.probability.size(); ++i) {
    const double within = 0.5 * core::uniform(core::mix(5, i));
    made.probability[i] = made.probability[i] > 0.5 ? 0.5 + within + 1e-9 : within;
  }
  return made;
}

ComparedRows rows_of(const Handmade& made) {
  ComparedRows rows;
  rows.scores = made.probability;
  rows.labels = made.dataset.labels;
  rows.weights = made.weights;
  rows.cells = made.table.cells.of_row;
  const data::Grouping& race = made.dataset.groupings.front();
  rows.groupings = {{race.name, race.levels, race.codes}};
  for (std::size_t i = 0; i < rows.scores.size(); ++i) rows.parts.push_back(part_of(static_cast<std::int64_t>(i)));
  return rows;
}

// All of it again, from the definitions, of the rows outside one part (-1: all).
std::map<std::string, double> oracle(const ComparedRows& rows, int part, int bins) {
  double weight = 0, right = 0, loss = 0, pairs = 0, ordered = 0;
  std::map<int, double> of_group, right_of, positive_of, hit_of, selected_of;
  std::map<std::pair<int, int>, std::array<double, 3>> bin;  // group (-1: all), bin: weight, score, positives
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    if (rows.parts[i] == part) continue;
    const double w = rows.weights.empty() ? 1 : rows.weights[i], score = rows.scores[i];
    const int group = rows.groupings[0].codes[i], label = rows.labels[i];
    const bool selected = score > 0.5;
    weight += w;
    right += selected == (label == 1) ? w : 0;
    loss -= w * std::log(label == 1 ? score : 1 - score);
    of_group[group] += w;
    right_of[group] += selected == (label == 1) ? w : 0;
    selected_of[group] += selected ? w : 0;
    positive_of[group] += label * w;
    hit_of[group] += selected ? label * w : 0;
    for (const int who : {-1, group}) {
      auto& sums = bin[{who, static_cast<int>(score * bins)}];
      sums[0] += w;
      sums[1] += w * score;
      sums[2] += w * label;
    }
    for (std::size_t j = 0; j < rows.rows(); ++j) {
      if (rows.parts[j] == part || label == 0 || rows.labels[j] == 1) continue;
      const double both = w * (rows.weights.empty() ? 1 : rows.weights[j]);
      pairs += both;
      ordered += both * (score > rows.scores[j] ? 1 : score == rows.scores[j] ? 0.5 : 0);
    }
  }
  const auto calibration = [&](int who, double all) {
    double sum = 0;
    for (const auto& [key, sums] : bin)
      if (key.first == who) sum += std::abs(sums[1] - sums[2]);
    return sum / all;
  };
  // The group "Other" has 20 rows, fewer than 30.
  const auto worst = [](double a, double b, bool largest) { return largest ? std::max(a, b) : std::min(a, b); };
  const auto rate = [](std::map<int, double>& part_of_all, std::map<int, double>& all, int g) {
    return part_of_all[g] / all[g];
  };
  return {{"accuracy", right / weight},
          {"log_loss", loss / weight},
          {"auc", ordered / pairs},
          {"gap 0", std::abs(rate(selected_of, of_group, 0) - rate(selected_of, of_group, 2))},
          {"worst_accuracy", worst(rate(right_of, of_group, 0), rate(right_of, of_group, 2), false)},
          {"worst_tpr", worst(rate(hit_of, positive_of, 0), rate(hit_of, positive_of, 2), false)},
          {"calibration", calibration(-1, weight)},
          {"worst_calibration", worst(calibration(0, of_group[0]), calibration(2, of_group[2]), true)}};
}

TEST(ComparedFigures, AreThoseOfTheDefinitionsWholeAndWithoutEachPart) {
  for (const bool weighted : {false, true}) {
    const Handmade made = people({{"demographic_parity", {"race"}, 0.05}}, weighted);
    const ComparedRows rows = rows_of(made);
    const std::vector<ComparedFigure> figures = compared_figures(made.table);
    EvaluationParams params;
    params.calibration_bins = 7;
    const auto found = measure_figures(figures, rows, made.table, 30, params);
    ASSERT_EQ(found.size(), 8U);
    const auto whole = oracle(rows, -1, 7), without = oracle(rows, 41, 7);
    for (std::size_t f = 0; f < figures.size(); ++f) {
      ASSERT_TRUE(found[f]) << figures[f].name;
      EXPECT_NEAR(found[f]->whole, whole.at(figures[f].name), 1e-9) << figures[f].name;
      ASSERT_EQ(found[f]->without.size(), static_cast<std::size_t>(kParts));
      EXPECT_NEAR(found[f]->without[41], without.at(figures[f].name), 1e-9) << figures[f].name;
    }
  }
}

TEST(ComparedFigures, PartsAreAboutAlikeAndHangOnTheRowAlone) {
  std::vector<int> rows(kParts);
  for (std::int64_t row = 0; row < 100 * kParts; ++row) ++rows[static_cast<std::size_t>(part_of(row))];
  for (const int count : rows) EXPECT_NEAR(count, 100, 45);
  EXPECT_EQ(part_of(123456), part_of(123456));
}

TEST(ComparedFigures, NamesUnitsAndDirections) {
  const Handmade made = people({{"equalized_odds", {"race"}, 0.05},
                                {.kind = "bound", .group = {"race"}, .rate = "selection_rate", .at_least = 0.1}});
  std::vector<std::string> titles;
  for (const ComparedFigure& figure : compared_figures(made.table)) titles.push_back(figure.title);
  EXPECT_THAT(titles,
              ElementsAre("Accuracy", "Log loss", "Area under the ROC curve", "Gap: equalized odds by race",
                          testing::StartsWith("Smallest rate: "), "Accuracy of the worst group",
                          "TPR of the worst group", "Calibration error", "Calibration error of the worst group"));
  const ComparedFigure floor = compared_figures(made.table)[4];
  EXPECT_TRUE(floor.more_is_better);
  EXPECT_EQ(floor.unit, "share");
  const auto found = measure_figures(compared_figures(made.table), rows_of(made), made.table, 30, {});
  EXPECT_NEAR(found[4]->whole, 70.0 / 200, 1e-9);  // of Black, the smaller of the two that have rows enough
}

// A figure that a group's rows cannot give is absent, and does not stop the others.
TEST(ComparedFigures, WhatCannotBeEstimatedIsAbsent) {
  const Handmade made({{0, 0, 60, 20}, {2, 0, 80, 10}}, {{"demographic_parity", {"race"}, 0.05}});
  const std::vector<ComparedFigure> figures = compared_figures(made.table);
  const auto found = measure_figures(figures, rows_of(made), made.table, 30, {});
  for (std::size_t f = 0; f < figures.size(); ++f) {
    const bool needs_positives = figures[f].name == "auc" || figures[f].name == "worst_tpr";
    EXPECT_EQ(found[f].has_value(), !needs_positives) << figures[f].name;
  }
}

TEST(ComparedFigures, OfNumbersAreErrorsInTheirUnit) {
  data::Dataset dataset;
  dataset.task = data::Task::regression;
  data::Grouping sex{"sex", {"f", "m"}, {}};
  ComparedRows rows;
  rows.task = data::Task::regression;
  double squares = 0, sizes = 0, squares_of[2] = {0, 0};
  constexpr std::size_t kRows = 400;
  for (std::size_t i = 0; i < kRows; ++i) {
    const int group = i % 2 == 0 ? 0 : 1;
    sex.codes.push_back(group);
    dataset.targets.push_back(static_cast<float>(i % 7));
    const double error = (group + 1) * (core::uniform(core::mix(9, i)) - 0.4);
    rows.scores.push_back(dataset.targets.back() + error);
    squares += error * error;
    squares_of[group] += error * error;
    sizes += std::abs(error);
    rows.parts.push_back(part_of(static_cast<std::int64_t>(i)));
  }
  dataset.labels.assign(kRows, 0);
  dataset.splits.assign(kRows, data::Split::test);
  dataset.encoded.rows = kRows;
  dataset.groupings = {sex};
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile(
      {{.kind = "loss_parity", .group = {"sex"}, .tolerance = 0.5}}, dataset, 5, config::Origin(), journal);
  rows.labels = dataset.labels;
  rows.targets = dataset.targets;
  rows.cells = table.cells.of_row;
  rows.groupings = {{"sex", sex.levels, sex.codes}};
  rows.loss = squared_loss;
  const std::vector<ComparedFigure> figures = compared_figures(table);
  const auto found = measure_figures(figures, rows, table, 5, {});
  ASSERT_EQ(figures.size(), 4U);
  EXPECT_NEAR(found[0]->whole, std::sqrt(squares / kRows), 1e-5);
  EXPECT_NEAR(found[1]->whole, sizes / kRows, 1e-5);
  EXPECT_EQ(figures[2].unit, "number");
  EXPECT_EQ(figures[3].name, "worst_rmse");
  EXPECT_NEAR(found[3]->whole, std::sqrt(squares_of[1] / 200), 1e-5);
}

}  // namespace compared_figures_test
}  // namespace equipoise::evaluation
