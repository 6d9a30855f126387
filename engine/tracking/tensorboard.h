#pragma once

#include "engine/tracking/sink.h"

namespace equipoise::tracking {

/// What a TensorBoard event file's name begins with.
inline constexpr const char* kEventFilePrefix = "events.out.tfevents.";

/// A new event file in the run's folder: settings and outcome for the hparams table, every figure as a curve, a margin chart
/// for each promise (custom scalars). Where the folder has event files of an earlier start of this run, as after a resume, steps
/// that are in them are not written again. Throws UserError (data) where the file cannot be written.
Sink tensorboard_sink(const RunFacts& facts);

/// The settings that people vary, which the hparams table has columns of.
std::vector<Setting> varied_settings(const RunFacts& facts);

}  // namespace equipoise::tracking
