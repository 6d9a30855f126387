// Arms side by side, as their user sees them.
#include <signal.h>

#include <chrono>
#include <set>
#include <thread>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace compare_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

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
    EXPECT_EQ(one["members"], object(folder + "/model.json")["members"]);
    // The comparison's own name is taken: a command with it would replace all of it.
    EXPECT_THAT(object(folder + "/run.json")["command"].get<std::string>(),
                AllOf(HasSubstr("equipoise train "), Not(HasSubstr("output.run"))));
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

// Known of a config alone, or only once its data are read: both are said, of every arm that is wrong.
TEST_F(CompareArms, WhatDataShowIsSaidOfAllArmsBeforeAnythingIsTrained) {
  write("arms.yaml",
        config_text(
            {{"output:",
              "compare:\n  arms:\n"
              "    - {name: few, set: ['sampling.recipes=[{recipe: smote, where: {sex: q}, share: 0.5}]']}\n"
              "    - {name: cyc, set: ['sampling.recipes=[{recipe: counterfactual, share: 0.3, swap: [{column: job, "
              "with: race, levels: {x: y}}, {column: race, with: job, levels: {a: b}}]}]']}\n"
              "    - {name: wide, set: ['training.batch_size=5000', 'sampling.recipes=[{recipe: smote, by: sexx, "
              "share: 0.5}]']}\n"
              "    - {name: held, set: ['multipliers.measure_on=holdout']}\n"
              "    - {name: wait, set: ['constraints=[{kind: bound, rate: tpr, at_least: 0.5}]', "
              "'sampling.recipes=[{recipe: smote, by: sex, share: 0.5, until: gap < 0.02}]']}\noutput:"}}));
  const auto refused = [&](const std::string& arms, const std::vector<std::string>& more = {}) {
    std::vector<std::string> words = {"compare", "arms.yaml", "--arms", arms, "--seeds", "0..4"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.out;
    EXPECT_THAT(outcome.err, Not(HasSubstr("Training")));
    EXPECT_FALSE(exists("runs"));
    return outcome.err;
  };
  EXPECT_THAT(refused("none,balance,few,cyc,soft_labels,smote+corrupt+copula,wide,held,wait"),
              AllOf(HasSubstr("arm 'few': sampling.recipes[0].where.sex: 'sex' has no level 'q'"),
                    HasSubstr("arm 'cyc': sampling.recipes[0].swap: the links of job, race form a circle"),
                    HasSubstr("arm 'soft_labels': sampling.recipes[0]: soft_labels learns from"),
                    HasSubstr("arm 'smote+corrupt+copula': sampling.recipes: of sex="),
                    HasSubstr("arm 'wide': training.batch_size is 5000, more than"),
                    HasSubstr("arm 'wide': sampling.recipes[0].by: the data have no group 'sexx'"),
                    HasSubstr("arm 'held': multipliers.measure_on is 'holdout'"),
                    HasSubstr("arm 'wait': sampling.recipes: 'until' waits for a gap"), Not(HasSubstr("arm 'none'")),
                    Not(HasSubstr("arm 'balance'"))));
  // What every arm has is the config's, and said once.
  EXPECT_THAT(refused("none,few", {"training.batch_size=5000"}),
              AllOf(HasSubstr(": training.batch_size is 5000"), Not(HasSubstr("arm 'none'")),
                    HasSubstr("arm 'few': sampling.recipes[0].where.sex")));
  const Outcome gone = run({"compare", "arms.yaml", "--arms", "none,few", "data.files=[nobody.csv]"});
  EXPECT_EQ(gone.exit_code, 3) << gone.err;
  EXPECT_THAT(gone.err, AllOf(HasSubstr("nobody.csv"), Not(HasSubstr("arm '"))));
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
  EXPECT_THAT(outcome.err, HasSubstr("arm 'more': its test rows or labels are not those of the arms before it"));
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
    ::kill(process, SIGINT);
  };
  const Outcome outcome = compare("none,balance", {"--seeds", "0..40", "output.run=c"}, manner);
  EXPECT_EQ(outcome.exit_code, 130) << outcome.err;
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

// One person is of the race that a recipe is about: at some seeds not for training. Of SMOTE's rows none may be traced, and all can be.
class ArmsOfFew : public CompareArms {
 protected:
  ArmsOfFew() {
    std::string rows = people(1500);
    std::size_t at = rows.find('\n') + 1;
    for (int comma = 0; comma < 4; ++comma) at = rows.find(',', at) + 1;
    rows.replace(at, 1, "rare");
    write("people.csv", rows);
    write("arms.yaml",
          config_text(
              {{"groups: [{column: sex}]", "groups: [{column: sex}, {column: race}]"},
               {"split: {test: 0.2, selection: 0.2}", "split: {test: 0.2, selection: 0.2, stratify: none}"},
               {"output:",
                "compare:\n  arms:\n"
                "    - {name: rare, set: ['sampling.recipes=[{recipe: jitter, where: {race: rare}, share: 0.3}]']}\n"
                "    - {name: traced, set: ['sampling.recipes=[{recipe: smote, by: sex, share: 0.5}]', "
                "'sampling.artifacts={on_artifacts: stop, traced: 0}']}\noutput:"}}));
  }

  // Seeds at which the person is for training, and at which not.
  std::string seed_where(bool is_trained_on) const {
    for (int seed = 0; seed < 40; ++seed) {
      const Outcome outcome =
          run({"compare", "arms.yaml", "--arms", "rare", "--seeds", std::to_string(seed), "training.epochs=1",
               "multipliers.measure_on=train", "output.run=looked", "output.overwrite=true"});
      if ((outcome.exit_code == 0) == is_trained_on) return std::to_string(seed);
    }
    ADD_FAILURE() << "the person is always, or never, for training";
    return "0";
  }
};

TEST_F(ArmsOfFew, AnArmThatASeedsRowsDoNotLetTrainIsNotCounted) {
  const std::string with = seed_where(true), without = seed_where(false);
  const std::string seeds = with + "," + without;
  const std::vector<std::string> words = {"compare",     "arms.yaml", "--seeds", seeds, "multipliers.measure_on=train",
                                          "output.run=c"};
  std::vector<std::string> all = words;
  all.insert(all.end(), {"--arms", "none,rare,traced"});
  const Outcome outcome = run(all);
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("rare, seed " + without +
                                     ": it cannot be trained there and is not counted: sampling.recipes["));
  const nlohmann::json found = comparison("c");
  EXPECT_EQ(report::complaints(found, "compare.schema.json"), "");
  EXPECT_EQ(found["outcome"], "finished");
  EXPECT_EQ(found["done"], 2);
  const std::vector<std::string> outcomes = {"finished", "finished", "failed", "finished", "failed", "failed"};
  ASSERT_EQ(found["runs"].size(), outcomes.size());
  for (std::size_t i = 0; i < outcomes.size(); ++i) EXPECT_EQ(found["runs"][i]["outcome"], outcomes[i]) << i;
  EXPECT_THAT(found["runs"][4]["failure"].get<std::string>(), HasSubstr("no training row meets it"));
  EXPECT_THAT(found["runs"][2]["failure"].get<std::string>(), HasSubstr("on_artifacts is stop; smote, "));
  EXPECT_EQ(found["runs"][2]["folder"], "");
  EXPECT_TRUE(found["runs"][2]["figures"].empty());
  EXPECT_THAT(names_in("runs/c/members"), ElementsAre("000", "001", "003"));
  // Counted where it was trained.
  EXPECT_TRUE(found["arms"][1]["differences"][0].is_object());
  EXPECT_TRUE(found["arms"][2]["differences"][0].is_null());
  EXPECT_THAT(read("runs/c/report.html"), AllOf(HasSubstr("rare at seed " + without + " (failed)"),
                                                HasSubstr("traced at seed " + with + " (failed)"),
                                                HasSubstr("traced at seed " + without + " (failed)")));
  ASSERT_EQ(run({"report", "runs/c"}).exit_code, 0);
  // At the first seed it is a mistake of the arms.
  std::vector<std::string> first = words;
  first[3] = without + "," + with;
  first.insert(first.end(), {"--arms", "none,rare", "output.overwrite=true"});
  const Outcome refused = run(first);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("arm 'rare': sampling.recipes[0].where: no training row meets it"));
  EXPECT_EQ(comparison("c"), found) << "what was there is replaced only once something is trained";
}

