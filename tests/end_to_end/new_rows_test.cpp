// Rows that training has not seen: what is claimed about them, and what is refused.
#include <filesystem>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace new_rows_test {

using testing::AllOf;
using testing::HasSubstr;

class NewRows : public Workspace {
 protected:
  /// people() with the sex of every `nth` row replaced.
  static std::string with_third_sex(int rows, int nth) {
    std::string text = people(rows, 9);
    std::size_t at = text.find('\n');
    for (int row = 0; row < rows; ++row, at = text.find('\n', at + 1)) {
      const std::size_t sex = text.find_first_of("fm", at);
      if (row % nth == 0) text.replace(sex, 1, "n");
    }
    return text;
  }
};

// The group is no input: who has which leaves every score as it was.
TEST_F(NewRows, ScoresDoNotHangOnTheGroupColumn) {
  train_into("r");
  train_into("told", {"data.features.groups_as_inputs=true"});
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(people(300, 5));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream row(line);
    std::vector<std::string>& fields = rows.emplace_back();
    for (std::string field; std::getline(row, field, ',');) fields.push_back(field);
  }
  constexpr std::size_t kSex = 3;
  std::string shuffled, as_they_were;
  std::size_t moved = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::string& sex = rows[i == 0 ? 0 : 1 + 7 * i % (rows.size() - 1)][kSex];
    moved += sex != rows[i][kSex];
    for (std::size_t c = 0; c < rows[i].size(); ++c) {
      const char* before = c == 0 ? "" : ",";
      shuffled += before + (c == kSex ? sex : rows[i][c]);
      as_they_were += before + rows[i][c];
    }
    shuffled += '\n';
    as_they_were += '\n';
  }
  ASSERT_GT(moved, 80u);
  write("was.csv", as_they_were);
  write("shuffled.csv", shuffled);
  const auto scores = [this](const std::string& of_run, const std::string& data) {
    EXPECT_EQ(run({"predict", "runs/" + of_run, "--data", data, "--output", "out.csv"}).exit_code, 0);
    return read("out.csv");
  };
  EXPECT_EQ(scores("r", "was.csv"), scores("r", "shuffled.csv"));
  EXPECT_NE(scores("told", "was.csv"), scores("told", "shuffled.csv"));
}

// Who a row is about goes with it, as the file spells it; scores are what they are without.
TEST_F(NewRows, ColumnsAreKeptBesideTheScores) {
  train_into("r");
  std::string text = people(300, 5), with_ids;
  int row = 0;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1, ++row) {
    end = text.find('\n', at);
    with_ids += (row == 0 ? "person_id," : "00" + std::to_string(row) + ",") + text.substr(at, end - at) + "\n";
  }
  write("new.csv", with_ids);
  const std::vector<std::string> words = {"predict", "runs/r", "--data", "new.csv", "--output"};
  const auto predict = [&](const std::string& output, std::vector<std::string> more = {}) {
    std::vector<std::string> all = words;
    all.push_back(output);
    all.insert(all.end(), more.begin(), more.end());
    return run(all);
  };
  ASSERT_EQ(predict("bare.csv").exit_code, 0);
  const Outcome kept = predict("kept.csv", {"--keep", "person_id", "--keep", "age", "--keep=sex"});
  ASSERT_EQ(kept.exit_code, 0) << kept.err;
  std::istringstream bare(read("bare.csv")), beside(read("kept.csv")), rows(with_ids);
  std::string one, other, own;
  for (int line = 0; std::getline(bare, one); ++line) {
    ASSERT_TRUE(std::getline(beside, other) && std::getline(rows, own));
    std::vector<std::string> fields;
    std::istringstream cut(own);
    for (std::string field; std::getline(cut, field, ',');) fields.push_back(field);
    const std::size_t first = one.find(',');
    const std::string age = fields[1], sex = fields[4];
    EXPECT_EQ(other, one.substr(0, first + 1) + fields[0] + "," + age + "," + sex + one.substr(first));
  }
  EXPECT_EQ(predict("kept.parquet", {"--keep", "person_id"}).exit_code, 0);
  const auto expect_refused = [&](const std::string& message, const std::vector<std::string>& more) {
    const Outcome outcome = predict("no.csv", more);
    EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(message));
    EXPECT_FALSE(exists("no.csv"));
  };
  expect_refused("there is no column 'personid' to keep (did you mean 'person_id'?)", {"--keep", "personid"});
  expect_refused("--keep names the column 'age' twice", {"--keep", "age", "--keep", "age"});
  std::string clash = with_ids;
  write("new.csv", clash.replace(0, std::string("person_id").size(), "score"));
  expect_refused("--keep names the column 'score', and predict writes one of that name itself (row, score, decision)",
                 {"--keep", "score"});
}

