#include "engine/audit/cell_sample.h"

#include <algorithm>
#include <map>

namespace equipoise::audit {
namespace {

std::string name_of(const data::Feature& feature, std::int32_t level) {
  if (level == DenseColumn::kNumber) return feature.name;
  if (level == DenseColumn::kMissing) return feature.name + " missing";
  if (level < 0) return feature.name + " unknown";
  return feature.components[static_cast<std::size_t>(level)];
}

}  // namespace

std::vector<DenseColumn> dense_columns(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                                       const CellSample& sample, double least, std::size_t most) {
  struct Candidate {
    DenseColumn column;
    std::int64_t rows;  // of the rarer side
  };
  std::vector<DenseColumn> columns;
  std::vector<Candidate> levels;
  const auto all = static_cast<std::int64_t>(sample.made.size() + sample.real.size());
  for (std::size_t f = 0; f < features.size(); ++f) {
    std::map<std::int32_t, std::int64_t> counts;
    for (const std::vector<EncodedRow>* rows : {&sample.made, &sample.real})
      for (const EncodedRow& row : *rows) {
        if (!space.is_number(f)) ++counts[std::max<std::int32_t>(-1, row.codes[f])];
        if (space.is_number(f) && space.is_missing(f, row.codes[f])) ++counts[DenseColumn::kMissing];
      }
    const auto feature = static_cast<std::int32_t>(f);
    if (space.is_number(f) && columns.size() < most)
      columns.push_back({feature, DenseColumn::kNumber, name_of(features[f], DenseColumn::kNumber)});
    for (const auto& [level, rows] : counts)
      if (static_cast<double>(std::min(rows, all - rows)) >= least)
        levels.push_back({{feature, level, name_of(features[f], level)}, std::min(rows, all - rows)});
  }
  std::ranges::stable_sort(levels, std::greater(), &Candidate::rows);
  for (const Candidate& level : levels)
    if (columns.size() < most) columns.push_back(level.column);
  return columns;
}

Eigen::MatrixXf dense_rows(const sampling::PointSpace& space, const std::vector<DenseColumn>& columns,
                           const std::vector<EncodedRow>& rows) {
  Eigen::MatrixXf dense(static_cast<Eigen::Index>(rows.size()), static_cast<Eigen::Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const auto f = static_cast<std::size_t>(columns[c].feature);
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const std::int16_t code = rows[i].codes[f];
      const bool has_level = columns[c].level == DenseColumn::kMissing
                                 ? space.is_missing(f, code)
                                 : std::max<std::int32_t>(-1, code) == columns[c].level;
      dense(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(c)) = columns[c].level == DenseColumn::kNumber
                                                                              ? space.number(f, code, rows[i].values[f])
                                                                              : (has_level ? space.level() : 0);
    }
  }
  return dense;
}

}  // namespace equipoise::audit
