#include "engine/models/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>

#include "engine/core/error.h"

namespace equipoise::models {

namespace {

constexpr const char* kConvnet = "convnet";
constexpr const char* kTrees = "boosted_trees";
constexpr const char* kTorchscript = "torchscript";
constexpr const char* kAuto = "auto";

}  // namespace

const std::vector<std::string>& model_kinds() {
  static const std::vector<std::string> kinds = {"linear", "mlp",    "residual_mlp", "tabm", "ft_transformer",
                                                 kTrees,   kConvnet, kTorchscript,   kAuto};
  return kinds;
}

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
  fields.number("colsample_bytree", colsample_bytree, {0, 1, true, false},
                "Share of the columns that each round's trees may split, rounded to whole columns, at least one.");
  fields.integer(
      "max_cat_to_onehot", max_cat_to_onehot, config::between(1, 65536),
      "A category of fewer levels is split one level from all others, and one of more levels into two sets of levels.");
  fields.integer("max_bin", max_bin, config::between(2, 65535), "Bins of a number among whose edges a tree may split.");
}

void ModelParams::describe(config::Fields& fields) {
  fields.choice(
      "kind", kind, model_kinds(),
      "The family of models: convnet sees the pictures of data.images, torchscript either, the others "
      "columns; boosted_trees are XGBoost's. auto tries several with several settings before training, and takes the "
      "best on the selection rows.");
  fields.integers("hidden", hidden, config::between(1, 65536), "Widths of the hidden layers of an mlp or a tabm.");
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
  fields.integer("width", width, config::between(1, 65536),
                 "Units between the blocks of a residual_mlp; of each token of an ft_transformer.");
  fields.integer("blocks", blocks, config::between(1, 100), "Blocks of a residual_mlp or an ft_transformer.");
  fields.integer("inner_width", inner_width, config::between(1, 65536),
                 "Units inside a block of a residual_mlp, or inside the gated layer of an ft_transformer's.");
  fields.integer("heads", heads, config::between(1, 1024),
                 "Heads of an ft_transformer's attention; they share model.width, which they divide.");
  fields.integer("submodels", submodels, config::between(2, 256),
                 "Networks inside a tabm, which share weights; their mean probability is the score.");
  fields.path(
      "file", file,
      "The TorchScript module (torch.jit.save) that a torchscript model is: rows of the encoder's components, or "
      "pictures, to logits. Training starts with its parameters.");
  fields.text("budget", budget,
              "Of auto: how long settings may be tried and the best be trained again, such as 90s, 10m or 1h; a number "
              "alone is "
              "seconds.");
  fields.section("trees", trees, "Of boosted_trees.");
}

bool is_searched_for(const ModelParams& params) {
  return params.kind == kAuto;
}

double budget_seconds(const ModelParams& params) {
  const std::string& text = params.budget;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string unit(static_cast<const char*>(end), text.data() + text.size());
  if (error != std::errc() || !std::isfinite(number)) return -1;
  if (unit.empty() || unit == "s") return number;
  return unit == "m" ? 60 * number : unit == "h" ? 3600 * number : -1;
}

namespace {

double of_convnet(const ModelParams& params, const data::ImageRows& images) {
  double sum = 0, inputs = images.channels, height = images.height, width = images.width;
  for (const std::int64_t outputs : params.channels) {
    height = std::floor((height + 1) / 2);
    width = std::floor((width + 1) / 2);
    sum += height * width * 9 * inputs * static_cast<double>(outputs);
    inputs = static_cast<double>(outputs);
  }
  return sum + height * width * inputs;
}

double of_hidden(double inputs, const std::vector<std::int64_t>& hidden) {
  double sum = 0;
  for (const std::int64_t units : hidden) {
    sum += inputs * static_cast<double>(units);
    inputs = static_cast<double>(units);
  }
  return sum + inputs;
}

// As many as the file has numbers: each weight once. It is read later, and then refused where it cannot be.
double of_module(const std::string& file) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(file, error);
  return error ? 0 : static_cast<double>(bytes) / sizeof(float);
}

double of_transformer(const ModelParams& params, const data::EncodedRows& layout) {
  const auto tokens = static_cast<double>(layout.features.size()) + 1, width = static_cast<double>(params.width);
  const double attention = 4 * width * width + 2 * tokens * width,
               gated = 3 * width * static_cast<double>(params.inner_width);
  // Of the last block one token is read, and the others' keys and values.
  const double whole = tokens * (attention + gated), last = tokens * 2 * width * width + attention + gated;
  return layout.width * width + static_cast<double>(params.blocks - 1) * whole + last;
}

}  // namespace

