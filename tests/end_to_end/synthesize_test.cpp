// Made rows in a file of their own, as their user sees them.
#include <algorithm>
#include <sstream>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace synthesize_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Synthesize : public Workspace {};

TEST_F(Synthesize, MadeRowsAreWrittenWithTheirParents) {
  const std::string recipes =
      "sampling.recipes=[{recipe: smote, where: {sex: f, label: positive}, share: 0.5}, "
      "{recipe: counterfactual, where: {sex: m}, share: 0.3, swap: [{column: sex, levels: {m: f}}, "
      "{column: job, with: sex, levels: {x: y}}]}, {recipe: mixup, inside: label, where: {sex: f}, share: 0.2}]";
  const Outcome outcome = run({"synthesize", "config.yaml", recipes, "--output", "made.csv", "--rows", "2000"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("made rows ("), HasSubstr("by counterfactual"), HasSubstr("by smote")));
  EXPECT_THAT(outcome.err, HasSubstr("rows were mixed: a mixed row is part of two"));
  std::istringstream lines(read("made.csv"));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "age,hours,job,race,sex,income,recipe,cell,parent,partner");
  int swapped = 0, smote = 0;
  while (std::getline(lines, line)) {
    if (line.find(",counterfactual,") != std::string::npos) {
      ++swapped;
      EXPECT_THAT(line, HasSubstr(",f,"));      // the group is the new one
      EXPECT_THAT(line, HasSubstr("\"sex=m"));  // the cell is the parent's
      EXPECT_EQ(line.back(), ',');
    } else {
      ++smote;
      EXPECT_THAT(line, AllOf(HasSubstr(",yes,smote,\"sex=f, label=positive\","), Not(HasSubstr(",m,"))));
      EXPECT_NE(line.back(), ',');
    }
  }
  EXPECT_GT(swapped, 60);
  EXPECT_GT(smote, 50);
  // The same rows in a file for programs, and again.
  ASSERT_EQ(run({"synthesize", "config.yaml", recipes, "--output", "made.parquet", "--rows", "2000"}).exit_code, 0);
  const std::string first = read("made.csv");
  ASSERT_EQ(run({"synthesize", "config.yaml", recipes, "--output", "made.csv", "--rows", "2000"}).exit_code, 0);
  EXPECT_EQ(read("made.csv"), first);
  const auto refused = [&](std::vector<std::string> words) {
    words.insert(words.begin(), "synthesize");
    const Outcome wrong = run(words);
    EXPECT_EQ(wrong.exit_code, 2) << wrong.err;
    return wrong.err;
  };
  EXPECT_THAT(refused({"config.yaml", "--output", "x.csv"}), HasSubstr("none of them makes rows; those that do are"));
  EXPECT_THAT(refused({"config.yaml", recipes, "--output", "x.json"}), HasSubstr("must be .csv or .parquet"));
  EXPECT_THAT(refused({"config.yaml", recipes, "--output", "x.csv", "--rows", "0"}), HasSubstr("--rows is '0'"));
  EXPECT_THAT(refused({"config.yaml", recipes}), HasSubstr("synthesize needs --output"));
}

// Rows that are given away are held to what rows of a training are.
TEST_F(Synthesize, MadeRowsAreComparedBeforeTheyAreWritten) {
  const std::string recipe = "sampling.recipes=[{recipe: jitter, amount: 0.0001, share: 0.5}]";
  const std::string stop = "sampling.artifacts={on_artifacts: stop, traced: 0, near_copies: 0}";
  const Outcome stopped = run({"synthesize", "config.yaml", recipe, stop, "--output", "made.csv"});
  EXPECT_EQ(stopped.exit_code, 3) << stopped.err;
  EXPECT_FALSE(exists("made.csv"));
  const auto said = [](const Outcome& outcome) {
    const std::size_t begin = outcome.err.find("Comparing a sample of made rows");
    return begin == std::string::npos ? "" : outcome.err.substr(begin);
  };
  EXPECT_THAT(said(stopped), AllOf(HasSubstr("warning: rows that jitter makes of everyone are harmful"),
                                   HasSubstr("on_artifacts is stop")));
  const Outcome trained = run({"train", "config.yaml", recipe, stop, "output.run=stopped"});
  EXPECT_EQ(trained.exit_code, 3) << trained.err;
  EXPECT_EQ(said(stopped), said(trained));
  const Outcome warned = run({"synthesize", "config.yaml", recipe, "sampling.artifacts={on_artifacts: warn, traced: 0}",
                              "--output", "made.csv", "--json"});
  ASSERT_EQ(warned.exit_code, 0) << warned.err;
  EXPECT_THAT(warned.json()["warnings"].dump(), HasSubstr("jitter makes of everyone are harmful"));
  EXPECT_TRUE(exists("made.csv"));
}

