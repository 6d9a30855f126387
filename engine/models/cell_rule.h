#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/data/dataset.h"
#include "engine/models/lot.h"

namespace equipoise::models {

/// Of every answer its weight of each cell [A][C]; A is 1 of a binary task, else as many as classes.
using CellWeights = std::vector<std::vector<double>>;

/// How a learner decides whose outputs are posteriors of cells, such as of a group and a label together: every answer has a
/// score that is linear in them. With p the posterior [C] of a row (softmax of the logits, the mean of the members'):
///
/// Binary: d = sum over c of weights[0][c] p[c], the row's score is 1/2 + d/2 cut to [0, 1], and it is decided positive where
/// d > 0. With weights of 1 for cells of label 1 and -1 for those of label 0 the score is the probability of label 1.
///
/// K classes: s[k] = sum over c of weights[k][c] p[c], scores are the point of the probability simplex nearest to s (in squares), which keeps
/// the order, and the largest decides. With weights of 1 for the cells of class k alone they are the classes' probabilities. (Binary is the
/// same of the two answers (1/2 - d/2, 1/2 + d/2).)
///
/// A rule that uses groups has p of a row whose group is known in the cells of that group alone (divided by their sum): binary, a threshold
/// for each group. Of a row whose group it does not know p is as it is.
///
/// A randomised rule has several weights, and each row has those that are drawn for its place in the files (drawn, models/lot.h).
struct CellRule {
  std::vector<std::string> cells;  ///< [C] what the outputs are the posteriors of; empty: there is no rule
  CellWeights weights;             ///< empty where they are drawn
  std::vector<std::string> groupings =
      {};  ///< of which it needs to know a row's levels; empty: it decides by inputs alone
  std::vector<std::vector<std::string>> groups = {};  ///< [G][groupings] levels; cells stand in the order of groups
  std::vector<CellWeights> drawn = {};                ///< two or more, of which `lot` draws; empty: `weights` decide
  Lot lot = {};

  bool uses_groups() const { return !groups.empty(); }
  bool any() const { return !cells.empty(); }
  bool is_randomised() const { return !drawn.empty(); }
  std::size_t answers() const { return is_randomised() ? drawn.front().size() : weights.size(); }
  /// Those that decide row `row` of the files (from 0).
  const CellWeights& weights_of(std::int64_t row) const {
    return is_randomised() ? drawn[models::drawn(lot, row)] : weights;
  }
};

inline constexpr std::int32_t kNoGroup = -1;

/// The posterior [C] of a row of which the group is known, of so many: written to `given` [C].
void given_group(const double* posterior, std::size_t cells, std::size_t groups, std::int32_t group, double* given);

/// [rows] which of the rule's groups each row is of; kNoGroup where it is of none. Throws UserError (data) where the rows have no
/// such column.
std::vector<std::int32_t> groups_of(const CellRule& rule, const data::Dataset& dataset);

/// The scores, [A] written to `scores`, of row `row` of the files (from 0) with this posterior [C]. `group`: kNoGroup but of a rule that
/// uses groups.
void decide(const CellRule& rule, const double* posterior, double* scores, std::int32_t group, std::int64_t row);

/// The part of a model's description that says the rule.
nlohmann::json describe_cell_rule(const CellRule& rule);

/// That of a description of a model of so many outputs for so many answers (1 of a binary task). Throws UserError (data) naming
/// `name` and what is wrong.
CellRule cell_rule_from(const nlohmann::json& description, std::size_t outputs, std::size_t answers,
                        const std::string& name);

}  // namespace equipoise::models
