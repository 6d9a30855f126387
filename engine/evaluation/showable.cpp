#include "engine/evaluation/showable.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/evaluation/gap_bounds.h"
#include "engine/evaluation/gap_sample.h"

namespace equipoise::evaluation {
namespace {

using constraints::Comparison;
using constraints::ConstraintTable;
using constraints::FormEntry;
using constraints::Promise;
using constraints::RowCounts;
using constraints::RowShare;

constexpr int kTrain = static_cast<int>(data::Split::train), kTest = static_cast<int>(data::Split::test);
constexpr double kSlack = 1e-12;

// By what decisions are held against: the rows' labels, or stored decisions.
using BySide = std::array<double, 2>;

// N - r D and D of a rate, as constant + of_selected . (weight of selected rows by side).
struct Line {
  double constant = 0;
  BySide of_selected = {0, 0};
  double at(const BySide& selected) const {
    return constant + of_selected[0] * selected[0] + of_selected[1] * selected[1];
  }
};

struct RateLines {
  Line miss, denominator;
  BySide weight = {0, 0};
};

RateLines lines_of(double rate, const std::vector<RowShare>& shares, const std::vector<int>& sides,
                   const std::vector<double>& weight) {
  RateLines lines;
  for (const RowShare& share : shares) {
    const int side = sides[static_cast<std::size_t>(share.cell)];
    const double of_cell = weight[share.cell];
    lines.weight[side] += of_cell;
    const double rejected = share.numerator[0] - rate * share.denominator[0];
    const double selected = share.numerator[1] - rate * share.denominator[1];
    lines.miss.constant += rejected * of_cell;
    lines.miss.of_selected[side] = selected - rejected;
    lines.denominator.constant += share.denominator[0] * of_cell;
    lines.denominator.of_selected[side] = share.denominator[1] - share.denominator[0];
  }
  return lines;
}

// The decisions with N = r D where that line leaves what the two sides' weights allow: two points, or the same twice.
std::vector<BySide> ends_of(const RateLines& lines) {
  std::vector<BySide> ends;
  for (const int fixed : {0, 1}) {
    const int other = 1 - fixed;
    if (lines.miss.of_selected[other] == 0) continue;
    for (const double at : {0.0, lines.weight[fixed]}) {
      BySide selected;
      selected[fixed] = at;
      selected[other] = -(lines.miss.constant + lines.miss.of_selected[fixed] * at) / lines.miss.of_selected[other];
      const double room = kSlack * lines.weight[other];
      if (selected[other] >= -room && selected[other] <= lines.weight[other] + room) ends.push_back(selected);
    }
  }
  return ends;
}

// The shares of each side's rows to select so that the rate is as wanted on as many rows as it can be; where all such
// decisions have as many, those in the middle.
BySide selected_shares(const RateLines& lines) {
  double most = 0;
  const std::vector<BySide> ends = ends_of(lines);
  for (const BySide& end : ends) most = std::max(most, lines.denominator.at(end));
  BySide mean = {0, 0};
  int best = 0;
  for (const BySide& end : ends) {
    if (lines.denominator.at(end) < most * (1 - 1e-9)) continue;
    ++best;
    for (const int side : {0, 1}) mean[side] += end[side];
  }
  for (const int side : {0, 1})
    mean[side] = best > 0 && lines.weight[side] > 0 ? std::clamp(mean[side] / best / lines.weight[side], 0.0, 1.0) : 0;
  return mean;
}

// What measuring the test rows would have counted, had a level the rate.
struct Totals {
  std::vector<double> sums;
  SquareWeights squares;
};

Totals totals_at(double rate, const ConstraintTable& table, const Promise& promise, const RowCounts& counts) {
  const std::vector<double>&weight = counts.weight[kTest], &square = counts.square_weight[kTest];
  Totals totals{std::vector<double>(weight.size() * constraints::kColumns, 0.0), {}};
  const bool is_weighted = weight != square || !std::ranges::equal(weight, counts.rows_of_cell[kTest]);
  if (is_weighted) totals.squares.all = square;
  if (is_weighted) totals.squares.selected.assign(square.size(), 0.0);
  for (const std::int32_t index : promise.rates) {
    const std::vector<RowShare> shares = constraints::row_shares(table.rates[index]);
    const std::vector<int> sides =
        constraints::sides_of_cells(constraints::rate_entry(table.rates[index].kind), table.cells);
    const BySide selected = selected_shares(lines_of(rate, shares, sides, weight));
    for (const RowShare& share : shares) {
      const double part = selected[static_cast<std::size_t>(sides[static_cast<std::size_t>(share.cell)])];
      double* of_cell = &totals.sums[static_cast<std::size_t>(share.cell) * constraints::kColumns];
      of_cell[constraints::kWeight] = weight[share.cell];
      of_cell[constraints::kHard] = part * weight[share.cell];
      if (is_weighted) totals.squares.selected[share.cell] = part * square[share.cell];
    }
  }
  return totals;
}

bool is_about_levels_of_shares(const Promise& promise) {
  return constraints::form_entry(promise.form).comparison != Comparison::sum &&
         constraints::rate_entry(promise.rate).family == constraints::RateFamily::share;
}

std::string decimals_text(double value, double (*rounded)(double)) {
  const int decimals = value < 0.1 || value > 0.9 ? 4 : 3;
  const double scale = std::pow(10, decimals), near = value * scale;
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", decimals,
                (std::abs(near - std::round(near)) < 1e-6 ? std::round(near) : rounded(near)) / scale);
  return text;
}
double up(double value) {
  return std::ceil(value);
}
double down(double value) {
  return std::floor(value);
}

// One promise, the test rows, and how it would be measured there.
class Question {
 public:
  Question(const ConstraintTable& table, const Promise& promise, const RowCounts& counts, std::int64_t min_rows,
           double confidence)
      : table_(table), promise_(promise), counts_(counts), min_rows_(min_rows), confidence_(confidence) {}

