#include "engine/data/table.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

constexpr double kMissingNumber = std::numeric_limits<double>::quiet_NaN();

// The same positions of a vector that may be unused in this chunk.
template <typename Value>
void keep_values(std::vector<Value>& values, const std::uint8_t* keep) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (keep[i]) values[kept++] = values[i];
  }
  values.resize(kept);
}

void drop_unused_levels(Column& column) {
  std::vector<std::int32_t> new_code(column.levels.size(), 0);
  for (const ColumnChunk& chunk : column.chunks) {
    for (const std::int32_t code : chunk.integers) {
      if (code >= 0) new_code[static_cast<std::size_t>(code)] = 1;
    }
  }
  std::vector<std::string> used;
  for (std::size_t i = 0; i < new_code.size(); ++i) {
    const bool occurs = new_code[i] != 0;
    new_code[i] = static_cast<std::int32_t>(used.size());
    if (occurs) used.push_back(std::move(column.levels[i]));
  }
  column.levels = std::move(used);
  for (ColumnChunk& chunk : column.chunks) {
    for (std::int32_t& code : chunk.integers) {
      if (code >= 0) code = new_code[static_cast<std::size_t>(code)];
    }
  }
}

void read_numbers(const ColumnChunk& chunk, std::int64_t begin, std::int64_t count, double* numbers) {
  if (!chunk.reals.empty()) {
    std::copy_n(chunk.reals.begin() + begin, count, numbers);
  } else if (!chunk.integers.empty()) {
    for (std::int64_t i = 0; i < count; ++i) {
      const std::int32_t value = chunk.integers[static_cast<std::size_t>(begin + i)];
      numbers[i] = value == kMissingInteger ? kMissingNumber : value;
    }
  } else {
    std::fill_n(numbers, count, kMissingNumber);
  }
}

constexpr double kMicrosecondsPerDay = 86400e6;

// Dates and times that are spelt alike are one category.
double as_spelt(ColumnKind kind, double number) {
  if (!is_in_days(kind)) return number;
  return std::round(number * kMicrosecondsPerDay) / kMicrosecondsPerDay;
}

std::string time_text(std::int64_t microseconds) {
  const std::int64_t seconds = microseconds / 1000000, rest = microseconds % 1000000;
  char text[64];
  std::snprintf(text, sizeof text, "%02d:%02d:%02d", static_cast<int>(seconds / 3600),
                static_cast<int>(seconds / 60 % 60), static_cast<int>(seconds % 60));
  if (rest == 0) return text;
  char fraction[32];
  std::snprintf(fraction, sizeof fraction, ".%06d", static_cast<int>(rest));
  return std::string(text) + fraction;
}

std::string date_text(double days) {
  constexpr double kMostDays = 1e7;  // some 27000 years: a calendar knows no more
  if (!(std::abs(days) < kMostDays)) return number_text(days);
  auto day = static_cast<std::int64_t>(std::floor(days));
  auto microseconds = static_cast<std::int64_t>(std::round((days - static_cast<double>(day)) * kMicrosecondsPerDay));
  if (microseconds == static_cast<std::int64_t>(kMicrosecondsPerDay)) {
    ++day;
    microseconds = 0;
  }
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day}}};
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()));
  std::string spelt = text;
  if (microseconds != 0) spelt.append(" ").append(time_text(microseconds));
  return spelt;
}

struct PlainNumber {
  double value;
  bool is_whole;  // "1", "1.00"
};

// Of digits, without zeros before them and with no more than a float tells apart.
std::optional<PlainNumber> plain_number(const std::string& level) {
  constexpr std::ptrdiff_t kMostDigits = 15;
  const auto is_digit = [](unsigned char letter) { return std::isdigit(letter) != 0; };
  const std::string_view text = std::string_view(level).substr(level.starts_with('-') ? 1 : 0);
  const std::string_view whole = text.substr(0, text.find('.'));
  const std::string_view rest = text.substr(whole.size());
  const bool is_plain = !whole.empty() && std::ranges::all_of(whole, is_digit) &&
                        (whole.size() == 1 || whole.front() != '0') &&
                        (rest.empty() || (rest.size() > 1 && std::ranges::all_of(rest.substr(1), is_digit)));
  if (!is_plain || std::ranges::count_if(text, is_digit) > kMostDigits) return std::nullopt;
  return PlainNumber{*parse_number(level), rest.find_first_not_of(".0") == std::string_view::npos};
}

