// One training, its frontier, a rule of it as a run, and the same run under another tolerance.
#include <cmath>
#include <cstdio>
#include <sstream>

#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace frontier_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::StartsWith;

class Frontier : public Workspace {
 protected:
  // Few steps, that none of the tests takes long; enough that hours and jobs tell who earns.
  std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all = {"frontier", "config.yaml", "training.epochs=6", "output.run=f"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
  nlohmann::json made(const std::vector<std::string>& more = {}) const {
    const Outcome outcome = run(words(more));
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return object("runs/f/frontier.json");
  }
  void expect_refused(const std::vector<std::string>& command, int exit_code, const std::string& text) const {
    const Outcome outcome = run(command);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
  }
};

double gap_of(const nlohmann::json& split) {
  return split["constraints"][0]["gap"];
}

TEST_F(Frontier, SaysWhatTolerancesCost) {
  const nlohmann::json frontier = made();
  EXPECT_EQ(report::complaints(frontier, "frontier.schema.json"), "");
  EXPECT_EQ(frontier["rules"].size(), 21u) << "twenty, and the config's own";
  EXPECT_EQ(frontier["kept"], 0.2);
  EXPECT_THAT(frontier["cells"],
              testing::ElementsAre("sex = f, label 0", "sex = f, label 1", "sex = m, label 0", "sex = m, label 1"));
  double before = 0;
  for (const nlohmann::json& rule : frontier["rules"]) {
    EXPECT_GT(rule["tolerance"], before);
    before = rule["tolerance"];
    // What no rule is above, but for as many rows as the program has inequalities.
    EXPECT_LE(rule["expected_accuracy"], rule["attainable"].get<double>() + 6.0 / 300);
    EXPECT_LT(rule["excess"], 0.01);
  }
  EXPECT_GE(frontier["unconstrained"]["attainable"], frontier["rules"][20]["attainable"]);
  EXPECT_GT(frontier["rules"][20]["attainable"], frontier["rules"][0]["attainable"]);
  EXPECT_EQ(frontier["multiplier_titles"][1], "SR sex=f below");
  EXPECT_GT(frontier["rules"][0]["multipliers"][1], 0) << "women earn less";
  const std::string page = read("runs/f/frontier.html");
  EXPECT_THAT(page, AllOf(HasSubstr("Accuracy against the gap on the selection rows: demographic parity by sex"),
                          HasSubstr("on the test rows"), HasSubstr("equipoise frontier config.yaml")));
}

// The first figures of a table's rows, which stand before their intervals: accuracy and gap, then those of the test rows.
std::vector<std::vector<std::string>> figures_of(const std::string& table) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(table.substr(table.find("  tolerance ")));
  std::string line;
  for (std::getline(lines, line); std::getline(lines, line) && !line.empty();) {
    std::istringstream words(line);
    std::vector<std::string>& row = rows.emplace_back();
    std::string word;
    for (words >> word; words >> word;)
      if (word != "*" && word != "!" && word.front() != '(' && word.front() != '[') row.push_back(word);
  }
  return rows;
}

std::string hundredths(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", 100 * share);
  return text;
}

