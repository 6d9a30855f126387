#pragma once

#include <string>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// One kind of constraint: the rates that must agree between groups.
struct KindEntry {
  const char* name;   ///< in the config
  const char* title;  ///< in sentences
  std::vector<RateKind> rates;
};

/// All kinds of constraint. A new parity constraint is one row of this table (kinds.cpp).
const std::vector<KindEntry>& kind_entries();
/// nullptr when there is none of that name.
const KindEntry* find_kind(const std::string& name);
std::vector<std::string> kind_names();

}  // namespace equipoise::constraints
