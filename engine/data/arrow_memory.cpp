#include "engine/data/arrow_memory.h"

#include <arrow/memory_pool.h>
#include <arrow/status.h>

#include <new>

namespace equipoise::data {
namespace {

class ThrowingPool final : public arrow::ProxyMemoryPool {
 public:
  ThrowingPool() : arrow::ProxyMemoryPool(arrow::default_memory_pool()) {}

  arrow::Status Allocate(std::int64_t size, std::int64_t alignment, std::uint8_t** out) override {
    return thrown_if_out(arrow::ProxyMemoryPool::Allocate(size, alignment, out));
  }
  arrow::Status Reallocate(std::int64_t old_size, std::int64_t new_size, std::int64_t alignment,
                           std::uint8_t** ptr) override {
    return thrown_if_out(arrow::ProxyMemoryPool::Reallocate(old_size, new_size, alignment, ptr));
  }

 private:
  static arrow::Status thrown_if_out(arrow::Status status) {
    if (status.IsOutOfMemory()) throw std::bad_alloc();
    return status;
  }
};

}  // namespace

arrow::MemoryPool* arrow_memory() {
  // Never destroyed: buffers may outlive the statics of this file.
  static ThrowingPool* const pool = new ThrowingPool();
  return pool;
}

}  // namespace equipoise::data
