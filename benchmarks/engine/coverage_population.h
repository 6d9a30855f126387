// Populations whose rates are known, and the test sets that are drawn from them.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <string>
#include <vector>

#include "engine/constraints/forms.h"
#include "engine/core/seed.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

inline constexpr double kSpread = 1.5;  // of a group's logits

inline double soft_plus(double value) {
  return std::max(value, 0.0) + std::log1p(std::exp(-std::abs(value)));
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

struct Setting {
  std::int64_t rows;
  int groups;
  double base;
};

// Groups of unequal size whose base rates differ by up to a half and whose logits are up to .4 apart.
struct Population {
  struct Group {
    double share, base, mean[2];                      // of the logit, by label
    std::map<std::string, double> rate, denominator;  // of all rows
  };
  std::vector<Group> groups;
  std::vector<double> cumulative;

  Population(int count, double base) {
    double total = 0;
    for (int g = 0; g < count; ++g) {
      const double place = static_cast<double>(g) / (count - 1), middle = std::log(base / (1 - base)) / 2;
      Group group;
      group.share = 2 - place;
      group.base = base * (0.8 + 0.4 * place);
      for (const int label : {0, 1}) group.mean[label] = middle + (label ? 1.2 : -1.2) + 0.4 * (place - 0.5);
      total += group.share;
      groups.push_back(group);
    }
    for (Group& group : groups) {
      group.share /= total;
      cumulative.push_back((cumulative.empty() ? 0 : cumulative.back()) + group.share);
      const double p = group.base, hit = normal_tail(-group.mean[1] / kSpread),
                   wrong = normal_tail(-group.mean[0] / kSpread);
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
};

inline std::string name_of_group(int g) {
  return "g" + std::string(g < 10 ? "0" : "") + std::to_string(g);
}

// The constraint table of one figure over a data set that has each cell once: what is drawn has its cells.
struct Figure {
  std::string rate, form;
  constraints::ConstraintTable table;
  double truth = 0;

  Figure(const std::string& rate_name, const std::string& form_name, const Population& population)
      : rate(rate_name), form(form_name) {
    const int groups = static_cast<int>(population.groups.size());
    data::Grouping grouping{"group", {}, {}};
    data::Dataset dataset;
    for (int g = 0; g < groups; ++g) {
      grouping.levels.push_back(name_of_group(g));
      for (const int label : {0, 1}) {
        grouping.codes.push_back(g);
        dataset.labels.push_back(static_cast<std::uint8_t>(label));
        dataset.splits.push_back(data::Split::test);
      }
    }
    dataset.encoded.rows = 2 * groups;
    dataset.groupings = {std::move(grouping)};
    core::Journal journal;
    table = constraints::compile({wanted(population)}, dataset, 1, config::Origin(), journal);
    constraints::Promise promise = table.promises[0];
    std::iota(promise.rates.begin(), promise.rates.end(), 0);
    if (promise.overall_rate >= 0) promise.overall_rate = groups;
    std::fill(promise.estimable.begin(), promise.estimable.end(), true);
    truth = constraints::gap(promise, population.rates(rate));
  }

 private:
  constraints::ConstraintParams wanted(const Population& population) const {
    constraints::ConstraintParams params{"parity", {"group"}};
    params.rate = rate;
    const int groups = static_cast<int>(population.groups.size());
    if (form == "at_most" || form == "at_least") {
      params.kind = "bound";
      (form == "at_most" ? params.at_most : params.at_least) = 0.5;
    } else if (form == "linear") {  // the mean of half of the groups less that of the others
      params.kind = "linear";
      params.group.clear();
      params.rate.clear();
      params.at_most = 0.5;
      const double sign = population.groups.front().rate.at(rate) > population.groups.back().rate.at(rate) ? 1 : -1;
      for (int g = 0; g < groups; ++g) {
        const double weight =
            (g < groups / 2 ? 1.0 : -1.0) * sign / (g < groups / 2 ? groups / 2 : groups - groups / 2);
        params.terms.push_back({rate, {{"group", name_of_group(g)}}, weight});
      }
    } else {
      params.form = form;
      if (form == "reference") params.reference = name_of_group(0);
    }
    return params;
  }
};

// Sums by cell of one test set.
inline CellTotals draw_set(const Population& population, const data::Cells& cells, std::int64_t rows,
                           std::uint64_t key) {
  const std::size_t count = cells.cells.size();
  CellTotals totals;
  totals.sums.assign(count * constraints::kColumns, 0.0);
  totals.rows.assign(count, 0);
  totals.selected_rows.assign(count, 0);
  totals.squares.loss.assign(count, 0.0);
  totals.squares.loss_square.assign(count, 0.0);
  std::vector<std::array<std::size_t, 2>> cell_of(population.groups.size());
  for (std::size_t c = 0; c < count; ++c)
    cell_of[static_cast<std::size_t>(cells.cells[c].levels[0])][cells.cells[c].label] = c;
  const auto uniform = [&](std::int64_t row, int use) {
    return core::uniform(core::mix(key, static_cast<std::uint64_t>(4 * row + use)));
  };
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto place =
        std::upper_bound(population.cumulative.begin(), population.cumulative.end() - 1, uniform(row, 0));
    const auto g = static_cast<std::size_t>(place - population.cumulative.begin());
    const Population::Group& group = population.groups[g];
    const int label = uniform(row, 1) < group.base;
    const double normal = std::sqrt(-2 * std::log(1 - uniform(row, 2))) * std::cos(2 * M_PI * uniform(row, 3));
    const double logit = group.mean[label] + kSpread * normal, loss = soft_plus(label ? -logit : logit);
    const std::size_t cell = cell_of[g][label];
    double* sums = &totals.sums[cell * constraints::kColumns];
    sums[constraints::kWeight] += 1;
    sums[constraints::kLoss] += loss;
    sums[constraints::kHard] += logit > 0;
    ++totals.rows[cell];
    totals.selected_rows[cell] += logit > 0;
    totals.squares.loss[cell] += loss;
    totals.squares.loss_square[cell] += loss * loss;
  }
  return totals;
}

}  // namespace equipoise::evaluation
