#pragma once

#include <cstddef>
#include <map>
#include <vector>

#include "engine/cli/run_folder.h"
#include "engine/cli/saved_run.h"
#include "engine/core/journal.h"
#include "engine/report/report.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// A run that a comparison which goes on has already.
struct FinishedMember {
  SavedRun run;
  data::EncoderPointer encoder;
  report::Report report;
};

/// The runs of an earlier comparison that have finished, by number, where member N is that of configs[N]; says how many, and warns where they
/// were trained by another build of this program. Touches nothing. Throws UserError: (config) for a finished run of another config, of
/// data files or a module with other bytes, of an earlier run that was trained again since, or that is not asked for any more, naming what
/// differs; (data) for one whose files cannot be read, and for what stands where a run is to be made and is none.
std::map<std::size_t, FinishedMember> finished_members(const RunFolder& comparison,
                                                       const std::vector<training::RunConfig>& configs,
                                                       core::Journal& journal);

/// Warns where some have parts that an MLflow server has not got: they tell it no more by themselves.
void warn_of_unsent(const std::map<std::size_t, FinishedMember>& finished, const RunFolder& comparison,
                    core::Journal& journal);

/// Throws UserError (data) where the model no longer has the loss on these rows that its report has.
void check_as_reported(const FinishedMember& member, const evaluation::SplitResult& measured);

}  // namespace equipoise::cli
