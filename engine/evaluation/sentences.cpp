#include "engine/evaluation/sentences.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <vector>

#include "engine/constraints/titles.h"
#include "engine/core/nearest_name.h"

namespace equipoise::evaluation {
namespace {

using constraints::number_text;
using LevelRate = PromiseResult::LevelRate;

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

std::string points_text(const std::string& number) {
  return number + (number == "1" ? " point" : " points");
}

// A promise's figure in words: percentage points, a ratio, a share in percent or a number, with decimals as far as needed.
class FigureText {
 public:
  explicit FigureText(const PromiseResult& promise) : unit_(promise.unit) {
    decimals_ = unit_ == "percent" || unit_ == "number" ? 3 : 1;
    // As many decimals as show on which side of the tolerance the figure lies.
    for (const auto& figure : {promise.gap, promise.upper_bound})
      while (figure && std::abs(*figure - promise.tolerance) > 1e-12 && decimals_ < 6 &&
             fixed(shown(*figure), decimals_) == fixed(shown(promise.tolerance), decimals_))
        ++decimals_;
  }

  double shown(double figure) const {
    if (unit_ == "percent") return 1 - figure;
    if (unit_ == "floor") return 100 * (1 - figure);
    return unit_ == "number" ? figure : 100 * figure;
  }
  std::string number(double figure) const { return fixed(shown(figure), decimals_); }
  std::string amount(double figure) const { return with_unit(number(figure)); }
  std::string tolerance(double figure) const { return with_unit(number_text(shown(figure))); }
  std::string range(const Interval& interval) const {
    return is_floor() ? number(interval.high) + " to " + number(interval.low)
                      : number(interval.low) + " to " + number(interval.high);
  }
  // Whether what is shown must not be too small, where the figure must not be too large.
  bool is_floor() const { return unit_ == "percent" || unit_ == "floor"; }
  std::string allowed(double tolerance) const {
    if (unit_ == "percent") return "the smallest ratio allowed, " + this->tolerance(tolerance);
    if (unit_ == "points") return "the tolerance of " + this->tolerance(tolerance);
    return std::string("the ") + (is_floor() ? "smallest" : "largest") + " value allowed, " +
           this->tolerance(tolerance);
  }

 private:
  std::string with_unit(const std::string& number) const {
    if (unit_ == "points") return points_text(number);
    return unit_ == "share" || unit_ == "floor" ? number + " %" : number;
  }

