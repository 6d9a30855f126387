// Random constraints of judge, and what it should find, from the definitions alone.
#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "kernels/judge/judge.h"
#include "tests/kernels/rate_sample.h"

namespace equipoise::kernels {

// Constraints on rates of `groups` groups (cells group * 2 + label): selection rates and true positive rates of each, a
// band over each kind; rows on both sides of the bands, and one that compares the first two selection rates.
struct JudgeSample {
  RateSample rates;
  std::vector<std::vector<std::int32_t>> bands;
  std::vector<std::int32_t> row_band;
  std::vector<double> row_coefficient;

  explicit JudgeSample(std::int32_t groups) : bands(2) {
    for (std::int32_t group = 0; group < groups; ++group) {
      const std::int32_t negative = group * 6, positive = negative + 3;
      add_rate({{negative + 2, 1.0}, {positive + 2, 1.0}}, {{negative, 1.0}, {positive, 1.0}}, 0);
      add_rate({{positive + 2, 1.0}}, {{positive, 1.0}}, 1);
    }
    if (groups < 2) return;
    rates.constraints.push_back({{0, 1.0}, {2, -1.0}});
    row_band.push_back(-1);
    row_coefficient.push_back(0.0);
  }

  BandTable band_table() const {
    std::vector<std::int32_t> offsets{0}, flat;
    for (const std::vector<std::int32_t>& band : bands) {
      flat.insert(flat.end(), band.begin(), band.end());
      offsets.push_back(static_cast<std::int32_t>(flat.size()));
    }
    return {at::tensor(offsets, at::kInt), at::tensor(flat, at::kInt), at::tensor(row_band, at::kInt),
            at::tensor(row_coefficient, at::kDouble)};
  }

  std::int64_t constraints() const { return static_cast<std::int64_t>(rates.constraints.size()); }

 private:
  void add_rate(const LinearForm& numerator, const LinearForm& denominator, std::int32_t band) {
    const auto rate = static_cast<std::int32_t>(rates.numerators.size());
    rates.numerators.push_back(numerator);
    rates.denominators.push_back(denominator);
    bands[static_cast<std::size_t>(band)].push_back(rate);
    for (const double sign : {1.0, -1.0}) {
      rates.constraints.push_back({{rate, sign}});
      row_band.push_back(band);
      row_coefficient.push_back(-sign);
    }
  }
};

// One member's judgement by the definitions, in its own words: dense loops, and a projection that sorts.
struct JudgeOracle {
  std::vector<double> rates, violations, multipliers, smoothed;
  std::vector<bool> started;

  explicit JudgeOracle(const JudgeSample& sample)
      : multipliers(sample.rates.constraints.size()), smoothed(multipliers.size()), started(multipliers.size()) {}

  void judge(const JudgeSample& sample, const at::Tensor& sums, const at::Tensor& bounds, double scale,
             const MultiplierRule& rule) {
    const auto value = [&](const LinearForm& form) {
      double total = 0;
      for (const auto& [index, coefficient] : form) {
        const std::int64_t column = index % 3 == 2 ? 3 : index % 3;
        total += coefficient * sums[index / 3][column].item<double>();
      }
      return total;
    };
    rates.clear();
    for (std::size_t r = 0; r < sample.rates.numerators.size(); ++r) {
      const double below = value(sample.rates.denominators[r]);
      rates.push_back(below > 0 ? value(sample.rates.numerators[r]) / below : std::nan(""));
    }
    violations.clear();
    for (std::size_t j = 0; j < multipliers.size(); ++j) {
      double g = -bounds[static_cast<std::int64_t>(j)].item<double>();
      for (const auto& [rate, coefficient] : sample.rates.constraints[j]) g += coefficient * rates[rate];
      if (sample.row_band[j] >= 0) g += sample.row_coefficient[j] * middle(sample.bands[sample.row_band[j]]);
      violations.push_back(g);
    }
    for (std::size_t j = 0; j < multipliers.size(); ++j) move(j, scale, rule);
    project(rule.radius);
  }

 private:
  double middle(const std::vector<std::int32_t>& band) const {
    std::vector<double> seen;
    for (const std::int32_t rate : band) {
      if (!std::isnan(rates[rate])) seen.push_back(rates[rate]);
    }
    if (seen.empty()) return std::nan("");
    std::sort(seen.begin(), seen.end());
    return (seen.front() + seen.back()) / 2;
  }

  void move(std::size_t j, double scale, const MultiplierRule& rule) {
    const double error = violations[j];
    if (std::isnan(error)) return;
    double drive = error;
    if (rule.nupi && !started[j]) {
      drive = rule.integral_gain * error;
      smoothed[j] = error;
      started[j] = true;
    } else if (rule.nupi) {
      const double next = rule.nu * smoothed[j] + (1 - rule.nu) * error;
      drive = rule.integral_gain * error + rule.proportional_gain * (next - smoothed[j]);
      if (error <= 0) drive = std::min(drive, 0.0);
      smoothed[j] = next;
    }
    multipliers[j] = std::max(0.0, multipliers[j] + scale * drive);
  }

  void project(double radius) {
    double sum = 0;
    for (const double value : multipliers) sum += value;
    if (radius <= 0 || sum <= radius) return;
    // What each gives up lies between 0 and the largest: halve the interval until it is a point.
    double low = 0, high = *std::max_element(multipliers.begin(), multipliers.end());
    for (int i = 0; i < 200; ++i) {
      const double middle = (low + high) / 2;
      double left = 0;
      for (const double value : multipliers) left += std::max(0.0, value - middle);
      (left > radius ? low : high) = middle;
    }
    for (double& value : multipliers) value = std::max(0.0, value - high);
  }
};

// Four multipliers and a radius whose threshold is the smallest of them but for rounding: it gives up more than that one
// where it is counted, and less where it is not.
inline at::Tensor on_the_threshold() {
  return at::tensor({0x1.0dd0237c1ea02p+1, 0x1.0fcb4827a49f8p+1, 0x1.6360f75265f66p+1, 0x1.1066be29199c3p+1},
                    at::kDouble)
      .unsqueeze(0);
}
inline constexpr double kRadiusOnTheThreshold = 0x1.688a4cbb2146ep-1;

// Whole-split sums [K, C, 4] with hard positives below the weights; every fifth cell is empty when asked for.
inline at::Tensor split_sums(std::int64_t members, std::int64_t cells, std::uint64_t seed, bool with_empty_cells) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  at::Tensor sums = at::rand({members, cells, 4}, generator, at::kDouble);
  sums.select(2, 0).mul_(100).add_(1);
  sums.select(2, 2).mul_(sums.select(2, 0));
  sums.select(2, 3).mul_(sums.select(2, 0));
  for (std::int64_t cell = 0; with_empty_cells && cell < cells; cell += 5) sums.select(1, cell).zero_();
  return sums;
}

}  // namespace equipoise::kernels
