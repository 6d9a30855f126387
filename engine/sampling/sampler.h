#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/data/dataset.h"
#include "engine/sampling/cells.h"
#include "engine/sampling/params.h"
#include "engine/sampling/shares.h"
#include "engine/sampling/swaps.h"

namespace equipoise::sampling {

/// What a run's recipes did, for whoever reads its report.
struct SamplingLog {
  struct Recipe {
    std::string recipe, file, does, rationale;
    std::int64_t version = 1;
  };
  struct Cell {
    std::string name;
    std::int64_t rows = 0;  ///< of the training split
  };
  struct Epoch {
    std::int64_t epoch = 0;           ///< from 1 on
    std::vector<std::int64_t> drawn;  ///< [cells] rows of the batches
    std::vector<std::int64_t> made;   ///< [cells] how many of them were made up
    std::vector<double> weights;      ///< [cells] how much a row counted in the loss
    std::string why;                  ///< what decided it
  };

  std::vector<Recipe> recipes;
  std::vector<Cell> cells;
  std::vector<Epoch> epochs;
};

/// The recipes of one run: from epoch to epoch, what share of a batch each cell has and how much its rows count in the loss. It sees
/// training rows, and what is measured of the rows that move the multipliers (of a holdout, if those are its rows).
class Sampler {
 public:
  /// `rows`: the training rows. Throws UserError (config) as make_cells, balanced_shares and swap_columns do.
  Sampler(const SamplingParams& params, const data::Dataset& dataset, const std::vector<std::int64_t>& rows,
          const config::Origin& origin);

  const SampledCells& cells() const { return cells_; }
  /// Whether rows are drawn by cell, in any epoch.
  bool draws_cells() const;
  /// Whether any recipe ends with a gap.
  bool waits_for_gap() const;

  /// [cells] of the epoch that is on; they add up to 1.
  const Shares& shares() const { return shares_; }
  /// [cells] factors of the loss in the epoch that is on.
  const std::vector<double>& weights() const { return weights_; }

  /// A recipe that makes rows.
  struct Making {
    RecipeParams params;
    Makes makes() const { return recipe_entry(params.recipe).makes; }
    double amount = 0;              ///< the params', or the recipe's own
    std::vector<bool> could_be_of;  ///< [cells] whether it makes rows of a cell in any epoch
    std::vector<double> shares;     ///< [cells] of the drawn rows, in the epoch that is on
    std::vector<SwapColumn> swaps;  ///< of counterfactual
  };
  const std::vector<Making>& makings() const { return makings_; }

  /// The hardest rows of each cell, where a recipe draws them more often.
  struct Focus {
    double part = 0;             ///< of a cell's rows, rounded up
    std::vector<double> shares;  ///< [cells] of its drawn rows that they get in the epoch that is on; 0: as they come
  };
  const std::optional<Focus>& focus() const { return focus_; }
  /// Whether any are drawn more often in the epoch that is on.
  bool favours_hard_rows() const;

  /// The way between groups, where a recipe asks that it be level.
  struct Path {
    RecipeParams params;
    double weight = 0;  ///< of the penalty, in the epoch that is on
  };
  const std::optional<Path>& path() const { return path_; }

  /// Whether a recipe changes labels, and wants scores to rank rows by.
  bool ranks_rows() const;
  /// Changes labels by the training rows' scores. Before the first batch is drawn.
  void rank(const std::vector<double>& scores);
  /// Which labels a row is learnt with, where a recipe decides that: each time it is drawn with one of its own, all alike.
  struct LabelChoices {
    std::int64_t most = 1;              ///< of a row
    std::vector<std::uint8_t> answers;  ///< [rows, most] the first `counts` of each row
    std::vector<std::int64_t> counts;   ///< [rows] 1 at least
  };
  const std::optional<LabelChoices>& label_choices() const { return label_choices_; }

  /// What whoever trains should know before: cells too small for a recipe.
  const std::vector<std::string>& warnings() const { return warnings_; }

  /// The epoch is over: of `drawn` [cells] rows `made` were made up, `measured` of the cells at its end, `gap` the largest measured one of the constraints.
  /// The next begins.
  void end_epoch(const std::vector<std::int64_t>& drawn, const std::vector<std::int64_t>& made,
                 const Measured& measured, std::optional<double> gap);

  const SamplingLog& log() const { return log_; }

  /// All that changes from epoch to epoch.
  struct Progress {
    std::int64_t epoch = 0;
    Shares shares;                ///< [cells]
    std::vector<double> weights;  ///< [cells]
    std::vector<Shares> made;     ///< [recipes that make rows][cells]
    Shares hard;                  ///< [cells] of a focus
    double penalty = 0;
    std::vector<bool> is_over;  ///< [recipes]
    std::string why;
    std::vector<SamplingLog::Epoch> epochs;
  };
  Progress progress() const;
  /// Goes on from there. Throws logic_error for the progress of other recipes or cells.
  void go_on_from(const Progress& progress);

 private:
  struct Recipe {
    RecipeParams params;
    std::string path;
    std::optional<double> gap_to_reach;
    bool is_over = false;
  };

  bool is_followed(const Recipe& recipe) const;
  void add_making(const Recipe& recipe, const data::Dataset& dataset, const std::vector<std::int64_t>& rows);
  void take_annotations(const Recipe& recipe, const data::Dataset& dataset, const std::vector<std::int64_t>& rows);
  void warn_of_extremes();
  void check_made_shares() const;
  void begin_epoch(const Measured& measured);
  std::vector<double> factors_of(const RecipeParams& params, const std::string& path) const;

  SampledCells cells_;
  std::vector<Recipe> recipes_;
  config::Origin origin_;
  Shares natural_, shares_;
  std::vector<double> weights_;
  std::vector<Making> makings_;
  std::optional<Focus> focus_;
  std::optional<Path> path_;
  std::optional<LabelChoices> label_choices_;
  std::vector<std::string> warnings_;
  std::int64_t epoch_ = 0;  // from 0 on
  std::string why_, relabelled_;
  SamplingLog log_;
};

}  // namespace equipoise::sampling
