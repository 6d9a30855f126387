#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"
#include "engine/report/report.h"

namespace equipoise::report {

/// What stands before the body of every page: title, style, and the policy that nothing may be loaded.
void write_head(Markup& page, std::string_view title, std::string_view more_style = "");
/// Links to the sections of the page: "#gaps", "Gaps".
void write_contents(Markup& page, const std::vector<std::pair<const char*, const char*>>& sections);

/// The parts of a run's page in the order they stand. Each writes one <section> with a heading, and says so in words when
/// the run has nothing for it. Two are left out of pages of other tasks: thresholds of all but binary labels, calibration
/// of regressions.
void write_headline(Markup& page, const Report& report);     ///< verdicts, accuracy, which iterate was kept; warnings
void write_gaps(Markup& page, const Report& report);         ///< every promise with interval, bound and tolerance
void write_groups(Markup& page, const Report& report);       ///< rates or errors per group
void write_training(Markup& page, const Report& report);     ///< accuracy, loss, gaps, multipliers over epochs
void write_thresholds(Markup& page, const Report& report);   ///< what deciding at another threshold would do
void write_calibration(Markup& page, const Report& report);  ///< reliability
void write_sampling(Markup& page,
                    const Report& report);  ///< which training rows batches were made of; only where a recipe said
void write_artifacts(Markup& page,
                     const Report& report);           ///< made rows beside real ones; only where they were looked at
void write_data(Markup& page, const Report& report);  ///< files, splits, how columns were read, leaks
void write_reading_guide(Markup& page, const Report& report);  ///< what the words mean, and what is not promised
void write_reproduction(Markup& page, const Report& report);   ///< command, seed, versions, config

/// The figures of the result: how good the model is on the split, and, where rows have several outcomes, on each.
void write_result_figures(Markup& page, const Report& report, const evaluation::SplitResult& split);
/// The split the verdicts are about: "test", or else the first; nullptr when nothing was measured.
const evaluation::SplitResult* headline_split(const Report& report);
/// The split of that name; nullptr when it was not measured.
const evaluation::SplitResult* split_named(const Report& report, const std::string& name);
/// The verdict over all constraints in one sentence.
std::string verdict_sentence(const Report& report);
/// "the test split", "the new rows"
std::string split_phrase(const evaluation::SplitResult& split);
/// What the four verdicts mean.
void write_verdict_guide(Markup& page);
/// A box with what the user must not miss; nothing when there is nothing.
void write_warnings(Markup& page, const std::vector<std::string>& warnings);

/// The address of a run's report from a page beside its folder; "" for a folder that is none below, to which no link leads.
std::string report_link(const std::string& folder);

/// The style sheet, with the colours of both schemes.
extern const char* const kStyleSheet;

/// The exact command, as a block that can be copied.
void write_command(Markup& page, const std::string& command);

}  // namespace equipoise::report
