// What rows are taught besides their labels: smoothed labels, and the scores of another model.
#include <cmath>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace soft_targets_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using Words = std::vector<std::string>;

class SoftTargets : public Workspace {
 protected:
  // Long enough that the network has learnt what it is taught.
  static Words learning(Words more) {
    more.insert(more.begin(), {"training.epochs=30", "training.keep=final", "~constraints"});
    return more;
  }

  void expect_refused(int exit_code, const std::string& text, const Words& overrides) const {
    Words words = {"train", "config.yaml", "output.folder=new"};
    words.insert(words.end(), overrides.begin(), overrides.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, exit_code) << outcome.err;
    EXPECT_THAT(outcome.err, HasSubstr(text));
    EXPECT_FALSE(exists("new")) << text;
  }
};

// A teacher that thinks otherwise than the labels do: the young earn.
double taught(const std::string& line) {
  const int age = std::stoi(line);
  return 1 / (1 + std::exp((age - 45) / 5.0));
}

// The people, with a column "taught".
std::string people_taught(int rows) {
  std::istringstream lines(people(rows));
  std::ostringstream text;
  std::string line;
  std::getline(lines, line);
  text << line << ",taught\n";
  while (std::getline(lines, line)) text << line << ',' << taught(line) << '\n';
  return text.str();
}

double mean_distance(const std::vector<double>& scores, const std::string& data) {
  std::istringstream lines(data);
  std::string line;
  std::getline(lines, line);
  double sum = 0;
  for (const double score : scores) {
    std::getline(lines, line);
    sum += std::abs(score - taught(line));
  }
  return sum / static_cast<double>(scores.size());
}

TEST_F(SoftTargets, SmoothedLabelsMakeScoresLessSure) {
  const auto spread = [](const std::vector<double>& scores) {
    double least = 1, largest = 0;
    for (const double score : scores) {
      least = std::min(least, score);
      largest = std::max(largest, score);
    }
    return largest - least;
  };
  for (const std::string kind : {"mlp", "boosted_trees"}) {
    const Words model = kind == "mlp" ? Words{} : Words{"model={kind: boosted_trees}", "~training"};
    const auto trained = [&](const std::string& name, Words more) {
      more.insert(more.begin(), model.begin(), model.end());
      if (kind == "mlp") more = learning(more);
      train_into(name, more);
      return scores_of(name);
    };
    const std::vector<double> plain = trained(kind, {}),
                              smooth = trained(kind + "-smooth", {"training.label_smoothing=0.6"});
    EXPECT_GT(spread(plain), 0.75) << kind;
    // What is taught lies in [.3, .7]; a model may go a little beyond.
    EXPECT_LT(spread(smooth), 0.6) << kind;
  }
}

// At weight 1 no label is taught: the student is what its teacher is, which the labels contradict.
TEST_F(SoftTargets, AStudentLearnsItsTeacher) {
  write("people.csv", people_taught(1500));
  const Words column = {"+data.teacher={column: taught, weight: 1}"};
  train_into("student", learning(column));
  train_into("alone", learning({"data.features.drop=[taught]"}));
  const double own = mean_distance(scores_of("student"), read("people.csv")),
               other = mean_distance(scores_of("alone"), read("people.csv"));
  EXPECT_LT(own, 0.06);
  EXPECT_GT(other, 0.3);
  EXPECT_THAT(read("runs/student/data.json"), HasSubstr("taught: a teacher's score, not an input"));
  // New people have no teacher.
  write("new.csv", people(200, 9));
  EXPECT_EQ(run({"predict", "runs/student", "--data", "new.csv", "--output", "decided.csv"}).exit_code, 0);
  EXPECT_EQ(run({"evaluate", "runs/student", "--json"}).json()["split"],
            object("runs/student/results.json")["splits"][0]);
}

TEST_F(SoftTargets, ARunTeachesAsItsPredictionsDo) {
  train_into("teacher", learning({"data.features.bins=4"}));
  scores_of("teacher");
  const std::map<std::string, std::string> sources = {{"by-run", "{run: runs/teacher, weight: 0.7}"},
                                                      {"by-file", "{predictions: teacher.csv, weight: 0.7}"}};
  for (const auto& [name, source] : sources) train_into(name, {"+data.teacher=" + source});
  // The file's scores are rounded to some digits, the run's are not.
  const std::vector<double> by_run = scores_of("by-run"), by_file = scores_of("by-file");
  double largest = 0;
  for (std::size_t i = 0; i < by_run.size(); ++i) largest = std::max(largest, std::abs(by_run[i] - by_file[i]));
  EXPECT_LT(largest, 1e-3);
  // What was taught is not needed any more.
  std::filesystem::remove_all(path("runs/teacher"));
  EXPECT_EQ(run({"evaluate", "runs/by-run"}).exit_code, 0);
}

