#pragma once

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

/// One kind of rate: what a cell of label (or stored decision) 0 and one of 1 add to its numerator and its denominator.
struct RateEntry {
  const char* name;        ///< in the config: "tpr"
  const char* short_name;  ///< in titles: "TPR"
  const char* long_name;   ///< in sentences: "true positive rate"
  const char* meaning;     ///< in the documentation
  RateFamily family;
  CellShare numerator[2];    ///< [label, or stored decision]
  CellShare denominator[2];  ///< [label, or stored decision]
  Against against = Against::labels;
};

/// All kinds of rate. A new kind is one row of this table (rates.cpp): docs/guides/add_a_rate.md.
const std::vector<RateEntry>& rate_entries();
/// nullptr when there is none of that name.
const RateEntry* find_rate(const std::string& name);
/// Of a name that is known to be there.
const RateEntry& rate_entry(const std::string& name);
std::vector<std::string> rate_names();

/// Whether the denominator hangs on the decisions, as that of precision: without a selected row there is no rate.
bool depends_on_decisions(const RateEntry& entry);

/// Whether the rate needs a data set with stored decisions, by which cells are then cut.
bool needs_stored_decisions(const RateEntry& entry);

/// [C] what a rate of this kind holds the decisions of each cell against, 0 or 1; -1 where that is not known.
std::vector<int> sides_of_cells(const RateEntry& entry, const data::Cells& cells);

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