TEST_F(Synthesize, WhatNoMadeRowShowsIsNamed) {
  const std::string recipes =
      "sampling.recipes=[{recipe: smote, where: {sex: f, label: positive}, share: 0.05}, {recipe: balance, by: sex, "
      "power: 0.5}, {recipe: massage, by: sex}, {recipe: weigh, by: label}, {recipe: hard, share: 0.5}]";
  const Outcome few = run({"synthesize", "config.yaml", recipes, "--output", "made.csv", "--rows", "2000", "--json"});
  ASSERT_EQ(few.exit_code, 0) << few.err;
  const nlohmann::json answer = few.json();
  EXPECT_EQ(answer["drawn"], 2000);
  EXPECT_LT(answer["rows"], 100);
  EXPECT_THAT(few.err,
              AllOf(HasSubstr("warning: --rows 2000 is how many rows batches draw, and " + answer["rows"].dump() +
                              " of them were made up. smote makes 5 % of the rows that it is about, and these are "),
                    HasSubstr("rows are made without massage (labels are written as the data have them), weigh (rows "
                              "count in a loss, and a file has none), hard (")));
  EXPECT_THAT(few.err, Not(HasSubstr("balance (")));  // what it draws at the beginning is drawn
  // Nobody asked for a number: the last line has both.
  const Outcome all = run({"synthesize", "config.yaml", recipes, "--output", "made.csv"});
  ASSERT_EQ(all.exit_code, 0) << all.err;
  EXPECT_THAT(all.err, Not(HasSubstr("is how many rows batches draw")));
  EXPECT_THAT(all.out, HasSubstr("by smote) of 900 drawn: made.csv"));
  // Where no other rows are made there is no comparison, and a sentence says so that is no warning.
  const Outcome mixed = run({"train", "config.yaml", "sampling.recipes=[{recipe: mixup, inside: label, share: 0.2}]",
                             "training.epochs=1", "output.run=mixed"});
  ASSERT_EQ(mixed.exit_code, 0) << mixed.err;
  EXPECT_THAT(mixed.err, AllOf(HasSubstr("Mixed rows are not compared with real ones"),
                               Not(HasSubstr("warning: Mixed")), Not(HasSubstr("Comparing a sample"))));
}

