// What varies in a sweep, as a sweep file, a W&B file or the command line says it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/config/outline.h"
#include "engine/config/tree.h"
#include "engine/core/error.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {

/// Numbers that are drawn, not listed.
struct Interval {
  enum class Kind { even, normal };
  Kind kind = Kind::even;
  double low = 0, high = 1;  ///< ends, or mean and standard deviation of a normal one
  bool is_log = false;       ///< the logarithm is even, or normal
  bool is_whole = false;
  double step = 0;  ///< rounded to its multiples, of which those between the ends are drawn; 0: not

  /// The value below which the share `u`, in (0, 1), of all draws lies.
  double at(double u) const;
  /// Whether nothing that could be drawn lies between the ends.
  bool is_empty() const;
  /// The nearest whole number, or multiple of the step, between the ends; the number itself where anything may be
  /// drawn.
  double nearest(double value) const;
};

/// A field that must have one of these values for an axis to apply.
struct Condition {
  std::string field;
  std::vector<Value> values;
};

struct Axis {
  std::string name;                        ///< as it was written
  std::vector<std::string> fields;         ///< of the config; several where they are paired
  std::vector<std::vector<Value>> values;  ///< [choices][fields]; none where there is an interval
  std::vector<double> probabilities;       ///< [choices] with which they are drawn; none: all alike
  std::optional<Interval> interval;
  std::vector<Condition> when;  ///< all of them
  core::Position position;
};

/// The mapping under `axes`. `fields` are the config's. What is wrong becomes a problem at its place: a field that the config
/// does not have (with the nearest name), an empty list, two axes on one field, a condition on a field that varies later.
std::vector<Axis> axes_from(const config::Node& node, const std::vector<config::Field>& fields,
                            std::vector<core::Problem>& problems);

/// "model" holds "model.kind" and itself, and "constraints" holds "constraints[0].tolerance".
bool holds_field(const std::string& outer, const std::string& inner);

}  // namespace equipoise::sweep
