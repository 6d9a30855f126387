#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/report/report.h"

namespace equipoise::report {

/// What the page of a bank says of one member; the member's own report says the rest.
struct BankMember {
  std::string title;                              ///< "tolerance 0.02, seed 3"
  std::string folder;                             ///< of its run, relative to the bank's: "members/003"
  std::string outcome;                            ///< "finished", "interrupted", "diverged", "stopped"
  std::string failure;                            ///< what stopped it early
  std::int64_t steps = 0;                         ///< steps taken
  std::string kept;                               ///< which iterate and why, a sentence
  std::optional<evaluation::SplitResult> result;  ///< of the headline split (test, where there is one), its groups,
                                                  ///< calibration and thresholds left out (of a regression everyone's
                                                  ///< errors stay); nothing when nothing could be measured
};

/// Runs that were trained together, side by side; bank.json is this struct (schema: docs/bank.schema.json).
struct BankReport {
  std::string name;
  std::string finished;  ///< ISO 8601, UTC
  std::string command;   ///< the exact command that reproduces the bank
  std::string outcome;   ///< "finished" when any member finished, else the first member's
  double confidence = 0.95;
  double training_seconds = 0;
  double rows_per_second = 0;  ///< training rows of all members together
  std::string device;
  std::vector<std::string> warnings;
  std::vector<BankMember> members;
};

/// The member without what its own results.json holds as well.
BankMember bank_member(const Report& report, std::string title, std::string folder, std::string failure);

nlohmann::ordered_json to_json(const BankReport& report);
/// Throws UserError (data) naming what is missing or of the wrong type, and in which member.
BankReport bank_report_from_json(const nlohmann::json& json);

/// One line a member: its number, settings, accuracy (of a regression its root mean square error), each constraint's gap
/// and upper bound, and the worst verdict; what holds for all of them stands last, where a long table leaves the cursor.
/// 80 columns hold it, up to two constraints and without outcomes.
std::string to_terminal(const BankReport& report, bool color);

/// One self-contained page: how many members keep their promises, a plot of accuracy against the gap with intervals, a
/// table with links to the members' own reports.
std::string to_html(const BankReport& report);

}  // namespace equipoise::report
