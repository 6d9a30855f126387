#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/fields.h"

namespace equipoise::models {

struct ModelParams {
  std::string kind = "mlp";
  std::vector<std::int64_t> hidden = {256, 256};
  double dropout = 0.3;
  std::int64_t embedding_size = 8;

  void describe(config::Fields& fields);
};

/// Multiply-adds of one row's forward pass, but for those by zeros: of its encoded form, one input a feature counts.
double multiply_adds(const ModelParams& params, std::int64_t features);

}  // namespace equipoise::models
