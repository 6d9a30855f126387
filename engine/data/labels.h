#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/encoder.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// The columns that the label is read from.
std::vector<std::string> label_columns(const LabelParams& params);
/// Whether they are read as numbers, which are predicted, cut by bins or compared with a bound, rather than as values.
bool is_by_number(const LabelParams& params);

/// Drops rows without a label, or without one of several, with a warning that counts them. Returns how many.
/// Throws UserError (data) for a column, or rows, without any.
std::int64_t drop_rows_without_label(Table& table, const LabelParams& params, core::Journal& journal);

/// Sets task, outcomes, labels and targets of the data set from rows that all have labels. Completes `params`: negative
/// values and classes. Throws UserError: config where the values are not those that the config speaks of, data (with the
/// place of the first such row) for one that is no number, or too large for one, where numbers are read.
void make_labels(const Table& table, LabelParams& params, const config::Origin& origin, core::Journal& journal,
                 Dataset& dataset);

/// What is known of new rows whether or not they have labels: task, outcomes, and the scale of the targets.
void set_task(const Encoder& encoder, Dataset& dataset);
/// Their labels and targets, by complete lists. Throws UserError (data), with the place of the row, for a value that
/// training never saw or that is no number where training had numbers.
void apply_labels(const Table& table, const LabelParams& params, Dataset& dataset);

/// Sets mean and deviation of the targets over the training rows, as sample weights count them (population formulas).
void set_target_scale(Dataset& dataset);

}  // namespace equipoise::data
