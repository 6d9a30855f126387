// How a row's cell id is stored.
#pragma once

namespace equipoise::kernels {

enum class CellType { kU8, kI16, kI32 };

}  // namespace equipoise::kernels
