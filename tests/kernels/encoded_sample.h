// Encoded rows for the tests of gather, and what gather should make of them, component by component.
#pragma once

#include <ATen/ATen.h>

#include "kernels/gather/gather.h"

namespace equipoise::kernels {

struct EncodedSample {
  at::Tensor codes;   // [100, 4]
  at::Tensor values;  // [100, 4]
  at::Tensor layout;  // [4, 3]
  at::Tensor rows;    // [B]
  std::int64_t width;
};

// A ramp of 5 bins, a pick of 3, a plain number (pick of 1), a ramp of 40 bins.
inline EncodedSample sample_encoded(std::int64_t batch) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(77 + batch);
  const auto longs = at::TensorOptions().dtype(at::kLong);
  EncodedSample sample;
  sample.codes = at::stack({at::randint(0, 6, {100}, generator, longs), at::randint(-1, 3, {100}, generator, longs),
                            at::zeros({100}, longs), at::randint(0, 41, {100}, generator, longs)},
                           1)
                     .to(at::kShort);
  sample.values = at::rand({100, 4}, generator);
  sample.layout = at::tensor({0, 0, 6, 1, 6, 3, 1, 9, 1, 0, 10, 41}, at::kInt).view({4, 3});
  sample.rows = at::randint(100, {batch}, generator, longs);
  sample.width = 51;
  return sample;
}

// How the rows of a batch are mixed: every third not at all, which says so by a part of 1 and itself as partner.
inline Mixing sample_mixing(const EncodedSample& sample) {
  const std::int64_t batch = sample.rows.size(0);
  Mixing mixing{(sample.rows * 7 + 13).remainder(100), at::rand({batch})};
  const at::Tensor alone = at::arange(batch).remainder(3).eq(0);
  mixing.partners.copy_(at::where(alone, sample.rows, mixing.partners));
  mixing.parts.masked_fill_(alone, 1);
  return mixing;
}

inline at::Tensor oracle_gather(const EncodedSample& sample) {
  at::Tensor batch = at::zeros({sample.rows.size(0), sample.width});
  for (std::int64_t slot = 0; slot < sample.rows.size(0); ++slot) {
    const std::int64_t row = sample.rows[slot].item<std::int64_t>();
    for (std::int64_t feature = 0; feature < 4; ++feature) {
      const std::int64_t code = sample.codes[row][feature].item<std::int64_t>();
      const std::int64_t offset = sample.layout[feature][1].item<std::int64_t>();
      const std::int64_t bins = sample.layout[feature][2].item<std::int64_t>() - 1;
      if (sample.layout[feature][0].item<std::int64_t>() == 1) {
        if (code >= 0) batch[slot][offset + code] = sample.values[row][feature];
      } else if (code == bins) {
        batch[slot][offset + bins] = 1;
      } else {
        batch[slot].slice(0, offset, offset + code).fill_(1);
        batch[slot][offset + code] = sample.values[row][feature];
      }
    }
  }
  return batch;
}

}  // namespace equipoise::kernels
