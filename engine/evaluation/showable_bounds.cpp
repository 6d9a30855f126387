#include "engine/evaluation/showable_bounds.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"

namespace equipoise::evaluation {
namespace {

using constraints::RowShare;

constexpr double kSlack = 1e-12;

// Models from the one with the best figure to one whose figure is the tolerance, by their figures.
struct Way {
  double best;
  std::function<AssumedRows(double figure)> rows_at;
  double good =
      std::numeric_limits<double>::infinity();  ///< what is better than asked for where halfway is no good model
};

// A bound, as its config says it: of a floor the figure is one minus the rate.
struct Words {
  const char *noun, *end, *allowed;  ///< "rate", "rate of 0", "at most"
  std::function<double(double figure)> said;
  bool is_floor;
};

class HalfwayRule {
 public:
  HalfwayRule(const Question& question, Way way, Words words)
      : question_(question), way_(std::move(way)), words_(std::move(words)) {}

  std::optional<std::string> warning() const {
    const double tolerance = question_.promise.tolerance;
    const GapSample better = sample(start());
    const std::optional<double> shown = bound_of(question_, better);
    if (!shown || *shown <= tolerance + kSlack) return std::nullopt;
    const std::string head = "'" + constraints::promise_title(question_.promise) + "' ";
    const std::string allowed =
        words_.allowed + (" " + constraints::number_text(words_.said(tolerance))) + " on this test split";
    const std::string percent = constraints::number_text(100 * question_.confidence) + " %";
    const std::string least_rows = " (" + least_known(question_, better) + ")";
    // Rounded to the side where it still holds.
    if (const double best = *bound(way_.best); best > tolerance + kSlack)
      return head + "cannot be shown to be " + allowed + ": even at a " + words_.end + words_for_spread(question_) +
             " the " + percent + " bound would be " + text(best, words_.is_floor ? Rounding::down : Rounding::up) +
             least_rows + ".";
    return head + "can be shown to be " + allowed + " only by a " + words_.noun + " of " + words_.allowed + " " +
           text(largest_figure(), words_.is_floor ? Rounding::up : Rounding::down) + least_rows + ": the " + percent +
           " bound is that far from it" + words_for_spread(question_) + ".";
  }

 private:
  GapSample sample(double figure) const { return way_.rows_at(figure).sample(question_.promise, question_.min_rows); }
  std::optional<double> bound(double figure) const { return bound_of(question_, sample(figure)); }
  std::string text(double figure, Rounding rounding) const {
    return figure_text(question_, words_.said(figure), rounding);
  }

  double start() const { return std::min((way_.best + question_.promise.tolerance) / 2, way_.good); }

  // The largest figure whose bound is still inside the tolerance: the best is.
  double largest_figure() const {
    double inside = way_.best, outside = start();
    for (int halving = 0; halving < 40; ++halving) {
      const double middle = (inside + outside) / 2;
      (*bound(middle) <= question_.promise.tolerance ? inside : outside) = middle;
    }
    return inside;
  }

  const Question& question_;
  Way way_;
  Words words_;
};

// A mean that may be below 0 has no best; without a bias it is 0, and its bound as far from it as from any other.
std::optional<std::string> warning_of_residual(const Question& question) {
  const double tolerance = question.promise.tolerance;
  const std::vector<double> rates(question.promise.rates.size(), 0);
  const GapSample sample = rows_with(question, rates).sample(question.promise, question.min_rows);
  const std::optional<double> reach = bound_of(question, sample);
  if (!reach || tolerance <= 0 || *reach <= tolerance + kSlack) return std::nullopt;
  return "'" + constraints::promise_title(question.promise) + "' can be shown to be at most " +
         constraints::number_text(tolerance) + " on this test split only by a mean residual of at most " +
         figure_text(question, tolerance - *reach, Rounding::down) + " (" + least_known(question, sample) + "): the " +
         constraints::number_text(100 * question.confidence) + " % bound is that far from it" +
         words_for_spread(question) + ".";
}

// What right scores would have that explain such a share of the variance of each group's labels.
struct LossBound {
  double explained = 0, bound = 0;
  std::string least_known;
};

std::optional<LossBound> loss_bound(const Question& question, double explained) {
  AssumedRows rows(question.table, question.counts);
  for (std::size_t level = 0; level < question.promise.rates.size(); ++level)
    rows.set_log_losses(question.rate(level), explained);
  const GapSample sample = rows.sample(question.promise, question.min_rows);
  const std::optional<double> bound = bound_of(question, sample);
  if (!bound) return std::nullopt;
  return LossBound{explained, *bound, least_known(question, sample)};
}

// A bound counts a row more of the rarer answer, which loses the more the surer scores are: where rows are few scores that explain more do
// not always show more.
std::optional<std::string> warning_of_log_loss(const Question& question) {
  const double tolerance = question.promise.tolerance;
  const std::optional<LossBound> usual = loss_bound(question, kExplained);
  if (!usual || usual->bound <= tolerance + kSlack) return std::nullopt;
  LossBound best = *usual;
  for (int percent = static_cast<int>(100 * kExplained) + 1; percent < 100; ++percent) {
    const LossBound better = *loss_bound(question, percent / 100.0);
    if (better.bound < best.bound) best = better;
    if (best.bound <= tolerance) break;
  }
  const std::string at_most = "at most " + constraints::number_text(tolerance) + " on this test split",
                    percent = constraints::number_text(100 * question.confidence) + " % bound",
                    explained = constraints::number_text(std::round(100 * best.explained)) +
                                " % of the variance of each group's labels",
                    title = "'" + constraints::promise_title(question.promise) + "' ";
  if (best.bound > tolerance)
    return title + "could hardly be shown to be " + at_most + ": right scores that explain " + explained +
           ", which would show most, have a " + percent + " of " + figure_text(question, best.bound, Rounding::up) +
           " (" + best.least_known + ").";
  return title + "can be shown to be " + at_most + " by right scores only if they explain " + explained + " (" +
         best.least_known + "): with half of it the " + percent + " would be " +
         figure_text(question, usual->bound, Rounding::up) + ".";
}

// What each cell's rows add to a sum of shares over fixed rows, by whether they are selected.
struct SumOfShares {
  std::vector<double> of_rejected, of_selected;  // [C]