// A floor that holds has a figure near to what it allows, and is no gap all the same.
TEST_F(Frontier, ABoundBesideAParityIsNoGap) {
  const Outcome outcome = run(words({"+constraints[]={kind: min_recall, group: sex, at_least: 0.05}"}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json frontier = object("runs/f/frontier.json");
  const std::vector<std::vector<std::string>> rows = figures_of(outcome.out);
  ASSERT_EQ(rows.size(), frontier["rules"].size() + 1);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const nlohmann::json& rule = r < frontier["rules"].size() ? frontier["rules"][r] : frontier["unconstrained"];
    ASSERT_GE(rows[r].size(), 4u);
    EXPECT_EQ(rows[r][1], hundredths(gap_of(rule["selection"]))) << r;
    EXPECT_EQ(rows[r][3], hundredths(gap_of(rule["test"]))) << r;
  }
  EXPECT_THAT(outcome.out, HasSubstr("at a gap of " + hundredths(gap_of(frontier["rules"][0]["selection"]))));
}

// Of few test rows most of a frontier is below what they could show, and says so.
TEST_F(Frontier, MarksTolerancesThatTheTestRowsCouldNotShow) {
  const Outcome outcome = run(words({}));
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json frontier = object("runs/f/frontier.json");
  int below = 0;
  for (const nlohmann::json& rule : frontier["rules"]) {
    EXPECT_EQ(rule["can_be_shown"], rule["tolerance"] >= frontier["showable"]);
    below += rule["can_be_shown"] == false;
  }
  EXPECT_GT(below, 10) << "half of the gap without constraints cannot be shown";
  EXPECT_THAT(outcome.out, AllOf(HasSubstr(": " + std::to_string(below) + " of 21 tolerances are below it, and --pick"),
                                 HasSubstr("\n! below what the test rows could show")));
}

// Where it starts at what can be shown, the first rule's tolerance is one that can be.
TEST_F(Frontier, TheFirstToleranceCanBePicked) {
  const nlohmann::json frontier = made({"evaluation.confidence=0.6"});
  EXPECT_EQ(frontier["rules"][0]["can_be_shown"], true);
  EXPECT_LT(frontier["rules"][0]["tolerance"].get<double>(), 1.02 * frontier["showable"].get<double>());
  const Outcome picked = run(
      words({"evaluation.confidence=0.6", "--pick", frontier["rules"][0]["tolerance"].dump(), "output.run=picked"}));
  EXPECT_EQ(picked.exit_code, 0) << picked.err;
}

// The run in the folder decides by the kept rule, for every verb, and its figures are those of the frontier.
TEST_F(Frontier, PickIsARunLikeAnyOther) {
  const nlohmann::json frontier = made({"--tolerances", "0.15,0.3", "--pick", "0.15"});
  ASSERT_EQ(frontier["rules"].size(), 2u);
  const nlohmann::json results = object("runs/f/results.json"), model = object("runs/f/model.json");
  EXPECT_EQ(report::complaints(results, "results.schema.json"), "");
  EXPECT_EQ(model["format"], 3);
  EXPECT_EQ(model["outputs"], 4);
  EXPECT_EQ(model["decision_threshold"], 0.5);
  EXPECT_THAT(read("runs/f/config.yaml"), HasSubstr("tolerance: 0.15"));
  EXPECT_THAT(results["kept"].get<std::string>(),
              StartsWith("A posterior of 4 cells decides: of its rules whose figures"));
  EXPECT_EQ(results["splits"][0]["constraints"][0]["gap"], frontier["rules"][0]["test"]["constraints"][0]["gap"]);
  EXPECT_EQ(results["splits"][0]["metrics"]["accuracy"], frontier["rules"][0]["test"]["metrics"]["accuracy"]);
  // On the scale of training, twice the price in accuracy.
  EXPECT_NEAR(results["measurements"][0]["multipliers"][1].get<double>(),
              2 * frontier["rules"][0]["multipliers"][1].get<double>(), 1e-12);

  const nlohmann::json evaluated = run({"evaluate", "runs/f", "--json"}).json();
  EXPECT_EQ(evaluated["split"], results["splits"][0]);
  EXPECT_EQ(run({"report", "runs/f"}).exit_code, 0);
  // New people, without their group.
  std::istringstream lines(people(300, 5));
  std::ostringstream inputs;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string age, hours, job, sex, race;
    std::getline(std::getline(std::getline(fields, age, ','), hours, ','), job, ',');
    std::getline(std::getline(fields, sex, ','), race, ',');
    inputs << age << ',' << hours << ',' << job << ',' << race << '\n';
  }
  write("new.csv", inputs.str());
  const Outcome predicted = run({"predict", "runs/f", "--data", "new.csv", "--output", "new_decisions.csv"});
  EXPECT_EQ(predicted.exit_code, 0) << predicted.err;
  EXPECT_THAT(predicted.out, HasSubstr("300 rows"));
}