void refuse_lost_digits(const Column& column, const std::vector<double>& sorted) {
  constexpr double kLargest = 0x1p53;
  if (column.kind != ColumnKind::number || sorted.empty()) return;
  if (sorted.front() > -kLargest && sorted.back() < kLargest) return;
  throw core::UserError(core::Fault::data,
                        "column '" + column.name +
                            "' is to tell rows apart and holds numbers of 2^53 and beyond, such as " +
                            number_text(sorted.back() < kLargest ? sorted.front() : sorted.back()) +
                            ", of which several are one 64-bit float: store it as text");
}

}  // namespace

const char* name_of(ColumnKind kind) {
  switch (kind) {
    case ColumnKind::empty:
      return "nothing but missing values";
    case ColumnKind::number:
      return "numbers";
    case ColumnKind::date:
      return "dates";
    case ColumnKind::time:
      return "times of day";
    case ColumnKind::boolean:
      return "true and false";
    case ColumnKind::text:
      return "text";
  }
  return "";
}

const Column* Table::find(std::string_view name) const {
  const auto found = std::ranges::find(columns, name, &Column::name);
  return found == columns.end() ? nullptr : &*found;
}

std::vector<std::string> Table::names() const {
  std::vector<std::string> names;
  for (const Column& column : columns) names.push_back(column.name);
  return names;
}

std::string columns_text(const Table& table) {
  constexpr std::size_t kMostListed = 60;
  const std::string text = "; the columns are " + core::listed(table.names(), kMostListed);
  if (table.columns.size() != 1) return text;
  for (const char mark : {';', '\t', '|', ','}) {
    if (table.columns.front().name.find(mark) == std::string::npos) continue;
    return text + ": is '" + (mark == '\t' ? "\\t" : std::string(1, mark)) +
           "' what separates the fields (data.csv.delimiter)?";
  }
  return text;
}

std::int64_t Table::row_as_read(std::int64_t row) const {
  return rows_as_read.empty() ? row : rows_as_read[static_cast<std::size_t>(row)];
}

core::Position Table::where(std::int64_t row) const {
  const std::int64_t read = row_as_read(row);
  const auto after = std::ranges::upper_bound(lines, read, {}, &LineRun::row);
  if (after == lines.begin()) return {};
  const LineRun& run = *(after - 1);
  const std::string& path = files[static_cast<std::size_t>(run.file)].path;
  if (run.line > 0) return {path, static_cast<int>(run.line + (read - run.row)), 0};
  return {path + ", row " + std::to_string(read - run.row + 1), 0, 0};
}

void keep_rows(Table& table, const std::vector<std::uint8_t>& keep) {
  std::vector<std::int64_t> rows_as_read;
  std::vector<std::int64_t> begins = {0};
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk], end = table.chunk_begins[chunk + 1];
    for (std::int64_t row = begin; row < end; ++row) {
      if (keep[static_cast<std::size_t>(row)]) rows_as_read.push_back(table.row_as_read(row));
    }
    begins.push_back(static_cast<std::int64_t>(rows_as_read.size()));
    for (Column& column : table.columns) {
      keep_values(column.chunks[chunk].integers, keep.data() + begin);
      keep_values(column.chunks[chunk].reals, keep.data() + begin);
    }
  }
  for (Column& column : table.columns) {
    if (column.kind == ColumnKind::text) drop_unused_levels(column);
  }
  table.chunk_begins = std::move(begins);
  table.rows_as_read = std::move(rows_as_read);
}

std::optional<double> parse_number(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string number_text(double number) {
  if (number == 0) return "0";  // and not "-0"
  char text[32];
  const bool whole = std::abs(number) < 1e15 && number == std::floor(number);
  const auto [end, error] = whole ? std::to_chars(text, text + sizeof text, static_cast<std::int64_t>(number))
                                  : std::to_chars(text, text + sizeof text, number);
  return {text, end};
}

std::string canonical_level(const std::string& level) {
  const std::optional<PlainNumber> plain = plain_number(level);
  if (plain && plain->is_whole) return number_text(plain->value);
  for (const char* truth : {"true", "false"})
    if (std::ranges::equal(level, std::string_view(truth), {}, [](unsigned char c) { return std::tolower(c); }))
      return truth;
  return level;
}

std::string value_of_level(const std::string& level) {
  const std::optional<PlainNumber> plain = plain_number(level);
  return plain ? number_text(plain->value) : canonical_level(level);
}

std::string value_text(ColumnKind kind, double number) {
  switch (kind) {
    case ColumnKind::boolean:
      return number != 0 ? "true" : "false";
    case ColumnKind::date:
      return date_text(number);
    case ColumnKind::time:
      return time_text(std::llround(number * kMicrosecondsPerDay));
    default:
      return number_text(number);
  }
}

NumberView::NumberView(const Column& column) : column_(column) {
  for (const std::string& level : column.levels) {
    const std::optional<double> number = parse_number(level);
    if (!number && unreadable_ < 0) unreadable_ = static_cast<std::int32_t>(number_of_level_.size());
    number_of_level_.push_back(number.value_or(kMissingNumber));
  }
}

void NumberView::read(std::size_t chunk, std::int64_t begin, std::int64_t count, double* numbers) const {
  const ColumnChunk& values = column_.chunks[chunk];
  if (values.kind != ColumnKind::text) return read_numbers(values, begin, count, numbers);
  for (std::int64_t i = 0; i < count; ++i) {
    const std::int32_t code = values.integers[static_cast<std::size_t>(begin + i)];
    numbers[i] = code < 0 ? kMissingNumber : number_of_level_[static_cast<std::size_t>(code)];
  }
}

std::vector<double> NumberView::numbers(const Table& table) const {
  std::vector<double> numbers(static_cast<std::size_t>(table.rows()));
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk];
    read(chunk, 0, table.chunk_begins[chunk + 1] - begin, numbers.data() + begin);
  }
  return numbers;
}

