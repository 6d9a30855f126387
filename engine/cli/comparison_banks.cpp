// The part of a comparison that trains: the runs of one seed that go together, and how they survive.
#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "engine/cli/comparison.h"
#include "engine/cli/comparison_journals.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/made_rows_audit.h"
#include "engine/cli/measuring.h"
#include "engine/cli/member_folders.h"
#include "engine/cli/resuming.h"
#include "engine/cli/run_identity.h"
#include "engine/cli/run_tracking.h"
#include "engine/cli/shell_words.h"
#include "engine/cli/starting_multipliers.h"
#include "engine/cli/starting_weights.h"
#include "engine/core/files.h"

namespace equipoise::cli {

// The runs that train together at one seed.
struct Comparison::Bank {
  std::int64_t seed = 0;
  const std::vector<std::size_t>& arms;
  std::size_t first_number = 0;    // of the seed's folders
  const SeedData* data = nullptr;  // once they are read
  bool has_begun = false;          // its folders
  std::vector<training::RunConfig> members = {};
  std::vector<constraints::ConstraintTable> tables = {};
  std::vector<std::string> commands = {};
  std::vector<RunFolder> folders = {};
  std::optional<audit::ArtifactAudit> artifacts = {};
  training::CheckpointPlan checkpoints = {};

