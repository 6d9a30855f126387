#include "engine/sampling/points.h"

#include <algorithm>
#include <cmath>

namespace equipoise::sampling {
namespace {

double median_of(std::vector<double> values) {
  if (values.empty()) return 1;
  std::ranges::sort(values);
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

}  // namespace

PointSpace::PointSpace(const data::EncodedRows& rows, const std::vector<std::int64_t>& chosen) {
  std::vector<double> deviations;
  for (std::size_t f = 0; f < rows.features.size(); ++f) {
    const data::Feature& feature = rows.features[f];
    Column& column = columns_.emplace_back();
    column.is_ramp = feature.kind == data::FeatureKind::ramp;
    column.is_number = column.is_ramp || data::is_standardized(feature);
    column.missing = column.is_ramp ? feature.width - 1 : 1;
    column.width = column.is_number ? 1 : feature.width;
    dimensions_ += column.width;
    if (!column.is_number) continue;
    double sum = 0, square = 0, known = 0;
    for (const std::int64_t row : chosen) {
      const std::size_t at = static_cast<std::size_t>(row) * rows.features.size() + f;
      if (is_missing(f, rows.codes[at])) continue;
      const float value = number(f, rows.codes[at], rows.values[at]);
      sum += value;
      square += static_cast<double>(value) * value;
      ++known;
    }
    const double mean = known > 0 ? sum / known : 0;
    column.mean = static_cast<float>(mean);
    deviations.push_back(known > 0 ? std::sqrt(std::max(0.0, square / known - mean * mean)) : 0);
  }
  dimensions_ = std::max<std::int64_t>(1, dimensions_);
  level_ = static_cast<float>(median_of(deviations) / std::sqrt(2.0));
}

float PointSpace::number(std::size_t feature, std::int16_t code, float value) const {
  const Column& column = columns_[feature];
  if (code == column.missing) return column.mean;
  return column.is_ramp ? (static_cast<float>(code) + value) / static_cast<float>(column.missing) : value;
}

void PointSpace::write(const data::EncodedRows& rows, std::int64_t row, float* point) const {
  for (std::size_t f = 0; f < columns_.size(); ++f) {
    const std::size_t at = static_cast<std::size_t>(row) * columns_.size() + f;
    if (columns_[f].is_number) {
      *point = number(f, rows.codes[at], rows.values[at]);
    } else if (rows.codes[at] >= 0) {
      point[rows.codes[at]] = level_;
    }
    point += columns_[f].width;
  }
}

}  // namespace equipoise::sampling
