#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/measurement.h"
#include "engine/training/excess.h"

namespace equipoise::training {

/// The step with which the last tenth of so many begins.
inline std::int64_t last_tenth_of(std::int64_t steps) {
  return static_cast<std::int64_t>(0.9 * static_cast<double>(steps));
}

/// Chooses among measured iterates on the selection split: the lowest loss among those that are shown to be inside,
/// that is whose upper bound of every promise is inside its tolerance, and so are those of every later iterate. While
/// there is none, the smallest largest excess of a bound over its tolerance, and among equal ones the lowest loss.
///
/// Why every later one: an iterate that is truly outside is inside by luck the more surely, the more are looked at.
/// Looked at from the last one back to the first whose bounds are outside, in an order that selection rows have no say
/// in, some iterate that is truly outside is taken for inside only if the first such one is: with no more probability than
/// one bound misses, however many there are and however they depend on each other (fixed sequence of tests: Maurer,
/// Hothorn and Lehmacher 1995; for choosing models Angelopoulos, Bates, Candes, Jordan and Lei 2021).
///
/// With `averages` one more is looked at in the end: the mean of the weights of all whose bounds were inside. It is taken
/// if its own are inside and its loss is below that of the iterate kept otherwise, or none was shown to be inside. Rates of
/// a network with mean weights are not means of rates, so it is measured like any other. Selection rows have a say in what
/// goes into it: the argument above does not cover it.
///
/// Without selection rows those that were learnt from choose, each scored by the member that did not learn from it: the
/// lowest loss among the iterates for which no multiplier is asked to rise: whose figures are inside with margins on and what
/// may be chance off. The multipliers have steered these figures, so nothing is shown by them, and what later iterates
/// did is no matter.
///
/// Where none is inside, the nearest is looked for from the step `nearest_from` on: of many bounds the smallest is so by luck. Before that the
/// newest one stands for it.
///
/// Promises that cannot be estimated are left out of the comparison.
class KeptIterate {
 public:
  /// Whose rows a measurement's selection_loss, selection_gaps and selection_bounds are of.
  enum class ChosenBy { selection_rows, rows_out_of_fold };

  explicit KeptIterate(const std::vector<constraints::Promise>& promises, bool averages = false,
                       ChosenBy chosen_by = ChosenBy::selection_rows, std::int64_t nearest_from = 0);

  /// Takes the iterate's weights (a copy) when it is better than the one that is kept.
  void offer(const evaluation::Measurement& measurement, const at::Tensor& weights);
  /// The mean of the weights of those whose bounds were inside; undefined where it is not asked for, or of fewer than two.
  at::Tensor mean() const;
  /// The mean's own measurement: it belongs to no step.
  void offer_mean(const evaluation::Measurement& measurement, const at::Tensor& weights);
  /// Takes the iterate whatever it is worth: the last one, when that is asked for.
  void take(const evaluation::Measurement& measurement, const at::Tensor& weights);

  bool has_one() const { return kept().weights.defined(); }
  const at::Tensor& weights() const { return kept().weights; }
  std::int64_t step() const { return kept().step; }  ///< 0 of the mean, which belongs to none
  /// Which iterate was kept and why, for the report.
  std::string sentence() const;
  /// Whether it is the best of what was offered, and was not taken whatever it was worth.
  bool is_chosen() const { return has_one() && !was_asked_for_; }

  /// What it holds while training goes on: the mean is looked at after that. Weights are held on `device`.
  void walk(const checkpoint::StateWalk& walk, const at::Device& device);

 private:
  struct Iterate {
    at::Tensor weights;
    std::int64_t step = 0;
    double epoch = 0, loss = 0;
    WorstExcess worst;  // of the bounds

    void walk(const checkpoint::StateWalk& walk, const at::Device& device);
  };
  Iterate measured(const evaluation::Measurement& measurement) const;
  std::string sentence_of_best() const;
  std::string sentence_out_of_fold() const;
  std::string of_all(const Iterate& kept) const;
  std::string this_one() const;
  std::string the_newest() const;
  std::string sentence_of_mean() const;
  double loss_of(const evaluation::Measurement& measurement) const;
  const Iterate& best() const { return inside_.weights.defined() ? inside_ : nearest_; }
  const Iterate& kept() const { return mean_.weights.defined() ? mean_ : best(); }

  std::vector<constraints::Promise> promises_;
  ChosenBy chosen_by_;
  std::int64_t nearest_from_;
  Iterate inside_;            // the lowest loss since a bound was last outside; out of fold of all that were inside
  Iterate nearest_;           // the smallest excess of all
  std::int64_t shown_ = 0;    // iterates since a bound was last outside; out of fold all that were inside
  std::int64_t by_luck_ = 0;  // inside, before one that was outside
  std::int64_t offered_ = 0;
  std::int64_t early_ = 0;  // of them before the nearest is looked for
  std::int64_t averaged_ = 0;
  bool was_asked_for_ = false;
  bool averages_ = false;
  at::Tensor sum_;  // of the weights of averaged_ iterates
  std::optional<Iterate> looked_at_mean_;
  Iterate mean_;  // with weights where it is kept
};

}  // namespace equipoise::training
