#pragma once

#include <span>
#include <string>

#include "engine/config/field_problems.h"

namespace equipoise::config {

/// A number that only one kind of a section reads: a value of one's own under another kind is a mistake.
template <typename Params>
struct OwnNumber {
  const char* name;
  double Params::*value;
  const char* kind;
};

/// Refuses those of a table that differ from their default and that the section's kind does not read. `section`: "multipliers", `field`: what names
/// its kind, "update"; `kinds` what messages call one, "the update ", or "".
template <typename Params>
void refuse_unread(FieldProblems& problems, std::span<const OwnNumber<Params>> table, const Params& params,
                   const std::string& section, const std::string& field, const std::string& kind,
                   const std::string& kinds) {
  const Params usual;
  for (const OwnNumber<Params>& one : table)
    if (params.*one.value != usual.*one.value && kind != one.kind)
      problems.refuse(section + "." + one.name,
                      "it is of " + kinds + "'" + one.kind + "', and " + section + "." + field + " is '" + kind + "'");
}

}  // namespace equipoise::config
