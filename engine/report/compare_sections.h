#pragma once

#include "engine/report/compare_report.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// The parts of a comparison's page in the order they stand. Each writes one <section> with a heading.
void write_compare_headline(Markup& page, const CompareReport& report);
void write_compare_table(Markup& page, const CompareReport& report);     ///< figures by arms, better and worse alike
void write_compare_arms(Markup& page, const CompareReport& report);      ///< the same arm by arm, with intervals
void write_compare_plots(Markup& page, const CompareReport& report);     ///< differences with their intervals
void write_compare_verdicts(Markup& page, const CompareReport& report);  ///< at how many seeds constraints were met
void write_compare_runs(Markup& page, const CompareReport& report);      ///< every run, with a link to its report
void write_compare_guide(Markup& page, const CompareReport& report);
void write_compare_reproduction(Markup& page, const CompareReport& report);

/// How a finding is shown: words, and the verdict whose colour and shape it has.
struct FindingLook {
  std::string word;
  evaluation::Verdict verdict;
};
FindingLook look_of(Said said, const CompareReport& report);
/// Of so many comparisons: "not sure after 54 comparisons".
std::string unsure_words(const CompareReport& report);
bool has_unsure(const CompareReport& report);
void draw_finding(Markup& page, const FindingLook& look);

/// What is laid out on this page alone.
extern const char* const kCompareStyleSheet;

}  // namespace equipoise::report
