#include "engine/evaluation/compared_figures.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <set>

#include "engine/constraints/forms.h"
#include "engine/constraints/titles.h"
#include "engine/core/seed.h"
#include "engine/evaluation/metrics.h"
#include "engine/evaluation/promises.h"
#include "engine/evaluation/split_totals.h"

namespace equipoise::evaluation {
namespace {

using constraints::ConstraintTable;
using data::Task;

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

double or_none(const std::optional<double>& value) {
  return value.value_or(kNone);
}

// Which groups a "worst" is over, and which levels a gap: decided once, by all rows.
struct Judged {
  std::vector<bool> groups, positives;  // [groups of the metrics]
  std::vector<std::vector<bool>> levels;
};

// Some rows, measured.
struct Measured {
  SplitTotals totals;
  const ConstraintTable& table;
  const Judged* judged = nullptr;          // nullptr while they are those that decide it
  std::vector<double> calibration_errors;  // [groups of the metrics]
};

template <typename T>
std::vector<T> picked(const std::vector<T>& values, const std::vector<std::size_t>& rows, std::size_t all) {
  std::vector<T> result;
  const std::size_t of_a_row = values.size() / std::max<std::size_t>(1, all);
  result.reserve(rows.size() * of_a_row);
  for (const std::size_t row : rows)
    for (std::size_t i = 0; i < of_a_row; ++i) result.push_back(values[row * of_a_row + i]);
  return result;
}

ComparedRows picked(const ComparedRows& all, const std::vector<std::size_t>& rows) {
  ComparedRows some = all;
  some.scores = picked(all.scores, rows, all.rows());
  some.labels = picked(all.labels, rows, all.rows());
  some.targets = picked(all.targets, rows, all.rows());
  some.weights = picked(all.weights, rows, all.rows());
  some.cells = picked(all.cells, rows, all.rows());
  some.parts = picked(all.parts, rows, all.rows());
  for (std::size_t g = 0; g < all.groupings.size(); ++g)
    some.groupings[g].codes = picked(all.groupings[g].codes, rows, all.rows());
  return some;
}

// Mean over rows of their bin's distance between mean score and share of positives; NaN without rows.
struct Bins {
  explicit Bins(std::size_t count) : weight(count), score(count), positive(count) {}
  std::vector<double> weight, score, positive;

