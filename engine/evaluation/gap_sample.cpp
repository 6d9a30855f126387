#include "engine/evaluation/gap_sample.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <stdexcept>
#include <tuple>

#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/evaluation/limits.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {
namespace {

using constraints::kColumns;
using constraints::RowShare;
using Level = GapSample::Level;

// A sum that does not hang on the order of its terms, which is that of cells and so of groups' codes.
class OrderlessSum {
 public:
  void add(double term) { terms_.push_back(term); }
  double value() const {
    std::vector<double> ascending = terms_;
    std::ranges::sort(ascending);
    return std::accumulate(ascending.begin(), ascending.end(), 0.0);
  }

 private:
  std::vector<double> terms_;
};

double value_of(const constraints::LinearForm& form, const std::vector<double>& sums) {
  OrderlessSum sum;
  for (const auto& term : form) sum.add(constraints::value_of({term}, sums, constraints::Reading::exact));
  return sum.value();
}

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

void measure_share(const constraints::Rate& rate, const std::vector<double>& sums, const SquareWeights& squares,
                   Level& level) {
  const double denominator = level.share, value = level.rate;
  const std::vector<RowShare> shares = constraints::row_shares(rate);
  level.rows = level.shown_rows = denominator;
  if (is_count(shares, squares)) return;
  double most_hits = 1;
  OrderlessSum weight, square, scatters;
  for (const RowShare& share : shares) {
    for (const int decision : {0, 1}) {
      const Rows rows = rows_of(share.cell, decision, sums, squares);
      const double distance = share.numerator[decision] - value * share.denominator[decision];
      scatters.add(rows.square * distance * distance);
      most_hits = std::max(most_hits, share.numerator[decision]);
      if (share.denominator[decision] == 0) continue;
      weight.add(rows.weight);
      square.add(rows.square);
    }
  }
  const double kish = constraints::effective_rows(weight.value(), square.value()), scatter = scatters.value();
  // At 0 and 1 the variance shows nothing. A first hit would be a larger share where it counts twice.
  level.rows = level.shown_rows = value > 0 ? kish : kish / most_hits;
  if (!(value > 0 && value < 1 && scatter > 0)) return;
  const double of_variance = value * (1 - value) * denominator * denominator / scatter;
  level.rows = std::min(kish, of_variance);
  level.shown_rows = squares.all.empty() ? of_variance : level.rows;
}

// Losses of the rows of one label.
struct LabelLosses {
  OrderlessSum weights, losses, squares, loss_squares;  // of s, s loss, s^2, s^2 loss^2

  void add(double weight, double loss, double square, double loss_square) {
    weights.add(weight);
    losses.add(loss);
    squares.add(square);
    loss_squares.add(loss_square);
  }
  double mean() const { return losses.value() / weights.value(); }
  double variance() const { return std::max(0.0, loss_squares.value() / squares.value() - mean() * mean()); }
};

// The loss that one more row of the rarer label would have: the mean of those that were seen, and no less than what a row
// of the other label's mean loss would have lost with this one, that is -log(1 - exp(-loss)).
double loss_of_rarer(const LabelLosses& rarer, const LabelLosses& other) {
  const double turned = -std::log(std::max(kSurest, -std::expm1(-other.mean())));
  return rarer.weights.value() > 0 ? std::max(rarer.mean(), turned) : turned;
}

// Third central moment times the rows' weight, each label's losses taken for gamma distributed.
double third_moment(const LabelLosses& label, double mean) {
  if (label.weights.value() <= 0 || label.mean() <= 0) return 0;
  const double distance = label.mean() - mean, variance = label.variance();
  return label.weights.value() *
         (distance * distance * distance + 3 * distance * variance + 2 * variance * variance / label.mean());
}

// Of a mean of a cell's rows: their weights, and how far they are from it.
struct MeanRows {
  OrderlessSum weights, squares, scatter;

  MeanRows(const constraints::Rate& rate, const std::vector<double>& sums, const SquareWeights& of, double mean) {
    if (of.loss_square.empty()) throw std::logic_error("evaluation: means are constrained, and were not summed");
    for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
      const double weight = sums[static_cast<std::size_t>(cell) * kColumns + constraints::kWeight];
      const double square = of.all.empty() ? weight : of.all[cell];
      weights.add(weight);
      squares.add(square);
      scatter.add(of.loss_square[cell] - 2 * mean * of.loss[cell] + mean * mean * square);
    }
  }
  double weight_of_row() const { return squares.value() / weights.value(); }
  // So many rows more, so far from the mean, of the weight that a row here has or of another.
  void add(double rows, double distance) { add(rows, distance, weight_of_row()); }
  void add(double rows, double distance, double of_row) { scatter.add(rows * of_row * distance * of_row * distance); }
};

// Effective rows, and the standard deviation of one of them.
void set_deviation(const MeanRows& rows, Level& level) {
  const double weight = rows.weights.value();
  level.rows = constraints::effective_rows(weight, rows.squares.value());
  const double unbiased = level.rows > 1 ? level.rows / (level.rows - 1) : 1;
  level.deviation = std::sqrt(std::max(0.0, rows.scatter.value()) * unbiased * level.rows) / weight;
}

