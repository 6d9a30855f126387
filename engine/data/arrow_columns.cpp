#include "engine/data/arrow_columns.h"

#include <arrow/array.h>
#include <arrow/chunked_array.h>
#include <arrow/type.h>
#include <arrow/util/decimal.h>
#include <arrow/util/float16.h>
#include <arrow/util/utf8.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <unordered_map>

#include "engine/core/error.h"

namespace equipoise::data {
namespace {

constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

// Appends value(i) of each row.
class NumberAppender {
 public:
  NumberAppender(std::vector<double>& numbers, std::int64_t rows) : numbers_(numbers) {
    numbers.reserve(static_cast<std::size_t>(rows));
  }

  template <typename Value>
  void add_all(const arrow::Array& array, const Value& value) {
    const bool any_missing = array.null_count() > 0;
    for (std::int64_t row = 0; row < array.length(); ++row) {
      numbers_.push_back(any_missing && array.IsNull(row) ? kMissingNumber : static_cast<double>(value(row)));
    }
  }

 private:
  std::vector<double>& numbers_;
};

template <typename ArrowArray>
void add_primitive(const arrow::Array& array, double scale, NumberAppender& out) {
  const auto& typed = static_cast<const ArrowArray&>(array);
  if (scale == 1) return out.add_all(array, [&](std::int64_t i) { return typed.Value(i); });
  out.add_all(array, [&](std::int64_t i) { return static_cast<double>(typed.Value(i)) / scale; });
}

template <typename ArrowArray, typename Decimal, typename Type>
void add_decimal(const arrow::Array& array, NumberAppender& out) {
  const auto& typed = static_cast<const ArrowArray&>(array);
  const std::int32_t scale = static_cast<const Type&>(*array.type()).scale();
  // The number that the same digits are in CSV: to multiply by a power of ten would miss it by a bit.
  out.add_all(array, [&](std::int64_t i) {
    return parse_number(Decimal(typed.GetValue(i)).ToString(scale)).value_or(kMissingNumber);
  });
}

double units_per_day(arrow::TimeUnit::type unit) {
  constexpr double kSeconds = 86400;
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return kSeconds;
    case arrow::TimeUnit::MILLI:
      return kSeconds * 1e3;
    case arrow::TimeUnit::MICRO:
      return kSeconds * 1e6;
    case arrow::TimeUnit::NANO:
      return kSeconds * 1e9;
  }
  return kSeconds;
}

void add_numbers(const arrow::Array& array, NumberAppender& out) {
  using arrow::Type;
  switch (array.type_id()) {
    case Type::BOOL:
      return add_primitive<arrow::BooleanArray>(array, 1, out);
    case Type::INT8:
      return add_primitive<arrow::Int8Array>(array, 1, out);
    case Type::INT16:
      return add_primitive<arrow::Int16Array>(array, 1, out);
    case Type::INT32:
      return add_primitive<arrow::Int32Array>(array, 1, out);
    case Type::INT64:
      return add_primitive<arrow::Int64Array>(array, 1, out);
    case Type::UINT8:
      return add_primitive<arrow::UInt8Array>(array, 1, out);
    case Type::UINT16:
      return add_primitive<arrow::UInt16Array>(array, 1, out);
    case Type::UINT32:
      return add_primitive<arrow::UInt32Array>(array, 1, out);
    case Type::UINT64:
      return add_primitive<arrow::UInt64Array>(array, 1, out);
    case Type::HALF_FLOAT: {
      const auto& typed = static_cast<const arrow::HalfFloatArray&>(array);
      return out.add_all(array,
                         [&](std::int64_t i) { return arrow::util::Float16::FromBits(typed.Value(i)).ToDouble(); });
    }
    case Type::FLOAT:
      return add_primitive<arrow::FloatArray>(array, 1, out);
    case Type::DOUBLE:
      return add_primitive<arrow::DoubleArray>(array, 1, out);
    case Type::DECIMAL128:
      return add_decimal<arrow::Decimal128Array, arrow::Decimal128, arrow::Decimal128Type>(array, out);
    case Type::DECIMAL256:
      return add_decimal<arrow::Decimal256Array, arrow::Decimal256, arrow::Decimal256Type>(array, out);
    case Type::DATE32:
      return add_primitive<arrow::Date32Array>(array, 1, out);
    case Type::DATE64:
      return add_primitive<arrow::Date64Array>(array, 86400e3, out);
    case Type::TIME32:
      return add_primitive<arrow::Time32Array>(
          array, units_per_day(static_cast<const arrow::Time32Type&>(*array.type()).unit()), out);
    case Type::TIME64:
      return add_primitive<arrow::Time64Array>(
          array, units_per_day(static_cast<const arrow::Time64Type&>(*array.type()).unit()), out);
    case Type::TIMESTAMP:
      return add_primitive<arrow::TimestampArray>(
          array, units_per_day(static_cast<const arrow::TimestampType&>(*array.type()).unit()), out);
    default:
      return out.add_all(array, [](std::int64_t) { return kMissingNumber; });
  }
}

ColumnKind kind_of(const arrow::DataType& type) {
  using arrow::Type;
  switch (type.id()) {
    case Type::NA:
      return ColumnKind::empty;
    case Type::BOOL:
      return ColumnKind::boolean;
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIMESTAMP:
      return ColumnKind::date;
    case Type::TIME32:
    case Type::TIME64:
      return ColumnKind::time;
    case Type::STRING:
    case Type::LARGE_STRING:
      return ColumnKind::text;
    case Type::DICTIONARY:
      return kind_of(*static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return ColumnKind::number;
  }
}

std::string printable_head(std::string_view text) {
  std::string head;
  for (const char letter : text.substr(0, 20)) head += letter >= 0x20 && letter < 0x7f ? letter : '?';
  return head;
}

class TextAppender {
 public:
  explicit TextAppender(ColumnChunk& chunk) : chunk_(chunk) { arrow::util::InitializeUTF8(); }

  std::int32_t code_of(std::string_view text) {
    const auto [found, fresh] = codes_.try_emplace(std::string(text), static_cast<std::int32_t>(codes_.size()));
    if (!fresh) return found->second;
    // CSV has been checked line by line; Parquet's writers may put any bytes into a text.
    if (!arrow::util::ValidateUTF8(text)) {
      throw core::UserError(core::Fault::data,
                            "a text in the Parquet file is not UTF-8: it begins with '" + printable_head(text) + "'");
    }
    chunk_.levels.emplace_back(text);
    return found->second;
  }

  template <typename StringArray>
  void add(const arrow::Array& array) {
    const auto& typed = static_cast<const StringArray&>(array);
    for (std::int64_t i = 0; i < array.length(); ++i) {
      chunk_.integers.push_back(array.IsNull(i) ? kMissingCode : code_of(typed.GetView(i)));
    }
  }

  void add_dictionary(const arrow::DictionaryArray& array) {
    std::vector<std::int32_t> codes;
    ColumnChunk own_levels;
    TextAppender dictionary(own_levels);
    dictionary.add_any(*array.dictionary());
    for (const std::int32_t code : own_levels.integers) {
      codes.push_back(code < 0 ? kMissingCode : code_of(own_levels.levels[static_cast<std::size_t>(code)]));
    }
    for (std::int64_t i = 0; i < array.length(); ++i) {
      chunk_.integers.push_back(array.IsNull(i) ? kMissingCode
                                                : codes[static_cast<std::size_t>(array.GetValueIndex(i))]);
    }
  }

  void add_any(const arrow::Array& array) {
    if (array.type_id() == arrow::Type::DICTIONARY) {
      add_dictionary(static_cast<const arrow::DictionaryArray&>(array));
    } else if (array.type_id() == arrow::Type::LARGE_STRING) {
      add<arrow::LargeStringArray>(array);
    } else {
      add<arrow::StringArray>(array);
    }
  }

 private:
  ColumnChunk& chunk_;
  std::unordered_map<std::string, std::int32_t> codes_;
};

// Numbers behind a dictionary, as pandas writes categories of integers.
void add_numbers_of_dictionary(const arrow::DictionaryArray& array, NumberAppender& out) {
  std::vector<double> values;
  NumberAppender appender(values, array.dictionary()->length());
  add_numbers(*array.dictionary(), appender);
  out.add_all(array, [&](std::int64_t i) { return values[static_cast<std::size_t>(array.GetValueIndex(i))]; });
}

}  // namespace

bool is_readable(const arrow::DataType& type) {
  using arrow::Type;
  if (type.id() == Type::DICTIONARY) {
    return is_readable(*static_cast<const arrow::DictionaryType&>(type).value_type());
  }
  return type.id() == Type::NA || arrow::is_integer(type.id()) || arrow::is_floating(type.id()) ||
         type.id() == Type::BOOL || type.id() == Type::DECIMAL128 || type.id() == Type::DECIMAL256 ||
         type.id() == Type::STRING || type.id() == Type::LARGE_STRING || is_in_days(kind_of(type));
}

ColumnChunk chunk_from(const arrow::ChunkedArray& column) {
  ColumnChunk chunk;
  const bool all_missing = column.null_count() == column.length();
  chunk.kind = all_missing ? ColumnKind::empty : kind_of(*column.type());
  if (chunk.kind == ColumnKind::empty) return chunk;
  if (chunk.kind == ColumnKind::text) {
    chunk.integers.reserve(static_cast<std::size_t>(column.length()));
    TextAppender appender(chunk);
    for (const auto& array : column.chunks()) appender.add_any(*array);
    return chunk;
  }
  NumberAppender appender(chunk.reals, column.length());
  for (const auto& array : column.chunks()) {
    if (array->type_id() == arrow::Type::DICTIONARY) {
      add_numbers_of_dictionary(static_cast<const arrow::DictionaryArray&>(*array), appender);
    } else {
      add_numbers(*array, appender);
    }
  }
  narrow(chunk);
  return chunk;
}

void narrow(ColumnChunk& chunk) {
  constexpr double kLargest = std::numeric_limits<std::int32_t>::max();
  const bool fit = std::ranges::all_of(chunk.reals, [](double number) {
    return std::isnan(number) || (std::abs(number) <= kLargest && static_cast<std::int32_t>(number) == number);
  });
  if (!fit) {
    for (double& number : chunk.reals) number += 0.0;
    return;
  }
  chunk.integers.reserve(chunk.reals.size());
  for (const double number : chunk.reals) {
    chunk.integers.push_back(std::isnan(number) ? kMissingInteger : static_cast<std::int32_t>(number));
  }
  chunk.reals = {};
}

std::optional<std::int64_t> first_infinity(const ColumnChunk& chunk) {
  const auto found = std::ranges::find_if(chunk.reals, [](double number) { return std::isinf(number); });
  if (found == chunk.reals.end()) return std::nullopt;
  return found - chunk.reals.begin();
}

}  // namespace equipoise::data
