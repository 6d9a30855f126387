#include <array>

#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

void write_words(Markup& page) {
  constexpr std::array<std::pair<const char*, const char*>, 5> kWords = {{
      {"Gap",
       "How far apart the rates of the groups of a grouping lie. With three groups decided positive at 20, 25 and 31 "
       "%, "
       "the gap is 11.0 points. A constraint of two rates (equalized odds) is as good as the worse of them."},
      {"Tolerance", "The largest gap that was allowed, set in the config before training."},
      {"Interval and upper bound",
       "Another test split of the same size would give another gap. The interval covers the gap among all such people "
       "with the confidence stated; the upper bound is the side that matters for the verdict, and is stricter when a "
       "constraint makes several promises at once."},
      {"Noise floor",
       "The gap that would be seen on average even if the groups were treated exactly alike, for so few rows. A "
       "tolerance near it can hardly be shown to hold."},
      {"Kept model",
       "Training passes through many models. The one kept is chosen on the selection split; the test split is used "
       "once, "
       "for this report."},
  }};
  page.element("h3", {}, "Words");
  const auto list = page.in("dl", {{"class", "guide"}});
  for (const auto& [word, meaning] : kWords) {
    const auto item = page.in("div");
    page.element("dt", {}, word).element("dd", {}, meaning);
  }
}

void write_limits(Markup& page) {
  page.element("h3", {}, "What is not promised");
  const auto list = page.in("ul");
  for (const char* sentence : {
           "Nothing is said about groups that are not listed, nor about crossings of groups that were not asked for.",
           "The verdicts are about people drawn as the test split was. Other years, other places, another way of "
           "collecting the data: measure again.",
           "Labels are taken as they are. A model that is equally right about unfair labels is not fair.",
           "One kind of gap being small does not make the others small; some cannot be small together.",
           "Decisions are made at a score of 0.5. Another threshold has other gaps.",
       }) {
    page.element("li", {}, sentence);
  }
}

}  // namespace

void write_verdict_guide(Markup& page) {
  using evaluation::Verdict;
  page.element("h3", {}, "The four verdicts");
  const auto list = page.in("dl", {{"class", "guide"}});
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}) {
    const auto item = page.in("div");
    {
      const auto term = page.in("dt");
      draw_badge(page, verdict);
    }
    page.element("dd", {}, look_of(verdict).meaning);
  }
}

void write_reading_guide(Markup& page) {
  const auto section = page.in("section", {{"id", "guide"}, {"aria-labelledby", "guide-title"}});
  page.element("h2", {{"id", "guide-title"}}, "How to read this");
  write_verdict_guide(page);
  write_words(page);
  write_limits(page);
}

}  // namespace equipoise::report
