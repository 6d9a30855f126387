#include "engine/constraints/rates.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace equipoise::constraints {
namespace {

constexpr CellShare kNone = {};
constexpr CellShare kWeighed = {1, 0, 0};
constexpr CellShare kLost = {0, 1, 0};
constexpr CellShare kSelected = {0, 0, 1};
constexpr CellShare kTwiceSelected = {0, 0, 2};
constexpr CellShare kRejected = {1, 0, -1};
constexpr CellShare kWeighedAndSelected = {1, 0, 1};

using enum RateFamily;
using enum Against;
using enum Scope;
using data::Task;

constexpr Tasks kOfLabels = {Task::binary, Task::labels};
constexpr CellShare kMissed = {-1, 0, 1};  // score minus label, of a positive
constexpr Tasks kOfClasses = {Task::classes};
constexpr Tasks kOfNumbers = {Task::regression};

}  // namespace

const std::vector<RateEntry>& rate_entries() {
  // names, meaning, family, numerator of label 0 and 1, denominator of label 0 and 1 (of stored decisions where it says so);
  // tasks, scope and figure where they are not the usual. Of several classes a row is counted once in the cell of its class.
  static const std::vector<RateEntry> entries = {
      {"selection_rate",
       "SR",
       "selection rate",
       "share of rows decided positive",
       share,
       {kSelected, kSelected},
       {kWeighed, kWeighed}},
      {"tpr",
       "TPR",
       "true positive rate",
       "share of positives decided positive (recall)",
       share,
       {kNone, kSelected},
       {kNone, kWeighed}},
      {"fpr",
       "FPR",
       "false positive rate",
       "share of negatives decided positive",
       share,
       {kSelected, kNone},
       {kWeighed, kNone}},
      {"fnr",
       "FNR",
       "false negative rate",
       "share of positives decided negative",
       share,
       {kNone, kRejected},
       {kNone, kWeighed}},
      {"tnr",
       "TNR",
       "true negative rate",
       "share of negatives decided negative (specificity)",
       share,
       {kRejected, kNone},
       {kWeighed, kNone}},
      {"error",
       "ERR",
       "error rate",
       "share of rows decided wrongly",
       share,
       {kSelected, kRejected},
       {kWeighed, kWeighed},
       labels,
       kOfLabels},
      {"error",
       "ERR",
       "error rate",
       "share of rows of which another class is predicted",
       share,
       {kNone, kRejected},
       {kNone, kWeighed},
       labels,
       kOfClasses,
       row},
      {"accuracy",
       "ACC",
       "accuracy",
       "share of rows decided rightly",
       share,
       {kRejected, kSelected},
       {kWeighed, kWeighed},
       labels,
       kOfLabels},
      {"accuracy",
       "ACC",
       "accuracy",
       "share of rows of which the class is predicted",
       share,
       {kNone, kSelected},
       {kNone, kWeighed},
       labels,
       kOfClasses,
       row},
      {"ppv",
       "PPV",
       "positive predictive value",
       "share of positives among those decided positive (precision)",
       share,
       {kNone, kSelected},
       {kSelected, kSelected}},
      {"for",
       "FOR",
       "false omission rate",
       "share of positives among those decided negative",
       share,
       {kNone, kRejected},
       {kRejected, kRejected}},
      {"f1",
       "F1",
       "F1 score",
       "harmonic mean of TPR and PPV",
       share,
       {kNone, kTwiceSelected},
       {kSelected, kWeighedAndSelected}},
      {"fn_share",
       "FN share",
       "share of false negatives among errors",
       "false negatives over all wrong decisions",
       share,
       {kNone, kRejected},
       {kSelected, kRejected}},
      {"churn",
       "churn",
       "churn",
       "share of rows decided otherwise than they were before (`data.stored_decisions`)",
       share,
       {kSelected, kRejected},
       {kWeighed, kWeighed},
       stored_decisions,
       kOfLabels},
      {"churn",
       "churn",
       "churn",
       "share of rows of which another class is predicted than before (`data.stored_decisions`)",
       share,
       {kNone, kRejected},
       {kNone, kWeighed},
       stored_decisions,
       kOfClasses,
       row},
      {"loss",
       "loss",
       "mean loss",
       "mean log loss of the rows",
       mean,
       {kLost, kLost},
       {kWeighed, kWeighed},
       labels,
       kOfLabels},
      {"loss",
       "loss",
       "mean loss",
       "mean log loss of the rows over all classes",
       mean,
       {kNone, kLost},
       {kNone, kWeighed},
       labels,
       kOfClasses,
       row},
      {"loss",
       "loss",
       "mean loss",
       "mean of the loss that `training.loss` names, in standard deviations of the target (or their square)",
       mean,
       {kLost, kNone},
       {kWeighed, kNone},
       labels,
       kOfNumbers,
       row,
       "loss"},
      {"calibration",
       "calibration error",
       "calibration error",
       "mean score minus share of positives, of the rows whose score is in one of the constraint's `bins`",
       mean,
       {kSelected, kMissed},
       {kWeighed, kWeighed},
       labels,
       kOfDecisions,
       outcome,
       "",
       true},
      {"mean_prediction",
       "prediction",
       "mean prediction",
       "mean of what is predicted, in the target's units",
       mean,
       {kSelected, kNone},
       {kWeighed, kNone},
       labels,
       kOfNumbers,
       row,
       "prediction"},
      {"residual",
       "residual",
       "mean residual",
       "mean of the prediction minus the target, in the target's units",
       mean,
       {kSelected, kNone},
       {kWeighed, kNone},
       labels,
       kOfNumbers,
       row,
       "residual"},
      {"squared_error",
       "squared error",
       "mean squared error",
       "mean square of the prediction minus the target, in squares of the target's units",
       mean,
       {kSelected, kNone},
       {kWeighed, kNone},
       labels,
       kOfNumbers,
       row,
       "squared error"},
      {"exceedance",
       "share",
       "share of predictions",
       "share of rows whose prediction is above the constraint's `above`",
       share,
       {kSelected, kNone},
       {kWeighed, kNone},
       labels,
       kOfNumbers},
  };
  return entries;
}

