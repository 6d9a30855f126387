#include <algorithm>
#include <string>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/models/model_file.h"
#include "engine/models/nested_softmax.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr int kFormat = 1, kFormatOfMixtures = 2, kFormatOfCellRules = 3, kFormatOfFamilies = 4;
constexpr std::int64_t kWidest = 1 << 20;
constexpr std::int64_t kMostMembers = 2048;
constexpr double kDecisionThreshold = 0.5;

json describe_feature(const data::Feature& feature) {
  return {{"name", feature.name},         {"kind", feature.kind == data::FeatureKind::ramp ? "ramp" : "pick"},
          {"offset", feature.offset},     {"width", feature.width},
          {"embedded", feature.embedded}, {"components", feature.components}};
}

// A field of the description, checked: these files may be edited by hand or come from elsewhere.
template <typename T>
T field(const json& description, const char* key, bool (json::*is_right)() const noexcept, const char* expected,
        const std::string& name) {
  const auto found = description.find(key);
  if (found == description.end() || !((*found).*is_right)()) {
    throw core::UserError(core::Fault::data, "'" + name + "': " + key + " is missing or is not " + expected);
  }
  return found->get<T>();
}

std::vector<std::int64_t> widths(const json& description, const char* key, const std::string& name) {
  std::vector<std::int64_t> widths;
  for (const json& width : field<json>(description, key, &json::is_array, "a list", name)) {
    const bool is_width = width.is_number_integer() && width > 0 && width <= kWidest;
    if (!is_width) {
      throw core::UserError(core::Fault::data, "'" + name + "': " + key + " is not a list of layer widths");
    }
    widths.push_back(width.get<std::int64_t>());
  }
  return widths;
}

// Of each output that of which it is.
std::vector<std::int32_t> families_from(const json& description, const std::string& name) {
  std::vector<std::int32_t> families;
  for (const json& family : field<json>(description, "families", &json::is_array, "a list", name)) {
    if (!family.is_number_integer() || family < 0 || family > kWidest)
      throw core::UserError(core::Fault::data, "'" + name + "': families is not a list of numbers from 0 on");
    families.push_back(family.get<std::int32_t>());
  }
  if (static_cast<std::int64_t>(families.size()) != model_outputs_from(description, name))
    throw core::UserError(core::Fault::data, "'" + name + "': families does not have one for each output");
  try {
    NestedSoftmax{families};
  } catch (const core::UserError& error) {
    throw core::UserError(error.fault(), "'" + name + "': " + error.what());
  }
  return families;
}

}  // namespace

