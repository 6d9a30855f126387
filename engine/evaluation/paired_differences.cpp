#include "engine/evaluation/paired_differences.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <stdexcept>

namespace equipoise::evaluation {
namespace {

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double square_distances(const std::vector<double>& values) {
  const double mean = mean_of(values);
  double sum = 0;
  for (const double value : values) sum += (value - mean) * (value - mean);
  return sum;
}

double jackknife_variance(const std::vector<double>& without) {
  const auto parts = static_cast<double>(without.size());
  return (parts - 1) / parts * square_distances(without);
}

// The point that Student's distribution passes on either side with probability `miss` in all.
double student_point(double degrees, double miss) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), miss / 2));
}

struct Variances {
  double seeds = 0, rows = 0, common = 0;
  double seed_degrees = 0, row_degrees = 0;

  double half_width(double miss) const {
    const double of_rows = std::pow(student_point(row_degrees, miss), 2);
    double square = of_rows * rows;
    if (seed_degrees > 0)
      square = std::max(square, std::pow(student_point(seed_degrees, miss), 2) * seeds + of_rows * common);
    return std::sqrt(square);
  }
};

// Half widths grow as the probability of a miss gets smaller: found by halving its logarithm's range.
double p_value_of(double difference, const Variances& variances) {
  constexpr double kLeast = 1e-12;
  const double distance = std::abs(difference);
  if (distance == 0) return 1;
  if (variances.half_width(kLeast) <= distance) return kLeast;
  double low = std::log(kLeast), high = 0;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (variances.half_width(std::exp(middle)) <= distance ? high : low) = middle;
  }
  return std::exp(high);
}

void check(const std::vector<PartedFigure>& arm, const std::vector<PartedFigure>& baseline) {
  if (arm.empty() || arm.size() != baseline.size())
    throw std::logic_error("paired_difference: both need the same seeds, at least one");
  const std::size_t parts = arm.front().without.size();
  const auto differs = [&](const PartedFigure& figure) { return figure.without.size() != parts; };
  if (parts < 2 || std::ranges::any_of(arm, differs) || std::ranges::any_of(baseline, differs))
    throw std::logic_error("paired_difference: all need the same parts, at least two");
}

}  // namespace

PairedDifference paired_difference(const std::vector<PartedFigure>& arm, const std::vector<PartedFigure>& baseline,
                                   double confidence) {
  check(arm, baseline);
  const std::size_t seeds = arm.size(), parts = arm.front().without.size();
  const auto count = static_cast<double>(seeds);
  std::vector<double> whole(seeds), mean_without(parts, 0.0), without(parts);
  double each = 0;
  for (std::size_t s = 0; s < seeds; ++s) {
    whole[s] = arm[s].whole - baseline[s].whole;
    for (std::size_t g = 0; g < parts; ++g) {
      without[g] = arm[s].without[g] - baseline[s].without[g];
      mean_without[g] += without[g] / count;
    }
    each += jackknife_variance(without) / (count * count);
  }
  Variances variances;
  variances.seeds = seeds > 1 ? square_distances(whole) / (count * (count - 1)) : 0;
  variances.rows = jackknife_variance(mean_without);
  variances.common = std::max(0.0, variances.rows - each);
  variances.seed_degrees = count - 1;
  variances.row_degrees = static_cast<double>(parts) - 1;

  PairedDifference result;
  result.seeds = static_cast<std::int64_t>(seeds);
  result.difference = mean_of(whole);
  result.seeds_error = std::sqrt(variances.seeds);
  result.rows_error = std::sqrt(variances.rows);
  result.common_error = std::sqrt(variances.common);
  const double half = variances.half_width(1 - confidence);
  result.interval = {result.difference - half, result.difference + half};
  result.p_value = p_value_of(result.difference, variances);
  return result;
}

const char* name_of(Finding finding) {
  if (finding == Finding::better) return "better";
  return finding == Finding::worse ? "worse" : "not seen";
}

Finding finding_of(const PairedDifference& difference, double corrected, bool more_is_better, double confidence) {
  if (difference.difference == 0 || !(corrected <= 1 - confidence)) return Finding::unseen;
  return (difference.difference > 0) == more_is_better ? Finding::better : Finding::worse;
}

}  // namespace equipoise::evaluation
