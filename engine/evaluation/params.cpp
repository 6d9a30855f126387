#include "engine/evaluation/params.h"

#include <algorithm>
#include <string>

#include "engine/constraints/kinds.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_bounds.h"

namespace equipoise::evaluation {

void EvaluationParams::describe(config::Fields& fields) {
  fields.number("confidence", confidence, config::between(0.5, 0.9999), "Confidence level of intervals and bounds.");
  fields.integer("resamples", resamples, config::between(100, 1000000), "Bootstrap resamples behind an interval.");
  fields.integer("calibration_bins", calibration_bins, config::between(2, 1000),
                 "Score bins of the calibration table and error.");
}

void check_resamples(const EvaluationParams& params, const std::vector<constraints::ConstraintParams>& constraints,
                     const config::Origin& origin) {
  std::size_t promises = 1;  // of one constraint: its confidence is divided over them
  for (const constraints::ConstraintParams& wanted : constraints)
    if (const constraints::KindEntry* kind = constraints::find_kind(wanted.kind))
      promises = std::max(promises, kind->rates.size());
  const std::int64_t least = least_resamples((1 - params.confidence) / static_cast<double>(promises));
  if (params.resamples >= least) return;
  throw core::UserError(core::Fault::config,
                        "evaluation.resamples is " + std::to_string(params.resamples) +
                            ", too few for intervals at evaluation.confidence " +
                            constraints::number_text(params.confidence) + "; it needs at least " +
                            std::to_string(least),
                        origin.of("evaluation.resamples"));
}

}  // namespace equipoise::evaluation