TEST_F(ArmsOfFew, WithoutAnyArmThatTrainsTheReasonsAreWritten) {
  const Outcome outcome = run(
      {"compare", "arms.yaml", "--arms", "traced", "--seeds", "0..1", "multipliers.measure_on=train", "output.run=c"});
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_EQ(report::complaints(comparison("c"), "compare.schema.json"), "");
  EXPECT_EQ(comparison("c")["runs"][1]["outcome"], "failed");
  EXPECT_THAT(read("runs/c/report.html"), HasSubstr("on_artifacts is stop"));
}

TEST_F(CompareArms, DataThatAreGoneEndIt) {
  Manner manner;
  manner.while_running = [&](pid_t) {
    while (!exists("runs/c/compare.json") || comparison("c")["done"] == 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::filesystem::remove(path("people.csv"));
  };
  const Outcome outcome = compare("none,balance", {"--seeds", "0..40", "output.run=c"}, manner);
  EXPECT_EQ(outcome.exit_code, 3) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("people.csv"));
  for (const nlohmann::json& one : comparison("c")["runs"]) EXPECT_EQ(one["outcome"], "finished");
  EXPECT_EQ(nlohmann::json::parse(read("runs/c/run.json"))["status"], "failed");
}

}  // namespace compare_test
}  // namespace equipoise::end_to_end
