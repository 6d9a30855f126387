#include "engine/audit/beside_real.h"

#include <cmath>
#include <numeric>
#include <set>

#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

double mean_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double distinct(const std::vector<std::int32_t>& persons) {
  return static_cast<double>(std::set<std::int32_t>(persons.begin(), persons.end()).size());
}

}  // namespace

BesideReal compare_shares(double made, double made_rows, double real, double real_rows, double confidence) {
  const double tail = (1 - confidence) / 2;
  const evaluation::Interval of_made = evaluation::exact_limits(made, made_rows, tail);
  const evaluation::Interval of_real =
      real_rows > 0 ? evaluation::exact_limits(real, real_rows, tail) : evaluation::Interval{real, real};
  return {made,
          real,
          {made - real - std::hypot(made - of_made.low, of_real.high - real),
           made - real + std::hypot(of_made.high - made, real - of_real.low)}};
}

double error_over_persons(const std::vector<double>& parts, const std::vector<std::int32_t>& persons_of_parts,
                          std::int32_t persons) {
  std::vector<double> sums(static_cast<std::size_t>(persons));
  for (std::size_t i = 0; i < parts.size(); ++i) sums[static_cast<std::size_t>(persons_of_parts[i])] += parts[i];
  double square = 0;
  for (const double sum : sums) square += sum * sum;
  const double count = persons;
  return count > 1 ? std::sqrt(square * count / (count - 1)) : std::sqrt(square);
}

BesideReal compare_means(const std::vector<double>& made, const std::vector<std::int32_t>& made_persons,
                         const std::vector<double>& real, const std::vector<std::int32_t>& real_persons,
                         std::int32_t persons, double confidence) {
  const double of_made = mean_of(made), of_real = mean_of(real);
  std::vector<double> parts;
  std::vector<std::int32_t> persons_of_parts = made_persons;
  persons_of_parts.insert(persons_of_parts.end(), real_persons.begin(), real_persons.end());
  for (const double value : made) parts.push_back((value - of_made) / static_cast<double>(made.size()));
  for (const double value : real) parts.push_back((of_real - value) / static_cast<double>(real.size()));
  const double error = error_over_persons(parts, persons_of_parts, persons);
  if (error <= 0) return compare_shares(of_made, distinct(made_persons), of_real, distinct(real_persons), confidence);
  const double reach = evaluation::normal_point((1 - confidence) / 2) * error;
  return {of_made, of_real, {of_made - of_real - reach, of_made - of_real + reach}};
}

}  // namespace equipoise::audit
