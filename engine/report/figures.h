#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "engine/evaluation/evaluation.h"

namespace equipoise::report {

/// How figures stand in the page. Where there is no finite value: "–".

/// "30,162"
std::string count_text(std::int64_t value);
/// "12.3 %" with a narrow space that does not break
std::string percent_text(std::optional<double> share);
/// "11.2 to 13.4 %"
std::string percent_range(const std::optional<evaluation::Interval>& interval);
/// ".921"-style figures: "0.921"
std::string decimal_text(std::optional<double> value, int digits);
/// "1.3 points"; "1 point" never occurs, because the decimal is always shown
std::string points_text(std::optional<double> gap);

/// A promise's figure in its unit (constraints/forms.h): "1.3 points", "12.3 %", of a floor the rate itself, "0.412".
std::string figure_text(std::optional<double> figure, std::string_view unit);
/// The same without the unit, for the ends of intervals: "0.3 to 3.4"
std::string figure_range(const std::optional<evaluation::Interval>& interval, std::string_view unit);
/// Whether it is the unit of a gap between groups: points or percent.
bool is_gap(std::string_view unit);
/// "points", "%", or "" of a plain number
std::string sign_of(std::string_view unit);
/// What is shown for a figure, without its unit: hundredfold, of a floor the rate itself, or as it is.
double shown_figure(double figure, std::string_view unit);

/// "1 row", "2 rows", "30,162 rows"
std::string counted(std::int64_t count, std::string_view noun);
/// "42.1 s", "3 min 05 s", "2 h 10 min"
std::string duration_text(double seconds);
/// "1.2 MB"
std::string bytes_text(std::int64_t bytes);
/// "2025-03-01 14:05 UTC" from ISO 8601; other text as it is
std::string moment_text(std::string_view iso);

}  // namespace equipoise::report
