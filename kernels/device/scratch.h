// Cuts one allocation of the caller into the arrays that a launch needs. With no memory behind it, only counts.
#pragma once

#include <cstddef>
#include <cstdint>

namespace equipoise::kernels {

class Scratch {
 public:
  explicit Scratch(void* memory = nullptr) : memory_(static_cast<char*>(memory)) {}

  // `count` values on a boundary of 256 bytes, which is what the device libraries ask of their own storage.
  template <typename T>
  T* take(std::int64_t count) {
    const std::size_t begin = bytes_;
    bytes_ += (static_cast<std::size_t>(count) * sizeof(T) + 255) / 256 * 256;
    return memory_ != nullptr ? reinterpret_cast<T*>(memory_ + begin) : nullptr;
  }

  std::size_t bytes() const { return bytes_; }

 private:
  char* memory_;
  std::size_t bytes_ = 0;
};

}  // namespace equipoise::kernels
