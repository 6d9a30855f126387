// Predicted numbers whose means and errors are known.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_population.h"
#include "engine/evaluation/number_statistics.h"

namespace equipoise::evaluation {

// A number with mean 0 and deviation 1, and how likely it is above a point.
struct Shape {
  std::string name;
  double (*draw)(const RowDraws& draws, std::int64_t row, int use);
  double (*above)(double point);
};

inline constexpr double kLogSpread = 0.8;  // of the log-normal shape, whose skewness is 3.7
inline double log_normal_mean() {
  return std::exp(kLogSpread * kLogSpread / 2);
}
inline double log_normal_deviation() {
  return log_normal_mean() * std::sqrt(std::expm1(kLogSpread * kLogSpread));
}

inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {
      {"normal", [](const RowDraws& draws, std::int64_t row, int use) { return draws.normal(row, use); }, tail_above},
      {"exponential",
       [](const RowDraws& draws, std::int64_t row, int use) { return -std::log(1 - draws.uniform(row, use)) - 1; },
       [](double point) { return std::min(1.0, std::exp(-(point + 1))); }},
      {"log-normal",
       [](const RowDraws& draws, std::int64_t row, int use) {
         return (std::exp(kLogSpread * draws.normal(row, use)) - log_normal_mean()) / log_normal_deviation();
       },
       [](double point) {
         const double number = log_normal_mean() + log_normal_deviation() * point;
         return number <= 0 ? 1 : tail_above(std::log(number) / kLogSpread);
       }}};
  return all;
}

// Groups whose predictions have the shape, and whose targets are off them by another number of it: both have the long tail above.
struct PredictedPeople {
  static constexpr double kDeviation = 2;  // of predictions
  struct Group {
    double mean, residual, deviation;  // of predictions, of prediction minus target, of the latter
  };
  Shape shape;
  std::vector<double> shares;
  std::vector<Group> groups;

  PredictedPeople(int count, const Shape& of) : shape(of), shares(shares_of(count)) {
    for (int g = 0; g < count; ++g) {
      const double place = place_of_group(g, count);
      groups.push_back({10 + place, 0.3 + 0.6 * place, 1.5 + 0.5 * place});
    }
  }

  double rate_of(const Group& group, const std::string& rate) const {
    if (rate == "mean_prediction") return group.mean;
    if (rate == "residual") return group.residual;
    if (rate == "squared_error") return group.residual * group.residual + group.deviation * group.deviation;
    return shape.above((kAbove - group.mean) / kDeviation);
  }

  // [groups + 1], everyone last.
  std::vector<double> rates(const std::string& rate) const {
    std::vector<double> values;
    double everyone = 0;
    for (std::size_t g = 0; g < groups.size(); ++g)
      everyone += shares[g] * values.emplace_back(rate_of(groups[g], rate));
    values.push_back(everyone);
    return values;
  }
};

inline CellTotals draw_set(const PredictedPeople& people, const constraints::ConstraintTable& table, std::int64_t rows,
                           std::uint64_t key) {
  const RowDraws draws{key}, of_residuals{core::seed_for(key, "residuals")};
  std::vector<double> predictions;
  std::vector<float> targets;
  std::vector<std::int32_t> cells;
  const std::int32_t outcomes = table.cells.outcomes();
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::size_t g = group_at(people.shares, draws.uniform(row, 0));
    const PredictedPeople::Group& group = people.groups[g];
    predictions.push_back(group.mean + PredictedPeople::kDeviation * people.shape.draw(draws, row, 1));
    const double residual = group.residual - group.deviation * people.shape.draw(of_residuals, row, 0);
    targets.push_back(static_cast<float>(predictions.back() - residual));
    const auto first = table.cells.of_row.begin() + static_cast<std::ptrdiff_t>(g) * outcomes;
    cells.insert(cells.end(), first, first + outcomes);
  }
  TaskScores scores{predictions, {}, targets, {}, cells, {}};
  scores.loss = squared_loss;
  return measure_numbers("test", scores, table).cells;
}

inline Asked asked_of_numbers(const Setting& setting, const Shape& shape) {
  const PredictedPeople people(setting.groups, shape);
  Asked asked{"numbers", shape.name, setting, {}, {}};
  asked.figures = figures_of({"mean_prediction", "residual", "squared_error", "exceedance"}, data::Task::regression,
                             [&](const std::string& rate) { return people.rates(rate); });
  asked.draw = [people, table = asked.figures.front().table, setting](std::uint64_t key) {
    return draw_set(people, table, setting.rows, key);
  };
  return asked;
}

}  // namespace equipoise::evaluation
