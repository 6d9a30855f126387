#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/assumed_rows.h"
#include "engine/evaluation/gap_sample.h"
#include "engine/evaluation/number_statistics.h"

namespace equipoise::evaluation {

/// What could be shown of one promise on the test rows, and how it would be judged there.
struct Question {
  const constraints::ConstraintTable& table;
  const constraints::Promise& promise;
  const constraints::RowCounts& counts;
  std::int64_t min_rows;
  double confidence;
  NumberLoss loss = {};  ///< of a regression

  const constraints::Rate& rate(std::size_t level) const { return table.rates[promise.rates[level]]; }
};

/// How a rate's rows are taken to vary: decisions as a binomial, right scores, numbers as the training rows' targets, squares and
/// losses of normal errors, log losses of right scores.
enum class Spread { decisions, scores, numbers, squares, losses };
Spread spread_of(const constraints::Rate& rate);
/// Whether all rates of the promise are such.
bool are_all(const Question& question, Spread spread);
/// Whether it is known of all of them: not of numbers without a training row, nor of losses whose function is not.
bool is_known(const Question& question);

/// Rates that all groups of a better model could have, those first that show as much as others: of selections the training
/// rows' base rate, .05 for errors, .95 and .05 for other shares, 0 for means, for squares what kExplained leaves of the targets'
/// variance, for losses the largest mean that a level has with right scores. A difference of means does not hang on what they are.
std::vector<double> rates_to_try(const Question& question, const constraints::Rate& rate);

/// The test rows of a model whose rates are these [levels].
AssumedRows rows_with(const Question& question, const std::vector<double>& rates);

/// The bound on the promise's figure that such rows give; nothing where there is no figure.
std::optional<double> bound_of(const Question& question, const GapSample& sample);

/// "all groups' rates were exactly equal, at 0.95": what is assumed where levels have such equal rates.
std::string words_for(const Question& question, const std::vector<double>& rates);
/// ", with a model that explains half of the variance of each group's targets": what is assumed besides; "" of shares.
std::string words_for_spread(const Question& question);

/// "race=Other has 40 rows": the level that is known least.
std::string least_known(const Question& question, const GapSample& sample);
/// A figure or a rate in as many digits as say something.
enum class Rounding { up, down, nearest };
std::string figure_text(const Question& question, double value, Rounding rounding);

}  // namespace equipoise::evaluation
