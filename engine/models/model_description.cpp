#include <string>

#include "engine/core/error.h"
#include "engine/models/model_file.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

constexpr int kFormat = 1;
constexpr std::int64_t kWidest = 1 << 20;
constexpr std::int64_t kMostMembers = 1024;
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

}  // namespace

json describe_model(const ModelParams& params, const data::EncodedRows& layout, const Learner& learner) {
  json description = {
      {"format", kFormat},
      {"kind", params.kind},
      {"hidden", params.hidden},
      {"dropout", params.dropout},
      {"embedding_size", params.embedding_size},
      {"input_width", layout.width},
      {"output", "the logit of the positive class; its score is 1 / (1 + exp(-logit))"},
      {"members", learner.members()},
      {"combination", learner.members() == 1 ? "one network" : "the mean of the members' scores"},
      {"decision_threshold", kDecisionThreshold},
      {"weight_layout", learner.members() == 1
                            ? "layers.N.weight is [inputs, outputs]; rectifiers between layers"
                            : "layers.N.weight is [members, inputs, outputs]; rectifiers between layers"}};
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
  if (field<std::int64_t>(description, "format", &json::is_number_integer, "a number", name) != kFormat) {
    throw core::UserError(core::Fault::data, "'" + name + "' has format " + description["format"].dump() +
                                                 "; this program reads format " + std::to_string(kFormat));
  }
  ModelParams params;
  params.kind = field<std::string>(description, "kind", &json::is_string, "a text", name);
  if (params.kind != "mlp" && params.kind != "linear") {
    throw core::UserError(core::Fault::data, "'" + name + "': kind is '" + params.kind + "', expected linear or mlp");
  }
  params.dropout = field<double>(description, "dropout", &json::is_number, "a number", name);
  params.embedding_size =
      field<std::int64_t>(description, "embedding_size", &json::is_number_integer, "a number", name);
  if (params.embedding_size < 1 || params.embedding_size > kWidest) {
    throw core::UserError(core::Fault::data, "'" + name + "': embedding_size is no width");
  }
  params.hidden.clear();
  for (const json& width : field<json>(description, "hidden", &json::is_array, "a list", name)) {
    const bool is_width = width.is_number_integer() && width > 0 && width <= kWidest;
    if (!is_width) {
      throw core::UserError(core::Fault::data, "'" + name + "': hidden is not a list of layer widths");
    }
    params.hidden.push_back(width.get<std::int64_t>());
  }
  return params;
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

}  // namespace equipoise::models