  std::optional<double> bound(double rate) const {
    return bound_at(rate, table_, promise_, counts_, min_rows_, confidence_);
  }

  Outlook outlook() const {
    if (!is_about_levels_of_shares(promise_)) return {};
    if (form().comparison == Comparison::alone) return {std::nullopt, warning_of_bound()};
    const std::optional<Shown> best = best_parity();
    if (!best) return {};
    return {best->bound, best->bound <= promise_.tolerance + kSlack ? std::nullopt : std::optional(warning_of(*best))};
  }

 private:
  const FormEntry& form() const { return constraints::form_entry(promise_.form); }

  double base_rate() const {
    double weight[2] = {0, 0};
    const data::Cells& cells = table_.cells;
    std::vector<constraints::Condition> outcome;  // whose selection rate it is
    for (const constraints::Condition& condition : promise_.within)
      if (cells.has_outcomes() && condition.grouping == cells.groupings.back()) outcome = {condition};
    for (const std::int32_t c : constraints::cells_of(constraints::weight_of(cells, outcome)))
      weight[cells.cells[c].label] += counts_.weight[kTrain][c];
    return weight[1] / (weight[0] + weight[1]);
  }

  // A bound, and the rate of every level that has it.
  struct Shown {
    double bound = 0, rate = 0;
  };

  bool is_selection() const { return promise_.rate == "selection_rate"; }

  // What every group's rate could be, the first before others that show no more: no model that is any good errs on nearly everybody.
  std::vector<double> rates_to_try() const {
    if (is_selection()) return {base_rate()};
    const bool counts_errors =
        promise_.rate == "error" || promise_.rate == "fpr" || promise_.rate == "fnr" || promise_.rate == "for";
    return counts_errors ? std::vector<double>{0.05} : std::vector<double>{0.95, 0.05};
  }

  std::optional<Shown> best_parity() const {
    constexpr double kSame = 1e-9;  // of a gap .05 and .95 show as much but for rounding
    std::optional<Shown> best;
    for (const double rate : rates_to_try()) {
      const std::optional<double> bound_there = bound(rate);
      if (!bound_there) return std::nullopt;
      if (!best || *bound_there < best->bound - kSame) best = {*bound_there, rate};
    }
    return best;
  }

  std::string warning_of(const Shown& best) const {
    const std::string shown = decimals_text(best.bound, up);
    return std::string("'") + constraints::promise_title(promise_) + "' cannot be shown to be inside " +
           constraints::number_text(promise_.tolerance) +
           " on this test split: even if all groups' rates were exactly "
           "equal, at " +
           (is_selection() ? decimals_text(best.rate, std::round) + ", the training rows' base rate"
                           : constraints::number_text(best.rate)) +
           ", the " + percent() + " bound would be " + shown + " (" + smallest_level() +
           "). The smallest tolerance that these data could show is " + shown + ".";
  }

