#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "engine/report/report.h"
#include "engine/report/sections.h"
#include "tests/engine/report/sample_report.h"
#include "tests/engine/report/whole_page.h"

namespace equipoise::report {
namespace page_test {

using evaluation::Verdict;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::string kHostile = "<script>alert('1')</script>\"& \u65E5\u672C \u202E\x1b[31m\xFF" + std::string(300, 'W');

/// The sample with every text that comes from a user, a config or data replaced.
Report hostile_report() {
  Report report = sample_report();
  for (std::string* text : {&report.name, &report.finished, &report.command, &report.outcome, &report.kept,
                            &report.device, &report.model, &report.config_yaml}) {
    *text = kHostile;
  }
  for (auto& [name, version] : report.versions) name = version = kHostile;
  for (auto& [split, rows] : report.split_rows) split = kHostile;
  for (auto* texts : {&report.promise_titles, &report.multiplier_titles, &report.reading, &report.warnings}) {
    for (std::string& text : *texts) text = kHostile;
  }
  for (data::Fingerprint& file : report.files) file.path = file.sha256 = kHostile;
  for (data::Leak& leak : report.leaks) leak.feature = leak.target = kHostile;
  for (evaluation::SplitResult& split : report.splits) {
    split.split = kHostile;
    for (evaluation::GroupMetrics& group : split.metrics.groups) {
      group.level = kHostile;
      if (!group.grouping.empty()) group.grouping = kHostile;
    }
    for (evaluation::ConstraintResult& constraint : split.constraints) {
      constraint.title = constraint.kind = constraint.grouping = constraint.form = constraint.sentence = kHostile;
      for (evaluation::PromiseResult& promise : constraint.promises) {
        promise.rate = promise.rate_name = promise.grouping = promise.form = promise.reference = promise.within =
            kHostile;
        for (auto& level : promise.levels) {
          level.level = kHostile;
          level.estimable = false;
        }
      }
    }
  }
  return report;
}

TEST(Page, HasEverySectionInOrder) {
  expect_whole(to_html(sample_report()));
}

TEST(Page, SaysTheResultInWords) {
  const PageReader reader(to_html(sample_report()));
  EXPECT_THAT(reader.text(), HasSubstr("1 of 2 fairness constraints is violated, 1 is not shown on the test split."));
  EXPECT_THAT(reader.text(), HasSubstr("86.1\u202F%"));
  EXPECT_THAT(reader.text(), HasSubstr("95\u202F% interval 85.4 to 86.8\u202F%"));
  EXPECT_THAT(reader.text(), HasSubstr("2025-03-01 14:05 UTC"));
  EXPECT_THAT(reader.text(), HasSubstr("Kept: step 7980 (epoch 17.5)"));
  EXPECT_THAT(reader.text(), HasSubstr("1.8\u00A0points"));
  EXPECT_THAT(reader.text(), HasSubstr("upper bound 6.3\u00A0points"));
  EXPECT_THAT(reader.text(), HasSubstr("2 warnings"));
  EXPECT_THAT(reader.text(), HasSubstr("training.epochs=20 seed=7"));
}

TEST(Page, OneConstraintIsASentencePerVerdict) {
  Report report = sample_report();
  for (evaluation::SplitResult& split : report.splits) split.constraints.resize(1);
  const auto sentence = [&](Verdict verdict) {
    report.splits[0].constraints[0].verdict = verdict;
    return verdict_sentence(report);
  };
  EXPECT_EQ(sentence(Verdict::met), "The model keeps its fairness constraint on the test split.");
  EXPECT_EQ(sentence(Verdict::violated), "The model breaks its fairness constraint on the test split.");
  EXPECT_THAT(sentence(Verdict::not_shown), HasSubstr("may keep"));
  EXPECT_THAT(sentence(Verdict::not_estimable), HasSubstr("cannot be said"));
  // For the reason that is the true one.
  const auto reason = [&](evaluation::Unmeasured why) {
    auto& promise = report.splits[0].constraints[0].promises[0];
    promise.verdict = Verdict::not_estimable;
    promise.levels[0].estimable = false;
    promise.levels[0].unmeasured = why;
    return sentence(Verdict::not_estimable);
  };
  EXPECT_EQ(
      reason(evaluation::Unmeasured::too_few_rows),
      "Whether the model keeps its fairness constraint cannot be said: the test split has too few rows of a group.");
  report.splits[0].split = "new rows";
  EXPECT_THAT(reason(evaluation::Unmeasured::unseen),
              HasSubstr("cannot be said: the new rows include a group that training never saw."));
  EXPECT_THAT(sentence(Verdict::met), HasSubstr("on the new rows"));
}

TEST(Page, AllAlikeIsSaidOnce) {
  Report report = sample_report();
  for (auto& constraint : report.splits[0].constraints) constraint.verdict = Verdict::met;
  EXPECT_EQ(verdict_sentence(report), "All 2 fairness constraints are met on the test split.");
}

TEST(Page, SaysOnceWhatHoldsOfAllConstraintsTogether) {
  Report report = sample_report();
  const std::string sentence = report.splits[0].joint->sentence, html = to_html(report);
  const std::size_t at = html.find(sentence);
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(html.find(sentence, at + 1), std::string::npos);
  EXPECT_LT(at, html.find("Accuracy on"));  // with the verdicts
  report.splits[0].joint.reset();
  EXPECT_EQ(to_html(report).find(sentence), std::string::npos);
}

TEST(Page, LoadsNothing) {
  const std::string html = to_html(sample_report());
  for (const char* outside : {"http://", "https://", "//cdn", "@import", "url(", "src=", "<script", "<link", "<img"}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
  bool policy = false;
  for (const Tag& meta : PageReader(html).named("meta")) {
    if (meta.attributes.contains("http-equiv")) {
      policy = true;
      EXPECT_THAT(meta.attributes.at("content"), HasSubstr("default-src &#39;none&#39;"));
    }
  }
  EXPECT_TRUE(policy);
  for (const Tag& link : PageReader(html).named("a")) EXPECT_EQ(link.attributes.at("href")[0], '#');
}

TEST(Page, NothingFromDataBecomesMarkup) {
  const std::string html = to_html(hostile_report());
  expect_whole(html);  // an injected tag or quote would stop the reader
  EXPECT_EQ(html.find("<script"), std::string::npos);
  EXPECT_EQ(html.find('\x1b'), std::string::npos);
  EXPECT_EQ(html.find('\xFF'), std::string::npos);
  EXPECT_EQ(html.find("\u202E"), std::string::npos);
  EXPECT_THAT(html, HasSubstr("&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;&amp; \u65E5\u672C"));
  const PageReader reader(html);
  for (const Tag& tag : reader.tags()) {
    for (const auto& [name, value] : tag.attributes) EXPECT_NE(name.substr(0, 2), "on") << tag.name;
  }
}

TEST(Page, HeadingsAreInOrder) {
  const PageReader reader(to_html(sample_report()));
  int level = 0, ones = 0;
  for (const Tag& tag : reader.tags()) {
    if (tag.name != "h1" && tag.name != "h2" && tag.name != "h3") continue;
    const int now = tag.name[1] - '0';
    EXPECT_LE(now, level + 1);
    level = now;
    ones += now == 1;
  }
  EXPECT_EQ(ones, 1);
}

TEST(Page, PicturesAndTablesAreNamed) {
  const PageReader reader(to_html(sample_report()));
  std::size_t pictures = 0;
  for (const Tag& svg : reader.named("svg")) {
    const bool nested = std::find(svg.inside.begin(), svg.inside.end(), "svg") != svg.inside.end();
    const bool hidden = svg.attributes.contains("aria-hidden");
    if (nested || hidden) continue;
    ++pictures;
    EXPECT_EQ(svg.attributes.at("role"), "img");
    EXPECT_TRUE(svg.attributes.contains("aria-labelledby"));
  }
  EXPECT_GT(pictures, 20u);
  EXPECT_EQ(reader.named("table").size(), reader.named("caption").size());
  for (const Tag& head : reader.named("th")) EXPECT_TRUE(head.attributes.contains("scope"));
}

TEST(Page, VerdictsHaveWordsAndShapesOfTheirOwn) {
  std::set<std::string> words, shapes;
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}) {
    Report report = sample_report();
    report.splits.resize(1);
    report.splits[0].constraints.resize(1);
    report.splits[0].constraints[0].verdict = verdict;
    const std::string html = to_html(report);
    const std::size_t badge = html.find("class=\"badge");
    const std::size_t icon_end = html.find("</svg>", badge);
    const std::string icon = html.substr(badge, icon_end - badge);
    shapes.insert(icon.substr(icon.find("class=\"shape")).substr(icon.substr(icon.find("class=\"shape")).find("\" ")));
    words.insert(html.substr(icon_end + 6, html.find('<', icon_end + 6) - icon_end - 6));
  }
  EXPECT_EQ(words, (std::set<std::string>{"met", "not shown", "violated", "not estimable"}));
  EXPECT_EQ(shapes.size(), 4u);
}

// A tick says that everything promised was measured, not only what could be.
TEST(Page, AThresholdIsTickedOnlyWhereEveryRateWasMeasured) {
  const auto ticks = [](const Report& report) {
    const std::string html = to_html(report);
    std::size_t count = 0;
    for (std::size_t at = html.find("\u00A0\u2713"); at != std::string::npos; at = html.find("\u00A0\u2713", at + 1))
      ++count;
    return count;
  };
  Report report = sample_report();
  report.splits[0].constraints.resize(1);
  report.splits[0].thresholds.resize(2);
  for (auto& row : report.splits[0].thresholds) row.gaps = {0.02 + 1e-14};  // the tolerance, but for rounding
  EXPECT_EQ(ticks(report), 2u);
  auto& promise = report.splits[0].constraints[0].promises[0];
  Report no_gap = report;
  no_gap.splits[0].constraints[0].promises[0].gap.reset();
  EXPECT_EQ(ticks(no_gap), 0u);
  promise.levels[0].estimable = false;
  promise.levels[0].unmeasured = evaluation::Unmeasured::too_few_rows;
  EXPECT_EQ(ticks(report), 0u);
  promise.levels[0].unmeasured = evaluation::Unmeasured::absent;
  EXPECT_EQ(ticks(report), 2u);
  for (auto& row : report.splits[0].thresholds) row.gaps = {0.0201};
  EXPECT_EQ(ticks(report), 0u);
}

TEST(Page, LevelsWithTooFewRowsAreHollowAndSaidInWords) {
  const std::string html = to_html(sample_report());
  EXPECT_THAT(html, HasSubstr("not estimable, n\u00A0=\u00A021"));  // the promise's own count
  EXPECT_THAT(html, HasSubstr("not estimable, n\u00A0=\u00A02<"));  // 7.1 % of 28 rows are positive
  EXPECT_THAT(html, HasSubstr("class=\"dot hollow"));
  EXPECT_THAT(html, HasSubstr("selection rate of race = Other rests on 21\u00A0rows in the test split: not estimable"));
  Report rare = sample_report();
  rare.splits[0].constraints[1].promises[0].levels[0].short_splits = {"train"};
  EXPECT_THAT(to_html(rare),
              HasSubstr("selection rate of race = Amer-Indian-Eskimo is measured here, but did not steer "
                        "the training: too few rows in train."));
  Report weighted = sample_report();
  for (auto& group : weighted.splits[0].metrics.groups)
    if (group.grouping == "age" && group.level == "65 and over") group.selection_rate_rows = 12.4;
  EXPECT_THAT(to_html(weighted), HasSubstr("not estimable, n\u00A0=\u00A012.4<"));  // 406 rows by number
  Report plenty = sample_report();
  plenty.min_rows = 0;
  for (auto& split : plenty.splits) {
    split.metrics.groups.pop_back();
    for (auto& constraint : split.constraints) {
      for (auto& promise : constraint.promises) {
        for (auto& level : promise.levels) level.estimable = true;
      }
    }
  }
  EXPECT_THAT(to_html(plenty), Not(HasSubstr("class=\"dot hollow")));
}

TEST(Page, EveryPromiseIsDrawnOnBothSplits) {
  const std::string html = to_html(sample_report());
  const auto drawn = [&](const std::string& style) {
    const PageReader reader(html);
    return std::count_if(reader.tags().begin(), reader.tags().end(), [&](const Tag& tag) {
      return tag.attributes.contains("class") && tag.attributes.at("class") == style && tag.name != "path";
    });
  };
  EXPECT_EQ(drawn("bound"), 3);
  EXPECT_EQ(drawn("bound lighter"), 3);
  EXPECT_EQ(drawn("interval lighter"), 3);
  EXPECT_EQ(drawn("noise"), 3);
  EXPECT_EQ(drawn("allowed"), 3);
}

TEST(Page, WarningsAndLeaksAreSaid) {
  const std::string html = to_html(sample_report());
  EXPECT_LT(html.find("rests on 21 rows in the selection split"), html.find("id=\"gaps\""));
  EXPECT_THAT(html, HasSubstr("tells the group sex with a balanced accuracy of 99.6\u202F%"));
  Report quiet = sample_report();
  quiet.warnings.clear();
  quiet.leaks.clear();
  EXPECT_THAT(to_html(quiet), AllOf(Not(HasSubstr("warnings-title")), HasSubstr("No single input reproduces")));
}

TEST(Page, TheKeptModelIsMarked) {
  Report report = sample_report();
  EXPECT_THAT(to_html(report), AllOf(HasSubstr(">kept</text>"), HasSubstr("The upright line marks")));
  report.kept_step.reset();
  EXPECT_THAT(to_html(report), AllOf(Not(HasSubstr(">kept</text>")), Not(HasSubstr("The upright line marks"))));
}

TEST(Page, WhatStillSwungIsSaidUnderTheMultipliers) {
  const PageReader page(to_html(sample_report()));
  EXPECT_THAT(
      page.text(),
      HasSubstr(
          "Over the last 16\u00A0measures the true positive rate gap by sex moved the most of all gaps, by "
          "0.1\u00A0points to either side with 9\u00A0turns; of the multipliers true positive rate sex=Female, lower "
          "did, by 0.002 with 7\u00A0turns."));
  Report report = sample_report();
  report.gap_swing.reset();
  EXPECT_THAT(to_html(report), Not(HasSubstr("moved the most")));
}

TEST(Page, TolerancesOverThresholdsSayWhoseTheyAre) {
  Report report = sample_report();
  auto& constraints = report.splits[0].constraints;
  for (auto& constraint : constraints) constraint.unit = "points";
  constraints.resize(2);
  constraints[0].tolerance = constraints[1].tolerance = 0.03;
  EXPECT_THAT(to_html(report), HasSubstr("tolerance 3.0\u00A0points</li>"));
  constraints[0].title = "equalized odds by sex, gap at most 0.03";
  constraints[1].tolerance = 0.04;
  constraints[1].title = "demographic parity by race, gap at most 0.04";
  const std::string html = to_html(report);
  EXPECT_THAT(html, AllOf(HasSubstr("tolerance 3.0\u00A0points: equalized odds by sex</li>"),
                          HasSubstr("tolerance 4.0\u00A0points: demographic parity by race</li>"),
                          HasSubstr(">threshold in use</text>")));
}

TEST(Page, SaysWhatAGapIsComparedWith) {
  Report report = sample_report();
  auto& promises = report.splits[0].constraints[0].promises;
  promises[0].form = "reference";
  promises[0].reference = "Male";
  promises[1].form = "overall";
  promises[1].everyone_rate = 0.068;
  const std::string html = to_html(report);
  EXPECT_THAT(html, HasSubstr("largest distance to Male"));
  EXPECT_THAT(html, HasSubstr("largest distance to everyone&#39;s 6.8\u202F%"));
}

TEST(Page, RatioGapsAreNotCalledPoints) {
  Report report = sample_report();
  for (auto& split : report.splits) {
    for (auto& constraint : split.constraints) {
      constraint.form = "ratio";
      constraint.unit = "percent";
      for (auto& promise : constraint.promises) {
        promise.form = "ratio";
        promise.unit = "percent";
      }
    }
  }
  const std::string html = to_html(report);
  EXPECT_THAT(html, HasSubstr("upper bound 6.3\u202F%"));
  EXPECT_THAT(html, Not(HasSubstr("6.3\u00A0points")));
  EXPECT_THAT(html, HasSubstr("True positive rate gap by sex, %"));
}

}  // namespace page_test
}  // namespace equipoise::report
