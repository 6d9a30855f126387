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

}  // namespace equipoise::models
