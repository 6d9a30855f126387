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

// A gap in words: percentage points, or for a ratio one minus it. `decimals` as far as needed.
class GapText {
 public:
  explicit GapText(const PromiseResult& promise) : ratio_(promise.form == "ratio"), decimals_(ratio_ ? 3 : 1) {
    // As many decimals as show on which side of the tolerance the gap lies.
    for (const auto& figure : {promise.gap, promise.upper_bound})
      while (figure && std::abs(*figure - promise.tolerance) > 1e-12 && decimals_ < 6 &&
             fixed(shown(*figure), decimals_) == fixed(shown(promise.tolerance), decimals_))
        ++decimals_;
  }

  double shown(double gap) const { return ratio_ ? 1 - gap : 100 * gap; }
  std::string number(double gap) const { return fixed(shown(gap), decimals_); }
  std::string amount(double gap) const { return ratio_ ? number(gap) : points_text(number(gap)); }
  std::string tolerance(double gap) const {
    return ratio_ ? number_text(1 - gap) : points_text(number_text(100 * gap));
  }
  std::string range(const Interval& interval) const {
    return ratio_ ? number(interval.high) + " to " + number(interval.low)
                  : number(interval.low) + " to " + number(interval.high);
  }
  bool ratio() const { return ratio_; }

 private:
  bool ratio_;
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

// For the forms with a comparison: the level whose distance to it is the gap.
const LevelRate* furthest(const PromiseResult& promise, double from) {
  const auto [lowest, highest] = extremes(promise);
  return std::abs(*lowest->rate - from) > std::abs(*highest->rate - from) ? lowest : highest;
}

double rate_of(const PromiseResult& promise, const std::string& name) {
  for (const LevelRate& level : promise.levels)
    if (level.level == name && level.rate) return *level.rate;
  return 0;
}

std::string measured(const PromiseResult& promise, const std::string& split, double confidence) {
  const GapText text(promise);
  const auto named = [&promise](const std::string& level) { return promise.grouping + "=" + level; };
  const auto [lowest, highest] = extremes(promise);
  std::string sentence;
  if (promise.form == "ratio") {
    sentence = "The " + promise.rate_name + " of " + named(lowest->level) + " is " + text.amount(*promise.gap) +
               " times that of " + named(highest->level);
  } else if (promise.form == "reference") {
    sentence = "The " + promise.rate_name + " of " +
               named(furthest(promise, rate_of(promise, promise.reference))->level) + " differs from that of " +
               named(promise.reference) + " by " + text.amount(*promise.gap);
  } else if (promise.form == "overall") {
    sentence = "The " + promise.rate_name + " of " + named(furthest(promise, *promise.everyone_rate)->level) +
               " differs from that of everyone by " + text.amount(*promise.gap);
  } else {
    sentence = "Between " + named(lowest->level) + " and " + named(highest->level) + " the " + promise.rate_name +
               " differs by " + text.amount(*promise.gap);
  }
  return sentence + " " + where(split) + " (" + percent(confidence) + " interval " + text.range(*promise.interval) +
         ")";
}

// Weights can make many rows count for few.
std::string worth(const LevelRate& level) {
  const bool is_less = level.effective_rows < static_cast<double>(level.rows) - 0.05;
  return is_less ? ", by their weights worth " + fixed(level.effective_rows, 1) : "";
}

std::vector<std::string> named(const PromiseResult& promise, Unmeasured why) {
  std::vector<std::string> levels;
  for (const LevelRate& level : promise.levels) {
    if (level.unmeasured != why) continue;
    std::string rows;
    if (why != Unmeasured::absent)
      rows = " (" + std::to_string(level.rows) + (level.rows == 1 ? " row" : " rows") + worth(level) + ")";
    levels.push_back(promise.grouping + "=" + level.level + rows);
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
      const std::string name = promise.grouping + "=" + level.level;
      if (level.unmeasured == Unmeasured::absent && promise.gap && std::ranges::find(absent, name) == absent.end())
        absent.push_back(name);
      if (level.estimable && !level.short_splits.empty())
        unsteered.push_back("the " + promise.rate_name + " of " + name + " (" + core::listed(level.short_splits) + ")");
    }
  }
  std::string text;
  if (!absent.empty())
    text += " No row " + inside(split) + " has " + core::listed(absent, 8) + ": nothing is said of it.";
  if (!unsteered.empty())
    text += " Measured, but too rare in training to steer it: " + core::listed(unsteered, 8) + ".";
  return text;
}

std::string conclusion(const PromiseResult& promise, const std::string& split, double confidence,
                       std::int64_t min_rows) {
  const GapText text(promise);
  const std::string tolerance = text.tolerance(promise.tolerance);
  const std::string allowed =
      text.ratio() ? "the smallest ratio allowed, " + tolerance : "the tolerance of " + tolerance;
  switch (promise.verdict) {
    case Verdict::violated:
      return ", which is outside " + allowed + ": the constraint is violated.";
    case Verdict::met:
      return ", which is inside " + allowed + "; with " + percent(confidence) + " confidence it is at " +
             (text.ratio() ? "least " : "most ") + text.amount(*promise.upper_bound) + ", so the constraint is met.";
    case Verdict::not_shown: {
      const std::string floor = promise.noise_floor > promise.tolerance
                                    ? " Exactly equal rates would show " +
                                          GapText(promise).amount(promise.noise_floor) + " on average on so few rows."
                                    : "";
      return ", which is inside " + allowed + "; but with " + percent(confidence) +
             " confidence it can only be said to be at " + (text.ratio() ? "least " : "most ") +
             text.amount(*promise.upper_bound) + ", so it is not shown." + floor;
    }
    case Verdict::not_estimable:
      break;
  }
  return ", among the groups that can be measured; " + unmeasured(promise, "cannot", split, min_rows) +
         ", so for the grouping as a whole the constraint is not estimable.";
}

std::string in_short(const PromiseResult& promise) {
  if (!promise.gap) return " The " + promise.rate_name + " could not be compared.";
  const GapText text(promise);
  std::string verdict = name_of(promise.verdict);
  std::replace(verdict.begin(), verdict.end(), '_', ' ');
  return " The " + promise.rate_name + (text.ratio() ? " has a smallest ratio of " : " differs by ") +
         text.amount(*promise.gap) + " (" + verdict + ").";
}

// The promise with the constraint's verdict; of several, the one whose bound is the largest.
const PromiseResult* decisive(const ConstraintResult& result) {
  const PromiseResult* found = nullptr;
  for (const PromiseResult& promise : result.promises) {
    if (promise.verdict != result.verdict) continue;
    if (!found || promise.upper_bound.value_or(-1) > found->upper_bound.value_or(-1)) found = &promise;
  }
  return found;
}

}  // namespace

std::string sentence_of(const ConstraintResult& result, const std::string& split, double confidence,
                        std::int64_t min_rows) {
  const PromiseResult* first = decisive(result);
  if (first == nullptr) return "Nothing was promised.";
  std::string sentence;
  if (first->gap)
    sentence = measured(*first, split, confidence) + conclusion(*first, split, confidence, min_rows);
  else
    sentence = "The " + first->rate_name + " by " + first->grouping + " could not be compared " + where(split) + ": " +
               unmeasured(*first, "cannot be measured", split, min_rows) + ", so the constraint is not estimable.";
  for (const PromiseResult& promise : result.promises)
    if (&promise != first) sentence += in_short(promise);
  return sentence + remarks(result, split);
}

}  // namespace equipoise::evaluation
