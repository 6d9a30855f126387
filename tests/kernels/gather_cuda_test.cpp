#include <gtest/gtest.h>

#include "kernels/gather/gather.h"
#include "tests/kernels/cuda_device.h"
#include "tests/kernels/encoded_sample.h"

namespace equipoise::kernels {
namespace gather_cuda_test {

TEST(GatherCudaTest, AgreesWithTheCpuBitForBit) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t batch : {0, 1, 31, 32, 33, 1023, 5000, 70'001}) {
    for (const std::int64_t extra : {0, 5, 4000}) {  // the last one takes several tiles of components
      const EncodedSample sample = sample_encoded(batch);
      const std::int64_t width = sample.width + extra;
      EXPECT_TRUE(gather(sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), sample.rows.cuda(), width)
                      .cpu()
                      .equal(gather(sample.codes, sample.values, sample.layout, sample.rows, width)))
          << batch << " rows, width " << width;
    }
  }
}

// As many features as a block holds of one row, and more.
TEST(GatherCudaTest, AgreesWithTheCpuWithManyFeatures) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t features : {300, 3840, 3841}) {
    const at::Tensor places = at::arange(features, at::kInt), ones = at::ones({features}, at::kInt);
    const at::Tensor layout = at::stack({ones, places * 2, ones * 2}, 1).contiguous();
    const at::Tensor codes = at::arange(50 * features).remainder(2).view({50, features}).to(at::kShort);
    const at::Tensor values = at::arange(50 * features).view({50, features}).to(at::kFloat);
    const at::Tensor rows = at::arange(120).remainder(50);
    EXPECT_TRUE(gather(codes.cuda(), values.cuda(), layout.cuda(), rows.cuda(), 2 * features)
                    .cpu()
                    .equal(gather(codes, values, layout, rows, 2 * features)))
        << features << " features";
  }
}

TEST(GatherCudaTest, RoundsIntoABfloat16BatchAsTheCpu) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t rows : {0, 1, 33, 5000}) {
    for (const std::int64_t extra : {0, 5, 4000}) {
      const EncodedSample sample = sample_encoded(rows);
      at::Tensor batch = at::full({rows, sample.width + extra}, 7.0, at::kBFloat16), on_device = batch.cuda();
      gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows);
      gather_out(on_device, sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), sample.rows.cuda());
      EXPECT_TRUE(on_device.cpu().equal(batch)) << rows << " rows, " << extra << " more components";
    }
  }
}

TEST(GatherCudaTest, MixesRowsAsTheCpuDoes) {
  EQUIPOISE_NEEDS_GPU();
  for (const std::int64_t rows : {0, 1, 31, 32, 33, 5000, 70'001}) {
    for (const std::int64_t extra : {0, 5, 4000}) {
      const EncodedSample sample = sample_encoded(rows);
      const Mixing mixing = sample_mixing(sample);
      for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
        at::Tensor batch = at::full({rows, sample.width + extra}, 7.0, type), on_device = batch.cuda();
        gather_out(batch, sample.codes, sample.values, sample.layout, sample.rows, mixing);
        gather_out(on_device, sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), sample.rows.cuda(),
                   {mixing.partners.cuda(), mixing.parts.cuda()});
        EXPECT_TRUE(on_device.cpu().equal(batch)) << rows << " rows, " << extra << " more components";
      }
    }
  }
  for (const std::int64_t features : {1920, 1921}) {  // as many as a block holds of a row and its partner, and more
    const at::Tensor places = at::arange(features, at::kInt), ones = at::ones({features}, at::kInt);
    const at::Tensor layout = at::stack({ones, places * 2, ones * 2}, 1).contiguous();
    const at::Tensor codes = at::arange(50 * features).remainder(2).view({50, features}).to(at::kShort);
    const at::Tensor values = at::arange(50 * features).view({50, features}).to(at::kFloat);
    const at::Tensor rows = at::arange(120).remainder(50), partners = rows.flip(0).contiguous(),
                     parts = at::rand({120});
    at::Tensor batch = at::empty({120, 2 * features}), on_device = batch.cuda();
    gather_out(batch, codes, values, layout, rows, {partners, parts});
    gather_out(on_device, codes.cuda(), values.cuda(), layout.cuda(), rows.cuda(), {partners.cuda(), parts.cuda()});
    EXPECT_TRUE(on_device.cpu().equal(batch)) << features << " features";
  }
}

TEST(GatherCudaTest, MarksAPartnerOutOfRange) {
  EQUIPOISE_NEEDS_GPU();
  const EncodedSample sample = sample_encoded(4);
  Mixing mixing = sample_mixing(sample);
  mixing.partners[2] = 100;
  at::Tensor batch = at::empty({4, sample.width}, at::kCUDA);
  gather_out(batch, sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), sample.rows.cuda(),
             {mixing.partners.cuda(), mixing.parts.cuda()});
  EXPECT_TRUE(batch[2].isnan().all().item<bool>());
  EXPECT_TRUE(batch[1].isfinite().all().item<bool>());
}

TEST(GatherCudaTest, MarksARowOutOfRange) {
  EQUIPOISE_NEEDS_GPU();
  const EncodedSample sample = sample_encoded(4);
  at::Tensor rows = sample.rows.clone();
  rows[2] = 100;
  const at::Tensor batch =
      gather(sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), rows.cuda(), sample.width);
  EXPECT_TRUE(batch[2].isnan().all().item<bool>());
  EXPECT_TRUE(batch[1].isfinite().all().item<bool>());
  at::Tensor half = batch.to(at::kBFloat16).zero_();
  gather_out(half, sample.codes.cuda(), sample.values.cuda(), sample.layout.cuda(), rows.cuda());
  EXPECT_TRUE(half[2].isnan().all().item<bool>());
  EXPECT_TRUE(half[1].isfinite().all().item<bool>());
}

}  // namespace gather_cuda_test
}  // namespace equipoise::kernels
