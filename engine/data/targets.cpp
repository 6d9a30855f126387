#include "engine/data/targets.h"

#include <algorithm>
#include <cmath>

#include "engine/core/nearest_name.h"

namespace equipoise::data {
namespace {

constexpr double kLargestWeight = 1e30;    // as float, and its square in double, a finite number
constexpr double kSmallestWeight = 1e-30;  // as float no less exact than others

}  // namespace

const Column& column_named(const Table& table, const std::string& name, const std::string& field,
                           const config::Origin& origin) {
  if (const Column* column = table.find(name)) return *column;
  throw core::UserError(
      core::Fault::config,
      field + ": there is no column '" + name + "'" + core::did_you_mean(name, table.names()) + columns_text(table),
      origin.of(field));
}

std::vector<float> make_weights(const Table& table, const std::string& name) {
  const Column& column = *table.find(name);
  if (is_in_days(column.kind))
    throw core::UserError(core::Fault::data,
                          "the column '" + name + "' holds " + name_of(column.kind) + "; sample weights are numbers",
                          core::Position{table.files.front().path, 0, 0});
  const std::vector<double> weights = NumberView(column).numbers(table);
  const auto bad = std::ranges::find_if(
      weights, [](double weight) { return !(weight == 0 || (weight >= kSmallestWeight && weight <= kLargestWeight)); });
  if (bad != weights.end()) {
    const std::string what = std::isnan(*bad) ? "is missing or not a number" : "is " + number_text(*bad);
    throw core::UserError(
        core::Fault::data,
        "the sample weight in column '" + name + "' " + what + "; weights are 0, or numbers from 1e-30 to 1e30",
        table.where(bad - weights.begin()));
  }
  if (std::ranges::all_of(weights, [](double weight) { return weight == 0; })) {
    throw core::UserError(core::Fault::data, "all sample weights in column '" + name + "' are 0",
                          core::Position{table.files.front().path, 0, 0});
  }
  return {weights.begin(), weights.end()};
}

}  // namespace equipoise::data
