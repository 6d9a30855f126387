#include "engine/sampling/copula.h"

#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <boost/math/distributions/normal.hpp>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <span>

#include "engine/sampling/points.h"

namespace equipoise::sampling {
namespace {

using Rows = std::span<const std::int64_t>;

// The rows of a cell in the order of a key; equal ones as they come.
std::vector<std::size_t> sorted_by(const std::vector<double>& key) {
  std::vector<std::size_t> places(key.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::ranges::stable_sort(places, [&](std::size_t a, std::size_t b) { return key[a] < key[b]; });
  return places;
}

// Normal quantiles of the middle ranks, with mean 0 and deviation 1; all 0 where every key is the same.
Eigen::VectorXd scores_of(const std::vector<double>& key, const std::vector<std::size_t>& places) {
  const boost::math::normal_distribution<double> normal;
  const auto count = static_cast<Eigen::Index>(key.size());
  Eigen::VectorXd scores(count);
  for (std::size_t first = 0; first < places.size();) {
    std::size_t end = first + 1;
    while (end < places.size() && key[places[end]] == key[places[first]]) ++end;
    const double middle = static_cast<double>(first + end) / 2 / static_cast<double>(count);
    for (std::size_t i = first; i < end; ++i)
      scores[static_cast<Eigen::Index>(places[i])] = boost::math::quantile(normal, middle);
    first = end;
  }
  scores.array() -= scores.mean();
  const double deviation = std::sqrt(scores.squaredNorm() / static_cast<double>(count));
  constexpr double kNone = 1e-12;
  if (deviation < kNone) return Eigen::VectorXd::Zero(count);
  return scores / deviation;
}

// [n] the first principal component of the numbers' scores [n, numbers]; empty where there are none.
Eigen::VectorXd first_component(const Eigen::MatrixXd& scores) {
  if (scores.cols() == 0) return {};
  const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver(scores.transpose() * scores);
  Eigen::VectorXd direction = solver.eigenvectors().col(scores.cols() - 1);
  Eigen::Index largest = 0;
  direction.cwiseAbs().maxCoeff(&largest);
  if (direction[largest] < 0) direction = -direction;  // a solver may turn it round
  return scores * direction;
}

class Cell {
 public:
  Cell(const data::EncodedRows& rows, const PointSpace& space, Rows own) : rows_(rows), space_(space), own_(own) {
    std::vector<Eigen::VectorXd> of_numbers;
    scores_ = Eigen::MatrixXd::Zero(static_cast<Eigen::Index>(own.size()), static_cast<Eigen::Index>(features()));
    places_.resize(features());
    for (std::size_t f = 0; f < features(); ++f)
      if (space_.is_number(f)) of_numbers.push_back(add(f, number_key(f)));
    Eigen::MatrixXd numbers(scores_.rows(), static_cast<Eigen::Index>(of_numbers.size()));
    for (std::size_t i = 0; i < of_numbers.size(); ++i) numbers.col(static_cast<Eigen::Index>(i)) = of_numbers[i];
    const Eigen::VectorXd component = first_component(numbers);
    for (std::size_t f = 0; f < features(); ++f)
      if (!space_.is_number(f)) add(f, level_key(f, component));
  }

  const std::vector<std::size_t>& places(std::size_t feature) const { return places_[feature]; }

  // The lower Cholesky factor of the correlations, drawn towards none.
  Eigen::MatrixXd factor() const {
    const Eigen::Index count = scores_.cols();
    const auto rows = static_cast<double>(scores_.rows());
    Eigen::MatrixXd correlation = scores_.transpose() * scores_ / rows;
    double variance = 0, square = 0;
    for (Eigen::Index a = 0; a < count; ++a)
      for (Eigen::Index b = 0; b < a; ++b) {
        const double r = correlation(a, b), left = 1 - r * r;
        variance += left * left / std::max(1.0, rows - 1);
        square += r * r;
      }
    constexpr double kLeast = 1e-6;  // features that say the same leave a factor that exists
    const double drawn = square > 0 ? std::clamp(variance / square, kLeast, 1.0) : 1.0;
    correlation *= 1 - drawn;
    correlation.diagonal().setOnes();
    return correlation.llt().matrixL();
  }

 private:
  std::size_t features() const { return rows_.features.size(); }
  std::size_t at(std::size_t i, std::size_t f) const { return static_cast<std::size_t>(own_[i]) * features() + f; }

  Eigen::VectorXd add(std::size_t f, const std::vector<double>& key) {
    places_[f] = sorted_by(key);
    scores_.col(static_cast<Eigen::Index>(f)) = scores_of(key, places_[f]);
    return scores_.col(static_cast<Eigen::Index>(f));
  }

  std::vector<double> number_key(std::size_t f) const {
    std::vector<double> key;
    for (std::size_t i = 0; i < own_.size(); ++i) {
      const std::int16_t code = rows_.codes[at(i, f)];
      key.push_back(space_.is_missing(f, code) ? std::numeric_limits<double>::infinity()
                                               : static_cast<double>(space_.number(f, code, rows_.values[at(i, f)])));
    }
    return key;
  }

  std::vector<double> level_key(std::size_t f, const Eigen::VectorXd& component) const {
    std::map<std::int16_t, std::pair<double, double>> sums;  // by level: what it is ordered by, and its rows
    for (std::size_t i = 0; i < own_.size(); ++i) {
      auto& [sum, rows] = sums[rows_.codes[at(i, f)]];
      sum += component.size() > 0 ? component[static_cast<Eigen::Index>(i)] : 0;
      ++rows;
    }
    const bool by_component = component.size() > 0 && component.squaredNorm() > 0;
    std::vector<std::pair<double, std::int16_t>> ordered;
    for (const auto& [level, sum] : sums)
      ordered.emplace_back(by_component ? sum.first / sum.second : -sum.second, level);
    std::ranges::sort(ordered);
    std::map<std::int16_t, double> place;  // of each level its own, also where two are alike
    for (const auto& [unused, level] : ordered) place.emplace(level, static_cast<double>(place.size()));
    std::vector<double> key;
    for (std::size_t i = 0; i < own_.size(); ++i) key.push_back(place.at(rows_.codes[at(i, f)]));
    return key;
  }

  const data::EncodedRows& rows_;
  const PointSpace& space_;
  Rows own_;
  std::vector<std::vector<std::size_t>> places_;  // [F] of the cell's rows, in the order of the feature
  Eigen::MatrixXd scores_;                        // [n, F]
};

}  // namespace

Copulas fit_copulas(const data::EncodedRows& rows, const std::vector<std::int64_t>& order,
                    const std::vector<std::int64_t>& offsets, const std::vector<bool>& wanted) {
  const std::size_t features = rows.features.size(), cells = offsets.size() - 1, count = order.size();
  Copulas copulas{std::vector<std::int32_t>(features * count), std::vector<float>(cells * features * features)};
  const PointSpace space(rows, order);
  for (std::size_t c = 0; c < cells; ++c) {
    const auto first = static_cast<std::size_t>(offsets[c]), own = static_cast<std::size_t>(offsets[c + 1]) - first;
    float* factor = copulas.factors.data() + c * features * features;
    for (std::size_t f = 0; f < features; ++f) {
      factor[f * features + f] = 1;
      for (std::size_t i = 0; i < own; ++i)
        copulas.ranked[f * count + first + i] = static_cast<std::int32_t>(order[first + i]);
    }
    if (!wanted[c] || own < 2) continue;
    const Cell cell(rows, space, Rows(order).subspan(first, own));
    const Eigen::MatrixXd lower = cell.factor();
    for (std::size_t f = 0; f < features; ++f) {
      for (std::size_t g = 0; g <= f; ++g)
        factor[f * features + g] =
            static_cast<float>(lower(static_cast<Eigen::Index>(f), static_cast<Eigen::Index>(g)));
      for (std::size_t i = 0; i < own; ++i)
        copulas.ranked[f * count + first + i] = static_cast<std::int32_t>(order[first + cell.places(f)[i]]);
    }
  }
  return copulas;
}

}  // namespace equipoise::sampling
