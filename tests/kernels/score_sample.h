// Random scored rows, and the same curves in double by definition: every pair, every row at every threshold.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "kernels/score_curves/score_curves.h"

namespace equipoise::kernels {

struct ScoreShape {
  std::int64_t members = 1;
  std::int64_t rows = 1025;
  std::int64_t groups = 8;  // 0: none
  at::ScalarType score_type = at::kDouble;
  at::ScalarType group_type = at::kInt;
  bool weighted = false;
  bool tied = false;  // only nine different scores
};

inline ScoredRows sample_scores(const ScoreShape& shape) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(4321 + shape.rows + shape.groups);
  const auto integers = at::TensorOptions().dtype(at::kLong);
  ScoredRows rows;
  rows.scores = at::randn({shape.members, shape.rows}, generator, at::TensorOptions().dtype(at::kDouble));
  if (shape.tied) rows.scores = (rows.scores * 2).round().clamp(-4, 4) / 4;
  rows.scores = rows.scores.to(shape.score_type);
  rows.labels = at::randint(2, {shape.rows}, generator, integers).to(at::kByte);
  if (shape.groups > 0) {
    // Some rows of no group, where the type has negative numbers.
    const std::int64_t least = shape.group_type == at::kByte ? 0 : -1;
    rows.groups = at::randint(least, shape.groups, {shape.rows}, generator, integers).to(shape.group_type);
    rows.group_count = shape.groups;
  }
  if (shape.weighted) rows.weights = at::rand({shape.rows}, generator) + 0.5;
  return rows;
}

// One member's rows on the host, in double.
struct PlainRows {
  std::vector<double> scores, weights;
  std::vector<int> labels;
  std::vector<std::int64_t> groups;

  PlainRows(const ScoredRows& rows, std::int64_t member) {
    const at::Tensor own = rows.scores[member].to(at::kDouble);
    for (std::int64_t row = 0; row < own.size(0); ++row) {
      scores.push_back(own[row].item<double>());
      labels.push_back(rows.labels[row].item<int>());
      groups.push_back(rows.groups ? (*rows.groups)[row].item<std::int64_t>() : -1);
      weights.push_back(rows.weights ? (*rows.weights)[row].item<double>() : 1.0);
    }
  }

  bool in(std::size_t row, std::int64_t group, std::int64_t everyone) const {
    return group == everyone || groups[row] == group;
  }
};

inline at::Tensor oracle_areas(const ScoredRows& rows) {
  at::Tensor areas = at::empty({rows.scores.size(0), rows.group_count + 1}, at::kDouble);
  for (std::int64_t member = 0; member < rows.scores.size(0); ++member) {
    const PlainRows plain(rows, member);
    for (std::int64_t group = 0; group <= rows.group_count; ++group) {
      double won = 0, pairs = 0;
      for (std::size_t i = 0; i < plain.scores.size(); ++i) {
        if (plain.labels[i] != 1 || !plain.in(i, group, rows.group_count)) continue;
        for (std::size_t j = 0; j < plain.scores.size(); ++j) {
          if (plain.labels[j] != 0 || !plain.in(j, group, rows.group_count)) continue;
          const double pair = plain.weights[i] * plain.weights[j];
          pairs += pair;
          won += plain.scores[i] > plain.scores[j] ? pair : plain.scores[i] == plain.scores[j] ? pair / 2 : 0;
        }
      }
      areas[member][group] = pairs > 0 ? won / pairs : std::numeric_limits<double>::quiet_NaN();
    }
  }
  return areas;
}

inline at::Tensor oracle_above(const ScoredRows& rows, const std::vector<double>& thresholds) {
  const std::int64_t columns = static_cast<std::int64_t>(thresholds.size()) + 1;
  at::Tensor above = at::zeros({rows.scores.size(0), rows.group_count + 1, 2, columns}, at::kDouble);
  auto entries = above.accessor<double, 4>();
  for (std::int64_t member = 0; member < rows.scores.size(0); ++member) {
    const PlainRows plain(rows, member);
    for (std::size_t i = 0; i < plain.scores.size(); ++i)
      for (std::int64_t group = 0; group <= rows.group_count; ++group) {
        if (!plain.in(i, group, rows.group_count)) continue;
        entries[member][group][plain.labels[i]][0] += plain.weights[i];
        for (std::int64_t k = 1; k < columns; ++k)
          if (plain.scores[i] > thresholds[k - 1]) entries[member][group][plain.labels[i]][k] += plain.weights[i];
      }
  }
  return above;
}

inline at::Tensor oracle_histogram(const ScoredRows& rows, std::int64_t bins, double low, double high) {
  at::Tensor histogram = at::zeros({rows.scores.size(0), rows.group_count + 1, bins, 4}, at::kDouble);
  auto entries = histogram.accessor<double, 4>();
  for (std::int64_t member = 0; member < rows.scores.size(0); ++member) {
    const PlainRows plain(rows, member);
    for (std::size_t i = 0; i < plain.scores.size(); ++i) {
      const double place = std::floor((plain.scores[i] - low) * (static_cast<double>(bins) / (high - low)));
      const auto bin = static_cast<std::int64_t>(std::fmin(std::fmax(place, 0), static_cast<double>(bins - 1)));
      for (std::int64_t group = 0; group <= rows.group_count; ++group) {
        if (!plain.in(i, group, rows.group_count)) continue;
        auto entry = entries[member][group][bin];
        entry[kBinRows] += 1;
        entry[kBinWeight] += plain.weights[i];
        entry[kBinScore] += plain.weights[i] * plain.scores[i];
        entry[kBinPositives] += plain.weights[i] * plain.labels[i];
      }
    }
  }
  return histogram;
}

}  // namespace equipoise::kernels