namespace {

std::string output_text(data::Task task, const CellRule& rule) {
  if (rule.any()) {
    const std::string given = rule.uses_groups() ? " given the row's group" : "";
    const std::string drawn =
        rule.is_randomised()
            ? "; weights are those of one of cell_rule.drawn.rules, drawn for each row by its probability"
            : "";
    return "a logit for each cell of cell_rule; p is their softmax" + given + drawn +
           (task == data::Task::binary
                ? "; the row's score is 1/2 + (weights p) / 2, cut to [0, 1]"
                : "; scores are the point of the probability simplex nearest to (weights p), and "
                  "the largest decides");
  }
  switch (task) {
    case data::Task::binary:
      return "the logit of the positive class; its score is 1 / (1 + exp(-logit))";
    case data::Task::classes:
      return "a logit for each class; their scores are the softmax, and the largest decides";
    case data::Task::labels:
      return "a logit for each label; its score is 1 / (1 + exp(-logit))";
    case data::Task::regression:
      return "the prediction in standard deviations of the training rows' targets from their mean";
  }
  return "";
}

// What the members' mean is of.
std::string combination_text(data::Task task, std::int64_t members, const Mixture& mixture, bool has_rule) {
  if (!mixture.probabilities.empty()) {
    const std::int64_t each = members / static_cast<std::int64_t>(mixture.iterates());
    return "each row is decided by one of the mixture's iterates, drawn by its probability: " +
           combination_text(task, each, {}, has_rule);
  }
  if (members == 1) return "one network";
  if (has_rule) return "the mean of the members' p";
  return task == data::Task::regression ? "the mean of the members' predictions" : "the mean of the members' scores";
}

std::string weight_layout(const ModelParams& params, std::int64_t members, bool has_families) {
  const std::string margins =
      has_families ? "a logit is the logarithm of the probability of the output's family (families) times that of the "
                     "output among "
                     "its family, and margins are what these softmaxes are of: families, then the outputs of family 0, "
                     "of 1 and so on; of two there is one margin, the log odds of the second, of one there is none"
                   : "its margins are the output";
  if (grows(params))
    return std::string(members == 1 ? "trees holds" : "members.N.trees hold") +
           " the bytes of an XGBoost model (UBJSON); " + margins +
           ", and what it reads of a feature is the "
           "number of its bin plus the place in it, from 0 to 1 (kind ramp; the place and then the sum rounded to "
           "float32), the number itself in standard deviations "
           "(pick of a number) or the number of its level (pick; where it is missing that of its component for missing "
           "ones, "
           "if training had any), and NaN where a number is missing or training did not know the level";
  const std::string of_members = members == 1 ? "[" : "[members, ";
  if (params.kind == "convnet")
    return "convolutions.N.weight is " + of_members +
           "9 * inputs, outputs]: of a window of 3 x 3 places line by line, the channels of a place together; stride "
           "2, "
           "a border of 1 with zeros; rectifiers between layers; dense.weight is " +
           of_members +
           "inputs, outputs], inputs as the places of the last layer line by line, the channels of a place together; "
           "a pixel value x of 0 to 255 goes in as (x - mean) / deviation, 0 where that is 0";
  if (params.kind == "torchscript")
    return "tensors of the module in module.pt beside this file, whose forward makes logits of rows; numbers of other "
           "types are "
           "kept as F32" +
           std::string(members == 1 ? "" : "; the first size is the members'");
  const std::string linear = "X.weight of a linear layer is " + of_members + "inputs, outputs]; ",
                    norms = "N blocks, each adding to x; X.norm is a layer norm (epsilon 1e-5); ";
  if (params.kind == "residual_mlp")
    return linear + norms +
           "a block is outer(relu(inner(norm(x)))), the output head(relu(norm(x))); inputs of an embedded category are "
           "its components times embeddings.NAME.table";
  if (params.kind == "tabm")
    return "layers.N.weight is " + of_members + "inputs, outputs], and inputs, outputs and bias " + of_members +
           "submodels, ...]; submodel i makes relu(((x * inputs[i]) weight) * outputs[i] + bias[i]) of x, its output "
           "is x "
           "head.weight[i] + head.bias[i]; a row's score is the mean of its submodels'; inputs of an embedded category "
           "are "
           "its components times embeddings.NAME.table";
  if (params.kind == "ft_transformer")
    return linear + norms +
           "the token of a feature is its components times its rows of tokens.weight, plus its row of tokens.bias, and "
           "tokens.read the one after them; a block is attention, which reads x through attention.norm but in the "
           "first, and "
           "then outer(a * relu(b)), a and b the halves of inner(norm(x)); the output is head(relu(norm(x))) of the "
           "last "
           "token";
  return "layers.N.weight is " + of_members +
         "inputs, outputs]; rectifiers between layers; where a category is embedded, layer 0 gains its components "
         "times "
         "embeddings.NAME.table times embeddings.NAME.map";
}

// The sizes of an architecture that are single numbers, by kind.
struct Size {
  const char* name;
  std::int64_t ModelParams::*value;
};

std::vector<Size> sizes_of(const std::string& kind) {
  if (kind == "tabm") return {{"submodels", &ModelParams::submodels}};
  std::vector<Size> sizes;
  if (kind == "residual_mlp" || kind == "ft_transformer")
    sizes = {
        {"width", &ModelParams::width}, {"blocks", &ModelParams::blocks}, {"inner_width", &ModelParams::inner_width}};
  if (kind == "ft_transformer") sizes.push_back({"heads", &ModelParams::heads});
  return sizes;
}

}  // namespace