  void add(double row_weight, double probability, bool is_positive) {
    const auto last = weight.size() - 1;
    const auto bin = std::min(last, static_cast<std::size_t>(probability * static_cast<double>(weight.size())));
    weight[bin] += row_weight;
    score[bin] += row_weight * probability;
    positive[bin] += is_positive ? row_weight : 0;
  }
  double error() const {
    double sum = 0, total = 0;
    for (std::size_t b = 0; b < weight.size(); ++b) {
      sum += std::abs(score[b] - positive[b]);
      total += weight[b];
    }
    return total > 0 ? sum / total : kNone;
  }
};

// Of everyone and of each level of each grouping, in the order of the metrics' groups.
std::vector<double> calibration_errors(const ComparedRows& rows, std::int64_t bins) {
  const auto count = static_cast<std::size_t>(bins);
  std::vector<Bins> all(1, Bins(count));
  std::vector<std::size_t> first;
  for (const Scores::GroupCodes& grouping : rows.groupings) {
    first.push_back(all.size());
    all.resize(all.size() + grouping.levels.size(), Bins(count));
  }
  for (std::size_t i = 0; i < rows.rows(); ++i) {
    const double weight = weight_at(rows.weights, i);
    all[0].add(weight, rows.scores[i], rows.labels[i] != 0);
    for (std::size_t g = 0; g < first.size(); ++g) {
      const std::vector<std::int32_t>& codes = rows.groupings[g].codes;
      if (codes.empty() || codes[i] < 0) continue;
      all[first[g] + static_cast<std::size_t>(codes[i])].add(weight, rows.scores[i], rows.labels[i] != 0);
    }
  }
  std::vector<double> errors;
  for (const Bins& one : all) errors.push_back(one.error());
  return errors;
}

Measured measure_rows(const ComparedRows& rows, const ConstraintTable& table, const EvaluationParams& params) {
  Measured measured{{}, table, nullptr, {}};
  if (rows.task == Task::binary) {
    const Scores scores{rows.scores, rows.labels, rows.weights, rows.cells, rows.groupings};
    std::vector<std::int32_t> first_cells;  // of several outcomes, which scores cut into bins have
    Scores of_first = scores;
    if (const auto outcomes = static_cast<std::size_t>(table.cells.outcomes()); outcomes > 1) {
      for (std::size_t i = 0; i < rows.rows(); ++i) first_cells.push_back(rows.cells[i * outcomes]);
      of_first.cells = first_cells;
    }
    ScoreStatistics statistics = host_statistics(
        "test", of_first,
        {table.cells.count(), params.calibration_bins, {}, needs_losses(table), table.cells.score_bins});
    measured.totals.result.metrics = measure(statistics, params);
    measured.totals.cells = std::move(statistics.cells);
    measured.calibration_errors = calibration_errors(rows, params.calibration_bins);
    return measured;
  }
  TaskScores scores{rows.scores, rows.labels, rows.targets, rows.weights, rows.cells, rows.groupings};
  scores.loss = rows.loss;
  scores.loss_parameter = rows.loss_parameter;
  scores.target_deviation = rows.target_deviation;
  measured.totals = total_split("test", scores, table, params);
  return measured;
}

// The largest of what the judged groups have, or the smallest; NaN where none has any.
double worst_of(const std::vector<bool>& judged, bool largest, const std::function<double(std::size_t)>& value_of) {
  double worst = kNone;
  for (std::size_t g = 0; g < judged.size(); ++g) {
    if (!judged[g]) continue;
    const double value = value_of(g);
    if (std::isnan(value)) return kNone;
    if (std::isnan(worst) || (largest ? value > worst : value < worst)) worst = value;
  }
  return worst;
}

double accuracy(const Measured& m, std::size_t) {
  return m.totals.result.metrics.accuracy;
}
double log_loss(const Measured& m, std::size_t) {
  return m.totals.result.metrics.log_loss;
}
double area(const Measured& m, std::size_t) {
  return or_none(m.totals.result.metrics.auc);
}
double worst_accuracy(const Measured& m, std::size_t) {
  return worst_of(m.judged->groups, false,
                  [&](std::size_t g) { return or_none(m.totals.result.metrics.groups[g].accuracy); });
}
double worst_hits(const Measured& m, std::size_t) {
  return worst_of(m.judged->positives, false,
                  [&](std::size_t g) { return or_none(m.totals.result.metrics.groups[g].true_positive_rate); });
}
// Of several classes or labels the mean over them.
double calibration(const Measured& m, std::size_t) {
  const SplitResult& result = m.totals.result;
  if (result.outcomes.empty()) return m.calibration_errors.front();
  double sum = 0;
  for (const OutcomeMetrics& outcome : result.outcomes) sum += outcome.metrics.calibration_error;
  return sum / static_cast<double>(result.outcomes.size());
}
double worst_calibration(const Measured& m, std::size_t) {
  return worst_of(m.judged->groups, true, [&](std::size_t g) { return m.calibration_errors[g]; });
}
double root_error(const Measured& m, std::size_t) {
  return or_none(m.totals.result.regression->groups.front().root_mean_square_error);
}
double absolute_error(const Measured& m, std::size_t) {
  return or_none(m.totals.result.regression->groups.front().mean_absolute_error);
}
double worst_root_error(const Measured& m, std::size_t) {
  return worst_of(m.judged->groups, true,
                  [&](std::size_t g) { return or_none(m.totals.result.regression->groups[g].root_mean_square_error); });
}
double gap_of(const Measured& m, std::size_t constraint) {
  return or_none(constraint_gaps(m.table, m.judged->levels, m.totals.cells.sums)[constraint]);
}

// The table of figures; a new one is one row of it.
struct FigureEntry {
  const char* name;
  const char* title;
  const char* unit;
  bool more_is_better;
  std::vector<Task> tasks;
  double (*value)(const Measured& measured, std::size_t constraint);
};

const std::vector<FigureEntry>& figure_entries() {
  static const std::vector<Task> decided = {Task::binary, Task::classes, Task::labels};
  static const std::vector<FigureEntry> entries = {
      {"accuracy", "Accuracy", "share", true, decided, accuracy},
      {"log_loss", "Log loss", "number", false, decided, log_loss},
      {"auc", "Area under the ROC curve", "number", true, {Task::binary}, area},
      {"rmse", "Root mean square error", "number", false, {Task::regression}, root_error},
      {"mae", "Mean absolute error", "number", false, {Task::regression}, absolute_error},
      {"gap", "Gap", "", false, {Task::binary, Task::classes, Task::labels, Task::regression}, gap_of},
      {"worst_accuracy", "Accuracy of the worst group", "share", true, decided, worst_accuracy},
      {"worst_tpr", "TPR of the worst group", "share", true, {Task::binary}, worst_hits},
      {"worst_rmse",
       "Root mean square error of the worst group",
       "number",
       false,
       {Task::regression},
       worst_root_error},
      {"calibration", "Calibration error", "share", false, decided, calibration},
      {"worst_calibration", "Calibration error of the worst group", "share", false, {Task::binary}, worst_calibration}};
  return entries;
}

const FigureEntry& entry_of(const ComparedFigure& figure) {
  return *std::ranges::find_if(figure_entries(), [&](const FigureEntry& entry) {
    return figure.constraint < 0 ? figure.name == entry.name : entry.value == gap_of;
  });
}

// "" where promises of one constraint have figures that cannot be compared.
std::string unit_of(const ConstraintTable& table, std::int32_t constraint) {
  std::string form, unit;
  for (const constraints::Promise& promise : table.promises) {
    if (promise.constraint != constraint) continue;
    if (!form.empty() && form != promise.form) return "";
    form = promise.form;
    unit = constraints::name_of(constraints::unit_of(promise));
  }
  return unit;
}

// A floor's figure is one minus the smallest rate; here it is the rate itself.
constexpr const char* kFloor = "floor";

std::string what_of(const std::string& unit) {
  if (unit == kFloor) return "Smallest rate: ";
  if (unit == "share") return "Largest rate: ";
  return unit == "number" ? "Measured: " : "Gap: ";
}

Judged judge_groups(const Measured& all, const ComparedRows& rows, std::int64_t min_rows) {
  std::set<std::string> constrained;
  for (const constraints::Promise& promise : all.table.promises)
    if (!promise.grouping.empty()) constrained.insert(promise.grouping);
  Judged judged;
  const auto least = static_cast<double>(min_rows);
  const auto counts = [&](const auto& group) {
    const bool named = constrained.empty() ? !group.grouping.empty() : constrained.contains(group.grouping);
    return named && group.rows >= min_rows;
  };
  if (rows.task == Task::regression) {
    for (const GroupErrors& group : all.totals.result.regression->groups) judged.groups.push_back(counts(group));
  } else {
    for (const GroupMetrics& group : all.totals.result.metrics.groups) {
      judged.groups.push_back(counts(group));
      judged.positives.push_back(counts(group) && group.true_positive_rate_rows >= least);
    }
  }
  judged.levels = estimable_levels(all.table, all.totals.cells, min_rows);
  return judged;
}

std::vector<double> values_of(const std::vector<ComparedFigure>& figures, const Measured& measured) {
  std::vector<double> values;
  for (const ComparedFigure& figure : figures) {
    const auto constraint = static_cast<std::size_t>(std::max<std::int32_t>(0, figure.constraint));
    const double value = entry_of(figure).value(measured, constraint);
    values.push_back(figure.constraint >= 0 && figure.more_is_better ? 1 - value : value);
  }
  return values;
}

}  // namespace

std::vector<ComparedFigure> compared_figures(const ConstraintTable& table) {
  std::vector<ComparedFigure> figures;
  for (const FigureEntry& entry : figure_entries()) {
    if (std::ranges::find(entry.tasks, table.cells.task) == entry.tasks.end()) continue;
    if (entry.value != gap_of) {
      figures.push_back({entry.name, entry.title, entry.unit, entry.more_is_better, -1});
      continue;
    }
    for (std::size_t c = 0; c < table.constraint_titles.size(); ++c) {
      const auto place = static_cast<std::int32_t>(c);
      const std::string unit = unit_of(table, place);
      if (unit.empty()) continue;
      ComparedFigure& figure = figures.emplace_back();
      figure.name = "gap " + std::to_string(c);
      figure.title = what_of(unit) + constraints::title_without_tolerance(table.constraint_titles[c]);
      figure.more_is_better = unit == kFloor;
      figure.unit = unit == kFloor ? "share" : unit;
      figure.constraint = place;
    }
  }
  return figures;
}

std::int32_t part_of(std::int64_t row) {
  constexpr std::uint64_t kSeed = core::seed_for(0, "parts of a comparison");
  return static_cast<std::int32_t>(core::mix(kSeed, static_cast<std::uint64_t>(row)) % kParts);
}

std::vector<std::optional<PartedFigure>> measure_figures(const std::vector<ComparedFigure>& figures,
                                                         const ComparedRows& rows, const ConstraintTable& table,
                                                         std::int64_t min_rows, const EvaluationParams& params) {
  Measured all = measure_rows(rows, table, params);
  const Judged judged = judge_groups(all, rows, min_rows);
  all.judged = &judged;
  std::vector<std::optional<PartedFigure>> measured(figures.size());
  const std::vector<double> whole = values_of(figures, all);
  for (std::size_t f = 0; f < figures.size(); ++f)
    if (std::isfinite(whole[f])) measured[f] = PartedFigure{whole[f], {}};
  for (std::int32_t part = 0; part < kParts; ++part) {
    std::vector<std::size_t> left;
    for (std::size_t i = 0; i < rows.rows(); ++i)
      if (rows.parts[i] != part) left.push_back(i);
    Measured without = measure_rows(picked(rows, left), table, params);
    without.judged = &judged;
    const std::vector<double> values = values_of(figures, without);
    for (std::size_t f = 0; f < figures.size(); ++f) {
      if (!measured[f]) continue;
      if (std::isfinite(values[f])) {
        measured[f]->without.push_back(values[f]);
      } else {
        measured[f].reset();
      }
    }
  }
  return measured;
}

}  // namespace equipoise::evaluation
