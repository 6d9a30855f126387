// What is asked of a population: figures whose truth is known, as the engine compiles them.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "engine/constraints/rates.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/score_statistics.h"

namespace equipoise::evaluation {

inline const std::vector<std::string> kForms = {"max_min", "overall",  "reference", "ratio",
                                                "at_most", "at_least", "linear"};
inline constexpr double kAbove = 12;  // predictions are counted above it

// Of form linear: the mean of half of the groups less that of the others, the larger one first.
inline double weight_in_sum(std::size_t group, const std::vector<double>& rates) {
  const std::size_t groups = rates.size() - 1, half = groups / 2;
  const double sign = rates.front() > rates[groups - 1] ? 1 : -1;
  return group < half ? sign / static_cast<double>(half) : -sign / static_cast<double>(groups - half);
}

// The figure of groups' rates and, last, everyone's. The engine's own is under test.
inline double true_figure(const std::string& form, const std::vector<double>& rates) {
  const auto [least, most] = std::minmax_element(rates.begin(), rates.end() - 1);
  const auto furthest_from = [low = *least, high = *most](double rate) { return std::max(high - rate, rate - low); };
  if (form == "max_min") return *most - *least;
  if (form == "overall") return furthest_from(rates.back());
  if (form == "reference") return furthest_from(rates.front());
  if (form == "ratio") return 1 - *least / *most;
  if (form == "at_most") return *most;
  if (form == "at_least") return 1 - *least;
  if (form == "from_zero") return furthest_from(0);
  double sum = 0;
  for (std::size_t g = 0; g + 1 < rates.size(); ++g) sum += weight_in_sum(g, rates) * rates[g];
  return sum;
}

// Means have no floor, and those that may be below 0 no ratio.
inline bool has_form(const std::string& rate, const std::string& form) {
  const constraints::RateEntry& entry = constraints::rate_entry(rate);
  if (form == "at_least") return entry.family == constraints::RateFamily::share;
  return form != "ratio" || !constraints::may_be_negative(entry);
}

inline std::string name_of_group(std::size_t g) {
  return "g" + std::string(g < 10 ? "0" : "") + std::to_string(g);
}

inline constraints::ConstraintParams wanted(const std::string& rate, const std::string& form,
                                            const std::vector<double>& rates) {
  const double above = rate == "exceedance" ? kAbove : constraints::kNoNumber;
  constraints::ConstraintParams params{"parity", {"group"}};
  params.rate = rate;
  params.above = above;
  if (form == "at_most" || form == "at_least") {
    params.kind = "bound";
    (form == "at_most" ? params.at_most : params.at_least) = 0.5;
  } else if (form == "linear") {
    params = {"linear", {}};
    params.at_most = 0.5;
    for (std::size_t g = 0; g + 1 < rates.size(); ++g)
      params.terms.push_back({rate, {{"group", name_of_group(g)}}, weight_in_sum(g, rates), {}, above});
  } else {
    params.form = form;
    if (form == "reference") params.reference = name_of_group(0);
  }
  return params;
}

// A data set that has each cell once: what is drawn has its cells. Its rows are by group and, of a binary label, by label.
inline data::Dataset one_row_each(data::Task task, std::size_t groups) {
  data::Dataset dataset;
  dataset.task = task;
  data::Grouping grouping{"group", {}, {}};
  for (std::size_t g = 0; g < groups; ++g) {
    grouping.levels.push_back(name_of_group(g));
    for (int label = 0; label < (task == data::Task::binary ? 2 : 1); ++label) {
      grouping.codes.push_back(static_cast<std::int32_t>(g));
      dataset.labels.push_back(static_cast<std::uint8_t>(label));
      dataset.splits.push_back(data::Split::test);
    }
  }
  dataset.encoded.rows = static_cast<std::int64_t>(dataset.splits.size());
  dataset.targets.assign(task == data::Task::regression ? dataset.splits.size() : 0, 0.0F);
  dataset.groupings = {std::move(grouping)};
  return dataset;
}

inline constraints::ConstraintTable compiled(std::vector<constraints::ConstraintParams> params, data::Task task,
                                             std::size_t groups) {
  if (task == data::Task::regression) {  // all tables have the cells of all figures
    constraints::ConstraintParams everyone{"bound", {}};
    everyone.rate = "exceedance";
    everyone.above = kAbove;
    everyone.at_most = 0.99;
    params.push_back(everyone);
  }
  core::Journal journal;
  return constraints::compile(params, one_row_each(task, groups), 1, config::Origin(), journal);
}

// One promise of a table, or all of its constraint.
struct Figure {
  std::string rate, form;
  constraints::ConstraintTable table;
  std::vector<double> rates;  // true: the groups', and everyone's last
  double truth = 0;
  std::size_t promise = 0;
  std::vector<constraints::ConstraintParams> whole = {};  // the constraint, where all its promises are judged at once
};

// Each rate in each form that it has.
inline std::vector<Figure> figures_of(const std::vector<std::string>& rates, data::Task task,
                                      const std::function<std::vector<double>(const std::string&)>& true_rates) {
  std::vector<Figure> figures;
  for (const std::string& rate : rates) {
    const std::vector<double> values = true_rates(rate);
    for (const std::string& form : kForms) {
      if (!has_form(rate, form)) continue;
      figures.push_back({rate, form, compiled({wanted(rate, form, values)}, task, values.size() - 1), values,
                         true_figure(form, values)});
    }
  }
  return figures;
}

struct Setting {
  std::int64_t rows;
  int groups;
  double base;
};

// A population with what is asked of it, and how test sets are drawn from it.
struct Asked {
  std::string table, kind;
  Setting setting;
  std::vector<Figure> figures;
  std::function<CellTotals(std::uint64_t key)> draw;
};

}  // namespace equipoise::evaluation
