#include "engine/training/image_batches.h"

#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/training/making_rows.h"
#include "engine/training/tensor_of.h"
#include "kernels/cell_order/cell_order.h"

namespace equipoise::training {
namespace {

constexpr double kWhole = 0x1p32;

std::int64_t padding_of(const std::string& name) {
  if (name == "edge") return kernels::kEdge;
  return name == "reflect" ? kernels::kReflect : kernels::kBlack;
}

// A recipe's numbers as the kernel reads them, in the order of kernels::ImageSetting.
std::vector<std::int64_t> settings_of(const sampling::ImageChangeParams& change) {
  constexpr double kFactor = 4096, kMixed = 256, kNoiseUnit = 65536, kLargest = 255;
  return {std::llround(change.flip * kWhole),
          change.crop,
          padding_of(change.padding),
          std::llround(change.brightness * kFactor),
          std::llround(change.colour * kFactor),
          change.cutout,
          std::llround(change.noise * kLargest / kernels::kDeviationOfFourBytes * kNoiseUnit),
          std::llround(change.mix * kMixed)};
}

}  // namespace

// Pictures are moved by less than they are wide, and not blanked all over.
void check_picture_changes(const sampling::SamplingParams& params, const data::ImageRows& images,
                           const config::Origin& origin) {
  const std::int64_t most = std::min(images.height, images.width) - 1;
  core::ProblemList problems;
  const auto check = [&](const std::string& path, std::int64_t pixels) {
    if (pixels > most)
      throw core::UserError(
          core::Fault::config,
          fmt::format(
              "{}: the images are {} x {}: of a picture something is to be left, so at most {} pixels, and not {}",
              path, images.height, images.width, most, pixels),
          origin.of(path));
  };
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const std::string path = fmt::format("sampling.recipes[{}].change.", i);
    const sampling::ImageChangeParams& change = params.recipes[i].change;
    problems.collect([&] { check(path + "crop", change.crop); });
    problems.collect([&] { check(path + "cutout", change.cutout); });
  }
  problems.throw_if_any();
}

ImageBatches::ImageBatches(const sampling::Sampler& sampler, const DeviceData& data)
    : sampler_(sampler), data_(data), rows_(data.encoded) {
  // None is mixed with rows that are not drawn. Those of the other splits are of nobody too.
  const auto nobodys = static_cast<std::int32_t>(making_cells(sampler, data) - 1);
  std::vector<std::int32_t> cells = cells_by_fold(sampler, data);
  cells.resize(data.order.size(), nobodys);
  on_host_.cells = tensor_of(cells, at::kInt);
  const kernels::CellOrder order = kernels::cell_order(on_host_.cells, nobodys + 1);
  on_host_.order = order.rows;
  on_host_.offsets = order.offsets;
  std::vector<std::int64_t> settings;
  for (const sampling::Sampler::Making& one : sampler.makings())
    for (const std::int64_t number : settings_of(one.params.change)) settings.push_back(number);
  const auto recipes = static_cast<std::int64_t>(sampler.makings().size());
  on_host_.settings = tensor_of(settings, at::kLong).view({recipes, kernels::kImageSettings});
  on_host_.limits = at::zeros({nobodys + 1, recipes}, at::kLong);
  const at::Device device = data.cell_labels.device();
  rows_.image_recipes = {on_host_.cells.to(device), on_host_.order.to(device), on_host_.offsets.to(device),
                         on_host_.settings.to(device), on_host_.limits.to(device, at::kLong, false, true)};
}

void ImageBatches::follow() {
  set_limits(on_host_.limits, sampler_, data_);
  rows_.image_recipes->limits.copy_(on_host_.limits);
}

const models::EncodedTensors& ImageBatches::changed(std::uint64_t seed) {
  rows_.image_seed = seed;
  return rows_;
}

at::Tensor ImageBatches::are_changed(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const {
  return kernels::image_recipes_of_slots(rows, on_host_, seed, step).ge(0);
}

}  // namespace equipoise::training
