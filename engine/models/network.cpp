#include "engine/models/learner.h"

#include <set>
#include <stdexcept>

#include "engine/core/error.h"
#include "engine/models/safetensors.h"

namespace equipoise::models {
namespace {

// As it stands in a file: most models have one member, and whoever reads their weights should not meet a leading 1.
at::Tensor in_file_shape(const Learner& learner, const NamedTensor& parameter) {
  return learner.members() == 1 ? parameter.value.select(0, 0) : parameter.value;
}

}  // namespace

void Learner::grow(const at::Tensor&, const at::Tensor&, const at::Tensor&) {
  throw std::logic_error("this learner moves its parameters by their gradient");
}

void Learner::become(const Learner&, std::int64_t, std::int64_t, const at::Tensor& iterates) {
  flat_parameters().copy_(iterates);
}

std::map<std::string, at::Tensor> Learner::tensors() const {
  std::map<std::string, at::Tensor> tensors;
  for (const NamedTensor& parameter : parameters())
    tensors[parameter.name] = in_file_shape(*this, parameter).to(at::kCPU).contiguous();
  return tensors;
}

void Learner::take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) {
  const auto mismatch = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "' does not belong to this model: " + what);
  };
  std::set<std::string> wanted;
  for (const NamedTensor& parameter : parameters()) {
    wanted.insert(parameter.name);
    const auto found = tensors.find(parameter.name);
    if (found == tensors.end()) throw mismatch("tensor '" + parameter.name + "' is missing");
    const at::Tensor own = in_file_shape(*this, parameter);
    if (found->second.sizes() != own.sizes() || found->second.scalar_type() != own.scalar_type()) {
      throw mismatch("tensor '" + parameter.name + "' is " + dtype_and_shape(found->second) + ", expected " +
                     dtype_and_shape(own));
    }
  }
  for (const auto& [tensor, value] : tensors) {
    if (!wanted.contains(tensor)) throw mismatch("it has a tensor '" + tensor + "' that the model does not have");
  }
  for (const NamedTensor& parameter : parameters()) in_file_shape(*this, parameter).copy_(tensors.at(parameter.name));
}

}  // namespace equipoise::models
