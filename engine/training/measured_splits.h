#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>

#include "engine/config/origin.h"
#include "engine/constraints/params.h"
#include "engine/constraints/table.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// The rows whose exact rates move the multipliers.
enum class MeasuredSplits { train, holdout, both, cross_fitted };
/// As multipliers.measure_on has it.
std::string word_of(MeasuredSplits measured);

/// Which rows moved the multipliers, for people: "The multipliers followed the exact rates of the training rows."
std::string sentence_of(MeasuredSplits measured, std::int64_t members);

/// How much arithmetic training takes: multiply-adds of the model's products for all rows of all epochs, whether one model
/// learns or one for each fold, and how much may be spent before it is called too long.
struct TrainingWork {
  double once = 0;   ///< of one model
  double limit = 0;  ///< of all folds' together: about a minute or two on two CPU cores
};
TrainingWork training_work(const RunConfig& config, const data::EncodedRows& layout, std::int64_t rows,
                           const at::Device& device);

/// What `multipliers.measure_on` asks for. `auto` cross-fits while that stays inside the limit of `work` and no rows are set
/// aside as a holdout. Else it takes the training split while every cell that a rate needs is large in it; small cells can
/// be memorised, so then the holdout split is added (both), or alone where its own cells are large enough. It says what it
/// chose and why. Throws UserError (config) when the holdout is asked for and there is none.
MeasuredSplits choose_measured_splits(const constraints::MultiplierParams& params,
                                      const constraints::ConstraintTable& table, const data::Dataset& dataset,
                                      const TrainingWork& work, const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::training
