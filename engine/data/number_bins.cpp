#include "engine/data/number_bins.h"

#include <algorithm>
#include <cmath>

namespace equipoise::data {

std::vector<std::string> bin_names(const std::vector<double>& bins) {
  std::vector<std::string> names = {"under " + number_text(bins.front())};
  for (std::size_t i = 0; i + 1 < bins.size(); ++i)
    names.push_back(number_text(bins[i]) + " to " + number_text(bins[i + 1]));
  names.push_back(number_text(bins.back()) + " and over");
  return names;
}

void refuse_text(const Table& table, const Column& column, const std::string& role) {
  const std::optional<UnreadableNumbers> bad = unreadable_numbers(table, column);
  if (!bad) return;
  throw core::UserError(core::Fault::data,
                        "'" + bad->text + "' in the " + role + " column '" + column.name +
                            "' is not a number; if it means a missing value, list it under data.csv.missing" +
                            bad->others(),
                        table.where(bad->row));
}

std::vector<std::int32_t> bin_codes(const Table& table, const Column& column, const std::vector<double>& bins,
                                    const std::string& role) {
  refuse_text(table, column, role);
  std::vector<std::int32_t> codes;
  codes.reserve(static_cast<std::size_t>(table.rows()));
  for (const double number : NumberView(column).numbers(table)) {
    codes.push_back(std::isnan(number)
                        ? static_cast<std::int32_t>(bins.size()) + 1
                        : static_cast<std::int32_t>(std::ranges::upper_bound(bins, number) - bins.begin()));
  }
  return codes;
}

}  // namespace equipoise::data
