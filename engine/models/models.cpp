#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/from_blob.h>

#include <functional>
#include <map>
#include <stdexcept>

#include "engine/core/error.h"
#include "engine/models/architecture.h"
#include "engine/models/boosted_trees.h"
#include "engine/models/convnet.h"
#include "engine/models/learner.h"
#include "engine/models/mlp.h"
#include "engine/models/module_learner.h"
#include "engine/models/torchscript.h"
#include "kernels/gather/gather.h"

namespace equipoise::models {
namespace {

/// What a learner is made for.
struct Made {
  const ModelParams& params;
  const data::EncodedRows& layout;
  const std::vector<std::uint64_t>& seeds;
  const at::Device& device;
  Precision precision;
  std::int64_t outputs;
  data::Task task;
};

std::unique_ptr<Learner> mlp(const Made& made, std::vector<std::int64_t> hidden, double dropout) {
  return std::make_unique<Mlp>(made.params.kind, std::move(hidden), dropout, made.params.embedding_size, made.layout,
                               made.seeds, made.device, made.precision, made.outputs);
}

std::unique_ptr<Learner> convnet(const Made& made) {
  return std::make_unique<Convnet>(made.params.channels, made.params.dropout, made.layout.images, made.seeds,
                                   made.outputs);
}

std::unique_ptr<Learner> boosted_trees(const Made& made) {
  if (made.precision != Precision::fp32)
    throw core::UserError(core::Fault::config, "precision has no meaning for model.kind: boosted_trees; expected fp32");
  return std::make_unique<BoostedTrees>(made.params.trees, made.layout, made.seeds, made.outputs, made.device,
                                        made.params.families);
}

using Design = Architecture (*)(const ModelParams&, const data::EncodedRows&, std::int64_t);

std::unique_ptr<Learner> module_of(const Made& made, const std::function<Architecture()>& design,
                                   std::vector<std::int64_t> row) {
  if (made.precision == Precision::bf16)
    throw core::UserError(core::Fault::config, "precision: bf16 has no version for model.kind: " + made.params.kind +
                                                   "; expected fp32 or tf32");
  const ModuleSetting setting{made.params.kind, made.params.dropout, made.outputs,
                              made.task,        std::move(row),      made.precision};
  return std::make_unique<ModuleLearner>(design(), setting, made.seeds, made.device);
}

template <Design design>
std::unique_ptr<Learner> module_of_columns(const Made& made) {
  return module_of(made, [&] { return design(made.params, made.layout, made.outputs); }, {made.layout.width});
}

std::unique_ptr<Learner> module_of_file(const Made& made) {
  const data::ImageRows& images = made.layout.images;
  const std::vector<std::int64_t> row = images.any()
                                            ? std::vector<std::int64_t>{images.channels, images.height, images.width}
                                            : std::vector<std::int64_t>{made.layout.width};
  const auto members = static_cast<std::int64_t>(made.seeds.size());
  return module_of(
      made, [&] { return torchscript(made.params.file, row, made.outputs, members, made.device); }, row);
}

/// Every model by its name in the config (ModelParams::describe lists the same names).
const std::map<std::string, std::function<std::unique_ptr<Learner>(const Made&)>>& kinds() {
  static const std::map<std::string, std::function<std::unique_ptr<Learner>(const Made&)>> table = {
      {"linear", [](const Made& made) { return mlp(made, {}, 0.0); }},
      {"mlp", [](const Made& made) { return mlp(made, made.params.hidden, made.params.dropout); }},
      {"residual_mlp", module_of_columns<residual_mlp>},
      {"tabm", module_of_columns<tabm>},
      {"ft_transformer", module_of_columns<ft_transformer>},
      {"convnet", convnet},
      {"torchscript", module_of_file},
      {"boosted_trees", boosted_trees},
  };
  return table;
}

}  // namespace

std::unique_ptr<Learner> make_learner(const ModelParams& params, const data::EncodedRows& layout,
                                      const std::vector<std::uint64_t>& seeds, const at::Device& device,
                                      Precision precision, std::int64_t outputs, data::Task task) {
  if (precision != Precision::fp32 && device.is_cpu()) {
    throw std::invalid_argument("on the CPU a learner computes in fp32 alone");
  }
  if (is_cpu_alone(params) && !device.is_cpu())
    throw core::UserError(core::Fault::config,
                          "model.kind: " + params.kind + " computes on the CPU alone so far; set device: cpu");
  return kinds().at(params.kind)({params, layout, seeds, device, precision, outputs, task});
}

void Learner::grow(const at::Tensor&, const at::Tensor&, const at::Tensor&) {
  throw std::logic_error("this learner moves its parameters by their gradient");
}

std::string parameter_count(const Learner& learner) {
  std::int64_t count = 0;
  for (const NamedTensor& parameter : learner.parameters()) count += parameter.value.numel() / learner.members();
  return in_thousands(count) + " parameters";
}

namespace {

// A channel that is alike in every training row says nothing, also of other rows.
kernels::ImageTensors image_tensors(const data::EncodedRows& rows, const at::Device& device) {
  const data::ImageRows& images = rows.images;
  kernels::ImageTensors tensors;
  const at::Tensor pixels = at::from_blob(const_cast<std::uint8_t*>(images.pixels.data()),
                                          {rows.rows, images.channels, images.height, images.width}, at::kByte);
  tensors.pixels = pixels.to(device);
  at::Tensor mean = at::empty({images.channels}, at::kFloat), scale = at::empty_like(mean);
  for (std::size_t c = 0; c < images.mean.size(); ++c) {
    mean.data_ptr<float>()[c] = images.mean[c];
    scale.data_ptr<float>()[c] = images.deviation[c] > 0 ? 1 / images.deviation[c] : 0;
  }
  tensors.mean = mean.to(device);
  tensors.scale = scale.to(device);
  return tensors;
}

}  // namespace

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
  if (rows.images.any()) tensors.images = image_tensors(rows, device);
  return tensors;
}

}  // namespace equipoise::models
