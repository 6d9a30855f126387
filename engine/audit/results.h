#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/number_statistics.h"

namespace equipoise::audit {

/// What data say before anything learns from them: who is in them, what is known of whom, what could be shown of a constraint,
/// and which inputs stand for a group. Rows are counted in all splits; what could steer a choice (inputs that tell a group,
/// inputs that mean different things) is measured on training rows alone.

struct AuditParams {
  std::int64_t min_rows = 30;  ///< levels with fewer training rows are counted, and no more is said of them
  double confidence = 0.95;
  std::uint64_t seed = 0;
  std::map<std::string, std::string> own_columns;  ///< by grouping: the column it is made of, which is no proxy for it
  evaluation::NumberLoss loss = {};                ///< of a regression: what its runs are trained by
};

/// How often an answer is given: the share of positive labels, of rows of a class, of a label; of a regression the share of rows above
/// the training rows' median target, and the mean target.
struct AnswerRate {
  std::string answer;  ///< "positive", a class, a label, "above the median"
  double rate = 0;
  evaluation::Interval interval;  ///< Wilson's, on the effective number of rows
};

/// A level's share of the rows whose level the reference names, beside its share of the population.
struct BesidePopulation {
  double share = 0, expected = 0;
  evaluation::Interval interval;  ///< of `share`
  double p_value =
      1;  ///< of being as far apart by chance, for rows drawn from the population: exact; Holm's over all levels compared
};

/// One level of a grouping.
struct LevelCounts {
  std::string level;
  std::array<std::int64_t, 4> rows = {};       ///< by split: train, selection, holdout, test
  double share = 0;                            ///< of the weight of all rows
  std::optional<BesidePopulation> population;  ///< where a reference names it
  std::vector<AnswerRate> answers;             ///< over all splits; empty without rows
  std::optional<double> mean_target;           ///< regression
  double missing = 0;                          ///< share of the inputs' values that are missing
};

struct GroupingCounts {
  std::string grouping;
  bool crossed = false;
  std::vector<LevelCounts> levels;
};

/// An input that is missing for some rows, in one level more often or more rarely than in the others.
struct MissingInput {
  std::string input;
  double share = 0;                 ///< of all rows
  std::string grouping, level;      ///< where that is surest; empty where nothing could be compared
  double in_level = 0, others = 0;  ///< share there, and in the other levels with rows enough
  double p_value =
      1;  ///< of the two being equal: Fisher's exact one, corrected for how many were compared over all inputs and
          ///< levels (Holm)
};

/// Whether the two shares are so far apart that it matters: of a million rows a difference that matters to nobody is sure.
inline bool is_apart(const MissingInput& one) {
  constexpr double kApart = 0.02;
  return one.in_level - one.others >= kApart || one.others - one.in_level >= kApart;
}

/// Rows that are equal in every input, as the model sees them: it cannot tell them apart.
struct Duplicates {
  std::int64_t rows = 0;    ///< with at least one other such row
  std::int64_t unlike = 0;  ///< how many different rows there are in all
  std::int64_t disagreeing =
      0;  ///< of these, rows among whose likes there is another label; of a regression another target
  struct Pair {
    std::string split, other;
    std::int64_t rows = 0;  ///< of `split` that have a like in `other`
    std::int64_t same_label = 0;
  };
  std::vector<Pair> across;  ///< those of selection, holdout and test against earlier splits
};

/// What the test rows could show of a promise by a model better than is asked for (evaluation/showable.h).
struct Showable {
  std::string promise;
  double tolerance = 0;
  std::optional<double>
      least;         ///< the smallest tolerance that would be shown; nothing where that is not known before training
  std::string says;  ///< a sentence where `tolerance` cannot be shown; else empty
};

/// How well an input tells one level of a grouping from the others.
struct Proxy {
  std::string grouping, level;
  std::string input;  ///< "" for all inputs together
  double auc = 0.5;   ///< area under the ROC curve, learnt on one half of the rows and measured on the other, both ways
  evaluation::Interval interval;
};

/// A value of an input that goes with an answer in one level as it does not in the others.
struct Relation {
  std::string grouping, level, input, value, answer;
  double odds_ratio = 1,
         others = 1;      ///< of the answer, rows with the value against rows without: in the level; in the others
  std::int64_t rows = 0;  ///< of the level that have the value, whatever their weight
  double p_value = 1;     ///< of their being equal, corrected for how many were compared (Holm 1979)
};

/// Part of a conjunction: an input has a value, or a group is at a level.
struct SliceCondition {
  std::string column, value;
  bool is_group = false;
};

/// Rows that meet all conditions, of which a model is wrong more often than of the others.
struct Slice {
  std::vector<SliceCondition> conditions;
  std::int64_t rows = 0;  ///< of those that it was measured on, whatever their weight
  double error = 0,
         elsewhere = 0;  ///< share of wrong decisions, of a regression mean absolute error; in the slice and outside
  evaluation::Interval interval;  ///< of `error`
  double p_value = 1;             ///< of its being no larger than elsewhere; Holm's over all that were measured
};

struct SliceSearch {
  std::string run;           ///< the model whose errors they are
  bool is_absolute = false;  ///< errors of numbers
  double error = 0;          ///< of all rows that slices were measured on
  std::int64_t looked_at = 0, measured = 0;
  std::vector<Slice> slices;  ///< surest first, those that are surely worse
};

/// A line of sampling.recipes, and what speaks for it.
struct SuggestedRecipe {
  std::string yaml, reason;
};

struct Suggestions {
  std::vector<SuggestedRecipe> recipes;
  std::vector<std::string> too_few;  ///< groups and labels with too few training rows for any recipe, and how many
};

struct Audit {
  std::int64_t rows = 0;
  std::array<std::int64_t, 4> split_rows = {};
  std::vector<AnswerRate> answers;  ///< of everyone
  std::vector<GroupingCounts> groupings;
  std::vector<MissingInput> missing;
  std::optional<Duplicates> duplicates;  ///< nothing of pictures, which are not compared
  std::vector<Showable> showable;
  std::vector<std::string> inputs_themselves;  ///< groupings whose own column is an input
  std::vector<Proxy> proxies;                  ///< of all inputs first, then each input, best first
  std::vector<Relation> relations;             ///< those below 1 less the confidence, surest first
  std::int64_t compared_relations = 0;
  std::vector<std::string> uncompared_inputs;  ///< too few rows of a level have their values
  std::optional<SliceSearch> slices;           ///< where a run was given
  Suggestions suggestions;
};

}  // namespace equipoise::audit
