#pragma once

#include <string>
#include <vector>

#include "engine/constraints/params.h"
#include "engine/data/task.h"

namespace equipoise::constraints {

/// What a kind of constraint says of its rates: that they agree between groups, that each lies on one side of a bound,
/// whatever the terms of the config say, or that the largest is as small as it can be: an aim, and no promise.
enum class Demand { parity, bound, linear, worst };

/// One kind of constraint.
struct KindEntry {
  const char* name;     ///< in the config
  const char* title;    ///< in sentences
  const char* meaning;  ///< in the documentation
  Demand demand;
  std::vector<const char*> rates;  ///< empty: the config names one (`rate`), or in each term
  const char* form = "";           ///< the only form it has; "": the config's
  double tolerance = 0;            ///< the only tolerance it has; 0: the config's
  const char* side = "";           ///< of a bound, the only side that it takes: at_most or at_least; "": either
};

/// All kinds of constraint. A new one is one row of this table (kinds.cpp).
const std::vector<KindEntry>& kind_entries();
/// nullptr when there is none of that name.
const KindEntry* find_kind(const std::string& name);
std::vector<std::string> kind_names();

/// One figure that a constraint holds below a tolerance: which rate, in which form. docs/math.md has the forms.
struct Demanded {
  std::string rate;  ///< "" of form linear
  std::string form;
  double tolerance = 0;
};

/// Whether the constraint has a tolerance that the config may set: parity that is not of a fixed one. Unknown kinds have.
bool has_tolerance(const ConstraintParams& wanted);

/// The rates that a constraint is about, as the config names them: there may be none of a name.
std::vector<std::string> rates_of(const ConstraintParams& wanted);

/// Whether the task has all rates of the constraint.
bool fits(const ConstraintParams& wanted, data::Task task);

/// Whether some rate of the constraint needs stored decisions (rates.h).
bool needs_stored_decisions(const ConstraintParams& wanted);

/// Whether some rate of the constraint is of the rows whose score is in one bin (rates.h: by_score).
bool is_calibration(const ConstraintParams& wanted);

/// Above which numbers predictions are counted: ascending, each once.
std::vector<double> thresholds_named(const std::vector<ConstraintParams>& constraints);

/// What a constraint demands of the groups of each of its groupings; its kind must be known.
std::vector<Demanded> demands_of(const ConstraintParams& wanted);

}  // namespace equipoise::constraints