CategoryView::CategoryView(const Table& table, const Column& column) : column_(column) {
  if (column.kind == ColumnKind::text) {
    std::unordered_map<std::string, std::int32_t> known;
    for (const std::string& spelling : column.levels) {
      const auto [level, is_new] =
          known.try_emplace(canonical_level(spelling), static_cast<std::int32_t>(levels_.size()));
      if (is_new) levels_.push_back(spelling);
      of_spelling_.push_back(level->second);
    }
    return;
  }
  std::unordered_set<double> distinct;
  std::vector<double> numbers;
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    numbers.resize(static_cast<std::size_t>(table.chunk_begins[chunk + 1] - table.chunk_begins[chunk]));
    read_numbers(column.chunks[chunk], 0, static_cast<std::int64_t>(numbers.size()), numbers.data());
    for (const double number : numbers) {
      if (!std::isnan(number)) distinct.insert(as_spelt(column.kind, number));
    }
  }
  numbers_.assign(distinct.begin(), distinct.end());
  std::ranges::sort(numbers_);
  refuse_lost_digits(column, numbers_);
  for (const double number : numbers_) levels_.push_back(value_text(column.kind, number));
}

void CategoryView::read(std::size_t chunk, std::int64_t begin, std::int64_t count, std::int32_t* codes) const {
  const ColumnChunk& values = column_.chunks[chunk];
  if (column_.kind == ColumnKind::text) {
    if (values.integers.empty()) {
      std::fill_n(codes, count, kMissingCode);
    } else {
      std::transform(
          values.integers.begin() + begin, values.integers.begin() + begin + count, codes,
          [&](std::int32_t code) { return code < 0 ? kMissingCode : of_spelling_[static_cast<std::size_t>(code)]; });
    }
    return;
  }
  std::vector<double> numbers(static_cast<std::size_t>(count));
  read_numbers(values, begin, count, numbers.data());
  for (std::int64_t i = 0; i < count; ++i) {
    const double number = as_spelt(column_.kind, numbers[static_cast<std::size_t>(i)]);
    codes[i] = std::isnan(number)
                   ? kMissingCode
                   : static_cast<std::int32_t>(std::ranges::lower_bound(numbers_, number) - numbers_.begin());
  }
}

std::vector<std::int32_t> CategoryView::codes(const Table& table) const {
  std::vector<std::int32_t> codes(static_cast<std::size_t>(table.rows()));
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk];
    read(chunk, 0, table.chunk_begins[chunk + 1] - begin, codes.data() + begin);
  }
  return codes;
}

std::optional<UnreadableNumbers> unreadable_numbers(const Table& table, const Column& column) {
  if (NumberView(column).first_unreadable_level() < 0) return std::nullopt;
  const CategoryView view(table, column);
  std::vector<bool> is_number;
  for (const std::string& level : view.levels()) is_number.push_back(parse_number(level).has_value());
  UnreadableNumbers found;
  const std::vector<std::int32_t> codes = view.codes(table);
  for (std::size_t row = 0; row < codes.size(); ++row) {
    if (codes[row] < 0 || is_number[static_cast<std::size_t>(codes[row])]) continue;
    if (found.rows++ > 0) continue;
    found.row = static_cast<std::int64_t>(row);
    found.text = view.levels()[static_cast<std::size_t>(codes[row])];
  }
  return found;
}

}  // namespace equipoise::data
