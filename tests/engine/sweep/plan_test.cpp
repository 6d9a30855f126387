#include "engine/sweep/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "engine/core/error.h"

namespace equipoise::sweep {
namespace plan_test {

Plan sample() {
  Plan plan;
  plan.name = "tolerances";
  plan.config = "/configs/x.yaml";
  plan.config_sha256 = "00";
  plan.asked_sha256 = "11";
  plan.search = "grid";
  plan.axes = {{{"training.epochs"}, {{5}, {10}}}, {{"model.kind", "seed"}, {{"mlp", 1}, {"linear", 2}}}};
  plan.runs = {{"0a", {{"training.epochs", 5}, {"model.kind", "mlp"}}, "0a", 0, false},
               {"0b", {{"training.epochs", 10}}, "ff", 1, true}};
  plan.jobs = {{"0a", JobKind::run, {"training.epochs=5"}, {"0a"}}, {"ff", JobKind::bank, {}, {"0c", "0b"}}};
  return plan;
}

std::string complaint(const nlohmann::ordered_json& json) {
  try {
    plan_from(json, "sweep.json");
  } catch (const core::UserError& error) {
    return error.what();
  }
  return "";
}

class PlanFile : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("plan_test_" + std::to_string(::getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::filesystem::path folder_;
};

TEST_F(PlanFile, ReadsWhatItWrote) {
  write_plan(sample(), folder_);
  EXPECT_EQ(read_plan(folder_), sample());
}

TEST_F(PlanFile, AFolderWithoutAPlanIsNoSweep) {
  try {
    read_plan(folder_);
    FAIL();
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("is not a sweep's folder: it has no sweep.json"));
  }
}

TEST(Plan, KnowsWhereARunLies) {
  EXPECT_EQ(folder_of(sample().runs[0]), "jobs/0a");
  EXPECT_EQ(folder_of(sample().runs[1]), "jobs/ff/members/001");
}

TEST(Plan, WhatIsDoneAgainHasItsBanksPlaceAmongTasks) {
  Plan plan = sample();
  const std::string bank = plan.jobs.back().id;
  plan.jobs.push_back({"0e", JobKind::run, {}, {"0e"}, bank});
  plan.jobs.push_back({"0f", JobKind::run, {}, {"0f"}, "ee"});
  EXPECT_EQ(plan_from(to_json(plan), "plan").jobs, plan.jobs);
  const std::vector<std::size_t> places = task_places(plan);
  EXPECT_EQ(places[plan.jobs.size() - 2], plan.jobs.size() - 3);
  EXPECT_EQ(places.back(), plan.jobs.size() - 1) << "its bank left the plan";
}

TEST(Plan, KnowsToWhichRunsAnAxisApplies) {
  Plan plan = sample();
  plan.axes = {{{"training.epochs"}, {{5}, {10}}, {{"model.kind", {"mlp"}, false}}}};
  EXPECT_EQ(plan_from(to_json(plan), "plan").axes, plan.axes);
  EXPECT_TRUE(applies(plan.axes[0], plan.runs[0]));
  EXPECT_FALSE(applies(plan.axes[0], plan.runs[1])) << "which does not set the kind";
  plan.axes[0].when[0].is_met_by_config = true;
  EXPECT_TRUE(applies(plan.axes[0], plan.runs[1]));
}

TEST(Plan, RefusesWhatDoesNotFitTogether) {
  nlohmann::ordered_json json = to_json(sample());
  json["runs"][1]["member"] = 0;
  EXPECT_THAT(complaint(json), ::testing::HasSubstr("run 0b is not member 0 of job ff"));
  json = to_json(sample());
  json["runs"][0]["job"] = "0d";
  EXPECT_THAT(complaint(json), ::testing::HasSubstr("run 0a is of job 0d, which is not there"));
  json = to_json(sample());
  json["jobs"][0]["id"] = "../..";
  EXPECT_THAT(complaint(json), ::testing::HasSubstr("'../..' is no id"));
  json = to_json(sample());
  json["format"] = 2;
  EXPECT_THAT(complaint(json), ::testing::HasSubstr("it has format 2, this program reads 1"));
}

}  // namespace plan_test
}  // namespace equipoise::sweep
