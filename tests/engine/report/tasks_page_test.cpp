// Pages of the tasks beyond binary labels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <regex>

#include "engine/report/figures.h"
#include "engine/report/report.h"
#include "engine/report/sections.h"
#include "tests/engine/report/sample_tasks.h"
#include "tests/engine/report/whole_page.h"

namespace equipoise::report {
namespace tasks_page_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::size_t times(const std::string& html, const std::string& words) {
  std::size_t count = 0;
  for (std::size_t at = html.find(words); at != std::string::npos; at = html.find(words, at + 1)) ++count;
  return count;
}

TEST(TasksPage, EachIsWholeWithTheSectionsOfItsTask) {
  expect_whole(to_html(sample_classes()), {"calibration"});
  expect_whole(to_html(sample_classes(10)), {"calibration"});
  expect_whole(to_html(sample_labels()), {"calibration"});
  expect_whole(to_html(sample_regression()), {});
  Report nothing = sample_regression();
  nothing.splits[0].regression.reset();
  nothing.splits[1].regression.reset();
  expect_whole(to_html(nothing), {});
}

TEST(TasksPage, HeadingsAreInOrderAndTablesNamed) {
  for (const Report& report : {sample_classes(), sample_classes(10), sample_labels(), sample_regression()}) {
    const PageReader reader(to_html(report));
    int level = 0;
    for (const Tag& tag : reader.tags()) {
      if (tag.name.size() != 2 || tag.name[0] != 'h' || !std::isdigit(static_cast<unsigned char>(tag.name[1])))
        continue;
      const int now = tag.name[1] - '0';
      EXPECT_LE(now, level + 1) << report.name;
      level = now;
    }
    EXPECT_EQ(reader.named("table").size(), reader.named("caption").size());
    for (const Tag& head : reader.named("th")) EXPECT_TRUE(head.attributes.contains("scope"));
  }
}

TEST(TasksPage, TheResultNamesItsFigure) {
  const std::string classes = text_of(section_of(to_html(sample_classes()), "result"));
  EXPECT_THAT(classes, HasSubstr("Accuracy over 4 classes on the test split"));
  EXPECT_THAT(classes, HasSubstr("95\u202F% interval 85.4 to 86.8\u202F%"));
  EXPECT_THAT(classes, AllOf(Not(HasSubstr("Calibration error")), HasSubstr("Each class on the test split")));
  EXPECT_THAT(classes, HasSubstr("The model is 5 members that decide together, by the mean of their scores."));
  const std::string labels = text_of(section_of(to_html(sample_labels()), "result"));
  EXPECT_THAT(labels, AllOf(HasSubstr("Mean accuracy over 3 labels on the test split"), HasSubstr("Mean AUC"),
                            Not(HasSubstr("interval"))));
  const std::string regression = text_of(section_of(to_html(sample_regression()), "result"));
  EXPECT_THAT(regression, HasSubstr("Root mean square error on the test split"));
  EXPECT_THAT(regression, AllOf(HasSubstr("18,804"), HasSubstr("11,228"), HasSubstr("58.7\u202F%")));
  EXPECT_THAT(regression, AllOf(Not(HasSubstr("Accuracy")), Not(HasSubstr("Log loss")), Not(HasSubstr("members"))));
}

TEST(TasksPage, WithoutConstraintsTheSentenceNamesTheFigureToo) {
  const auto sentence = [](Report report) {
    report.splits[0].constraints.clear();
    return verdict_sentence(report);
  };
  EXPECT_EQ(sentence(sample_classes()),
            "No fairness constraint was set; the accuracy over 4 classes on the test split is 86.1\u202F%.");
  EXPECT_EQ(sentence(sample_labels(1)),
            "No fairness constraint was set; the mean accuracy over 1 label on the test split is 86.1\u202F%.");
  EXPECT_EQ(sentence(sample_regression()),
            "No fairness constraint was set; the root mean square error on the test split is 18,804.");
}

TEST(TasksPage, PromisesStandUnderTheirClass) {
  const std::string gaps = section_of(to_html(sample_classes()), "gaps");
  for (const char* heading : {"class = none", "class = high", "class = low and late", "class = middle"})
    EXPECT_EQ(times(gaps, std::string("<h3>") + heading + "</h3>"), 1u) << heading;
  // The class stands in the heading, the level of the control grouping in the row.
  EXPECT_THAT(gaps, Not(HasSubstr("<p>true positive rate by sex within")));
  EXPECT_EQ(times(gaps, "<p>false positive rate by race within degree=none</p>"), 1u);
  EXPECT_THAT(gaps, HasSubstr("Gap in true positive rate by sex, class = high"));
  EXPECT_THAT(gaps, Not(HasSubstr("<details")));
}

TEST(TasksPage, ManyClassesAreFoldedWhereNothingIsWrong) {
  const std::string gaps = section_of(to_html(sample_classes(10)), "gaps");
  EXPECT_EQ(times(gaps, "<details class=\"outcome\""), 10u);
  EXPECT_EQ(times(gaps, "<details class=\"outcome\" open>"), 7u);  // from the fourth on one is violated
  EXPECT_THAT(text_of(gaps), HasSubstr("2.8\u00A0points, the worst of 4\u00A0promises"));
  EXPECT_LT(to_html(sample_classes(10)).size(), 2u << 20);
}

TEST(TasksPage, EachOutcomeHasItsRatesByGroup) {
  const std::string html = to_html(sample_classes()), groups = section_of(html, "groups");
  EXPECT_THAT(text_of(groups), HasSubstr("Accuracy on the test split"));
  for (const char* caption :
       {"Figures of class = none on the test split", "Figures of class = middle on the test split"})
    EXPECT_EQ(times(groups, "<caption>" + std::string(caption)), 1u) << caption;
  EXPECT_EQ(times(groups, "<caption>"), 5u);
  EXPECT_EQ(times(groups, "Selection rate by race, %"), 4u);
  // Everyone stands first.
  const std::string table = groups.substr(groups.find("<caption>Figures of class = none"));
  EXPECT_LT(table.find("Everyone"), table.find("By sex"));
  // Of more than a few each is closed; of very many only the tables are there.
  EXPECT_EQ(times(section_of(to_html(sample_labels(6)), "groups"), "<details"), 6u);
  EXPECT_THAT(section_of(to_html(sample_labels(11)), "groups"), Not(HasSubstr("<svg")));
}

TEST(TasksPage, TheRowsBehindARateAreThoseOfItsOwnClass) {
  Report report = sample_classes();
  auto& promises = report.splits[0].constraints[0].promises;
  const auto high = std::ranges::find(promises, "class=high", &evaluation::PromiseResult::within);
  high->levels[0].estimable = false;
  high->levels[0].effective_rows = 16.5;
  const std::string html = to_html(report);
  EXPECT_EQ(times(html, "not estimable, n\u00A0=\u00A016.5"),
            times(html, "True positive rate of class = high, sex = Female</title>") * 3)
      << "once in words, once for those who cannot see it, once under a pointer";
  EXPECT_EQ(times(html, "True positive rate of class = high, sex = Female</title>"), 1u);
}

TEST(TasksPage, ARegressionShowsErrorsByGroup) {
  const std::string groups = section_of(to_html(sample_regression()), "groups"), text = text_of(groups);
  EXPECT_THAT(text, HasSubstr("Predictions and errors per group"));
  for (const char* column : {"Mean target", "Mean prediction", "Mean residual", "RMSE", "MAE"})
    EXPECT_EQ(times(groups, "<th scope=\"col\">" + std::string(column) + "</th>"), 1u) << column;
  EXPECT_THAT(text, HasSubstr("Black 937 47,600 46,410 \u22121,190 25,004 15,028"));
  EXPECT_LT(groups.find("<th scope=\"row\">Everyone"), groups.find("<th scope=\"row\">Female"));
  EXPECT_THAT(groups, HasSubstr("not estimable, n\u00A0=\u00A028"));
  Report none = sample_regression();
  none.splits[0].regression->groups.resize(1);
  EXPECT_THAT(to_html(none), HasSubstr("The config names no groups."));
}

TEST(TasksPage, MeansHaveScalesOfTheirOwn) {
  const std::string gaps = section_of(to_html(sample_regression()), "gaps"), text = text_of(gaps);
  EXPECT_EQ(times(gaps, "axis-row"), 3u);
  EXPECT_EQ(times(gaps, ">2000</text>"), 1u);  // of the mean prediction
  EXPECT_THAT(text, AllOf(HasSubstr("980.4"), HasSubstr("at most 550,000,000"), HasSubstr("600\u202FM"),
                          HasSubstr("share of predictions above 50000 by sex"), HasSubstr("6.2\u00A0points")));
  EXPECT_THAT(gaps, Not(HasSubstr(" within ")));
}

TEST(TasksPage, ADistanceFromZeroIsNoGapBetweenGroups) {
  Report report = sample_report();
  auto& promise = report.splits[0].constraints[1].promises[0];
  promise.form = "from_zero";
  promise.rate_name = "calibration error";
  promise.within = "score=0.2 to 0.4";
  const std::string gaps = section_of(to_html(report), "gaps");
  EXPECT_THAT(text_of(gaps), HasSubstr("calibration error by race within score=0.2 to 0.4 tolerance 5.0\u00A0points; "
                                       "largest size, of either sign, in any group"));
  EXPECT_THAT(gaps, HasSubstr("test split: calibration error 13.7\u00A0points"));
  EXPECT_THAT(gaps, Not(HasSubstr("Gap in calibration error")));
}

TEST(TasksPage, EachOutcomeHasItsCalibration) {
  const std::string calibration = section_of(to_html(sample_classes(10)), "calibration");
  EXPECT_EQ(times(calibration, "<figure"), 10u);
  EXPECT_EQ(times(calibration, "<caption>Calibration of class = "), 10u);
  Report partly = sample_labels();
  partly.splits[0].outcomes[1].metrics.calibration.clear();
  EXPECT_EQ(times(section_of(to_html(partly), "calibration"), "<figure"), 2u);
  for (auto& outcome : partly.splits[0].outcomes) outcome.metrics.calibration.clear();
  EXPECT_THAT(to_html(partly), HasSubstr("Calibration was not measured."));
}

TEST(TasksPage, TrainingDrawsWhatThereIs) {
  const std::string regression = section_of(to_html(sample_regression()), "training");
  EXPECT_THAT(regression, AllOf(Not(HasSubstr("Accuracy")), Not(HasSubstr("Log loss"))));
  EXPECT_THAT(regression, HasSubstr("<figcaption>Loss, in standardised units"));
  EXPECT_THAT(regression, HasSubstr("The multipliers moved by the means of the training rows."));
  EXPECT_THAT(section_of(to_html(sample_labels()), "training"),
              AllOf(HasSubstr("Mean accuracy over the labels, %"), HasSubstr("Log loss, mean over the labels")));
  EXPECT_THAT(section_of(to_html(sample_report()), "training"), HasSubstr("<figcaption>Log loss</figcaption>"));
}

TEST(TasksPage, OfManyPromisesTheCurvesThatEndedOutsideStandFirst) {
  Report report = sample_classes();
  report.measurements.back().selection_bounds.back() = 0.4;
  const std::string training = section_of(to_html(report), "training");
  const auto caption = [](const std::string& title) { return "<figcaption>" + at_the_start(spelt_out(title)); };
  const std::size_t last = training.find(caption(report.promise_titles.back()));
  ASSERT_NE(last, std::string::npos);
  EXPECT_LT(last, training.find("<summary>10 more, which ended further inside"));
  EXPECT_LT(last, training.find(caption(report.promise_titles.front())));
}

TEST(TasksPage, TheGuideExplainsTheWordsOfTheTaskAlone) {
  const auto words = [](const Report& report) {
    const std::string guide = section_of(to_html(report), "guide");
    std::vector<std::string> found;
    for (const char* word : {"Class", "Label", "Figure", "Residual", "Explained share"})
      if (guide.find("<dt>" + std::string(word) + "</dt>") != std::string::npos) found.push_back(word);
    return found;
  };
  EXPECT_THAT(words(sample_report()), ElementsAre());
  EXPECT_THAT(words(sample_classes()), ElementsAre("Class"));
  EXPECT_THAT(words(sample_labels()), ElementsAre("Label"));
  EXPECT_THAT(words(sample_regression()), ElementsAre("Figure", "Residual", "Explained share"));
  Report free = sample_regression();
  for (auto& split : free.splits) split.constraints.clear();
  EXPECT_THAT(words(free), ElementsAre("Residual", "Explained share"));
  EXPECT_THAT(section_of(to_html(sample_regression()), "guide"), Not(HasSubstr("score of 0.5")));
}

TEST(TasksPage, NamesOfOutcomesAreNoMarkup) {
  const std::string hostile = "<script>alert(1)</script> and \"class=high";
  Report report = sample_classes();
  for (auto& split : report.splits) {
    split.outcomes[1].name = hostile;
    for (auto& constraint : split.constraints)
      for (auto& promise : constraint.promises)
        if (promise.within == "class=high") promise.within = "class=" + hostile;
  }
  const std::string html = to_html(report);
  expect_whole(html, {"calibration"});
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, HasSubstr("<h3>class = &lt;script&gt;alert(1)&lt;/script&gt; and &quot;class=high</h3>"));
  Report regression = sample_regression();
  for (auto& split : regression.splits) {
    split.constraints[2].promises[0].within = "prediction above " + hostile;
    for (auto& group : split.regression->groups) group.level = hostile;
  }
  expect_whole(to_html(regression), {});
}

}  // namespace tasks_page_test
}  // namespace equipoise::report
