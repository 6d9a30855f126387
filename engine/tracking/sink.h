#pragma once

#include <functional>
#include <string>

#include "engine/evaluation/measurement.h"
#include "engine/tracking/facts.h"

namespace equipoise::tracking {

/// One place that is told of a run. Each function may throw UserError, after which the place is told no more and the run
/// goes on.
struct Sink {
  std::string name;  ///< as warnings call it
  std::function<void(const evaluation::Measurement&)> measured;
  std::function<void(const RunEnd&)> finished;
};

}  // namespace equipoise::tracking
