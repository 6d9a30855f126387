// The op kernels/judge and the engine's judgement on the host are one computation: rates, violations, multipliers.
#include "kernels/judge/judge.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "engine/constraints/multipliers.h"
#include "engine/constraints/table.h"
#include "engine/training/step.h"

namespace equipoise::training {
namespace judge_test {

constexpr int kCells = 12, kRates = 9, kBands = 3, kRows = 14;
constexpr std::int64_t kMembers = 3;

std::mt19937 random_numbers(41);

double uniform(double low, double high) {
  return std::uniform_real_distribution<double>(low, high)(random_numbers);
}

std::int32_t below(int bound) {
  return std::uniform_int_distribution<std::int32_t>(0, bound - 1)(random_numbers);
}

// Rates over two cells each, with losses and positives above and weights below; rows with and without a band.
constraints::ConstraintTable random_table() {
  constraints::ConstraintTable table;
  table.cells.cells.resize(kCells);
  for (int r = 0; r < kRates; ++r) {
    constraints::Rate rate;
    for (const std::int32_t cell : {r, r + 1 + below(kCells - kRates)}) {
      rate.denominator.emplace_back(cell * constraints::kQuantities + constraints::weight, uniform(0.5, 1.5));
      const int quantity = below(2) == 0 ? constraints::loss : constraints::positives;
      rate.numerator.emplace_back(cell * constraints::kQuantities + quantity, uniform(-1, 1));
    }
    table.rates.push_back(rate);
  }
  for (int b = 0; b < kBands; ++b) table.bands.push_back({b, b + 1, b * 3});
  for (int j = 0; j < kRows; ++j) {
    constraints::Row row;
    row.terms = {{below(kRates), uniform(-2, 2)}, {below(kRates), uniform(-2, 2)}};
    row.band = below(kBands + 1) - 1;
    row.band_coefficient = uniform(-1, 1);
    row.bound = uniform(0, 0.1);
    table.rows.push_back(row);
  }
  return table;
}

kernels::BandTable band_table(const constraints::ConstraintTable& table) {
  std::vector<std::int32_t> offsets{0}, rates, row_band;
  std::vector<double> coefficient;
  for (const std::vector<std::int32_t>& band : table.bands) {
    rates.insert(rates.end(), band.begin(), band.end());
    offsets.push_back(static_cast<std::int32_t>(rates.size()));
  }
  for (const constraints::Row& row : table.rows) {
    row_band.push_back(row.band);
    coefficient.push_back(row.band_coefficient);
  }
  return {at::tensor(offsets, at::kInt), at::tensor(rates, at::kInt), at::tensor(row_band, at::kInt),
          at::tensor(coefficient, at::kDouble)};
}

// Sums of one member; cells `empty` and the next have no rows, so that a rate over both is undefined.
std::vector<double> random_sums(int empty) {
  std::vector<double> sums;
  for (int cell = 0; cell < kCells; ++cell) {
    const double weight = cell == empty || cell == empty + 1 || cell == empty + 2 ? 0 : uniform(1, 100);
    sums.insert(sums.end(), {weight, weight * uniform(0, 2), weight * uniform(0, 1), weight * uniform(0, 1)});
  }
  return sums;
}

void expect_near(const at::Tensor& found, const std::vector<double>& expected, const char* what, int update) {
  ASSERT_EQ(found.numel(), static_cast<std::int64_t>(expected.size()));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double value = found[static_cast<std::int64_t>(i)].item<double>();
    EXPECT_EQ(std::isnan(value), std::isnan(expected[i])) << what << " " << i << ", update " << update;
    if (!std::isnan(expected[i])) {
      EXPECT_NEAR(value, expected[i], 1e-12) << what << " " << i << ", update " << update;
    }
  }
}

// Six updates of every member, the op's beside the host's; how many violations were undefined.
int undefined_over_six_updates(const constraints::MultiplierParams& params) {
  const constraints::ConstraintTable table = random_table();
  const kernels::RateTable rate_table = to_rate_table(table, at::kCPU);
  const kernels::BandTable bands = band_table(table);
  at::Tensor bounds = at::empty({kMembers, kRows}, at::kDouble);
  for (std::int64_t j = 0; j < kRows; ++j) bounds.select(1, j).fill_(table.rows[static_cast<std::size_t>(j)].bound);
  const kernels::MultiplierRule rule{params.update == "nupi", params.nu, params.proportional_gain, params.integral_gain,
                                     params.radius};
  kernels::MultiplierState state = kernels::zero_multiplier_state(kMembers, kRows, at::kCPU);
  std::vector<constraints::Multipliers> host(kMembers, constraints::zero_multipliers(kRows));
  int undefined = 0;
  for (int update = 0; update < 6; ++update) {
    const int steps = 1 + below(20);
    at::Tensor sums = at::empty({kMembers, kCells, 4}, at::kDouble);
    std::vector<std::vector<double>> violations, rates;
    for (std::int64_t k = 0; k < kMembers; ++k) {
      const std::vector<double> of_member = random_sums(update % 2 == 0 ? below(kCells) : kCells);
      sums[k].copy_(at::tensor(of_member, at::kDouble).view({kCells, 4}));
      rates.push_back(constraints::rate_values(table, of_member, constraints::Reading::exact));
      violations.push_back(constraints::violations(table, rates.back()));
      for (const double g : violations.back()) undefined += std::isnan(g);
      constraints::update(host[static_cast<std::size_t>(k)], violations.back(), steps, params);
    }
    const auto [found_rates, found_violations] =
        kernels::judge(sums, rate_table, bands, bounds, at::full({kMembers}, params.step * steps, at::kDouble),
                       at::ones({kMembers}, at::kByte), state, rule);
    for (std::int64_t k = 0; k < kMembers; ++k) {
      const constraints::Multipliers& expected = host[static_cast<std::size_t>(k)];
      expect_near(found_rates[k], rates[static_cast<std::size_t>(k)], "rate", update);
      expect_near(found_violations[k], violations[static_cast<std::size_t>(k)], "violation", update);
      expect_near(state.values[k], expected.values, "multiplier", update);
      expect_near(state.smoothed[k], expected.smoothed_error, "smoothed error", update);
      for (std::int64_t j = 0; j < kRows; ++j)
        EXPECT_EQ(state.started[k][j].item<int>() != 0, bool(expected.started[static_cast<std::size_t>(j)]));
    }
  }
  return undefined;
}

TEST(JudgeTest, TheOpMovesMultipliersAsTheHostDoes) {
  for (const char* update : {"ascent", "nupi"}) {
    for (const double radius : {0.0, 1.5, 1e6}) {
      constraints::MultiplierParams params;
      params.update = update;
      params.radius = radius;
      params.nu = 0.7;
      params.proportional_gain = 2.5;
      params.integral_gain = 0.8;
      SCOPED_TRACE(std::string(update) + ", radius " + std::to_string(radius));
      EXPECT_GT(undefined_over_six_updates(params), 0) << "no rate was undefined: the masking was not seen";
    }
  }
}

}  // namespace judge_test
}  // namespace equipoise::training
