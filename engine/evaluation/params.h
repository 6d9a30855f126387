#pragma once

#include <cstdint>

#include "engine/config/fields.h"

namespace equipoise::evaluation {

struct EvaluationParams {
  double confidence = 0.95;
  std::int64_t resamples = 2000;
  std::int64_t calibration_bins = 15;

  void describe(config::Fields& fields);
};

}  // namespace equipoise::evaluation
