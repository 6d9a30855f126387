#pragma once

#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"

namespace equipoise::training {

/// The rows whose exact rates move the multipliers.
enum class MeasuredSplits { train, holdout, both, cross_fitted };

/// What `multipliers.measure_on` asks for. `auto` takes the training split while every cell that a rate needs is large
/// in it; small cells can be memorised, so then the holdout split is added (both), or alone where its own cells are
/// large enough; it says what it chose and why. Throws UserError (config) when the holdout is asked for and there is
/// none.
MeasuredSplits choose_measured_splits(const constraints::MultiplierParams& params,
                                      const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                      const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::training
