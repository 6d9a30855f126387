#include "engine/training/member_seeds.h"

#include <string>

#include "engine/core/seed.h"

namespace equipoise::training {

std::uint64_t model_seed(const RunConfig& config) {
  const std::int64_t seed = config.training.seed < 0 ? config.seed : config.training.seed;
  return core::seed_for(static_cast<std::uint64_t>(seed), "model");
}

std::vector<std::uint64_t> member_seeds(const RunConfig& config, std::size_t folds) {
  if (folds == 1) return {model_seed(config)};
  std::vector<std::uint64_t> seeds;
  for (std::size_t fold = 0; fold < folds; ++fold)
    seeds.push_back(core::seed_for(model_seed(config), "fold " + std::to_string(fold)));
  return seeds;
}

}  // namespace equipoise::training
