#pragma once

#include <random>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/frontier/held_out.h"
#include "engine/frontier/posterior_cells.h"

namespace equipoise::frontier {

/// A data set whose rows have every group (of `groups`) with every answer (label or class), `each` times: what a table is compiled from.
inline data::Dataset every_cell(std::int32_t groups, std::int32_t answers, bool is_binary = true, int each = 20) {
  data::Dataset dataset;
  data::Grouping grouping{"group", {}, {}};
  for (std::int32_t g = 0; g < groups; ++g) grouping.levels.push_back(std::string(1, static_cast<char>('a' + g)));
  if (!is_binary) {
    dataset.task = data::Task::classes;
    for (std::int32_t k = 0; k < answers; ++k) dataset.outcomes.push_back("class" + std::to_string(k));
  }
  for (int i = 0; i < each; ++i)
    for (std::int32_t g = 0; g < groups; ++g)
      for (std::int32_t y = 0; y < answers; ++y) {
        grouping.codes.push_back(g);
        dataset.labels.push_back(static_cast<std::uint8_t>(y));
        dataset.splits.push_back(data::Split::train);
      }
  dataset.encoded.rows = static_cast<std::int64_t>(dataset.labels.size());
  dataset.groupings = {grouping};
  return dataset;
}

inline constraints::ConstraintParams parity_of(const std::string& kind, double tolerance,
                                               const std::string& form = "max_min") {
  constraints::ConstraintParams params;
  params.kind = kind;
  params.group = {"group"};
  params.tolerance = tolerance;
  params.form = form;
  return params;
}

inline constraints::ConstraintParams selection_between(double at_least, double at_most) {
  constraints::ConstraintParams params;
  params.kind = "bound";
  params.rate = "selection_rate";
  params.at_least = at_least;
  params.at_most = at_most;
  return params;
}

inline constraints::ConstraintTable compiled(const std::vector<constraints::ConstraintParams>& constraints,
                                             const data::Dataset& dataset) {
  core::Journal journal;
  return constraints::compile(constraints, dataset, 1, {}, journal);
}

/// Rows with posteriors of `cells` that lean to a group and an answer each, and weights of 1 to 3.
inline HeldOut random_rows(std::size_t rows, std::int32_t cells, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  HeldOut held_out;
  for (std::size_t i = 0; i < rows; ++i) {
    std::vector<double> posterior;
    double sum = 0;
    for (std::int32_t c = 0; c < cells; ++c) {
      posterior.push_back(std::exp(1.5 * normal(generator)));
      sum += posterior.back();
    }
    for (const double part : posterior) held_out.posteriors.push_back(part / sum);
    held_out.weights.push_back(1 + static_cast<double>(i % 3));
  }
  return held_out;
}

}  // namespace equipoise::frontier
