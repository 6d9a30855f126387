#include "engine/report/sweep_comparison.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>

#include "engine/report/compare_summary.h"

namespace equipoise::report {
namespace {

using sweep::PartedRun;
using sweep::SweepResults;

// Each figure's mean over runs of one seed, of all rows and without each part. One that a run lacks is absent.
PartedRun mean_of(const std::vector<PartedRun>& runs) {
  PartedRun mean = runs.front();
  const auto count = static_cast<double>(runs.size());
  for (std::size_t f = 0; f < mean.size(); ++f) {
    for (std::size_t r = 1; r < runs.size() && mean[f]; ++r) {
      if (!runs[r][f]) {
        mean[f].reset();
        break;
      }
      mean[f]->whole += runs[r][f]->whole;
      for (std::size_t part = 0; part < mean[f]->without.size(); ++part)
        mean[f]->without[part] += runs[r][f]->without[part];
    }
    if (!mean[f]) continue;
    mean[f]->whole /= count;
    for (double& value : mean[f]->without) value /= count;
  }
  return mean;
}

// A seed, and what it sorts by; one that is no whole number, as of two fields, comes last.
using SeedKey = std::pair<std::int64_t, std::string>;
constexpr std::int64_t kNoNumber = std::numeric_limits<std::int64_t>::max();

SeedKey key_of(const std::string& seed) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), number);
  return {error == std::errc() && end == seed.data() + seed.size() ? number : kNoNumber, seed};
}

// Where test rows were not measured again, a difference is as sure as its seeds agree: of two seeds, or of seeds at which it is the
// same, that is nothing.
void leave_out_what_nothing_shows(CompareReport& report) {
  constexpr std::int64_t kFewest = 3;
  constexpr double kNothing = 1e-12;
  for (ComparedArm& arm : report.arms)
    for (auto& difference : arm.differences) {
      if (!difference || difference->paired.rows_error > 0) continue;
      const evaluation::PairedDifference& paired = difference->paired;
      if (paired.seeds >= kFewest && paired.seeds_error > kNothing * std::max(1.0, std::abs(paired.difference)))
        continue;
      difference.reset();
      --report.comparisons;
    }
}

void add_run(const SweepResults& results, CompareReport& report, std::vector<PartedRun>& parted, int arm,
             std::size_t seed, const std::vector<std::size_t>& runs,
             const std::function<PartedRun(std::size_t)>& measured) {
  std::vector<PartedRun> figures;
  for (const std::size_t run : runs) figures.push_back(measured(run));
  ComparedRun one;
  one.arm = arm;
  one.seed = report.seeds[seed];
  one.outcome = "finished";
  if (runs.size() == 1) one.folder = results.runs[runs.front()].folder;
  parted.push_back(mean_of(figures));
  for (const auto& figure : parted.back()) one.figures.push_back(figure ? std::optional(figure->whole) : std::nullopt);
  report.runs.push_back(std::move(one));
}

}  // namespace

CompareReport compare_pair(const SweepResults& results, const sweep::SettingPair& pair,
                           std::vector<evaluation::ComparedFigure> figures,
                           const std::function<PartedRun(std::size_t run)>& measured) {
  CompareReport report;
  report.name = results.plan.name;
  report.outcome = "finished";
  report.confidence = results.confidence;
  report.figures = std::move(figures);
  for (const std::string& name : {pair.first, pair.second}) {
    const bool is_first = report.arms.empty();
    report.arms.push_back({name, is_first ? "what the other is compared with" : "the other of the two", {}, {}, {}});
  }
  std::map<SeedKey, std::pair<std::vector<std::size_t>, std::vector<std::size_t>>> by_seed;
  for (const sweep::RunPair& one : pair.pairs) {
    by_seed[key_of(one.seed)].first.push_back(one.first);
    by_seed[key_of(one.seed)].second.push_back(one.second);
  }
  const bool are_numbers = by_seed.empty() || by_seed.rbegin()->first.first != kNoNumber;
  std::vector<PartedRun> parted;
  for (const auto& [seed, runs] : by_seed) {
    report.seeds.push_back(are_numbers ? seed.first : static_cast<std::int64_t>(report.seeds.size()));
    add_run(results, report, parted, 0, report.seeds.size() - 1, runs.first, measured);
    add_run(results, report, parted, 1, report.seeds.size() - 1, runs.second, measured);
  }
  report.done = static_cast<std::int64_t>(report.seeds.size());
  const sweep::SplitFigures* test = results.runs[pair.pairs.front().first].on(data::Split::test);
  report.test_rows = test == nullptr ? 0 : test->rows;
  summarise(report, parted);
  leave_out_what_nothing_shows(report);
  return report;
}

}  // namespace equipoise::report