const RateEntry* find_rate(const std::string& name) {
  for (const RateEntry& entry : rate_entries())
    if (entry.name == name) return &entry;
  return nullptr;
}

const RateEntry* find_rate(const std::string& name, data::Task task) {
  for (const RateEntry& entry : rate_entries())
    if (entry.name == name && entry.tasks.contain(task)) return &entry;
  return nullptr;
}

const RateEntry& rate_entry(const std::string& name) {
  const RateEntry* entry = find_rate(name);
  if (entry == nullptr) throw std::logic_error("there is no rate '" + name + "' in rate_entries()");
  return *entry;
}

const RateEntry& rate_entry(const std::string& name, data::Task task) {
  const RateEntry* entry = find_rate(name, task);
  if (entry == nullptr)
    throw std::logic_error("there is no rate '" + name + "' of the task " + data::name_of(task) + " in rate_entries()");
  return *entry;
}

namespace {

std::vector<std::string> names_of(const std::function<bool(const RateEntry&)>& is_meant) {
  std::vector<std::string> names;
  for (const RateEntry& entry : rate_entries())
    if (is_meant(entry) && std::ranges::find(names, entry.name) == names.end()) names.emplace_back(entry.name);
  return names;
}

}  // namespace

std::vector<std::string> rate_names() {
  return names_of([](const RateEntry&) { return true; });
}

std::vector<std::string> rate_names(data::Task task) {
  return names_of([task](const RateEntry& entry) { return entry.tasks.contain(task); });
}

bool is_by_score(const Rate& rate) {
  const RateEntry* entry = find_rate(rate.kind);
  return entry != nullptr && entry->by_score;
}

int unit_power(const RateEntry& entry) {
  const std::string figure = entry.figure;
  return figure == "squared error" ? 2 : figure == "prediction" || figure == "residual" ? 1 : 0;
}

bool may_be_negative(const RateEntry& entry) {
  const std::string figure = entry.figure;
  return entry.by_score || figure == "prediction" || figure == "residual";
}

bool is_of_an_outcome(const RateEntry& entry, data::Task task) {
  if (task == data::Task::binary) return entry.by_score;
  return entry.scope == Scope::outcome;
}

bool depends_on_decisions(const RateEntry& entry) {
  return entry.denominator[0].positives != 0 || entry.denominator[1].positives != 0;
}

bool may_be_empty(const RateEntry& entry) {
  const auto is_empty = [&](double decision) {
    return std::ranges::all_of(entry.denominator,
                               [&](const CellShare& one) { return one.weight + decision * one.positives == 0; });
  };
  return is_empty(0) || is_empty(1);
}

bool needs_stored_decisions(const RateEntry& entry) {
  return entry.against == Against::stored_decisions;
}

}  // namespace equipoise::constraints
