#include "engine/constraints/kinds.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/constraints/rates.h"

namespace equipoise::constraints {

const std::vector<KindEntry>& kind_entries() {
  using enum Demand;
  static const std::vector<KindEntry> entries = {
      {"demographic_parity", "demographic parity", "selection rates agree", parity, {"selection_rate"}},
      {"equal_opportunity", "equal opportunity", "true positive rates agree", parity, {"tpr"}},
      {"predictive_equality", "predictive equality", "false positive rates agree", parity, {"fpr"}},
      {"equalized_odds", "equalized odds", "true and false positive rates agree", parity, {"tpr", "fpr"}},
      {"predictive_parity", "predictive parity", "precision agrees", parity, {"ppv"}},
      {"conditional_use_accuracy",
       "conditional use accuracy",
       "precision and false omission rates agree",
       parity,
       {"ppv", "for"}},
      {"error_parity", "error parity", "error rates agree", parity, {"error"}},
      {"treatment_equality",
       "treatment equality",
       "shares of false negatives among errors agree",
       parity,
       {"fn_share"}},
      {"loss_parity", "loss parity", "mean losses agree", parity, {"loss"}},
      {"calibration",
       "calibration",
       "in each score bin, mean scores and shares of positives differ by no more than the tolerance in each group",
       parity,
       {"calibration"},
       "from_zero"},
      {"mean_prediction_parity", "mean prediction parity", "mean predictions agree", parity, {"mean_prediction"}},
      {"residual_parity", "residual parity", "mean residuals agree", parity, {"residual"}},
      {"exceedance_parity", "exceedance parity", "shares of predictions above `above` agree", parity, {"exceedance"}},
      {"four_fifths",
       "four-fifths rule",
       "every selection rate is at least four fifths of every other",
       parity,
       {"selection_rate"},
       "ratio",
       0.2},
      {"parity", "parity", "the rate named by `rate` agrees", parity, {}},
      {"bounded_group_loss", "bounded group loss", "mean losses are `at_most` a bound", bound, {"loss"}},
      {"min_recall", "recall floor", "true positive rates are `at_least` a bound", bound, {"tpr"}, "", 0, "at_least"},
      {"precision_floor", "precision floor", "precision is `at_least` a bound", bound, {"ppv"}, "", 0, "at_least"},
      {"selection_rate_bound",
       "selection rate bound",
       "selection rates are `at_most` a cap, `at_least` a floor, or both",
       bound,
       {"selection_rate"}},
      {"churn",
       "churn",
       "shares of rows decided otherwise than before are `at_most` a bound",
       bound,
       {"churn"},
       "",
       0,
       "at_most"},
      {"bound", "bound", "the rate named by `rate` is `at_most` or `at_least` a bound", bound, {}},
      {"worst_group",
       "worst group",
       "no promise but an aim: training makes the largest mean loss of any group small instead of the mean",
       worst,
       {"loss"}},
      {"linear", "linear", "the weighted sum of the rates in `terms` is `at_most` a bound", linear, {}},
  };
  return entries;
}

const KindEntry* find_kind(const std::string& name) {
  for (const KindEntry& entry : kind_entries())
    if (entry.name == name) return &entry;
  return nullptr;
}

std::vector<std::string> kind_names() {
  std::vector<std::string> names;
  for (const KindEntry& entry : kind_entries()) names.emplace_back(entry.name);
  return names;
}

bool has_tolerance(const ConstraintParams& wanted) {
  const KindEntry* kind = find_kind(wanted.kind);
  return kind == nullptr || (kind->demand == Demand::parity && kind->tolerance == 0);
}

std::vector<std::string> rates_of(const ConstraintParams& wanted) {
  const KindEntry* kind = find_kind(wanted.kind);
  std::vector<std::string> rates;
  if (kind != nullptr) rates.assign(kind->rates.begin(), kind->rates.end());
  if (!wanted.rate.empty()) rates.push_back(wanted.rate);
  for (const TermParams& term : wanted.terms) rates.push_back(term.rate);
  return rates;
}

bool fits(const ConstraintParams& wanted, data::Task task) {
  return std::ranges::all_of(rates_of(wanted),
                             [task](const std::string& name) { return find_rate(name, task) != nullptr; });
}

bool needs_stored_decisions(const ConstraintParams& wanted) {
  return std::ranges::any_of(rates_of(wanted), [](const std::string& name) {
    const RateEntry* rate = find_rate(name);
    return rate != nullptr && needs_stored_decisions(*rate);
  });
}

bool is_calibration(const ConstraintParams& wanted) {
  return std::ranges::any_of(rates_of(wanted), [](const std::string& name) {
    const RateEntry* rate = find_rate(name);
    return rate != nullptr && rate->by_score;
  });
}

std::vector<double> thresholds_named(const std::vector<ConstraintParams>& constraints) {
  std::set<double> thresholds;
  for (const ConstraintParams& wanted : constraints) {
    if (std::isfinite(wanted.above)) thresholds.insert(wanted.above);
    for (const TermParams& term : wanted.terms)
      if (std::isfinite(term.above)) thresholds.insert(term.above);
  }
  return {thresholds.begin(), thresholds.end()};
}

std::vector<Demanded> demands_of(const ConstraintParams& wanted) {
  const KindEntry& kind = *find_kind(wanted.kind);
  if (kind.demand == Demand::linear) return {{"", "linear", wanted.at_most}};
  std::vector<std::string> rates(kind.rates.begin(), kind.rates.end());
  if (rates.empty()) rates = {wanted.rate};
  std::vector<Demanded> demands;
  for (const std::string& rate : rates) {
    if (kind.demand == Demand::worst) {
      demands.push_back({rate, "worst", ConstraintParams::kUnbounded});
      continue;
    }
    if (kind.demand == Demand::parity) {
      demands.push_back(
          {rate, *kind.form != '\0' ? kind.form : wanted.form, kind.tolerance > 0 ? kind.tolerance : wanted.tolerance});
      continue;
    }
    if (std::isfinite(wanted.at_most)) demands.push_back({rate, "at_most", wanted.at_most});
    if (std::isfinite(wanted.at_least)) demands.push_back({rate, "at_least", 1 - wanted.at_least});
  }
  return demands;
}

}  // namespace equipoise::constraints
