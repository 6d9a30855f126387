#include <gtest/gtest.h>

#include "kernels/image_augment/image_augment.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/image_sample.h"

namespace equipoise::kernels {
namespace image_augment_cuda_test {

ImageRecipes on_gpu(const ImageRecipes& recipes) {
  return {recipes.cells.cuda(), recipes.order.cuda(), recipes.offsets.cuda(), recipes.settings.cuda(),
          recipes.limits.cuda()};
}

TEST(ImageAugmentCudaTest, GivesTheSameBitsAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const auto& [channels, height, width] : {std::tuple{1, 28, 28}, {3, 32, 32}, {5, 7, 9}, {3, 90, 101}}) {
    const ImageTensors images = some_images(40, channels, height, width);
    const ImageTensors gpu_images{images.pixels.cuda(), images.mean.cuda(), images.scale.cuda()};
    for (const std::int64_t batch : {1, 31, 33, 1025}) {
      const at::Tensor rows = at::randint(40, {batch}, at::kLong), step = at::full({1}, 12345, at::kLong);
      for (const auto& setting : every_setting()) {
        const ImageRecipes recipes = recipes_of(40, {setting}, {{kAlways}, {kHalf}});
        for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
          at::Tensor found = at::empty({batch, channels, height, width}, type), gpu_found = found.cuda();
          image_augment_out(found, images, rows, recipes, 99, step);
          image_augment_out(gpu_found, gpu_images, rows.cuda(), on_gpu(recipes), 99, step.cuda());
          EXPECT_TRUE(gpu_found.cpu().equal(found)) << batch << " of " << images.pixels.sizes() << ": " << setting;
          image_augment_out(found, images, rows, std::nullopt, 99, step);
          image_augment_out(gpu_found, gpu_images, rows.cuda(), std::nullopt, 99, step.cuda());
          EXPECT_TRUE(gpu_found.cpu().equal(found)) << batch << " of " << images.pixels.sizes() << ", unchanged";
        }
      }
    }
  }
}

TEST(ImageAugmentCudaTest, ARowThatIsNotThereBecomesNaN) {
  EQUIPOISE_NEEDS_GPU();
  const ImageTensors images = some_images(4, 1, 3, 3);
  at::Tensor batch = at::empty({3, 1, 3, 3}).cuda();
  image_augment_out(batch, {images.pixels.cuda(), images.mean.cuda(), images.scale.cuda()},
                    at::tensor(std::vector<std::int64_t>{1, 4, -1}, at::kLong).cuda(), std::nullopt, 1,
                    at::zeros({1}, at::kLong).cuda());
  const at::Tensor is_nan = batch.cpu().isnan().flatten(1).all(1);
  EXPECT_FALSE(is_nan[0].item<bool>());
  EXPECT_TRUE(is_nan[1].item<bool>() && is_nan[2].item<bool>());
}

}  // namespace image_augment_cuda_test
}  // namespace equipoise::kernels
