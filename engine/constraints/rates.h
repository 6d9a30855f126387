#pragma once

#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// How much of each quantity of a cell enters a linear form.
struct CellShare {
  double weight = 0;
  double loss = 0;
  double positives = 0;
};

/// One kind of rate: what a cell of label 0 and one of label 1 add to its numerator and its denominator.
struct RateEntry {
  RateKind kind;
  const char* short_name;
  const char* long_name;
  CellShare numerator[2];    ///< [label]
  CellShare denominator[2];  ///< [label]
};

/// All kinds of rate. A new kind is one row of this table (rates.cpp) and its enumerator.
const std::vector<RateEntry>& rate_entries();
const RateEntry& rate_entry(RateKind kind);

/// The rate of `kind` over one level of the crossed grouping number `grouping` of `cells`; over everyone when
/// `grouping` is negative.
Rate make_rate(RateKind kind, const data::Cells& cells, int grouping, std::int32_t level);

}  // namespace equipoise::constraints