// Of a mean loss. The rarer label counts as having one row more than was seen: where it has few or none, the losses that
// were seen do not vary as those of all people do.
void measure_mean(const constraints::ConstraintTable& table, const constraints::Rate& rate,
                  const std::vector<double>& sums, const SquareWeights& squares, Level& level) {
  MeanRows rows(rate, sums, squares, level.rate);
  LabelLosses labels[2];
  for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
    const double* of_cell = &sums[static_cast<std::size_t>(cell) * kColumns];
    const double weight = of_cell[constraints::kWeight];
    labels[table.cells.cells[cell].label].add(weight, of_cell[constraints::kLoss],
                                              squares.all.empty() ? weight : squares.all[cell],
                                              squares.loss_square[cell]);
  }
  const int rarer = labels[1].weights.value() <= labels[0].weights.value() ? 1 : 0;
  const double distance = loss_of_rarer(labels[rarer], labels[1 - rarer]) - level.rate;
  rows.add(1, distance);
  set_deviation(rows, level);
  if (level.deviation <= 0 || level.rate <= 0) return;
  const double third = (third_moment(labels[0], level.rate) + third_moment(labels[1], level.rate) +
                        rows.weight_of_row() * distance * distance * distance) /
                       rows.weights.value();
  // Of hardly any losses the row more is most of the deviation, and the mean next to nothing. No n numbers are more skewed than about
  // sqrt(n), as one that differs from all others is (Wilkins 1944).
  level.skewness =
      std::min(std::max(third / std::pow(level.deviation, 3), 2 * level.deviation / level.rate), std::sqrt(level.rows));
}

// Of scores less labels, of rows whose scores are alike: what varies is the label, as in a share. The rarer one counts as having
// half a row of its weight more than was seen, by which shares are taken off 0 and 1 too; the skewness is that of labels with their weights.
void measure_score_error(const constraints::ConstraintTable& table, const constraints::Rate& rate,
                         const std::vector<double>& sums, const SquareWeights& squares, Level& level) {
  constexpr double kHalf = 0.5;
  MeanRows rows(rate, sums, squares, level.rate);
  OrderlessSum of_label[2], squares_of_label[2];
  for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
    const double weight = sums[static_cast<std::size_t>(cell) * kColumns + constraints::kWeight];
    of_label[table.cells.cells[cell].label].add(weight);
    squares_of_label[table.cells.cells[cell].label].add(squares.all.empty() ? weight : squares.all[cell]);
  }
  const double weight = rows.weights.value(), positive = of_label[1].value() / weight;
  const int rarer = positive <= 0.5 ? 1 : 0;
  // Weights may differ between labels, as where one of them was sampled more often.
  const auto weight_of = [&](int label) {
    return of_label[label].value() > 0 ? squares_of_label[label].value() / of_label[label].value()
                                       : rows.weight_of_row();
  };
  rows.add(kHalf, positive - rarer, weight_of(rarer));
  set_deviation(rows, level);
  if (level.deviation <= 0) return;
  const double of_row = rows.weight_of_row();
  const auto third_of = [&](int label, double weights) {
    const double relative = weight_of(label) / of_row;
    return weights * relative * relative * std::pow(positive - label, 3);
  };
  const double third = (third_of(0, of_label[0].value()) + third_of(1, of_label[1].value()) +
                        third_of(rarer, kHalf * weight_of(rarer))) /
                       weight;
  level.skewness = third / std::pow(level.deviation, 3);
}

// Of a figure of predicted numbers. Squares and losses, which are never negative, are taken for gamma distributed, as squares
// of normal numbers are.
void measure_figure(const constraints::Rate& rate, const std::vector<double>& sums, const SquareWeights& squares,
                    Level& level) {
  set_deviation(MeanRows(rate, sums, squares, level.rate), level);
  const bool is_never_negative = rate.kind == "loss" || rate.kind == "squared_error";
  if (is_never_negative && level.rate > 0) level.skewness = 2 * level.deviation / level.rate;
}

void measure_spread(const constraints::ConstraintTable& table, const constraints::Rate& rate,
                    const std::vector<double>& sums, const SquareWeights& squares, Level& level) {
  if (constraints::is_by_score(rate)) return measure_score_error(table, rate, sums, squares, level);
  // Of several classes all rows are in cells of label 1: the rarer label is one that no row has, as if one more had answered otherwise.
  const bool is_figure =
      table.cells.task == data::Task::regression || (table.cells.task == data::Task::classes && rate.kind != "loss");
  is_figure ? measure_figure(rate, sums, squares, level) : measure_mean(table, rate, sums, squares, level);
}

