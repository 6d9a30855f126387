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
/// A number of any size in about four digits that count: "34,210", "12.34", "0.412", "0.00031"
std::string amount_text(std::optional<double> value);
/// The same with as many decimals as another number of its column has.
std::string amount_text(std::optional<double> value, int decimals);
/// How many decimals a column needs whose largest number, without its sign, is this.
int amount_decimals(double largest);
/// A number under a scale, as it is but for rounding: "0.25", "20,000", "1.5 M", "2 bn"
std::string tick_text(double value);
/// The same with so many decimals, which tell it from the ticks beside it; large ones without.
std::string tick_text(double value, int decimals);
/// "1.3 points"; "1 point" never occurs, because the decimal is always shown
std::string points_text(std::optional<double> gap);

/// A promise's figure in its unit (constraints/forms.h): "1.3 points", "12.3 %", of a floor the rate itself, "0.412"
/// (a plain number as amount_text).
std::string figure_text(std::optional<double> figure, std::string_view unit);
/// The same without the unit, for the ends of intervals: "0.3 to 3.4"
std::string figure_range(const std::optional<evaluation::Interval>& interval, std::string_view unit);
/// Whether it is the unit of a gap between groups: points or percent.
bool is_gap(std::string_view unit);
/// "points", "%", or "" of a plain number
std::string sign_of(std::string_view unit);
/// What is shown for a figure, without its unit: hundredfold, of a floor the rate itself, or as it is.
double shown_figure(double figure, std::string_view unit);

/// Abbreviated rates as words where a title or a sentence has them: "SR gap by sex" is "selection rate gap by sex".
std::string spelt_out(const std::string& text);
/// "Accuracy": with a capital letter
std::string at_the_start(std::string words);
/// "1 row", "2 rows", "30,162 rows"
std::string counted(std::int64_t count, std::string_view noun);
/// "42.1 s", "3 min 05 s", "2 h 10 min"
std::string duration_text(double seconds);
/// "1.2 MB"
std::string bytes_text(std::int64_t bytes);
/// "2025-03-01 14:05 UTC" from ISO 8601; other text as it is
std::string moment_text(std::string_view iso);

}  // namespace equipoise::report
