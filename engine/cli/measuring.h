#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/compared_figures.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/number_statistics.h"
#include "engine/models/cell_rule.h"
#include "engine/models/learner.h"
#include "engine/models/mixture.h"
#include "engine/training/device_statistics.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// What a regression is trained by.
evaluation::NumberLoss number_loss_of(const training::TrainingParams& params);

/// [rows * O] row by row, of every row of the data set: the probability of the positive class, of each class or of each label;
/// or the number that is predicted. Of a mixture each row has those of the iterate that decides it.
std::vector<double> score_rows(const data::Dataset& dataset, models::Learner& learner, const models::Mixture& mixture,
                               const at::Device& device, const models::CellRule& rule = {});

bool all_finite(const std::vector<double>& values);

/// The rows of a data set with a model's scores, from which any part is measured: on the host for a model on the CPU, and
/// where the model is on a GPU, there: its rows are brought over once, and only small tables come back. Rows of several
/// outcomes, and numbers, are measured on the host.
class MeasuredRows {
 public:
  /// Scores all rows. `cells` [rows * outcomes] in a constraint table's cells. Data set and cells must outlive this.
  MeasuredRows(const data::Dataset& dataset, const std::vector<std::int32_t>& cells, models::Learner& learner,
               const models::Mixture& mixture, const at::Device& device, const models::CellRule& rule = {});
  /// The same with scores [rows * O] that are there already.
  MeasuredRows(const data::Dataset& dataset, const std::vector<std::int32_t>& cells, std::vector<double> scores)
      : dataset_(dataset), cells_(cells), scores_(std::move(scores)) {}

  /// How many rows have a score that is not a finite number.
  std::int64_t not_finite() const;

  /// Metrics, gaps and verdicts of the chosen rows, which ascend.
  evaluation::SplitResult measure(const std::string& name, const std::vector<std::int64_t>& rows,
                                  const constraints::ConstraintTable& table, const training::RunConfig& config) const;

  /// The chosen rows with all that models are compared by (evaluation/compared_figures.h).
  evaluation::ComparedRows compared(const std::vector<std::int64_t>& rows,
                                    const training::TrainingParams& training) const;

 private:
  evaluation::SplitResult measure_outcomes(const std::string& name, const std::vector<std::int64_t>& rows,
                                           const constraints::ConstraintTable& table,
                                           const training::RunConfig& config) const;
  std::vector<evaluation::Scores::GroupCodes> groups_of(const std::vector<std::int64_t>& rows) const;
  evaluation::ScoreStatistics statistics_of(const std::string& name, const std::vector<std::int64_t>& rows,
                                            const evaluation::StatisticsRequest& request) const;

  const data::Dataset& dataset_;
  const std::vector<std::int32_t>& cells_;
  std::vector<double> scores_;                           // [rows * O], on the CPU
  std::optional<training::DeviceScores> device_scores_;  // elsewhere
};

/// The words of a list with commas, without the spaces around them; an empty list is one empty word.
std::vector<std::string> words_between_commas(const std::string& list);

/// The split of that name; throws UserError (config) that lists the names.
data::Split split_from(const std::string& name);

/// The verdicts that lists such as "violated, not_shown" name, one list for each time that --fail-on was given; throws
/// UserError (config) for an unknown name and for a list without any.
std::vector<evaluation::Verdict> verdicts_from(const std::vector<std::string>& lists);
/// Throws UserError (config) where verdicts are named and there are no test rows to have any.
void check_test_rows(const std::vector<evaluation::Verdict>& failing, const data::Dataset& dataset);
/// Titles of the constraints whose verdict is among `verdicts`.
std::vector<std::string> failed_constraints(const evaluation::SplitResult& result,
                                            const std::vector<evaluation::Verdict>& verdicts);

}  // namespace equipoise::cli