TEST_F(Frontier, RetuneSolvesAgainWithoutTraining) {
  made({"--pick", "0.3"});
  const Outcome outcome = run({"retune", "runs/f", "constraints.0.tolerance=0.15", "output.run=again"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(read("runs/again/model.safetensors"), read("runs/f/model.safetensors"));
  const nlohmann::json first = object("runs/f/results.json"), again = object("runs/again/results.json");
  EXPECT_EQ(again["promise_tolerances"][0], 0.15);
  // The very rule that the frontier itself would have picked.
  const Outcome picked = run(words({"--pick", "0.15", "output.run=picked"}));
  ASSERT_EQ(picked.exit_code, 0) << picked.err;
  EXPECT_EQ(object("runs/again/model.json"), object("runs/picked/model.json"));
  EXPECT_EQ(again["splits"], object("runs/picked/results.json")["splits"]);
  EXPECT_NE(again["splits"], first["splits"]);
  // Of what was retuned, beside it, under the next free name.
  EXPECT_EQ(run({"retune", "runs/again", "constraints.0.tolerance=0.2"}).exit_code, 0);
  EXPECT_TRUE(exists("runs/people-retuned-001/results.json"));
}

TEST_F(Frontier, MultipliersStartATraining) {
  made({"--pick", "0.15"});
  const Outcome outcome = run(
      {"train", "config.yaml", "multipliers.start_from=runs/f", "output.run=warm", "constraints[0].tolerance=0.15"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("4 of 4 rows have a counterpart"));
}

TEST_F(Frontier, HoldsSeveralConstraintsAtOnce) {
  const nlohmann::json frontier =
      made({"data.groups=[{column: sex}, {column: race}]",
            "+constraints[]={kind: equal_opportunity, group: race, tolerance: 0.3}", "--tolerances", "0.1"});
  ASSERT_EQ(frontier["rules"].size(), 2u);
  EXPECT_EQ(frontier["cells"].size(), 12u) << "two sexes by three races by two labels";
  const nlohmann::json constraints = frontier["rules"][0]["test"]["constraints"];
  EXPECT_EQ(constraints[0]["tolerance"], 0.1);
  EXPECT_NEAR(constraints[1]["tolerance"].get<double>(), 0.15, 1e-12);
}

// Of a ratio that may be low and a gap that must be small the tolerances move together: none may get to where nothing is asked.
TEST_F(Frontier, ItsOwnTolerancesAreBelowOne) {
  const nlohmann::json frontier =
      made({"data.groups=[{column: sex}, {column: race}]", "constraints[0].tolerance=0.01",
            "+constraints[]={kind: parity, rate: selection_rate, form: ratio, group: race, tolerance: 0.6}"});
  for (const nlohmann::json& rule : frontier["rules"])
    for (const nlohmann::json& constraint : rule["test"]["constraints"]) EXPECT_LT(constraint["tolerance"], 1.0);
}

TEST_F(Frontier, DecidesBetweenClasses) {
  const nlohmann::json frontier = made({"data.label={task: classes, column: job}", "--tolerances", "0.1"});
  EXPECT_EQ(frontier["cells"].size(), 6u);
  EXPECT_LT(gap_of(frontier["rules"][0]["selection"]), 0.2);  // 300 rows: one standard error is .06
  EXPECT_EQ(object("runs/f/model.json")["cell_rule"]["weights"].size(), 3u);
  const nlohmann::json evaluated = run({"evaluate", "runs/f", "--json"}).json();
  EXPECT_EQ(evaluated["split"], object("runs/f/results.json")["splits"][0]);
}

// Where the group may decide, each has a threshold of its own, and predictions need it.
TEST_F(Frontier, ThresholdsForEachGroupNeedTheGroup) {
  const nlohmann::json frontier = made({"decision.uses_group=true", "--tolerances", "0.15"});
  EXPECT_TRUE(frontier["uses_groups"]);
  const nlohmann::json rule = object("runs/f/model.json")["cell_rule"], results = object("runs/f/results.json");
  EXPECT_EQ(rule["groupings"], nlohmann::json({"sex"}));
  EXPECT_EQ(rule["groups"], nlohmann::json({{"f"}, {"m"}}));
  EXPECT_THAT(results["kept"].get<std::string>(), HasSubstr("given each row's group"));
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], results["splits"][0]);
  write("new.csv", people(300, 5));
  EXPECT_EQ(run({"predict", "runs/f", "--data", "new.csv", "--output", "out.csv"}).exit_code, 0);
  write("empty.csv", "age,hours,job,sex,race\n30,40,x,,a\n");
  EXPECT_THAT(run({"predict", "runs/f", "--data", "empty.csv", "--output", "out.csv"}).err,
              AllOf(HasSubstr("1 row has no value in the grouping 'sex'"), testing::Not(HasSubstr("never saw"))));
  std::string without = people(300, 5);
  without.replace(without.find("sex"), 3, "age_at_birth");
  write("without.csv", without);
  expect_refused({"predict", "runs/f", "--data", "without.csv", "--output", "out.csv"}, 3,
                 "the group column 'sex' is not there");
  expect_refused({"train", "config.yaml", "decision.uses_group=true", "output.run=t"}, 2,
                 "training makes a model that decides by its inputs alone");
}

TEST_F(Frontier, ACrossFittedPosteriorIsTheMeanOfItsMembers) {
  made({"multipliers.measure_on=cross_fitted", "multipliers.folds=2", "--tolerances", "0.1"});
  EXPECT_EQ(object("runs/f/model.json")["members"], 2);
  EXPECT_EQ(object("runs/f/model.json")["combination"], "the mean of the members' p");
}

TEST_F(Frontier, RefusesWhatItCannotMake) {
  expect_refused({"frontier"}, 2, "frontier needs a config");
  expect_refused(words({"--pick", "0.001"}), 2, "--pick is 0.001, which the test rows cannot show");
  expect_refused(words({"--pick", "1.5"}), 2, "--pick is '1.5', expected a tolerance between 0 and 1");
  expect_refused(words({"--tolerances", "0.1,,0.2"}), 2, "--tolerances is '', expected a tolerance");
  expect_refused(words({"+constraints[]={kind: parity, rate: ppv, group: sex}"}), 2,
                 "constraints[1]: a frontier cannot hold 'positive predictive value");
  expect_refused(words({"constraints=[{kind: bound, rate: tpr, at_least: 0.5}]"}), 2, "none has a tolerance");
  expect_refused(words({"data.label={task: regression, column: hours}",
                        "constraints=[{kind: parity, rate: mean_prediction, group: sex, tolerance: 0.1}]"}),
                 2, "data.label.task is 'regression'");
  expect_refused(words({"data.split.selection=0", "multipliers.measure_on=train"}), 2,
                 "multipliers.measure_on is 'train', which makes one network that learns from all training rows");
  expect_refused(words({"training.keep=mixture", "training.distill=true"}), 2, "training.distill");
  expect_refused(words({"bank={tolerances: [0.1, 0.2]}"}), 2, "bank: a frontier is of one training");
  expect_refused(words({"+constraints[]={kind: equalized_odds, group: sex, tolerance: 0.8}", "--pick", "0.3"}), 2,
                 "makes the tolerance of 'equalized odds by sex, gap at most 1.2' 1.2");
  EXPECT_FALSE(exists("runs/f"));
}

// As train and evaluate have it, of the run in the folder.
TEST_F(Frontier, FailsOnVerdictsThatAreNamed) {
  // 300 test rows cannot show a gap below .05, whatever it is.
  const std::vector<std::string> hardly = {"--tolerances", "0.01", "constraints[0].tolerance=0.01"};
  std::vector<std::string> gated = words(hardly);
  gated.insert(gated.end(), {"--fail-on", "violated,not_shown", "--json"});
  const Outcome failed = run(gated);
  EXPECT_EQ(failed.exit_code, 1) << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("failed on demographic parity by sex, gap at most 0.01: "));
  EXPECT_EQ(failed.json()["exit_code"], 1);
  ASSERT_EQ(failed.json()["failed_on"].size(), 1u);
  EXPECT_TRUE(exists("runs/f/results.json")) << "the run is whole all the same";
  EXPECT_EQ(failed.json()["verdict"], run({"evaluate", "runs/f", "--json"}).json()["verdict"]);
  EXPECT_THAT(read("runs/f/run.json"), testing::Not(HasSubstr("--fail-on"))) << "what reproduces it";

  const Outcome retuned = run(
      {"retune", "runs/f", "constraints.0.tolerance=0.02", "--fail-on", "violated", "--fail-on=not_shown", "--json"});
  EXPECT_EQ(retuned.exit_code, 1) << retuned.err;
  EXPECT_THAT(retuned.err, HasSubstr("failed on demographic parity by sex, gap at most 0.02: "));
  EXPECT_EQ(retuned.json()["exit_code"], 1);
  EXPECT_EQ(retuned.json()["failed_on"].size(), 1u);

  const Outcome wide = run(
      {"retune", "runs/f", "constraints.0.tolerance=0.9", "--fail-on", "violated,not_shown,not_estimable", "--json"});
  EXPECT_EQ(wide.exit_code, 0) << wide.err;
  EXPECT_EQ(wide.json()["failed_on"], nlohmann::json::array());
  EXPECT_EQ(wide.json()["verdict"], "met");
  EXPECT_EQ(run({"retune", "runs/f", "constraints.0.tolerance=0.02", "--fail-on", "not_estimable"}).exit_code, 0);
}

