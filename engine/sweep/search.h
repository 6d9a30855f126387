#pragma once

#include <functional>
#include <vector>

#include "engine/sweep/axes.h"
#include "engine/sweep/params.h"

namespace equipoise::sweep {

/// The value that a field has where no axis sets it.
using BaseValue = std::function<Value(const std::string& field)>;

/// The settings of a sweep one after the other, none of them kept: of a grid the last axis varies fastest; draws are a pure
/// function of params.seed and their number. Every setting comes once with each of params.seeds. Ends when `visit` returns false.
/// Axes whose conditions do not hold leave their fields as they are.
void each_point(const SweepParams& params, const std::vector<Axis>& axes, const BaseValue& base,
                const std::function<bool(const Point&)>& visit);

/// How many there are, at most: conditions are not looked at. A double, as it may be more than any whole number.
double most_points(const SweepParams& params, const std::vector<Axis>& axes);

/// Problems of conditions that no setting meets: neither the config nor any axis gives their field one of the values.
void check_conditions(const std::vector<Axis>& axes, const BaseValue& base, std::vector<core::Problem>& problems);

/// Problems of axes with the search: a grid of a range that has no count.
void check_search(const SweepParams& params, const std::vector<Axis>& axes, std::vector<core::Problem>& problems);

}  // namespace equipoise::sweep
