// What came of a sweep, in words.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "engine/report/figures.h"
#include "engine/report/quality.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"
#include "engine/sweep/results_report.h"

namespace equipoise::sweep {
namespace {

using report::counted;

std::string quality_words(const SweepResults& results, const SplitFigures& figures) {
  report::Quality quality = results.quality;
  quality.figure = figures.quality;
  quality.interval = figures.quality_interval;
  return report::quality_words(quality);
}

// "60 finished, 3 failed and 1 is missing"
std::string counts_text(const SweepResults& results) {
  std::vector<std::string> parts;
  for (const RunStatus status : {RunStatus::finished, RunStatus::stopped, RunStatus::interrupted, RunStatus::running,
                                 RunStatus::failed, RunStatus::missing}) {
    const std::int64_t count = results.count(status);
    if (count == 0) continue;
    const char* word = status == RunStatus::stopped       ? "stopped early"
                       : status == RunStatus::interrupted ? (count == 1 ? "was interrupted" : "were interrupted")
                       : status == RunStatus::running     ? (count == 1 ? "is running" : "are running")
                       : status == RunStatus::missing     ? (count == 1 ? "is not begun" : "are not begun")
                                                          : name_of(status);
    parts.push_back(fmt::format("{} {}", count, word));
  }
  std::string text;
  for (std::size_t i = 0; i < parts.size(); ++i)
    text += (i == 0 ? "" : i + 1 == parts.size() ? " and " : ", ") + parts[i];
  return text;
}

// The choice that says the most: of all constraints at once, or under the tightest tolerance that any run keeps.
const Choice* main_choice(const std::vector<Choice>& all) {
  if (all.empty()) return nullptr;
  if (!all.back().constraint) return &all.back();
  const auto kept = std::ranges::find_if(all, [](const Choice& choice) { return choice.run.has_value(); });
  return kept == all.end() ? &all.front() : &*kept;
}

std::string plain_text(std::string text) {
  for (const auto& [typographic, simple] : {std::pair{"\u202F", " "}, {"\u00A0", " "}, {"\u2013", "-"}})
    for (std::size_t at = text.find(typographic); at != std::string::npos; at = text.find(typographic))
      text.replace(at, std::string_view(typographic).size(), simple);
  return text;
}

std::string choice_line(const SweepResults& results, const Choice& choice, data::Split split, bool color) {
  constexpr std::size_t kTitle = 100;
  std::string line = fmt::format("  {}: ", report::plain(tolerance_words(results, choice), kTitle));
  if (choice.candidates == 0) return line + "no run has an upper bound\n";
  if (!choice.run)
    return line + fmt::format("no run of {} keeps it on the {} rows\n", choice.candidates,
                              data::kSplitNames[static_cast<int>(split)]);
  line += fmt::format("{} of {} keep it; best {}", choice.feasible, choice.candidates,
                      report::plain(title_of(results, *choice.run), kTitle));
  const SplitFigures* test = results.runs[*choice.run].on(data::Split::test);
  if (test == nullptr || !test->quality) return line + ", not measured on test rows\n";
  line += fmt::format("; test {} {}", results.quality.short_name, plain_text(quality_words(results, *test)));
  const auto verdict = choice.constraint && test->constraints[*choice.constraint]
                           ? verdict_under(*test->constraints[*choice.constraint], *choice.tolerance)
                           : worst_verdict(*test);
  if (verdict) line += ", " + report::painted(report::look_of(*verdict).word, *verdict, color);
  return line + "\n";
}

}  // namespace

std::string tolerance_words(const SweepResults& results, const Choice& choice) {
  if (!choice.constraint) return "all constraints, each run's own tolerances";
  const SweepConstraint& constraint = results.constraints[*choice.constraint];
  const std::string limit = constraint.unit.empty() ? report::amount_text(choice.tolerance)
                                                    : report::figure_text(choice.tolerance, constraint.unit);
  return fmt::format("{}, {} {}", constraint.name, constraint.unit == "floor" ? "at least" : "at most", limit);
}

std::vector<FailureGroup> failures_of(const SweepResults& results) {
  std::vector<FailureGroup> groups;
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t run = 0; run < results.runs.size(); ++run) {
    if (results.runs[run].status != RunStatus::failed) continue;
    const auto [found, is_new] = places.emplace(results.runs[run].reason, groups.size());
    if (is_new) groups.push_back({results.runs[run].reason, {}});
    groups[found->second].runs.push_back(run);
  }
  std::ranges::stable_sort(groups, std::greater(), [](const FailureGroup& group) { return group.runs.size(); });
  return groups;
}