// Numbers between two people's may be in a bin that is neither's cell; what a row weighs goes with it.
TEST_F(Synthesize, MadeRowsOfAnotherGroupThanTheirParentsAreCounted) {
  std::istringstream lines(people(600));
  std::vector<double> ages = {0};
  std::string text, line;
  for (int row = 0; std::getline(lines, line); ++row) {
    text += line + (row == 0 ? ",importance" : row % 3 == 0 ? ",2.5" : ",1") + "\n";
    if (row > 0) ages.push_back(std::stod(line));
  }
  write("weighed.csv", text);
  const std::vector<std::string> data = {
      "data.files=[weighed.csv]", "data.weight=importance",
      "data.groups=[{column: sex}, {column: age, name: age_band, bins: [30, 40, 60]}, {column: job}]",
      "data.features.groups_as_inputs=true"};
  const auto made = [&](const std::string& recipe) {
    std::vector<std::string> words = {"synthesize", "config.yaml", "sampling.recipes=[" + recipe + "]", "--output",
                                      "made.csv"};
    words.insert(words.end(), data.begin(), data.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome.err;
  };
  const std::string said = made("{recipe: smote, by: [sex, job], share: 0.5}");
  const auto band = [](double age) { return (age >= 30) + (age >= 40) + (age >= 60); };
  std::istringstream rows(read("made.csv"));
  std::getline(rows, line);
  ASSERT_EQ(line, "age,hours,job,sex,race,income,importance,recipe,cell,parent,partner");
  int others = 0, all = 0;
  for (; std::getline(rows, line); ++all) {
    const std::string cut = line.substr(0, line.rfind(','));
    const auto parent = std::stoul(cut.substr(cut.rfind(',') + 1));
    others += band(std::stod(line)) != band(ages[parent]);
    EXPECT_THAT(line, HasSubstr(parent % 3 == 0 ? ",2.5,smote," : ",1,smote,"));
  }
  EXPECT_GT(others, 10);
  EXPECT_THAT(said, AllOf(HasSubstr("In " + std::to_string(others) + " of " + std::to_string(all) +
                                    " made rows age is of another age_band than in the row they were made of"),
                          Not(HasSubstr("job is of another")), Not(HasSubstr("sex is of another"))));
  EXPECT_THAT(made("{recipe: smote, by: sex, share: 0.5}"), HasSubstr("job is of another group than"));
  EXPECT_THAT(made("{recipe: smote, by: [sex, age_band, job], share: 0.5}"), Not(HasSubstr("is of another")));
  // An exchange is meant to be one.
  EXPECT_THAT(made("{recipe: counterfactual, share: 0.5, swap: [{column: job, levels: {x: y, y: x}}]}"),
              Not(HasSubstr("is of another")));
  std::vector<std::string> words = {"train", "config.yaml", "data.features.drop=[recipe, cell, parent, partner]",
                                    "training.epochs=1", "output.run=of_made"};
  words.insert(words.end(), data.begin(), data.end());
  words.emplace_back("data.files=[made.csv]");
  EXPECT_EQ(run(words).exit_code, 0);
}

// The data's third row has no label: from there on parents are one less than rows of the file.
TEST_F(Synthesize, ParentsAreNumberedFromOneWithoutRowsThatHaveNoLabel) {
  std::istringstream people_lines(people(600));
  std::string text, line;
  std::vector<std::vector<std::string>> labelled;
  for (int row = 0; std::getline(people_lines, line); ++row) {
    text += (row == 3 ? line.substr(0, line.rfind(',') + 1) : line) + "\n";
    std::ranges::replace(line, ',', ' ');
    if (row > 0 && row != 3) labelled.push_back(words_of(line));
  }
  const std::size_t half = text.find('\n', text.size() / 2) + 1, header = text.find('\n') + 1;
  write("first.csv", text.substr(0, half));
  write("second.csv", text.substr(0, header) + text.substr(half));
  const Outcome outcome =
      run({"synthesize", "config.yaml", "data.files=[first.csv, second.csv]",
           "sampling.recipes=[{recipe: jitter, by: sex, amount: 0.0001, share: 0.5}]", "--output", "made.csv"});
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  std::istringstream made(read("made.csv"));
  std::getline(made, line);
  ASSERT_EQ(line, "age,hours,job,race,sex,income,recipe,cell,parent,partner");
  int rows = 0;
  for (; std::getline(made, line); ++rows) {
    const std::string cut = line.substr(0, line.rfind(','));
    const auto parent = std::stoul(cut.substr(cut.rfind(',') + 1));
    ASSERT_GE(parent, 1U);
    ASSERT_LE(parent, labelled.size());
    const std::vector<std::string>& of = labelled[parent - 1];  // age, hours, job, sex, race, income
    EXPECT_THAT(line, HasSubstr("," + of[2] + "," + of[4] + "," + of[3] + "," + of[5] + ",jitter,"));
    EXPECT_NEAR(std::stod(line), std::stod(of[0]), 0.5) << line;
  }
  EXPECT_GT(rows, 100);
}

}  // namespace synthesize_test
}  // namespace equipoise::end_to_end
