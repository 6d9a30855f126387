#pragma once

#include <ATen/Functions.h>

#include <cstdint>
#include <random>

#include "engine/data/dataset.h"

namespace equipoise::models {

/// A ramp of 4 (+ missing), a category of 3, one of 5 that may be embedded, a standardised number.
inline data::EncodedRows make_rows(std::int64_t rows, bool embedded) {
  data::EncodedRows result;
  result.rows = rows;
  result.features = {{"age", data::FeatureKind::ramp, 0, 5, false, {}},
                     {"color", data::FeatureKind::pick, 5, 3, false, {}},
                     {"job", data::FeatureKind::pick, 8, 5, embedded, {}},
                     {"hours", data::FeatureKind::pick, 13, 2, false, {}}};
  result.width = 15;
  std::mt19937 random(1);
  for (std::int64_t i = 0; i < rows; ++i) {
    const auto value = [&] { return static_cast<float>(random() % 1000) / 500.0f - 1.0f; };
    for (const int code : {static_cast<int>(random() % 5), static_cast<int>(random() % 3),
                           static_cast<int>(random() % 5), static_cast<int>(random() % 2)}) {
      result.codes.push_back(static_cast<std::int16_t>(code));
    }
    for (const float v : {(value() + 1) / 2, 1.0f, 1.0f, value()}) result.values.push_back(v);
  }
  return result;
}

/// The dense matrix by the definition of the encoding (engine/data/dataset.h), in double.
inline at::Tensor dense_rows(const data::EncodedRows& rows) {
  at::Tensor dense = at::zeros({rows.rows, rows.width}, at::kDouble);
  for (std::int64_t i = 0; i < rows.rows; ++i) {
    for (std::size_t f = 0; f < rows.features.size(); ++f) {
      const data::Feature& feature = rows.features[f];
      const int code = rows.codes[static_cast<std::size_t>(i) * 4 + f];
      const float value = rows.values[static_cast<std::size_t>(i) * 4 + f];
      double* out = dense.data_ptr<double>() + i * rows.width + feature.offset;
      if (feature.kind == data::FeatureKind::ramp && code == feature.width - 1) {
        out[code] = 1;
        continue;
      }
      for (int j = 0; feature.kind == data::FeatureKind::ramp && j < code; ++j) out[j] = 1;
      out[code] = value;
    }
  }
  return dense;
}

}  // namespace equipoise::models
