#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// One form of parity: how a gap is made of rates, and the rows that keep it inside a tolerance.
struct FormEntry {
  const char* name;
  /// Appends the rows (and the band) of table.promises[promise] over its estimable levels.
  void (*add_rows)(ConstraintTable& table, std::size_t promise);
  /// The gap over `compared`, the defined rates of the estimable levels (two or more).
  double (*gap)(const Promise& promise, const std::vector<double>& compared, const std::vector<double>& rates);
  /// The largest difference between the rates of any two levels that the tolerance leaves room for.
  double (*room)(double tolerance);
};

/// All forms. A new form is one row of this table (forms.cpp).
const std::vector<FormEntry>& form_entries();
/// nullptr when there is none of that name.
const FormEntry* find_form(const std::string& name);
std::vector<std::string> form_names();

/// Whether the promise has what it compares: two estimable levels, and an estimable reference level in that form.
bool comparable(const Promise& promise);

}  // namespace equipoise::constraints
