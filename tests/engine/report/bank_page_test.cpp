#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>
#include <sstream>

#include "engine/report/bank_report.h"
#include "engine/report/bank_summary.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_bank.h"

namespace equipoise::report {
namespace bank_page_test {

using evaluation::Verdict;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++n;
  return n;
}

std::vector<std::string> section_ids(const PageReader& reader) {
  std::vector<std::string> ids;
  for (const Tag& section : reader.named("section")) ids.push_back(section.attributes.at("id"));
  return ids;
}

void expect_whole(const std::string& html) {
  const PageReader reader(html);
  EXPECT_THAT(section_ids(reader), ElementsAre("result", "plots", "members", "choice", "guide", "reproduce"));
  EXPECT_THAT(html, AllOf(Not(HasSubstr("nan")), Not(HasSubstr("inf%")), Not(HasSubstr("=\"inf"))));
  std::set<std::string> ids;
  for (const Tag& tag : reader.tags()) {
    if (tag.attributes.contains("id")) {
      EXPECT_TRUE(ids.insert(tag.attributes.at("id")).second) << tag.attributes.at("id");
    }
  }
  for (const Tag& tag : reader.tags()) {
    if (tag.attributes.contains("aria-labelledby")) {
      std::istringstream words(tag.attributes.at("aria-labelledby"));
      for (std::string id; words >> id;) EXPECT_TRUE(ids.contains(id)) << id;
    }
    if (tag.name == "a" && tag.attributes.at("href").starts_with('#')) {
      EXPECT_TRUE(ids.contains(tag.attributes.at("href").substr(1))) << tag.attributes.at("href");
    }
  }
}

TEST(BankPage, IsWholeWhateverTheBank) {
  expect_whole(to_html(BankReport{}));
  for (const int members : {1, 6, 64}) {
    for (const int constraints : {1, 2}) expect_whole(to_html(sample_bank(members, constraints)));
  }
  BankReport report = sample_bank(6, 2);
  let_diverge(report.members[0]);
  report.members[1].result->metrics.accuracy = std::nan("");
  report.members[2].result->constraints.clear();
  report.members[3].result->constraints[0].gap = std::numeric_limits<double>::infinity();
  report.members[4].result->constraints[0].upper_bound.reset();
  report.training_seconds = report.rows_per_second = std::nan("");
  expect_whole(to_html(report));
  for (BankMember& member : report.members) let_diverge(member);
  expect_whole(to_html(report));
}

TEST(BankPage, SaysTheResultInWords) {
  BankReport report = sample_bank(6);
  report.warnings = {"member 2 had not settled"};
  const PageReader reader(to_html(report));
  EXPECT_THAT(reader.text(), HasSubstr(bank_sentence(report)));
  EXPECT_THAT(reader.text(), HasSubstr("2025-03-01 14:05 UTC"));
  EXPECT_THAT(reader.text(), HasSubstr("--each constraints.0.tolerance=0.02,0.05,0.08,0.12"));
  EXPECT_THAT(reader.text(), HasSubstr("182,346"));
  EXPECT_THAT(reader.text(), HasSubstr("71.4\u202Fs"));
  EXPECT_THAT(reader.text(), AllOf(HasSubstr("1 warning"), HasSubstr("member 2 had not settled")));
  EXPECT_THAT(reader.text(), HasSubstr("Kept: step 7980 (epoch 17.5)"));
  EXPECT_THAT(reader.text(), HasSubstr("9,120\u00A0steps"));
}

TEST(BankPage, WarnsOfChoosingByTheTestRows) {
  EXPECT_THAT(PageReader(to_html(sample_bank(6))).text(),
              AllOf(HasSubstr("is a choice by the test rows"), HasSubstr("the best of 6 looks better than it is"),
                    HasSubstr("Choose by the selection split"), HasSubstr("--data new_rows.csv")));
  EXPECT_THAT(PageReader(to_html(sample_bank(1))).text(), Not(HasSubstr("is a choice by the test rows")));
  BankReport report = sample_bank(2);
  for (BankMember& member : report.members) member.result->split = "selection";
  EXPECT_THAT(PageReader(to_html(report)).text(),
              AllOf(Not(HasSubstr("is a choice by the test rows")), HasSubstr("must be measured on other rows")));
}

TEST(BankPage, LinksToEachMembersReport) {
  BankReport report = sample_bank(3);
  report.members[1].folder = "mem bers/0#1";
  const std::string html = to_html(report);
  EXPECT_THAT(html, HasSubstr("href=\"members/000/report.html\""));
  EXPECT_THAT(html, HasSubstr("href=\"mem%20bers/0%231/report.html\""));
}

TEST(BankPage, NoLinkLeadsOutOfItsFolder) {
  for (const char* folder :
       {"/etc", "../other", "a/../../b", "javascript:alert(1)//", "https://example.org", "//x.org"}) {
    BankReport report = sample_bank(1);
    report.members[0].folder = folder;
    for (const Tag& link : PageReader(to_html(report)).named("a")) {
      const std::string& href = link.attributes.at("href");
      EXPECT_FALSE(href.starts_with('/') || href.find("..") != std::string::npos || href.find(':') != std::string::npos)
          << href;
    }
  }
}

TEST(BankPage, LoadsNothing) {
  const std::string html = to_html(sample_bank(6, 2));
  for (const char* outside : {"http://", "https://", "//cdn", "@import", "url(", "src=", "<script", "<link", "<img"}) {
    EXPECT_EQ(html.find(outside), std::string::npos) << outside;
  }
  EXPECT_THAT(html, HasSubstr("default-src &#39;none&#39;"));
}

TEST(BankPage, NoNameBecomesMarkup) {
  const std::string hostile = "<script>alert('1')</script>\"& \u202E\x1b[31m\xFF" + std::string(300, 'W');
  BankReport report = sample_bank(3, 2);
  for (std::string* text : {&report.name, &report.finished, &report.command, &report.outcome, &report.device}) {
    *text = hostile;
  }
  report.warnings = {hostile};
  for (BankMember& member : report.members) {
    member.title = member.folder = member.outcome = member.failure = member.kept = hostile;
    member.result->split = hostile;
    for (auto& constraint : member.result->constraints) {
      constraint.title = constraint.kind = constraint.grouping = constraint.form = constraint.sentence = hostile;
    }
  }
  const std::string html = to_html(report);
  expect_whole(html);
  EXPECT_THAT(html, AllOf(Not(HasSubstr("<script")), Not(HasSubstr("\u202E")), Not(HasSubstr("\x1b"))));
}

TEST(BankPage, AMemberThatWasNotMeasuredIsNeverLeftOutInSilence) {
  BankReport report = sample_bank(6);
  let_diverge(report.members[4]);
  const std::string text = PageReader(to_html(report)).text();
  EXPECT_THAT(text, HasSubstr("Member 4 diverged."));
  EXPECT_THAT(text, HasSubstr("Not drawn: member 4, of which nothing was measured."));
  EXPECT_THAT(text, HasSubstr("the training loss is not finite at step 1140"));
  EXPECT_THAT(text, HasSubstr("nothing was measured"));
}

TEST(BankPage, AMemberThatDivergedDoesNotSqueezeThePlot) {
  BankReport report = sample_bank(6);
  report.members[5].outcome = "diverged";
  report.members[5].result->metrics.accuracy = 0.24;
  report.members[5].result->metrics.accuracy_interval = wilson(0.24, 9769);
  const std::string text = PageReader(to_html(report)).text();
  EXPECT_THAT(text, HasSubstr("Not drawn: member 5, whose training did not finish and whose figures lie far"));
  report.members[5].result->metrics.accuracy = 0.84;
  report.members[5].result->metrics.accuracy_interval.reset();
  const std::string near = PageReader(to_html(report)).text();
  EXPECT_THAT(near, AllOf(Not(HasSubstr("Not drawn")), HasSubstr("* did not finish its training")));
}

TEST(BankPage, EachMembersOwnToleranceIsDrawn) {
  BankReport report = sample_bank(6);
  const std::string html = to_html(report);
  // One for each member and one in the key.
  EXPECT_EQ(count_of(html, "class=\"bracket\""), 7u);
  EXPECT_EQ(count_of(html, "class=\"allowed\""), 0u);
  for (BankMember& member : report.members) member.result->constraints[0].tolerance = 0.05;
  const std::string alike = to_html(report);
  EXPECT_EQ(count_of(alike, "class=\"bracket\""), 0u);
  EXPECT_EQ(count_of(alike, "class=\"allowed\""), 1u);
}

TEST(BankPage, VerdictsAreWordsAndShapes) {
  const std::string html =
      to_html(bank_of({Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}));
  const std::string text = PageReader(html).text();
  for (const char* word : {"met", "not shown", "violated", "not estimable"}) EXPECT_THAT(text, HasSubstr(word));
  EXPECT_THAT(text, HasSubstr("Not drawn: member 3, of which the gap or the accuracy could not be estimated."));
  EXPECT_EQ(count_of(html, "class=\"scatter-mark\""), 3u);
}

}  // namespace bank_page_test
}  // namespace equipoise::report
