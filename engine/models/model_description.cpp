#include <string>

#include "engine/core/error.h"
#include "engine/models/model_file.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr int kFormat = 1, kFormatOfMixtures = 2, kFormatOfCellRules = 3;
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

}  // namespace

namespace {

std::string output_text(data::Task task, const CellRule& rule) {
  if (rule.any()) {
    const std::string given = rule.uses_groups() ? " given the row's group" : "";
    return "a logit for each cell of cell_rule; p is their softmax" + given +
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

std::string weight_layout(const ModelParams& params, std::int64_t members) {
  const std::string of_members = members == 1 ? "[" : "[members, ";
  if (params.kind == "convnet")
    return "convolutions.N.weight is " + of_members +
           "9 * inputs, outputs]: of a window of 3 x 3 places line by line, the channels of a place together; stride "
           "2, "
           "a border of 1 with zeros; rectifiers between layers; dense.weight is " +
           of_members +
           "inputs, outputs], inputs as the places of the last layer line by line, the channels of a place together; "
           "a pixel value x of 0 to 255 goes in as (x - mean) / deviation, 0 where that is 0";
  return "layers.N.weight is " + of_members + "inputs, outputs]; rectifiers between layers";
}

}  // namespace

OutputMeaning meaning_of(const data::Dataset& dataset) {
  return {dataset.task, dataset.outcomes, dataset.target_mean, dataset.target_deviation};
}

json describe_model(const ModelParams& params, const data::EncodedRows& layout, const Learner& learner,
                    const OutputMeaning& meaning, const Mixture& mixture) {
  const bool is_mixture = !mixture.probabilities.empty(), has_rule = meaning.rule.any();
  json description = {{"format", has_rule     ? kFormatOfCellRules
                                 : is_mixture ? kFormatOfMixtures
                                              : kFormat},
                      {"kind", params.kind},
                      {"hidden", params.hidden},
                      {"dropout", params.dropout},
                      {"embedding_size", params.embedding_size},
                      {"input_width", layout.width},
                      {"output", output_text(meaning.task, meaning.rule)},
                      {"members", learner.members()},
                      {"combination", combination_text(meaning.task, learner.members(), mixture, has_rule)},
                      {"weight_layout", weight_layout(params, learner.members())}};
  if (meaning.task == data::Task::binary || meaning.task == data::Task::labels)
    description["decision_threshold"] = kDecisionThreshold;
  if (meaning.task != data::Task::binary) description["task"] = data::name_of(meaning.task);
  if (meaning.task != data::Task::binary || has_rule) description["outputs"] = learner.outputs();
  if (has_rule) description["cell_rule"] = describe_cell_rule(meaning.rule);
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
  return description;
}

ModelParams model_params_from(const json& description, const std::string& name) {
  if (!description.is_object()) throw core::UserError(core::Fault::data, "'" + name + "' is not a model description");
  const auto format = field<std::int64_t>(description, "format", &json::is_number_integer, "a number", name);
  const bool has_mixture = description.contains("mixture"), has_rule = description.contains("cell_rule");
  const int expected = has_rule ? kFormatOfCellRules : has_mixture ? kFormatOfMixtures : kFormat;
  if (format != expected) {
    throw core::UserError(core::Fault::data, "'" + name + "' has format " + description["format"].dump() +
                                                 "; this program reads format " + std::to_string(kFormat) +
                                                 ", with a mixture " + std::to_string(kFormatOfMixtures) +
                                                 ", and with a cell_rule " + std::to_string(kFormatOfCellRules));
  }
  ModelParams params;
  params.kind = field<std::string>(description, "kind", &json::is_string, "a text", name);
  if (params.kind != "mlp" && params.kind != "linear" && params.kind != "convnet") {
    throw core::UserError(core::Fault::data,
                          "'" + name + "': kind is '" + params.kind + "', expected linear, mlp or convnet");
  }
  params.dropout = field<double>(description, "dropout", &json::is_number, "a number", name);
  params.embedding_size =
      field<std::int64_t>(description, "embedding_size", &json::is_number_integer, "a number", name);
  if (params.embedding_size < 1 || params.embedding_size > kWidest) {
    throw core::UserError(core::Fault::data, "'" + name + "': embedding_size is no width");
  }
  params.hidden = widths(description, "hidden", name);
  if (params.kind == "convnet") params.channels = widths(description, "channels", name);
  return params;
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