// Rows without a label are left out, and every other row keeps its own teacher.
TEST_F(SoftTargets, ARunScoresTheRowsThatAreKept) {
  train_into("teacher", learning({}));
  std::istringstream lines(people(1500));
  std::ostringstream text;
  std::string line;
  for (int row = 0; std::getline(lines, line); ++row)
    text << (row > 0 && row % 3 == 0 ? line.substr(0, line.rfind(',') + 1) : line) << '\n';
  write("people.csv", text.str());
  train_into("student", learning({"+data.teacher={run: runs/teacher, weight: 1}"}));
  const std::vector<double> student = scores_of("student"), teacher = scores_of("teacher");
  double sum = 0;
  for (std::size_t i = 0; i < student.size(); ++i) sum += std::abs(student[i] - teacher[i]);
  EXPECT_LT(sum / static_cast<double>(student.size()), 0.03);
}

TEST_F(SoftTargets, TeachEveryTask) {
  for (const std::string label : {"{task: classes, column: job}", "{task: regression, column: hours}"}) {
    const std::string task = label.substr(7, label.find(',') - 7);
    train_into(task, learning({"data.label=" + label}));
    train_into(task + "-student",
               learning({"data.label=" + label, "+data.teacher={run: runs/" + task + ", weight: 1}"}));
    const std::vector<double> teacher = scores_of(task), student = scores_of(task + "-student");
    double sum = 0, size = 0, mean = 0;
    for (const double score : teacher) mean += score / static_cast<double>(teacher.size());
    for (std::size_t i = 0; i < student.size(); ++i) {
      sum += std::abs(student[i] - teacher[i]);
      size += std::abs(teacher[i] - mean);
    }
    EXPECT_LT(sum, 0.35 * size) << task;
  }
}

TEST_F(SoftTargets, AreTheSameBytesForAnyThreadsAndInABank) {
  write("people.csv", people_taught(1500));
  const Words soft = {"training.label_smoothing=0.1", "+data.teacher={column: taught, weight: 0.3}"};
  train_into("one", soft);
  Words threads = soft, bank = soft;
  threads.push_back("threads=2");
  bank.push_back("bank.seeds=[3, 4]");
  train_into("two", threads);
  train_into("bank", bank);
  EXPECT_EQ(read("runs/one/model.safetensors"), read("runs/two/model.safetensors"));
  EXPECT_EQ(read("runs/one/model.safetensors"), read("runs/bank/members/000/model.safetensors"));
}

TEST_F(SoftTargets, ThatCannotBeAreRefused) {
  write("people.csv", people_taught(1500));
  expect_refused(2, "data.teacher.run: a run scores the rows itself", {"+data.teacher={run: runs/x, column: taught}"});
  expect_refused(2, "there is no teacher", {"+data.teacher={weight: 0.2}"});
  expect_refused(2, "did you mean 'taught'?", {"+data.teacher={column: tought}"});
  expect_refused(3, "data.teacher.run:", {"+data.teacher={run: runs/x}"});
  expect_refused(2, "'smote' makes rows that data.teacher has not scored",
                 {"+data.teacher={column: taught}", "sampling.recipes=[{recipe: smote, by: [sex], share: 0.5}]"});
  expect_refused(2, "numbers are taught by data.teacher with the loss 'squared' alone",
                 {"+data.teacher={column: taught}", "data.label={task: regression, column: hours}", "~constraints",
                  "training.loss=huber"});
  expect_refused(2, "training.label_smoothing: it spreads a label over the answers",
                 {"training.label_smoothing=0.1", "data.label={task: regression, column: hours}", "~constraints"});
  train_into("numbers",
             {"data.label={task: regression, column: hours}", "~constraints", "data.features.drop=[taught]"});
  expect_refused(3, "the run answers regression, and this config asks for binary",
                 {"+data.teacher={run: runs/numbers}"});
  const Outcome frontier = run({"frontier", "config.yaml", "training.label_smoothing=0.1"});
  EXPECT_EQ(frontier.exit_code, 2);
  EXPECT_THAT(frontier.err, HasSubstr("training.label_smoothing: a frontier decides by posteriors"));

  std::string text = read("people.csv");
  const std::size_t end = text.find('\n', text.find('\n') + 1);
  text.replace(text.rfind(',', end) + 1, end - text.rfind(',', end) - 1, "1.25");
  write("people.csv", text);
  expect_refused(3, "the teacher's score in column 'taught' is 1.25; expected a probability from 0 to 1",
                 {"+data.teacher={column: taught}", "data.split.test=0", "data.split.selection=0"});
}

// The guide's commands, with less training.
TEST_F(SoftTargets, TheGuideRunsAsWritten) {
  link_repository();
  std::istringstream commands(block_of(source_file("docs/guides/targets.md"), "sh"));
  for (std::string line; std::getline(commands, line);) {
    Words words = words_of(line);
    ASSERT_EQ(words.front(), "equipoise");
    words.erase(words.begin());
    if (line.find("boosted_trees") != std::string::npos)
      words.push_back("model.trees.rounds=2");
    else if (words.front() == "train")
      words.insert(words.end(), {"training.epochs=1", "model.hidden=[4]", "multipliers.measure_on=train"});
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << line << outcome.err;
    EXPECT_EQ(outcome.err.find("other splits"), std::string::npos) << outcome.err;
  }
  EXPECT_TRUE(exists("runs/student/report.html") && exists("runs/stored/report.html"));
}

}  // namespace soft_targets_test
}  // namespace equipoise::end_to_end
