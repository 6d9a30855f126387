#include "engine/training/allowance.h"

#include <algorithm>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/row_counts.h"

namespace equipoise::training {
namespace {

bool is_mean(const constraints::Rate& rate) {
  return constraints::rate_entry(rate.kind).family == constraints::RateFamily::mean;
}

// Of a share; of a mean whose rows have the deviation.
double standard_error(double rate, double rows, double deviation) {
  if (!std::isnan(deviation)) return deviation / std::sqrt(rows);
  const double drawn = (rate * rows + 1) / (rows + 2);
  return std::sqrt(drawn * (1 - drawn) / rows);
}

// How much more a row's rates must leave on held-out rows; `errors` [R] by which one of them may be off there. A band has a
// row for either end, so that each takes its part of a difference whose errors add in squares.
double margin_of(const constraints::Row& row, const std::vector<double>& errors) {
  double square = 0;
  for (const auto& [rate, coefficient] : row.terms) square += coefficient * errors[rate] * coefficient * errors[rate];
  return std::sqrt(row.band >= 0 ? square / 2 : square);
}

// What a row has of its promise's tolerance, in rates: of a band half, of a ratio the share of the largest rate. A bound has
// no tolerance to share, so that of a gap stands in, the default's.
double room_of(const constraints::ConstraintTable& table, const constraints::Row& row,
               const std::vector<double>& rates) {
  const constraints::Promise& promise = table.promises[row.promise];
  constexpr double kOfBounds = 0.05;
  const constraints::FormEntry& form = constraints::form_entry(promise.form);
  if (form.comparison == constraints::Comparison::alone || form.comparison == constraints::Comparison::sum) {
    if (std::ranges::any_of(row.terms, [&](const auto& term) { return is_mean(table.rates[term.first]); })) return 0;
    return std::isfinite(promise.tolerance) ? kOfBounds : 0;
  }
  const double room = promise.tolerance / (row.band >= 0 ? 2 : 1);
  if (!form.of_logarithms) return room;
  double largest = 0;
  for (const std::int32_t rate : promise.rates) largest = std::fmax(largest, rates[rate]);
  return room * largest;
}

// Adds the margins of every promise that has room for those of all its rows: aiming at less for the large groups alone
// would cost accuracy without making the figure, which is the worst of all groups', any surer. Between half and six tenths
// of the room a margin fades, so that rates that move in training do not switch it on and off.
void add_margins(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                 const std::vector<double>& errors, std::vector<double>& violations) {
  constexpr double kWhole = 0.5, kNone = 0.6;
  std::vector<double> shares(table.promises.size(), 1.0), margins;
  for (const constraints::Row& row : table.rows) {
    margins.push_back(margin_of(row, errors));
    if (margins.back() == 0) continue;
    const double room = room_of(table, row, rates);
    const double share = room > 0 ? (kNone - margins.back() / room) / (kNone - kWhole) : 0;
    shares[row.promise] = std::min(shares[row.promise], std::clamp(share, 0.0, 1.0));
  }
  for (std::size_t j = 0; j < margins.size(); ++j) violations[j] += shares[table.rows[j].promise] * margins[j];
}

}  // namespace

std::vector<double> Allowance::violations(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                          const std::vector<double>& sums,
                                          const std::vector<double>& deviations) const {
  if (measured_.empty()) return constraints::violations(table, rates);
  std::vector<double> allowed(rates.size(), 0.0), errors(rates.size(), 0.0);
  for (std::size_t r = 0; r < rates.size(); ++r) {
    const double deviation = deviations.empty() ? std::nan("") : deviations[r];
    if (std::isnan(rates[r]) || (is_mean(table.rates[r]) && std::isnan(deviation))) continue;
    const double denominator = constraints::value_of(table.rates[r].denominator, sums, constraints::Reading::exact);
    const double rows = denominator * measured_[r];
    const double kept = params_.allowance_rows == 0 ? 1 : params_.allowance_rows / (params_.allowance_rows + rows);
    allowed[r] = params_.allowance * kept * standard_error(rates[r], rows, deviation);
    if (!held_out_.empty() && held_out_[r] > 0)
      errors[r] = params_.margin * standard_error(rates[r], denominator * held_out_[r], deviation);
  }
  std::vector<double> values = constraints::violations(table, rates, allowed);
  // An aim compares groups with each other: an allowance would make small ones weigh less.
  const std::vector<double> bare = constraints::violations(table, rates);
  for (std::size_t j = 0; j < values.size(); ++j)
    if (!std::isfinite(table.promises[table.rows[j].promise].tolerance)) values[j] = bare[j];
  add_margins(table, rates, errors, values);
  return values;
}

std::vector<double> Allowance::margins(const constraints::ConstraintTable& table, const std::vector<double>& rates,
                                       const std::vector<double>& sums) const {
  const std::vector<double> bare = constraints::violations(table, rates);
  std::vector<double> margins = of_margin_alone().violations(table, rates, sums);
  for (std::size_t j = 0; j < margins.size(); ++j) margins[j] = std::isnan(margins[j]) ? 0 : margins[j] - bare[j];
  return margins;
}

std::vector<double> efficiency_of(const constraints::ConstraintTable& table, const std::vector<double>& weight,
                                  const std::vector<double>& square_weight, const std::vector<double>& measured) {
  std::vector<double> efficiency;
  for (const constraints::Rate& rate : table.rates) {
    double sum = 0, squares = 0, by = 0;
    for (const std::int32_t cell : constraints::cells_of(rate.denominator)) {
      sum += weight[cell];
      squares += square_weight[cell];
      by += measured[cell];
    }
    efficiency.push_back(sum > 0 && by > 0 ? constraints::effective_rows(sum, squares) / by : 0);
  }
  return efficiency;
}

Allowance allowance_of(const RunConfig& config, const constraints::ConstraintTable& table, const data::Dataset& dataset,
                       MeasuredSplits measured) {
  const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
  const auto cells = static_cast<std::size_t>(table.cells.count());
  std::vector<double> weight(cells, 0.0), square(cells, 0.0);
  double rows = 0;
  const auto add = [&](data::Split split) {
    rows += static_cast<double>(counts.rows[static_cast<int>(split)]);
    for (std::size_t c = 0; c < cells; ++c) {
      weight[c] += counts.weight[static_cast<int>(split)][c];
      square[c] += counts.square_weight[static_cast<int>(split)][c];
    }
  };
  if (measured != MeasuredSplits::holdout) add(data::Split::train);
  if (measured == MeasuredSplits::holdout || measured == MeasuredSplits::both) add(data::Split::holdout);
  const constraints::MultiplierParams& params = config.multipliers;
  constexpr int kSelection = static_cast<int>(data::Split::selection), kTest = static_cast<int>(data::Split::test);
  std::vector<double> of_measured = efficiency_of(table, weight, square, weight);
  std::vector<double> held_out =
      efficiency_of(table, counts.weight[kSelection], counts.square_weight[kSelection], weight);
  if (!counts.used(kSelection)) {
    // As many people as the test split has, made up as those measured are: who is in it is nobody's business before the verdict.
    held_out = of_measured;
    for (double& of_rate : held_out) of_rate *= rows > 0 ? static_cast<double>(counts.rows[kTest]) / rows : 0;
  }
  return {{params.allowance, static_cast<double>(params.allowance_rows), params.margin},
          std::move(of_measured),
          std::move(held_out),
          efficiency_of(table, counts.weight[kSelection], counts.square_weight[kSelection], counts.weight[kSelection])};
}

}  // namespace equipoise::training
