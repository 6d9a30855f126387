#include "engine/audit/two_sample.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "engine/audit/beside_real.h"
#include "engine/core/seed.h"
#include "engine/evaluation/limits.h"
#include "kernels/parallel.h"

namespace equipoise::audit {
namespace {

using Eigen::Index;
using Eigen::MatrixXf;
using Eigen::VectorXf;

constexpr int kFolds = 5;
constexpr Index kCosines = 128;
constexpr std::size_t kMostColumns = 200;
constexpr double kLeastRows = 10;  // of a level that is looked at
constexpr Index kDeals = 100;
constexpr float kRidge = 0.01F;  // of as many rows as there are

float normal_number(std::uint64_t seed, std::uint64_t place) {
  const double one = core::uniform(core::mix(seed, 2 * place)), other = core::uniform(core::mix(seed, 2 * place + 1));
  return static_cast<float>(std::sqrt(-2 * std::log1p(-one)) * std::cos(2 * std::numbers::pi * other));
}

// Of pairs by chance.
float median_distance(const MatrixXf& rows, std::uint64_t seed) {
  constexpr std::uint64_t kPairs = 2000;
  std::vector<float> distances;
  for (std::uint64_t i = 0; i < kPairs; ++i) {
    const auto row = [&](std::uint64_t place) {
      return static_cast<Index>(core::uniform(core::mix(seed, place)) * static_cast<double>(rows.rows()));
    };
    const float distance = (rows.row(row(2 * i)) - rows.row(row(2 * i + 1))).norm();
    if (distance > 0) distances.push_back(distance);
  }
  if (distances.empty()) return 1;
  std::ranges::nth_element(distances, distances.begin() + static_cast<std::ptrdiff_t>(distances.size() / 2));
  return distances[distances.size() / 2];
}

// Columns, squares of the numbers, cosines; each with mean 0 and deviation 1.
MatrixXf inputs_of(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                   const CellSample& sample, std::uint64_t seed) {
  const std::vector<DenseColumn> columns = dense_columns(space, features, sample, kLeastRows, kMostColumns);
  std::vector<EncodedRow> rows = sample.made;
  rows.insert(rows.end(), sample.real.begin(), sample.real.end());
  MatrixXf dense = dense_rows(space, columns, rows);
  dense.rowwise() -= dense.colwise().mean().eval();
  const auto width = static_cast<Index>(columns.size());
  const Index numbers = std::ranges::count(columns, DenseColumn::kNumber, &DenseColumn::level);
  const float spread = median_distance(dense, core::seed_for(seed, "pairs"));
  MatrixXf directions(width, kCosines);
  const std::uint64_t directions_seed = core::seed_for(seed, "directions"), turns = core::seed_for(seed, "turns");
  for (Index i = 0; i < directions.size(); ++i)
    directions.data()[i] = normal_number(directions_seed, static_cast<std::uint64_t>(i)) / spread;
  MatrixXf inputs(dense.rows(), width + numbers + kCosines);
  inputs.leftCols(width) = dense;
  inputs.middleCols(width, numbers) = dense.leftCols(numbers).array().square();
  inputs.rightCols(kCosines).noalias() = dense * directions;
  for (Index c = 0; c < kCosines; ++c) {
    const auto turn =
        static_cast<float>(2 * std::numbers::pi * core::uniform(core::mix(turns, static_cast<std::uint64_t>(c))));
    inputs.col(width + numbers + c) = (inputs.col(width + numbers + c).array() + turn).cos();
  }
  for (Index c = 0; c < inputs.cols(); ++c) {
    inputs.col(c).array() -= inputs.col(c).mean();
    const float deviation = inputs.col(c).norm() / std::sqrt(static_cast<float>(inputs.rows()));
    if (deviation > 1e-6F) inputs.col(c) /= deviation;
  }
  return inputs;
}

// The rows of a fold, what those of all others give for each way to say who is made, and the scores that follow.
struct Fold {
  std::vector<Index> rows;
  MatrixXf inputs, products, with_truths, scores;  // with_truths [inputs, ways], scores [rows, ways]
};

// Ways to say which rows are made: as it is, and dealt out anew so many times. [rows, ways]; both kinds count as much in all.
MatrixXf truths_of(Index made, Index real, std::uint64_t seed) {
  const auto all = static_cast<float>(made + real);
  MatrixXf truths(made + real, 1 + kDeals);
  truths.col(0).head(made).setConstant(all / (2 * static_cast<float>(made)));
  truths.col(0).tail(real).setConstant(-all / (2 * static_cast<float>(real)));
  for (Index way = 1; way < truths.cols(); ++way) {
    truths.col(way) = truths.col(0);
    for (Index i = truths.rows() - 1; i > 0; --i) {
      const std::uint64_t bits =
          core::mix(core::mix(seed, static_cast<std::uint64_t>(way)), static_cast<std::uint64_t>(i));
      const auto other = static_cast<Index>(core::uniform(bits) * static_cast<double>(i + 1));
      std::swap(truths(i, way), truths(other, way));
    }
  }
  return truths;
}

std::vector<Fold> folds_of(const std::vector<std::int32_t>& persons, const MatrixXf& inputs, const MatrixXf& truths,
                           std::uint64_t seed) {
  std::vector<Fold> folds(kFolds);
  for (std::size_t i = 0; i < persons.size(); ++i)
    folds[core::mix(seed, static_cast<std::uint64_t>(persons[i])) % kFolds].rows.push_back(static_cast<Index>(i));
  kernels::each_task(kFolds, [&](std::int64_t f) {
    Fold& fold = folds[static_cast<std::size_t>(f)];
    fold.inputs.resize(static_cast<Index>(fold.rows.size()), inputs.cols());
    MatrixXf of_fold(fold.inputs.rows(), truths.cols());
    for (Index i = 0; i < fold.inputs.rows(); ++i) {
      fold.inputs.row(i) = inputs.row(fold.rows[static_cast<std::size_t>(i)]);
      of_fold.row(i) = truths.row(fold.rows[static_cast<std::size_t>(i)]);
    }
    fold.products = MatrixXf::Zero(inputs.cols(), inputs.cols());
    fold.products.selfadjointView<Eigen::Lower>().rankUpdate(fold.inputs.transpose());
    fold.with_truths.noalias() = fold.inputs.transpose() * of_fold;
  });
  return folds;
}

void score(std::vector<Fold>& folds, float rows) {
  const MatrixXf& first = folds.front().products;
  MatrixXf products = MatrixXf::Identity(first.rows(), first.cols()) * (kRidge * rows);
  MatrixXf with_truths = MatrixXf::Zero(first.rows(), folds.front().with_truths.cols());
  for (const Fold& fold : folds) {
    products += fold.products;
    with_truths += fold.with_truths;
  }
  kernels::each_task(kFolds, [&](std::int64_t f) {
    Fold& fold = folds[static_cast<std::size_t>(f)];
    const MatrixXf others = products - fold.products;
    const Eigen::LLT<MatrixXf, Eigen::Lower> solver(others);
    fold.scores.noalias() = fold.inputs * solver.solve(with_truths - fold.with_truths).eval();
  });
}

// For each row of the fold the share of the other kind that it is on the right side of, ties half.
std::vector<double> placements(const Fold& fold, const MatrixXf& truths, Index way, double all_made, double all_real) {
  std::vector<std::size_t> order(fold.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto score = [&](std::size_t i) { return fold.scores(static_cast<Index>(i), way); };
  const auto is_made = [&](std::size_t i) { return truths(fold.rows[i], way) > 0; };
  std::ranges::sort(order, {}, score);
  std::vector<double> placed(order.size(), 0.5);
  double made_below = 0, real_below = 0;
  for (std::size_t first = 0; first < order.size();) {
    std::size_t last = first;
    double made_here = 0;
    for (; last < order.size() && score(order[last]) == score(order[first]); ++last) made_here += is_made(order[last]);
    const double real_here = static_cast<double>(last - first) - made_here;
    for (; first < last; ++first)
      placed[order[first]] = is_made(order[first]) ? (real_below + real_here / 2) / all_real
                                                   : (all_made - made_below - made_here / 2) / all_made;
    made_below += made_here;
    real_below += real_here;
  }
  return placed;
}

struct Area {
  double area = 0, error = 0;
};

// Each fold's area, weighed by its rows, is a mean over its rows of either kind. `persons` of the rows; the error is that of what
// each person moves it by.
Area area_of(const std::vector<Fold>& folds, const MatrixXf& truths, Index way,
             const std::vector<std::int32_t>& persons, std::int32_t person_count) {
  Area result;
  std::vector<double> parts;
  std::vector<std::int32_t> persons_of_parts;
  for (const Fold& fold : folds) {
    const auto made =
        static_cast<double>(std::ranges::count_if(fold.rows, [&](Index row) { return truths(row, way) > 0; }));
    const double real = static_cast<double>(fold.rows.size()) - made;
    const double share = static_cast<double>(fold.rows.size()) / static_cast<double>(truths.rows());
    if (made == 0 || real == 0) {  // says nothing
      result.area += share / 2;
      continue;
    }
    const std::vector<double> placed = placements(fold, truths, way, made, real);
    double area = 0;
    for (std::size_t i = 0; i < placed.size(); ++i)
      if (truths(fold.rows[i], way) > 0) area += placed[i] / made;
    result.area += share * area;
    for (std::size_t i = 0; i < placed.size(); ++i) {
      parts.push_back(share * (placed[i] - area) / (truths(fold.rows[i], way) > 0 ? made : real));
      persons_of_parts.push_back(persons[static_cast<std::size_t>(fold.rows[i])]);
    }
  }
  result.error = error_over_persons(parts, persons_of_parts, person_count);
  return result;
}

// By how much more the area varies, when who is made is dealt out anew, than its error says: the folds' classifiers learn from
// the same rows, which no formula of one area knows of.
double inflation(const std::vector<Fold>& folds, const MatrixXf& truths) {
  std::vector<std::int32_t> each_own(static_cast<std::size_t>(truths.rows()));
  std::iota(each_own.begin(), each_own.end(), 0);
  std::vector<Area> areas(kDeals);
  kernels::each_task(kDeals, [&](std::int64_t deal) {
    areas[static_cast<std::size_t>(deal)] =
        area_of(folds, truths, deal + 1, each_own, static_cast<std::int32_t>(truths.rows()));
  });
  double square = 0, expected = 0;
  for (const Area& one : areas) {
    square += (one.area - 0.5) * (one.area - 0.5);
    expected += one.error * one.error;
  }
  return expected > 0 ? std::max(1.0, std::sqrt(square / expected)) : 1;
}

}  // namespace

TwoSample tell_apart(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                     const CellSample& sample, double confidence, std::uint64_t seed) {
  const MatrixXf inputs = inputs_of(space, features, sample, seed);
  const auto made = static_cast<Index>(sample.made.size());
  const MatrixXf truths = truths_of(made, inputs.rows() - made, core::seed_for(seed, "deals"));
  std::vector<std::int32_t> persons = sample.made_persons;
  persons.insert(persons.end(), sample.real_persons.begin(), sample.real_persons.end());
  std::vector<Fold> folds = folds_of(persons, inputs, truths, core::seed_for(seed, "folds"));
  score(folds, static_cast<float>(inputs.rows()));
  const Area found = area_of(folds, truths, 0, persons, sample.persons);
  const double error = found.error * inflation(folds, truths);
  const double reach = evaluation::normal_point((1 - confidence) / 2) * error;
  const double p_value = error > 0 ? evaluation::normal_tail((found.area - 0.5) / error) : found.area > 0.5 ? 0 : 1;
  return {found.area, {std::max(0.0, found.area - reach), std::min(1.0, found.area + reach)}, p_value};
}

}  // namespace equipoise::audit
