// The instruction sets that the row loops are compiled for, and which of them this machine has. The files named in
// kernels/CMakeLists.txt (EQUIPOISE_LEVELLED) are compiled once per level, each time into its own namespace.
#pragma once

namespace equipoise::kernels {

enum class CpuLevel { kBaseline, kAvx2, kAvx512 };

inline CpuLevel cpu_level() {
#ifdef EQUIPOISE_X86_LEVELS
  static const CpuLevel level = [] {
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd")) {
      return CpuLevel::kAvx512;
    }
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2")) {
      return CpuLevel::kAvx2;
    }
    return CpuLevel::kBaseline;
  }();
  return level;
#else
  return CpuLevel::kBaseline;
#endif
}

}  // namespace equipoise::kernels

// Calls `function` of the namespace of this machine's level.
#ifdef EQUIPOISE_X86_LEVELS
#define EQUIPOISE_AT_CPU_LEVEL(function, ...)                \
  switch (::equipoise::kernels::cpu_level()) {               \
    case ::equipoise::kernels::CpuLevel::kAvx512:            \
      ::equipoise::kernels::avx512::function(__VA_ARGS__);   \
      break;                                                 \
    case ::equipoise::kernels::CpuLevel::kAvx2:              \
      ::equipoise::kernels::avx2::function(__VA_ARGS__);     \
      break;                                                 \
    default:                                                 \
      ::equipoise::kernels::baseline::function(__VA_ARGS__); \
  }
#else
#define EQUIPOISE_AT_CPU_LEVEL(function, ...) ::equipoise::kernels::baseline::function(__VA_ARGS__)
#endif
