#pragma once

#include <ATen/core/Tensor.h>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// The encoder of the run that training.warm_start names, by which inputs are to be encoded so that its weights mean the same; null
/// where it names none. Throws UserError (data) for a folder that is no run or is a bank.
data::EncoderPointer starting_encoder(const training::RunConfig& config, const config::Origin& origin);

/// What training.warm_start asks for: [members, P] the weights of the named run's model, of a mixture those of its most probable iterate;
/// undefined where it names none. Rows are encoded by starting_encoder's rules. Warns where the run's splits were others. Throws
/// UserError (data) for a run without a model and for one of another architecture.
at::Tensor starting_weights(const training::RunConfig& config, const data::Dataset& dataset,
                            const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::cli
