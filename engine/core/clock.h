#pragma once

#include <chrono>
#include <string>

namespace equipoise::core {

/// Now, as "2026-01-31T12:00:00Z".
std::string utc_now();
/// Now, in seconds since 1970.
double unix_seconds();

/// How long ago that was.
inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace equipoise::core
