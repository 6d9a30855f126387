#include "engine/cli/bank_writer.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/run_tracking.h"
#include "engine/config/writer.h"
#include "engine/training/bank.h"

namespace equipoise::cli {
namespace {

void describe(report::BankReport& report, const BankInputs& bank, const at::Device& device,
              const std::vector<training::TrainingResult>& results) {
  report.name = bank.config.name;
  report.finished = utc_now();
  report.command = bank.command;
  report.confidence = bank.config.evaluation.confidence;
  report.device = device_text(device);
  report.training_seconds = results.front().seconds;
  for (const training::TrainingResult& result : results) report.rows_per_second += result.rows_per_second;
  // What can go on is not done, whatever became of the first.
  report.outcome = results.front().outcome;
  for (const char* outcome : {"finished", "interrupted", "stopped"})
    if (std::ranges::find(results, outcome, &training::TrainingResult::outcome) != results.end()) {
      report.outcome = outcome;
      break;
    }
}

void finish_members(FinishedBank& finished, std::vector<RunFolder>& folders, const BankInputs& bank,
                    const at::Device& device, std::vector<training::TrainingResult>& results,
                    TerminalJournal& journal) {
  for (std::size_t run = 0; run < results.size(); ++run) {
    const report::Report report = finish_run(folders[run], bank.inputs[run], device, results[run], journal);
    const std::string title = training::member_title(bank.config.bank, bank.inputs[run].config, run);
    finished.report.members.push_back(report::bank_member(
        report, title, fmt::format("{}/{}", run_files::kMembers, folders[run].path().filename().string()),
        results[run].failure));
    for (const std::string& what : failures(report, bank.failing)) finished.failed.push_back(title + ": " + what);
  }
}

}  // namespace

std::vector<RunFolder> begin_bank(RunFolder& folder, const training::RunConfig& config,
                                  const std::vector<RunInputs>& inputs, const std::string& command,
                                  core::Journal& journal) {
  folder.begin(config::struct_to_yaml(config));
  track_runs_of(folder, config, command, inputs.front().file, journal);
  std::vector<RunFolder> folders;
  for (std::size_t run = 0; run < inputs.size(); ++run) {
    folders.push_back(folder.claim_member(run, marker_of(inputs[run].command, inputs[run].file)));
    begin_run(folders.back(), inputs[run], journal);
  }
  return folders;
}

FinishedBank finish_bank(RunFolder& folder, std::vector<RunFolder>& folders, const BankInputs& bank,
                         const at::Device& device, std::vector<training::TrainingResult>& results,
                         TerminalJournal& journal) {
  try {
    FinishedBank finished;
    finish_members(finished, folders, bank, device, results, journal);
    describe(finished.report, bank, device, results);
    finished.report.warnings = journal.warnings();
    folder.write(run_files::kBank, json_text(report::to_json(finished.report)));
    folder.write(run_files::kReport, report::to_html(finished.report));
    folder.finish(finished.report.outcome);
    end_tracking(folder, {.outcome = finished.report.outcome}, journal);
    return finished;
  } catch (...) {
    // The members that were saved stay; without any there is no bank.
    if (std::ranges::any_of(folders, &RunFolder::is_kept)) folder.keep();
    folder.mark_failed();
    throw;
  }
}

}  // namespace equipoise::cli
