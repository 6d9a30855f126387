#include "engine/audit/exact_tests.h"

#include <algorithm>
#include <boost/math/distributions/hypergeometric.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <cmath>
#include <cstdint>

namespace equipoise::audit {
namespace {

struct Count {
  std::int64_t rows, with;

  explicit Count(const CountedShare& counted)
      : rows(std::max(0LL, std::llround(counted.rows))),
        with(std::clamp<std::int64_t>(std::llround(counted.share * static_cast<double>(rows)), 0, rows)) {}
};

struct Tails {
  double at_least = 1, at_most = 1;
  double two_sided() const { return std::min(1.0, 2 * std::min(at_least, at_most)); }
};

// Of `rows` draws with probability `share`: sums of the binomial as regularised beta functions.
Tails binomial_tails(const Count& count, double share) {
  const auto rows = static_cast<double>(count.rows), with = static_cast<double>(count.with);
  return {count.with == 0 ? 1 : boost::math::ibeta(with, rows - with + 1, share),
          count.with == count.rows ? 1 : boost::math::ibetac(with + 1, rows - with, share)};
}

Tails fisher_tails(const CountedShare& first, const CountedShare& second) {
  const Count one(first), other(second);
  const std::int64_t all = one.rows + other.rows, with = one.with + other.with;
  if (one.rows == 0 || other.rows == 0 || with == 0 || with == all) return {};
  const boost::math::hypergeometric_distribution<double> drawn(
      static_cast<unsigned>(with), static_cast<unsigned>(one.rows), static_cast<unsigned>(all));
  const std::int64_t fewest = std::max<std::int64_t>(0, one.rows + with - all);
  Tails tails;
  tails.at_most = boost::math::cdf(drawn, static_cast<unsigned>(one.with));
  tails.at_least =
      one.with == fewest ? 1 : boost::math::cdf(boost::math::complement(drawn, static_cast<unsigned>(one.with - 1)));
  return tails;
}

}  // namespace

double binomial_p_value(const CountedShare& counted, double expected) {
  const Count count(counted);
  if (count.rows == 0) return 1;
  if (expected <= 0) return count.with > 0 ? 0 : 1;
  if (expected >= 1) return count.with < count.rows ? 0 : 1;
  return binomial_tails(count, expected).two_sided();
}

double fisher_p_value(const CountedShare& one, const CountedShare& other) {
  return fisher_tails(one, other).two_sided();
}

double fisher_p_value_above(const CountedShare& one, const CountedShare& other) {
  return fisher_tails(one, other).at_least;
}

}  // namespace equipoise::audit
