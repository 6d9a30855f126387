#pragma once

#include <map>
#include <string>
#include <vector>

#include "engine/models/flat_parameters.h"
#include "engine/models/learner.h"

namespace equipoise::models {

/// What learners share that move their parameters: the members' flat rows, the tensors that are views of them, what decides which units a
/// member drops. A model's file is these tensors.
class Network : public Learner {
 public:
  const std::vector<NamedTensor>& parameters() const final { return named_; }
  at::Tensor& flat_parameters() final { return flat_.values; }
  at::Tensor& flat_gradients() final { return flat_.gradients; }
  std::int64_t members() const final { return seeds_.size(0); }

  void become(const Learner& trained, std::int64_t first, std::int64_t members_of_each,
              const at::Tensor& iterates) final;
  std::map<std::string, at::Tensor> tensors() const final;
  void take_tensors(const std::map<std::string, at::Tensor>& tensors, const std::string& name) final;

 protected:
  Network(const std::vector<std::uint64_t>& seeds, const at::Device& device);

  /// Lays out the parameters and draws their initial values, as make_parameters does.
  void lay_out(const std::vector<ParameterShape>& shapes, const std::vector<std::uint64_t>& seeds,
               const at::Device& device, at::ScalarType operand_type = at::kFloat);

  FlatParameters flat_;
  std::vector<NamedTensor> named_;
  at::Tensor seeds_;  // [K] i64, dropout's
};

}  // namespace equipoise::models
