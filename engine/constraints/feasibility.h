#pragma once

#include <cstdint>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/row_counts.h"
#include "engine/constraints/table.h"

namespace equipoise::constraints {

/// Whether any decisions at all on the training rows, not even ones that know the label, hold the constraints together.
///
/// The rows of a cell that are decided positive have a weight H_c in [0, n_c]. In H every rate whose denominator does not
/// depend on decisions is linear, and so is a bound r <= b of any rate of shares, as N - b D <= 0 (it holds where D is 0,
/// and there is no rate). A band has a free variable for its middle (docs/math.md). So the rows of the table are a linear
/// program, but for parity between rates whose denominator depends on decisions and for losses and other means: those are left out,
/// which can only let more pass, as does that H need not be a sum of whole rows, nor of several classes one a row. A set that fails here fails for every model.

/// The constraints, ascending, of a set that cannot be held together, though without any one of them it can; none where
/// all can be. One or two constraints, where one or two fail.
std::vector<std::int32_t> conflicting_constraints(const ConstraintTable& table, const RowCounts& counts);

/// Throws UserError (config), at the last of the conflicting constraints, that names them all.
void check_feasibility(const ConstraintTable& table, const RowCounts& counts, const config::Origin& origin);

}  // namespace equipoise::constraints