TEST_F(NewRows, ALevelThatTrainingNeverSawLeavesTheConstraintUnproven) {
  train_into("r", {"constraints[0].tolerance=0.9"});
  write("new.csv", with_third_sex(900, 3));
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "new.csv", "--json", "--fail-on", "not_estimable"});
  EXPECT_EQ(outcome.exit_code, 1) << outcome.out << outcome.err;
  const nlohmann::json constraint = outcome.json()["split"]["constraints"][0];
  EXPECT_EQ(constraint["verdict"], "not_estimable");
  EXPECT_THAT(constraint["sentence"].get<std::string>(), HasSubstr("sex=(not seen in training) (300 rows) cannot"));
}

TEST_F(NewRows, NeedTheWeightsThatTrainingHad) {
  std::string text = people(600), weighted;
  for (std::size_t at = 0, end; at < text.size(); at = end + 1) {
    end = text.find('\n', at);
    weighted += text.substr(at, end - at) + (at == 0 ? ",w\n" : ",2\n");
  }
  write("weighted.csv", weighted);
  train_into("r", {"data.files=weighted.csv", "data.weight=w"});
  write("new.csv", people(300, 4));
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "new.csv"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("the weight column 'w' is not there"));
  EXPECT_EQ(run({"predict", "runs/r", "--data", "new.csv", "--output", "out.csv"}).exit_code, 0);
}

TEST_F(NewRows, TheSameBytesTwiceAreRefused) {
  train_into("r");
  write("new.csv", people(300, 4));
  std::filesystem::copy_file(path("new.csv"), path("copy.csv"));
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "new.csv", "--data", "copy.csv"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("the same bytes as"));
  std::filesystem::create_symlink(path("people.csv"), path("link.csv"));
  const Outcome training = run({"train", "config.yaml", "data.split.test_files=link.csv", "data.split.test=0"});
  EXPECT_NE(training.exit_code, 0);
}

TEST_F(NewRows, WithoutTestRowsNothingIsPromised) {
  const Outcome refused = run({"train", "config.yaml", "data.split.test=0", "--fail-on", "violated"});
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--fail-on needs test rows"));
  const Outcome trained = run({"train", "config.yaml", "data.split.test=0", "output.run=r", "--json"});
  ASSERT_EQ(trained.exit_code, 0) << trained.err;
  EXPECT_EQ(trained.json()["verdict"], "not measured");
  EXPECT_THAT(trained.json()["warnings"][0].get<std::string>(), HasSubstr("There are no test rows"));
  EXPECT_THAT(read("runs/r/report.html"), HasSubstr("it shows nothing about people the model has not met"));
}

TEST_F(NewRows, AConfigThatWasChangedAfterTrainingIsRefused) {
  train_into("r");
  write("new.csv", people(300, 4));
  const std::string config = read("runs/r/config.yaml");
  for (const auto& [from, to] : std::map<std::string, std::string>{{"tolerance: 0.2", "tolerance: 0.3"},
                                                                   {"confidence: 0.95", "confidence: 0.51"},
                                                                   {"min_rows: 30", "min_rows: 1"}}) {
    std::string changed = config;
    ASSERT_NE(changed.find(from), std::string::npos) << from;
    write("runs/r/config.yaml", changed.replace(changed.find(from), from.size(), to));
    for (const std::vector<std::string>& words : {std::vector<std::string>{"evaluate", "runs/r"},
                                                  {"predict", "runs/r", "--data", "new.csv", "--output", "out.csv"},
                                                  {"report", "runs/r"}}) {
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.exit_code, 3) << words.front() << to;
      EXPECT_THAT(outcome.err, HasSubstr("config.yaml' was changed after the training (sha256 "));
    }
  }
  write("runs/r/config.yaml", config);
  EXPECT_EQ(run({"evaluate", "runs/r"}).exit_code, 0);
  nlohmann::json marker = nlohmann::json::parse(read("runs/r/run.json"));
  marker.erase("resolved_sha256");
  write("runs/r/run.json", marker.dump());
  EXPECT_THAT(run({"evaluate", "runs/r"}).err, HasSubstr("an earlier version of this program wrote it"));
  train_into("r", {"output.overwrite=true"});
}

