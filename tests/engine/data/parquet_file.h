#pragma once

#include <arrow/api.h>
#include <arrow/io/file.h>
#include <gtest/gtest.h>
#include <parquet/arrow/writer.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/engine/data/test_data.h"

namespace equipoise::data {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> array_of(const std::vector<std::optional<Value>>& values) {
  Builder builder;
  for (const auto& value : values) {
    EXPECT_TRUE((value ? builder.Append(*value) : builder.AppendNull()).ok());
  }
  return builder.Finish().ValueOrDie();
}

/// Writes one of the running test's own, in row groups of two; returns its path.
inline std::string parquet_file(const std::string& name, const std::vector<std::string>& names,
                                const arrow::ArrayVector& arrays) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < names.size(); ++i) fields.push_back(arrow::field(names[i], arrays[i]->type()));
  const auto table = arrow::Table::Make(arrow::schema(fields), arrays);
  const std::string path = temporary_file(name, "");
  const auto out = arrow::io::FileOutputStream::Open(path).ValueOrDie();
  EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, 2).ok());
  EXPECT_TRUE(out->Close().ok());
  return path;
}

}  // namespace equipoise::data
