#include "engine/training/measured_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/core/error.h"

namespace equipoise::training {
namespace {

// Cells below this many training rows are small enough for a network to memorise
// (docs/decisions/0006-measured-rows.md).
constexpr std::int64_t kMemorisable = 500;

// Rows of the smallest denominator among the estimable rates, in one split; the largest number when there is no rate.
std::int64_t smallest_denominator(const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                  data::Split split) {
  std::vector<std::int64_t> rows(static_cast<std::size_t>(table.cells.count()), 0);
  for (const std::int64_t row : dataset.rows_of(split)) {
    const std::int32_t cell = table.cells.of_row[static_cast<std::size_t>(row)];
    if (cell >= 0) ++rows[static_cast<std::size_t>(cell)];
  }
  std::int64_t smallest = std::numeric_limits<std::int64_t>::max();
  for (const constraints::Promise& promise : table.promises) {
    for (std::size_t level = 0; level < promise.rates.size(); ++level) {
      if (!promise.estimable[level]) continue;
      std::int64_t count = 0;
      for (const auto& [index, coefficient] : table.rates[static_cast<std::size_t>(promise.rates[level])].denominator) {
        count += rows[static_cast<std::size_t>(index / constraints::kQuantities)];
      }
      smallest = std::min(smallest, count);
    }
  }
  return smallest;
}

MeasuredSplits choose_automatically(const constraints::MultiplierParams& params,
                                    const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                    core::Journal& journal) {
  const std::int64_t in_training = smallest_denominator(table, dataset, data::Split::train);
  const std::int64_t in_holdout = smallest_denominator(table, dataset, data::Split::holdout);
  const bool has_holdout = !dataset.rows_of(data::Split::holdout).empty();
  if (table.promises.empty()) return MeasuredSplits::train;
  if (in_training >= kMemorisable) {
    journal.say(fmt::format(
        "Exact rates are measured on the training split: its smallest group has {} rows, too many to memorise.",
        in_training));
    return MeasuredSplits::train;
  }
  if (!has_holdout) {
    journal.say(fmt::format(
        "Exact rates are measured on the training split, though its smallest group has only {} rows and may be "
        "memorised: there is no holdout split (data.split.holdout).",
        in_training));
    return MeasuredSplits::train;
  }
  const bool alone = in_holdout >= std::max<std::int64_t>(kMemorisable / 5, params.min_rows);
  journal.say(fmt::format("Exact rates are measured on {}: the smallest group has {} training and {} holdout rows.",
                          alone ? "the holdout split" : "the training and holdout splits", in_training, in_holdout));
  return alone ? MeasuredSplits::holdout : MeasuredSplits::both;
}

}  // namespace

MeasuredSplits choose_measured_splits(const constraints::MultiplierParams& params,
                                      const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                      const config::Origin& origin, core::Journal& journal) {
  if (params.measure_on == "auto") return choose_automatically(params, table, dataset, journal);
  if (params.measure_on == "train") return MeasuredSplits::train;
  if (dataset.rows_of(data::Split::holdout).empty()) {
    throw core::UserError(core::Fault::config,
                          "multipliers.measure_on is '" + params.measure_on +
                              "', but there is no holdout split; set data.split.holdout to a share above 0",
                          origin.of("multipliers.measure_on"));
  }
  return params.measure_on == "holdout" ? MeasuredSplits::holdout : MeasuredSplits::both;
}

}  // namespace equipoise::training
