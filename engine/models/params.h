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
  std::int64_t max_leaves = 20;
  std::int64_t max_depth = 0;  // 0: any
  double min_child_weight = 1;
  double reg_lambda = 1;
  double subsample = 1;
  double colsample_bytree = 0.5;
  std::int64_t max_cat_to_onehot = 64;
  std::int64_t max_bin = 256;

  bool operator==(const TreeParams&) const = default;
  void describe(config::Fields& fields);
};

struct ModelParams {
  std::string kind = "mlp";
  std::vector<std::int64_t> hidden = {256, 256};
  double dropout = 0.3;
  std::int64_t embedding_size = 8;
  std::vector<std::int64_t> channels = {16, 32};
  std::int64_t width = 128;        // residual_mlp, ft_transformer
  std::int64_t blocks = 2;         // the same
  std::int64_t inner_width = 256;  // the same
  std::int64_t heads = 8;          // ft_transformer
  std::int64_t submodels = 16;     // tabm
  std::string file;                // torchscript
  std::string budget = "120s";     // auto
  TreeParams trees;
  /// Of trees: [outputs] which family each output is of, for a nested softmax over them; empty where each is a logit of its own. No field of
  /// a config: whoever has such outputs learnt says it, and model.json has it.
  std::vector<std::int32_t> families = {};

  void describe(config::Fields& fields);
};

/// The names that model.kind may have, in the order that people read them; models.cpp makes a learner of each.
const std::vector<std::string>& model_kinds();

/// Whether the settings are still to be searched for: there is no model of this kind, and training takes none.
bool is_searched_for(const ModelParams& params);

/// model.budget in seconds: a number with the unit s, m or h, or without one. Negative where it is none of these.
double budget_seconds(const ModelParams& params);

/// Multiply-adds of one row's forward pass. Of kinds that read its encoded form one input a feature counts, of those that read the dense
/// row each component.
double multiply_adds(const ModelParams& params, const data::EncodedRows& layout);

/// Whether it learns in rounds of trees and not by steps of an optimizer (Learner::grows).
bool grows(const ModelParams& params);

/// Whether there is no version of it for GPUs yet.
bool is_cpu_alone(const ModelParams& params);

/// Throws UserError (config) for a model of columns where the data have images, and the other way round; for a field that is set and
/// is of another kind; for sizes that do not fit each other.
void check_kind(const ModelParams& params, bool has_images, const config::Origin& origin);

}  // namespace equipoise::models