std::string sweep_sentence(const SweepReport& report) {
  const SweepResults& results = report.results;
  const std::string counts =
      fmt::format("Of {}, {}.", counted(static_cast<std::int64_t>(results.runs.size()), "run"), counts_text(results));
  const auto split = choosing_split(results);
  if (!split) return counts + " No finished run was measured on rows by which one could be chosen.";
  const std::vector<Choice> all = choices(results, *split);
  const Choice* choice = main_choice(all);
  if (choice == nullptr) return counts + " The runs have no constraint.";
  const std::string what = tolerance_words(results, *choice);
  const char* rows = data::kSplitNames[static_cast<int>(*split)];
  if (!choice->run)
    return fmt::format("{} No run is shown to keep any tolerance on the {} rows, not even {}.", counts, rows,
                       all.back().constraint ? tolerance_words(results, all.back()) : what);
  std::string sentence = fmt::format("{} {} of {} keep {} on the {} rows; the best of them is {}", counts,
                                     choice->feasible, choice->candidates, what, rows, title_of(results, *choice->run));
  const SplitFigures* test = results.runs[*choice->run].on(data::Split::test);
  if (test == nullptr || !test->quality) return sentence + ", which was not measured on test rows.";
  sentence += fmt::format(", with a test {} of {}", results.quality.name, quality_words(results, *test));
  const auto verdict = choice->constraint && test->constraints[*choice->constraint]
                           ? verdict_under(*test->constraints[*choice->constraint], *choice->tolerance)
                           : worst_verdict(*test);
  return sentence + (verdict ? fmt::format("; on the test rows: {}.", report::look_of(*verdict).word) : ".");
}

std::string to_terminal(const SweepReport& report, bool color) {
  constexpr std::size_t kName = 100, kMostLines = 12;
  const SweepResults& results = report.results;
  std::string text = report::plain(results.plan.name.empty() ? "sweep" : results.plan.name, kName) + "\n";
  text +=
      fmt::format("  {}: {}\n", counted(static_cast<std::int64_t>(results.runs.size()), "run"), counts_text(results));
  const auto split = choosing_split(results);
  if (split) {
    const std::vector<Choice> all = choices(results, *split);
    if (!all.empty())
      text += fmt::format("\n  best by the {} rows, with what the test rows say\n",
                          data::kSplitNames[static_cast<int>(*split)]);
    for (std::size_t i = 0; i < all.size() && i < kMostLines; ++i)
      text += "  " + choice_line(results, all[i], *split, color);
    if (all.size() > kMostLines) text += fmt::format("    {} more in the report\n", all.size() - kMostLines);
    for (const NeverFeasible& never : never_feasible(results, *split))
      text += fmt::format("  never kept its tolerances: {}={} ({})\n", report::plain(never.field, kName),
                          report::plain(never.value, kName), counted(static_cast<std::int64_t>(never.runs), "run"));
  }
  const std::vector<FailureGroup> failures = failures_of(results);
  for (std::size_t i = 0; i < failures.size() && i < kMostLines; ++i)
    text += fmt::format("  failed ({}): {}\n", counted(static_cast<std::int64_t>(failures[i].runs.size()), "run"),
                        report::plain(failures[i].reason, 2 * kName));
  return plain_text(text);
}

nlohmann::ordered_json to_json(const SweepReport& report) {
  const SweepResults& results = report.results;
  nlohmann::ordered_json counts = nlohmann::ordered_json::object(), chosen = nlohmann::ordered_json::array(),
                         never = nlohmann::ordered_json::array();
  for (const RunStatus status : {RunStatus::finished, RunStatus::stopped, RunStatus::interrupted, RunStatus::running,
                                 RunStatus::failed, RunStatus::missing})
    counts[name_of(status)] = results.count(status);
  const auto split = choosing_split(results);
  const auto id = [&](const std::optional<std::size_t>& run) {
    return run ? nlohmann::ordered_json(results.plan.runs[*run].id) : nlohmann::ordered_json(nullptr);
  };
  if (split) {
    for (const Choice& choice : choices(results, *split))
      chosen.push_back({{"constraint", choice.constraint ? results.constraints[*choice.constraint].name : "all"},
                        {"tolerance", choice.tolerance ? nlohmann::ordered_json(*choice.tolerance) : nullptr},
                        {"candidates", choice.candidates},
                        {"feasible", choice.feasible},
                        {"run", id(choice.run)},
                        {"nearest", id(choice.nearest)}});
    for (const NeverFeasible& one : never_feasible(results, *split))
      never.push_back({{"field", one.field}, {"value", one.value}, {"runs", one.runs}});
  }
  return {{"runs", results.runs.size()},
          {"counts", counts},
          {"chosen_by", split ? nlohmann::ordered_json(data::kSplitNames[static_cast<int>(*split)]) : nullptr},
          {"choices", chosen},
          {"never_feasible", never},
          {"comparison", report.comparison ? nlohmann::ordered_json(report::to_json(*report.comparison)) : nullptr}};
}

}  // namespace equipoise::sweep
