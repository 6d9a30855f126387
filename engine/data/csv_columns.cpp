#include "engine/data/csv_columns.h"

#include <arrow/chunked_array.h>
#include <arrow/csv/column_builder.h>
#include <arrow/csv/parser.h>
#include <arrow/util/task_group.h>

#include <algorithm>
#include <cctype>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <unordered_map>

#include "engine/data/arrow_columns.h"
#include "engine/data/arrow_memory.h"

namespace equipoise::data {
namespace {

constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

// [-]ddd or [-]ddd.ddd of at most 15 digits: the digits and the power of ten are exact in double, so that one division
// rounds the quotient as it must be (Clinger 1990).
std::optional<double> plain_number(std::string_view field) {
  static constexpr double kPowers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
  const char* const end = field.data() + field.size();
  const bool negative = field.starts_with('-');
  const char* at = field.data() + negative;
  if (end - at > 16) return std::nullopt;
  std::uint64_t digits = 0;
  const auto take_digits = [&] {
    const char* const begin = at;
    for (; at < end && static_cast<unsigned>(*at - '0') < 10; ++at)
      digits = 10 * digits + static_cast<unsigned>(*at - '0');
    return at - begin;
  };
  const auto before = take_digits();
  std::ptrdiff_t after = 0;
  if (at < end) {
    if (*at++ != '.') return std::nullopt;
    after = take_digits();
    if (after == 0) return std::nullopt;
  }
  if (at != end || before == 0 || before + after > 15) return std::nullopt;
  const double value = static_cast<double>(digits) / kPowers[after];
  return negative ? -value : value;
}

// Whether a field can only be text: it begins with a letter, and not like a truth value, nan or infinity.
bool is_surely_text(std::string_view field) {
  if (!std::isalpha(static_cast<unsigned char>(field.front()))) return false;
  std::string head(field.substr(0, 5));
  std::ranges::transform(head, head.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !head.starts_with("true") && !head.starts_with("false") && !head.starts_with("nan") &&
         !head.starts_with("inf");
}

// take(field) says whether to go on.
template <typename Take>
void for_each_field(const arrow::csv::BlockParser& parser, std::int32_t column, const Take& take) {
  // A status that is not OK is the only way to stop; it tells nothing else.
  const arrow::Status stopped =
      parser.VisitColumn(column, [&](const std::uint8_t* data, std::uint32_t size, bool, bool) {
        const bool go_on = take(std::string_view(reinterpret_cast<const char*>(data), size));
        return go_on ? arrow::Status::OK() : arrow::Status::Cancelled("");
      });
}

}  // namespace

CsvColumns::CsvColumns(std::vector<std::string> missing) : missing_(std::move(missing)) {
  if (std::ranges::find(missing_, "") == missing_.end()) missing_.emplace_back();
  number_is_missing_ =
      std::ranges::any_of(missing_, [](const std::string& text) { return plain_number(text).has_value(); });
  auto convert = arrow::csv::ConvertOptions::Defaults();
  convert.check_utf8 = false;  // CsvRecords has checked
  convert.null_values = missing_;
  convert.strings_can_be_null = true;
  convert.true_values = {"true", "True", "TRUE"};
  convert.false_values = {"false", "False", "FALSE"};
  convert.auto_dict_encode = true;
  convert.auto_dict_max_cardinality = std::numeric_limits<std::int32_t>::max();
  convert_ = std::make_shared<arrow::csv::ConvertOptions>(std::move(convert));
}

ColumnChunk CsvColumns::read(const std::shared_ptr<arrow::csv::BlockParser>& parser, std::int32_t column,
                             bool as_text) const {
  const std::optional<std::string_view> first = first_known(*parser, column);
  if (!first) return {};
  if (as_text || is_surely_text(*first)) return texts(*parser, column);
  if (std::optional<ColumnChunk> chunk = numbers(*parser, column)) return std::move(*chunk);
  return by_arrow(parser, column);
}

bool CsvColumns::is_missing(std::string_view field) const {
  return field.empty() || std::ranges::find(missing_, field) != missing_.end();
}

std::optional<std::string_view> CsvColumns::first_known(const arrow::csv::BlockParser& parser,
                                                        std::int32_t column) const {
  std::optional<std::string_view> first;
  for_each_field(parser, column, [&](std::string_view field) {
    if (!is_missing(field)) first = field;
    return !first;
  });
  return first;
}

// Nothing when a field is not a plain number.
std::optional<ColumnChunk> CsvColumns::numbers(const arrow::csv::BlockParser& parser, std::int32_t column) const {
  if (number_is_missing_) return std::nullopt;
  ColumnChunk chunk{ColumnKind::number, {}, {}, {}};
  chunk.reals.resize(static_cast<std::size_t>(parser.num_rows()));
  std::size_t row = 0;
  for_each_field(parser, column, [&](std::string_view field) {
    const std::optional<double> number = plain_number(field);
    if (!number && !is_missing(field)) return false;
    chunk.reals[row++] = number.value_or(kMissingNumber);
    return true;
  });
  if (row < chunk.reals.size()) return std::nullopt;
  narrow(chunk);
  return chunk;
}

ColumnChunk CsvColumns::texts(const arrow::csv::BlockParser& parser, std::int32_t column) const {
  ColumnChunk chunk{ColumnKind::text, {}, {}, {}};
  chunk.integers.resize(static_cast<std::size_t>(parser.num_rows()));
  std::unordered_map<std::string_view, std::int32_t> codes;
  std::size_t row = 0;
  for_each_field(parser, column, [&](std::string_view field) {
    const auto [found, fresh] = codes.try_emplace(field, kMissingCode);
    if (fresh && !is_missing(field)) {
      found->second = static_cast<std::int32_t>(chunk.levels.size());
      chunk.levels.emplace_back(field);
    }
    chunk.integers[row++] = found->second;
    return true;
  });
  return chunk;
}

ColumnChunk CsvColumns::by_arrow(const std::shared_ptr<arrow::csv::BlockParser>& parser, std::int32_t column) const {
  const auto array = [&]() -> arrow::Result<std::shared_ptr<arrow::ChunkedArray>> {
    const auto tasks = arrow::internal::TaskGroup::MakeSerial();
    ARROW_ASSIGN_OR_RAISE(const auto builder, arrow::csv::ColumnBuilder::Make(arrow_memory(), column, convert_, tasks));
    builder->Insert(0, parser);
    ARROW_RETURN_NOT_OK(tasks->Finish());
    return builder->Finish();
  }();
  // Whatever a column holds is text at the least.
  if (!array.ok()) throw std::logic_error("Arrow cannot type a CSV column: " + array.status().ToString());
  return chunk_from(**array);
}

}  // namespace equipoise::data
