#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/cli/console.h"
#include "engine/cli/run_folder.h"
#include "engine/core/journal.h"
#include "engine/distributed/ranks.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {

/// What --resume was given: nothing (a new run), alone (there must be something to go on with), or "auto" (go on where there is).
enum class Resume { no, must, automatic };
/// Throws UserError (config) for another word.
Resume resume_from(const std::string& word);
/// The same beside the words of --allow-change, which are about a run that goes on.
Resume resume_from(const std::string& word, const std::vector<std::string>& allowed);

/// The folder that a run writes, and the checkpoint that it goes on from.
struct ClaimedRun {
  RunFolder folder;
  std::optional<checkpoint::Checkpoint> checkpoint = {};
  bool is_finished = false;  ///< with nothing left to do: the folder is left as it is
};

/// A new run's folder, or that of an earlier one which --resume goes on with: output.run, or the one after the run's name with the highest
/// number. A damaged checkpoint is passed over with a warning, and the one before is taken. A finished run is gone on with where what differs from
/// what it was is `allowed`; where nothing does, --resume=auto leaves it. Throws UserError: (data) as RunFolder::claim, and where there must be something
/// and is not; (config) for a finished run that is not the one that is asked for.
ClaimedRun claim_run(const training::RunConfig& config, const RunMarker& marker, Resume resume,
                     const std::vector<std::string>& allowed, const config::Origin& origin, core::Journal& journal);

/// The newest checkpoint in a folder that is whole; damaged ones are passed over with a warning. Throws UserError (data) for one of another
/// format.
std::optional<checkpoint::Checkpoint> newest_whole(const std::filesystem::path& checkpoints, core::Journal& journal);

/// How a claimed run saves itself, and what it goes on from, which moves from `run` into the plan. `before_saving` begins its folder.
training::CheckpointPlan plan_of(ClaimedRun& run, const training::RunConfig& config, checkpoint::Fields identity,
                                 std::function<void()> before_saving);

/// What a command gains to go on with what stands in the folder: its name where the config gives none, --fail-on as it was, --resume.
std::vector<std::string> words_to_go_on(const training::OutputParams& output, const RunFolder& folder,
                                        const std::vector<std::string>& fail_on = {});

/// Answers for a finished run that is what is asked for.
int answer_finished(const RunFolder& folder, const Console& console);

/// The checkpoint that the first rank goes on from, as the others hear of it.
struct ClaimedCheckpoint {
  std::optional<checkpoint::Checkpoint> checkpoint = {};
  bool is_finished = false;
};
/// The first rank says where its checkpoint lies, and the others read it there: the folder of runs is one for all. Throws UserError (data) where it
/// is not.
void tell_ranks(const distributed::Ranks& ranks, const ClaimedRun& run);
ClaimedCheckpoint hear_of_checkpoint(const distributed::Ranks& ranks);

/// Throws UserError (config) where the checkpoint is of another run than `now` (run_identity) in any field that is not `allowed`; warns of another kind of
/// processor, which may round otherwise.
void check_same_run(const ClaimedRun& run, const training::RunConfig& config, const checkpoint::Fields& now,
                    const std::vector<std::string>& allowed, core::Journal& journal);

/// What saved itself when it was stopped, if anything did.
const training::TrainingResult* saved_among(const std::vector<training::TrainingResult>& results);
/// Says the line that goes on with it.
void say_way_on(const training::TrainingResult& stopped, const std::string& line, core::Journal& journal);

}  // namespace equipoise::cli
