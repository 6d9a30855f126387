#include "engine/constraints/forms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace equipoise::constraints {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

std::vector<std::int32_t> estimable_rates(const Promise& promise) {
  std::vector<std::int32_t> rates;
  for (std::size_t level = 0; level < promise.levels.size(); ++level)
    if (promise.estimable[level]) rates.push_back(promise.rates[level]);
  return rates;
}

std::int32_t add_band(ConstraintTable& table, const Promise& promise) {
  table.bands.push_back(estimable_rates(promise));
  return static_cast<std::int32_t>(table.bands.size()) - 1;
}

// sign * r_rate + band_coefficient * middle <= bound
void add_band_row(ConstraintTable& table, std::size_t promise, std::int32_t rate, double sign, std::int32_t band,
                  double band_coefficient, double bound) {
  table.rows.push_back({{{rate, sign}}, band, band_coefficient, bound, static_cast<std::int32_t>(promise)});
}

// |r_rate - r_other| <= bound, as two rows
void add_pair_rows(ConstraintTable& table, std::size_t promise, std::int32_t rate, std::int32_t other, double bound) {
  for (const double sign : {1.0, -1.0})
    table.rows.push_back({{{rate, sign}, {other, -sign}}, -1, 0, bound, static_cast<std::int32_t>(promise)});
}

// With m the middle of the smallest and the largest rate, max - min <= e is |r_g - m| <= e / 2 for every g.
void max_min_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  const std::int32_t band = add_band(table, promise);
  for (const std::int32_t rate : table.bands[band]) {
    add_band_row(table, index, rate, +1, band, -1, promise.tolerance / 2);
    add_band_row(table, index, rate, -1, band, +1, promise.tolerance / 2);
  }
}

// With k = t / (2 - t) and m = (max + min) / 2, both max <= m (1 + k) and min >= m (1 - k) say
// max (1 - k) <= min (1 + k), that is min / max >= (1 - k) / (1 + k) = (2 - 2 t) / 2 = 1 - t.
void ratio_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  const double share = promise.tolerance / (2 - promise.tolerance);
  const std::int32_t band = add_band(table, promise);
  for (const std::int32_t rate : table.bands[band]) {
    add_band_row(table, index, rate, +1, band, -(1 + share), 0);
    add_band_row(table, index, rate, -1, band, 1 - share, 0);
  }
}

void overall_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  for (const std::int32_t rate : estimable_rates(promise))
    add_pair_rows(table, index, rate, promise.overall_rate, promise.tolerance);
}

void reference_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  const std::int32_t reference = promise.rates[promise.reference_level];
  for (const std::int32_t rate : estimable_rates(promise))
    if (rate != reference) add_pair_rows(table, index, rate, reference, promise.tolerance);
}

// Every rate on one side of the bound, which the tolerance of at_least is one minus.
void bound_rows(ConstraintTable& table, std::size_t index, double sign, double bound) {
  for (const std::int32_t rate : estimable_rates(table.promises[index]))
    table.rows.push_back({{{rate, sign}}, -1, 0, bound, static_cast<std::int32_t>(index)});
}

void at_most_rows(ConstraintTable& table, std::size_t index) {
  bound_rows(table, index, +1, table.promises[index].tolerance);
}

void at_least_rows(ConstraintTable& table, std::size_t index) {
  bound_rows(table, index, -1, table.promises[index].tolerance - 1);
}

// Weights that sum to 1 make the mean loss, which is what training lowers else, drop out.
void worst_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  for (const std::int32_t rate : estimable_rates(promise))
    table.rows.push_back({{{rate, 1.0}, {promise.overall_rate, -1.0}}, -1, 0, 0, static_cast<std::int32_t>(index)});
}

void from_zero_rows(ConstraintTable& table, std::size_t index) {
  bound_rows(table, index, +1, table.promises[index].tolerance);
  bound_rows(table, index, -1, table.promises[index].tolerance);
}

void linear_rows(ConstraintTable& table, std::size_t index) {
  const Promise& promise = table.promises[index];
  Row row{{}, -1, 0, promise.tolerance, static_cast<std::int32_t>(index)};
  for (std::size_t term = 0; term < promise.rates.size(); ++term)
    row.terms.emplace_back(promise.rates[term], promise.weights[term]);
  table.rows.push_back(std::move(row));
}

double max_min_gap(const Promise&, const std::vector<double>& compared, const std::vector<double>&) {
  const auto [low, high] = std::minmax_element(compared.begin(), compared.end());
  return *high - *low;
}

double ratio_gap(const Promise&, const std::vector<double>& compared, const std::vector<double>&) {
  const auto [low, high] = std::minmax_element(compared.begin(), compared.end());
  return *high > 0 ? 1 - *low / *high : 0;
}

double largest_distance(const std::vector<double>& compared, double to) {
  if (std::isnan(to)) return kUndefined;
  double largest = 0;
  for (const double rate : compared) largest = std::max(largest, std::abs(rate - to));
  return largest;
}

double overall_gap(const Promise& promise, const std::vector<double>& compared, const std::vector<double>& rates) {
  return largest_distance(compared, rates[promise.overall_rate]);
}

double reference_gap(const Promise& promise, const std::vector<double>& compared, const std::vector<double>& rates) {
  return largest_distance(compared, rates[promise.rates[promise.reference_level]]);
}

double largest(const Promise&, const std::vector<double>& compared, const std::vector<double>&) {
  return *std::max_element(compared.begin(), compared.end());
}

double largest_size(const Promise&, const std::vector<double>& compared, const std::vector<double>&) {
  return largest_distance(compared, 0);
}

