// Grid sizes. Where a sum depends on them, they depend on the problem alone, never on the machine.
#pragma once

#include <cuda_runtime_api.h>

#include <cstdint>

namespace equipoise::kernels {

constexpr std::int64_t kMultiprocessors = 132;  // of an H100 or H200: what grids are cut for, whatever the GPU is

inline unsigned blocks_for(std::int64_t work, std::int64_t per_block, std::int64_t most) {
  const std::int64_t blocks = (work + per_block - 1) / per_block;
  return static_cast<unsigned>(blocks < 1 ? 1 : (blocks < most ? blocks : most));
}

}  // namespace equipoise::kernels
