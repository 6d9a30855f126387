#pragma once

#include "engine/report/bank_report.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// The parts of a bank's page in the order they stand. Each writes one <section> with a heading, and says so in words
/// when the bank has nothing for it.
void write_bank_headline(Markup& page, const BankReport& report);  ///< how many keep their promises; warnings
void write_bank_plots(Markup& page, const BankReport& report);     ///< accuracy against the gap of each constraint
void write_bank_members(Markup& page, const BankReport& report);   ///< the table, with links to the members' reports
void write_bank_choice(Markup& page, const BankReport& report);    ///< what choosing one of many does to its figures
void write_bank_reproduction(Markup& page, const BankReport& report);  ///< command, device, speed

/// What is laid out on this page alone.
extern const char* const kBankStyleSheet;

}  // namespace equipoise::report
