#include "engine/report/compare_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/audit/holm.h"
#include "engine/core/nearest_name.h"
#include "engine/report/figures.h"

namespace equipoise::report {
namespace {

using evaluation::ComparedFigure;
using evaluation::Finding;
using evaluation::PartedFigure;
using PartedRuns = std::vector<std::vector<std::optional<PartedFigure>>>;

const PartedFigure* figure_at(const CompareReport& report, const PartedRuns& parted, std::size_t arm, std::int64_t seed,
                              std::size_t figure) {
  for (std::size_t run = 0; run < report.runs.size(); ++run) {
    if (report.runs[run].arm != static_cast<std::int64_t>(arm) || report.runs[run].seed != seed) continue;
    if (parted[run].empty() || !parted[run][figure]) return nullptr;
    return &*parted[run][figure];
  }
  return nullptr;
}

std::optional<double> mean_of(const CompareReport& report, const PartedRuns& parted, std::size_t arm,
                              std::size_t figure) {
  double sum = 0;
  int count = 0;
  for (const std::int64_t seed : report.seeds)
    if (const PartedFigure* one = figure_at(report, parted, arm, seed, figure)) {
      sum += one->whole;
      ++count;
    }
  return count > 0 ? std::optional(sum / count) : std::nullopt;
}

std::optional<ComparedDifference> difference_of(const CompareReport& report, const PartedRuns& parted, std::size_t arm,
                                                std::size_t figure) {
  std::vector<PartedFigure> own, base;
  for (const std::int64_t seed : report.seeds) {
    const PartedFigure* one = figure_at(report, parted, arm, seed, figure);
    const PartedFigure* other = figure_at(report, parted, 0, seed, figure);
    if (one == nullptr || other == nullptr) continue;
    own.push_back(*one);
    base.push_back(*other);
  }
  if (own.empty()) return std::nullopt;
  double from = 0;
  for (const PartedFigure& one : base) from += one.whole / static_cast<double>(base.size());
  return ComparedDifference{evaluation::paired_difference(own, base, report.confidence), from};
}

void correct(CompareReport& report) {
  std::vector<double> p_values;
  for (const ComparedArm& arm : report.arms)
    for (const auto& difference : arm.differences)
      if (difference) p_values.push_back(difference->paired.p_value);
  report.comparisons = static_cast<std::int64_t>(p_values.size());
  const std::vector<double> corrected = audit::holm(p_values);
  std::size_t next = 0;
  for (ComparedArm& arm : report.arms)
    for (std::size_t f = 0; f < arm.differences.size(); ++f) {
      if (!arm.differences[f]) continue;
      ComparedDifference& difference = *arm.differences[f];
      difference.corrected = corrected[next++];
      difference.finding = evaluation::finding_of(difference.paired, difference.corrected,
                                                  report.figures[f].more_is_better, report.confidence);
    }
}

void count_verdicts(CompareReport& report) {
  for (std::size_t c = 0; c < report.constraints.size(); ++c) {
    std::vector<std::int64_t>& met = report.constraints[c].met;
    met.assign(report.arms.size(), 0);
    for (const ComparedRun& run : report.runs)
      if (c < run.verdicts.size())
        met[static_cast<std::size_t>(run.arm)] += run.verdicts[c] == evaluation::Verdict::met;
  }
}

bool is_number(const ComparedFigure& figure) {
  return figure.unit == "number";
}

std::string plural(std::size_t count, const char* one, const char* many) {
  return count == 1 ? one : many;
}

}  // namespace

void summarise(CompareReport& report, const PartedRuns& parted) {
  for (std::size_t arm = 0; arm < report.arms.size(); ++arm) {
    ComparedArm& one = report.arms[arm];
    one.means.clear();
    one.differences.clear();
    for (std::size_t f = 0; f < report.figures.size(); ++f) {
      one.means.push_back(mean_of(report, parted, arm, f));
      if (arm > 0) one.differences.push_back(difference_of(report, parted, arm, f));
    }
  }
  correct(report);
  count_verdicts(report);
}

Said said_of(const ComparedDifference& difference) {
  if (difference.finding == Finding::better) return Said::better;
  if (difference.finding == Finding::worse) return Said::worse;
  const evaluation::Interval& interval = difference.paired.interval;
  return interval.low > 0 || interval.high < 0 ? Said::unsure : Said::unseen;
}

ArmFindings findings_of(const ComparedArm& arm) {
  ArmFindings findings;
  for (std::size_t f = 0; f < arm.differences.size(); ++f) {
    if (!arm.differences[f]) {
      findings.unmeasured.push_back(f);
      continue;
    }
    const Said said = said_of(*arm.differences[f]);
    (said == Said::better   ? findings.better
     : said == Said::worse  ? findings.worse
     : said == Said::unsure ? findings.unsure
                            : findings.unseen)
        .push_back(f);
  }
  return findings;
}

std::string compare_sentence(const CompareReport& report) {
  if (report.arms.size() < 2) return "There is one arm, and nothing to set it beside.";
  std::size_t helped = 0, harmed = 0, both = 0, unsure = 0, neither = 0, uncompared = 0;
  for (std::size_t arm = 1; arm < report.arms.size(); ++arm) {
    const ArmFindings found = findings_of(report.arms[arm]);
    if (found.unmeasured.size() == report.figures.size()) {
      ++uncompared;
      continue;
    }
    const bool helps = !found.better.empty(), harms = !found.worse.empty();
    helped += helps && !harms;
    harmed += harms && !helps;
    both += helps && harms;
    unsure += !helps && !harms && !found.unsure.empty();
    neither += !helps && !harms && found.unsure.empty();
  }
  std::string text;
  const auto add = [&](std::size_t count, const std::string& words) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, words);
  };
  add(both, plural(both, "makes something better and something worse", "make something better and something worse"));
  add(helped, plural(helped, "makes something better and nothing worse", "make something better and nothing worse"));
  add(harmed, plural(harmed, "makes something worse and nothing better", "make something worse and nothing better"));
  const std::string after = fmt::format(" after {}", counted(report.comparisons, "comparison"));
  add(unsure, plural(unsure, "makes no difference that is sure", "make no difference that is sure") + after);
  add(neither, plural(neither, "makes no difference that could be seen", "make no difference that could be seen"));
  add(uncompared, "could not be compared, for at no seed there is a model of both");
  const std::size_t others = report.arms.size() - 1;
  return fmt::format("Beside {}, of {} {}: {}.", report.arms.front().name, others, plural(others, "arm", "arms"), text);
}

