#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::audit {

/// A bin of a number, its two ends as words: "[25" and "31)", or "from -1.5" and "below 0" in " deviations". Without an end: "".
struct Span {
  std::string low, high, unit;
};

/// One input of the model as a column of few values: its levels, or the bins of a number. Values that too few rows have are joined:
/// bins with their neighbours, levels as "rare values".
struct Input {
  std::string name;
  std::vector<std::string> values;   ///< readable: "[25, 31)", "Private", "missing"
  std::vector<std::uint16_t> codes;  ///< [rows] an index into values
  std::int32_t missing = -1;         ///< the value that stands for missing; -1: no row lacks it
  std::vector<Span> bins = {};       ///< of a number: beside the values but "missing", in order of size; else empty
};

/// "[25, 40)" of "[25, 31)" and "[31, 40)".
std::string name_of_bins(const Span& first, const Span& last);

/// The inputs of all rows. `min_rows`: a value has at least as many training rows, as far as joining can do it; "missing" is never joined.
std::vector<Input> inputs_of(const data::Dataset& dataset, std::int64_t min_rows);

/// What rows answer, as questions of yes and no: "positive"; each class; each label; of a regression "above the median" of the training
/// rows' targets.
struct Answer {
  std::string name;
  std::vector<std::uint8_t> labels;  ///< [rows] 0 or 1
};
std::vector<Answer> answers_of(const data::Dataset& dataset);

}  // namespace equipoise::audit
