#include "engine/cli/resuming.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/checkpoint/identity.h"
#include "engine/cli/run_identity.h"
#include "engine/cli/set_aside.h"
#include "engine/cli/shell_words.h"
#include "engine/core/error.h"
#include "engine/core/refusals.h"

namespace equipoise::cli {
namespace {

constexpr const char* kFinished = "finished";  // in place of a path
constexpr const char* kNeither = "what is trained is then neither the one run nor the other";
constexpr const char* kAnew = "without --resume output.overwrite=true begins anew";

// Returns whether there are any.
bool take_newest_whole(ClaimedRun& run, core::Journal& journal) {
  const std::filesystem::path folder = run.folder.file(run_files::kCheckpoints);
  run.checkpoint = newest_whole(folder, journal);
  return run.checkpoint || !checkpoint::list_checkpoints(folder).empty();
}

core::UserError nothing_to_resume(const std::string& why) {
  return core::UserError(core::Fault::data, "there is nothing to resume: " + why);
}

// The field, or the whole element of a list that one of the two runs does not have.
std::string part_to_allow(const checkpoint::Difference& one) {
  const std::size_t end = one.there && one.now ? std::string::npos : one.field.rfind(']');
  return end == std::string::npos ? one.field : one.field.substr(0, end + 1);
}

// "--allow-change training.epochs --allow-change 'constraints[0].tolerance'"
std::string options_for(const std::vector<checkpoint::Difference>& differing) {
  std::vector<std::string> parts;
  for (const checkpoint::Difference& one : differing)
    if (std::string part = part_to_allow(one); std::ranges::find(parts, part) == parts.end())
      parts.push_back(std::move(part));
  std::vector<std::string> words;
  for (const std::string& part : parts) words.insert(words.end(), {"--allow-change", part});
  return shell_line(words);
}

// Why there is no going on with what is finished, and what there is instead.
std::string without_checkpoint(bool has_any) {
  return fmt::format("it has no {}checkpoint to go on from{}; choose another output.run; {}", has_any ? "whole " : "",
                     has_any ? "" : " (checkpoint.every_seconds and every_steps say when one is saved)", kAnew);
}

// There must be something to go on with, and the run has become all that is asked for.
core::UserError finished_as_asked(const std::string& path, bool has_checkpoint) {
  return nothing_to_resume(fmt::format(
      "the run in '{}' is finished, and is what is asked for; {}", path,
      has_checkpoint ? "to train it for longer, ask for more: training.epochs=N --allow-change training.epochs"
                     : without_checkpoint(false)));
}

ClaimedRun claim_finished(ClaimedRun run, const training::RunConfig& config, Resume resume,
                          const std::vector<std::string>& allowed, core::Journal& journal) {
  run.folder.keep();
  const std::string path = run.folder.path().string();
  const std::vector<checkpoint::Difference> differing = differences_from_finished(run.folder.path(), config);
  if (differing.empty() && resume == Resume::must)
    throw finished_as_asked(path, !checkpoint::list_checkpoints(run.folder.file(run_files::kCheckpoints)).empty());
  run.is_finished = differing.empty();
  if (run.is_finished) return run;
  const auto refusal = [&](const std::vector<checkpoint::Difference>& what, const std::string& advice) {
    return core::UserError(core::Fault::config,
                           fmt::format("the run in '{}' is finished, and is not what is asked for:{}\n{}", path,
                                       checkpoint::to_lines(what), advice));
  };
  const bool has_any = take_newest_whole(run, journal);
  if (!run.checkpoint) throw refusal(differing, "And " + without_checkpoint(has_any));
  const std::vector<checkpoint::Difference> left = checkpoint::without(differing, allowed);
  if (!left.empty())
    throw refusal(left, fmt::format("Choose another output.run, or go on from its last checkpoint with --resume {}; {}",
                                    options_for(left), kNeither));
  run.folder.go_on();
  return run;
}

}  // namespace

Resume resume_from(const std::string& word) {
  if (word.empty()) return Resume::no;
  if (word == "true") return Resume::must;
  if (word == "auto") return Resume::automatic;
  throw core::UserError(core::Fault::config,
                        fmt::format("--resume is '{}', expected nothing after it (--resume) or --resume=auto", word));
}

Resume resume_from(const std::string& word, const std::vector<std::string>& allowed) {
  const Resume resume = resume_from(word);
  if (resume == Resume::no && !allowed.empty())
    throw core::UserError(core::Fault::config, "--allow-change is about a run that goes on: it needs --resume");
  return resume;
}

std::vector<std::string> words_to_go_on(const training::OutputParams& output, const RunFolder& folder,
                                        const std::vector<std::string>& fail_on) {
  std::vector<std::string> words;
  if (output.run.empty()) words.push_back("output.run=" + folder.path().filename().string());
  if (!fail_on.empty()) words.push_back(fmt::format("--fail-on={}", fmt::join(fail_on, ",")));
  words.emplace_back("--resume");
  return words;
}

ClaimedRun claim_run(const training::RunConfig& config, const RunMarker& marker, Resume resume,
                     const std::vector<std::string>& allowed, const config::Origin& origin, core::Journal& journal) {
  if (resume == Resume::no) return {RunFolder::claim(config.output, config.name, marker, origin)};
  std::optional<RunFolder> earlier = RunFolder::reclaim(config.output, config.name, marker, origin);
  if (!earlier) {
    if (resume == Resume::must)
      throw nothing_to_resume(fmt::format("no run '{}' stands in '{}'; --resume=auto starts a new run then",
                                          config.output.run.empty() ? folder_name(config.name) : config.output.run,
                                          config.output.folder));
    journal.say("There is no run to go on with: a new one begins.");
    return {RunFolder::claim(config.output, config.name, marker, origin)};
  }
  ClaimedRun run{std::move(*earlier)};
  if (run.folder.earlier_status() == "finished")
    return claim_finished(std::move(run), config, resume, allowed, journal);
  const std::string path = run.folder.path().string();
  const bool has_any = take_newest_whole(run, journal);
  if (run.checkpoint) {
    run.folder.go_on();
  } else if (has_any) {
    // What is damaged may be worth something to its owner: a new run would remove it.
    run.folder.keep();
    throw nothing_to_resume(fmt::format("'{}' has no whole checkpoint; {}", path, kAnew));
  } else if (has_set_aside(run.folder.path())) {
    run.folder.keep();
    throw nothing_to_resume(
        fmt::format("'{}' has no checkpoint, and its 'earlier' has the model that it had before; {}", path, kAnew));
  } else if (resume == Resume::must) {
    run.folder.keep();
    throw nothing_to_resume(fmt::format("'{}' has no checkpoint; --resume=auto starts its run anew then", path));
  } else {
    journal.say(fmt::format("'{}' has no checkpoint: its run begins anew.", path));
  }
  return run;
}

std::optional<checkpoint::Checkpoint> newest_whole(const std::filesystem::path& checkpoints, core::Journal& journal) {
  for (const checkpoint::Saved& saved : checkpoint::list_checkpoints(checkpoints)) {
    try {
      return checkpoint::read_checkpoint(saved);
    } catch (const checkpoint::Damaged& error) {
      journal.warn(fmt::format("The checkpoint '{}' is damaged and passed over: {}.", saved.path.filename().string(),
                               error.what()));
    }
  }
  return std::nullopt;
}

training::CheckpointPlan plan_of(ClaimedRun& run, const training::RunConfig& config, checkpoint::Fields identity,
                                 std::function<void()> before_saving) {
  training::CheckpointPlan plan;
  plan.params = config.checkpoint;
  plan.folder = run.folder.file(run_files::kCheckpoints);
  plan.belongs_to = std::move(identity);
  plan.resume = std::move(run.checkpoint);
  plan.holds_an_earlier_run = run.folder.holds_an_earlier_run() && !plan.resume;
  plan.before_saving = std::move(before_saving);
  return plan;
}

int answer_finished(const RunFolder& folder, const Console& console) {
  console.print(fmt::format("The run in {} is finished: there is nothing to go on with.\n", folder.path().string()));
  console.print_json({{"outcome", "finished"}, {"run", folder.path().string()}, {"exit_code", 0}});
  return 0;
}

void tell_ranks(const distributed::Ranks& ranks, const ClaimedRun& run) {
  const std::string folder = run.folder.file(run_files::kCheckpoints).string();
  ranks.gather(run.is_finished ? kFinished : run.checkpoint ? fmt::format("{}/{}", folder, run.checkpoint->name) : "");
}

ClaimedCheckpoint hear_of_checkpoint(const distributed::Ranks& ranks) {
  const std::string said = ranks.gather("").front();
  if (said.empty()) return {};
  if (said == kFinished) return {.is_finished = true};
  const std::filesystem::path path = said;
  for (const checkpoint::Saved& saved : checkpoint::list_checkpoints(path.parent_path()))
    if (saved.path == path) return {checkpoint::read_checkpoint(saved)};
  throw core::UserError(
      core::Fault::data,
      fmt::format("rank {} does not see the checkpoint '{}' that rank 0 goes on from: ranks on several "
                  "machines need one folder for runs",
                  ranks.rank(), said));
}

void check_same_run(const ClaimedRun& run, const training::RunConfig& config, const checkpoint::Fields& now,
                    const std::vector<std::string>& allowed, core::Journal& journal) {
  const checkpoint::Fields saved = run.checkpoint ? run.checkpoint->belongs_to : checkpoint::Fields();
  check_allowed_fields(allowed, config, saved, now);
  if (!run.checkpoint) return;
  std::vector<std::string> all = allowed;
  all.emplace_back(kProcessor);
  const std::vector<checkpoint::Difference> differing = checkpoint::without(differences_of_runs(saved, now), all);
  if (!differing.empty())
    throw core::UserError(core::Fault::config,
                          fmt::format("the checkpoint '{}' {}:{}\nGo on with the run as it was, or accept what differs "
                                      "with {}; {}",
                                      run.checkpoint->name, core::refusals::kOtherRun, checkpoint::to_lines(differing),
                                      options_for(differing), kNeither));
  const auto value_in = [](const checkpoint::Fields& fields) {
    const auto found = std::ranges::find(fields, kProcessor, &std::pair<std::string, std::string>::first);
    return found == fields.end() ? "" : found->second;
  };
  const std::string before = value_in(saved), after = value_in(now);
  if (before != after)
    journal.warn(fmt::format(
        "The checkpoint was written on a processor with {} and the run goes on with {}: the last bits of its sums may "
        "differ from those of a run that was never stopped.",
        before, after));
}

const training::TrainingResult* saved_among(const std::vector<training::TrainingResult>& results) {
  const auto saved = std::ranges::find_if(results, [](const auto& r) { return r.interrupted && r.saved_step > 0; });
  return saved == results.end() ? nullptr : &*saved;
}

void say_way_on(const training::TrainingResult& stopped, const std::string& line, core::Journal& journal) {
  journal.say(fmt::format("The run was {}, and is saved as it was after step {}. To go on: {}",
                          stopped.interrupted->what(), stopped.saved_step, line));
}

}  // namespace equipoise::cli
