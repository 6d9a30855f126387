#include "engine/evaluation/evaluation.h"

#include <stdexcept>

#include "engine/core/error.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {
namespace {

void check(const std::string& split, const Scores& scores) {
  const std::size_t rows = scores.probability.size();
  bool same = scores.labels.size() == rows && scores.cells.size() == rows &&
              (scores.weights.empty() || scores.weights.size() == rows);
  for (const Scores::GroupCodes& grouping : scores.groupings)
    same = same && (grouping.codes.empty() || grouping.codes.size() == rows);
  if (!same) throw std::logic_error("evaluate: labels, weights, cells and group codes need one entry per score");
  for (std::size_t i = 0; i < rows; ++i)
    if (const double score = scores.probability[i]; !(score >= 0 && score <= 1))
      throw core::UserError(core::Fault::numerical, "the model's score of row " + std::to_string(i) + " of the " +
                                                        split + " rows is " + std::to_string(score) +
                                                        ", not a probability");
}

}  // namespace

SplitResult evaluate(const std::string& split, const Scores& scores, const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed) {
  check(split, scores);
  SplitResult result;
  result.split = split;
  result.metrics = measure(scores, params);
  const CellTotals totals = total_cells(scores, table.cells.count(), 0.5);
  result.constraints = judge(split, totals, table, constraints, min_rows, params, seed);
  result.thresholds = sweep_thresholds(scores, table, estimable_levels(table, totals, min_rows), common_thresholds());
  return result;
}

}  // namespace equipoise::evaluation
