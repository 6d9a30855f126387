#include "engine/constraints/titles.h"

#include <charconv>
#include <cmath>

#include "engine/constraints/forms.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

// "prediction above 0.4", not "figure=above 0.4".
const std::string kFigure = data::outcome_grouping(data::Task::regression);
// A config alone does not tell whether it is a class or a label.
constexpr const char* kOutcomeInTitles = "outcome";

bool is_threshold(const Condition& condition) {
  return condition.grouping == kFigure && condition.level.starts_with("above ");
}

std::string within_text(const std::vector<Condition>& within) {
  return within.empty() ? "" : " within " + who(within);
}

// "TPR of sex=Female - TPR of sex=Male + 0.5 TPR of everyone"
class Sum {
 public:
  void add(double weight, const std::string& term) {
    const double size = std::abs(weight);
    if (text_.empty()) {
      text_ = weight < 0 ? "-" : "";
    } else {
      text_ += weight < 0 ? " - " : " + ";
    }
    text_ += (size == 1 ? "" : number_text(size) + " ") + term;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

std::string sum_text(const ConstraintParams& params) {
  Sum sum;
  for (const TermParams& term : params.terms) {
    const RateEntry* rate = find_rate(term.rate);
    std::vector<Condition> where;
    for (const auto& [grouping, level] : term.group) where.push_back({grouping, level});
    if (!term.outcome.empty()) where.push_back({kOutcomeInTitles, term.outcome});
    if (std::isfinite(term.above)) where.push_back({kFigure, data::figure_above(term.above)});
    sum.add(term.weight, std::string(rate ? rate->short_name : term.rate) + " of " + who(where));
  }
  return sum.text();
}

std::string bounds_text(const ConstraintParams& params) {
  std::string text;
  if (std::isfinite(params.at_least)) text += "at least " + number_text(params.at_least);
  if (std::isfinite(params.at_most))
    text += std::string(text.empty() ? "" : " and ") + "at most " + number_text(params.at_most);
  return text;
}

}  // namespace

std::string number_text(double value) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 10).ptr;
  return std::string(text, end);
}

std::string who(const std::vector<Condition>& where) {
  std::string text;
  for (const Condition& condition : where)
    text += (text.empty() ? "" : " and ") + (is_threshold(condition) ? "prediction " : condition.grouping + "=") +
            condition.level;
  return text.empty() ? "everyone" : text;
}

std::string constraint_title(const ConstraintParams& params) {
  const KindEntry* kind = find_kind(params.kind);
  if (kind && kind->demand == Demand::linear) return sum_text(params) + " at most " + number_text(params.at_most);
  std::string head = kind ? kind->title : params.kind;
  if (const RateEntry* rate = find_rate(params.rate)) head = rate->long_name + (" " + head);
  if (!params.group.empty()) head += " by " + core::listed(params.group);
  if (!params.within.empty()) head += " within " + params.within;
  if (!params.outcome.empty()) head += " of " + core::listed(params.outcome);
  if (std::isfinite(params.above)) head += " above " + number_text(params.above);
  if (kind && kind->demand == Demand::worst) return head + ", its loss as small as it can be";
  if (kind && kind->demand == Demand::bound) return head + ", " + bounds_text(params);
  const std::string form = kind && *kind->form != '\0' ? kind->form : params.form;
  const double tolerance = kind && kind->tolerance > 0 ? kind->tolerance : params.tolerance;
  if (form == "ratio") return head + ", ratio at least " + number_text(1 - tolerance);
  std::string to;
  if (form == "overall") to = " to everyone";
  if (form == "reference") to = " to " + params.reference;
  return head + ", gap" + to + " at most " + number_text(tolerance);
}

std::string title_without_tolerance(std::string title) {
  // Of a bound, which may have two ends.
  if (const std::size_t bound = std::min(title.find(", at least "), title.find(", at most "));
      bound != std::string::npos) {
    title.resize(bound);
    return title;
  }
  const std::size_t at = std::max(title.rfind(" at most ") + 1, title.rfind(" at least ") + 1);
  if (at == 0) return title;
  title.resize(at - 1);
  const std::string_view gap = ", gap";
  if (title.ends_with(gap)) title.resize(title.size() - gap.size());
  return title;
}

std::string promise_title(const Promise& promise) {
  if (promise.form == "linear") {
    Sum sum;
    for (std::size_t term = 0; term < promise.levels.size(); ++term)
      sum.add(promise.weights[term], promise.levels[term]);
    return sum.text();
  }
  const std::string rate = rate_entry(promise.rate).short_name, within = within_text(promise.within);
  if (promise.grouping.empty()) return rate + " of everyone" + within;
  const std::string by = " by " + promise.grouping + within;
  if (promise.form == "at_most" || promise.form == "worst") return "largest " + rate + by;
  if (promise.form == "at_least") return "smallest " + rate + by;
  if (promise.form == "from_zero") return "largest " + rate + by;
  if (promise.form == "overall") return rate + " gap to everyone" + by;
  if (promise.form == "reference")
    return rate + " gap to " + promise.grouping + "=" + promise.levels[promise.reference_level] + within;
  if (promise.form == "ratio") return rate + " ratio gap" + by;
  return rate + " gap" + by;
}

std::vector<std::string> promise_titles(const ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const Promise& promise : table.promises) titles.push_back(promise_title(promise));
  return titles;
}

std::vector<std::string> row_titles(const ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const Row& row : table.rows) {
    const Promise& promise = table.promises[row.promise];
    if (promise.form == "linear") {
      titles.push_back(promise_title(promise) + " above");
      continue;
    }
    const auto& [rate, coefficient] = row.terms.front();
    std::string title = std::string(rate_entry(promise.rate).short_name) + " " + who(table.rates[rate].where);
    title += coefficient > 0 ? " above" : " below";
    if (promise.form == "overall") title += " everyone";
    if (promise.form == "reference") title += " " + promise.levels[promise.reference_level];
    if (promise.form == "ratio") title += " in ratio";
    if (promise.form == "at_most" || promise.form == "at_least") title += " bound";
    if (promise.form == "worst") title += " others";
    titles.push_back(std::move(title));
  }
  return titles;
}

}  // namespace equipoise::constraints
