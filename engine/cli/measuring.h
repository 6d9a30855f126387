#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/evaluation.h"
#include "engine/models/learner.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// Probability of the positive class of every row of the data set.
std::vector<double> score_rows(const data::Dataset& dataset, models::Learner& learner, const at::Device& device);

bool all_finite(const std::vector<double>& values);

/// Rows with scores and cells, from which any part is measured.
struct MeasuredRows {
  const data::Dataset& dataset;
  const std::vector<double>& probabilities;  ///< [rows]
  const std::vector<std::int32_t>& cells;    ///< [rows] in the table's cells
};

/// Metrics, gaps and verdicts of the chosen rows.
evaluation::SplitResult measure(const std::string& name, const std::vector<std::int64_t>& rows,
                                const MeasuredRows& measured, const constraints::ConstraintTable& table,
                                const training::RunConfig& config);

/// The split of that name; throws UserError (config) that lists the names.
data::Split split_from(const std::string& name);

/// The verdict names of "violated,not_shown"; throws UserError (config) for an unknown name.
std::vector<evaluation::Verdict> verdicts_from(const std::string& list);
/// Titles of the constraints whose verdict is among `verdicts`.
std::vector<std::string> failed_constraints(const evaluation::SplitResult& result,
                                            const std::vector<evaluation::Verdict>& verdicts);

}  // namespace equipoise::cli
