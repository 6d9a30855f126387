#pragma once

#include <cstdint>

#include "engine/config/fields.h"

namespace equipoise::checkpoint {

/// When a run saves what it needs to go on after it was cut off.
struct CheckpointParams {
  std::int64_t every_steps = 0;
  double every_seconds = 300;
  std::int64_t keep = 2;
  bool keep_best = true;

  bool is_on() const { return every_steps > 0 || every_seconds > 0; }
  void describe(config::Fields& fields);
};

}  // namespace equipoise::checkpoint