TEST_F(Frontier, FailOnIsCheckedBeforeAnythingIsDone) {
  expect_refused(words({"--fail-on", "violatd"}), 2, "--fail-on names 'violatd' (did you mean 'violated'?)");
  expect_refused(words({"--fail-on", ""}), 2, "--fail-on names ''");
  expect_refused(words({"data.split.test=0", "--fail-on", "violated"}), 2, "--fail-on needs test rows");
  EXPECT_FALSE(exists("runs/f"));
  made({"data.split.test=0"});
  expect_refused({"retune", "runs/f", "constraints.0.tolerance=0.1", "--fail-on", "met"}, 2, "--fail-on names 'met'");
  expect_refused({"retune", "runs/f", "constraints.0.tolerance=0.1", "--fail-on", "violated"}, 2,
                 "--fail-on needs test rows");
}

TEST_F(Frontier, RetuneRefusesWhatNeedsTraining) {
  made();
  train_into("plain");
  expect_refused({"retune", "runs/f"}, 2, "retune needs a tolerance");
  expect_refused({"retune", "runs/plain", "constraints.0.tolerance=0.1"}, 3, "has no posteriors of cells");
  expect_refused({"retune", "runs/plain", "constraints.0.tolerance=0.1"}, 3,
                 "only runs of equipoise frontier, and what retune made of them, can be retuned. equipoise frontier "
                 "config.yaml output.run=plain output.run=plain-anew trains one");
  expect_refused({"retune", "runs/f", "constraints.0.tolerence=0.1"}, 2, "did you mean 'constraints[0].tolerance'");
  expect_refused({"retune", "runs/f", "constraints.0.tolerance=1.5"}, 2, "must lie between 0 and 1");
  expect_refused({"retune", "runs/f", "training.epochs=9"}, 2,
                 "retune changes tolerances and decision.confidence alone");
  expect_refused({"retune", "runs/f", "constraints.0.kind=equalized_odds"}, 2,
                 "retune changes tolerances and decision.confidence alone");
  expect_refused({"retune", "runs/g", "constraints.0.tolerance=0.1"}, 3, "'runs/g' is not a run folder");
}

