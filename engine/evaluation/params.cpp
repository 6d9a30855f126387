#include "engine/evaluation/params.h"

namespace equipoise::evaluation {

void EvaluationParams::describe(config::Fields& fields) {
  fields.number("confidence", confidence, config::between(0.5, 0.9999), "Confidence level of intervals and bounds.");
  fields.integer("resamples", resamples, config::between(100, 1000000), "Bootstrap resamples behind an interval.");
  fields.integer("calibration_bins", calibration_bins, config::between(2, 1000),
                 "Score bins of the calibration table and error.");
}

}  // namespace equipoise::evaluation
