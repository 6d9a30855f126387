#include "engine/training/measured_splits.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/constraints/forms.h"
#include "engine/constraints/row_counts.h"
#include "engine/core/error.h"
#include "engine/models/params.h"

namespace equipoise::training {
namespace {

// Cells below this many training rows are small enough for a network to memorise
// (docs/decisions/0006-measured-rows.md).
constexpr std::int64_t kMemorisable = 500;

// Rows of the smallest denominator among the rates that steer, in one split; nothing when no rate does.
std::optional<std::int64_t> smallest_denominator(const constraints::ConstraintTable& table,
                                                 const constraints::RowCounts& counts, data::Split split) {
  std::optional<std::int64_t> smallest;
  for (const constraints::Promise& promise : table.promises) {
    if (!constraints::comparable(promise)) continue;
    for (std::size_t level = 0; level < promise.rates.size(); ++level) {
      if (!promise.estimable[level]) continue;
      const constraints::Rate& rate = table.rates[static_cast<std::size_t>(promise.rates[level])];
      const std::int64_t rows = constraints::rows_in(rate.denominator, counts.rows_of_cell[static_cast<int>(split)]);
      smallest = std::min(smallest.value_or(rows), rows);
    }
  }
  return smallest;
}

MeasuredSplits choose_automatically(const constraints::MultiplierParams& params,
                                    const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                    const TrainingWork& work, core::Journal& journal) {
  const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
  const bool has_holdout = counts.used(static_cast<int>(data::Split::holdout));
  const std::optional<std::int64_t> smallest = smallest_denominator(table, counts, data::Split::train);
  if (!smallest) return MeasuredSplits::train;
  // Every member goes through every batch; its own fold is priced at nothing.
  if (!has_holdout && static_cast<double>(params.folds) * work.once <= work.limit) {
    journal.say(fmt::format(
        "Exact rates are cross-fitted: each training row is measured by the one of {0} models that does not learn "
        "from it, and the mean of their scores decides; that is {0} times the arithmetic of one model, which is "
        "short enough for auto.",
        params.folds));
    return MeasuredSplits::cross_fitted;
  }
  if (!has_holdout)
    journal.say(fmt::format(
        "Exact rates are not cross-fitted: {0} models are {0} times the arithmetic of one, which is too long for auto "
        "to choose; multipliers.measure_on: cross_fitted does it all the same.",
        params.folds));
  const std::int64_t in_training = *smallest;
  const std::int64_t in_holdout = *smallest_denominator(table, counts, data::Split::holdout);
  if (in_training >= kMemorisable) {
    journal.say(
        fmt::format("Exact rates are measured on the training split: its smallest group has {} rows (from {} "
                    "on, auto takes the training split).",
                    in_training, kMemorisable));
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

std::string word_of(MeasuredSplits measured) {
  switch (measured) {
    case MeasuredSplits::train:
      return "train";
    case MeasuredSplits::holdout:
      return "holdout";
    case MeasuredSplits::both:
      return "both";
    case MeasuredSplits::cross_fitted:
      break;
  }
  return "cross_fitted";
}

std::string sentence_of(MeasuredSplits measured, std::int64_t members) {
  const std::string head = "The multipliers followed the exact rates of ";
  switch (measured) {
    case MeasuredSplits::train:
      return head + "the training rows.";
    case MeasuredSplits::holdout:
      return head + "the holdout rows.";
    case MeasuredSplits::both:
      return head + "the training and the holdout rows.";
    case MeasuredSplits::cross_fitted:
      break;
  }
  return head +
         fmt::format("the training rows, each measured by the one of {} models that did not learn from it.", members);
}

TrainingWork training_work(const RunConfig& config, const data::EncodedRows& layout, std::int64_t rows,
                           const at::Device& device) {
  constexpr double kLimitOnCpu = 7.5e11, kLimitOnGpu = 7.5e13;
  constexpr double kForwardAndBackward = 3;
  const double row = models::multiply_adds(config.model, layout);
  const bool has_gpus_limit = device.is_cuda() && !models::grows(config.model);  // how trees fare there is not measured
  return {kForwardAndBackward * row * static_cast<double>(rows) * static_cast<double>(epochs_of(config)),
          has_gpus_limit ? kLimitOnGpu : kLimitOnCpu};
}

MeasuredSplits choose_measured_splits(const constraints::MultiplierParams& params,
                                      const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                      const TrainingWork& work, const config::Origin& origin, core::Journal& journal) {
  if (params.measure_on == "auto") return choose_automatically(params, table, dataset, work, journal);
  if (params.measure_on == "train") return MeasuredSplits::train;
  if (params.measure_on == "cross_fitted") {
    journal.say(
        fmt::format("Exact rates are cross-fitted: the model has {} members, and each training row is measured by the "
                    "member that does not learn from it.",
                    params.folds));
    return MeasuredSplits::cross_fitted;
  }
  if (dataset.rows_of(data::Split::holdout).empty()) {
    throw core::UserError(core::Fault::config,
                          "multipliers.measure_on is '" + params.measure_on +
                              "', but there is no holdout split; set data.split.holdout to a share above 0",
                          origin.of("multipliers.measure_on"));
  }
  return params.measure_on == "holdout" ? MeasuredSplits::holdout : MeasuredSplits::both;
}

}  // namespace equipoise::training
