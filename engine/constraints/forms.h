#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/constraints/rates.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// What a figure is the largest of, over the estimable levels: differences of pairs of rates, differences to everyone's
/// or to the reference's rate in both directions, each rate alone, each in both directions from 0, or the one weighted sum of
/// all.
enum class Comparison { pairs, everyone, reference, alone, zero, sum };

/// One form: how a figure is made of rates, and the rows that keep it at or below a tolerance. The figure is
/// offset + sign * the largest of what `comparison` says, of logarithms 1 - exp of minus it.
struct FormEntry {
  const char* name;
  Comparison comparison;
  bool of_logarithms;
  double offset, sign;       ///< 0 and 1 but for at_least, which is about one minus the smallest rate
  std::size_t least_levels;  ///< fewer estimable ones: no figure
  /// Appends the rows (and the band) of table.promises[promise] over its estimable levels.
  void (*add_rows)(ConstraintTable& table, std::size_t promise);
  /// The figure over `compared`, the defined rates of the estimable levels (least_levels or more).
  double (*gap)(const Promise& promise, const std::vector<double>& compared, const std::vector<double>& rates);
  /// The largest difference between the rates of any two levels that the tolerance leaves room for.
  double (*room)(double tolerance);
};

/// All forms. A new form is one row of this table (forms.cpp).
const std::vector<FormEntry>& form_entries();
/// nullptr when there is none of that name.
const FormEntry* find_form(const std::string& name);
/// Of a name that is known to be there.
const FormEntry& form_entry(const std::string& name);
/// Those among which `form` of a parity constraint chooses.
std::vector<std::string> parity_form_names();

/// Whether the promise has what it compares: enough estimable levels, in form reference that one among them, in form
/// linear all terms.
bool comparable(const Promise& promise);

/// Whether its figure is a distance between groups: not a bound, nor a sum.
bool compares_groups(const Promise& promise);

/// In what a promise's figure is shown: a difference of shares in percentage points, a ratio's distance from 1 in
/// percent, a share as it is or (floor) one minus it in percent, or a plain number.
enum class Unit { points, percent, share, floor, number };
Unit unit_of(const Promise& promise);
/// A figure, or a tolerance, as people speak of it: of at_least the smallest rate, not one minus it.
double spoken(const Promise& promise, double figure);
const char* name_of(Unit unit);  ///< "points", ...

}  // namespace equipoise::constraints
