// The page, the figures and the terminal's text of an audit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "engine/report/audit_report.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::report {
namespace audit_test {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

constexpr const char* kSchema = "audit.schema.json";

audit::LevelCounts level(const std::string& name, std::int64_t rows, double share, double rate) {
  audit::LevelCounts counts{name, {rows, 10, 0, 20}, share, {}, {{"positive", rate, {rate - 0.05, rate + 0.05}}}, {},
                            0.02};
  return counts;
}

AuditReport sample() {
  AuditReport report{
      "people <b>", "2026-11-27T04:00:00Z", "equipoise audit people.yaml", "the census", 0.95, 30, {}, {}, {}};
  report.files = {{"people.csv", "ab12", 1234, 500}};
  audit::Audit& audit = report.audit;
  audit.rows = 500;
  audit.split_rows = {400, 40, 0, 60};
  audit.answers = {{"positive", 0.4, {0.35, 0.45}}};
  audit.groupings = {{"sex", false, {level("f", 150, 0.36, 0.2), level("m & x", 250, 0.64, 0.5)}},
                     {"sex*race", true, {level("f * a", 12, 0.05, 0.3)}}};
  audit.groupings[0].levels[0].population = audit::BesidePopulation{0.36, 0.51, {0.32, 0.4}, 0.001};
  audit.groupings[0].levels[1].population = audit::BesidePopulation{0.64, 0.49, {0.6, 0.68}, 0.001};
  audit.missing = {{"income", 0.03, "sex", "f", 0.08, 0.01, 0.004}};
  audit.duplicates = audit::Duplicates{12, 480, 4, {{"selection", "train", 0, 0}, {"test", "train", 3, 2}}};
  audit.showable = {{"SR gap by sex", 0.02, 0.11, "'SR gap by sex' could hardly be shown to be inside 0.02."},
                    {"loss gap by sex", std::numeric_limits<double>::infinity(), std::nullopt, ""}};
  audit.inputs_themselves = {"age"};
  audit.proxies = {{"sex", "f", "", 0.91, {0.88, 0.94}}, {"sex", "f", "job", 0.81, {0.77, 0.85}}};
  audit.relations = {{"sex", "f", "job", "nurse", "positive", 3.5, 1.1, 44, 0.0004}};
  audit.compared_relations = 20;
  audit.uncompared_inputs = {"town"};
  audit.suggestions = {{{"{recipe: reweigh, by: [\"sex\"]}", "women <are> fewer"}}, {"sex=q (3)"}};
  audit.slices = audit::SliceSearch{"runs/a", false, 0.15, 300, 4, {}};
  audit.slices->slices = {{{{"job", "nurse", false}, {"sex", "f", true}}, 22, 0.4, 0.12, {0.25, 0.57}, 0.003}};
  return report;
}

AuditReport empty_report() {
  AuditReport report;
  report.audit.split_rows = {0, 0, 0, 0};
  return report;
}

TEST(AuditSchema, HoldsOfASampleAndOfAnEmptyAudit) {
  EXPECT_EQ(complaints(json::parse(to_json(sample()).dump()), kSchema), "");
  EXPECT_EQ(complaints(json::parse(to_json(empty_report()).dump()), kSchema), "");
}

TEST(AuditSchema, TakesNoUnknownFieldAndMissesNone) {
  const json object = json::parse(to_json(sample()).dump());
  EXPECT_GE(expect_no_unknown_field(object, kSchema), 20);
  EXPECT_GT(expect_every_field_required(object, kSchema), 100);
}

TEST(AuditPage, HasEverySectionAndEscapesWhatDataSay) {
  const std::string html = to_html(sample());
  const PageReader reader(html);
  std::vector<std::string> ids;
  for (const Tag& section : reader.named("section")) ids.push_back(section.attributes.at("id"));
  EXPECT_THAT(ids, ElementsAre("groups", "showable", "proxies", "relations", "slices", "missing", "duplicates",
                               "suggestions", "guide", "reproduce"));
  EXPECT_THAT(
      html, AllOf(HasSubstr("people &lt;b&gt;"), HasSubstr("m &amp; x"), Not(HasSubstr("inf")), Not(HasSubstr("nan"))));
  EXPECT_THAT(reader.text(),
              AllOf(HasSubstr("job nurse and sex=f"), HasSubstr("of the population"), HasSubstr("3.500"),
                    HasSubstr("have, or lack, one of their values: town."), HasSubstr("- {recipe: reweigh, by:"),
                    HasSubstr("which no recipe makes more people of: sex=q (3).")));
  EXPECT_THAT(html, HasSubstr("# women &lt;are&gt; fewer"));
  std::set<std::string> targets;
  for (const Tag& tag : reader.tags()) {
    if (!tag.attributes.contains("id")) continue;
    EXPECT_TRUE(targets.insert(tag.attributes.at("id")).second) << tag.attributes.at("id");
  }
  for (const Tag& tag : reader.named("a"))
    EXPECT_TRUE(targets.contains(tag.attributes.at("href").substr(1))) << tag.attributes.at("href");
}

TEST(AuditPage, SaysItsConfidenceAsItIs) {
  AuditReport report = sample();
  report.confidence = 0.999;
  const std::string html = to_html(report);
  EXPECT_THAT(PageReader(html).text(), HasSubstr("99.9\u202F% confidence"));
}

TEST(AuditPage, SaysSoWhereThereIsNothing) {
  const std::string html = to_html(empty_report());
  const PageReader reader(html);
  EXPECT_THAT(reader.text(),
              AllOf(HasSubstr("Nothing that asks for attention was found."), HasSubstr("The config names no groups."),
                    HasSubstr("The config has no constraints."),
                    HasSubstr("Nothing here asks for batches other than the rows as they come."),
                    HasSubstr("No input lacks a value in any row."), Not(HasSubstr("Where the run errs"))));
}

TEST(AuditPage, ShowsMeansOfARegressionAndAbsoluteErrors) {
  AuditReport report = sample();
  for (audit::LevelCounts& one : report.audit.groupings[0].levels) one.mean_target = 12.5;
  report.audit.slices->is_absolute = true;
  report.audit.slices->slices[0].error = 3.25;
  const std::string html = to_html(report);
  EXPECT_THAT(PageReader(html).text(), AllOf(HasSubstr("Mean target"), HasSubstr("12.50"), HasSubstr("3.250")));
}

TEST(AuditFindings, AreOnePerThingThatAsksForAttention) {
  const std::vector<std::string> found = findings(sample());
  ASSERT_THAT(found, SizeIs(10));
  EXPECT_THAT(found[0], HasSubstr("could hardly be shown"));
  EXPECT_THAT(
      found[1],
      HasSubstr(
          "12\u00A0rows look to the model like another, across splits too: of the test split 3 have a like in the "
          "train split, 2 with the same label. If they are the same people, it has met those that it is measured "
          "on; if not, they are unlike in what the inputs do not tell (480 different rows in all)."));
  EXPECT_THAT(found[2],
              HasSubstr("sex=f is 36.0\u202F% of the rows whose sex is known, and 51.0\u202F% of the population."));
  EXPECT_THAT(found[3], HasSubstr("sex=m & x"));
  EXPECT_THAT(found[4], HasSubstr("Of sex*race, 1\u00A0level has fewer than 30 training rows: f * a."));
  EXPECT_THAT(
      found[5],
      HasSubstr(
          "The run runs/a errs most surely where job nurse and sex=f: it is wrong for 40.0\u202F% of 22 test rows"));
  EXPECT_THAT(found[6], HasSubstr("The group age is an input itself"));
  EXPECT_THAT(found[7], HasSubstr("The inputs tell sex=f from the others (AUC 0.91), 'job' alone with 0.81"));
  EXPECT_THAT(found[8], HasSubstr("1 of 20 relations"));
  EXPECT_THAT(found[9], HasSubstr("'income' is missing for 8.0\u202F% of sex=f and 1.0\u202F% of the others."));
  EXPECT_THAT(findings(empty_report()), SizeIs(0));
}

TEST(AuditFindings, LeaveOutWhatIsWithinChanceOrSmall) {
  AuditReport report = sample();
  for (audit::LevelCounts& one : report.audit.groupings[0].levels) one.population->p_value = 0.06;
  report.audit.proxies[0].auc = 0.79;
  report.audit.missing[0].in_level = 0.02;
  report.audit.duplicates->across[1].rows = 0;
  EXPECT_THAT(findings(report), SizeIs(5));
  report = sample();
  report.audit.inputs_themselves = {"sex"};  // that inputs tell it is then no news
  EXPECT_THAT(findings(report), SizeIs(9));
  report = sample();
  report.audit.missing[0].p_value = 0.06;
  EXPECT_THAT(findings(report), SizeIs(9));
}

TEST(AuditTerminal, HasTheGroupsAndTheFindingsWithinEightyColumns) {
  const std::string text = to_terminal(sample());
  EXPECT_THAT(text, AllOf(HasSubstr("500 rows"), HasSubstr("sex=f"), HasSubstr("36.0 %"), HasSubstr("hardly"),
                          Not(HasSubstr("sex*race=f"))));
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = text.substr(begin, end - begin);
    const auto columns = std::ranges::count_if(line, [](char byte) { return (byte & 0xC0) != 0x80; });
    EXPECT_LE(columns, 80) << line;
  }
}

}  // namespace audit_test
}  // namespace equipoise::report