  std::string unit_;
  int decimals_;
};

std::string percent(double share) {
  return number_text(100 * share) + " %";
}

std::string where(const std::string& split) {
  if (split == "test") return "on people the model had not met";
  if (split == "selection") return "on the rows that chose the model";
  if (split == "holdout") return "on the rows that steered the constraints";
  if (split == "train") return "on the rows it was trained on";
  if (split == "new rows") return "on the new rows";
  return "on the rows of '" + split + "'";
}

std::string inside(const std::string& split) {
  return split == "new rows" ? "among the new rows" : "in the " + split + " split";
}

// The two ends of the gap: "highest" and "lowest" of the measured levels, or the level furthest from a comparison.
std::pair<const LevelRate*, const LevelRate*> extremes(const PromiseResult& promise) {
  const LevelRate *lowest = nullptr, *highest = nullptr;
  for (const LevelRate& level : promise.levels) {
    if (!level.estimable || !level.rate) continue;
    if (!lowest || *level.rate < *lowest->rate) lowest = &level;
    if (!highest || *level.rate >= *highest->rate) highest = &level;
  }
  return {lowest, highest};
}

// For the forms with a comparison: the level whose distance to it is the gap. Of levels that are all the same the first that is not the reference itself.
const LevelRate* furthest(const PromiseResult& promise, double from) {
  const auto [lowest, highest] = extremes(promise);
  if (*lowest->rate == *highest->rate) {
    const auto other = std::ranges::find_if(promise.levels, [&](const LevelRate& level) {
      return level.estimable && level.rate && level.level != promise.reference;
    });
    return other == promise.levels.end() ? lowest : &*other;
  }
  return std::abs(*lowest->rate - from) > std::abs(*highest->rate - from) ? lowest : highest;
}

double rate_of(const PromiseResult& promise, const std::string& name) {
  for (const LevelRate& level : promise.levels)
    if (level.level == name && level.rate) return *level.rate;
  return 0;
}

// " within race=Black" of rows of such people, and " for class=high" of an outcome, which is asked of all rows: within it would be rows that have it.
std::string within(const PromiseResult& promise) {
  if (promise.within.empty()) return "";
  for (const char* outcome : {"class=", "label=", "prediction above "}) {
    if (promise.within.starts_with(outcome)) return " for " + promise.within;
    const std::string joined = std::string(" and ") + outcome;
    const std::size_t at = promise.within.rfind(joined);
    if (at == std::string::npos) continue;
    return " within " + promise.within.substr(0, at) + " for " +
           promise.within.substr(at + std::string(" and ").size());
  }
  return " within " + promise.within;
}

// "The true positive rate of sex=Male differs from that of everyone by 3.1 points", without the full stop.
std::string comparison(const PromiseResult& promise, const FigureText& text) {
  const std::string amount = text.amount(*promise.gap), rate = promise.rate_name;
  const auto named = [&promise](const std::string& level) { return promise.grouping + "=" + level + within(promise); };
  if (promise.form == "linear") return rate + " is " + amount;
  if (promise.grouping.empty()) return "The " + rate + " of everyone" + within(promise) + " is " + amount;
  const auto [lowest, highest] = extremes(promise);
  if (promise.form == "from_zero") return "The " + rate + " of " + named(furthest(promise, 0)->level) + " is " + amount;
  if (promise.form == "at_most" || promise.form == "worst")
    return "The largest " + rate + " is that of " + named(highest->level) + ", " + amount + ",";
  if (promise.form == "at_least")
    return "The smallest " + rate + " is that of " + named(lowest->level) + ", " + amount + ",";
  if (promise.form == "ratio" && *highest->rate == 0)
    return "The " + rate + " is 0 of every " + promise.grouping + within(promise) +
           " that could be measured, which counts as a ratio of " + amount;
  if (promise.form == "ratio")
    return "The " + rate + " of " + named(lowest->level) + " is " + amount + " times that of " + named(highest->level);
  if (promise.form == "reference")
    return "The " + rate + " of " + named(furthest(promise, rate_of(promise, promise.reference))->level) +
           " differs from that of " + named(promise.reference) + " by " + amount;
  if (promise.form == "overall")
    return "The " + rate + " of " + named(furthest(promise, *promise.everyone_rate)->level) +
           " differs from that of everyone" + within(promise) + " by " + amount;
  return "Between " + promise.grouping + "=" + lowest->level + " and " + named(highest->level) + " the " + rate +
         " differs by " + amount;
}

std::ptrdiff_t measured_figures(const ConstraintResult& result) {
  return std::ranges::count_if(result.promises, [](const PromiseResult& promise) { return promise.gap.has_value(); });
}

// Of several figures the largest was chosen for its size: its own interval would be too narrow and too far out.
bool is_largest_of_several(const ConstraintResult& result, const PromiseResult& promise) {
  return measured_figures(result) > 1 && result.interval && !result.form.empty() && promise.gap == result.gap;
}

Interval interval_of(const ConstraintResult& result, const PromiseResult& promise) {
  return is_largest_of_several(result, promise) ? *result.interval : *promise.interval;
}

std::string measured(const ConstraintResult& result, const PromiseResult& promise, const std::string& split,
                     double confidence) {
  const FigureText text(promise);
  const std::string among =
      is_largest_of_several(result, promise) ? ", of the largest of " + std::to_string(measured_figures(result)) : "";
  return comparison(promise, text) + " " + where(split) + " (" + percent(confidence) + " interval " +
         text.range(interval_of(result, promise)) + among + ")";
}

// "sex=Female"; of a weighted sum the term, without a grouping everyone.
std::string level_name(const PromiseResult& promise, const LevelRate& level) {
  return (promise.grouping.empty() ? level.level : promise.grouping + "=" + level.level) + within(promise);
}

// Weights can make many rows count for few, and so can a rate that counts some as halves.
std::string worth(const LevelRate& level) {
  const bool is_less = level.effective_rows < static_cast<double>(level.rows) - 0.05;
  return is_less ? ", counting as " + fixed(level.effective_rows, 1) : "";
}

std::vector<std::string> named(const PromiseResult& promise, Unmeasured why) {
  std::vector<std::string> levels;
  for (const LevelRate& level : promise.levels) {
    if (level.unmeasured != why) continue;
    std::string rows;
    if (why != Unmeasured::absent && why != Unmeasured::no_stored_decision)
      rows = " (" + std::to_string(level.rows) + (level.rows == 1 ? " row" : " rows") + worth(level) + ")";
    levels.push_back(level_name(promise, level) + rows);
  }
  return levels;
}

// "sex=a (12 rows) cannot, with fewer than 30 rows in the test split"; of each reason that there is.
std::string unmeasured(const PromiseResult& promise, const std::string& cannot, const std::string& split,
                       std::int64_t min_rows) {
  std::vector<std::string> clauses;
  if (const auto few = named(promise, Unmeasured::too_few_rows); !few.empty())
    clauses.push_back(core::listed(few, 8) + " " + cannot + ", with fewer than " + std::to_string(min_rows) + " rows " +
                      inside(split));
  if (const auto unseen = named(promise, Unmeasured::unseen); !unseen.empty())
    clauses.push_back(core::listed(unseen, 8) + " " + cannot + ", being no group that training saw");
  if (const auto unknown = named(promise, Unmeasured::no_stored_decision); !unknown.empty())
    clauses.push_back("the stored decisions of " + core::listed(unknown, 8) + " are not known");
  if (const auto absent = named(promise, Unmeasured::absent); !absent.empty() && !promise.gap)
    clauses.push_back("there is no row of " + core::listed(absent, 8));
  std::string text;
  for (const std::string& clause : clauses) text += (text.empty() ? "" : "; ") + clause;
  return text.empty() ? "fewer than two groups have rows" : text;
}

// What must not be overlooked beside a gap: groups that these rows are silent about, and that training was not steered by.
std::string remarks(const ConstraintResult& result, const std::string& split) {
  std::vector<std::string> absent, unsteered;
  for (const PromiseResult& promise : result.promises) {
    for (const LevelRate& level : promise.levels) {
      const std::string name = level_name(promise, level);
      if (level.unmeasured == Unmeasured::absent && promise.gap && std::ranges::find(absent, name) == absent.end())
        absent.push_back(name);
      if (level.estimable && !level.short_splits.empty())
        unsteered.push_back((promise.form == "linear" ? name : "the " + promise.rate_name + " of " + name) + " (" +
                            core::listed(level.short_splits) + ")");
    }
  }
  std::string text;
  if (!absent.empty())
    text += " No row " + inside(split) + " has " + core::listed(absent, 8) + ": nothing is said of it.";
  if (!unsteered.empty())
    text += " Measured, but too rare in training to steer it: " + core::listed(unsteered, 8) + ".";
  return text;
}

std::string conclusion(const ConstraintResult& result, const PromiseResult& promise, const std::string& split,
                       double confidence, std::int64_t min_rows) {
  const FigureText text(promise);
  const std::string allowed = text.allowed(promise.tolerance);
  const std::string floor = promise.noise_floor > promise.tolerance
                                ? std::string(promise.form == "from_zero" ? " Figures of exactly 0 would show "
                                                                          : " Exactly equal rates would show ") +
                                      text.amount(promise.noise_floor) + " on average on so few rows."
                                : "";
  // No confidence in a figure of other people comes of rows that were fitted.
  const std::string learnt_rows = " The model learnt these rows: of other people that says nothing.";
  switch (promise.verdict) {
    case Verdict::violated: {
      const bool may_be_chance =
          promise.interval && is_inside(interval_of(result, promise).low, promise.tolerance) && split != "train";
      return ", which is outside " + allowed + ": the constraint is violated." +
             (may_be_chance ? " The interval reaches inside: of other people it may hold." + floor : "");
    }
    case Verdict::met:
      if (split == "train")
        return ", which is inside " + allowed + ", as its upper bound is, " + text.amount(*promise.upper_bound) + "." +
               learnt_rows;
      return ", which is inside " + allowed + "; with " + percent(confidence) + " confidence it is at " +
             (text.is_floor() ? "least " : "most ") + text.amount(*promise.upper_bound) + ", so the constraint is met.";
    case Verdict::not_shown:
      if (split == "train")
        return ", which is inside " + allowed + "; its upper bound is not, " + text.amount(*promise.upper_bound) + "." +
               learnt_rows;
      return ", which is inside " + allowed + "; but with " + percent(confidence) +
             " confidence it can only be said to be at " + (text.is_floor() ? "least " : "most ") +
             text.amount(*promise.upper_bound) + ", so it is not shown." + floor;
    case Verdict::no_promise:
      return ". Nothing is promised about it.";
    case Verdict::not_estimable:
      break;
  }
  const std::string why = unmeasured(promise, "cannot", split, min_rows);
  if (promise.grouping.empty()) return "; " + why + ", so the constraint is not estimable.";
  return ", among the groups that can be measured; " + why +
         ", so for the grouping as a whole the constraint is not estimable.";
}

// "The TPR by sex within race=b"; a weighted sum by its terms. `with_grouping`: where several are told of.
std::string subject(const PromiseResult& promise, bool with_grouping) {
  if (promise.form == "linear") return promise.rate_name;
  const std::string by = with_grouping && !promise.grouping.empty() ? " by " + promise.grouping : "";
  return "The " + promise.rate_name + by + within(promise);
}

std::string in_short(const PromiseResult& promise, bool with_grouping) {
  const std::string of = " " + subject(promise, with_grouping);
  if (!promise.gap) return of + " could not be compared.";
  const FigureText text(promise);
  std::string verdict = name_of(promise.verdict);
  std::replace(verdict.begin(), verdict.end(), '_', ' ');
  std::string figure = " differs by ";
  if (promise.unit == "percent") figure = " has a smallest ratio of ";
  if (promise.form == "from_zero") figure = " has a largest size of ";
  if (promise.form == "at_most" || promise.form == "worst")
    figure = promise.grouping.empty() ? " is " : " has a largest value of ";
  if (promise.form == "at_least") figure = promise.grouping.empty() ? " is " : " has a smallest value of ";
  return of + figure + text.amount(*promise.gap) + " (" + verdict + ").";
}

// The promise with the constraint's verdict; of several, the one whose bound is the largest, and of those that are violated the one whose
// figure is.
const PromiseResult* decisive(const ConstraintResult& result) {
  const PromiseResult* found = nullptr;
  const auto size = [&](const PromiseResult& promise) {
    return (result.verdict == Verdict::violated ? promise.gap : promise.upper_bound).value_or(-1);
  };
  for (const PromiseResult& promise : result.promises)
    if (promise.verdict == result.verdict && (!found || size(promise) > size(*found))) found = &promise;
  return found;
}

}  // namespace

std::string sentence_of(const ConstraintResult& result, const std::string& split, double confidence,
                        std::int64_t min_rows) {
  const PromiseResult* first = decisive(result);
  if (first == nullptr) return "Nothing was promised.";
  std::string sentence;
  if (first->gap)
    sentence = measured(result, *first, split, confidence) + conclusion(result, *first, split, confidence, min_rows);
  else
    sentence = subject(*first, true) + " could not be compared " + where(split) + ": " +
               unmeasured(*first, "cannot be measured", split, min_rows) + ", so the constraint is not estimable.";
  const bool with_grouping = std::ranges::any_of(
      result.promises, [&](const PromiseResult& promise) { return promise.grouping != first->grouping; });
  for (const PromiseResult& promise : result.promises)
    if (&promise != first) sentence += in_short(promise, with_grouping);
  return sentence + remarks(result, split);
}

}  // namespace equipoise::evaluation
