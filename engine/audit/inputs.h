#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"

namespace equipoise::audit {

/// One input of the model as a column of few values: its levels, or the bins of a number. Values that too few rows have are joined:
/// bins with their neighbours, levels as "rare values".
struct Input {
  std::string name;
  std::vector<std::string> values;   ///< readable: "[25, 31)", "Private", "missing"
  std::vector<std::uint16_t> codes;  ///< [rows] an index into values
  std::int32_t missing = -1;         ///< the value that stands for missing; -1: no row of the training rows lacked it
};

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
