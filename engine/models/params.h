#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/data/dataset.h"

namespace equipoise::models {

/// Of boosted trees; names are XGBoost's own.
struct TreeParams {
  std::int64_t rounds = 200;
  double learning_rate = 0.08;
  std::int64_t max_leaves = 24;
  std::int64_t max_depth = 0;  // 0: any
  double min_child_weight = 5;
  double reg_lambda = 1;
  double subsample = 1;
  std::int64_t max_bin = 256;

  void describe(config::Fields& fields);
};

struct ModelParams {
  std::string kind = "mlp";
  std::vector<std::int64_t> hidden = {256, 256};
  double dropout = 0.3;
  std::int64_t embedding_size = 8;
  std::vector<std::int64_t> channels = {16, 32};
  TreeParams trees;

  void describe(config::Fields& fields);
};

/// Multiply-adds of one row's forward pass, but for those by zeros: of its encoded form, one input a feature counts.
double multiply_adds(const ModelParams& params, const data::EncodedRows& layout);

/// Whether it learns in rounds of trees and not by steps of an optimizer (Learner::grows).
bool grows(const ModelParams& params);

/// Whether there is no version of it for GPUs yet.
bool is_cpu_alone(const ModelParams& params);

/// Throws UserError (config) for a model of columns where the data have images, and the other way round.
void check_kind(const ModelParams& params, bool has_images, const config::Origin& origin);

}  // namespace equipoise::models