double below_one(const Promise&, const std::vector<double>& compared, const std::vector<double>&) {
  return 1 - *std::min_element(compared.begin(), compared.end());
}

double weighted_sum(const Promise& promise, const std::vector<double>& compared, const std::vector<double>&) {
  double sum = 0;
  for (std::size_t term = 0; term < compared.size(); ++term) sum += promise.weights[term] * compared[term];
  return sum;
}

double once(double tolerance) {
  return tolerance;
}
double twice(double tolerance) {
  return 2 * tolerance;
}
double unlimited(double) {
  return 1;
}

}  // namespace

const std::vector<FormEntry>& form_entries() {
  using enum Comparison;
  // A ratio of 1 - t leaves a difference of at most t times the largest rate, which is at most 1. So do bounds.
  static const std::vector<FormEntry> entries = {
      {"max_min", pairs, false, 0, 1, 2, max_min_rows, max_min_gap, once},
      {"overall", everyone, false, 0, 1, 2, overall_rows, overall_gap, twice},
      {"reference", Comparison::reference, false, 0, 1, 2, reference_rows, reference_gap, twice},
      {"ratio", pairs, true, 0, 1, 2, ratio_rows, ratio_gap, once},
      {"at_most", alone, false, 0, 1, 1, at_most_rows, largest, once},
      {"at_least", alone, false, 1, -1, 1, at_least_rows, below_one, once},
      {"worst", alone, false, 0, 1, 2, worst_rows, largest, unlimited},
      {"from_zero", zero, false, 0, 1, 1, from_zero_rows, largest_size, unlimited},
      {"linear", sum, false, 0, 1, 1, linear_rows, weighted_sum, unlimited},
  };
  return entries;
}

const FormEntry* find_form(const std::string& name) {
  for (const FormEntry& entry : form_entries())
    if (entry.name == name) return &entry;
  return nullptr;
}

const FormEntry& form_entry(const std::string& name) {
  const FormEntry* form = find_form(name);
  if (form == nullptr) throw std::logic_error("a promise has the unknown form '" + name + "'");
  return *form;
}

std::vector<std::string> parity_form_names() {
  std::vector<std::string> names;
  for (const FormEntry& entry : form_entries())
    if (entry.comparison != Comparison::alone && entry.comparison != Comparison::sum &&
        entry.comparison != Comparison::zero)
      names.emplace_back(entry.name);
  return names;
}

bool compares_groups(const Promise& promise) {
  const Comparison comparison = form_entry(promise.form).comparison;
  return comparison == Comparison::pairs || comparison == Comparison::everyone || comparison == Comparison::reference;
}

bool comparable(const Promise& promise) {
  if (promise.reference_level >= 0 && !promise.estimable[promise.reference_level]) return false;
  const auto estimable = static_cast<std::size_t>(std::count(promise.estimable.begin(), promise.estimable.end(), true));
  const FormEntry& form = form_entry(promise.form);
  return estimable >= (form.comparison == Comparison::sum ? promise.levels.size() : form.least_levels);
}

Unit unit_of(const Promise& promise) {
  const FormEntry& form = form_entry(promise.form);
  if (form.comparison == Comparison::zero) return Unit::points;  // between a mean score and a share
  const bool is_share = !promise.rate.empty() && rate_entry(promise.rate).family == RateFamily::share;
  if (form.of_logarithms) return Unit::percent;
  if (!is_share) return Unit::number;
  if (form.comparison != Comparison::alone) return Unit::points;
  return form.sign > 0 ? Unit::share : Unit::floor;
}

double spoken(const Promise& promise, double figure) {
  const FormEntry& form = form_entry(promise.form);
  return form.sign < 0 ? form.offset - figure : figure;
}

const char* name_of(Unit unit) {
  switch (unit) {
    case Unit::points:
      return "points";
    case Unit::percent:
      return "percent";
    case Unit::share:
      return "share";
    case Unit::floor:
      return "floor";
    case Unit::number:
      break;
  }
  return "number";
}

double gap(const Promise& promise, const std::vector<double>& rates) {
  if (!comparable(promise)) return kUndefined;
  std::vector<double> compared;
  for (const std::int32_t rate : estimable_rates(promise))
    if (!std::isnan(rates[rate])) compared.push_back(rates[rate]);
  const FormEntry& form = form_entry(promise.form);
  const std::size_t least = form.comparison == Comparison::sum ? promise.levels.size() : form.least_levels;
  return compared.size() < least ? kUndefined : form.gap(promise, compared, rates);
}

std::vector<double> violations(const ConstraintTable& table, const std::vector<double>& rates,
                               const std::vector<double>& allowances) {
  const auto allowed = [&](std::int32_t rate) { return allowances.empty() ? 0.0 : allowances[rate]; };
  std::vector<double> middles(table.bands.size(), kUndefined);
  for (std::size_t b = 0; b < middles.size(); ++b) {
    double low = kUndefined, high = kUndefined;  // fmin and fmax pass over undefined rates
    for (const std::int32_t rate : table.bands[b]) {
      low = std::fmin(low, rates[rate] + allowed(rate));
      high = std::fmax(high, rates[rate] - allowed(rate));
    }
    middles[b] = (low + high) / 2;
  }
  std::vector<double> values(table.rows.size());
  for (std::size_t j = 0; j < values.size(); ++j) {
    const Row& row = table.rows[j];
    double value = -row.bound, square = 0;
    for (const auto& [rate, coefficient] : row.terms) {
      value += coefficient * rates[rate];
      square += coefficient * allowed(rate) * coefficient * allowed(rate);
    }
    if (row.band >= 0) value += row.band_coefficient * middles[row.band];
    values[j] = value - std::sqrt(square);
  }
  return values;
}

}  // namespace equipoise::constraints
