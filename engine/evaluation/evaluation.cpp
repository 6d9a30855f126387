#include "engine/evaluation/evaluation.h"

#include <stdexcept>

#include "engine/evaluation/joint.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

SplitResult evaluate(const std::string& split, const ScoreStatistics& statistics,
                     const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed) {
  if (statistics.cells.rows.size() != table.cells.cells.size())
    throw std::logic_error("evaluate: the statistics are of " + std::to_string(statistics.cells.rows.size()) +
                           " cells, the constraints of " + std::to_string(table.cells.cells.size()));
  SplitResult result;
  result.split = split;
  result.metrics = measure(statistics, params);
  result.constraints = judge(split, statistics.cells, table, constraints, min_rows, params, seed);
  if (result.split != "train") result.joint = joint_result(result.constraints, params);
  result.thresholds = sweep_thresholds(statistics, table, estimable_levels(table, statistics.cells, min_rows));
  return result;
}

SplitResult evaluate(const std::string& split, const Scores& scores, const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed) {
  const ScoreStatistics statistics = host_statistics(split, scores, usual_request(table, params));
  return evaluate(split, statistics, table, constraints, min_rows, params, seed);
}

}  // namespace equipoise::evaluation
