// Marks for functions that g++ and nvcc both compile. No torch here.
#pragma once

#include <cstdint>

// Always inlined on the host: the same header is compiled for several instruction sets, and an out-of-line copy made
// for AVX-512 must never be the one that the linker keeps for a machine without it.
#ifdef __CUDACC__
#define EQUIPOISE_HOST_DEVICE __host__ __device__ __forceinline__
#else
#define EQUIPOISE_HOST_DEVICE inline __attribute__((always_inline))
#endif
