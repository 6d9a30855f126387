#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace equipoise::models {

/// How a learner decides whose outputs are posteriors of cells, such as of a group and a label together: every answer has a
/// score that is linear in them. With p the posterior [C] of a row (softmax of the logits, the mean of the members'):
///
/// Binary: d = sum over c of weights[0][c] p[c], the row's score is 1/2 + d/2 cut to [0, 1], and it is decided positive where
/// d > 0. With weights of 1 for cells of label 1 and -1 for those of label 0 the score is the probability of label 1.
///
/// K classes: s[k] = sum over c of weights[k][c] p[c], scores are the point of the probability simplex nearest to s (in squares), which keeps
/// the order, and the largest decides. With weights of 1 for the cells of class k alone they are the classes' probabilities. (Binary is the
/// same of the two answers (1/2 - d/2, 1/2 + d/2).)
struct CellRule {
  std::vector<std::string> cells;            ///< [C] what the outputs are the posteriors of; empty: there is no rule
  std::vector<std::vector<double>> weights;  ///< [A][C]; A is 1 of a binary task, else as many as classes

  bool any() const { return !cells.empty(); }
  std::size_t answers() const { return weights.size(); }
};

/// The row's scores, [A] written to `scores`, from its posterior [C].
void decide(const CellRule& rule, const double* posterior, double* scores);

/// The part of a model's description that says the rule.
nlohmann::json describe_cell_rule(const CellRule& rule);

/// That of a description of a model of so many outputs for so many answers (1 of a binary task). Throws UserError (data) naming
/// `name` and what is wrong.
CellRule cell_rule_from(const nlohmann::json& description, std::size_t outputs, std::size_t answers,
                        const std::string& name);

}  // namespace equipoise::models
