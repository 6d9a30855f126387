#pragma once

#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/evaluation/measurement.h"

namespace equipoise::training {

/// A sentence when training ended before the multipliers had done their work: over the last tenth of the measurements
/// the largest multiplier rose, and one gap on the rows that drive it never came within one and a half times its
/// tolerance. "" otherwise.
std::string unsettled(const std::vector<evaluation::Measurement>& measurements,
                      const std::vector<constraints::Promise>& promises);

}  // namespace equipoise::training