// Terms of a sum may be about the same people.
void find_clusters(const constraints::ConstraintTable& table, const constraints::Promise& promise, GapSample& sample) {
  for (std::size_t i = 0; i < sample.levels.size(); ++i) {
    sample.levels[i].cluster = i;
    if (promise.weights.empty()) continue;
    const std::vector<std::int32_t> cells = constraints::cells_of(table.rates[promise.rates[i]].denominator);
    for (std::size_t j = 0; j < i; ++j) {
      const std::vector<std::int32_t> others = constraints::cells_of(table.rates[promise.rates[j]].denominator);
      // Cells of one combination of groups may have the same rows in several outcomes.
      const std::int32_t block = !table.cells.has_outcomes() ? 1 : 2 * table.cells.outcomes();
      const bool share_rows = std::ranges::any_of(cells, [&](std::int32_t cell) {
        return std::ranges::any_of(others, [&](std::int32_t other) { return cell / block == other / block; });
      });
      if (!share_rows) continue;
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
  const GapSample ordered = in_canonical_order(*this);
  std::vector<double> in_order;
  for (const Level& level : ordered.levels) in_order.push_back(level.rate);
  in_order.push_back(0);
  set_overall_rate(ordered, in_order);
  values.push_back(in_order.back());
  return values;
}

GapSample in_canonical_order(const GapSample& sample) {
  const constraints::Promise& promise = sample.promise;
  if (!promise.weights.empty()) return sample;
  const auto key = [&](std::size_t i) {
    const Level& level = sample.levels[i];
    const bool is_reference = static_cast<std::int32_t>(i) == promise.reference_level;
    return std::tuple(level.rows, level.shown_rows, level.rows > 0 ? level.rate : 0, level.share, level.deviation,
                      level.compared, is_reference);
  };
  std::vector<std::size_t> order(sample.levels.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  GapSample ordered{promise, {}};
  std::map<std::size_t, std::size_t> clusters;  // by first appearance
  for (std::size_t place = 0; place < order.size(); ++place) {
    const std::size_t level = order[place];
    ordered.levels.push_back(sample.levels[level]);
    ordered.levels.back().cluster = clusters.try_emplace(sample.levels[level].cluster, clusters.size()).first->second;
    ordered.promise.levels[place] = promise.levels[level];
    ordered.promise.estimable[place] = promise.estimable[level];
    if (static_cast<std::int32_t>(level) == promise.reference_level)
      ordered.promise.reference_level = static_cast<std::int32_t>(place);
  }
  return ordered;
}

GapSample make_gap_sample(const constraints::ConstraintTable& table, const constraints::Promise& promise,
                          const std::vector<double>& sums, const SquareWeights& squares,
                          const std::vector<bool>& estimable) {
  check_sizes(table, sums, squares);
  GapSample sample{promise, {}};
  OrderlessSum everyone;
  for (std::size_t i = 0; i < promise.levels.size(); ++i) {
    const constraints::Rate& rate = table.rates[promise.rates[i]];
    Level level;
    level.family = constraints::rate_entry(rate.kind).family;
    level.share = value_of(rate.denominator, sums);
    everyone.add(level.share);
    level.rate =
        level.share > 0 ? value_of(rate.numerator, sums) / level.share : std::numeric_limits<double>::quiet_NaN();
    if (level.share > 0 && level.family == constraints::RateFamily::mean)
      measure_spread(table, rate, sums, squares, level);
    else if (level.share > 0)
      measure_share(rate, sums, squares, level);
    level.compared = estimable[i] && level.share > 0;
    sample.levels.push_back(level);
    sample.promise.rates[i] = static_cast<std::int32_t>(i);
    sample.promise.estimable[i] = level.compared;
  }
  const double all = everyone.value();
  for (Level& level : sample.levels) level.share = all > 0 ? level.share / all : 0;
  if (promise.overall_rate >= 0) sample.promise.overall_rate = static_cast<std::int32_t>(promise.levels.size());
  find_clusters(table, promise, sample);
  return sample;
}

double deviation_of_mean(const constraints::ConstraintTable& table, const constraints::Rate& rate,
                         const std::vector<double>& sums, const SquareWeights& squares) {
  const double weight = value_of(rate.denominator, sums);
  const bool is_mean = constraints::rate_entry(rate.kind).family == constraints::RateFamily::mean;
  if (!is_mean || squares.loss_square.empty() || !(weight > 0)) return std::numeric_limits<double>::quiet_NaN();
  Level level;
  level.rate = value_of(rate.numerator, sums) / weight;
  measure_spread(table, rate, sums, squares, level);
  return level.deviation;
}

Interval limits_of(const GapSample::Level& level, double tail) {
  if (level.family == constraints::RateFamily::share) return exact_limits(level.rate, level.rows, tail);
  return skewed_limits(level.rate, level.deviation, level.skewness, level.rows, tail);
}

Interval shown_limits_of(const GapSample::Level& level, double tail) {
  if (level.family == constraints::RateFamily::share) return wilson(level.rate, level.shown_rows, 1 - 2 * tail);
  return gamma_limits(level.rate, level.deviation, level.skewness, level.rows, tail);
}

void set_overall_rate(const GapSample& sample, std::vector<double>& rates) {
  double overall = 0;
  for (std::size_t i = 0; i < sample.levels.size(); ++i)
    if (sample.levels[i].share > 0) overall += sample.levels[i].share * rates[i];
  rates[sample.levels.size()] = overall;
}

}  // namespace equipoise::evaluation
