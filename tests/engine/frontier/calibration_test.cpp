#include "engine/frontier/calibration.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace equipoise::frontier {
namespace {

constexpr std::int32_t kCells = 3;

struct Drawn {
  HeldOut rows;
  std::vector<std::int32_t> cell_of_row;
};

// Cells are drawn from what a calibration makes of posteriors that are as even or as sure as `spread` says.
Drawn draw(const models::CellCalibration& truth, int rows, double spread = 1.5) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal(0, spread);
  Drawn drawn;
  for (int i = 0; i < rows; ++i) {
    std::vector<double> posterior(kCells), own(kCells);
    double sum = 0;
    for (double& p : posterior) sum += p = std::exp(normal(random));
    for (double& p : posterior) p /= sum;
    models::calibrate(truth, posterior.data(), kCells, own.data());
    drawn.cell_of_row.push_back(std::discrete_distribution<std::int32_t>(own.begin(), own.end())(random));
    drawn.rows.posteriors.insert(drawn.rows.posteriors.end(), posterior.begin(), posterior.end());
    drawn.rows.weights.push_back(1);
  }
  return drawn;
}

// What is minimised, by its definition.
double loss(const Drawn& drawn, const models::CellCalibration& at) {
  double sum = 0.5 * (at.power - 1) * (at.power - 1), all = 0;
  for (const double bias : at.biases) sum += 0.5 * bias * bias;
  for (const double weight : drawn.rows.weights) all += weight;
  for (std::size_t i = 0; i < drawn.rows.rows(); ++i) {
    double own = 0, total = 0;
    for (std::int32_t c = 0; c < kCells; ++c) {
      const double mass = std::pow(drawn.rows.posteriors[i * kCells + c], at.power) * std::exp(at.biases[c]);
      total += mass;
      if (c == drawn.cell_of_row[i]) own = mass;
    }
    sum -= drawn.rows.weights[i] * static_cast<double>(drawn.rows.rows()) / all * std::log(own / total);
  }
  return sum;
}

TEST(Calibration, FindsThePowerAndTheBiasesThatCellsWereDrawnBy) {
  const models::CellCalibration truth = {.5, {.4, -.3, -.1}};
  const Drawn drawn = draw(truth, 40000);
  const models::CellCalibration found = calibration_of(drawn.rows, drawn.cell_of_row, kCells);
  EXPECT_NEAR(found.power, truth.power, .02);
  for (std::int32_t c = 0; c < kCells; ++c) EXPECT_NEAR(found.biases[c], truth.biases[c], .05) << c;
}

TEST(Calibration, LeavesPosteriorsThatFitAsTheyAre) {
  const Drawn drawn = draw({1, {0, 0, 0}}, 40000);
  const models::CellCalibration found = calibration_of(drawn.rows, drawn.cell_of_row, kCells);
  EXPECT_NEAR(found.power, 1, .03);
  for (const double bias : found.biases) EXPECT_NEAR(bias, 0, .05);
}

TEST(Calibration, IsTheLeastOfItsLoss) {
  Drawn drawn = draw({.3, {1, 0, -1}}, 200);
  for (std::size_t i = 0; i < drawn.rows.rows(); ++i) drawn.rows.weights[i] = i % 3 == 0 ? 4 : 1;
  const models::CellCalibration found = calibration_of(drawn.rows, drawn.cell_of_row, kCells);
  const double least = loss(drawn, found);
  for (int part = 0; part <= kCells; ++part)
    for (const double step : {-1e-3, 1e-3}) {
      models::CellCalibration other = found;
      (part == 0 ? other.power : other.biases[static_cast<std::size_t>(part) - 1]) += step;
      EXPECT_GT(loss(drawn, other), least) << part << " " << step;
    }
}

// Of a model that is certain and always right a power without a hold would have no end; of one that is always wrong the logarithm none.
TEST(Calibration, EndsForPosteriorsThatAreCertain) {
  for (const bool right : {true, false}) {
    Drawn drawn;
    for (std::int32_t i = 0; i < 30; ++i) {
      drawn.cell_of_row.push_back(i % kCells);
      for (std::int32_t c = 0; c < kCells; ++c)
        drawn.rows.posteriors.push_back(c == (right ? i : i + 1) % kCells ? 1 : 0);
      drawn.rows.weights.push_back(1);
    }
    const models::CellCalibration found = calibration_of(drawn.rows, drawn.cell_of_row, kCells);
    EXPECT_TRUE(std::isfinite(found.power)) << right;
    for (const double bias : found.biases) EXPECT_NEAR(bias, 0, 1e-6) << right;
    const HeldOut rows = calibrated(drawn.rows, found, kCells);
    for (std::size_t i = 0; i < rows.rows(); ++i) {
      const double own = rows.posteriors[i * kCells + static_cast<std::size_t>(drawn.cell_of_row[i])];
      EXPECT_GT(own, right ? .99 : .3) << right;
    }
  }
}

TEST(Calibration, OfNoRowsIsNone) {
  const models::CellCalibration found = calibration_of({}, {}, kCells);
  EXPECT_EQ(found.power, 1);
  EXPECT_EQ(found.biases, std::vector<double>(kCells, 0));
}

}  // namespace
}  // namespace equipoise::frontier
