#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/sweep/results.h"

namespace equipoise::sweep {

/// The split by which runs are chosen: one that judges no run. Selection rows, else the holdout, else those of training; nothing
/// where no finished run was measured on any of them.
std::optional<data::Split> choosing_split(const SweepResults& results);

/// Whether `one` is surely better by its accuracy or error.
bool is_better(const SweepResults& results, double one, double other);

/// The finished runs of which no other has, on that split, a gap of the constraint at most as large and a quality at least as good,
/// and one of them better; by ascending gap. Of equals the first.
std::vector<std::size_t> non_dominated(const SweepResults& results, std::size_t constraint, data::Split split);

/// The tolerances that runs have for a constraint, ascending.
std::vector<double> tolerances_of(const SweepResults& results, std::size_t constraint);

/// Which run is best where a tolerance must be kept.
struct Choice {
  std::optional<std::size_t> constraint;  ///< nothing: all constraints at once, each run by its own tolerances
  std::optional<double> tolerance;        ///< nothing: the same
  std::size_t candidates = 0;             ///< finished runs with the figure
  std::size_t feasible = 0;               ///< of them, those with the upper bound inside
  std::optional<std::size_t> run;         ///< the best of these by its quality; of equals the first
  std::optional<std::size_t>
      nearest;  ///< where none is feasible: the one with the smallest bound (of all constraints: excess)
};
/// For each constraint and each of its tolerances, then, of several constraints, for all at once. Chosen by what `split` shows and
/// nothing else.
std::vector<Choice> choices(const SweepResults& results, data::Split split);

/// A value of an axis with which no run kept all its constraints (upper bounds on `split`), though it had `runs` that finished.
struct NeverFeasible {
  std::string field, value;
  std::size_t runs = 0;
};
/// In the order of the axes. Axes of a single value, and seeds, are left out.
std::vector<NeverFeasible> never_feasible(const SweepResults& results, data::Split split);

/// Whether all upper bounds of a run are inside its own tolerances on `split`; nothing where a bound is missing, or the run has no
/// constraint.
std::optional<bool> keeps_all(const SweepResults& results, std::size_t run, data::Split split);

/// What the figures say of another tolerance than the run's own.
evaluation::Verdict verdict_under(const ConstraintFigures& figures, double tolerance);

/// The worst verdict over a run's constraints; nothing without any.
std::optional<evaluation::Verdict> worst_verdict(const SplitFigures& figures);

}  // namespace equipoise::sweep
