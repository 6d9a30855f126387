#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include <nlohmann/json.hpp>

#include "engine/data/dataset.h"
#include "engine/models/cell_rule.h"
#include "engine/models/learner.h"
#include "engine/models/mixture.h"
#include "engine/models/safetensors.h"

namespace equipoise::models {

/// The parameters; of a single member without the leading K.
TensorFile weights_of(const Learner& learner);
/// Puts the file's tensors into the learner. Names and shapes must be the learner's own: UserError (data) otherwise,
/// naming the file and what differs; the learner is unchanged then.
void load_weights(Learner& learner, const TensorFile& file, const std::string& name);

/// What the model's outputs mean.
struct OutputMeaning {
  data::Task task = data::Task::binary;
  std::vector<std::string> outcomes;             ///< classes or labels, one an output
  double target_mean = 0, target_deviation = 1;  ///< of a number, which is mean + deviation * output
  CellRule rule = {};  ///< where outputs are posteriors of cells, and not of the task's own outcomes
};

OutputMeaning meaning_of(const data::Dataset& dataset);

/// What stands beside the weights: the architecture, the inputs with their components, the outputs, the members and how they
/// decide together, the parameters. That of a mixture has a format of its own, which a program that would take it for a mean
/// of scores does not read, and so has one with a rule over cells.
nlohmann::json describe_model(const ModelParams& params, const data::EncodedRows& layout, const Learner& learner,
                              const OutputMeaning& meaning = {}, const Mixture& mixture = {});
/// The architecture of a description. Throws UserError (data) naming `name` and what is missing.
ModelParams model_params_from(const nlohmann::json& description, const std::string& name);
/// How many logits a row a description's model has.
std::int64_t model_outputs_from(const nlohmann::json& description, const std::string& name);
/// What they mean.
data::Task model_task_from(const nlohmann::json& description, const std::string& name);
/// How many members a description's model has.
std::int64_t model_members_from(const nlohmann::json& description, const std::string& name);
/// How they decide together.
Mixture model_mixture_from(const nlohmann::json& description, const std::string& name);
/// How they decide from posteriors of cells; without any where they do not.
CellRule model_rule_from(const nlohmann::json& description, const std::string& name);

}  // namespace equipoise::models