TEST_F(NewRows, ConstraintsThatWereChangedAfterTrainingAreRefused) {
  train_into("r");
  nlohmann::json table = nlohmann::json::parse(read("runs/r/constraints.json"));
  table["promises"][0]["tolerance"] = 0.3;
  write("runs/r/constraints.json", table.dump());
  const Outcome outcome = run({"evaluate", "runs/r"});
  EXPECT_EQ(outcome.exit_code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("do not name the same constraints"));
}

TEST_F(NewRows, AChangedConfigOfABankIsRefused) {
  ASSERT_EQ(run({"train", "config.yaml", "bank.seeds=[1, 2]", "output.run=b"}).exit_code, 0);
  EXPECT_EQ(run({"evaluate", "runs/b/members/001"}).exit_code, 0);
  write("runs/b/config.yaml", read("runs/b/config.yaml") + "\n");
  EXPECT_THAT(run({"report", "runs/b"}).err, HasSubstr("config.yaml' was changed after the training"));
}

TEST_F(NewRows, OutputSparesWhatTheRunNeeds) {
  write("test.csv", people(600, 8));
  train_into("r", {"data.split.test_files=test.csv"});
  write("new.csv", people(300, 4));
  std::filesystem::create_symlink("../people.csv", path("runs/link.json"));
  const auto expect_spared = [&](const std::string& output, const std::string& file, const std::string& message) {
    const std::string before = read(file);
    for (const bool is_new : {false, true}) {
      std::vector<std::string> words = {"evaluate", "runs/r", "--output", output};
      if (is_new) words.insert(words.end(), {"--data", "new.csv"});
      const Outcome outcome = run(words);
      EXPECT_EQ(outcome.exit_code, 2) << output;
      EXPECT_THAT(outcome.err, HasSubstr(message)) << output;
    }
    EXPECT_EQ(read(file), before) << output;
  };
  expect_spared("people.csv", "people.csv", "a file that the run was trained on");
  expect_spared("runs/link.json", "people.csv", "a file that the run was trained on");
  expect_spared("test.csv", "test.csv", "a file that the run was trained on");
  expect_spared("runs/r/results.json", "runs/r/results.json", "a file of the run folder itself");
  expect_spared("runs/../runs/r/run.json", "runs/r/run.json", "a file of the run folder itself");
  EXPECT_EQ(run({"evaluate", "runs/r", "--output", "runs/r/bank.json"}).exit_code, 2) << "report would read it";
  EXPECT_THAT(run({"evaluate", "runs/r", "--output", "."}).err, HasSubstr("--output is '.', which is a folder"));
  EXPECT_EQ(run({"evaluate", "runs/r", "--output", "runs/r/again.json"}).exit_code, 0);
  EXPECT_EQ(run({"report", "runs/r"}).exit_code, 0);
}

TEST_F(NewRows, TheFilesOfTheTrainingAreNotNew) {
  train_into("r");
  std::filesystem::copy_file(path("people.csv"), path("copy.csv"));
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "copy.csv", "--json"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  ASSERT_EQ(outcome.json()["warnings"].size(), 1u);
  EXPECT_THAT(outcome.json()["warnings"][0].get<std::string>(),
              HasSubstr("copy.csv of --data has the bytes of a file that this run was trained on"));
  EXPECT_THAT(outcome.err, HasSubstr("that this run was trained on"));
  const Outcome gate = run({"evaluate", "runs/r", "--data", "copy.csv", "--fail-on", "violated"});
  EXPECT_EQ(gate.exit_code, 2);
  EXPECT_THAT(gate.err, HasSubstr("--fail-on needs such rows"));
}

// A bound that holds for those who are there reads as if it held for all.
TEST_F(NewRows, AGroupThatIsNotThereIsNamed) {
  train_into("r", {"constraints=[{kind: selection_rate_bound, group: sex, at_most: 0.99}]"});
  std::string one_sex = people(300, 5);
  for (std::size_t at = one_sex.find(",f,"); at != std::string::npos; at = one_sex.find(",f,", at))
    one_sex.replace(at, 3, ",m,");
  write("men.csv", one_sex);
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "men.csv"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("no row has sex=f: verdicts, met ones too, say nothing of it"));
  EXPECT_THAT(run({"evaluate", "runs/r"}).err, testing::Not(HasSubstr("no row has")));
}

