// Populations of labels and scores whose rates are known, and the test sets that are drawn from them.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_figures.h"
#include "engine/core/seed.h"

namespace equipoise::evaluation {

inline constexpr double kSpread = 1.5;  // of a group's logits

inline double soft_plus(double value) {
  return std::max(value, 0.0) + std::log1p(std::exp(-std::abs(value)));
}

// Probability of a normal number above `point`.
inline double tail_above(double point) {
  return std::erfc(point / std::sqrt(2.0)) / 2;
}

// The mean log loss of a normal logit with this mean, for label 1 (Simpson's rule).
inline double mean_loss(double mean) {
  constexpr int kSteps = 4000;
  constexpr double kReach = 9;
  double sum = 0;
  for (int i = 0; i <= kSteps; ++i) {
    const double z = kReach * (2.0 * i / kSteps - 1), factor = i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2;
    sum += factor * std::exp(-z * z / 2) * soft_plus(-(mean + kSpread * z));
  }
  return sum * (2 * kReach / kSteps) / 3 / std::sqrt(2 * M_PI);
}

// From 0, the first group, to 1, the last.
inline double place_of_group(int g, int groups) {
  return static_cast<double>(g) / (groups - 1);
}

// How much of all rows each group has: the first twice as many as the last.
inline std::vector<double> shares_of(int groups) {
  std::vector<double> shares;
  double total = 0;
  for (int g = 0; g < groups; ++g) total += shares.emplace_back(2 - place_of_group(g, groups));
  for (double& share : shares) share /= total;
  return shares;
}

// Which group a uniform number is of.
inline std::size_t group_at(const std::vector<double>& shares, double uniform) {
  std::size_t g = 0;
  for (; g + 1 < shares.size() && uniform >= shares[g]; ++g) uniform -= shares[g];
  return g;
}

// Numbers that hang on a key, a row and their use alone.
struct RowDraws {
  std::uint64_t key;
  double uniform(std::int64_t row, int use) const {
    return core::uniform(core::mix(key, static_cast<std::uint64_t>(4 * row + use)));
  }
  // From the uniform ones of this use and of the next.
  double normal(std::int64_t row, int use) const {
    return std::sqrt(-2 * std::log(1 - uniform(row, use))) * std::cos(2 * M_PI * uniform(row, use + 1));
  }
};

// How the weights of rows come about.
struct Weighing {
  std::string name;     // none: rows have no weights
  double spread = 0;    // of the weight's logarithm, by chance alone
  double by_logit = 0;  // of it, for each standard deviation of the logit
  double of_label = 1;  // how much more a row of label 1 weighs
  double of_heavy = 1,
         heavy[2] = {0, 0};  // how much more some rows weigh, and their share in the first and the last group

  double heavy_share(double place) const { return heavy[0] + (heavy[1] - heavy[0]) * place; }
};

// Groups of unequal size whose base rates differ by up to a half and whose logits are up to .4 apart.
struct Population {
  struct Group {
    double share, base, mean[2];                      // of the logit, by label
    std::map<std::string, double> rate, denominator;  // of all rows
  };
  std::vector<Group> groups;
  std::vector<double> shares;

  Population(int count, double base) : shares(shares_of(count)) {
    for (int g = 0; g < count; ++g) {
      const double place = place_of_group(g, count), middle = std::log(base / (1 - base)) / 2;
      Group group;
      group.share = shares[static_cast<std::size_t>(g)];
      group.base = base * (0.8 + 0.4 * place);
      for (const int label : {0, 1}) group.mean[label] = middle + (label ? 1.2 : -1.2) + 0.4 * (place - 0.5);
      groups.push_back(group);
    }
    for (Group& group : groups) tell_rates(group);
  }

