#include "engine/tracking/mlflow_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/tracking/sample_run.h"

namespace equipoise::tracking {
namespace mlflow_lines_test {

using testing::ElementsAre;
using testing::SizeIs;

TEST(MlflowLines, ANameIsOneThatMlflowTakes) {
  EXPECT_EQ(mlflow_name("constraints[0].tolerance"), "constraints.0.tolerance");
  EXPECT_EQ(mlflow_name("TPR sex=Female above"), "TPR sex.Female above");
  EXPECT_EQ(mlflow_name("a,b(c)*d%"), "a_b_c__d_");
  EXPECT_EQ(mlflow_name("Männer, Ж, 女, 한"), "Männer_ Ж_ 女_ 한");
  EXPECT_EQ(mlflow_name("x → y ×"), "x _ y _");
  EXPECT_EQ(mlflow_name("broken \xff\xc3"), "broken __");
  EXPECT_EQ(mlflow_name("/a//b/../c/"), "_a/b/_./c");
  EXPECT_EQ(mlflow_name(""), "_");
  EXPECT_THAT(mlflow_name(std::string(300, 'a')), SizeIs(250));
  // Cut between signs, never in one.
  EXPECT_THAT(mlflow_name("a" + std::string(124, 'b') + std::string(63, 'c') + std::string(61, 'd') + "ääää"),
              SizeIs(249));
}

TEST(MlflowLines, NamesThatBecomeOneAreToldApart) {
  EXPECT_THAT(mlflow_names({"a,b", "a;b", "a_b", "a.b"}), ElementsAre("a_b", "a_b 2", "a_b 3", "a.b"));
  const std::vector<std::string> names = mlflow_names({std::string(260, 'x'), std::string(270, 'x')});
  EXPECT_THAT(names[1], SizeIs(250));
  EXPECT_NE(names[0], names[1]);
}

TEST(MlflowLines, ARunBeginsWithWhatItIsAndItsSettings) {
  const std::vector<Line> lines = first_lines(sample_facts(), "key", 12, false);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_EQ(lines[0]["run"]["name"], "adult-001");
  EXPECT_EQ(lines[0]["run"]["tags"]["equipoise.command"], "equipoise train adult.yaml");
  ASSERT_THAT(lines[1]["params"], SizeIs(5));  // an empty value is none
  EXPECT_EQ(lines[1]["params"][2], (nlohmann::json{{"key", "model.hidden"}, {"value", "[64,32]"}}));
  EXPECT_EQ(lines[1]["params"][4]["key"], "constraints.0.tolerance");
  EXPECT_EQ(first_lines(sample_facts(), "key", 12, true)[0]["run"]["name"], "adult");
}

TEST(MlflowLines, ManySettingsAndFiguresAreCutIntoWhatOneRequestTakes) {
  RunFacts facts = sample_facts();
  for (int i = 0; i < 250; ++i) facts.settings.push_back({"more." + std::to_string(i), std::string(7000, 'v')});
  const std::vector<Line> lines = first_lines(facts, "key", 12, false);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[1]["params"], SizeIs(100));
  EXPECT_THAT(lines[3]["params"], SizeIs(55));
  EXPECT_THAT(lines[3]["params"].back()["value"].get<std::string>(), SizeIs(6000));
  for (const Line& line : lines) EXPECT_LT(line.dump().size(), mlflow_limits::kBodyBytes);
  std::vector<Figure> figures;
  for (int i = 0; i < 2500; ++i) figures.push_back({"f" + std::to_string(i), 1});
  EXPECT_THAT(metrics_lines(figures, 1, 2), SizeIs(3));
}

TEST(MlflowLines, WhatIsNotFiniteIsNoMetric) {
  const std::vector<Line> lines = metrics_lines(figures_of(sample_facts(), sample_measurement(20)), 20, 99);
  ASSERT_THAT(lines, SizeIs(1));
  std::map<std::string, double> values;
  for (const auto& metric : lines[0]["metrics"]) {
    EXPECT_EQ(metric["step"], 20);
    EXPECT_EQ(metric["timestamp"], 99);
    values[metric["key"]] = metric["value"];
  }
  EXPECT_EQ(values.at("gap/selection/TPR gap by sex"), 0.25);
  EXPECT_EQ(values.at("gap/lower_bound/TPR gap by sex"), 0.0625);
  EXPECT_EQ(values.at("multiplier/TPR sex.Female above"), 1.5);
  EXPECT_EQ(values.at("time/rows_per_second"), 1000);
  EXPECT_FALSE(values.contains("gap/selection/largest loss by _race_"));
  EXPECT_FALSE(values.contains("gap/tolerance/largest loss by _race_"));
  EXPECT_FALSE(values.contains("accuracy/selection"));
}

TEST(MlflowLines, ARunEndsWithFiguresVerdictsFilesAndItsState) {
  RunEnd end = sample_end();
  end.artifacts = {"report.html"};
  const std::vector<Line> lines = last_lines(sample_facts(), end, 20, 99, true);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_EQ(lines[1]["tags"][1], (nlohmann::json{{"key", "equipoise.verdict"}, {"value", "violated"}}));
  EXPECT_EQ(lines[1]["tags"][2],
            (nlohmann::json{{"key", "equipoise.verdict/equalized odds by sex"}, {"value", "met"}}));
  EXPECT_EQ(lines[2]["status"]["status"], "FINISHED");
  EXPECT_EQ(lines[3]["artifact"], "report.html");
  EXPECT_EQ(last_lines(sample_facts(), {.outcome = "interrupted"}, 0, 9, true).back()["status"]["status"], "KILLED");
  EXPECT_EQ(last_lines(sample_facts(), {.outcome = "diverged"}, 0, 9, true).back()["status"]["status"], "FAILED");
  EXPECT_EQ(step_of(lines[0]), 20);
  EXPECT_EQ(step_of(lines[3]), -1);
}

}  // namespace mlflow_lines_test
}  // namespace equipoise::tracking
