#pragma once

#include <limits>
#include <string>
#include <vector>

#include "engine/report/bank_report.h"
#include "tests/engine/report/sample_bank.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {

// The made-up run of sample_report.h for the other tasks, with results as the evaluation fills them for each.

/// One class or label of the sample's groups; the rarer it is, the worse it is found.
inline evaluation::OutcomeMetrics sample_outcome(const std::string& name, double share) {
  evaluation::OutcomeMetrics outcome;
  outcome.name = name;
  outcome.metrics.rows = 9769;
  outcome.metrics.log_loss = 0.31;
  outcome.metrics.brier = 0.09;
  outcome.metrics.calibration_error = 0.01 + 0.01 * share;
  outcome.metrics.auc = 0.88 + 0.05 * share;
  double lean = 0.8;
  for (const evaluation::GroupMetrics& group : sample_groups()) {
    outcome.metrics.groups.push_back(sample_group(group.grouping, group.level, static_cast<double>(group.rows),
                                                  lean * share, 0.9 * lean * share, 0.5 + 0.4 * share, 0.1 * share));
    lean = lean < 1.15 ? lean + 0.05 : 0.75;
  }
  outcome.metrics.accuracy = *outcome.metrics.groups[0].accuracy;
  for (int i = 0; i < 10; ++i) {
    const double middle = (i + 0.45) / 10;
    outcome.metrics.calibration.push_back(
        {i / 10.0, (i + 1) / 10.0, 3000 / (1 + i), middle, middle * (1.05 - share / 4)});
  }
  return outcome;
}

/// A constraint with a promise for each outcome; from class to class its gap grows by `step`, and every third is met.
inline evaluation::ConstraintResult sample_over(const std::vector<std::string>& outcomes, const std::string& noun,
                                                const std::string& grouping, double tolerance, double step) {
  using evaluation::Verdict;
  evaluation::ConstraintResult constraint;
  constraint.title = "equalized odds by " + grouping + ", gap at most 0.05";
  constraint.kind = "equalized_odds";
  constraint.grouping = grouping;
  constraint.form = "max_min";
  constraint.unit = "points";
  constraint.tolerance = tolerance;
  constraint.sentence =
      "The rates of every " + noun + " are close to each other between the groups of " + grouping + ".";
  double gap = 0.3 * tolerance;
  for (const std::string& outcome : outcomes) {
    for (const bool positive : {true, false}) {
      const Verdict verdict = gap > tolerance         ? Verdict::violated
                              : gap > 0.5 * tolerance ? Verdict::not_shown
                                                      : Verdict::met;
      constraint.promises.push_back(sample_promise(positive ? "TPR" : "FPR",
                                                   positive ? "true positive rate" : "false positive rate", grouping,
                                                   tolerance, gap, 0.012, 0.006, verdict));
      constraint.promises.back().within = noun + "=" + outcome;
      constraint.promises.back().levels = {{"Female", 353, 353, true, 0.584, wilson(0.584, 353)},
                                           {"Male", 1985, 1985, true, 0.607, wilson(0.607, 1985)}};
    }
    gap += step;
  }
  const evaluation::PromiseResult& worst = constraint.promises.back();
  constraint.gap = worst.gap;
  constraint.interval = worst.interval;
  constraint.upper_bound = worst.upper_bound;
  constraint.verdict = worst.verdict;
  return constraint;
}

/// "high" is the second of four classes and of any number of them.
inline std::vector<std::string> sample_outcome_names(int count) {
  std::vector<std::string> names = {"none", "high", "low and late", "middle"};
  for (int i = 4; i < count; ++i) names.push_back("class " + std::to_string(i));
  names.resize(static_cast<std::size_t>(count));
  return names;
}

inline void name_promises(Report& report) {
  report.promise_titles.clear();
  report.promise_tolerances.clear();
  for (const evaluation::ConstraintResult& constraint : report.splits[0].constraints) {
    for (const evaluation::PromiseResult& promise : constraint.promises) {
      report.promise_titles.push_back(promise.rate + " gap by " + promise.grouping +
                                      (promise.within.empty() ? "" : " within " + promise.within));
      report.promise_tolerances.push_back(promise.tolerance);
    }
  }
  for (Measurement& measurement : report.measurements) {
    for (auto* gaps : {&measurement.training_gaps, &measurement.selection_gaps, &measurement.selection_bounds})
      gaps->resize(report.promise_titles.size(), 0.03);
  }
  report.gap_swing->title = report.promise_titles[0];
}

inline Report sample_outcomes(const std::string& task, const std::string& noun, int count) {
  Report report = sample_report();
  report.name = "survey-" + task;
  report.model = "mlp 331-256-256-4, 151,812 parameters each, the mean score of 5 members";
  report.members = 5;
  report.measured_on =
      "The multipliers moved by the rates of the training rows, each scored by the member that left its "
      "fold out.";
  const std::vector<std::string> names = sample_outcome_names(count);
  for (evaluation::SplitResult& split : report.splits) {
    split.task = task;
    split.thresholds.clear();
    split.metrics.calibration.clear();
    split.metrics.calibration_error = 0;
    if (task == "classes") split.metrics.auc.reset();
    if (task == "labels") split.metrics.accuracy_interval.reset();
    for (evaluation::GroupMetrics& group : split.metrics.groups) {
      const auto accuracy = group.accuracy;
      group = {group.grouping, group.level, group.rows, group.weight, {}, {}, {}, {}, {},
               accuracy,       {},          {},         {},           {}, 0,  0,  0};
    }
    for (std::size_t k = 0; k < names.size(); ++k)
      split.outcomes.push_back(sample_outcome(names[k], 0.42 / (1 + 0.7 * static_cast<double>(k))));
    split.constraints = {sample_over(names, noun, "sex", 0.05, 0.005), sample_over(names, noun, "race", 0.05, 0.013)};
    split.constraints[1].promises.back().within = "degree=none and " + noun + "=" + names.back();
  }
  name_promises(report);
  return report;
}

