#include "engine/evaluation/gap_sample.h"

#include <cmath>
#include <limits>
#include <stdexcept>

#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

using constraints::LinearForm;

double value_of(const LinearForm& form, const std::vector<double>& sums) {
  constexpr int kColumn[] = {constraints::kWeight, constraints::kLoss, constraints::kHard};
  double total = 0;
  for (const auto& [index, coefficient] : form)
    total += coefficient *
             sums[index / constraints::kQuantities * constraints::kColumns + kColumn[index % constraints::kQuantities]];
  return total;
}

// Effective rows over rows, of the cells that the form is made of.
double effective_share(const LinearForm& form, const std::vector<double>& sums,
                       const std::vector<double>& square_weights) {
  if (square_weights.empty()) return 1;
  double weight = 0, square = 0;
  for (const auto& [index, coefficient] : form) {
    weight += sums[index / constraints::kQuantities * constraints::kColumns + constraints::kWeight];
    square += square_weights[index / constraints::kQuantities];
  }
  return weight > 0 ? constraints::effective_rows(weight, square) / weight : 0;
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
                          const std::vector<double>& sums, const std::vector<double>& square_weights,
                          const std::vector<bool>& estimable) {
  if (sums.size() != table.cells.cells.size() * constraints::kColumns ||
      (!square_weights.empty() && square_weights.size() != table.cells.cells.size()))
    throw std::logic_error("evaluation: sums must be [cells * 4] and square weights [cells]");
  GapSample sample{promise, {}};
  double total = 0;
  for (std::size_t i = 0; i < promise.levels.size(); ++i) {
    const constraints::Rate& rate = table.rates[promise.rates[i]];
    GapSample::Level level;
    level.share = value_of(rate.denominator, sums);
    total += level.share;
    level.rate =
        level.share > 0 ? value_of(rate.numerator, sums) / level.share : std::numeric_limits<double>::quiet_NaN();
    level.rows = level.share * effective_share(rate.denominator, sums, square_weights);
    level.compared = estimable[i] && level.share > 0;
    sample.levels.push_back(level);
    sample.promise.rates[i] = static_cast<std::int32_t>(i);
    sample.promise.estimable[i] = level.compared;
  }
  for (GapSample::Level& level : sample.levels) level.share = total > 0 ? level.share / total : 0;
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