// The command that trains anew trains the same model but for what is asked for.
TEST_F(Frontier, RetuneNamesTheWholeCommandOfItsTraining) {
  made({"model={kind: mlp, hidden: [4]}", "--pick", "0.3"});
  const std::string whole =
      "; equipoise frontier config.yaml training.epochs=6 output.run=f 'model={kind: mlp, hidden: [4]}' --pick 0.3 ";
  expect_refused({"retune", "runs/f", "training.epochs=9", "output.run=g"}, 2,
                 whole + "training.epochs=9 output.run=g trains anew");
  ASSERT_EQ(run({"retune", "runs/f", "constraints.0.tolerance=0.2", "output.run=again"}).exit_code, 0);
  expect_refused({"retune", "runs/again", "training.epochs=9"}, 2,
                 whole + "training.epochs=9 output.run=again-anew trains anew");
}

TEST_F(Frontier, RetuneDoesNotReplaceWhatItReads) {
  made();
  const std::string before = read("runs/f/run.json");
  for (const char* name : {"output.run=f", "output.run=./f", "output.run=f/"})
    expect_refused({"retune", "runs/f", "constraints.0.tolerance=0.1", name, "output.overwrite=true"}, 2,
                   "which is the run that retune reads: it would replace what it is made of");
  EXPECT_EQ(read("runs/f/run.json"), before);
  EXPECT_THAT(names_in("runs"), testing::ElementsAre("f"));
  const std::string elsewhere = "output.folder=" + path("other").string();
  const Outcome outcome = run({"retune", "runs/f", "constraints.0.tolerance=0.1", "output.run=f", elsewhere});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_TRUE(exists("other/f/results.json"));
  // Nor does it replace another because the run that it reads was once allowed to.
  ASSERT_EQ(run({"frontier", "config.yaml", "training.epochs=1", "output.run=o", "output.overwrite=true"}).exit_code,
            0);
  expect_refused({"retune", "runs/o", "constraints.0.tolerance=0.1", "output.run=f"}, 3, "holds a finished run");
  EXPECT_EQ(read("runs/f/run.json"), before);
}

