#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <functional>
#include <map>
#include <stdexcept>

#include "engine/models/learner.h"
#include "engine/models/mlp.h"
#include "kernels/gather/gather.h"

namespace equipoise::models {
namespace {

using Make = std::function<std::unique_ptr<Learner>(const ModelParams&, const data::EncodedRows&,
                                                    const std::vector<std::uint64_t>&, const at::Device&, Precision,
                                                    std::int64_t)>;

/// Every model by its name in the config (ModelParams::describe lists the same names).
const std::map<std::string, Make>& kinds() {
  static const std::map<std::string, Make> table = {
      {"linear",
       [](const ModelParams& params, const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds,
          const at::Device& device, Precision precision, std::int64_t outputs) {
         return std::make_unique<Mlp>("linear", std::vector<std::int64_t>{}, 0.0, params.embedding_size, layout, seeds,
                                      device, precision, outputs);
       }},
      {"mlp",
       [](const ModelParams& params, const data::EncodedRows& layout, const std::vector<std::uint64_t>& seeds,
          const at::Device& device, Precision precision, std::int64_t outputs) {
         return std::make_unique<Mlp>("mlp", params.hidden, params.dropout, params.embedding_size, layout, seeds,
                                      device, precision, outputs);
       }},
  };
  return table;
}

}  // namespace

std::unique_ptr<Learner> make_learner(const ModelParams& params, const data::EncodedRows& layout,
                                      const std::vector<std::uint64_t>& seeds, const at::Device& device,
                                      Precision precision, std::int64_t outputs) {
  if (precision != Precision::fp32 && device.is_cpu()) {
    throw std::invalid_argument("on the CPU a learner computes in fp32 alone");
  }
  return kinds().at(params.kind)(params, layout, seeds, device, precision, outputs);
}

EncodedTensors to_tensors(const data::EncodedRows& rows, const at::Device& device) {
  const auto features = static_cast<std::int64_t>(rows.features.size());
  EncodedTensors tensors;
  tensors.width = rows.width;
  at::Tensor layout = at::empty({features, 3}, at::kInt);
  for (std::int64_t f = 0; f < features; ++f) {
    std::int32_t* entry = layout.data_ptr<std::int32_t>() + 3 * f;
    entry[0] = static_cast<std::int32_t>(rows.features[f].kind);
    entry[1] = rows.features[f].offset;
    entry[2] = rows.features[f].width;
  }
  // The memory of `rows` is shared on the CPU (from_blob), copied elsewhere.
  const at::Tensor codes =
      at::from_blob(const_cast<std::int16_t*>(rows.codes.data()), {rows.rows, features}, at::kShort);
  const at::Tensor values = at::from_blob(const_cast<float*>(rows.values.data()), {rows.rows, features}, at::kFloat);
  kernels::check_encoded(codes, layout);
  tensors.codes = codes.to(device);
  tensors.values = values.to(device);
  tensors.layout = layout.to(device);
  return tensors;
}

}  // namespace equipoise::models
