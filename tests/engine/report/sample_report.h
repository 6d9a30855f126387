#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "engine/report/report.h"

namespace equipoise::report {

// A made-up run with figures such as Adult gives: two constraints, one not shown, one violated with levels that are
// too small, so that every part of the page has something to show.

// One recipe, and a cell of each verdict that it had.
inline audit::ArtifactAudit sample_artifacts() {
  using audit::ArtifactVerdict;
  audit::CellArtifacts cell;
  cell.cell = "sex=<f>, label=positive";
  cell.verdict = ArtifactVerdict::harmful;
  cell.reasons = {"16.1 % of the made rows have two levels that no training row has together."};
  cell.made_rows = 4000;
  cell.looked_at = 2000;
  cell.real_rows = 1061;
  cell.held_out_rows = 350;
  cell.distances =
      audit::CellDistances{{0, 0.21, 0.34, 0.5, 0.9}, {0.02, 0.22, 0.31, 0.44, 0.8}, {0, 0.01, 0.02, 0.1, 0.4}};
  for (const audit::ArtifactKindEntry& kind : audit::artifact_kinds()) {
    audit::ArtifactFigure& figure = cell.figures.emplace_back();
    figure.kind = kind.kind;
    figure.made = 0.161;
    figure.real = 0.015;
    figure.excess = 0.146;
    figure.interval = evaluation::Interval{0.122, 0.171};
    figure.bound = 0.05;
    figure.p_value = 0.0004;
    figure.noise = 0.13;
    figure.made_rows = 2000;
    figure.real_rows = 1061;
    figure.verdict = ArtifactVerdict::harmful;
    figure.says = "most often marital_status and relationship";
  }
  audit::CellArtifacts few;
  few.cell = "sex=m, label=positive";
  few.verdict = ArtifactVerdict::too_few;
  few.made_rows = few.looked_at = 20;
  few.real_rows = 1;
  few.figures.emplace_back().says = "too few rows";
  return {0.95, {{"corrupt", {cell, few}, {}}}};
}

inline evaluation::Interval wilson(double rate, double rows) {
  const double z = 1.96, centre = (rate + z * z / (2 * rows)) / (1 + z * z / rows);
  const double half = z / (1 + z * z / rows) * std::sqrt(rate * (1 - rate) / rows + z * z / (4 * rows * rows));
  return {std::max(0.0, centre - half), std::min(1.0, centre + half)};
}

inline evaluation::GroupMetrics sample_group(const std::string& grouping, const std::string& level, double rows,
                                             double base, double selection, double tpr, double fpr) {
  evaluation::GroupMetrics group;
  group.grouping = grouping;
  group.level = level;
  group.rows = static_cast<std::int64_t>(rows);
  group.weight = rows;
  group.base_rate = base;
  group.selection_rate = selection;
  group.true_positive_rate = tpr;
  group.false_positive_rate = fpr;
  group.precision = tpr * base / (tpr * base + fpr * (1 - base));
  group.accuracy = tpr * base + (1 - fpr) * (1 - base);
  group.auc = 0.9 + 0.03 * base;
  group.selection_rate_interval = wilson(selection, rows);
  group.true_positive_rate_interval = wilson(tpr, rows * base);
  group.false_positive_rate_interval = wilson(fpr, rows * (1 - base));
  group.selection_rate_rows = rows;
  group.true_positive_rate_rows = std::round(rows * base);
  group.false_positive_rate_rows = rows - group.true_positive_rate_rows;
  return group;
}

inline std::vector<evaluation::GroupMetrics> sample_groups() {
  std::vector<evaluation::GroupMetrics> groups = {
      sample_group("", "", 9769, 0.239, 0.196, 0.602, 0.068),
      sample_group("sex", "Female", 3239, 0.109, 0.116, 0.584, 0.059),
      sample_group("sex", "Male", 6530, 0.304, 0.236, 0.607, 0.074),
      sample_group("race", "Amer-Indian-Eskimo", 95, 0.117, 0.106, 0.455, 0.060),
      sample_group("race", "Asian-Pac-Islander", 303, 0.269, 0.241, 0.641, 0.094),
      sample_group("race", "Black", 937, 0.121, 0.104, 0.540, 0.044),
      sample_group("race", "Other", 81, 0.123, 0.086, 0.500, 0.028),
      sample_group("race", "White", 8353, 0.254, 0.208, 0.609, 0.072),
      sample_group("age", "below 25", 1632, 0.012, 0.009, 0.310, 0.005),
      sample_group("age", "25 to 45", 4870, 0.256, 0.203, 0.588, 0.070),
      sample_group("age", "45 to 65", 2861, 0.346, 0.299, 0.656, 0.110),
      sample_group("age", "65 and over", 406, 0.222, 0.170, 0.560, 0.060),
      sample_group("sex*race", "Female, Other", 28, 0.071, 0.036, 0.5, 0.0),
  };
  groups.back().true_positive_rate.reset();
  groups.back().true_positive_rate_interval.reset();
  groups.back().precision.reset();
  groups.back().auc.reset();
  return groups;
}

inline evaluation::PromiseResult sample_promise(const std::string& rate, const std::string& name,
                                                const std::string& grouping, double tolerance, double gap,
                                                double spread, double noise, evaluation::Verdict verdict) {
  evaluation::PromiseResult promise;
  promise.rate = rate;
  promise.rate_name = name;
  promise.grouping = grouping;
  promise.form = "max_min";
  promise.unit = "points";
  promise.tolerance = tolerance;
  promise.gap = gap;
  promise.interval = evaluation::Interval{std::max(0.0, gap - spread), gap + spread};
  promise.upper_bound = gap + 1.1 * spread;
  promise.noise_floor = noise;
  promise.verdict = verdict;
  return promise;
}

inline evaluation::ConstraintResult sample_odds(double shift) {
  using evaluation::Verdict;
  evaluation::ConstraintResult odds;
  odds.title = "equalized odds by sex, gap at most 0.02";
  odds.kind = "equalized_odds";
  odds.grouping = "sex";
  odds.form = "max_min";
  odds.unit = "points";
  odds.tolerance = 0.02;
  odds.verdict = Verdict::not_shown;
  odds.promises = {
      sample_promise("TPR", "true positive rate", "sex", 0.02, 0.018 + shift, 0.041, 0.023, Verdict::not_shown),
      sample_promise("FPR", "false positive rate", "sex", 0.02, 0.0085 + shift, 0.0094, 0.004, Verdict::met)};
  odds.promises[0].levels = {{"Female", 353, 353, true, 0.584, wilson(0.584, 353)},
                             {"Male", 1985, 1985, true, 0.607, wilson(0.607, 1985)}};
  odds.promises[1].levels = {{"Female", 2886, 2886, true, 0.059, wilson(0.059, 2886)},
                             {"Male", 4545, 4545, true, 0.074, wilson(0.074, 4545)}};
  odds.gap = odds.promises[0].gap;
  odds.interval = odds.promises[0].interval;
  odds.upper_bound = odds.promises[0].upper_bound;
  odds.sentence =
      "People who earn more than 50K are recognised about equally often among women and men (a gap of 1.8 points), but "
      "on these 9,769 people that cannot be told apart from a gap of up to 6.3 points.";
  return odds;
}

inline evaluation::ConstraintResult sample_parity(double shift) {
  using evaluation::Verdict;
  evaluation::ConstraintResult parity;
  parity.title = "demographic parity by race, gap at most 0.05";
  parity.kind = "demographic_parity";
  parity.grouping = "race";
  parity.form = "max_min";
  parity.unit = "points";
  parity.tolerance = 0.05;
  parity.verdict = Verdict::violated;
  parity.promises = {
      sample_promise("SR", "selection rate", "race", 0.05, 0.137 + shift, 0.048, 0.031, Verdict::violated)};
  parity.promises[0].levels = {
      {"Amer-Indian-Eskimo", 95, 95, true, 0.106, wilson(0.106, 95)},
      {"Asian-Pac-Islander", 303, 303, true, 0.241, wilson(0.241, 303)},
      {"Black", 937, 937, true, 0.104, wilson(0.104, 937)},
      {"Other", 21, 21, false, 0.086, wilson(0.086, 21), evaluation::Unmeasured::too_few_rows, {}},
      {"White", 8353, 8353, true, 0.208, wilson(0.208, 8353)}};
  parity.gap = parity.promises[0].gap;
  parity.interval = parity.promises[0].interval;
  parity.upper_bound = parity.promises[0].upper_bound;
  parity.sentence =
      "The share decided positive differs by 13.7 points between the groups of race, more than the 5.0 points allowed.";
  return parity;
}

inline evaluation::SplitResult sample_split(const std::string& name, double shift) {
  evaluation::SplitResult split;
  split.split = name;
  split.metrics.rows = 9769;
  split.metrics.accuracy = 0.8609 - shift;
  split.metrics.accuracy_interval = wilson(0.8609 - shift, 9769);
  split.metrics.log_loss = 0.2987;
  split.metrics.brier = 0.0961;
  split.metrics.calibration_error = 0.0112;
  split.metrics.auc = 0.9213;
  split.metrics.groups = sample_groups();
  const std::int64_t rows[] = {4730, 1022, 660, 512, 431, 384, 331, 300, 269, 247, 221, 205, 187, 168, 103};
  for (int i = 0; i < 15; ++i) {
    const double middle = (i + 0.45) / 15;
    split.metrics.calibration.push_back(
        {i / 15.0, (i + 1) / 15.0, rows[i], middle, std::clamp(middle + 0.025 * std::sin(1.3 * i), 0.0, 1.0)});
  }
  split.constraints = {sample_odds(shift), sample_parity(shift)};
  split.joint = evaluation::JointResult{
      0.95, 0.975, 0, false,
      "With 95 % confidence for all 2 constraints at once (each bound is then one of 97.5 %) none is shown to be met."};
  for (int i = 1; i < 40; ++i) {
    const double threshold = i / 40.0, away = threshold - 0.5;
    evaluation::ThresholdRow row;
    row.threshold = threshold;
    row.accuracy = 0.861 - 0.55 * away * away - 0.2 * std::max(0.0, -away) * -away;
    row.selection_rate = 0.55 * std::pow(1 - threshold, 1.5);
    row.gaps = {0.018 + 0.35 * std::abs(away), 0.30 * std::pow(1 - threshold, 1.1)};
    if (i == 39) row.gaps[0].reset();
    split.thresholds.push_back(row);
  }
  return split;
}

inline Measurement sample_measurement(int i) {
  const double epoch = i / 8.0, settled = 1 - std::exp(-epoch / 3),
               wobble = std::sin(2.1 * i) + 0.6 * std::cos(5.3 * i);
  Measurement measurement;
  measurement.step = 57 * i;
  measurement.epoch = epoch;
  measurement.seconds = 0.24 * i;
  measurement.training_loss = 0.285 + 0.4 * std::exp(-epoch / 1.2) - 0.0012 * epoch;
  measurement.training_accuracy = 0.866 - 0.09 * std::exp(-epoch / 1.5) + 0.0004 * epoch;
  measurement.selection_loss = 0.297 + 0.38 * std::exp(-epoch / 1.2) + 0.0003 * epoch;
  measurement.selection_accuracy = 0.862 - 0.09 * std::exp(-epoch / 1.5) + 0.0006 * wobble;
  const double odds = 0.02 + 0.09 * std::exp(-epoch / 4), parity = 0.05 + 0.15 * std::exp(-epoch / 5);
  measurement.training_gaps = {odds + 0.004 * wobble * (1.2 - settled), 0.4 * odds, parity};
  measurement.selection_gaps = {odds + 0.006 * wobble, 0.45 * odds, parity + 0.06 * settled};
  measurement.selection_bounds = {odds + 0.045, 0.45 * odds + 0.01, parity + 0.11};
  for (int j = 0; j < 14; ++j) {
    const double final_value = j == 1 ? 0.62 : j == 4 ? 0.41 : j == 7 ? 0.38 : j == 9 ? 0.09 : 0.01 * (j % 3);
    measurement.multipliers.push_back(final_value * settled * (1 + 0.05 * wobble * (1 - settled)));
  }
  return measurement;
}

inline Report sample_report() {
  Report report;
  report.name = "adult-equalized-odds";
  report.finished = "2025-03-01T14:05:09Z";
  report.command = "equipoise train configs/adult_equalized_odds.yaml training.epochs=20 seed=7";
  report.outcome = "finished";
  report.seed = 7;
  report.kept =
      "Kept: step 7980 (epoch 17.5). No iterate had every upper bound inside its tolerance on the selection split, and "
      "this one came closest.";
  report.kept_step = 57 * 140;
  report.training_seconds = 38.41;
  report.rows_per_second = 15264.3;
  report.steps = 9120;
  report.device = "cpu, 2 threads";
  report.versions = {{"equipoise", "0.1.0"}, {"LibTorch", "2.11.0"}, {"compiler", "GCC 12.2.0"}, {"CPU", "AVX-512"}};
  report.split_rows = {{"train", 29304}, {"selection", 9769}, {"holdout", 0}, {"test", 9769}};
  report.promise_titles = {"TPR gap by sex", "FPR gap by sex", "selection rate gap by race"};
  report.promise_tolerances = {0.02, 0.02, 0.05};
  for (const char* level : {"TPR sex=Female", "TPR sex=Male", "FPR sex=Female", "FPR sex=Male",
                            "SR race=Amer-Indian-Eskimo", "SR race=Black", "SR race=White"}) {
    report.multiplier_titles.push_back(std::string(level) + ", upper");
    report.multiplier_titles.push_back(std::string(level) + ", lower");
  }
  report.swing_measures = 16;
  report.gap_swing = LargestSwing{"TPR gap by sex", 0.0013, 9};
  report.multiplier_swing = LargestSwing{"TPR sex=Female, lower", 0.0021, 7};
  const std::string digest = "5b00264637dbfec36bdeaab5676b0b309ff9eb788d63554ca0a249491c86603d";
  report.files = {{"benchmarks/data/adult/adult.data.gz", digest, 431392, 32561},
                  {"benchmarks/data/adult/adult.test.gz", digest, 214180, 16281}};
  report.reading = {"age: a number, 74 distinct values, 64 piecewise-linear components.",
                    "workclass: a category of 8 levels and missing values, one-hot.", "fnlwgt: dropped by the config.",
                    "sex: a group, not an input."};
  report.leaks = {{"relationship", "sex", 0.9961}};
  report.warnings = {
      "The selection rate of race = Other rests on 21 rows in the selection split, fewer than 30: this group is left "
      "out "
      "of demographic parity by race.",
      "The input relationship tells sex almost exactly (balanced accuracy 99.6 %)."};
  report.model = "mlp 331-256-256-1, 151,041 parameters";
  report.splits = {sample_split("test", 0.0), sample_split("selection", 0.003)};
  for (int i = 1; i <= 160; ++i) report.measurements.push_back(sample_measurement(i));
  report.sampling = sampling::SamplingLog{
      {{"fairbatch", "recipes/parity.yaml", "moves a share", "Women <were> selected too rarely.", 2}},
      {{"sex=f, label=positive", 100}, {"sex=m, label=positive", 300}, {"label=negative", 600}},
      {{1, {100, 300, 600}, {0, 0, 0}, {1, 1, 1}, "fairbatch: nothing is measured yet"},
       {2, {200, 200, 600}, {30, 0, 0}, {1, 1, 1}, "fairbatch"},
       {3, {250, 150, 600}, {40, 0, 0}, {2, 1, 0.5}, "fairbatch"}}};
  report.artifacts = sample_artifacts();
  report.config_yaml =
      "name: adult-equalized-odds\nseed: 7\ndevice: auto\ntraining:\n  epochs: 20\n  batch_size: 512\n";
  return report;
}

}  // namespace equipoise::report
