#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/report/artifacts_json.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {
namespace artifacts_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ArtifactsSection, SaysTheVerdictBeforeTheFigures) {
  const std::string text = text_of(section_of(to_html(sample_report()), "artifacts"));
  EXPECT_THAT(
      text,
      AllOf(HasSubstr("Made rows"), HasSubstr("Rows that corrupt made, by cell"),
            HasSubstr("sex=&lt;f&gt;, label=positive"), HasSubstr("16.1\u202F% (1.5)"),
            HasSubstr("have two levels that no training row has together"),
            HasSubstr("2,000\u00A0made rows looked at, of 4,000; 1,061\u00A0training rows, 350\u00A0held-out rows"),
            HasSubstr("12.2 to 17.1\u202F%"), HasSubstr("0.12 to 0.17"), HasSubstr("&lt; 0.001"),
            HasSubstr("0.340 real, 0.310 made")));
  const std::size_t row = text.find("Training rows");
  EXPECT_LT(text.find("harmful", row), text.find("16.1\u202F%", row));
  EXPECT_THAT(text, HasSubstr("too few rows to tell"));
  EXPECT_THAT(text, HasSubstr("median 0.340, nine in ten from 0.000 to 0.900"));
  for (const audit::ArtifactKindEntry& kind : audit::artifact_kinds())
    EXPECT_THAT(text, AllOf(HasSubstr(kind.title), HasSubstr(kind.sentence)));
}

TEST(ArtifactsSection, IsOnlyThereWhereRowsWereLookedAt) {
  Report report = sample_report();
  report.artifacts.reset();
  EXPECT_THAT(to_html(report), Not(HasSubstr("id=\"artifacts\"")));
  report.artifacts.emplace();
  EXPECT_THAT(text_of(section_of(to_html(report), "artifacts")), HasSubstr("No row was made."));
  report.artifacts->recipes.push_back({"smote", {}, {}});
  EXPECT_THAT(text_of(section_of(to_html(report), "artifacts")), HasSubstr("It made no row."));
}

TEST(ArtifactsSection, WithoutDistancesHasNoPicture) {
  Report report = sample_report();
  for (audit::CellArtifacts& cell : report.artifacts->recipes[0].cells) cell.distances.reset();
  EXPECT_THAT(text_of(section_of(to_html(report), "artifacts")), Not(HasSubstr("Distance to the closest")));
}

TEST(ArtifactsJson, ComesBackAsItWas) {
  const std::optional<audit::ArtifactAudit> sample = sample_artifacts();
  const auto again = artifacts_from_json(nlohmann::json::parse(to_json(sample).dump()), "artifacts");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(again), to_json(sample));
  EXPECT_EQ(again->recipes[0].cells[0].distances->made[1], 0.22);
  EXPECT_FALSE(again->recipes[0].cells[1].distances);
  EXPECT_FALSE(again->recipes[0].cells[1].figures[0].made);
  EXPECT_EQ(again->verdict(), audit::ArtifactVerdict::harmful);
  EXPECT_FALSE(artifacts_from_json(nullptr, "artifacts").has_value());
}

TEST(ArtifactsJson, RefusesWhatItDoesNotKnow) {
  const auto refused = [](const std::function<void(nlohmann::json&)>& damage) {
    nlohmann::json object = to_json(std::optional(sample_artifacts()));
    damage(object["recipes"][0]["cells"][0]);
    try {
      artifacts_from_json(object, "results.artifacts");
    } catch (const core::UserError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(refused([](nlohmann::json& cell) { cell["verdict"] = "fine"; }),
              HasSubstr("results.artifacts.recipes[0].cells[0].verdict is 'fine', expected clean"));
  EXPECT_THAT(refused([](nlohmann::json& cell) { cell["figures"][2]["kind"] = "smell"; }), HasSubstr("'smell'"));
  EXPECT_THAT(refused([](nlohmann::json& cell) {
                cell["distances"]["made"] = {1, 2};
              }),
              HasSubstr("distances.made has 2 numbers, expected 5"));
  EXPECT_THAT(refused([](nlohmann::json& cell) { cell.erase("looked_at"); }), HasSubstr("looked_at is missing"));
}

}  // namespace artifacts_test
}  // namespace equipoise::report
