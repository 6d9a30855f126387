#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// How wrong a model was about each row: binary labels and classes 0 or 1; several labels, the share that are wrong; a number, the
/// absolute error in the target's units. `scores` [rows * outcomes] as a model gives them: probabilities, or numbers.
std::vector<double> errors_of(const data::Dataset& dataset, const std::vector<double>& scores);

/// Where a model errs most: conjunctions of up to three conditions "input value" or "group level".
///
/// One half of the rows (20,000 of it, by chance, at most; each row counts once) is searched, level by level (as Sagadeeva and Boehm 2021): of a slice with error sum E no part of m rows can be
/// more than (E / m - mean) sqrt(m) / deviation standard errors above the mean, which rules most conjunctions out. The ten furthest above it
/// that share no more than half of their rows are then measured on the other half, so that what chance alone put in front falls
/// back. There weights count: slices with fewer than min_rows rows (Kish's) are left out; p-values are one-sided, of wrong and right
/// decisions Fisher's exact ones, and Holm's (1979) over those that were measured. `errors` [rows]; `rows` are those that the model has not met.
SliceSearch find_slices(const data::Dataset& dataset, const std::vector<Input>& inputs,
                        const std::vector<double>& errors, const std::vector<std::int64_t>& rows,
                        const AuditParams& params);

}  // namespace equipoise::audit
