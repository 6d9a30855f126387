#include "engine/models/params.h"

#include <cmath>

#include "engine/core/error.h"

namespace equipoise::models {

namespace {

constexpr const char* kConvnet = "convnet";
constexpr const char* kTrees = "boosted_trees";

}  // namespace

void TreeParams::describe(config::Fields& fields) {
  fields.integer("rounds", rounds, config::between(1, 100000),
                 "Rounds of boosting: a tree for each output in each, learnt from all training rows.");
  fields.number("learning_rate", learning_rate, {0, 1, true, false}, "What each tree's answers are multiplied with.");
  fields.integer("max_leaves", max_leaves, config::between(2, 65536), "The most leaves of a tree.");
  fields.integer("max_depth", max_depth, config::between(0, 64),
                 "The most decisions on the way to a leaf; 0: any number.");
  fields.number("min_child_weight", min_child_weight, config::at_least(0),
                "The least sum of second derivatives in a leaf: a row whose score is near .5 has .25.");
  fields.number("reg_lambda", reg_lambda, config::at_least(0),
                "What is added to that sum: leaves of few rows answer less.");
  fields.number("subsample", subsample, {0, 1, true, false}, "Share of the training rows that each round learns from.");
  fields.integer("max_bin", max_bin, config::between(2, 65535), "Bins of a number among whose edges a tree may split.");
}

void ModelParams::describe(config::Fields& fields) {
  fields.choice("kind", kind, {"linear", "mlp", kConvnet, kTrees},
                "The family of models: linear, mlp and boosted_trees (XGBoost) see columns, convnet the pictures of "
                "data.images.");
  fields.integers("hidden", hidden, config::between(1, 65536), "Widths of the hidden layers of an mlp.");
  fields.number(
      "dropout", dropout, {0, 1, false, true},
      "Share of hidden units (of a convnet those before its last layer) that are zeroed in training, rounded to "
      "1/256.");
  fields.integer("embedding_size", embedding_size, config::between(1, 1024),
                 "Width of the learned embedding of a category (data.features.categories: embedding).");
  fields.integers(
      "channels", channels, config::between(1, 4096),
      "Channels of each layer of a convnet: windows of 3 x 3 pixels, each layer half as high and wide as the "
      "one before.");
  fields.section("trees", trees, "Of boosted_trees.");
}

double multiply_adds(const ModelParams& params, const data::EncodedRows& layout) {
  double sum = 0;
  if (params.kind == kConvnet) {
    double inputs = layout.images.channels, height = layout.images.height, width = layout.images.width;
    for (const std::int64_t outputs : params.channels) {
      height = std::floor((height + 1) / 2);
      width = std::floor((width + 1) / 2);
      sum += height * width * 9 * inputs * static_cast<double>(outputs);
      inputs = static_cast<double>(outputs);
    }
    return sum + height * width * inputs;
  }
  auto inputs = static_cast<double>(layout.features.size());
  if (grows(params)) return inputs * std::log2(static_cast<double>(params.trees.max_leaves));
  if (params.kind == "mlp") {
    for (const std::int64_t units : params.hidden) {
      sum += inputs * static_cast<double>(units);
      inputs = static_cast<double>(units);
    }
  }
  return sum + inputs;
}

bool is_cpu_alone(const ModelParams& params) {
  return params.kind == kConvnet || grows(params);
}

bool grows(const ModelParams& params) {
  return params.kind == kTrees;
}

void check_kind(const ModelParams& params, bool has_images, const config::Origin& origin) {
  const auto refuse = [&](const std::string& path, const std::string& what) {
    throw core::UserError(core::Fault::config, path + what, origin.of(path));
  };
  if (has_images && params.kind != kConvnet)
    refuse("model.kind",
           " is '" + params.kind + "', which sees columns, and data.images gives the model pictures; expected convnet");
  if (params.kind != kConvnet) return;
  if (!has_images) refuse("model.kind", " is 'convnet', which sees pictures, and data.images names none");
  if (params.channels.empty()) refuse("model.channels", ": a convnet has one layer at least, expected its channels");
}

}  // namespace equipoise::models