double multiply_adds(const ModelParams& params, const data::EncodedRows& layout) {
  const double components = layout.width, width = static_cast<double>(params.width);
  if (params.kind == kConvnet) return of_convnet(params, layout.images);
  if (params.kind == "tabm") return static_cast<double>(params.submodels) * of_hidden(components, params.hidden);
  if (params.kind == "residual_mlp")
    return components * width + static_cast<double>(params.blocks * params.inner_width) * 2 * width + width;
  if (params.kind == "ft_transformer") return of_transformer(params, layout);
  if (params.kind == kTorchscript) return of_module(params.file);
  if (grows(params))
    return static_cast<double>(layout.features.size()) * std::log2(static_cast<double>(params.trees.max_leaves));
  return of_hidden(static_cast<double>(layout.features.size()),
                   params.kind == "mlp" ? params.hidden : std::vector<std::int64_t>());
}

bool is_cpu_alone(const ModelParams& params) {
  return params.kind == kConvnet;
}

bool grows(const ModelParams& params) {
  return params.kind == kTrees;
}

namespace {

std::string either(const std::vector<std::string>& kinds) {
  std::string text = "'" + kinds.front() + "'";
  for (std::size_t i = 1; i < kinds.size(); ++i) text += " or '" + kinds[i] + "'";
  return text;
}

// Fields that not every kind has: a value of one's own is a mistake where none reads it.
struct OwnField {
  const char* name;
  bool (*is_set)(const ModelParams&, const ModelParams& usual);
  std::vector<std::string> kinds;
  std::vector<std::string> tolerant = {};  // do not read it, and never minded
};

template <auto field>
bool differs(const ModelParams& own, const ModelParams& usual) {
  return own.*field != usual.*field;
}

const std::vector<OwnField>& own_fields() {
  static const std::vector<OwnField> table = {
      {"hidden", differs<&ModelParams::hidden>, {"mlp", "tabm"}, {"linear", kConvnet}},
      {"dropout",
       differs<&ModelParams::dropout>,
       {"mlp", "residual_mlp", "tabm", "ft_transformer", kConvnet},
       {"linear"}},
      {"embedding_size", differs<&ModelParams::embedding_size>, {"linear", "mlp", "residual_mlp", "tabm"}, {kConvnet}},
      {"channels", differs<&ModelParams::channels>, {kConvnet}, {"linear", "mlp"}},
      {"width", differs<&ModelParams::width>, {"residual_mlp", "ft_transformer"}},
      {"blocks", differs<&ModelParams::blocks>, {"residual_mlp", "ft_transformer"}},
      {"inner_width", differs<&ModelParams::inner_width>, {"residual_mlp", "ft_transformer"}},
      {"heads", differs<&ModelParams::heads>, {"ft_transformer"}},
      {"submodels", differs<&ModelParams::submodels>, {"tabm"}},
      {"file", differs<&ModelParams::file>, {kTorchscript}},
      {"budget", differs<&ModelParams::budget>, {kAuto}},
      {"trees", differs<&ModelParams::trees>, {kTrees}},
  };
  return table;
}

bool has(const std::vector<std::string>& kinds, const std::string& kind) {
  return std::ranges::find(kinds, kind) != kinds.end();
}

}  // namespace

void check_kind(const ModelParams& params, bool has_images, const config::Origin& origin) {
  const auto refuse = [&](const std::string& path, const std::string& what) {
    throw core::UserError(core::Fault::config, path + what, origin.of(path));
  };
  for (const OwnField& field : own_fields())
    if (field.is_set(params, {}) && !has(field.kinds, params.kind) && !has(field.tolerant, params.kind))
      refuse(std::string("model.") + field.name,
             ": it is of the kind " + either(field.kinds) + ", and model.kind is '" + params.kind + "'");
  if (params.kind == kAuto) {
    if (budget_seconds(params) <= 0)
      refuse("model.budget", " is '" + params.budget +
                                 "', expected a time above 0 such as 90s, 10m or 1h; a number alone is "
                                 "seconds");
    return;
  }
  if (params.kind == "ft_transformer" && params.width % params.heads != 0)
    refuse("model.heads", " is " + std::to_string(params.heads) + ", which does not divide model.width (" +
                              std::to_string(params.width) + ")");
  if (params.kind == "tabm" && params.hidden.empty())
    refuse("model.hidden", ": a tabm has one hidden layer at least, expected its width");
  if (params.kind == kTorchscript) {
    if (params.file.empty()) refuse("model.file", ": a torchscript model is read from a file, expected its path");
    return;
  }
  if (has_images && params.kind != kConvnet)
    refuse("model.kind",
           " is '" + params.kind +
               "', which sees columns, and data.images gives the model pictures; expected convnet or torchscript");
  if (params.kind != kConvnet) return;
  if (!has_images) refuse("model.kind", " is 'convnet', which sees pictures, and data.images names none");
  if (params.channels.empty()) refuse("model.channels", ": a convnet has one layer at least, expected its channels");
}

}  // namespace equipoise::models