  RunInputs inputs(std::size_t run, const ConfigFile& file) const {
    return {members[run], data->prepared, tables[run], commands[run], file, artifacts};
  }
};

namespace {

bool is_of(const checkpoint::Fields& saved, const checkpoint::Fields& now) {
  const auto counts = [](const std::pair<std::string, std::string>& field) {
    return !field.first.ends_with(kProcessor);
  };
  return std::ranges::equal(saved | std::views::filter(counts), now | std::views::filter(counts));
}

// What a bank had saved when its comparison was stopped. That of another is of runs that have finished since, or that another program began;
// one that cannot be read costs this bank's steps, and no run that has finished.
std::optional<checkpoint::Checkpoint> left_by(const training::CheckpointPlan& plan, core::Journal& journal) {
  try {
    std::optional<checkpoint::Checkpoint> found = newest_whole(plan.folder, journal);
    if (found && is_of(found->belongs_to, plan.belongs_to)) return found;
  } catch (const core::UserError& error) {
    journal.warn(fmt::format("What the runs that were training had saved is passed over: {}.", error.what()));
  }
  return std::nullopt;
}

}  // namespace

// Once a run has its folder, what goes wrong is the disk's, and no arm's.
void Comparison::train_bank(std::size_t seed, const std::vector<std::size_t>& arms) {
  Bank bank{inputs_.seeds[seed], arms, seed * inputs_.arms.size()};
  try {
    bank.data = &data_of(arms.front(), bank.seed);
    train(bank);
  } catch (const core::UserError& error) {
    if (bank.has_begun || error.fault() == core::Fault::memory || !are_files_as_before()) throw;
    count_out(bank, error);
  }
}

// Then another seed is another split of the same rows, and nothing else. Throws for a file that is gone. Those of a folder of pictures are
// not read again.
bool Comparison::are_files_as_before() const {
  return std::ranges::all_of(report_.files, [](const data::Fingerprint& file) {
    std::error_code error;
    return std::filesystem::is_directory(file.path, error) || core::sha256_of_file(file.path) == file.sha256;
  });
}

void Comparison::count_out(const Bank& bank, const core::UserError& error) {
  for (const std::size_t arm : bank.arms) {
    report::ComparedRun& run = runs_[bank.first_number + arm].told;
    run.arm = static_cast<std::int64_t>(arm);
    run.seed = bank.seed;
    run.outcome = "failed";
    run.failure = in_one_line(error);
    journal_.warn(fmt::format("{}, seed {}: it cannot be trained there and is not counted: {}", inputs_.arms[arm].name,
                              bank.seed, run.failure));
  }
}

void Comparison::train(Bank& bank) {
  std::string who;
  for (const std::size_t arm : bank.arms) {
    bank.members.push_back(config_of(arm, bank.seed));
    std::vector<std::string> words = inputs_.train_command;
    // The comparison's own name is taken.
    std::erase_if(words, [](const std::string& word) { return word.starts_with("output.run="); });
    words.insert(words.end(), inputs_.arms[arm].overrides.begin(), inputs_.arms[arm].overrides.end());
    words.push_back(fmt::format("seed={}", bank.seed));
    bank.commands.push_back(shell_line(words));
    who += (who.empty() ? "" : ", ") + inputs_.arms[arm].name;
  }
  const std::size_t all = inputs_.seeds.size() * inputs_.arms.size();
  who += fmt::format(", seed {}", bank.seed);
  const std::string where = fmt::format("run {} of {}: {}", runs_.size() + 1, all, who);
  // Those that are only measured again take no time to speak of.
  const auto is_trained = [&](const auto& run) { return !finished_.contains(run.first); };
  const auto trained = static_cast<std::size_t>(std::ranges::count_if(runs_, is_trained));
  BankJournal journal(journal_, said_, {trained, bank.arms.size(), all - finished_.size(), where, who, start_});
  for (const std::string& warning : bank.data->warnings) journal.warn(warning);

  const config::Origin& origin = inputs_.origins[bank.arms.front()];
  const at::Device device = training::choose_device(bank.members.front(), origin, journal);
  report_.device = device_text(device);
  bank.tables = compile_tables(bank.members, bank.data->prepared.dataset, origin, journal);
  const training::RunConfig& first = bank.members.front();
  const training::Start start = {starting_multipliers(first, bank.tables.front(), origin, journal),
                                 starting_weights(first, bank.data->prepared.dataset, origin, journal)};
  plan_checkpoints(bank, device, journal);
  bank.artifacts = audit_made_rows(first, bank.data->prepared.dataset, origin, journal);
  std::vector<training::TrainingResult> results =
      training::train(bank.members, bank.data->prepared.dataset, bank.tables, device, origin, journal,
                      {[&](std::size_t run, const evaluation::Measurement& measurement) {
                         begin(bank, journal);
                         add_measurement(bank.folders[run], measurement, journal);
                       },
                       start, training::StopRun(),
                       bank.checkpoints.params.is_on() || bank.checkpoints.resume ? &bank.checkpoints : nullptr});
  begin(bank, journal);
  if (const auto* stopped = saved_among(results); stopped && stopped->interrupted->starts_again())
    leave(bank, *stopped, journal);
  else
    finish(bank, device, results, journal);
}

// Under the comparison's own name: what is saved there is of the runs that train, one bank at a time.
void Comparison::plan_checkpoints(Bank& bank, const at::Device& device, core::Journal& journal) {
  training::CheckpointPlan& plan = bank.checkpoints;
  plan.params = inputs_.config.checkpoint;
  plan.folder = folder_.file(run_files::kCheckpoints);
  for (std::size_t run = 0; run < bank.members.size(); ++run)
    for (auto& [field, value] : run_identity(bank.members[run], bank.data->prepared, device))
      plan.belongs_to.emplace_back(fmt::format("members[{}].{}", run, field), std::move(value));
  if (folder_.goes_on()) plan.resume = left_by(plan, journal);
  plan.holds_an_earlier_run = folder_.holds_an_earlier_run() && !folder_.goes_on() && !folder_.has_begun();
  plan.before_saving = [this, &bank, &journal, goes_on = plan.resume.has_value()] {
    if (!goes_on) folder_.remove_checkpoints();  // of other runs
    begin(bank, journal);
    folder_.keep();
  };
}

void Comparison::begin(Bank& bank, core::Journal& journal) {
  if (bank.has_begun) return;
  bank.has_begun = true;
  begin_folder(journal);
  for (std::size_t run = 0; run < bank.arms.size(); ++run) {
    const std::size_t number = bank.first_number + bank.arms[run];
    folder_.remove_member(number);  // one that was cut off
    bank.folders.push_back(folder_.claim_member(number, marker_of(bank.commands[run], inputs_.file)));
    begin_run(bank.folders.back(), bank.inputs(run, inputs_.file), journal);
  }
}

// What a scheduler stopped: nothing is measured in the seconds that are left.
void Comparison::leave(Bank& bank, const training::TrainingResult& stopped, core::Journal& journal) {
  for (std::size_t run = 0; run < bank.folders.size(); ++run) {
    bank.folders[run].finish("interrupted");
    stop_tracking(bank.folders[run], journal);
    report::ComparedRun one;
    one.arm = static_cast<std::int64_t>(bank.arms[run]);
    one.seed = bank.seed;
    one.folder = name_in(folder_.path(), bank.folders[run].path());
    one.outcome = "interrupted";
    runs_[bank.first_number + bank.arms[run]] = Run{std::move(one)};
  }
  stopped_ = *stopped.interrupted;
  saved_step_ = stopped.saved_step;
}

void Comparison::finish(Bank& bank, const at::Device& device, std::vector<training::TrainingResult>& results,
                        core::Journal& journal) {
  for (std::size_t run = 0; run < results.size(); ++run) {
    training::TrainingResult& result = results[run];
    finish_run(bank.folders[run], bank.inputs(run, inputs_.file), device, result, journal);
    folder_.keep();
    report::ComparedRun one;
    one.arm = static_cast<std::int64_t>(bank.arms[run]);
    one.seed = bank.seed;
    one.folder = name_in(folder_.path(), bank.folders[run].path());
    one.outcome = result.outcome;
    one.failure = result.failure;
    one.members = result.members;
    if (result.interrupted) stopped_ = *result.interrupted;
    Run& kept = runs_[bank.first_number + bank.arms[run]];
    kept = one.outcome == "finished" ? measured(std::move(one), *bank.data, device, *result.learner, result.mixture)
                                     : Run{std::move(one)};
  }
  if (!stopped_) folder_.remove_checkpoints();
}

}  // namespace equipoise::cli
