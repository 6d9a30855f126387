#include "kernels/image_augment/image_augment.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <atomic>

#include "kernels/arguments.h"
#include "kernels/image_augment/image_augment_math.h"

namespace equipoise::kernels {
namespace {

constexpr const char* kOp = "image_augment";
constexpr std::int64_t kTaskPixels = 1 << 15;
constexpr std::int64_t kMostPixels = 1 << 26;

void check(const char* name, const at::Tensor& tensor, at::ScalarType type, at::SymIntArrayRef shape,
           const at::Tensor& pixels) {
  check_written(kOp, name, tensor, type, shape, "pixels", pixels);
}

void check_images(const at::Tensor& batch, const ImageTensors& images, const at::Tensor& rows, const at::Tensor& step) {
  const at::Tensor& pixels = images.pixels;
  TORCH_CHECK(pixels.defined(), kOp, ": pixels is an undefined tensor");
  check_supported(kOp, pixels);
  check_type(kOp, "pixels", pixels, at::kByte);
  TORCH_CHECK(pixels.dim() == 4, kOp, ": pixels has shape ", pixels.sym_sizes(), ", expected [N, C, H, W]");
  check_contiguous(kOp, "pixels", pixels);
  TORCH_CHECK(pixels.size(1) >= 1 && pixels.size(1) <= kMostChannels, kOp, ": pixels has ", pixels.size(1),
              " channels, expected 1 to ", kMostChannels);
  TORCH_CHECK(pixels.size(1) * pixels.size(2) * pixels.size(3) <= kMostPixels, kOp, ": a picture has ",
              pixels.size(1) * pixels.size(2) * pixels.size(3), " pixels in all channels, expected at most ",
              kMostPixels);
  check("mean", images.mean, at::kFloat, {pixels.sym_size(1)}, pixels);
  check("scale", images.scale, at::kFloat, {pixels.sym_size(1)}, pixels);
  TORCH_CHECK(rows.defined() && rows.dim() == 1, kOp, ": rows are not [B]");
  check("rows", rows, at::kLong, {rows.sym_size(0)}, pixels);
  check("step", step, at::kLong, {1}, pixels);
  check_device(kOp, "batch", batch, "pixels", pixels);
  check_float_or_bfloat16(kOp, "batch", batch);
  check_shape(kOp, "batch", batch, {rows.sym_size(0), pixels.sym_size(1), pixels.sym_size(2), pixels.sym_size(3)});
  check_contiguous(kOp, "batch", batch);
}

void check_recipes(const ImageRecipes& recipes, const at::Tensor& images) {
  TORCH_CHECK(recipes.limits.defined() && recipes.limits.dim() == 2, kOp, ": limits are not [G, R]");
  const c10::SymInt count = images.sym_size(0), cells = recipes.limits.sym_size(0), kinds = recipes.limits.sym_size(1);
  check("cells", recipes.cells, at::kInt, {count}, images);
  check("order", recipes.order, at::kLong, {count}, images);
  check("offsets", recipes.offsets, at::kLong, {cells + 1}, images);
  check("settings", recipes.settings, at::kLong, {kinds, kImageSettings}, images);
  check("limits", recipes.limits, at::kLong, {cells, kinds}, images);
}

void set_recipes(ImageAugmentProblem& problem, const ImageRecipes& recipes) {
  problem.first_slot = recipes.first_slot;
  problem.cells = recipes.cells.const_data_ptr<std::int32_t>();
  problem.order = recipes.order.const_data_ptr<std::int64_t>();
  problem.offsets = recipes.offsets.const_data_ptr<std::int64_t>();
  problem.settings = recipes.settings.const_data_ptr<std::int64_t>();
  problem.limits = recipes.limits.const_data_ptr<std::int64_t>();
  problem.cell_count = recipes.limits.size(0);
  problem.recipe_count = recipes.limits.size(1);
}

}  // namespace

void check_image_settings(const at::Tensor& settings, std::int64_t height, std::int64_t width) {
  struct Range {
    const char* name;
    std::int64_t most;
  };
  const Range ranges[kImageSettings] = {{"flip", std::int64_t{1} << 32},
                                        {"crop", (height < width ? height : width) - 1},
                                        {"padding", kReflect},
                                        {"brightness", 4096},
                                        {"colour", 4096},
                                        {"cutout", kMostCutout},
                                        {"noise", kMostNoise},
                                        {"mix", 256}};
  for (std::int64_t recipe = 0; recipe < settings.size(0); ++recipe)
    for (int i = 0; i < kImageSettings; ++i) {
      const std::int64_t value = settings.const_data_ptr<std::int64_t>()[recipe * kImageSettings + i];
      TORCH_CHECK(value >= 0 && value <= ranges[i].most, kOp, ": ", ranges[i].name, " of recipe ", recipe, " is ",
                  value, ", expected 0 to ", ranges[i].most);
    }
}

void image_augment_out(at::Tensor& batch, const ImageTensors& images, const at::Tensor& rows,
                       const std::optional<ImageRecipes>& recipes, std::uint64_t seed, const at::Tensor& step) {
  check_images(batch, images, rows, step);
  if (recipes) check_recipes(*recipes, images.pixels);
  if (batch.is_meta() || batch.numel() == 0) return;
  const at::Tensor& pixels = images.pixels;
  ImageAugmentProblem problem;
  problem.pixels = pixels.const_data_ptr<std::uint8_t>();
  problem.mean = images.mean.const_data_ptr<float>();
  problem.scale = images.scale.const_data_ptr<float>();
  problem.rows = rows.const_data_ptr<std::int64_t>();
  problem.batch = batch.mutable_data_ptr();
  problem.population = pixels.size(0);
  problem.batch_rows = rows.size(0);
  problem.channels = pixels.size(1);
  problem.height = pixels.size(2);
  problem.width = pixels.size(3);
  problem.bfloat16 = batch.scalar_type() == at::kBFloat16;
  problem.seed = seed;
  problem.step = step.const_data_ptr<std::int64_t>();
  if (recipes) set_recipes(problem, *recipes);
#ifdef EQUIPOISE_CUDA
  if (pixels.is_cuda()) {
    const c10::cuda::CUDAGuard guard(pixels.device());
    check_launched(kOp, launch_image_augment(problem, c10::cuda::getCurrentCUDAStream().stream()));
    return;
  }
#endif
  if (recipes) check_image_settings(recipes->settings, problem.height, problem.width);
  const std::int64_t of_a_task = kTaskPixels / (problem.channels * problem.height * problem.width);
  std::atomic<std::int64_t> bad_slot{-1};
  at::parallel_for(0, problem.batch_rows, of_a_task < 1 ? 1 : of_a_task, [&](std::int64_t begin, std::int64_t end) {
    const std::int64_t bad = image_augment_slots(problem, begin, end);
    if (bad >= 0) bad_slot = bad;
  });
  if (bad_slot < 0) return;
  const std::int64_t row = problem.rows[bad_slot.load()];
  TORCH_CHECK(row >= 0 && row < problem.population, kOp, ": slot ", bad_slot.load(), " has row ", row,
              ", expected one in [0, ", problem.population, ")");
  TORCH_CHECK(problem.cells[row] >= 0 && problem.cells[row] < problem.cell_count, kOp, ": row ", row, " is in cell ",
              problem.cells[row], ", expected one in [0, ", problem.cell_count, ")");
  TORCH_CHECK(false, kOp, ": order and offsets do not hold the rows of cell ", problem.cells[row]);
}

at::Tensor image_recipes_of_slots(const at::Tensor& rows, const ImageRecipes& recipes, std::uint64_t seed,
                                  std::int64_t step) {
  TORCH_CHECK(rows.is_cpu() && recipes.cells.is_cpu() && recipes.limits.is_cpu(), kOp,
              ": which slots are changed is asked for on the CPU");
  at::Tensor changed_by = at::empty({rows.size(0)}, rows.options().dtype(at::kInt));
  const std::int64_t kinds = recipes.limits.size(1);
  for (std::int64_t slot = 0; slot < rows.size(0); ++slot) {
    const std::int64_t row = rows.const_data_ptr<std::int64_t>()[slot];
    TORCH_CHECK(row >= 0 && row < recipes.cells.size(0), kOp, ": slot ", slot, " has row ", row,
                ", expected one in [0, ", recipes.cells.size(0), ")");
    const std::int32_t cell = recipes.cells.const_data_ptr<std::int32_t>()[row];
    TORCH_CHECK(cell >= 0 && cell < recipes.limits.size(0), kOp, ": row ", row, " is in cell ", cell,
                ", expected one in [0, ", recipes.limits.size(0), ")");
    changed_by.mutable_data_ptr<std::int32_t>()[slot] =
        recipe_at(recipes.limits.const_data_ptr<std::int64_t>() + cell * kinds, kinds,
                  image_words(seed, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(slot), 0).word[0]);
  }
  return changed_by;
}

}  // namespace equipoise::kernels
