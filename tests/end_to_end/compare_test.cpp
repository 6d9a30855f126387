// Arms side by side, as their user sees them.
#include <signal.h>

#include <chrono>
#include <set>
#include <thread>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

class CompareArms : public Workspace {
 protected:
  Outcome compare(const std::string& arms, const std::vector<std::string>& more = {}, const Manner& manner = {}) const {
    std::vector<std::string> words = {"compare", "config.yaml", "--arms", arms, "multipliers.measure_on=train"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words, manner);
  }
  nlohmann::json comparison(const std::string& name) const {
    return nlohmann::json::parse(read("runs/" + name + "/compare.json"));
  }
};

// What does not hang on the time of day and the speed.
nlohmann::json timeless(nlohmann::json comparison) {
  for (const char* key : {"finished", "seconds", "command"}) comparison.erase(key);
  return comparison;
}

TEST_F(CompareArms, EveryArmAtEverySeedIsARunAndTheFiguresAreThose) {
  const Outcome outcome = compare("none,unconstrained,balance", {"--seeds", "3,5", "output.run=c", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json answer = outcome.json();
  ASSERT_TRUE(answer.is_object()) << outcome.out;
  EXPECT_THAT(names_in("runs/c"), ElementsAre("compare.json", "config.yaml", "members", "report.html", "run.json"));
  EXPECT_THAT(names_in("runs/c/members"), ElementsAre("000", "001", "002", "003", "004", "005"));
  const nlohmann::json found = comparison("c");
  EXPECT_EQ(answer["comparison"], found);
  EXPECT_EQ(report::complaints(found, "compare.schema.json"), "");
  EXPECT_EQ(found["runs"].size(), 6u);
  EXPECT_EQ(found["done"], 2);
  EXPECT_FALSE(found["same_test_rows"]);
  // The run's own report says the same of it, and its config alone trains the same model.
  for (const std::size_t place : {0u, 5u}) {
    const nlohmann::json& one = found["runs"][place];
    const std::string folder = "runs/c/" + one["folder"].get<std::string>();
    const nlohmann::json results = nlohmann::json::parse(read(folder + "/results.json"));
    EXPECT_EQ(results["seed"], one["seed"]);
    EXPECT_DOUBLE_EQ(results["splits"][0]["metrics"]["accuracy"], one["figures"][0]);
    EXPECT_NEAR(results["splits"][0]["metrics"]["auc"], one["figures"][2], 1e-12);
    EXPECT_DOUBLE_EQ(results["splits"][0]["constraints"][0]["gap"], one["figures"][3]);
    EXPECT_EQ(results["splits"][0]["constraints"][0]["verdict"], one["verdicts"][0]);
    const auto warnings = results["warnings"].get<std::vector<std::string>>();
    EXPECT_EQ(std::set(warnings.begin(), warnings.end()).size(), warnings.size()) << results["warnings"];
    ASSERT_EQ(run({"train", folder + "/config.yaml", "output.run=again", "output.overwrite=true"}).exit_code, 0);
    EXPECT_EQ(read("runs/again/model.safetensors"), read(folder + "/model.safetensors"));
  }
  // An arm without constraints is measured by them all the same.
  EXPECT_EQ(found["arms"][1]["name"], "unconstrained");
  EXPECT_TRUE(found["arms"][1]["means"][3].is_number());
  EXPECT_TRUE(found["arms"][0]["differences"].empty());
  EXPECT_EQ(found["arms"][2]["differences"].size(), found["figures"].size());
}

TEST_F(CompareArms, TwiceIsTheSame) {
  for (const char* name : {"a", "b"}) {
    const Outcome outcome = compare("none,reweigh", {"--seeds", "0..1", std::string("output.run=") + name,
                                                     std::string("threads=") + (*name == 'a' ? "1" : "2")});
    ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  }
  EXPECT_EQ(timeless(comparison("a"))["arms"], timeless(comparison("b"))["arms"]);
  EXPECT_EQ(timeless(comparison("a"))["runs"], timeless(comparison("b"))["runs"]);
  for (const char* member : {"000", "003"}) {
    const std::string file = std::string("/members/") + member + "/model.safetensors";
    EXPECT_EQ(read("runs/a" + file), read("runs/b" + file));
  }
}

TEST_F(CompareArms, ArmsThatMayShareABank) {
  write("arms.yaml",
        config_text({{"output:",
                      "compare:\n  arms:\n    - {name: loose, set: ['constraints[0].tolerance=0.9']}\n"
                      "    - {name: mine, set: ['sampling.recipes=[{recipe: smote, share: 0.3}]']}\noutput:"}}));
  const Outcome outcome = run({"compare", "arms.yaml", "--arms", "none,loose,mine+reweigh", "--seeds", "1",
                               "output.run=c", "multipliers.measure_on=train"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("none, loose, seed 1"));  // one bank
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("loose, beside none"), HasSubstr("mine+reweigh, beside none"),
                                 HasSubstr("There is one seed.")));
  // The same bytes as alone.
  ASSERT_EQ(
      run({"train", "arms.yaml", "sampling.recipes=[]", "seed=1", "multipliers.measure_on=train", "output.run=alone"})
          .exit_code,
      0);
  EXPECT_EQ(read("runs/alone/model.safetensors"), read("runs/c/members/000/model.safetensors"));
  EXPECT_NE(read("runs/c/members/001/config.yaml"), read("runs/c/members/000/config.yaml"));
}

TEST_F(CompareArms, EveryTaskIsCompared) {
  for (const char* label : {"data.label={task: classes, column: job}", "data.label={task: regression, column: hours}",
                            "data.label={task: labels, columns: [income, race], positive: [\"yes\", \"a\"]}"}) {
    const std::string kind =
        std::string(label).find("regression") == std::string::npos ? "loss_parity" : "residual_parity";
    const Outcome outcome =
        compare("none,unconstrained", {label, "constraints=[{kind: " + kind + ", group: sex, tolerance: 0.5}]",
                                       "--seeds", "0..1", "output.run=task", "output.overwrite=true"});
    ASSERT_EQ(outcome.exit_code, 0) << label << outcome.err;
    const nlohmann::json found = comparison("task");
    EXPECT_EQ(report::complaints(found, "compare.schema.json"), "");
    for (const auto& difference : found["arms"][1]["differences"]) EXPECT_TRUE(difference.is_object()) << label;
  }
}

TEST_F(CompareArms, MistakesAreSaidAtOnceBeforeAnythingIsTrained) {
  const auto refused = [&](const std::vector<std::string>& words) {
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    EXPECT_FALSE(exists("runs"));
    return outcome.err;
  };
  EXPECT_THAT(refused({"compare"}), HasSubstr("compare needs a config"));
  EXPECT_THAT(refused({"compare", "config.yaml"}),
              AllOf(HasSubstr("compare needs --arms"), HasSubstr("none, config, unconstrained, balance")));
  EXPECT_THAT(refused({"compare", "config.yaml", "--arms", "none,balence", "--seeds", "4..0", "bank.seeds=[1, 2]"}),
              AllOf(HasSubstr("'balence' (did you mean 'balance'?)"), HasSubstr("'4..0', which ends before it begins"),
                    HasSubstr("bank: compare trains arms at seeds")));
  EXPECT_THAT(refused({"compare", "config.yaml", "--arms", "none,balance+fairbatch,unconstrained+group_dro+balance"}),
              AllOf(HasSubstr("arm 'balance+fairbatch': sampling.recipes[1]"),
                    HasSubstr("arm 'unconstrained+group_dro+balance'")));
  EXPECT_THAT(refused({"compare", "config.yaml", "--arms", "none", "data.split={test: 0, selection: 0.2}"}),
              HasSubstr("compare needs test rows"));
}

TEST_F(CompareArms, AnArmIsOneRun) {
  write("banks.yaml",
        config_text({{"output:", "compare: {arms: [{name: many, set: ['bank.seeds=[1, 2]']}]}\noutput:"}}));
  const Outcome outcome = run({"compare", "banks.yaml", "--arms", "none,many"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
  EXPECT_THAT(outcome.err, HasSubstr("arm 'many': bank: compare trains arms at seeds"));
  EXPECT_FALSE(exists("runs"));
}

TEST_F(CompareArms, OthersTestedAreNoComparison) {
  write("arms.yaml", config_text({{"output:",
                                   "compare: {arms: [{name: more, set: data.split.test=0.3}, {name: narrow, set: "
                                   "'data.features.drop=[job]'}]}\noutput:"}}));
  const std::vector<std::string> words = {"compare",     "arms.yaml", "--seeds", "0", "multipliers.measure_on=train",
                                          "output.run=c"};
  std::vector<std::string> more = words, narrow = words;
  more.insert(more.end(), {"--arms", "none,more"});
  narrow.insert(narrow.end(), {"--arms", "none,narrow", "output.overwrite=true"});
  const Outcome outcome = run(more);
  EXPECT_EQ(outcome.exit_code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("arm 'more' has other test rows"));
  const Outcome other = run(narrow);
  EXPECT_EQ(other.exit_code, 0) << other.err;
}

TEST_F(CompareArms, TheFolderIsNoRunAndItsPageIsWrittenAgain) {
  ASSERT_EQ(compare("none,balance", {"--seeds", "0", "output.run=c"}).exit_code, 0);
  const Outcome outcome = run({"evaluate", "runs/c"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("is a comparison of 2 runs; name one of them"),
                                 HasSubstr("members/001  balance, seed 0")));
  EXPECT_EQ(run({"evaluate", "runs/c/members/001"}).exit_code, 0);
  const std::string page = read("runs/c/report.html");
  std::filesystem::remove(path("runs/c/report.html"));
  ASSERT_EQ(run({"report", "runs/c"}).exit_code, 0);
  EXPECT_EQ(read("runs/c/report.html"), page);
  // A finished one is replaced only when asked, and leaves nothing behind.
  EXPECT_EQ(compare("none", {"--seeds", "0", "output.run=c"}).exit_code, 3);
  ASSERT_EQ(compare("none", {"--seeds", "0", "output.run=c", "output.overwrite=true"}).exit_code, 0);
  EXPECT_THAT(names_in("runs/c/members"), ElementsAre("000"));
}

TEST_F(CompareArms, WhatWasDoneWhenASignalCameStays) {
  Manner manner;
  manner.while_running = [&](pid_t process) {
    while (!exists("runs/c/compare.json") || comparison("c")["done"] == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ::kill(process, SIGTERM);
  };
  const Outcome outcome = compare("none,balance", {"--seeds", "0..40", "output.run=c"}, manner);
  EXPECT_EQ(outcome.exit_code, 143) << outcome.err;
  const nlohmann::json found = comparison("c");
  EXPECT_EQ(report::complaints(found, "compare.schema.json"), "");
  EXPECT_EQ(found["outcome"], "interrupted");
  EXPECT_GE(found["done"], 1);
  EXPECT_TRUE(found["arms"][1]["differences"][0].is_object());
  EXPECT_EQ(nlohmann::json::parse(read("runs/c/run.json"))["status"], "interrupted");
  EXPECT_THAT(read("runs/c/report.html"), HasSubstr("This comparison is not whole"));
}

TEST_F(CompareArms, AnArmThatDivergesIsNotCounted) {
  write("arms.yaml", config_text({{"output:",
                                   "compare: {arms: [{name: wild, set: [training.optimizer.kind=sgd, "
                                   "training.optimizer.learning_rate=1e30]}]}\noutput:"}}));
  const Outcome outcome = run({"compare", "arms.yaml", "--arms", "none,wild", "--seeds", "0..1",
                               "multipliers.measure_on=train", "output.run=c"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json found = comparison("c");
  EXPECT_EQ(found["runs"][1]["outcome"], "diverged");
  EXPECT_TRUE(found["arms"][1]["differences"][0].is_null());
  EXPECT_EQ(report::complaints(found, "compare.schema.json"), "");
  EXPECT_THAT(read("runs/c/report.html"), HasSubstr("wild at seed 0 (diverged)"));
}

}  // namespace
}  // namespace equipoise::end_to_end
