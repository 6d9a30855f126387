// Scored rows with ties, unknown levels and cells, and a column that is missing; and what two ways to their statistics
// must agree in.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "engine/evaluation/score_statistics.h"

namespace equipoise::training {

struct ScoredPeople {
  data::Dataset dataset;
  std::vector<std::int32_t> cells;
  std::vector<double> probability;
  evaluation::StatisticsRequest request{6, 15, {0.1, 0.25, 0.5, 0.5, 0.9}};

  ScoredPeople(std::int64_t rows, bool weighted) {
    std::mt19937 random(static_cast<std::uint32_t>(rows + weighted));
    data::Grouping sex{"sex", {"female", "male", "nobody"}, {}}, region{"region", {"north", "south"}, {}};
    for (std::int64_t row = 0; row < rows; ++row) {
      sex.codes.push_back(static_cast<std::int32_t>(random() % 3) - 1);  // none, female or male
      dataset.labels.push_back(random() % 3 == 0);
      cells.push_back(static_cast<std::int32_t>(random() % 7) - 1);
      probability.push_back(static_cast<double>(random() % 65) / 64);  // 0, 1, a half and some bins' edges among them
      if (weighted) dataset.weights.push_back(0.25f + static_cast<float>(random() % 1000) / 700);
    }
    dataset.encoded.rows = rows;
    dataset.groupings = {sex, region};
  }

  evaluation::Scores scores() const {
    evaluation::Scores scores{probability, dataset.labels, dataset.weights, cells, {}};
    for (const data::Grouping& grouping : dataset.groupings)
      scores.groupings.push_back({grouping.name, grouping.levels, grouping.codes});
    return scores;
  }
};

constexpr double kSumTolerance = 1e-12;

inline void expect_close(double value, double expected, double tolerance, const std::string& what) {
  EXPECT_LE(std::abs(value - expected), tolerance * std::abs(expected)) << what << ": " << value << ", " << expected;
}

inline void expect_close(const std::vector<double>& values, const std::vector<double>& expected, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(values.size(), expected.size()) << what;
  for (std::size_t i = 0; i < values.size(); ++i)
    expect_close(values[i], expected[i], tolerance, what + " " + std::to_string(i));
}

inline void expect_close(const std::optional<double>& value, const std::optional<double>& expected, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(value.has_value(), expected.has_value()) << what;
  if (value) expect_close(*value, *expected, tolerance, what);
}

inline void expect_close(const evaluation::Tally& tally, const evaluation::Tally& expected, double tolerance,
                         const std::string& what) {
  EXPECT_EQ(tally.rows, expected.rows) << what;
  for (const int label : {0, 1}) {
    expect_close(tally.weight[label], expected.weight[label], tolerance, what + ", weight");
    expect_close(tally.square_weight[label], expected.square_weight[label], tolerance, what + ", square weight");
    expect_close(tally.selected[label], expected.selected[label], tolerance, what + ", selected");
    expect_close(tally.square_selected[label], expected.square_selected[label], tolerance, what + ", square selected");
  }
}

/// Counts and areas of rows without weights must be equal, all else within kSumTolerance.
inline void expect_agreement(const evaluation::ScoreStatistics& statistics,
                             const evaluation::ScoreStatistics& expected) {
  const double counts = expected.cells.squares.all.empty() ? 0.0 : kSumTolerance;
  expect_close(statistics.everyone, expected.everyone, counts, "everyone");
  expect_close(statistics.area, expected.area, counts, "area of everyone");
  ASSERT_EQ(statistics.groupings.size(), expected.groupings.size());
  for (std::size_t g = 0; g < expected.groupings.size(); ++g) {
    const auto &own = statistics.groupings[g], &other = expected.groupings[g];
    EXPECT_EQ(own.name, other.name);
    EXPECT_EQ(own.levels, other.levels);
    ASSERT_EQ(own.tallies.size(), other.tallies.size());
    ASSERT_EQ(own.areas.size(), other.areas.size());
    for (std::size_t level = 0; level < other.levels.size(); ++level) {
      expect_close(own.tallies[level], other.tallies[level], counts, own.name + "=" + own.levels[level]);
      expect_close(own.areas[level], other.areas[level], counts, "area of " + own.name + "=" + own.levels[level]);
    }
  }
  expect_close(statistics.log_loss, expected.log_loss, kSumTolerance, "log loss");
  expect_close(statistics.brier, expected.brier, kSumTolerance, "brier");
  expect_close(statistics.loss_weight, expected.loss_weight, counts, "weight of the losses");
  expect_close(statistics.histogram, expected.histogram, kSumTolerance, "histogram");
  expect_close(statistics.cells.sums, expected.cells.sums, counts, "sums of cells");
  expect_close(statistics.cells.squares.all, expected.cells.squares.all, counts, "square weights of cells");
  expect_close(statistics.cells.squares.selected, expected.cells.squares.selected, counts, "square selected of cells");
  EXPECT_EQ(statistics.cells.rows, expected.cells.rows);
  EXPECT_EQ(statistics.thresholds, expected.thresholds);
  expect_close(statistics.above, expected.above, counts, "above thresholds");
}

}  // namespace equipoise::training