  // The same by weight: a log-normal weight that goes with a normal number moves its mean and leaves its spread.
  Population weighed(const Weighing& weighing) const {
    Population population = *this;
    const auto count = static_cast<int>(groups.size());
    for (int g = 0; g < count; ++g) {
      Group& group = population.groups[static_cast<std::size_t>(g)];
      const double positives = group.base * weighing.of_label, all = positives + 1 - group.base;
      group.base = positives / all;
      group.share *= all * (1 + weighing.heavy_share(place_of_group(g, count)) * (weighing.of_heavy - 1));
      for (double& mean : group.mean) mean += kSpread * weighing.by_logit;
      tell_rates(group);
    }
    return population;
  }

  // [groups + 1], everyone last.
  std::vector<double> rates(const std::string& rate) const {
    std::vector<double> values;
    double numerator = 0, denominator = 0;
    for (const Group& group : groups) {
      values.push_back(group.rate.at(rate));
      numerator += group.rate.at(rate) * group.denominator.at(rate);
      denominator += group.denominator.at(rate);
    }
    values.push_back(numerator / denominator);
    return values;
  }

 private:
  static void tell_rates(Group& group) {
    const double p = group.base, hit = tail_above(-group.mean[1] / kSpread),
                 wrong = tail_above(-group.mean[0] / kSpread);
    const double selected = p * hit + (1 - p) * wrong;
    group.rate = {{"selection_rate", selected},
                  {"tpr", hit},
                  {"ppv", p * hit / selected},
                  {"f1", 2 * p * hit / (p + selected)},
                  {"loss", p * mean_loss(group.mean[1]) + (1 - p) * mean_loss(-group.mean[0])}};
    group.denominator = {{"selection_rate", group.share},
                         {"tpr", group.share * p},
                         {"ppv", group.share * selected},
                         {"f1", group.share * (p + selected)},
                         {"loss", group.share}};
  }
};

// The weight of a row with this standardised logit.
inline double draw_weight(const Weighing& weighing, double place, int label, double normal, const RowDraws& draws,
                          std::int64_t row) {
  const double heavy = draws.uniform(row, 2) < weighing.heavy_share(place) ? weighing.of_heavy : 1;
  const double by_chance = weighing.spread > 0 ? weighing.spread * draws.normal(row, 0) : 0;
  return heavy * (label ? weighing.of_label : 1) * std::exp(weighing.by_logit * normal + by_chance);
}

// Sums by cell of one test set.
inline CellTotals draw_set(const Population& population, const Weighing& weighing, const data::Cells& cells,
                           std::int64_t rows, std::uint64_t key) {
  const RowDraws draws{key}, of_weights{core::seed_for(key, "weights")};
  std::vector<double> probability;
  std::vector<std::uint8_t> labels;
  std::vector<float> weights;
  std::vector<std::int32_t> of_row;
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::size_t g = group_at(population.shares, draws.uniform(row, 0));
    const Population::Group& group = population.groups[g];
    const int label = draws.uniform(row, 1) < group.base;
    const double normal = draws.normal(row, 2);
    probability.push_back(1 / (1 + std::exp(-(group.mean[label] + kSpread * normal))));
    labels.push_back(static_cast<std::uint8_t>(label));
    of_row.push_back(cells.of_row[2 * g + static_cast<std::size_t>(label)]);
    if (weighing.name.empty()) continue;
    const double place = place_of_group(static_cast<int>(g), static_cast<int>(population.groups.size()));
    weights.push_back(static_cast<float>(draw_weight(weighing, place, label, normal, of_weights, row)));
  }
  return total_cells({probability, labels, weights, of_row, {}}, cells.count(), 0.5, true);
}

// What is asked of rates of decisions and of losses.
inline Asked asked_of_rates(const std::string& table, const Setting& setting, const Weighing& weighing) {
  const Population population(setting.groups, setting.base);
  const Population truth = population.weighed(weighing);
  Asked asked{table, weighing.name, setting, {}, {}};
  asked.figures = figures_of({"selection_rate", "tpr", "ppv", "f1", "loss"}, data::Task::binary,
                             [&](const std::string& rate) { return truth.rates(rate); });
  asked.draw = [population, weighing, cells = asked.figures.front().table.cells, setting](std::uint64_t key) {
    return draw_set(population, weighing, cells, setting.rows, key);
  };
  return asked;
}

}  // namespace equipoise::evaluation
