#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// How much of each quantity of a cell enters a linear form.
struct CellShare {
  double weight = 0;
  double loss = 0;
  double positives = 0;
};

/// What is known of a rate beyond its value, and so how surely it is: a share of rows, which lies in [0, 1] and whose
/// counts are binomial; or a mean over rows of a number of any size.
enum class RateFamily { share, mean };

/// What a rate holds decisions against: the rows' labels, or the decisions that another model made about them.
enum class Against { labels, stored_decisions };

/// What of a row with several outcomes a rate counts: one outcome, which the constraint names or takes in turn; or the row
/// once, whatever its outcomes.
enum class Scope { outcome, row };

/// The tasks that have a rate, one bit each.
class Tasks {
 public:
  constexpr Tasks(std::initializer_list<data::Task> tasks) {
    for (const data::Task task : tasks) bits_ |= 1U << static_cast<unsigned>(task);
  }
  constexpr bool contain(data::Task task) const { return (bits_ >> static_cast<unsigned>(task) & 1U) != 0; }

 private:
  unsigned bits_ = 0;
};
inline constexpr Tasks kOfDecisions = {data::Task::binary, data::Task::classes, data::Task::labels};

/// One kind of rate: what a cell of label (or stored decision) 0 and one of 1 add to its numerator and its denominator.
/// Cells are those of one outcome; of a rate that counts rows once, of all outcomes together, or of one figure.
struct RateEntry {
  const char* name;        ///< in the config: "tpr"
  const char* short_name;  ///< in titles: "TPR"
  const char* long_name;   ///< in sentences: "true positive rate"
  const char* meaning;     ///< in the documentation
  RateFamily family;
  CellShare numerator[2];    ///< [label, or stored decision]
  CellShare denominator[2];  ///< [label, or stored decision]
  Against against = Against::labels;
  Tasks tasks = kOfDecisions;
  Scope scope = Scope::outcome;
  const char* figure = "";  ///< of a regression: the figure it is about (data::regression_figures)
  bool by_score = false;    ///< of the rows whose score is in one bin: then cells are cut by score
};

/// All kinds of rate. A new kind is one row of this table (rates.cpp): docs/guides/add_a_rate.md. A name may have a row for
/// each task; what does not hang on the task, such as titles and family, is the same in all.
const std::vector<RateEntry>& rate_entries();
/// The first of that name; nullptr when there is none.
const RateEntry* find_rate(const std::string& name);
/// That of a task; nullptr when the task has none of that name.
const RateEntry* find_rate(const std::string& name, data::Task task);
/// Of a name that is known to be there.
const RateEntry& rate_entry(const std::string& name);
const RateEntry& rate_entry(const std::string& name, data::Task task);
/// Each name once; those of a task.
std::vector<std::string> rate_names();
std::vector<std::string> rate_names(data::Task task);

/// Whether the rate is a mean that may lie below 0: then a bound may be any number, and a ratio says nothing.
bool may_be_negative(const RateEntry& entry);

/// Whether a constraint says, or takes in turn, of which outcomes the rate is: a class, a label, a threshold.
bool is_of_an_outcome(const RateEntry& entry, data::Task task);

/// Whether the denominator hangs on the decisions, as that of precision: without a selected row there is no rate.
bool depends_on_decisions(const RateEntry& entry);

/// Whether it is so whatever labels there are: nobody need be selected (PPV), or rejected (FOR); of F1 positives always count.
bool may_be_empty(const RateEntry& entry);

/// Whether the rate needs a data set with stored decisions, by which cells are then cut.
bool needs_stored_decisions(const RateEntry& entry);

/// [C] what a rate of this kind holds the decisions of each cell against, 0 or 1; -1 where that is not known.
std::vector<int> sides_of_cells(const RateEntry& entry, const data::Cells& cells);

/// Whether the rate is of the rows whose score is in one bin; one whose kind is not named is not.
bool is_by_score(const Rate& rate);

/// How often the target's unit is in a rate: 1 of mean predictions and residuals, 2 of squared errors, 0 of all others.
int unit_power(const RateEntry& entry);

/// The weight of all rows where all conditions hold, whatever is decided; each row once.
LinearForm weight_of(const data::Cells& cells, const std::vector<Condition>& where);

/// The rate of `kind` over the rows where all conditions hold; rows whose stored decision is not known are no part of a rate
/// that needs it.
Rate make_rate(const std::string& kind, const data::Cells& cells, std::vector<Condition> where);

/// What one row of a cell adds to a rate, whether its decision is negative [0] or positive [1]. Losses are left out.
struct RowShare {
  std::int32_t cell = 0;
  double numerator[2] = {0, 0};
  double denominator[2] = {0, 0};
};
/// Each cell of either form once, ascending.
std::vector<RowShare> row_shares(const Rate& rate);

}  // namespace equipoise::constraints
