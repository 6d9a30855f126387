#include "engine/cli/run_report.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/machine.h"
#include "engine/cli/run_folder.h"
#include "engine/constraints/titles.h"

namespace equipoise::cli {
std::string worst_verdict(const evaluation::SplitResult& result) {
  std::vector<evaluation::Verdict> verdicts;
  for (const evaluation::ConstraintResult& constraint : result.constraints) verdicts.push_back(constraint.verdict);
  return verdicts.empty() ? "unconstrained" : evaluation::name_of(evaluation::worst(verdicts));
}

namespace {

std::optional<report::LargestSwing> largest(const std::vector<training::Swing>& swings,
                                            const std::vector<std::string>& titles) {
  const auto found = std::ranges::max_element(swings, {}, &training::Swing::amplitude);
  if (found == swings.end()) return std::nullopt;
  return report::LargestSwing{titles[static_cast<std::size_t>(found - swings.begin())], found->amplitude, found->turns};
}

}  // namespace

report::Report assemble_report(const RunFacts& facts, std::vector<evaluation::SplitResult> splits) {
  report::Report report;
  report.name = facts.config.name;
  report.finished = utc_now();
  report.command = facts.command;
  report.outcome = facts.result.outcome;
  report.seed = static_cast<std::uint64_t>(facts.config.seed);
  report.kept = facts.result.kept;
  if (facts.result.kept_step > 0) report.kept_step = facts.result.kept_step;
  report.confidence = facts.config.evaluation.confidence;
  report.min_rows = facts.config.multipliers.min_rows;
  report.training_seconds = facts.result.seconds;
  report.rows_per_second = facts.result.rows_per_second;
  report.steps = facts.result.steps;
  report.device = facts.device;
  report.versions = versions();
  report.versions.emplace_back("config file", fmt::format("{} (sha256 {})", facts.config_file, facts.config_sha256));
  for (int split = 0; split < 4; ++split) {
    report.split_rows.emplace_back(data::kSplitNames[split],
                                   facts.dataset.rows_of(static_cast<data::Split>(split)).size());
  }
  report.promise_titles = constraints::promise_titles(facts.table);
  for (const constraints::Promise& promise : facts.table.promises)
    report.promise_tolerances.push_back(promise.tolerance);
  report.multiplier_titles = constraints::row_titles(facts.table);
  report.swing_measures = facts.result.swings.measures;
  report.gap_swing = largest(facts.result.swings.gaps, report.promise_titles);
  report.multiplier_swing = largest(facts.result.swings.multipliers, report.multiplier_titles);
  report.files = facts.dataset.files;
  report.reading = facts.dataset.reading;
  report.leaks = facts.dataset.leaks;
  report.warnings = facts.warnings;
  if (facts.result.learner) {
    const std::int64_t members = facts.result.learner->members();
    report.model = facts.result.learner->description();
    const auto iterates = static_cast<std::int64_t>(facts.result.mixture.iterates());
    const std::int64_t each = members / iterates;
    if (iterates > 1) {
      report.model += fmt::format(" each, a mixture of {} iterates", iterates);
      if (each > 1) report.model += fmt::format(", each the mean score of {} members", each);
    } else if (each > 1) {
      report.model += fmt::format(" each, the mean score of {} members", each);
    }
  }
  if (facts.result.rule.is_randomised())
    report.model +=
        fmt::format(", deciding by one of {} rules that is drawn for each row", facts.result.rule.drawn.size());
  report.measured_on = facts.result.measured_on;
  report.members = facts.result.members;
  report.splits = std::move(splits);
  report.measurements = facts.result.measurements;
  report.sampling = facts.result.sampling;
  report.config_yaml = facts.config_yaml;
  return report;
}

}  // namespace equipoise::cli
