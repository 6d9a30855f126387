#include "engine/evaluation/gap_sample.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

double total(const constraints::LinearForm& form, const std::vector<double>& of_cell) {
  double sum = 0;
  for (const std::int32_t cell : constraints::cells_of(form)) sum += of_cell[cell];
  return sum;
}

// Of a rate with the denominator `weight`.
double effective_rows(const constraints::Rate& rate, double weight, double value, const SquareWeights& squares) {
  if (squares.all.empty()) return weight;
  const double square = total(rate.denominator, squares.all);
  if (squares.selected.empty()) return constraints::effective_rows(weight, square);
  return constraints::effective_rows(weight, square, value, total(rate.numerator, squares.selected));
}

}  // namespace

bool GapSample::comparable() const {
  return constraints::comparable(promise);
}

std::vector<double> GapSample::rates() const {
  std::vector<double> values;
  for (const Level& level : levels) values.push_back(level.rate);
  values.push_back(0);
  set_overall_rate(*this, values);
  return values;
}

GapSample make_gap_sample(const constraints::ConstraintTable& table, const constraints::Promise& promise,
                          const std::vector<double>& sums, const SquareWeights& squares,
                          const std::vector<bool>& estimable) {
  if (sums.size() != table.cells.cells.size() * constraints::kColumns ||
      (!squares.all.empty() && squares.all.size() != table.cells.cells.size()) ||
      (!squares.selected.empty() && squares.selected.size() != squares.all.size()))
    throw std::logic_error("evaluation: sums must be [cells * 4] and square weights [cells]");
  GapSample sample{promise, {}};
  double everyone = 0;
  for (std::size_t i = 0; i < promise.levels.size(); ++i) {
    const constraints::Rate& rate = table.rates[promise.rates[i]];
    GapSample::Level level;
    level.share = constraints::value_of(rate.denominator, sums, constraints::Reading::exact);
    everyone += level.share;
    level.rate = level.share > 0
                     ? constraints::value_of(rate.numerator, sums, constraints::Reading::exact) / level.share
                     : std::numeric_limits<double>::quiet_NaN();
    level.rows = level.share > 0 ? effective_rows(rate, level.share, level.rate, squares) : 0;
    level.compared = estimable[i] && level.share > 0;
    sample.levels.push_back(level);
    sample.promise.rates[i] = static_cast<std::int32_t>(i);
    sample.promise.estimable[i] = level.compared;
  }
  for (GapSample::Level& level : sample.levels) level.share = everyone > 0 ? level.share / everyone : 0;
  if (promise.overall_rate >= 0) sample.promise.overall_rate = static_cast<std::int32_t>(promise.levels.size());
  return sample;
}

void set_overall_rate(const GapSample& sample, std::vector<double>& rates) {
  double overall = 0;
  for (std::size_t i = 0; i < sample.levels.size(); ++i)
    if (sample.levels[i].share > 0) overall += sample.levels[i].share * rates[i];
  rates[sample.levels.size()] = overall;
}

}  // namespace equipoise::evaluation
