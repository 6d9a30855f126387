#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/task.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/paired_differences.h"

namespace equipoise::evaluation {

/// One figure by which models are compared.
struct ComparedFigure {
  std::string name;   ///< "accuracy", "gap 0": of the first constraint
  std::string title;  ///< "Accuracy", "Gap: equalized odds by sex"
  std::string unit;   ///< share (shown in percent), points or percent (gaps), number
  bool more_is_better = false;
  std::int32_t constraint = -1;  ///< of a gap
};

/// Those of the table's task, among them what each constraint is about, if its figures have one unit. Of a floor it is the
/// smallest rate, of which more is better.
std::vector<ComparedFigure> compared_figures(const constraints::ConstraintTable& table);

/// The test rows of one model, with all that its figures are made of.
struct ComparedRows {
  data::Task task = data::Task::binary;
  std::vector<double> scores;        ///< [n * O] as TaskScores; binary: [n] of the positive class
  std::vector<std::uint8_t> labels;  ///< as Scores and TaskScores
  std::vector<float> targets;        ///< regression: [n]
  std::vector<float> weights;        ///< [n], or empty
  std::vector<std::int32_t> cells;   ///< [n * outcomes of the table]
  std::vector<Scores::GroupCodes> groupings;
  std::vector<std::int32_t> parts;                           ///< [n] from 0 to kParts - 1
  double (*loss)(double error, double parameter) = nullptr;  ///< regression, with its parameter and unit
  double loss_parameter = 0, target_deviation = 1;

  std::size_t rows() const { return parts.size(); }
};

/// The part of a row of the data set, by its place in the files: the same at every seed.
std::int32_t part_of(std::int64_t row);

/// Every figure [figures] of all rows and without each part. A figure that cannot be estimated is absent; so is one that some
/// part leaves without. "Worst" is over the groups of the constraints' groupings, of all where there are none, that have
/// `min_rows` rows (of a rate: effective ones in its denominator); which groups count, in gaps too, is decided by all rows.
std::vector<std::optional<PartedFigure>> measure_figures(const std::vector<ComparedFigure>& figures,
                                                         const ComparedRows& rows,
                                                         const constraints::ConstraintTable& table,
                                                         std::int64_t min_rows, const EvaluationParams& params);

}  // namespace equipoise::evaluation
