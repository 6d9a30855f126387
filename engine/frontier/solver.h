#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/frontier/excess.h"
#include "engine/frontier/held_out.h"
#include "engine/frontier/prices.h"

namespace equipoise::frontier {

/// One of the rules that a randomised rule draws from.
struct MixedRule {
  double probability = 0;
  AnswerWeights weights;
};

/// What a rule gives an answer more than its probability: another is decided where it is ahead by more.
struct Leaning {
  std::int32_t answer = 0;
  double by = 0;
};

/// A rule for a table's tolerances; its figures are what the posteriors expect, and of a randomised one the draws.
struct Solved {
  AnswerWeights weights;            ///< empty of a randomised rule
  std::vector<MixedRule> mixed;     ///< of a randomised rule two or more, the most probable first; else empty
  std::vector<double> multipliers;  ///< [J]
  std::vector<double> decided;      ///< [A * C] of the held-out rows
  double bound = 0;                 ///< no rule that mixes decisions is more accurate
  double accuracy = 0;              ///< of the rule
  double excess = 0;                ///< largest_excess of the rule
  std::vector<double> margins;      ///< [J] that were taken off the bounds; empty: none were
  std::int64_t rounds = 0;          ///< linear programs that were solved
  std::optional<Leaning> leaning;   ///< of holding_rule, where it took one
};

/// Margins [J] that are taken off the bounds where the held-out rows have these sums [C_table * 4].
using MarginsOf = std::function<std::vector<double>(const std::vector<double>& sums)>;

/// The most accurate rule under a table's constraints, among all that decide by the posterior alone. The same arguments give the same bits.
///
/// Its linear program has a share of each row for each answer, A * n variables; it is solved over mixtures of deterministic rules instead
/// (Dantzig and Wolfe 1960): the program over the rules that are known so far (a column of rates and an accuracy each, J + B + 1 rows)
/// says a price of every row, and the rule that is best at these prices, an argmax row by row, is the next one, until none is better than
/// what is known: that is the optimum. The same cuts the dual from above (Kelley 1960); prices are taken halfway to the best that are known
/// (Wentges 1997), which keeps them from swinging. A fairness problem as a game of such prices against such rules is Agarwal et al. 2018.
///
/// The optimum mixes at most J + B + 1 rules, which all agree but on rows of an equal sum: the one taken is deterministic, of those that are
/// mixed or best at the final prices the one with the largest accuracy less 10 times its excess.
///
/// Rates are what the posteriors expect them to be, and not what is measured of the rows: the noise of few rows' labels costs more than
/// a posterior that is off by a little (docs/decisions/0030-frontier.md).
Solved best_rule(const constraints::ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                 const MarginsOf& margins_of = {});

/// The program's optimum itself: each row is decided by one of the rules that it mixes, drawn by its share. Of one rule it is that, deterministic.
Solved best_mixture(const constraints::ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                    const MarginsOf& margins_of = {});

/// The most accurate rule (`is_randomised`: mixture) that was found to be inside by its own margins, which fall with how much its
/// decisions vary. It leans to no answer if such a rule is; else to one by as little as is enough, or
/// gives it to everybody (a leaning of 1), when no figure of a parity has an error. Where no such rule was found, as of two bounds on
/// selection rates, what is nearest without leaning. Its bound is of rules inside the tolerances, by whatever margin. `margins_of` must be given.
Solved holding_rule(const constraints::ConstraintTable& table, const PosteriorCells& cells, const HeldOut& rows,
                    const MarginsOf& margins_of, bool is_randomised);

/// The rule of a model's file, drawing its lots, if any, by this seed (models::lot_seed).
models::CellRule cell_rule(const Solved& solved, const PosteriorCells& cells, std::uint64_t lot_seed);

}  // namespace equipoise::frontier