  SumOfShares(const Question& question, const std::vector<double>& weight)
      : of_rejected(weight.size(), 0.0), of_selected(weight.size(), 0.0) {
    for (std::size_t term = 0; term < question.promise.weights.size(); ++term) {
      const std::vector<RowShare> shares = constraints::row_shares(question.rate(term));
      double denominator = 0;
      for (const RowShare& share : shares) denominator += share.denominator[0] * weight[share.cell];
      for (const RowShare& share : shares) {
        const double of_cell = question.promise.weights[term] * weight[share.cell] / denominator;
        of_rejected[share.cell] += share.numerator[0] * of_cell;
        of_selected[share.cell] += share.numerator[1] * of_cell;
      }
    }
  }
  bool is_better_selected(std::size_t cell) const { return of_selected[cell] < of_rejected[cell]; }
  double smallest() const {
    double sum = 0;
    for (std::size_t c = 0; c < of_selected.size(); ++c) sum += std::min(of_selected[c], of_rejected[c]);
    return sum;
  }
  double largest() const {
    double sum = 0;
    for (std::size_t c = 0; c < of_selected.size(); ++c) sum += std::max(of_selected[c], of_rejected[c]);
    return sum;
  }
};

bool is_of_fixed_rows(const Question& question) {
  return std::ranges::none_of(question.promise.rates, [&](std::int32_t rate) {
    return constraints::depends_on_decisions(constraints::rate_entry(question.table.rates[rate].kind));
  });
}

}  // namespace

std::optional<std::string> warning_of_bound(const Question& question) {
  const constraints::FormEntry& form = constraints::form_entry(question.promise.form);
  if (!std::isfinite(question.promise.tolerance)) return std::nullopt;
  if (are_all(question, Spread::numbers))
    return question.promise.rate == "residual" ? warning_of_residual(question) : std::nullopt;
  const auto rate_of = [&](double figure) { return (figure - form.offset) / form.sign; };
  Way way{0, [&](double figure) {
            return rows_with(question, std::vector<double>(question.promise.rates.size(), rate_of(figure)));
          }};
  const bool is_floor = form.sign < 0, is_loss = are_all(question, Spread::losses);
  if (is_loss && question.table.cells.task != data::Task::regression) return warning_of_log_loss(question);
  if (is_loss) way.good = rates_to_try(question, question.rate(0)).front();
  const Words words{is_loss                              ? "mean loss"
                    : are_all(question, Spread::squares) ? "mean squared error"
                                                         : "rate",
                    is_loss    ? "mean loss of 0"
                    : is_floor ? "rate of 1"
                               : "rate of 0",
                    is_floor ? "at least" : "at most", rate_of, is_floor};
  return HalfwayRule(question, way, words).warning();
}

std::optional<std::string> warning_of_sum(const Question& question) {
  if (!are_all(question, Spread::decisions) || !is_of_fixed_rows(question)) return std::nullopt;
  const SumOfShares sum(question, question.counts.weight[static_cast<int>(data::Split::test)]);
  const double smallest = sum.smallest(), room = sum.largest() - smallest;
  if (!(room > 0) || question.promise.tolerance >= smallest + room) return std::nullopt;
  // Every cell has the same share of decisions that are not the best.
  const Way way{smallest, [&](double figure) {
                  AssumedRows rows(question.table, question.counts);
                  const double others = std::clamp((figure - smallest) / room, 0.0, 1.0);
                  for (std::int32_t c = 0; c < question.table.cells.count(); ++c)
                    rows.select(c, sum.is_better_selected(static_cast<std::size_t>(c)) ? 1 - others : others);
                  return rows;
                }};
  const std::string end =
      "sum of " + constraints::number_text(std::round(smallest * 1e4) / 1e4) + ", the smallest there is,";
  const Words words{"sum", end.c_str(), "at most", [](double figure) { return figure; }, false};
  return HalfwayRule(question, way, words).warning();
}

}  // namespace equipoise::evaluation
