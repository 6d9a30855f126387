#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/report/sampling_json.h"
#include "tests/engine/report/page_checks.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {
namespace sampling_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(SamplingSection, SaysWhichRowsWereDrawnAndWhy) {
  const std::string html = to_html(sample_report());
  EXPECT_THAT(html, HasSubstr("Women &lt;were&gt; selected too rarely."));
  EXPECT_THAT(text_of(section_of(to_html(sample_report()), "sampling")),
              AllOf(HasSubstr("fairbatch, version 2 of recipes/parity.yaml: moves a share."),
                    HasSubstr("Epoch 1: fairbatch: nothing is measured yet"), HasSubstr("Epochs 2 to 3: fairbatch"),
                    HasSubstr("sex=f, label=positive"), HasSubstr("Share of each cell in the batches"),
                    HasSubstr("Share of the drawn rows of each cell that were made up"),
                    HasSubstr("Weight in the loss"), HasSubstr("made up, of these"), HasSubstr("550 5.5 70 ")));
  // 550 of 3,000 rows drawn were of 100 women with a positive label: 5.5 times each.
  EXPECT_THAT(text_of(section_of(to_html(sample_report()), "sampling")),
              AllOf(HasSubstr("5.5"), HasSubstr("10.0\u202F%"), HasSubstr("25.0\u202F%")));
}

TEST(SamplingSection, PicturesAreChangedAndNotMadeUp) {
  Report report = sample_report();
  report.sampling->recipes[0].recipe = "images";
  EXPECT_THAT(text_of(section_of(to_html(report), "sampling")),
              AllOf(HasSubstr("changed, of these"), Not(HasSubstr("made up, of these"))));
}

TEST(SamplingSection, IsOnlyThereWhereARecipeWas) {
  Report report = sample_report();
  report.sampling.reset();
  EXPECT_THAT(to_html(report), Not(HasSubstr("id=\"sampling\"")));
  EXPECT_THAT(to_html(sample_report()), HasSubstr("id=\"sampling\""));
}

TEST(SamplingSection, OfSharesThatDoNotMoveHasNoPicture) {
  Report report = sample_report();
  for (auto& epoch : report.sampling->epochs) epoch = {epoch.epoch, {100, 300, 600}, {0, 0, 0}, {1, 1, 1}, "balance"};
  EXPECT_THAT(text_of(section_of(to_html(report), "sampling")),
              AllOf(Not(HasSubstr("Share of each cell")), Not(HasSubstr("Weight in the loss"))));
  report.sampling->epochs.clear();
  EXPECT_THAT(text_of(section_of(to_html(report), "sampling")), HasSubstr("No epoch came to its end."));
}

TEST(SamplingJson, ComesBackAsItWas) {
  const Report report = sample_report();
  const auto again = sampling_log_from_json(to_json(report.sampling), "sampling");
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(to_json(again), to_json(report.sampling));
  EXPECT_EQ(again->epochs[2].weights, report.sampling->epochs[2].weights);
  EXPECT_EQ(again->recipes[0].version, 2);
  EXPECT_FALSE(sampling_log_from_json(nullptr, "sampling").has_value());
  nlohmann::json wrong = to_json(report.sampling);
  wrong["epochs"][1]["drawn"] = {1, 2};
  EXPECT_THROW(sampling_log_from_json(wrong, "sampling"), core::UserError);
}

}  // namespace sampling_test
}  // namespace equipoise::report
