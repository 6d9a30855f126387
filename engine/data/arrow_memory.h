#pragma once

namespace arrow {
class MemoryPool;
}

namespace equipoise::data {

/// Where Arrow takes its memory from in this program: an allocation that fails throws std::bad_alloc, like every other.
/// Arrow's own pool returns a status instead, and its CSV parser ends the program where it meets one.
arrow::MemoryPool* arrow_memory();

}  // namespace equipoise::data