TEST_F(Frontier, RetuneSaysWhatMayBeDoneWhereTheDataHaveChanged) {
  made();
  write("people.csv", people(1500, 2));
  expect_refused({"retune", "runs/f", "constraints.0.tolerance=0.1"}, 3,
                 "cannot be told apart any more; put it back, or measure other rows with equipoise evaluate --data");
}

// Women work fewer hours and earn by them; trees that learnt them by heart are sure of sexes that they cannot tell.
TEST_F(Frontier, SaysWhereRulesAreOffByMoreThanChance) {
  std::istringstream lines(people(2500));
  std::ostringstream text;
  std::string line;
  std::getline(lines, line);
  text << line << '\n';
  for (int row = 0; std::getline(lines, line); ++row) {
    std::istringstream fields(line);
    std::string age, hours, job, sex, race;
    std::getline(std::getline(fields, age, ','), hours, ',');
    std::getline(std::getline(std::getline(fields, job, ','), sex, ','), race, ',');
    const int worked = std::stoi(hours) / 2 + (sex == "m" ? 25 : 10) + row % 7;
    const bool earns = worked + row * 37 % 23 > 50;
    text << age << ',' << worked << ',' << job << ',' << sex << ',' << race << (earns ? ",yes\n" : ",no\n");
  }
  write("people.csv", text.str());
  const auto warnings = [&](const std::string& trees) {
    const Outcome outcome =
        run({"frontier", "config.yaml", "output.run=f", "output.overwrite=true", "~training", "multipliers.margin=0",
             "model={kind: boosted_trees, trees: " + trees + "}", "--tolerances", "0.02,0.05"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.err;
  };
  const char* warning = "1 of 3 rules is outside its tolerances by more than chance";
  EXPECT_THAT(warnings("{rounds: 400, learning_rate: 1, max_leaves: 24, min_child_weight: 0, colsample_bytree: 1, "
                       "max_cat_to_onehot: 4}"),
              HasSubstr(warning));
  const Outcome retuned = run({"retune", "runs/f", "constraints.0.tolerance=0.05"});
  EXPECT_EQ(retuned.exit_code, 0) << retuned.err;
  EXPECT_THAT(retuned.err, HasSubstr("the rule is outside its tolerances by more than chance"));
  EXPECT_THAT(warnings("{rounds: 60, max_leaves: 6}"), testing::Not(HasSubstr("more than chance")));
}

}  // namespace frontier_test
}  // namespace equipoise::end_to_end