TEST_F(NewRows, NumbersFarFromAllThatTrainingSawAreNamed) {
  train_into("r", {"data.features.numbers=standardize"});
  std::string text = people(300, 5);
  std::string far = text.substr(0, text.find('\n') + 1);
  for (std::size_t at = far.size(); at < text.size(); at = text.find('\n', at) + 1)
    far += "9007199254740993" + text.substr(text.find(',', at), text.find('\n', at) + 1 - text.find(',', at));
  write("far.csv", far);
  write("near.csv", text);
  EXPECT_THAT(run({"evaluate", "runs/r", "--data", "far.csv"}).err,
              HasSubstr("300 of 300 rows lie in the input 'age' beyond ten deviations of what training saw there"));
  EXPECT_THAT(run({"evaluate", "runs/r", "--data", "near.csv"}).err, testing::Not(HasSubstr("ten deviations")));
}

// Its model may be the weights that it began with.
TEST_F(NewRows, ARunThatDivergedIsNoModelToGoBy) {
  EXPECT_EQ(run({"train", "config.yaml", "output.run=wild", "training.optimizer.kind=sgd",
                 "training.optimizer.learning_rate=1e30"})
                .exit_code,
            4);
  ASSERT_TRUE(exists("runs/wild/model.safetensors"));
  const char* said = "runs/wild' diverged: its model is what it had before it left the finite numbers";
  EXPECT_THAT(run({"predict", "runs/wild", "--data", "people.csv", "--output", "p.csv"}).err, HasSubstr(said));
  EXPECT_THAT(run({"evaluate", "runs/wild"}).err, HasSubstr(said));
  const Outcome gate = run({"evaluate", "runs/wild", "--fail-on", "violated"});
  EXPECT_EQ(gate.exit_code, 3);
  EXPECT_THAT(gate.err, HasSubstr("--fail-on needs one that came to its end"));
  for (const char* field : {"data.teacher.run", "training.warm_start", "multipliers.start_from"}) {
    const Outcome outcome = run({"train", "config.yaml", std::string(field) + "=runs/wild"});
    EXPECT_EQ(outcome.exit_code, 3) << field << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr("name one that came to its end"));
  }
}

TEST_F(NewRows, RowsThatWereLearntProveNothing) {
  train_into("r");
  const Outcome outcome = run({"evaluate", "runs/r", "--split", "train"});
  EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.err, HasSubstr("the training rows are those that the model learnt"));
  const Outcome gate = run({"evaluate", "runs/r", "--split", "train", "--fail-on", "violated"});
  EXPECT_EQ(gate.exit_code, 2);
  EXPECT_THAT(gate.err, HasSubstr("and --fail-on needs such rows"));
}

TEST_F(NewRows, AFileOfTestRowsMayBeMeasuredAlone) {
  write("test.csv", people(600, 8));
  train_into("r", {"data.split.test_files=test.csv"});
  const Outcome outcome = run({"evaluate", "runs/r", "--data", "test.csv", "--fail-on", "violated", "--json"});
  ASSERT_NE(outcome.exit_code, 2) << outcome.err;
  EXPECT_TRUE(outcome.json()["warnings"].empty());
}

TEST_F(NewRows, OutputIsCheckedBeforeTheWorkAndKeepsWhatItIs) {
  train_into("r");
  write("new.csv", people(300, 4));
  const auto predict = [&](const std::string& output) {
    return run({"predict", "runs/r", "--data", "new.csv", "--output", output});
  };
  const std::string before = read("new.csv");
  EXPECT_THAT(predict("new.csv").err, HasSubstr("it would be overwritten"));
  EXPECT_EQ(read("new.csv"), before);
  EXPECT_EQ(predict("nowhere/out.csv").exit_code, 2);
  std::filesystem::create_directory(path("folder.csv"));
  EXPECT_THAT(predict("folder.csv").err, HasSubstr("--output is 'folder.csv', which is a folder"));
  write("target.csv", "old");
  std::filesystem::permissions(path("target.csv"),
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  std::filesystem::create_symlink("target.csv", path("link.csv"));
  EXPECT_EQ(predict("link.csv").exit_code, 0);
  EXPECT_TRUE(std::filesystem::is_symlink(path("link.csv")));
  EXPECT_THAT(read("target.csv"), HasSubstr("row,score,decision"));
  EXPECT_EQ(std::filesystem::status(path("target.csv")).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace new_rows_test
}  // namespace equipoise::end_to_end
