#include "engine/evaluation/gap_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/evaluation/limits.h"

namespace equipoise::evaluation {
namespace {

using constraints::kColumns;
using constraints::RowShare;
using Level = GapSample::Level;

// Weights of the rows of one cell with one decision.
struct Rows {
  double weight = 0, square = 0;
};

Rows rows_of(std::int32_t cell, int decision, const std::vector<double>& sums, const SquareWeights& squares) {
  const double* of_cell = &sums[static_cast<std::size_t>(cell) * kColumns];
  const double selected = of_cell[constraints::kHard], all = of_cell[constraints::kWeight];
  const double weight = decision == 1 ? selected : all - selected;
  if (squares.all.empty()) return {weight, weight};
  const double square_selected = squares.selected[cell];
  return {weight, decision == 1 ? square_selected : squares.all[cell] - square_selected};
}

// Whether rows of weight 1 are counted one by one: then the binomial is exact.
bool is_count(const std::vector<RowShare>& shares, const SquareWeights& squares) {
  const auto is_part = [](double numerator, double denominator) {
    return (numerator == 0 || numerator == 1) && (denominator == 0 || denominator == 1) && numerator <= denominator;
  };
  return squares.all.empty() && std::ranges::all_of(shares, [&](const RowShare& share) {
           return is_part(share.numerator[0], share.denominator[0]) &&
                  is_part(share.numerator[1], share.denominator[1]);
         });
}

double rows_of_share(const constraints::Rate& rate, double denominator, double value, const std::vector<double>& sums,
                     const SquareWeights& squares) {
  const std::vector<RowShare> shares = constraints::row_shares(rate);
  if (is_count(shares, squares)) return denominator;
  double weight = 0, square = 0, scatter = 0;
  for (const RowShare& share : shares) {
    for (const int decision : {0, 1}) {
      const Rows rows = rows_of(share.cell, decision, sums, squares);
      const double distance = share.numerator[decision] - value * share.denominator[decision];
      scatter += rows.square * distance * distance;
      if (share.denominator[decision] == 0) continue;
      weight += rows.weight;
      square += rows.square;
    }
  }
  const double kish = constraints::effective_rows(weight, square);
  if (!(value > 0 && value < 1 && scatter > 0)) return kish;  // at 0 and 1 the variance shows nothing
  return std::min(kish, value * (1 - value) * denominator * denominator / scatter);
}

// Of a mean loss: effective rows, and the standard deviation of one.
void measure_mean(const constraints::Rate& rate, const std::vector<double>& sums, const SquareWeights& squares,
                  Level& level) {
  if (squares.loss_square.empty()) throw std::logic_error("evaluation: losses are constrained, and were not summed");
  double weight = 0, square = 0, scatter = 0;
  for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
    const double of_cell = sums[static_cast<std::size_t>(cell) * kColumns + constraints::kWeight];
    const double square_of_cell = squares.all.empty() ? of_cell : squares.all[cell];
    weight += of_cell;
    square += square_of_cell;
    scatter +=
        squares.loss_square[cell] - 2 * level.rate * squares.loss[cell] + level.rate * level.rate * square_of_cell;
  }
  level.rows = constraints::effective_rows(weight, square);
  const double unbiased = level.rows > 1 ? level.rows / (level.rows - 1) : 1;
  level.deviation = std::sqrt(std::max(0.0, scatter) * unbiased * level.rows) / weight;
}

// Terms of a sum may be about the same people.
void find_clusters(const constraints::ConstraintTable& table, const constraints::Promise& promise, GapSample& sample) {
  for (std::size_t i = 0; i < sample.levels.size(); ++i) {
    sample.levels[i].cluster = i;
    if (promise.weights.empty()) continue;
    const std::vector<std::int32_t> cells = constraints::cells_of(table.rates[promise.rates[i]].denominator);
    for (std::size_t j = 0; j < i; ++j) {
      const std::vector<std::int32_t> others = constraints::cells_of(table.rates[promise.rates[j]].denominator);
      if (std::ranges::find_first_of(cells, others) == cells.end()) continue;
      const std::size_t joined = sample.levels[j].cluster, left = sample.levels[i].cluster;
      for (std::size_t k = 0; k <= i; ++k)
        if (sample.levels[k].cluster == left) sample.levels[k].cluster = joined;
    }
  }
}

void check_sizes(const constraints::ConstraintTable& table, const std::vector<double>& sums,
                 const SquareWeights& squares) {
  const std::size_t cells = table.cells.cells.size();
  const auto fits = [&](const std::vector<double>& of_cell) { return of_cell.empty() || of_cell.size() == cells; };
  if (sums.size() == cells * kColumns && fits(squares.all) && fits(squares.loss) && fits(squares.loss_square) &&
      squares.selected.size() == squares.all.size() && squares.loss.size() == squares.loss_square.size())
    return;
  throw std::logic_error("evaluation: sums must be [cells * 4] and square weights [cells]");
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
  check_sizes(table, sums, squares);
  GapSample sample{promise, {}};
  double everyone = 0;
  for (std::size_t i = 0; i < promise.levels.size(); ++i) {
    const constraints::Rate& rate = table.rates[promise.rates[i]];
    Level level;
    level.family = constraints::rate_entry(rate.kind).family;
    level.share = constraints::value_of(rate.denominator, sums, constraints::Reading::exact);
    everyone += level.share;
    level.rate = level.share > 0
                     ? constraints::value_of(rate.numerator, sums, constraints::Reading::exact) / level.share
                     : std::numeric_limits<double>::quiet_NaN();
    if (level.share > 0 && level.family == constraints::RateFamily::mean)
      measure_mean(rate, sums, squares, level);
    else
      level.rows = level.share > 0 ? rows_of_share(rate, level.share, level.rate, sums, squares) : 0;
    level.compared = estimable[i] && level.share > 0;
    sample.levels.push_back(level);
    sample.promise.rates[i] = static_cast<std::int32_t>(i);
    sample.promise.estimable[i] = level.compared;
  }
  for (Level& level : sample.levels) level.share = everyone > 0 ? level.share / everyone : 0;
  if (promise.overall_rate >= 0) sample.promise.overall_rate = static_cast<std::int32_t>(promise.levels.size());
  find_clusters(table, promise, sample);
  return sample;
}

Interval limits_of(const GapSample::Level& level, double tail) {
  if (level.family == constraints::RateFamily::share) return exact_limits(level.rate, level.rows, tail);
  return student_limits(level.rate, level.deviation, level.rows, tail);
}

void set_overall_rate(const GapSample& sample, std::vector<double>& rates) {
  double overall = 0;
  for (std::size_t i = 0; i < sample.levels.size(); ++i)
    if (sample.levels[i].share > 0) overall += sample.levels[i].share * rates[i];
  rates[sample.levels.size()] = overall;
}

}  // namespace equipoise::evaluation
