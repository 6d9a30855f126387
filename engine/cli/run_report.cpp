#include "engine/cli/run_report.h"

#include <fmt/format.h>

#include "engine/cli/machine.h"
#include "engine/cli/run_folder.h"

namespace equipoise::cli {
namespace {

// The rate that a row is about: the first of a level, except the reference level that others are compared with.
const constraints::Rate* subject_of(const constraints::Row& row, const constraints::ConstraintTable& table,
                                    double& coefficient) {
  const constraints::Promise& promise = table.promises[static_cast<std::size_t>(row.promise)];
  const std::int32_t reference =
      promise.reference_level < 0 ? -1 : promise.rates[static_cast<std::size_t>(promise.reference_level)];
  for (const auto& [rate, factor] : row.terms) {
    const constraints::Rate& candidate = table.rates[static_cast<std::size_t>(rate)];
    if (candidate.grouping.empty() || rate == reference) continue;
    coefficient = factor;
    return &candidate;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> promise_titles(const constraints::ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const constraints::Promise& promise : table.promises) {
    titles.push_back(fmt::format("{} gap by {}", constraints::short_name(promise.rate), promise.grouping));
  }
  return titles;
}

std::vector<std::string> multiplier_titles(const constraints::ConstraintTable& table) {
  std::vector<std::string> titles;
  for (const constraints::Row& row : table.rows) {
    double coefficient = 1;
    const constraints::Rate* rate = subject_of(row, table, coefficient);
    if (rate == nullptr) {
      titles.push_back(fmt::format("constraint row {}", titles.size() + 1));
      continue;
    }
    titles.push_back(fmt::format("{} {}={}, {}", constraints::short_name(rate->kind), rate->grouping, rate->level,
                                 coefficient > 0 ? "upper" : "lower"));
  }
  return titles;
}

std::string worst_verdict(const evaluation::SplitResult& result) {
  std::vector<evaluation::Verdict> verdicts;
  for (const evaluation::ConstraintResult& constraint : result.constraints) verdicts.push_back(constraint.verdict);
  return verdicts.empty() ? "unconstrained" : evaluation::name_of(evaluation::worst(verdicts));
}

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
  report.promise_titles = promise_titles(facts.table);
  for (const constraints::Promise& promise : facts.table.promises)
    report.promise_tolerances.push_back(promise.tolerance);
  report.multiplier_titles = multiplier_titles(facts.table);
  report.files = facts.dataset.files;
  report.reading = facts.dataset.reading;
  report.leaks = facts.dataset.leaks;
  report.warnings = facts.warnings;
  report.model = facts.result.learner ? facts.result.learner->description() : "";
  report.splits = std::move(splits);
  report.measurements = facts.result.measurements;
  report.config_yaml = facts.config_yaml;
  return report;
}

}  // namespace equipoise::cli