  // The rate that has the figure.
  double rate_of(double figure) const { return (figure - form().offset) / form().sign; }

  std::optional<std::string> warning_of_bound() const {
    const double tolerance = promise_.tolerance;
    const std::optional<double> halfway = bound(rate_of(tolerance / 2));
    if (!halfway || *halfway <= tolerance + kSlack) return std::nullopt;
    const bool is_floor = form().sign < 0;
    const std::string head = std::string("'") + constraints::promise_title(promise_) + "' ",
                      allowed = std::string(is_floor ? "at least " : "at most ") +
                                constraints::number_text(rate_of(tolerance)) + " on this test split";
    const std::string end = is_floor ? "1" : "0";
    if (const double best = *bound(rate_of(0)); best > tolerance + kSlack)
      return head + "cannot be shown to be " + allowed + ": even at a rate of " + end + " the " + percent() +
             " bound would be " + decimals_text(rate_of(best), is_floor ? down : up) + " (" + smallest_level() + ").";
    return head + "can be shown to be " + allowed + " only by a rate of " + (is_floor ? "at least " : "at most ") +
           decimals_text(rate_of(largest_figure()), is_floor ? up : down) + " (" + smallest_level() + "): the " +
           percent() + " bound is that far from it.";
  }

  // The largest figure whose bound is still inside the tolerance: 0 is.
  double largest_figure() const {
    double inside = 0, outside = promise_.tolerance / 2;
    for (int halving = 0; halving < 40; ++halving) {
      const double middle = (inside + outside) / 2;
      (*bound(rate_of(middle)) <= promise_.tolerance ? inside : outside) = middle;
    }
    return inside;
  }

  std::string percent() const { return constraints::number_text(100 * confidence_) + " %"; }

  // "race=Other has 40 rows": of those that are compared the one whose rate is known least.
  std::string smallest_level() const {
    const constraints::Rate* smallest = nullptr;
    double fewest = 0;
    for (const std::int32_t index : promise_.rates) {
      const constraints::Rate& rate = table_.rates[index];
      const double rows = constraints::effective_rows_in(rate.denominator, counts_, kTest);
      if (rows < static_cast<double>(min_rows_) || (smallest && rows >= fewest)) continue;
      smallest = &rate;
      fewest = rows;
    }
    const std::int64_t rows = constraints::rows_in(smallest->denominator, counts_.rows_of_cell[kTest]);
    char worth[32] = "";
    if (std::abs(fewest - static_cast<double>(rows)) > 0.05)
      std::snprintf(worth, sizeof worth, ", by weight worth %.1f", fewest);
    return constraints::who(smallest->where) + " has " + std::to_string(rows) + " rows" + worth;
  }

  const ConstraintTable& table_;
  const Promise& promise_;
  const RowCounts& counts_;
  std::int64_t min_rows_;
  double confidence_;
};

}  // namespace

std::optional<double> bound_at(double rate, const ConstraintTable& table, const Promise& promise,
                               const RowCounts& counts, std::int64_t min_rows, double confidence) {
  if (!is_about_levels_of_shares(promise)) return std::nullopt;
  const Totals totals = totals_at(rate, table, promise, counts);
  std::vector<bool> enough;
  for (const std::int32_t index : promise.rates)
    enough.push_back(constraints::effective_rows_in(table.rates[index].denominator, counts, kTest) >=
                     static_cast<double>(min_rows));
  const GapSample sample = make_gap_sample(table, promise, totals.sums, totals.squares, enough);
  if (!sample.comparable()) return std::nullopt;
  return upper_gap_bound(sample, 1 - confidence);
}

std::vector<Outlook> outlooks(const ConstraintTable& table, const RowCounts& counts, std::int64_t min_rows,
                              const EvaluationParams& params) {
  std::vector<Outlook> found;
  for (const Promise& promise : table.promises)
    found.push_back(counts.used(kTest) ? Question(table, promise, counts, min_rows, params.confidence).outlook()
                                       : Outlook());
  return found;
}

std::vector<std::string> unshowable_promises(const ConstraintTable& table, const RowCounts& counts,
                                             std::int64_t min_rows, const EvaluationParams& params) {
  std::vector<std::string> warnings;
  for (const Outlook& outlook : outlooks(table, counts, min_rows, params))
    if (outlook.warning) warnings.push_back(*outlook.warning);
  return warnings;
}

}  // namespace equipoise::evaluation
