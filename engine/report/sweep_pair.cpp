// Two settings side by side, in the page.
#include <fmt/format.h>

#include "engine/report/compare_sections.h"
#include "engine/report/figures.h"
#include "engine/report/sweep_report.h"

namespace equipoise::report {
namespace {

std::string left_out_text(const sweep::SettingPair& pair) {
  std::string text;
  for (const auto& [count, why] :
       {std::pair{pair.of_other_data, "learned from other data"}, {pair.of_other_rows, "are tested on other rows"}})
    if (count > 0)
      text += fmt::format(" {} left out, as the two {}.", counted(static_cast<std::int64_t>(count), "pair"), why);
  return text;
}

}  // namespace

void write_sweep_pair(Markup& page, const SweepReport& report) {
  {
    const auto section = page.in("section", {{"id", "pair"}, {"aria-labelledby", "pair-title"}});
    page.element("h2", {{"id", "pair-title"}}, "Two settings side by side");
    if (!report.pair || !report.comparison) {
      page.element(
          "p", {},
          report.comparison_note.empty() ? "There are no two settings with a seed in common." : report.comparison_note);
      return;
    }
    const sweep::SettingPair& pair = *report.pair;
    const auto count = static_cast<std::int64_t>(pair.pairs.size());
    page.element("p", {{"class", "intro"}}, fmt::format("{}, and {}. {}", pair.first, pair.second, pair.how));
    page.element("p", {{"class", "intro"}},
                 fmt::format("{} of runs, at {}.{}{} {}", counted(count, "pair"),
                             counted(static_cast<std::int64_t>(report.comparison->seeds.size()), "seed"),
                             pair.unpaired > 0 ? fmt::format(" {} without a partner that finished.",
                                                             counted(static_cast<std::int64_t>(pair.unpaired), "run"))
                                               : "",
                             left_out_text(pair), report.comparison_note));
    if (const std::string words = seeds_sentence(*report.comparison); !words.empty())
      page.element("p", {{"class", "note"}}, words);
  }
  write_compare_arms(page, *report.comparison);
  write_compare_plots(page, *report.comparison);
}

}  // namespace equipoise::report
