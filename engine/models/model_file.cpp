#include "engine/models/model_file.h"

#include <set>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

// As it stands in a file: most models have one member, and whoever reads their weights should not meet a leading 1.
at::Tensor in_file_shape(const Learner& learner, const NamedTensor& parameter) {
  return learner.members() == 1 ? parameter.value.select(0, 0) : parameter.value;
}

}  // namespace

TensorFile weights_of(const Learner& learner) {
  TensorFile file;
  file.metadata["format"] = "pt";
  for (const NamedTensor& parameter : learner.parameters()) {
    file.tensors[parameter.name] = in_file_shape(learner, parameter).to(at::kCPU).contiguous();
  }
  return file;
}

void load_weights(Learner& learner, const TensorFile& file, const std::string& name) {
  const auto mismatch = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "' does not belong to this model: " + what);
  };
  std::set<std::string> wanted;
  for (const NamedTensor& parameter : learner.parameters()) {
    wanted.insert(parameter.name);
    const auto found = file.tensors.find(parameter.name);
    if (found == file.tensors.end()) throw mismatch("tensor '" + parameter.name + "' is missing");
    const at::Tensor own = in_file_shape(learner, parameter);
    if (found->second.sizes() != own.sizes() || found->second.scalar_type() != own.scalar_type()) {
      throw mismatch("tensor '" + parameter.name + "' is " + dtype_and_shape(found->second) + ", expected " +
                     dtype_and_shape(own));
    }
  }
  for (const auto& [tensor, value] : file.tensors) {
    if (!wanted.contains(tensor)) throw mismatch("it has a tensor '" + tensor + "' that the model does not have");
  }
  for (const NamedTensor& parameter : learner.parameters()) {
    in_file_shape(learner, parameter).copy_(file.tensors.at(parameter.name));
  }
}

}  // namespace equipoise::models
