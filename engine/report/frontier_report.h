#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"
#include "engine/report/report.h"

namespace equipoise::report {

/// What a rule gives an answer more than its probability, so that its figures are surer (decision.confidence).
struct RuleLeaning {
  std::string answer;  ///< "positive", "negative", or a class
  double by = 0;
};

/// One rule of a frontier: how the posterior decides under one tolerance.
struct FrontierRule {
  std::optional<double> tolerance;  ///< of the first constraint that has one; nothing of the rule without constraints
  std::vector<double> multipliers;  ///< [J]
  double attainable = 0;  ///< by the posterior no rule that mixes decisions is more accurate on the held-out rows
  double expected_accuracy = 0;  ///< of the rule, by the posterior
  double excess = 0;             ///< the same, over its tolerance less its margin, of the worst constraint
  std::vector<double> margins;   ///< [constraints] by how much of the figure the rule aims inside, on the held-out rows
  std::optional<RuleLeaning> leaning = {};
  std::vector<double> probabilities = {};  ///< of the rules of which one is drawn for each row; empty: it is one rule
  /// Measured on the rows that it was solved on and on the test rows, groups, calibration and thresholds left out; nothing where there
  /// are no such rows.
  std::optional<evaluation::SplitResult> held_out, test;
};

/// Accuracy against gap of one training; frontier.json is this struct (schema: docs/frontier.schema.json).
struct FrontierReport {
  std::string name;
  std::string finished;  ///< ISO 8601, UTC
  std::string command;   ///< the exact command that reproduces it
  double confidence = 0.95;
  std::string device;
  std::string model;  ///< "mlp 331-256-256-4, 152,580 parameters each, the mean of 5 members"
  double training_seconds = 0;
  double solving_seconds = 0;  ///< of all rules, measured and all
  /// Whether rules were solved on the training rows, each scored by the member that did not learn from it; else on the selection rows.
  bool is_out_of_fold = false;
  std::int64_t held_out_rows = 0, test_rows = 0;
  std::optional<double>
      showable;     ///< the smallest tolerance that the test rows could show of the first constraint that has one
  double kept = 0;  ///< the tolerance of the rule that the run in the same folder decides by
  bool uses_groups = false;    ///< whether rules know a row's group (decision.uses_group)
  bool is_randomised = false;  ///< whether rules may be drawn for each row (decision.randomised)
  double rule_confidence =
      0;  ///< with which rules are to be inside on as many new people as the test rows (decision.confidence)
  std::vector<std::string> cells;              ///< what the model's outputs are posteriors of
  std::vector<std::string> multiplier_titles;  ///< [J]
  FrontierRule unconstrained;
  std::vector<FrontierRule> rules;  ///< by ascending tolerance
  std::vector<std::string> warnings;
};

/// A measured split without what a frontier says nothing of.
evaluation::SplitResult figures_alone(evaluation::SplitResult result);

/// "0.02", and "none" of the rule without constraints.
std::string tolerance_word(const FrontierRule& rule);

/// Whether it compares groups, and its figure is a gap. Bounds and sums have figures that are read otherwise.
bool is_parity(const evaluation::ConstraintResult& constraint);

/// What is measured of a constraint, beside what it allows.
struct ConstraintFigure {
  std::optional<double> value;
  std::optional<evaluation::Interval> interval;
  std::string unit;
  double tolerance = 0;

  double violation() const { return value && !evaluation::is_inside(*value, tolerance) ? *value - tolerance : 0; }
};

/// A cap and a floor of one constraint have a figure each, in units of their own: that of the one that is violated most.
ConstraintFigure figure_of(const evaluation::ConstraintResult& constraint);

/// The constraint whose gap is largest beside its tolerance; of the unconstrained rule beside the config's. A bound or a sum comes before
/// parity where it is violated by more, beside what it allows. nullptr where nothing was measured.
const evaluation::ConstraintResult* leading_constraint(const FrontierRule& rule,
                                                       const std::optional<evaluation::SplitResult>& split);

nlohmann::ordered_json to_json(const FrontierReport& report);
/// Throws UserError (data) naming what is missing or of the wrong type, and in which rule.
FrontierReport frontier_report_from_json(const nlohmann::json& json);

/// Of a rule that is drawn "2 rules: 0.71, 0.29", the most probable first; of one that decides for certain "".
std::string drawn_words(const FrontierRule& rule);

/// Of a rule that leans "leans to the negative answer by 0.12", of any other "".
std::string leaning_words(const FrontierRule& rule);

/// Of one row more or less no posterior knows: what is over its bound by no more than this is taken to hold.
inline constexpr double kSlightExcess = 5e-4;

/// Whether no rule was found that is as sure as it was to be, or where none was asked to be that is expected inside: this one is nearest.
bool is_unsure(double rule_confidence, const FrontierRule& rule);

/// Of a rule that leans, or is not as sure as it was to be, or is expected outside, what that is in a sentence; of any other "".
std::string rule_sentence(double rule_confidence, const FrontierRule& rule);

/// Of a frontier whose rules are to be inside with some confidence what that means, of any other "".
std::string confidence_sentence(const FrontierReport& report);

/// Of a frontier whose rules may be drawn what that means for people, of any other "".
std::string draws_sentence(const FrontierReport& report);

/// Whether the test rows could show that a rule's tolerance is held, if all groups' rates were equal; nothing of a rule without
/// one, and where that is not known.
std::optional<bool> can_be_shown(const FrontierReport& report, const FrontierRule& rule);

/// The smallest tolerance that the test rows could show, and how many are below it; "" where that is not known.
std::string showable_sentence(const FrontierReport& report);

/// What the held-out rows are called: "selection row", and "training row" where they are out of fold.
const char* held_out_row(const FrontierReport& report);

/// What the frontier says in a sentence: what the tolerances cost, by the held-out rows.
std::string frontier_sentence(const FrontierReport& report);

/// One line a rule: tolerance, accuracy and gap with intervals on the held-out and on the test rows, and the test verdict.
std::string to_terminal(const FrontierReport& report, bool color);

/// One self-contained page: accuracy against gap of every constraint, a table, how to read it and how to go on.
std::string to_html(const FrontierReport& report);

/// Parts of the page.
void write_frontier_plots(Markup& page, const FrontierReport& report);
void write_frontier_table(Markup& page, const FrontierReport& report);

}  // namespace equipoise::report
