#include "engine/constraints/compiled.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/engine/constraints/handmade_dataset.h"

namespace equipoise::constraints {
namespace compiled_test {

double form(const std::vector<std::int32_t>& offsets, const std::vector<std::int32_t>& index,
            const std::vector<double>& value, std::size_t i, const std::vector<double>& of) {
  double total = 0;
  for (std::int32_t k = offsets[i]; k < offsets[i + 1]; ++k) total += value[k] * of[index[k]];
  return total;
}

TEST(CompiledTest, TheFlatArraysGiveTheSameRatesAndViolations) {
  core::Journal journal;
  const ConstraintTable table = compile({{"equalized_odds", {"sex"}, 0.02},
                                         {"demographic_parity", {"sex"}, 0.1, "overall"},
                                         {"equal_opportunity", {"sex"}, 0.1, "reference", "Male"},
                                         {"predictive_equality", {"sex"}, 0.1, "ratio"}},
                                        two_sexes(), 30, config::Origin(), journal);
  const CompiledTable flat = flatten(table);
  ASSERT_EQ(flat.numerator_offsets.size(), table.rates.size() + 1);
  ASSERT_EQ(flat.constraint_offsets.size(), table.rows.size() + 1);
  std::mt19937 random(3);
  std::vector<double> sums, quantities;  // [C * 4] and [C * 3]
  for (int cell = 0; cell < table.cells.count(); ++cell) {
    const double rows = 10 + static_cast<double>(random() % 90), hard = static_cast<double>(random() % 10);
    sums.insert(sums.end(), {rows, 7, 0.5, hard});
    quantities.insert(quantities.end(), {rows, 7, hard});
  }
  std::vector<double> rates;
  for (std::size_t r = 0; r < table.rates.size(); ++r)
    rates.push_back(form(flat.numerator_offsets, flat.numerator_index, flat.numerator_value, r, quantities) /
                    form(flat.denominator_offsets, flat.denominator_index, flat.denominator_value, r, quantities));
  const std::vector<double> expected_rates = rate_values(table, sums, Reading::exact);
  for (std::size_t r = 0; r < rates.size(); ++r) EXPECT_DOUBLE_EQ(rates[r], expected_rates[r]);
  const std::vector<double> expected = violations(table, rates);
  for (std::size_t j = 0; j < table.rows.size(); ++j) {
    const Row& row = table.rows[j];
    double g = form(flat.constraint_offsets, flat.constraint_rate, flat.constraint_value, j, rates) - row.bound;
    if (row.band >= 0)
      g += row.band_coefficient * (rates[table.bands[row.band][0]] + rates[table.bands[row.band][1]]) / 2;
    EXPECT_NEAR(g, expected[j], 1e-12) << j;
  }
}

}  // namespace compiled_test
}  // namespace equipoise::constraints
