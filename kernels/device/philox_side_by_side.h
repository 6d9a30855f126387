// Philox of several counters at once on the host, so that its rounds vectorise: the same words as philox.h gives, counter by counter.
#pragma once

#include "kernels/device/host_device.h"
#include "kernels/device/philox.h"

namespace equipoise::kernels {

// Word i of counter c in w_i[c] becomes word i of its draw.
template <int kCount>
EQUIPOISE_HOST_DEVICE void philox_side_by_side(std::uint32_t (&w0)[kCount], std::uint32_t (&w1)[kCount],
                                               std::uint32_t (&w2)[kCount], std::uint32_t (&w3)[kCount],
                                               PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < kCount; ++i) {
      const std::uint64_t product0 = std::uint64_t{0xD2511F53u} * w0[i];
      const std::uint64_t product1 = std::uint64_t{0xCD9E8D57u} * w2[i];
      w0[i] = static_cast<std::uint32_t>(product1 >> 32) ^ w1[i] ^ key.word[0];
      w1[i] = static_cast<std::uint32_t>(product1);
      w2[i] = static_cast<std::uint32_t>(product0 >> 32) ^ w3[i] ^ key.word[1];
      w3[i] = static_cast<std::uint32_t>(product0);
    }
    key.word[0] += 0x9E3779B9u;
    key.word[1] += 0xBB67AE85u;
  }
}

}  // namespace equipoise::kernels
