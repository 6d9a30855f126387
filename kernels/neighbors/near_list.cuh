// An ascending list that the lanes of a warp keep together.
#pragma once

#include "kernels/neighbors/neighbors_math.h"

namespace equipoise::kernels {

// Puts `key` into an ascending list of a warp's, whose last falls out. All lanes are given the same key, which is below the last.
template <typename Key>
__device__ void insert(Key* list, int size, Key key, int lane) {
#pragma unroll 1
  for (int first = (size - 1) / 32 * 32; first >= 0; first -= 32) {
    const int at = first + lane;
    Key own{}, before{};
    if (at < size) own = list[at];
    if (at < size && at > 0) before = list[at - 1];
    __syncwarp();
    if (at < size) list[at] = once_inserted(own, before, at == 0, key);
    const bool ends_here = __shfl_sync(kWholeWarp, static_cast<int>(at == 0 || before < key), 0) != 0;
    __syncwarp();
    if (ends_here) return;
  }
}

}  // namespace equipoise::kernels
