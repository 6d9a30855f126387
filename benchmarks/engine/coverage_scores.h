// Scores that are off by a known amount in each of their bins.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "benchmarks/engine/coverage_population.h"

namespace equipoise::evaluation {

// A row's label is 1 with the probability whose logit is shift + slope times its score's; the shift grows by half over the groups.
struct Calibration {
  std::string name;
  double shift, slope;
};

inline constexpr int kScoreBins = 5;

inline double probability_at(double logit) {
  return 1 / (1 + std::exp(-logit));
}

// Groups whose scores have normal logits around that of `base`.
struct ScoredPeople {
  struct Group {
    double mean, shift;
  };
  Calibration calibration;
  std::vector<double> shares;
  std::vector<Group> groups;

  ScoredPeople(int count, double base, const Calibration& of) : calibration(of), shares(shares_of(count)) {
    for (int g = 0; g < count; ++g) {
      const double place = place_of_group(g, count);
      groups.push_back({std::log(base / (1 - base)) + 0.4 * (place - 0.5), of.shift * (1 + 0.5 * place)});
    }
  }

  double chance_of_label(const Group& group, double logit) const {
    return probability_at(group.shift + calibration.slope * logit);
  }

  // Mean score minus share of positives in a bin of scores (Simpson's rule).
  double error_in(const Group& group, int bin) const {
    constexpr int kSteps = 4000;
    constexpr double kReach = 9;
    const auto point = [&](int edge) {  // in standard deviations of the logit
      if (edge == 0) return -kReach;
      if (edge == kScoreBins) return kReach;
      return (std::log(static_cast<double>(edge) / (kScoreBins - edge)) - group.mean) / kSpread;
    };
    const double low = point(bin), high = point(bin + 1);
    double off = 0, all = 0;
    for (int i = 0; i <= kSteps; ++i) {
      const double z = low + (high - low) * i / kSteps, logit = group.mean + kSpread * z;
      const double mass = (i == 0 || i == kSteps ? 1 : i % 2 == 1 ? 4 : 2) * std::exp(-z * z / 2);
      off += mass * (probability_at(logit) - chance_of_label(group, logit));
      all += mass;
    }
    return off / all;
  }

  // [groups + 1]; everyone's, which nothing is compared with, is 0.
  std::vector<double> errors_in(int bin) const {
    std::vector<double> errors;
    for (const Group& group : groups) errors.push_back(error_in(group, bin));
    errors.push_back(0);
    return errors;
  }
};

inline CellTotals draw_set(const ScoredPeople& people, const data::Cells& cells, std::int64_t rows, std::uint64_t key) {
  const RowDraws draws{key};
  std::vector<double> probability;
  std::vector<std::uint8_t> labels;
  std::vector<std::int32_t> of_row;
  const auto outcomes = static_cast<std::size_t>(cells.outcomes());
  for (std::int64_t row = 0; row < rows; ++row) {
    const std::size_t g = group_at(people.shares, draws.uniform(row, 0));
    const double logit = people.groups[g].mean + kSpread * draws.normal(row, 2);
    const int label = draws.uniform(row, 1) < people.chance_of_label(people.groups[g], logit);
    probability.push_back(probability_at(logit));
    labels.push_back(static_cast<std::uint8_t>(label));
    of_row.push_back(cells.of_row[(2 * g + static_cast<std::size_t>(label)) * outcomes]);
  }
  return host_statistics("test", {probability, labels, {}, of_row, {}}, {cells.count(), 1, {}, true, kScoreBins}).cells;
}

// Each bin's promise by itself, and the constraint that makes them all.
inline Asked asked_of_scores(const Setting& setting, const Calibration& calibration) {
  const ScoredPeople people(setting.groups, setting.base, calibration);
  constraints::ConstraintParams params{"calibration", {"group"}};
  params.bins = kScoreBins;
  const auto groups = static_cast<std::size_t>(setting.groups);
  const constraints::ConstraintTable table = compiled({params}, data::Task::binary, groups);
  Asked asked{"calibration", calibration.name, setting, {}, {}};
  Figure whole{"all bins", "from_zero", table, {}, 0, 0, {params}};
  for (int bin = 0; bin < kScoreBins; ++bin) {
    const std::vector<double> errors = people.errors_in(bin);
    const std::string name = "scores " + data::score_bin_name(bin, kScoreBins);
    asked.figures.push_back(
        {name, "from_zero", table, errors, true_figure("from_zero", errors), static_cast<std::size_t>(bin)});
    whole.truth = std::max(whole.truth, asked.figures.back().truth);
  }
  asked.figures.push_back(whole);
  asked.draw = [people, cells = table.cells, setting](std::uint64_t key) {
    return draw_set(people, cells, setting.rows, key);
  };
  return asked;
}

}  // namespace equipoise::evaluation
