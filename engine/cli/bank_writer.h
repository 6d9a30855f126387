#pragma once

#include <string>
#include <vector>

#include "engine/cli/run_writer.h"
#include "engine/cli/terminal_journal.h"
#include "engine/report/bank_report.h"

namespace equipoise::cli {

/// What a bank is made from; `inputs` are its members'.
struct BankInputs {
  const training::RunConfig& config;
  std::string command;  ///< what reproduces the bank
  const std::vector<RunInputs>& inputs;
  const std::vector<evaluation::Verdict>& failing;  ///< verdicts that --fail-on names
};

struct FinishedBank {
  report::BankReport report;
  std::vector<std::string> failed;  ///< "tolerance 0.02: equalized odds by sex ...: violated"
};

/// Takes the bank's folder, and makes a run folder for each member inside, as begin_run does.
std::vector<RunFolder> begin_bank(RunFolder& folder, const training::RunConfig& config,
                                  const std::vector<RunInputs>& inputs, const std::string& command,
                                  core::Journal& journal);

/// Finishes every member's run, then writes bank.json and the page that compares them, and sets the folder's status.
/// Throws what the disk makes it throw, after marking the folder failed; it stays if a member's model was saved.
FinishedBank finish_bank(RunFolder& folder, std::vector<RunFolder>& folders, const BankInputs& bank,
                         const at::Device& device, std::vector<training::TrainingResult>& results,
                         TerminalJournal& journal);

}  // namespace equipoise::cli
