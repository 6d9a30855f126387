#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/cli/run_writer.h"
#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/frontier/held_out.h"
#include "engine/frontier/posterior_cells.h"
#include "engine/frontier/solver.h"
#include "engine/models/cell_rule.h"
#include "engine/report/frontier_report.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// The rules by which one posterior decides under tolerances, solved for on the held-out rows (held_out_split) and measured on all.
class CellRules {
 public:
  /// `config` and `table`: at any tolerances. `posteriors` [rows * C]. All but `posteriors` must outlive this.
  CellRules(const training::RunConfig& config, const constraints::ConstraintTable& table, const data::Dataset& dataset,
            std::vector<double> posteriors);

  struct Rule {
    models::CellRule rule;  // where decision.randomised asks for it one that draws
    frontier::Solved solved;
    std::vector<double> scores;  // [rows * answers] by it
  };
  /// Under these constraints, which differ from the config's in tolerances alone.
  Rule under(const std::vector<constraints::ConstraintParams>& constraints) const;
  /// Without any: the most probable answer.
  Rule unconstrained() const;

  /// Measured on the held-out and the test rows, against these constraints.
  report::FrontierRule measured(const Rule& rule, const std::vector<constraints::ConstraintParams>& constraints) const;

  /// The rule as the result of a training that made the posterior: its model decides by the rule, and what is measured of
  /// the end is the rule's, with multipliers on the scale of training (twice the rule's: docs/decisions/0030-frontier.md).
  void finish(training::TrainingResult& posterior, const Rule& rule,
              const std::vector<constraints::ConstraintParams>& constraints) const;

  const frontier::PosteriorCells& cells() const { return cells_; }
  std::size_t solved_on_rows() const { return held_out_.rows(); }

 private:
  frontier::HeldOut held_out() const;
  Rule decided(frontier::Solved solved) const;
  std::string sentence_of(const Rule& rule) const;
  std::optional<evaluation::SplitResult> measure(const Rule& rule, data::Split split,
                                                 const std::vector<constraints::ConstraintParams>& constraints) const;

  const training::RunConfig& config_;
  const constraints::ConstraintTable& table_;
  const data::Dataset& dataset_;
  std::vector<double> posteriors_;
  frontier::PosteriorCells cells_;
  models::CellRule given_;            // what rules know of rows besides the posterior; no weights
  std::vector<std::int32_t> groups_;  // [rows] of rules that use them; else empty
  frontier::HeldOut held_out_;
};

/// Warns where rules that were measured are outside their tolerances by more than chance on the rows, from which they were solved:
/// they hold what the posterior expects, and that was wrong of cells. Of rules that are to be inside with some `confidence` (else 0)
/// also where they are further out than they are expected to be, for that is what makes them sure.
void warn_where_off(const std::vector<report::FrontierRule>& rules, double confidence, core::Journal& journal);

}  // namespace equipoise::cli
