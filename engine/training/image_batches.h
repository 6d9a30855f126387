#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "engine/models/learner.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "kernels/image_augment/image_augment.h"

namespace equipoise::training {

/// Pictures that are changed on their way into batches, as a sampler's recipes say. One is mixed with another of the same cell and fold, so
/// that no member learns from its own fold by way of a picture that has a part of it.
class ImageBatches {
 public:
  /// `sampler`, of which at least one recipe changes pictures, is of the training rows in the order of `data`; both must outlive this.
  ImageBatches(const sampling::Sampler& sampler, const DeviceData& data);

  /// Takes over what the sampler says now. The tensors stay where they are: a captured graph reads them.
  void follow();

  /// The rows of `data`, whose pictures a forward pass changes as it gathers them, by this seed and its own step.
  const models::EncodedTensors& changed(std::uint64_t seed);

  /// [batch] bool, on the host, whether the slots of a step are changed.
  at::Tensor are_changed(const at::Tensor& rows, std::uint64_t seed, std::int64_t step) const;

 private:
  const sampling::Sampler& sampler_;
  const DeviceData& data_;
  kernels::ImageRecipes on_host_;
  models::EncodedTensors rows_;
};

/// Throws UserError (config) for recipes that move pictures, or blank a square of them, by more than their size allows.
void check_picture_changes(const sampling::SamplingParams& params, const data::ImageRows& images,
                           const config::Origin& origin);

}  // namespace equipoise::training
