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

/// The finished runs of which no other has, on that split, a gap of the constraint at most as large and a quality at least as good,
/// and one of them better; by ascending gap. Of equals the first.
std::vector<std::size_t> non_dominated(const SweepResults& results, std::size_t constraint, data::Split split);

/// The tolerances that runs have for a constraint, ascending.
std::vector<double> tolerances_of(const SweepResults& results, std::size_t constraint);

/// Which run is best where a tolerance must be kept.
struct Choice {
  std::optional<std::size_t> constraint;  ///< nothing: all constraints at once, each run by its own tolerances
  std::optional<double> tolerance;        ///< nothing: the same
  int decimals = 0;                       ///< that tell the tolerance from the others of its constraint
  std::size_t candidates = 0;             ///< finished runs with the figure
  std::size_t feasible = 0;               ///< of them, those with the upper bound inside, and every group measured
  std::size_t unmeasured = 0;             ///< those with the bound inside, and a group that could not be measured
  std::optional<std::size_t> run;         ///< the best of these by its quality; of equals the first
  std::optional<std::size_t>
      nearest;  ///< where none is feasible: the one with the smallest bound (of all constraints: excess)
};
/// For each constraint and each of its tolerances, then, where runs have several constraints, for all at once. Chosen
/// by what `split` shows and nothing else.
std::vector<Choice> choices(const SweepResults& results, data::Split split);

/// A value of an axis with which no run kept all its constraints (upper bounds on `split`), though it had `runs` that finished.
struct NeverFeasible {
  std::string field, value;
  std::size_t runs = 0;
};
/// In the order of the axes. Axes of a single value, those drawn anew for every run, and seeds are left out.
std::vector<NeverFeasible> never_feasible(const SweepResults& results, data::Split split);

/// Whether all upper bounds of a run are inside its own tolerances on `split`, and every group is measured there; nothing where a bound
/// is missing, or the run has no constraint.
std::optional<bool> keeps_all(const SweepResults& results, std::size_t run, data::Split split);

/// What the figures say of another tolerance than the run's own.
evaluation::Verdict verdict_under(const ConstraintFigures& figures, double tolerance);

/// The worst verdict over a run's constraints; nothing without any.
std::optional<evaluation::Verdict> worst_verdict(const SplitFigures& figures);

/// What a split's rows say of a run under what a choice asks for: its constraint under its tolerance; of all at once the worst
/// verdict, by the run's own tolerances. Nothing where the rows do not have that constraint: the verdicts of others say nothing
/// of it.
std::optional<evaluation::Verdict> verdict_of(const Choice& choice, const SplitFigures& figures);

/// Runs that failed for one reason.
struct FailureGroup {
  std::string reason;
  std::vector<std::size_t> runs;  ///< in the order of the plan
};
/// The most frequent reason first.
std::vector<FailureGroup> failures_of(const SweepResults& results);

/// What the results of a sweep come to, worked out once for all that tells of it.
struct SweepFindings {
  std::optional<data::Split> choosing;  ///< choosing_split
  data::Split shown =
      data::Split::test;  ///< whose rows show what axes do: the test rows, or where no run has them, the choosing ones
  std::vector<Choice> choices;  ///< by the choosing rows; empty without them
  std::vector<std::vector<std::size_t>>
      fronts;  ///< [constraints] non_dominated on the choosing rows, without them on the test rows
  std::vector<NeverFeasible> never_feasible;  ///< on the choosing rows; empty without them
  std::vector<std::size_t> changed_data;      ///< runs_of_changed_data
};
SweepFindings findings_of(const SweepResults& results);

}  // namespace equipoise::sweep
