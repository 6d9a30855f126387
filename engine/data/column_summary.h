// What fitting needs to know of a column: its numbers or levels in training rows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/dataset.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// What is learnt from, as the columns see it.
struct TrainingRows {
  std::vector<std::uint8_t> is_training;  ///< [rows]
  std::vector<std::int64_t> sample;       ///< ascending; at most as many as quantiles need
  std::int64_t count = 0;
};

/// The rows of the training split, and an even sample of them, the same every time.
TrainingRows training_rows(const std::vector<Split>& splits);

struct NumberSummary {
  std::vector<double> sorted;  ///< of the sample, with the least and the largest of all
  std::int64_t distinct = 0;
  std::int64_t missing = 0;
  double mean = 0;
  double deviation = 0;
};

/// Mean and deviation are made where they are asked for.
NumberSummary summarize(const Table& table, const Column& column, const TrainingRows& training, bool with_moments);

/// The last training row that holds `number`; 0 where none does.
std::int64_t last_row_with(double number, const Table& table, const Column& column, const TrainingRows& training);

struct CategorySummary {
  std::vector<std::string> levels;   ///< all rows'
  std::vector<std::int64_t> counts;  ///< [levels] training rows
  std::int64_t distinct = 0;         ///< levels that occur in training
  std::int64_t missing = 0;
};

CategorySummary summarize_categories(const Table& table, const Column& column, const TrainingRows& training);

}  // namespace equipoise::data