OutputMeaning meaning_of(const data::Dataset& dataset) {
  return {dataset.task, dataset.outcomes, dataset.target_mean, dataset.target_deviation};
}

json describe_model(const ModelParams& params, const data::EncodedRows& layout, const Learner& learner,
                    const OutputMeaning& meaning, const Mixture& mixture) {
  const bool is_mixture = !mixture.probabilities.empty(), has_rule = meaning.rule.any();
  const std::vector<std::int32_t> families = learner.families();
  json description = {{"format", !families.empty() ? kFormatOfFamilies
                                 : has_rule        ? kFormatOfCellRules
                                 : is_mixture      ? kFormatOfMixtures
                                                   : kFormat},
                      {"kind", params.kind},
                      {"input_width", layout.width},
                      {"output", output_text(meaning.task, meaning.rule)},
                      {"members", learner.members()},
                      {"combination", combination_text(meaning.task, learner.members(), mixture, has_rule)},
                      {"weight_layout", weight_layout(params, learner.members(), !families.empty())}};
  if (!grows(params)) {
    description["hidden"] = params.hidden;
    description["dropout"] = params.dropout;
    description["embedding_size"] = params.embedding_size;
  }
  if (meaning.task == data::Task::binary || meaning.task == data::Task::labels)
    description["decision_threshold"] = kDecisionThreshold;
  if (meaning.task != data::Task::binary) description["task"] = data::name_of(meaning.task);
  if (meaning.task != data::Task::binary || has_rule) description["outputs"] = learner.outputs();
  if (!families.empty()) description["families"] = families;
  if (has_rule) description["cell_rule"] = describe_cell_rule(meaning.rule);
  for (const Size& size : sizes_of(params.kind)) description[size.name] = params.*size.value;
  if (layout.images.any()) {
    const data::ImageRows& images = layout.images;
    description["channels"] = params.channels;
    description["image"] = {{"channels", images.channels},
                            {"height", images.height},
                            {"width", images.width},
                            {"mean", images.mean},
                            {"deviation", images.deviation}};
  }
  if (is_mixture) description["mixture"] = describe_mixture(mixture, learner.members());
  if (!meaning.outcomes.empty()) description["outcomes"] = meaning.outcomes;
  if (meaning.task == data::Task::regression) {
    description["target_mean"] = meaning.target_mean;
    description["target_deviation"] = meaning.target_deviation;
  }
  description["features"] = json::array();
  for (const data::Feature& feature : layout.features) description["features"].push_back(describe_feature(feature));
  description["parameters"] = json::array();
  for (const NamedTensor& parameter : learner.parameters()) {
    description["parameters"].push_back({{"name", parameter.name},
                                         {"shape", parameter.value.sizes().slice(learner.members() == 1 ? 1 : 0).vec()},
                                         {"dtype", "F32"}});
  }
  if (grows(params))
    for (const auto& [tensor, bytes] : learner.tensors())
      description["parameters"].push_back({{"name", tensor}, {"shape", bytes.sizes().vec()}, {"dtype", "U8"}});
  return description;
}

