#pragma once

#include <arrow/csv/options.h>

#include <string>
#include <vector>

#include "engine/data/table.h"

namespace arrow::csv {
class BlockParser;
}

namespace equipoise::data {

/// Types the columns of parsed CSV blocks as Arrow's reader does: plain decimal numbers and texts here, because that is
/// what most columns hold, everything else (dates, truth values, numbers spelt in other ways) by Arrow.
class CsvColumns {
 public:
  /// `missing`: field texts that mean a missing value; an empty field does in any case.
  explicit CsvColumns(std::vector<std::string> missing);

  /// The column of this block; `as_text`: texts, whatever they spell.
  ColumnChunk read(const std::shared_ptr<arrow::csv::BlockParser>& parser, std::int32_t column, bool as_text) const;

 private:
  bool is_missing(std::string_view field) const;
  std::optional<std::string_view> first_known(const arrow::csv::BlockParser& parser, std::int32_t column) const;
  std::optional<ColumnChunk> numbers(const arrow::csv::BlockParser& parser, std::int32_t column) const;
  ColumnChunk texts(const arrow::csv::BlockParser& parser, std::int32_t column) const;
  ColumnChunk by_arrow(const std::shared_ptr<arrow::csv::BlockParser>& parser, std::int32_t column) const;

  std::vector<std::string> missing_;
  bool number_is_missing_ = false;  // -999 or the like
  std::shared_ptr<arrow::csv::ConvertOptions> convert_;
};

}  // namespace equipoise::data
