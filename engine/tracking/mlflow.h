#pragma once

#include <memory>

#include "engine/tracking/params.h"
#include "engine/tracking/sender.h"
#include "engine/tracking/sink.h"

namespace equipoise::tracking {

/// Puts what a run does into the outbox of its folder and wakes the sender. A run that goes on where an earlier start left
/// off goes on under its run of then, without the steps that are in the outbox already. Throws UserError (data) where the folder's
/// files are damaged or cannot be written. `is_member`: of a bank or a comparison, whose sink was made before.
Sink mlflow_sink(const RunFacts& facts, const MlflowParams& params, bool is_member,
                 const std::shared_ptr<Sender>& sender);

}  // namespace equipoise::tracking
