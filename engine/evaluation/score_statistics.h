#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// Log losses take probabilities no closer to 0 and 1 than this.
inline constexpr double kSurest = 1e-15;

/// Sums over some rows, by label. A row is selected where its score is above 0.5.
struct Tally {
  std::int64_t rows = 0;
  double weight[2] = {0, 0};
  double square_weight[2] = {0, 0};
  double square_selected[2] = {0, 0};  ///< squared weights of the selected
  double selected[2] = {0, 0};
  std::int64_t selected_rows = 0;

  void add(std::uint8_t label, double row_weight, bool is_selected) {
    ++rows;
    weight[label] += row_weight;
    square_weight[label] += row_weight * row_weight;
    selected[label] += is_selected ? row_weight : 0.0;  // as likely as not: no branch
    square_selected[label] += is_selected ? row_weight * row_weight : 0.0;
    selected_rows += is_selected;
  }

  void join(const Tally& later) {
    rows += later.rows;
    selected_rows += later.selected_rows;
    for (const int label : {0, 1}) {
      weight[label] += later.weight[label];
      square_weight[label] += later.square_weight[label];
      selected[label] += later.selected[label];
      square_selected[label] += later.square_selected[label];
    }
  }
};

/// 1 where rows have no weights.
inline double weight_at(std::span<const float> weights, std::size_t row) {
  return weights.empty() ? 1.0 : weights[row];
}

/// The log loss of a row whose own label has the probability.
double log_loss_of(double probability);

/// Everything that promises are judged from: what the rows of one split sum to.
struct CellTotals {
  std::vector<double> sums;  ///< [C * 4] exact; losses are 0 where they were not asked for
  SquareWeights squares;
  std::vector<std::int64_t> rows;           ///< [C]
  std::vector<std::int64_t> selected_rows;  ///< [C]
};

/// The small tables that everything said of a split is made of, wherever its rows are: nothing after them sees a row.
struct ScoreStatistics {
  struct OfGrouping {
    std::string name;
    std::vector<std::string> levels;
    std::vector<Tally> tallies;                ///< [levels]
    std::vector<std::optional<double>> areas;  ///< [levels] under the ROC curve, absent where a label is
  };

  Tally everyone;
  std::optional<double> area;
  std::vector<OfGrouping> groupings;
  double log_loss = 0, brier = 0, loss_weight = 0;  ///< weighted sums over the rows, and of their weights
  std::vector<double> histogram;   ///< [B, 4] of B equal bins over [0, 1]: rows, and sums of weights, weighted scores,
                                   ///< weighted labels
  CellTotals cells;                ///< at the threshold 0.5
  std::vector<double> thresholds;  ///< [T] ascending
  std::vector<double> above;  ///< [C + 1, 2, T + 1] by cell, everyone last, and label: the weight of all rows, then
                              ///< of those above each threshold
};

/// What the tables are made for.
struct StatisticsRequest {
  std::int32_t cells = 0;  ///< C
  std::int64_t calibration_bins = 0;
  std::vector<double> thresholds;  ///< ascending
  bool with_losses = false;        ///< in the cells
  std::int32_t score_bins = 0;     ///< B, whose cells come after a row's own (data::Cells)
};

/// What evaluate() makes of scores: common_thresholds() and the table's cells.
StatisticsRequest usual_request(const constraints::ConstraintTable& table, const EvaluationParams& params);

/// From rows on the host, on all threads; the same bits for any number of them. Throws UserError (numerical) naming a row
/// whose score is no probability. `split` is for that message.
ScoreStatistics host_statistics(const std::string& split, const Scores& scores, const StatisticsRequest& request);

/// Throws the error of host_statistics for a row of the split.
[[noreturn]] void refuse_score(const std::string& split, std::int64_t row, double score);

/// Sums over the rows with a known cell, a row counting as selected above `threshold`, or where its decision says so.
CellTotals total_cells(const Scores& scores, std::int32_t cells, double threshold, bool with_losses = false);

/// Zeros of so many cells; with room for squares of weights, and for the spread of losses or other means.
CellTotals no_totals(std::int32_t cells, bool is_weighted, bool with_spread);

/// Adds a row's loss to its cell.
void add_loss(CellTotals& totals, std::int32_t cell, double weight, double loss);

/// Adds the sums of other rows, or of the same rows' other outcomes; what one of them lacks is 0 there.
void join(CellTotals& totals, const CellTotals& more);

/// Whether some promise is about losses, or other means.
bool needs_losses(const constraints::ConstraintTable& table);

}  // namespace equipoise::evaluation
