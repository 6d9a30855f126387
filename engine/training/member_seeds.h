#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/training/run_config.h"

namespace equipoise::training {

/// Of initial weights and dropout: training.seed, or the run's.
std::uint64_t model_seed(const RunConfig& config);

/// One for each member that makes up the run's model.
std::vector<std::uint64_t> member_seeds(const RunConfig& config, std::size_t folds);

}  // namespace equipoise::training
