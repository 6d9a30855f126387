#include "engine/models/network.h"

#include <set>

#include "engine/core/error.h"
#include "engine/models/safetensors.h"

namespace equipoise::models {
namespace {

// As it stands in a file: most models have one member, and whoever reads their weights should not meet a leading 1.
at::Tensor in_file_shape(const NamedTensor& parameter) {
  return parameter.value.size(0) == 1 ? parameter.value.select(0, 0) : parameter.value;
}

}  // namespace

Network::Network(const std::vector<std::uint64_t>& seeds, const at::Device& device)
    : seeds_(dropout_seeds(seeds, device)) {}

void Network::lay_out(const std::vector<ParameterShape>& shapes, const std::vector<std::uint64_t>& seeds,
                      const at::Device& device, at::ScalarType operand_type) {
  flat_ = make_parameters(shapes, seeds, device, operand_type);
  for (std::size_t i = 0; i < shapes.size(); ++i) named_.push_back({shapes[i].name, flat_.views[i]});
}

void Network::become(const Learner&, std::int64_t, std::int64_t, const at::Tensor& iterates) {
  flat_.values.copy_(iterates);
}

std::map<std::string, at::Tensor> Network::tensors() const {
  std::map<std::string, at::Tensor> tensors;
  for (const NamedTensor& parameter : named_)
    tensors[parameter.name] = in_file_shape(parameter).to(at::kCPU).contiguous();
  return tensors;
}

void Network::take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) {
  const auto mismatch = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "' does not belong to this model: " + what);
  };
  std::set<std::string> wanted;
  for (const NamedTensor& parameter : named_) {
    wanted.insert(parameter.name);
    const auto found = tensors.find(parameter.name);
    if (found == tensors.end()) throw mismatch("tensor '" + parameter.name + "' is missing");
    const at::Tensor own = in_file_shape(parameter);
    if (found->second.sizes() != own.sizes() || found->second.scalar_type() != own.scalar_type()) {
      throw mismatch("tensor '" + parameter.name + "' is " + dtype_and_shape(found->second) + ", expected " +
                     dtype_and_shape(own));
    }
  }
  for (const auto& [tensor, value] : tensors) {
    if (!wanted.contains(tensor)) throw mismatch("it has a tensor '" + tensor + "' that the model does not have");
  }
  for (const NamedTensor& parameter : named_) in_file_shape(parameter).copy_(tensors.at(parameter.name));
}

}  // namespace equipoise::models
