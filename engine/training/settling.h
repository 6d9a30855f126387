#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/measurement.h"

namespace equipoise::training {

/// The words of a config that give a run more time and a calmer end, and the one that says how far it moves at once.
struct SettlingWords {
  std::string longer = "training.epochs", calmer = "training.schedule: cosine",
              rate = "training.optimizer.learning_rate", step = "step",
              smaller = "fewer training.epochs or a smaller model";
};
/// Those of a model that learns in steps, or of one that grows by rounds.
SettlingWords settling_words(bool grows);

/// A sentence when training ended before the multipliers had done their work: over the last tenth of the measurements
/// the largest multiplier rose, and one gap on the rows that drive it never came within one and a half times its
/// tolerance. "" otherwise.
std::string unsettled(const std::vector<evaluation::Measurement>& measurements,
                      const std::vector<constraints::Promise>& promises, const SettlingWords& words = {});

/// How much one figure moves to and fro: half of what lies between its smallest and its largest value, and how often its
/// change changes sign. Values that could not be measured are passed over.
struct Swing {
  double amplitude = 0;
  std::int64_t turns = 0;
};

/// The swings of every gap and every multiplier over the last tenth of the measurements, two of them at least.
struct Swings {
  std::int64_t measures = 0;       ///< how many measurements that is; 0 where there are fewer than two
  std::vector<Swing> gaps;         ///< [promises], on the rows that drive the multipliers
  std::vector<Swing> multipliers;  ///< [J]
};
Swings last_swings(const std::vector<evaluation::Measurement>& measurements);

/// A sentence when a gap keeps its rhythm: over the last tenth of the measurements and over the tenth before it, it turned
/// twice or more and swung by more than half its tolerance (a bound: .02) to either
/// side. "" otherwise.
std::string still_swinging(const std::vector<evaluation::Measurement>& measurements,
                           const std::vector<constraints::Promise>& promises, const SettlingWords& words = {});

/// The share of right answers among the training rows, by weight, where everybody gets the more frequent of two labels; NaN of other tasks.
double accuracy_of_one_answer(const data::Dataset& dataset);

/// Whether giving everybody one answer keeps every promise (and there is one): all compare groups by rates that it makes 0 or 1 for each.
bool one_answer_keeps(const std::vector<constraints::Promise>& promises);

/// A sentence when training ended with a smaller share of right answers than `of_one_answer`, though one answer keeps every promise.
/// "" otherwise, or where that share is NaN.
std::string worse_than_one_answer(const std::vector<evaluation::Measurement>& measurements,
                                  const std::vector<constraints::Promise>& promises, double of_one_answer);

/// Which rows tell what a model has learnt by heart: those of the selection split, of a model whose training rows are those that it learnt from, or
/// beside training rows that are out of fold; or these alone.
enum class MeasuredBlind { selection_alone, selection, out_of_fold };
inline MeasuredBlind measured_blind(bool has_selection, bool has_folds) {
  if (!has_selection) return MeasuredBlind::out_of_fold;
  return has_folds ? MeasuredBlind::selection : MeasuredBlind::selection_alone;
}

/// A sentence when an earlier iterate than the kept one did better on such rows: its loss was lower by more than a fiftieth, and every upper
/// bound (out of fold every figure) no larger than the kept one's or inside the tolerance (out of fold half of it, as training aims inside); of a
/// model that is measured on the rows that it learnt from, these have lost less since. "" otherwise, where no step is kept, and where a
/// constraint is an aim.
std::string better_before(const std::vector<evaluation::Measurement>& measurements,
                          const std::vector<constraints::Promise>& promises, std::int64_t kept_step,
                          MeasuredBlind blind, const SettlingWords& words = {});

}  // namespace equipoise::training
