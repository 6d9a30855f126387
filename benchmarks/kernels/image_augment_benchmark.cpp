// Pictures into a batch, as they are and changed, beside the copy of as many bytes.
#include "kernels/image_augment/image_augment.h"

#include <ATen/ops/arange.h>

#include "benchmarks/kernels/bandwidth.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kCount = 20'000, kBatch = 4096, kChannels = 3, kSide = 32;

// Everything at once; mirrored and moved as is usual; nothing.
ImageRecipes recipe_of(std::int64_t kind) {
  const std::vector<std::vector<std::int64_t>> settings = {{0, 0, 0, 0, 0, 0, 0, 0},
                                                           {std::int64_t{1} << 31, 4, kReflect, 0, 0, 0, 0, 0},
                                                           {std::int64_t{1} << 31, 4, kReflect, 800, 800, 8, 5000, 77}};
  return {at::zeros({kCount}, at::kInt), at::arange(kCount, at::kLong),
          at::tensor(std::vector<std::int64_t>{0, kCount}, at::kLong),
          at::tensor(settings[static_cast<std::size_t>(kind)], at::kLong).view({1, kImageSettings}),
          at::tensor(std::vector<std::int64_t>{std::int64_t{1} << 32}, at::kLong).view({1, 1})};
}

at::Tensor mirrored_edge(const at::Tensor& picture, std::int64_t border) {
  return at::reflection_pad2d(picture.to(at::kFloat), {border, border, border, border});
}

// By other means, for the first slots: what is only moved and mirrored is one of all crops of its source with a border; where all is changed, values
// stay in range, and a part of every picture is blank.
bool is_right(std::int64_t kind, const ImageTensors& images, const at::Tensor& rows, const at::Tensor& batch) {
  constexpr double kOfBfloat16 = 1.1;  // which has 8 bits of a pixel value
  for (std::int64_t slot = 0; slot < 8; ++slot) {
    const at::Tensor found = batch[slot].to(at::kFloat) / images.scale.view({-1, 1, 1}) + images.mean.view({-1, 1, 1}),
                     source = images.pixels[rows[slot].item<std::int64_t>()];
    const auto is_found = [&](const at::Tensor& picture) {
      return (found - picture).abs().max().item<double>() < kOfBfloat16;
    };
    bool fits = kind == 0 && is_found(source.to(at::kFloat));
    const at::Tensor bordered = mirrored_edge(source, 4);
    for (std::int64_t y = 0; kind == 1 && y <= 8; ++y)
      for (std::int64_t x = 0; x <= 8; ++x) {
        const at::Tensor crop = bordered.narrow(1, y, kSide).narrow(2, x, kSide);
        const at::Tensor of_mirrored = mirrored_edge(source.flip({2}), 4).narrow(1, y, kSide).narrow(2, x, kSide);
        fits = fits || is_found(crop) || is_found(of_mirrored);
      }
    if (kind == 2) {
      const std::int64_t blank = batch[slot].eq(0).all(0).sum().item<std::int64_t>();
      fits = blank >= 16 && blank <= 64 && found.min().item<double>() > -2 && found.max().item<double>() < 258;
    }
    if (!fits) return false;
  }
  return true;
}

void image_augment_benchmark(benchmark::State& state) {
  at::manual_seed(1);
  const ImageTensors images{at::randint(256, {kCount, kChannels, kSide, kSide}, at::kByte),
                            at::full({kChannels}, 127.5F), at::full({kChannels}, 1 / 74.0F)};
  const std::int64_t kind = state.range(0);
  const at::ScalarType type = state.range(1) == 16 ? at::kBFloat16 : at::kFloat;
  const ImageRecipes recipes = recipe_of(kind);
  const at::Tensor rows = at::randint(kCount, {kBatch}, at::kLong);
  at::Tensor batch = at::empty({kBatch, kChannels, kSide, kSide}, type), step = at::zeros({1}, at::kLong);
  const std::optional<ImageRecipes> used = kind == 0 ? std::nullopt : std::optional(recipes);
  image_augment_out(batch, images, rows, used, 3, step);
  if (!is_right(kind, images, rows, batch)) {
    state.SkipWithError("not changed as they should be");
    return;
  }
  for (auto _ : state) {
    image_augment_out(batch, images, rows, used, 3, step);
    step.add_(1);
  }
  report_bytes(state, static_cast<double>(batch.numel() + batch.nbytes()));
}

BENCHMARK(image_augment_benchmark)
    ->Name("image_augment")
    ->ArgNames({"kind", "bits"})
    ->ArgsProduct({{0, 1, 2}, {16, 32}})
    ->Unit(benchmark::kMicrosecond)
    ->UseRealTime();

}  // namespace
}  // namespace equipoise::kernels
