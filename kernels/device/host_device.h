// Marks for functions that g++ and nvcc both compile, and what both know of a warp. No torch here.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

constexpr unsigned kWholeWarp = 0xffffffffu;  // all 32 lanes, as a mask

}  // namespace equipoise::kernels

// Always inlined on the host: the same header is compiled for several instruction sets, and an out-of-line copy made
// for AVX-512 must never be the one that the linker keeps for a machine without it.
#ifdef __CUDACC__
#define EQUIPOISE_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define EQUIPOISE_HOST_DEVICE inline __attribute__((always_inline))
#endif