inline Report sample_classes(int count = 4) {
  return sample_outcomes("classes", "class", count);
}

inline Report sample_labels(int count = 3) {
  return sample_outcomes("labels", "label", count);
}

inline evaluation::ConstraintResult sample_mean(const std::string& rate, const std::string& within,
                                                const std::string& form, const std::string& unit, double tolerance,
                                                double gap, double spread) {
  using evaluation::Verdict;
  evaluation::ConstraintResult constraint;
  constraint.title = rate + (form == "at_most" ? " of every group at most " : " by sex, gap at most ") +
                     nlohmann::json(tolerance).dump();
  constraint.kind = "mean";
  constraint.grouping = "sex";
  constraint.form = form;
  constraint.unit = unit;
  constraint.tolerance = tolerance;
  constraint.verdict = gap > tolerance ? Verdict::violated : Verdict::not_shown;
  constraint.promises = {sample_promise(rate, rate, "sex", tolerance, gap, spread, 0.3 * spread, constraint.verdict)};
  evaluation::PromiseResult& promise = constraint.promises[0];
  promise.form = form;
  promise.unit = unit;
  promise.within = within;
  promise.levels = {{"Female", 3239, 3239, true, 0.4 * gap, {}}, {"Male", 6530, 6530, true, 1.4 * gap, {}}};
  constraint.gap = gap;
  constraint.interval = promise.interval;
  constraint.upper_bound = promise.upper_bound;
  constraint.sentence = "The " + rate + " is about the same among women and men.";
  return constraint;
}

inline evaluation::RegressionMetrics sample_errors() {
  evaluation::RegressionMetrics regression;
  regression.loss = 0.4127;
  regression.explained_share = 0.5873;
  double lean = -1;
  for (const evaluation::GroupMetrics& group : sample_groups()) {
    evaluation::GroupErrors errors;
    errors.grouping = group.grouping;
    errors.level = group.level;
    errors.rows = group.rows;
    errors.weight = group.weight;
    errors.mean_target = 41500 + 6100 * lean;
    errors.mean_residual = group.grouping.empty() ? 34.2 : -1190 * lean;
    errors.mean_prediction = *errors.mean_target + *errors.mean_residual;
    errors.root_mean_square_error = 21904.3 + 3100 * lean;
    errors.mean_absolute_error = 13127.8 + 1900 * lean;
    regression.groups.push_back(errors);
    lean = lean < 1 ? lean + 0.4 : -0.9;
  }
  return regression;
}

inline Report sample_regression() {
  Report report = sample_report();
  report.name = "survey-income";
  report.model = "mlp 331-256-256-1, 151,041 parameters";
  report.measured_on = "The multipliers moved by the means of the training rows.";
  for (evaluation::SplitResult& split : report.splits) {
    split.task = "regression";
    split.thresholds.clear();
    split.metrics = {};
    split.metrics.rows = 9769;
    split.metrics.accuracy = std::numeric_limits<double>::quiet_NaN();
    split.regression = sample_errors();
    split.constraints = {
        sample_mean("mean prediction", "", "max_min", "number", 1500, 980.4, 912),
        sample_mean("mean squared error", "", "at_most", "number", 5.5e8, 4.91e8, 3.2e7),
        sample_mean("share of predictions", "prediction above 50000", "max_min", "points", 0.05, 0.062, 0.021)};
  }
  for (Measurement& measurement : report.measurements) {
    measurement.training_accuracy = std::numeric_limits<double>::quiet_NaN();
    measurement.selection_accuracy.reset();
    for (auto* gaps : {&measurement.training_gaps, &measurement.selection_gaps, &measurement.selection_bounds}) {
      gaps->at(0) = *gaps->at(0) * 40000;
      gaps->at(1) = 4e8 + *gaps->at(1) * 1e10;
    }
  }
  name_promises(report);
  return report;
}

/// A bank whose members are of that report, each a little better than the one before, by tolerance.
inline BankReport sample_bank_of(const Report& report, int members) {
  BankReport bank = sample_bank(members);
  for (int i = 0; i < members; ++i) {
    BankMember& member = bank.members[static_cast<std::size_t>(i)];
    Report one = report;
    evaluation::SplitResult& split = one.splits[0];
    split.constraints.resize(1);
    evaluation::ConstraintResult& constraint = split.constraints[0];
    const double larger = 1 + 0.2 * i;
    for (auto* figure : {&constraint.gap, &constraint.upper_bound}) *figure = **figure * larger;
    constraint.interval = evaluation::Interval{0.5 * *constraint.gap, *constraint.upper_bound};
    constraint.verdict = *constraint.upper_bound <= constraint.tolerance ? evaluation::Verdict::met
                         : *constraint.gap <= constraint.tolerance       ? evaluation::Verdict::not_shown
                                                                         : evaluation::Verdict::violated;
    if (split.regression) {
      split.regression->groups[0].root_mean_square_error = 21904.3 - 410.0 * i;
    } else {
      split.metrics.accuracy = 0.81 + 0.004 * i;
      if (split.metrics.accuracy_interval) split.metrics.accuracy_interval = wilson(split.metrics.accuracy, 9769);
    }
    member.result = bank_member(one, "", "", "").result;
  }
  return bank;
}

}  // namespace equipoise::report
