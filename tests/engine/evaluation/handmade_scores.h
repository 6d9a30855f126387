#pragma once

#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// `rows` rows of one group and label, of which `selected` score .9 and the others .1.
struct ScoreBlock {
  int level = 0;  ///< of the grouping "race": Black, Other, White
  int label = 0;
  int rows = 0;
  int selected = 0;
  float weight = 1;
  int stored_decision = -1;  ///< of all blocks or of none
};

/// A data set of one test split with its scores and compiled constraints.
struct Handmade {
  std::vector<double> probability;
  std::vector<float> weights;
  data::Dataset dataset;
  std::vector<constraints::ConstraintParams> constraints;
  constraints::ConstraintTable table;

  Handmade(const std::vector<ScoreBlock>& blocks, std::vector<constraints::ConstraintParams> wanted,
           bool weighted = false)
      : constraints(std::move(wanted)) {
    data::Grouping race{"race", {"Black", "Other", "White"}, {}};
    for (const ScoreBlock& block : blocks) {
      for (int i = 0; i < block.rows; ++i) {
        race.codes.push_back(block.level);
        dataset.labels.push_back(static_cast<std::uint8_t>(block.label));
        dataset.splits.push_back(data::Split::test);
        probability.push_back(i < block.selected ? 0.9 : 0.1);
        weights.push_back(block.weight);
        if (block.stored_decision < 0) continue;
        if (!dataset.stored_decisions) dataset.stored_decisions = data::Grouping{data::kStoredDecision, {"0", "1"}, {}};
        dataset.stored_decisions->codes.push_back(block.stored_decision);
      }
    }
    if (!weighted) weights.clear();
    dataset.weights = weights;
    dataset.encoded.rows = static_cast<std::int64_t>(probability.size());
    dataset.groupings = {race};
    core::Journal journal;
    table = constraints::compile(constraints, dataset, 30, config::Origin(), journal);
  }

  Scores scores() const {
    const data::Grouping& race = dataset.groupings.front();
    return {probability, dataset.labels, weights, table.cells.of_row, {{race.name, race.levels, race.codes}}};
  }

  SplitResult evaluated(const EvaluationParams& params = {}, std::int64_t min_rows = 30) const {
    return evaluate("test", scores(), table, constraints, min_rows, params, 7);
  }
};

}  // namespace equipoise::evaluation
