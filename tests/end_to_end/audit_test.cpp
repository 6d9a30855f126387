// equipoise audit, as its user sees it.
#include <fstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace audit_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Audits : public Workspace {
 protected:
  nlohmann::json figures(const std::string& folder = "runs/people-audit") const {
    return nlohmann::json::parse(read(folder + "/audit.json"));
  }
};

constexpr const char* kCensus = R"(source: the census of 2020
shares:
  - {group: sex, level: f, share: 0.51}
  - {group: sex, level: m, share: 0.49}
)";

TEST_F(Audits, WriteAPageAndFiguresAndTrainNothing) {
  const Outcome outcome = run({"audit", "config.yaml"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(names_in("runs/people-audit"), ElementsAre("audit.html", "audit.json"));
  EXPECT_THAT(outcome.out,
              AllOf(HasSubstr("1,500 rows"), HasSubstr("sex=m"), HasSubstr("runs/people-audit/audit.html")));
  const nlohmann::json audit = figures();
  EXPECT_EQ(audit["command"], "equipoise audit config.yaml");
  EXPECT_EQ(audit["rows"], 1500);
  EXPECT_EQ(audit["groups"][0]["group"], "sex");
  EXPECT_TRUE(audit["slices"].is_null());
  EXPECT_GT(audit["showable"][0]["smallest_tolerance"], 0.05);
  EXPECT_THAT(read("runs/people-audit/audit.html"), HasSubstr("Audit of the data, before any training"));
  // Again, into the same folder, with the same figures.
  EXPECT_EQ(run({"audit", "config.yaml"}).exit_code, 0);
  nlohmann::json again = figures();
  again["finished"] = audit["finished"];
  EXPECT_EQ(again, audit);
}

TEST_F(Audits, AnswerWithOneJsonObject) {
  const Outcome outcome = run({"audit", "config.yaml", "--json", "--output", "here"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_EQ(outcome.json()["audit"]["rows"], 1500);
  EXPECT_EQ(outcome.json()["figures"], "here/audit.json");
  EXPECT_EQ(outcome.json()["exit_code"], 0);
}

TEST_F(Audits, CompareWithThePopulation) {
  write("census.yaml", kCensus);
  ASSERT_EQ(run({"audit", "config.yaml", "--reference", "census.yaml"}).exit_code, 0);
  EXPECT_EQ(figures()["reference"], "the census of 2020");
  EXPECT_EQ(figures()["groups"][0]["levels"][0]["population"]["of_population"], 0.51);
  EXPECT_THAT(figures()["findings"].dump(), HasSubstr("of the population"));
  write("others.csv", people(800, 9));
  ASSERT_EQ(run({"audit", "config.yaml", "--reference", "others.csv"}).exit_code, 0);
  EXPECT_EQ(figures()["reference"], "the rows of others.csv");
  EXPECT_NEAR(figures()["groups"][0]["levels"][0]["population"]["of_population"], 0.4, 0.06);
}

TEST_F(Audits, NameLevelsOfThePopulationThatTheDataLack) {
  const std::string census =
      "shares:\n  - {group: sex, level: f, share: 0.5}\n  - {group: sex, level: m, share: 0.4}\n"
      "  - {group: sex, level: x, share: 0.1";
  write("census.yaml", census + "}\n");
  const Outcome refused = run({"audit", "config.yaml", "--reference", "census.yaml"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("census.yaml:4"), HasSubstr("say absent: true")));
  write("census.yaml", census + ", absent: true}\n");
  ASSERT_EQ(run({"audit", "config.yaml", "--reference", "census.yaml"}).exit_code, 0);
  EXPECT_EQ(figures()["groups"][0]["levels"][2]["level"], "x");
  EXPECT_THAT(figures()["findings"].dump(), HasSubstr("sex=x is 0.0"));
  // Another file's people: those of a level that the data lack are named together.
  std::string others = people(800, 9);
  for (std::size_t at = 0, changed = 0; changed < 100 && (at = others.find(",f,", at)) != std::string::npos; ++changed)
    others.replace(at, 3, ",x,");
  write("others.csv", others);
  ASSERT_EQ(run({"audit", "config.yaml", "--reference", "others.csv"}).exit_code, 0);
  EXPECT_EQ(figures()["groups"][0]["levels"][2]["level"], "(levels that the data lack)");
  EXPECT_NEAR(figures()["groups"][0]["levels"][2]["population"]["of_population"], 0.125, 1e-9);
}

TEST_F(Audits, OfABankSayWhatEachMembersTolerancesCouldShow) {
  ASSERT_EQ(run({"audit", "config.yaml", "bank.tolerances=[0.01, 0.3]"}).exit_code, 0);
  ASSERT_EQ(figures()["showable"].size(), 2U);
  EXPECT_EQ(figures()["showable"][0]["tolerance"], 0.01);
  EXPECT_EQ(figures()["showable"][1]["tolerance"], 0.3);
}

TEST_F(Audits, FindWhereARunErrsMost) {
  // Those of job z over 60 hours earn or not by chance.
  std::string text = people(4000);
  std::string twisted = text.substr(0, text.find('\n') + 1);
  std::size_t row = 0;
  for (std::size_t begin = twisted.size(), end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1) {
    std::string line = text.substr(begin, end - begin);
    if (line.find(",z,m,") != std::string::npos)
      line = line.substr(0, line.rfind(',') + 1) + (++row % 2 ? "yes" : "no");
    twisted += line + "\n";
  }
  write("people.csv", twisted);
  train_into("first", {"training.epochs=6"});
  const Outcome outcome = run({"audit", "config.yaml", "--run", "runs/first"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  const nlohmann::json slices = figures()["slices"];
  EXPECT_EQ(slices["run"], "runs/first");
  ASSERT_FALSE(slices["slices"].empty());
  EXPECT_THAT(slices["slices"][0]["conditions"].dump(), AllOf(HasSubstr("job"), HasSubstr("z")));
  EXPECT_GT(slices["slices"][0]["error"], slices["slices"][0]["elsewhere"]);
  EXPECT_THAT(outcome.out, HasSubstr("The run runs/first errs most surely where"));
}

TEST_F(Audits, RefuseARunOfOtherData) {
  train_into("first");
  write("people.csv", people(1500, 3));
  write("others.csv", people(1500, 1));
  const Outcome changed = run({"audit", "config.yaml", "--run", "runs/first"});
  EXPECT_EQ(changed.exit_code, 3) << changed.err;  // the run's own file is not what it was
  write("people.csv", people(1500, 1));
  write("others.csv", people(1500, 3));
  const Outcome other = run({"audit", "config.yaml", "data.files=[others.csv]", "--run", "runs/first"});
  EXPECT_EQ(other.exit_code, 2) << other.err;
  EXPECT_THAT(other.err,
              HasSubstr("--run is 'runs/first', which is about other data than the config: it was made with"));
  const Outcome label = run({"audit", "config.yaml", "data.label.positive=[\"no\"]", "--run", "runs/first"});
  EXPECT_EQ(label.exit_code, 2) << label.err;
  EXPECT_THAT(label.err, HasSubstr("whose data.label is not the config's"));
  EXPECT_FALSE(exists("runs/people-audit"));
}

TEST_F(Audits, OfDataWithoutGroupsOrConstraints) {
  const Outcome outcome = run({"audit", "config.yaml", "~constraints", "data.groups=[]"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("The config names no groups: nothing is said of any."));
}

TEST_F(Audits, OfOtherTasks) {
  for (const char* label : {"data.label={task: classes, column: job}", "data.label={task: regression, column: hours}",
                            "data.label={task: labels, columns: [income, race], positive: [\"yes\", \"a\"]}"}) {
    const Outcome outcome = run({"audit", "config.yaml", label, "~constraints"});
    EXPECT_EQ(outcome.exit_code, 0) << label << outcome.err;
    EXPECT_FALSE(figures()["answers"].empty());
  }
}

TEST_F(Audits, SayWhatIsWrongAndLeaveNothing) {
  const auto wrong = [&](std::vector<std::string> more, int exit_code) {
    std::vector<std::string> words = {"audit", "config.yaml"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_FALSE(exists("runs/people-audit"));
    return outcome.err;
  };
  write("wrong.yaml", "shares:\n  - {group: sexx, level: f, share: 0.5}\n  - {group: sex, level: w, share: 0.4}\n");
  EXPECT_THAT(wrong({"--reference", "wrong.yaml"}, 2),
              AllOf(HasSubstr("wrong.yaml:2"), HasSubstr("did you mean 'sex'"), HasSubstr("wrong.yaml:3"),
                    HasSubstr("no row has 'w' in the group 'sex'"), HasSubstr("add up to 0.4, not to 1")));
  write("typo.yaml", "share:\n  - {group: sex, level: f, share: 0.5}\n");
  EXPECT_THAT(wrong({"--reference", "typo.yaml"}, 2), HasSubstr("did you mean 'shares'"));
  for (const char* none : {"none.yaml", "none.csv"})
    EXPECT_THAT(wrong({"--reference", none}, 2),
                HasSubstr(std::string("--reference is '") + none + "', and there is no such file"));
  EXPECT_THAT(wrong({"--run", "runs/none"}, 3), HasSubstr("runs/none"));
  EXPECT_THAT(wrong({"--output", "config.yaml"}, 2), HasSubstr("which is a file"));
  write("full/notes.txt", "mine");
  EXPECT_THAT(wrong({"--output", "full"}, 2), HasSubstr("a folder with other files in it"));
  EXPECT_THAT(names_in("full"), ElementsAre("notes.txt"));
  EXPECT_THAT(wrong({"--refrence", "x"}, 2), HasSubstr("did you mean '--reference'"));
  EXPECT_THAT(run({"audit"}).err, HasSubstr("audit needs a config"));
}

}  // namespace audit_test
}  // namespace equipoise::end_to_end
