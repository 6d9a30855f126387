#include "engine/report/figures.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/constraints/rates.h"

namespace equipoise::report {
namespace {

constexpr std::string_view kNone = "\u2013";
constexpr std::string_view kNarrowSpace = "\u202F";

/// One decimal, a true minus sign, and no "-0.0".
std::string one_decimal(double value) {
  const std::string digits = fmt::format("{:.1f}", std::abs(value));
  return value < 0 && digits != "0.0" ? "\u2212" + digits : digits;
}

// Of TPR, say; nullptr of what is no abbreviation.
const char* long_name_of(std::string_view word) {
  const bool is_short = word.size() > 1 && std::ranges::all_of(word, [](char c) { return c >= 'A' && c <= 'Z'; });
  const auto& entries = constraints::rate_entries();
  const auto entry = std::ranges::find(entries, word, &constraints::RateEntry::short_name);
  return is_short && entry != entries.end() ? entry->long_name : nullptr;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0, end = 0; end != std::string_view::npos; at = end + 1) {
    end = text.find(' ', at);
    words.push_back(text.substr(at, end - at));
  }
  return words;
}

bool is_there(const std::optional<double>& value) {
  return value && std::isfinite(*value);
}

}  // namespace

std::string count_text(std::int64_t value) {
  std::string digits = fmt::format("{}", value);
  const std::size_t first = value < 0 ? 1 : 0;
  for (std::size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string percent_text(std::optional<double> share) {
  return is_there(share) ? fmt::format("{}{}%", one_decimal(100 * *share), kNarrowSpace) : std::string(kNone);
}

std::string percent_range(const std::optional<evaluation::Interval>& interval) {
  if (!interval) return std::string(kNone);
  return fmt::format("{} to {}{}%", one_decimal(100 * interval->low), one_decimal(100 * interval->high), kNarrowSpace);
}

std::string decimal_text(std::optional<double> value, int digits) {
  return is_there(value) ? fmt::format("{:.{}f}", *value, digits) : std::string(kNone);
}

int amount_decimals(double largest) {
  constexpr int kMost = 9;
  const double size = std::abs(largest);
  if (!(size > 0) || !std::isfinite(size)) return 3;
  if (size >= 999.95) return 0;
  if (size >= 1) return 3 - static_cast<int>(std::log10(size * 1.00005));
  return size >= 0.01 ? 3 : std::min(kMost, static_cast<int>(std::ceil(-std::log10(size))) + 2);
}

std::string amount_text(std::optional<double> value) {
  return amount_text(value, is_there(value) ? amount_decimals(*value) : 0);
}

std::string amount_text(std::optional<double> value, int decimals) {
  if (!is_there(value)) return std::string(kNone);
  constexpr double kMostWritten = 1e15;
  const double size = std::abs(*value);
  const std::string digits = size >= kMostWritten ? fmt::format("{:.3e}", size)
                             : decimals == 0      ? count_text(std::llround(size))
                                                  : fmt::format("{:.{}f}", size, decimals);
  const bool is_zero = digits.find_first_not_of("0.") == std::string::npos;
  return *value < 0 && !is_zero ? "\u2212" + digits : digits;
}

std::string tick_text(double value) {
  constexpr double kSeparated = 1e4, kMillion = 1e6, kBillion = 1e9;
  const double size = std::abs(value);
  std::string digits = fmt::format("{:g}", size);
  if (size >= kBillion && size < 1000 * kBillion) {
    digits = fmt::format("{:g}{}bn", size / kBillion, kNarrowSpace);
  } else if (size >= kMillion && size < kBillion) {
    digits = fmt::format("{:g}{}M", size / kMillion, kNarrowSpace);
  } else if (size >= kSeparated && size < kMillion) {
    digits = count_text(std::llround(size));
  }
  return (value < 0 ? "\u2212" : "") + digits;
}

std::string tick_text(double value, int decimals) {
  constexpr double kLarge = 1e4;
  return std::abs(value) >= kLarge ? tick_text(value)
                                   : (value < 0 ? "\u2212" : "") + fmt::format("{:.{}f}", std::abs(value), decimals);
}

std::string points_text(std::optional<double> gap) {
  return figure_text(gap, "points");
}

bool is_gap(std::string_view unit) {
  return unit == "points" || unit == "percent";
}

std::string sign_of(std::string_view unit) {
  if (unit == "number") return "";
  return unit == "points" ? "points" : "%";
}

double shown_figure(double figure, std::string_view unit) {
  if (unit == "number") return figure;
  return 100 * (unit == "floor" ? 1 - figure : figure);
}

std::string figure_text(std::optional<double> figure, std::string_view unit) {
  if (!is_there(figure)) return std::string(kNone);
  if (unit == "number") return amount_text(figure);
  const std::string number = one_decimal(shown_figure(*figure, unit));
  return unit == "points" ? number + "\u00A0points" : fmt::format("{}{}%", number, kNarrowSpace);
}

std::string figure_range(const std::optional<evaluation::Interval>& interval, std::string_view unit) {
  if (!interval) return std::string(kNone);
  const bool is_turned = unit == "floor";
  const double low = shown_figure(is_turned ? interval->high : interval->low, unit);
  const double high = shown_figure(is_turned ? interval->low : interval->high, unit);
  if (unit == "number") {
    const int decimals = amount_decimals(std::max(std::abs(low), std::abs(high)));
    return fmt::format("{} to {}", amount_text(low, decimals), amount_text(high, decimals));
  }
  return fmt::format("{} to {}", one_decimal(low), one_decimal(high));
}

std::string spelt_out(const std::string& text) {
  // What else is written in capitals, a level's name say, is followed by other words.
  const auto follows_a_rate = [](std::string_view word) {
    return word == "gap" || word == "ratio" || word == "of" || word == "by";
  };
  std::string result;
  const std::vector<std::string_view> words = words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::size_t quote = words[i].starts_with('\'') ? 1 : 0;
    const bool may_be_rate = i == 0 || (i + 1 < words.size() && follows_a_rate(words[i + 1]));
    const char* name = may_be_rate ? long_name_of(words[i].substr(quote)) : nullptr;
    result += i == 0 ? "" : " ";
    if (name == nullptr)
      result += words[i];
    else
      result += std::string(quote, '\'') + name;
  }
  return result;
}

std::string at_the_start(std::string words) {
  if (!words.empty() && words[0] >= 'a' && words[0] <= 'z') words[0] = static_cast<char>(words[0] - 'a' + 'A');
  return words;
}

std::string counted(std::int64_t count, std::string_view noun) {
  return fmt::format("{}\u00A0{}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string duration_text(double seconds) {
  if (!std::isfinite(seconds)) return std::string(kNone);
  if (seconds < 99.95) return fmt::format("{:.1f}{}s", seconds, kNarrowSpace);
  const auto whole = std::llround(seconds);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string bytes_text(std::int64_t bytes) {
  if (bytes < 1000) return fmt::format("{}{}B", bytes, kNarrowSpace);
  if (bytes < 1000000) return fmt::format("{:.1f}{}kB", bytes / 1e3, kNarrowSpace);
  if (bytes < 1000000000) return fmt::format("{:.1f}{}MB", bytes / 1e6, kNarrowSpace);
  return fmt::format("{:.1f}{}GB", bytes / 1e9, kNarrowSpace);
}

std::string moment_text(std::string_view iso) {
  const bool utc = iso.size() >= 17 && iso[4] == '-' && iso[10] == 'T' && iso.back() == 'Z';
  return utc ? fmt::format("{} {} UTC", iso.substr(0, 10), iso.substr(11, 5)) : std::string(iso);
}

}  // namespace equipoise::report
