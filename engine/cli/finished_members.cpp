#include "engine/cli/finished_members.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "engine/checkpoint/identity.h"
#include "engine/cli/json_file.h"
#include "engine/cli/machine.h"
#include "engine/cli/member_folders.h"
#include "engine/cli/run_identity.h"
#include "engine/cli/sweep_tracking.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/models/safetensors.h"

namespace equipoise::cli {
namespace {

constexpr const char* kAnother =
    "A comparison goes on with the same config, files and arms, and with the same seeds, after which others may "
    "follow; else choose another output.run";

// Runs that it started from or was taught by, which may have been trained again since.
void check_earlier_runs(const SavedRun& run) {
  const std::pair<const char*, std::string> named[] = {{"training.warm_start", run.config.training.warm_start},
                                                       {"multipliers.start_from", run.config.multipliers.start_from},
                                                       {"data.teacher.run", run.config.data.teacher.run}};
  for (const auto& [field, path] : named) {
    if (path.empty()) continue;
    // Both are ISO 8601 in UTC, which sort as they follow.
    if (const std::string trained = open_run_or_bank(path).marker.finished; trained > run.marker.started)
      throw core::UserError(core::Fault::config,
                            fmt::format("'{}' began at {}, and the run '{}' ({}) that it hangs on was trained again "
                                        "since, at {}. {}",
                                        run.path.string(), run.marker.started, path, field, trained, kAnother));
  }
}

// What cannot be read is found before anything is touched.
FinishedMember read_member(const std::filesystem::path& folder) {
  try {
    FinishedMember member{open_run(folder), {}, {}};
    member.encoder = read_encoder(member.run);
    models::read_safetensors(member.run.file(run_files::kWeights));
    member.report = report::report_from_json(read_json(member.run.file(run_files::kResults)));
    return member;
  } catch (const core::UserError& broken) {
    throw core::UserError(core::Fault::data,
                          fmt::format("{}; take '{}' away, and it is trained again", broken.what(), folder.string()));
  }
}

std::optional<FinishedMember> finished_member(const std::filesystem::path& folder, const training::RunConfig& config) {
  check_member_folder(folder);
  if (!has_finished_run(folder)) return std::nullopt;
  const std::vector<checkpoint::Difference> differing = differences_from_finished(folder, config);
  if (!differing.empty())
    throw core::UserError(core::Fault::config,
                          fmt::format("'{}' is finished, and is not the run that is asked for there:{}\n{}",
                                      folder.string(), checkpoint::to_lines(differing), kAnother));
  FinishedMember member = read_member(folder);
  check_earlier_runs(member.run);
  return member;
}

// Those that were asked for before, and are not now.
void check_no_more(const RunFolder& comparison, std::size_t asked) {
  std::map<std::size_t, std::filesystem::path> more;
  for_each_member(comparison.path(), [&](std::size_t number, const std::filesystem::path& folder) {
    if (number >= asked && has_finished_run(folder)) more.emplace(number, folder);
  });
  if (more.empty()) return;
  throw core::UserError(
      core::Fault::config,
      fmt::format("'{}' is a finished run of this comparison{}, and {} runs are asked for: {}",
                  more.begin()->second.string(),
                  more.size() == 1 ? "" : fmt::format(", the first of {} that would be left out", more.size()), asked,
                  kAnother));
}

// Its figures may differ by that.
bool is_of_another_build(const FinishedMember& member) {
  const auto& there = member.report.versions;
  const auto now = versions();
  const auto program = std::ranges::find(there, now.front().first, &std::pair<std::string, std::string>::first);
  return program == there.end() || program->second != now.front().second;
}

// What a change of the last bits moves by as little, whatever the run was trained by; NaN where there is none.
double error_of(const evaluation::SplitResult& split) {
  if (!split.regression) return split.metrics.log_loss;
  const auto& groups = split.regression->groups;
  return groups.empty() ? std::nan("") : groups.front().root_mean_square_error.value_or(std::nan(""));
}

}  // namespace

std::map<std::size_t, FinishedMember> finished_members(const RunFolder& comparison,
                                                       const std::vector<training::RunConfig>& configs,
                                                       core::Journal& journal) {
  check_no_more(comparison, configs.size());
  std::map<std::size_t, FinishedMember> finished;
  for (std::size_t number = 0; number < configs.size(); ++number) {
    core::stop_if_interrupted();
    if (auto member = finished_member(member_folder(comparison.path(), number), configs[number]))
      finished.emplace(number, std::move(*member));
  }
  journal.say(fmt::format("{} of {} runs have finished, and are measured again; {} to train.", finished.size(),
                          configs.size(), configs.size() - finished.size()));
  const auto others = std::ranges::count_if(finished, [](const auto& one) { return is_of_another_build(one.second); });
  if (others > 0)
    journal.warn(
        fmt::format("{} of the finished runs {} trained by another build of this program: what differs "
                    "between arms may differ by that.",
                    others, others == 1 ? "was" : "were"));
  return finished;
}

void warn_of_unsent(const std::map<std::size_t, FinishedMember>& finished, const RunFolder& comparison,
                    core::Journal& journal) {
  const auto unsent =
      std::ranges::count_if(finished, [](const auto& member) { return has_spool(member.second.run.path); });
  if (unsent == 0) return;
  journal.warn(
      fmt::format("The MLflow server has not got all of {} that had finished before: equipoise track {} sends it.",
                  unsent == 1 ? "1 run" : fmt::format("{} runs", unsent), comparison.path().string()));
}

void check_as_reported(const FinishedMember& member, const evaluation::SplitResult& measured) {
  constexpr double kRounding = 1e-4;  // another device's, or another processor's
  for (const evaluation::SplitResult& reported : member.report.splits) {
    if (reported.split != measured.split) continue;
    const double then = error_of(reported), now = error_of(measured);
    if (!std::isfinite(then) || !std::isfinite(now) || std::abs(then - now) <= kRounding * std::max(1e-2, then))
      continue;
    throw core::UserError(
        core::Fault::data,
        fmt::format(
            "the model in '{}' has a loss of {:.6g} on its test rows, and its report says {:.6g}: one of the two "
            "was changed since; take the folder away, and it is trained again",
            member.run.path.string(), now, then));
  }
}

}  // namespace equipoise::cli
