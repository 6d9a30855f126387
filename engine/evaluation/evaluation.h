#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "engine/constraints/table.h"
#include "engine/data/dataset.h"
#include "engine/evaluation/params.h"

namespace equipoise::evaluation {

/// A two-sided interval; absent where it could not be estimated.
struct Interval {
  double low = 0;
  double high = 0;
};

/// The four verdicts (docs/architecture.md): met: the upper bound is inside the tolerance; not_shown: the estimate is
/// inside, the bound outside; violated: the estimate is outside; not_estimable: a rate it needs rests on too few of the
/// rows that were measured, or on a group that training never saw. A promise over a grouping of which some level cannot
/// be measured is violated or not estimable, whatever the others show; levels of which the data have no row do not count.
/// no_promise: there is no tolerance, only a figure.
enum class Verdict { met, not_shown, violated, not_estimable, no_promise };
const char* name_of(Verdict verdict);  ///< "met", "not_shown", ...
std::optional<Verdict> verdict_from(const std::string& name);

/// Why a level is left out of a gap. too_few_rows: among those that were measured; unseen: training had no such level;
/// no_stored_decision: how its rows were decided before, which the rate needs, is not known; absent: the data have no row
/// of it, training had; empty: nor had training.
enum class Unmeasured { no, too_few_rows, unseen, no_stored_decision, absent, empty };
const char* name_of(Unmeasured unmeasured);  ///< "", "too_few_rows", ...
std::optional<Unmeasured> unmeasured_from(const std::string& name);

/// Scores of the rows of one split.
struct Scores {
  std::span<const double> probability;   ///< [n] of the positive class
  std::span<const std::uint8_t> labels;  ///< [n]
  std::span<const float> weights;        ///< [n], or empty: every row weighs 1
  std::span<const std::int32_t> cells;   ///< [n] cell of each row in the constraint table
  struct GroupCodes {
    std::string name;
    std::vector<std::string> levels;
    std::vector<std::int32_t> codes;  ///< [n], or empty: new rows without the column
  };
  std::vector<GroupCodes> groupings;  ///< all groupings of the config, constrained or not
  /// [n] 1 where a row is decided positive; or empty: where its probability is above 0.5.
  std::span<const std::uint8_t> decisions = {};
};

/// The class that is decided, by its place: of equal scores the first.
std::size_t most_probable(std::span<const double> scores_of_row);

/// Scores of the rows of one split of a task other than binary.
struct TaskScores {
  /// [n * O] row by row. Classes: the probability of each; decided is the largest, of equal ones the first. Labels: the
  /// probability of each, decided positive above 0.5. Regression: the prediction, in the target's units.
  std::span<const double> scores;
  std::span<const std::uint8_t> labels;  ///< classes: [n] the class; labels: [n * O]; regression: empty
  std::span<const float> targets;        ///< regression: [n]
  std::span<const float> weights;        ///< [n], or empty: every row weighs 1
  std::span<const std::int32_t> cells;   ///< [n * outcomes of the table] row by row
  std::vector<Scores::GroupCodes> groupings;
  /// Regression: the loss of a row, from (prediction - target) / target_deviation.
  double (*loss)(double error, double parameter) = nullptr;
  double loss_parameter = 0;
  double target_deviation = 1;
};

/// Quality of one group of rows. Undefined figures (no positive, no negative) are absent.
struct GroupMetrics {
  std::string grouping;  ///< "" for everyone
  std::string level;
  std::int64_t rows = 0;
  double weight = 0;
  std::optional<double> base_rate, selection_rate, true_positive_rate, false_positive_rate, precision, accuracy, auc;
  std::optional<Interval> selection_rate_interval, true_positive_rate_interval, false_positive_rate_interval;
  /// How many rows of equal weight each rate rests on.
  double selection_rate_rows = 0, true_positive_rate_rows = 0, false_positive_rate_rows = 0;
};

struct CalibrationBin {
  double low = 0, high = 0;  ///< score range
  std::int64_t rows = 0;
  double mean_score = 0, positive_share = 0;
};

struct Metrics {
  std::int64_t rows = 0;
  double accuracy = 0, log_loss = 0, brier = 0, calibration_error = 0;
  std::optional<double> auc;
  std::optional<Interval> accuracy_interval;
  std::vector<CalibrationBin> calibration;
  std::vector<GroupMetrics> groups;  ///< everyone first, then per grouping and level
};

/// One outcome of rows that have several, measured as if it were the only one: a class against all others, or a label.
struct OutcomeMetrics {
  std::string name;
  Metrics metrics;
};

/// How well a number is predicted, for one group of rows; in the units of the target, or their square. Absent without rows.
struct GroupErrors {
  std::string grouping;  ///< "" for everyone
  std::string level;
  std::int64_t rows = 0;
  double weight = 0;
  std::optional<double> mean_target, mean_prediction, mean_residual;  ///< residual: prediction minus target
  std::optional<double> root_mean_square_error, mean_absolute_error;
};

struct RegressionMetrics {
  double loss = 0;                        ///< mean of what training makes small, in standardised units
  std::optional<double> explained_share;  ///< R^2: 1 - mean squared error / variance of the targets
  std::vector<GroupErrors> groups;        ///< everyone first, then per grouping and level
};

/// One promise, measured. Its figure, bounds and tolerance are in the unit that `unit` names (constraints/forms.h); the
/// figure of a floor is one minus the smallest rate.
struct PromiseResult {
  std::string rate;       ///< "TPR"; "sum" of form linear
  std::string rate_name;  ///< "true positive rate"; of form linear the whole sum
  std::string grouping;   ///< "" for everyone, and of form linear
  std::string within;     ///< "degree=none": the level of the control grouping; "" for all rows
  std::string form;
  std::string unit;  ///< points, percent, share, floor, number
  double tolerance = 0;
  std::optional<double> gap;          ///< the estimate of the figure
  std::optional<Interval> interval;   ///< two-sided, at the confidence level
  std::optional<double> upper_bound;  ///< one-sided, at the confidence level
  double noise_floor = 0;             ///< average gap that exactly equal rates would show on this many rows
  Verdict verdict = Verdict::not_estimable;
  struct LevelRate {
    std::string level;
    std::int64_t rows = 0;      ///< rows in the rate's denominator
    double effective_rows = 0;  ///< how many rows of equal weight say as much (constraints/row_counts.h)
    bool estimable = false;
    std::optional<double> rate;
    std::optional<Interval> interval;  ///< Wilson's; of a mean a gamma's, without skewness Student's
    Unmeasured unmeasured = Unmeasured::no;
    std::vector<std::string> short_splits = {};  ///< that training uses, with too few rows for the level to steer it
  };
  std::vector<LevelRate> levels;
  std::string reference;                ///< form reference: the level that others are compared with
  std::optional<double> everyone_rate;  ///< form overall: the rate that levels are compared with
};

/// Whether a gap is inside a tolerance, but for rounding: 55 of 100 against 50 of 100 is a gap of 0.05 and no more.
bool is_inside(double gap, double tolerance);

/// Whether there is a gap and every level is in it that the data have a row of.
bool is_measured(const PromiseResult& promise);

/// One constraint of the config: the worst of its promises.
struct ConstraintResult {
  std::string title;  ///< "equalized odds by sex, gap at most 0.02"
  std::string kind;
  std::string grouping;  ///< "sex"; of several "sex, race"
  std::string form;      ///< of its promises; "" where they differ (a cap and a floor)
  std::string unit;      ///< as in PromiseResult; "" where they differ
  double tolerance = 0;  ///< the same
  std::optional<double> gap, upper_bound;
  std::optional<Interval> interval;
  std::optional<double> joint_upper_bound;  ///< at the confidence that all constraints' bounds keep together; of one
                                            ///< constraint alone it is upper_bound
  bool jointly_met = false;                 ///< at that confidence
  Verdict verdict = Verdict::not_estimable;
  std::string sentence;  ///< one a person understands
  std::vector<PromiseResult> promises;
};

/// What deciding at another threshold (the same for everyone) would do.
struct ThresholdRow {
  double threshold = 0.5;
  double accuracy = 0, selection_rate = 0;
  std::vector<std::optional<double>> gaps;  ///< [constraints]
};

/// What is said of several constraints at once (joint.h).
struct JointResult {
  double confidence = 0;          ///< with which all joint upper bounds hold together
  double confidence_of_each = 0;  ///< the confidence of one of them
  std::int64_t met = 0;           ///< constraints that are met at it
  bool all_met = false;
  std::string sentence;
};

struct SplitResult {
  std::string split;            ///< "test", "selection", ..., or "new rows"
  std::string task = "binary";  ///< name in data::kTaskNames
  /// Of several classes: accuracy, losses and each group's accuracy, what hangs on two labels being absent; of several
  /// labels the means over them; of a regression the number of rows alone, accuracy being NaN.
  Metrics metrics;
  std::vector<OutcomeMetrics> outcomes;         ///< classes, labels
  std::optional<RegressionMetrics> regression;  ///< regression
  std::vector<ConstraintResult> constraints;
  std::optional<JointResult> joint;      ///< absent with fewer than two constraints
  std::vector<ThresholdRow> thresholds;  ///< binary alone
};

struct ScoreStatistics;

/// Measures one split: metrics, gaps, intervals, verdicts. A row is decided positive where probability > 0.5.
/// Deterministic: the bootstrap's draws hang on `seed` alone. From rows on the host, at thresholds .05, .10, ..., .95; or
/// from their statistics (score_statistics.h), wherever they were made, of the table's cells.
SplitResult evaluate(const std::string& split, const ScoreStatistics& statistics,
                     const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed);
SplitResult evaluate(const std::string& split, const Scores& scores, const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed);

/// The same of a task with several outcomes, or of a number; the table's cells say which.
SplitResult evaluate(const std::string& split, const TaskScores& scores, const constraints::ConstraintTable& table,
                     const std::vector<constraints::ConstraintParams>& constraints, std::int64_t min_rows,
                     const EvaluationParams& params, std::uint64_t seed);

/// Sums by cell of what the spread of rates is made of, beyond the cell sums; s is a row's weight.
struct SquareWeights {
  std::vector<double> all;       ///< [C] s^2; empty when every row weighs 1
  std::vector<double> selected;  ///< [C] s^2 of the selected rows; empty when every row weighs 1
  std::vector<double> loss;      ///< [C] s^2 loss; empty where no constraint is about losses or other means
  std::vector<double>
      loss_square;  ///< [C] s^2 loss^2; the same. Of the cells of a regression's other figures, theirs; of a
                    ///< score's bin, those of score minus label
};

/// The upper confidence bound of each promise [P] from exact cell sums alone (the selection of an iterate uses it many
/// times; gap_bounds.h has the construction, which needs no draws). Promises that cannot be estimated have no bound.
/// Levels of a score's bin count from `min_rows` on, which is not known before rows have scores.
std::vector<std::optional<double>> upper_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums, const SquareWeights& squares,
                                                const EvaluationParams& params, std::int64_t min_rows = 1);

/// The lower confidence bounds that go with them [P], for whoever watches a run: no verdict hangs on them.
std::vector<std::optional<double>> lower_bounds(const constraints::ConstraintTable& table,
                                                const std::vector<double>& sums, const SquareWeights& squares,
                                                const EvaluationParams& params, std::int64_t min_rows = 1);

/// Throws UserError (config) when there are too few resamples for the confidence of these constraints' intervals, as far
/// as the config tells how many promises each makes, or as the data do.
void check_resamples(const EvaluationParams& params, const std::vector<constraints::ConstraintParams>& constraints,
                     const config::Origin& origin);
void check_resamples(const EvaluationParams& params, const constraints::ConstraintTable& table,
                     const config::Origin& origin);

/// Worst of several verdicts: violated, then not_estimable, then not_shown, then met, then no_promise.
Verdict worst(const std::vector<Verdict>& verdicts);

nlohmann::json to_json(const SplitResult& result);
/// Throws UserError (data) naming what is missing.
SplitResult split_result_from_json(const nlohmann::json& json);

}  // namespace equipoise::evaluation
