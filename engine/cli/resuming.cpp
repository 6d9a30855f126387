#include "engine/cli/resuming.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/checkpoint/identity.h"
#include "engine/cli/command.h"
#include "engine/cli/machine.h"
#include "engine/cli/saved_run.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace {

constexpr const char* kProcessor = "processor";
constexpr const char* kFinished = "finished";  // in place of a path

// Parts of the config that no weight hangs on.
constexpr std::array<std::string_view, 7> kFree = {"name",     "threads", "compare", "checkpoint",
                                                   "tracking", "ranks",   "output"};

bool is_free(const std::string& field) {
  const std::string part = field.substr(0, field.find_first_of(".["));
  return std::ranges::find(kFree, part) != kFree.end();
}

// Returns whether there are any.
bool take_newest_whole(ClaimedRun& run, core::Journal& journal) {
  const auto all = checkpoint::list_checkpoints(run.folder.file(run_files::kCheckpoints));
  for (const checkpoint::Saved& saved : all) {
    try {
      run.checkpoint = checkpoint::read_checkpoint(saved);
      break;
    } catch (const checkpoint::Damaged& error) {
      journal.warn(fmt::format("The checkpoint '{}' is damaged and passed over: {}.", saved.path.filename().string(),
                               error.what()));
    }
  }
  return !all.empty();
}

core::UserError nothing_to_resume(const std::string& why, bool has_damaged = false) {
  return core::UserError(core::Fault::data,
                         fmt::format("there is nothing to resume: {}; {}", why,
                                     has_damaged ? "without --resume output.overwrite=true begins anew"
                                                 : "--resume=auto starts a new run then"));
}

}  // namespace

Resume resume_from(const std::string& word) {
  if (word.empty()) return Resume::no;
  if (word == "true") return Resume::must;
  if (word == "auto") return Resume::automatic;
  throw core::UserError(core::Fault::config,
                        fmt::format("--resume is '{}', expected nothing after it (--resume) or --resume=auto", word));
}

ClaimedRun claim_run(const training::RunConfig& config, const RunMarker& marker, Resume resume, bool changes,
                     const config::Origin& origin, core::Journal& journal) {
  if (resume == Resume::no) return {RunFolder::claim(config.output, config.name, marker, origin)};
  std::optional<RunFolder> earlier = RunFolder::reclaim(config.output, config.name, marker, origin);
  if (!earlier) {
    if (resume == Resume::must)
      throw nothing_to_resume(fmt::format("no run '{}' stands in '{}'",
                                          config.output.run.empty() ? folder_name(config.name) : config.output.run,
                                          config.output.folder));
    journal.say("There is no run to go on with: a new one begins.");
    return {RunFolder::claim(config.output, config.name, marker, origin)};
  }
  ClaimedRun run{std::move(*earlier)};
  const std::string path = run.folder.path().string();
  if (run.folder.earlier_status() == "finished" && !changes) {
    if (resume == Resume::must)
      throw nothing_to_resume(fmt::format(
          "the run in '{}' is finished (with a changed field, --allow-change goes on from its last checkpoint)", path));
    run.is_finished = true;
    run.folder.keep();
    return run;
  }
  const bool has_any = take_newest_whole(run, journal);
  if (run.checkpoint) {
    run.folder.go_on();
  } else if (resume == Resume::must || run.folder.earlier_status() == "finished" || has_any) {
    // What is damaged may be worth something to its owner: a new run would remove it.
    run.folder.keep();
    throw nothing_to_resume(fmt::format("'{}' has no whole checkpoint", path), has_any);
  } else {
    journal.say(fmt::format("'{}' has no checkpoint: its run begins anew.", path));
  }
  return run;
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

checkpoint::Fields run_identity(const training::RunConfig& config, const data::Prepared& prepared,
                                const at::Device& device) {
  checkpoint::Fields fields;
  for (auto& [field, value] : config::flat_fields(config)) {
    if (is_free(field)) continue;
    fields.emplace_back(field, field == "device" ? std::string(device.is_cpu() ? "cpu" : "cuda") : value);
  }
  const nlohmann::ordered_json data = describe_data(prepared.dataset);
  for (std::size_t i = 0; i < data["files"].size(); ++i)
    fields.emplace_back(fmt::format("data.files[{}]", i), data["files"][i]["sha256"].get<std::string>());
  // That of an earlier run, where the config names one, may have become another.
  fields.emplace_back("data.encoder", encoder_sha256(prepared));
  if (!prepared.dataset.teacher.empty())
    fields.emplace_back("data.teacher", core::sha256({reinterpret_cast<const char*>(prepared.dataset.teacher.data()),
                                                      prepared.dataset.teacher.size() * sizeof(float)}));
  fields.emplace_back("data.splits", data["splits_sha256"].get<std::string>());
  fields.emplace_back("program", version_line());
  fields.emplace_back(kProcessor, describe_machine().cpu_level);
  return fields;
}

void check_same_run(const ClaimedRun& run, const checkpoint::Fields& now, const std::vector<std::string>& allowed,
                    core::Journal& journal) {
  checkpoint::check_allowed(allowed, now);
  if (!run.checkpoint) return;
  std::vector<std::string> all = allowed;
  all.emplace_back(kProcessor);
  checkpoint::check_belongs(run.checkpoint->belongs_to, now, all, run.checkpoint->name);
  const auto value_in = [](const checkpoint::Fields& fields) {
    const auto found = std::ranges::find(fields, kProcessor, &std::pair<std::string, std::string>::first);
    return found == fields.end() ? "" : found->second;
  };
  const std::string before = value_in(run.checkpoint->belongs_to), after = value_in(now);
  if (before != after)
    journal.warn(fmt::format(
        "The checkpoint was written on a processor with {} and the run goes on with {}: the last bits of its sums may "
        "differ from those of a run that was never stopped.",
        before, after));
}

}  // namespace equipoise::cli
