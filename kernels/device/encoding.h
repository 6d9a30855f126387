// How a feature of an encoded row becomes components of the dense row.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

// First column of the layout.
enum EncodingKind : std::int32_t {
  // width = T + 1: T bins and the missing flag. Code T: only component T is 1. Code j < T: components 0 .. j - 1 are 1,
  // component j is the value, the others 0 (piecewise linear).
  kRamp = 0,
  // Component `code` is the value, the others 0; a negative code is all zeros (one of many, or a plain number at
  // width 1).
  kPick = 1,
};

}  // namespace equipoise::kernels