ModelParams model_params_from(const json& description, const std::string& name) {
  if (!description.is_object()) throw core::UserError(core::Fault::data, "'" + name + "' is not a model description");
  const auto format = field<std::int64_t>(description, "format", &json::is_number_integer, "a number", name);
  const bool has_mixture = description.contains("mixture"), has_rule = description.contains("cell_rule");
  const bool has_families = description.contains("families");
  const int expected = has_families  ? kFormatOfFamilies
                       : has_rule    ? kFormatOfCellRules
                       : has_mixture ? kFormatOfMixtures
                                     : kFormat;
  if (format != expected) {
    throw core::UserError(core::Fault::data, "'" + name + "' has format " + description["format"].dump() +
                                                 "; this program reads format " + std::to_string(kFormat) +
                                                 ", with a mixture " + std::to_string(kFormatOfMixtures) +
                                                 ", with a cell_rule " + std::to_string(kFormatOfCellRules) +
                                                 ", and with families " + std::to_string(kFormatOfFamilies));
  }
  ModelParams params;
  params.kind = field<std::string>(description, "kind", &json::is_string, "a text", name);
  std::vector<std::string> kinds = model_kinds();
  std::erase(kinds, "auto");  // a file holds what a search has found
  std::ranges::sort(kinds);
  if (!std::ranges::binary_search(kinds, params.kind)) {
    throw core::UserError(core::Fault::data,
                          "'" + name + "': kind is '" + params.kind + "', expected one of " + core::listed(kinds));
  }
  if (has_families && !has_rule)
    throw core::UserError(core::Fault::data, "'" + name + "': families are of cells, and there is no cell_rule");
  if (has_families && !grows(params))
    throw core::UserError(core::Fault::data,
                          "'" + name + "': families are of trees, and kind is '" + params.kind + "'");
  if (has_families) params.families = families_from(description, name);
  if (grows(params)) return params;  // all else is in the trees
  params.dropout = field<double>(description, "dropout", &json::is_number, "a number", name);
  params.embedding_size =
      field<std::int64_t>(description, "embedding_size", &json::is_number_integer, "a number", name);
  if (params.embedding_size < 1 || params.embedding_size > kWidest) {
    throw core::UserError(core::Fault::data, "'" + name + "': embedding_size is no width");
  }
  params.hidden = widths(description, "hidden", name);
  if (params.kind == "convnet") params.channels = widths(description, "channels", name);
  for (const Size& size : sizes_of(params.kind)) {
    params.*size.value = field<std::int64_t>(description, size.name, &json::is_number_integer, "a number", name);
    if (params.*size.value < 1 || params.*size.value > kWidest)
      throw core::UserError(core::Fault::data, "'" + name + "': " + size.name + " is no size");
  }
  if (params.kind == "ft_transformer" && params.width % params.heads != 0)
    throw core::UserError(core::Fault::data, "'" + name + "': heads does not divide width");
  return params;
}

data::Task model_task_from(const json& description, const std::string& name) {
  if (!description.contains("task")) return data::Task::binary;
  const std::optional<data::Task> task =
      data::task_from(field<std::string>(description, "task", &json::is_string, "a text", name));
  if (!task) throw core::UserError(core::Fault::data, "'" + name + "': task is no task");
  return *task;
}

std::int64_t model_outputs_from(const json& description, const std::string& name) {
  if (!description.contains("outputs")) return 1;
  const auto outputs = field<std::int64_t>(description, "outputs", &json::is_number_integer, "a number", name);
  if (outputs < 1 || outputs > kWidest) {
    throw core::UserError(core::Fault::data,
                          "'" + name + "': outputs is " + std::to_string(outputs) + ", which is no number of outputs");
  }
  return outputs;
}

std::int64_t model_members_from(const json& description, const std::string& name) {
  if (!description.contains("members")) return 1;  // written before models could have several
  const auto members = field<std::int64_t>(description, "members", &json::is_number_integer, "a number", name);
  if (members < 1 || members > kMostMembers) {
    throw core::UserError(core::Fault::data, "'" + name + "': members is " + std::to_string(members) +
                                                 ", expected 1 to " + std::to_string(kMostMembers));
  }
  return members;
}

Mixture model_mixture_from(const json& description, const std::string& name) {
  if (!description.contains("mixture")) return {};
  return mixture_from(description["mixture"], model_members_from(description, name), name);
}

CellRule model_rule_from(const json& description, const std::string& name) {
  if (!description.contains("cell_rule")) return {};
  // Without a task it is binary, which has one answer.
  const bool is_binary = !description.contains("task");
  const std::size_t answers =
      is_binary ? 1 : field<json>(description, "outcomes", &json::is_array, "a list", name).size();
  const auto outputs = static_cast<std::size_t>(model_outputs_from(description, name));
  return cell_rule_from(description["cell_rule"], outputs, answers, name);
}

}  // namespace equipoise::models
