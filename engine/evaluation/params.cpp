#include "engine/evaluation/params.h"

#include <algorithm>
#include <string>

#include "engine/constraints/kinds.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_interval.h"
#include "engine/evaluation/promises.h"

namespace equipoise::evaluation {

void EvaluationParams::describe(config::Fields& fields) {
  fields.number("confidence", confidence, config::between(0.5, 0.9999), "Confidence level of intervals and bounds.");
  fields.integer("resamples", resamples, config::between(100, 1000000),
                 "Draws behind a gap's interval and its noise floor.");
  fields.integer("calibration_bins", calibration_bins, config::between(2, 1000),
                 "Score bins of the calibration table and error.");
}

namespace {

// `promises`: of the constraint that makes the most; its confidence is divided over them.
void check_for(double promises, const EvaluationParams& params, const config::Origin& origin) {
  const std::int64_t least = least_resamples(1 - params.confidence, promises);
  if (params.resamples >= least) return;
  throw core::UserError(core::Fault::config,
                        "evaluation.resamples is " + std::to_string(params.resamples) +
                            ", too few for intervals at evaluation.confidence " +
                            constraints::number_text(params.confidence) + "; it needs at least " +
                            std::to_string(least),
                        origin.of("evaluation.resamples"));
}

}  // namespace

void check_resamples(const EvaluationParams& params, const std::vector<constraints::ConstraintParams>& constraints,
                     const config::Origin& origin) {
  std::size_t most = 1;
  for (const constraints::ConstraintParams& wanted : constraints)
    if (constraints::find_kind(wanted.kind) != nullptr)
      most = std::max(most, constraints::demands_of(wanted).size() * std::max<std::size_t>(1, wanted.group.size()));
  check_for(static_cast<double>(most), params, origin);
}

void check_resamples(const EvaluationParams& params, const constraints::ConstraintTable& table,
                     const config::Origin& origin) {
  double most = 1;
  for (const constraints::Promise& promise : table.promises)
    most = std::max(most, promises_of_constraint(table, promise.constraint));
  check_for(most, params, origin);
}

}  // namespace equipoise::evaluation
