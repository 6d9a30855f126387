#include "engine/audit/column_rows.h"

#include <algorithm>

namespace equipoise::audit {

EncodedRow row_of(const data::EncodedRows& rows, std::int64_t row) {
  const std::size_t at = static_cast<std::size_t>(row) * rows.features.size();
  return {rows.codes.data() + at, rows.values.data() + at};
}

ColumnRows columns_of(const sampling::PointSpace& space, std::size_t features, const std::vector<EncodedRow>& rows) {
  ColumnRows columns;
  columns.rows = rows.size();
  for (std::size_t f = 0; f < features; ++f) {
    std::vector<float> column;
    column.reserve(rows.size());
    for (const EncodedRow& row : rows)
      column.push_back(space.is_number(f) ? space.number(f, row.codes[f], row.values[f])
                                          : static_cast<float>(std::max<std::int16_t>(-1, row.codes[f])));
    (space.is_number(f) ? columns.numbers : columns.categories).push_back(std::move(column));
  }
  return columns;
}

void square_distances(const sampling::PointSpace& space, const ColumnRows& queries, std::size_t query,
                      const ColumnRows& rows, std::size_t begin, std::size_t end, float* distances) {
  constexpr std::size_t kBlock = 1024;  // stays in the nearest cache
  const float level = space.level() * space.level();
  for (std::size_t first = begin; first < end; first += kBlock) {
    const std::size_t count = std::min(kBlock, end - first);
    float* sums = distances + first;
    std::fill_n(sums, count, 0.0F);
    for (std::size_t n = 0; n < rows.numbers.size(); ++n) {
      const float own = queries.numbers[n][query];
      const float* column = rows.numbers[n].data() + first;
      for (std::size_t i = 0; i < count; ++i) sums[i] += (column[i] - own) * (column[i] - own);
    }
    for (std::size_t c = 0; c < rows.categories.size(); ++c) {
      const float own = queries.categories[c][query];
      const float with_level = own < 0 ? level : 2 * level, without = own < 0 ? 0 : level;
      const float* column = rows.categories[c].data() + first;
      for (std::size_t i = 0; i < count; ++i) sums[i] += column[i] == own ? 0 : column[i] < 0 ? without : with_level;
    }
  }
}

}  // namespace equipoise::audit