std::vector<std::string> stopped_runs(const CompareReport& report) {
  std::vector<std::string> stopped;
  for (const ComparedRun& run : report.runs)
    if (run.outcome != "finished")
      stopped.push_back(fmt::format("{} at seed {} ({})", report.arms[static_cast<std::size_t>(run.arm)].name, run.seed,
                                    run.outcome));
  return stopped;
}

std::string members_sentence(const CompareReport& report) {
  std::vector<std::string> models;
  std::vector<std::int64_t> members;
  for (std::size_t arm = 0; arm < report.arms.size(); ++arm) {
    const auto run = std::ranges::find_if(report.runs, [&](const ComparedRun& one) {
      return one.arm == static_cast<std::int64_t>(arm) && one.outcome == "finished";
    });
    if (run == report.runs.end()) continue;
    members.push_back(run->members);
    models.push_back(run->members == 1 ? fmt::format("{} has one", report.arms[arm].name)
                                       : fmt::format("{} the mean of {}", report.arms[arm].name, run->members));
  }
  if (members.empty() || std::ranges::count(members, members.front()) == static_cast<std::ptrdiff_t>(members.size()))
    return "";
  return fmt::format(
      "Arms do not have equally many models: {}. A mean is mostly more accurate, whatever else an arm does; "
      "multipliers.measure_on=train gives each arm one.",
      core::listed(models, 12));
}

std::string pairs_text(const CompareReport& report, const ComparedDifference& difference) {
  if (difference.paired.seeds == static_cast<std::int64_t>(report.seeds.size())) return "";
  return fmt::format("{} of {} seeds", difference.paired.seeds, report.seeds.size());
}

std::string seeds_sentence(const CompareReport& report) {
  constexpr std::int64_t kFew = 4;
  if (report.runs.empty() || report.done >= kFew) return "";
  if (report.done > 1)
    return fmt::format(
        "There are {} seeds. How far trainings differ is hardly known from so few, and the intervals are as wide as "
        "that makes "
        "them: what is not seen here, five seeds or more may show.",
        report.done);
  return "There is one seed. The intervals are about other people who are tested; how far another training, or another "
         "split, "
         "would have come out otherwise is not known, and no interval here holds it.";
}

std::string title_of(const ComparedFigure& figure) {
  return at_the_start(spelt_out(figure.title));
}

std::string compared_text(std::optional<double> value, const ComparedFigure& figure) {
  if (figure.unit == "number") return decimal_text(value, value && std::abs(*value) >= 100 ? 1 : 4);
  return figure_text(value, figure.unit);
}

std::string difference_text(double difference, const ComparedFigure& figure) {
  const double shown = is_number(figure) ? difference : 100 * difference;
  const int digits = is_number(figure) ? (std::abs(difference) >= 100 ? 1 : 4) : 2;
  std::string number = fmt::format("{:.{}f}", std::abs(shown), digits);
  const bool is_zero = number.find_first_not_of("0.") == std::string::npos;
  return (is_zero ? "" : shown < 0 ? "\u2212" : "+") + number + (is_number(figure) ? "" : "\u00A0points");
}

std::string difference_range(const evaluation::Interval& interval, const ComparedFigure& figure) {
  const std::string low = difference_text(interval.low, figure), high = difference_text(interval.high, figure);
  const std::string unit = is_number(figure) ? "" : "\u00A0points";
  return fmt::format("{} to {}", low.substr(0, low.size() - unit.size()), high);
}

}  // namespace equipoise::report
