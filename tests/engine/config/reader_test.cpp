#include "engine/config/reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace reader_test {

using sample::complaint;
using sample::kValid;
using sample::load_sample;
using sample::with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Reader, ReadsEveryKindOfField) {
  const sample::Config config = load_sample(kValid);
  EXPECT_EQ(config.name, "adult");
  EXPECT_EQ(config.seed, 7);
  EXPECT_THAT(config.data.files, ElementsAre("/data/me/a.csv", "/data/me/configs/b.csv"));
  EXPECT_EQ(config.data.label.column, "income");
  EXPECT_THAT(config.data.label.positive, ElementsAre(">50K", ">50K."));
  EXPECT_THAT(config.data.types, ElementsAre(Pair("age", "number"), Pair("zip.code", "category")));
  EXPECT_THAT(config.data.missing, ElementsAre("", "?", "NA"));
  EXPECT_FALSE(config.data.header);
  EXPECT_EQ(config.training.epochs, 5);
  EXPECT_EQ(config.training.dropout, 0.0);
  EXPECT_THAT(config.training.hidden, ElementsAre(64, 32));
  EXPECT_THAT(config.training.bins, ElementsAre(-1.5, 2, 300));
  EXPECT_EQ(config.training.optimizer.kind, "sgd");
  EXPECT_EQ(config.training.optimizer.learning_rate, 0.01);
  ASSERT_EQ(config.constraints.size(), 2u);
  EXPECT_EQ(config.constraints[0].tolerance, 0.02);
  EXPECT_EQ(config.constraints[1].group, "race");
  EXPECT_EQ(config.constraints[1].tolerance, 0.05);
  EXPECT_EQ(config.folder, "/data/me/configs/out");
}

TEST(Reader, WhatIsNotWrittenKeepsItsDefault) {
  const sample::Config config = load_sample(with(""));
  sample::Config expected;
  expected.data.files = {"/data/me/configs/a.csv"};
  expected.data.label = {"y", {"yes"}};
  expected.folder = "/data/me/configs/runs";  // a default path is relative to the config like a written one
  expected.output.folder = "/data/me/configs/runs";
  EXPECT_EQ(config, expected);
}

TEST(Reader, ASingleTextIsAListOfOne) {
  EXPECT_THAT(load_sample(with("")).data.label.positive, ElementsAre("yes"));
  EXPECT_THAT(
      complaint(with("training: {hidden: 64}")),
      HasSubstr("2:20: training.hidden: expected a list of whole numbers, got '64' (write it in brackets: [...])"));
}

TEST(Reader, AnEmptySectionIsOneOfDefaults) {
  EXPECT_EQ(complaint(with("training:\nconstraints:\n")), "");
  EXPECT_EQ(complaint(with("training: {optimizer: }\n")), "");
  EXPECT_THAT(complaint("data:\n"), HasSubstr("run.yaml:1:1: the required key 'files' is missing in data"));
}

TEST(Reader, AnEmptyValueIsAnError) {
  EXPECT_THAT(complaint(with("name:\n")), HasSubstr("run.yaml:2:1: name: has no value (write \"\" for an empty text"));
  EXPECT_THAT(complaint(with("name: null\n")), HasSubstr("name: has no value"));
  EXPECT_THAT(complaint(with("training: {epochs: ~}\n")), HasSubstr("training.epochs: has no value"));
  EXPECT_THAT(complaint(with("training: {hidden: [1, , 2]}\n")), HasSubstr("training.hidden[1]: has no value"));
  EXPECT_THAT(complaint(with("constraints: [~]\n")), HasSubstr("constraints[0]: has no value"));
}

TEST(Reader, UnknownKeysNameTheNearest) {
  EXPECT_EQ(complaint(with("training: {epoch: 5}\n")),
            "run.yaml:2:12: unknown key 'epoch' in training (did you mean 'epochs'?); known keys: epochs, dropout, "
            "hidden, bins, limit, optimizer");
  EXPECT_THAT(complaint(with("zzzzzz: 1\n")), HasSubstr("unknown key 'zzzzzz'; known keys: name, seed, data"));
}

TEST(Reader, AMisplacedKeyIsToldItsPlace) {
  EXPECT_THAT(complaint(with("training: {learning_rate: 0.1}\n")),
              HasSubstr("unknown key 'learning_rate' in training (did you mean 'training.optimizer.learning_rate'?)"));
}

TEST(Reader, ManyUnknownKeysAreCounted) {
  std::string text = with("");
  for (int i = 0; i < 25; ++i) text += "unknown_" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(complaint(text), HasSubstr("and 5 more unknown keys"));
}

TEST(Reader, AMisspeltRequiredKeyIsOneMistake) {
  EXPECT_EQ(complaint("data: {files: a, label: {colum: y, positive: a}}\n"),
            "run.yaml:1:26: unknown key 'colum' in data.label (did you mean 'column'?); known keys: column, positive");
}

TEST(Reader, MissingRequiredKeys) {
  EXPECT_EQ(complaint("name: x\n"), "run.yaml:1:1: the required key 'data' is missing");
  EXPECT_EQ(complaint(with("constraints:\n  - group: sex\n")),
            "run.yaml:3:5: the required key 'kind' is missing in constraints[0]");
}

TEST(Reader, RequiredValuesAreNotEmpty) {
  EXPECT_THAT(complaint("data: {files: [], label: {column: '', positive: []}}\n"),
              testing::AllOf(HasSubstr("data.files: needs at least one value"),
                             HasSubstr("data.label.column: must not be empty"),
                             HasSubstr("data.label.positive: needs at least one value")));
}

TEST(Reader, WrongTypesSayWhatWasExpectedAndFound) {
  EXPECT_THAT(complaint(with("training: 5\n")), HasSubstr("run.yaml:2:11: training: expected a section"));
  EXPECT_THAT(complaint(with("name: [a]\n")), HasSubstr("2:7: name: expected a text, got a list"));
  EXPECT_THAT(complaint(with("seed: {a: 1}\n")), HasSubstr("seed: expected a whole number at least 0, got a mapping"));
  EXPECT_THAT(complaint(with("seed: '7'\n")), HasSubstr("seed: '7' is a text because of its quotes: remove them"));
  EXPECT_THAT(complaint(with("constraints: {kind: equalized_odds}\n")),
              HasSubstr("constraints: expected a list of sections, got a mapping (start each section with '- ')"));
  EXPECT_THAT(complaint(with("constraints: [a]\n")), HasSubstr("constraints[0]: expected a section"));
  EXPECT_THAT(complaint("data: {files: {a: b}, label: {column: y, positive: [[a]]}}\n"),
              testing::AllOf(HasSubstr("data.files: expected a path or a list of paths, got a mapping"),
                             HasSubstr("data.label.positive[0]: expected a text, got a list")));
  EXPECT_THAT(complaint("data: {files: a, types: [x], header: yes, label: {column: y, positive: a}}\n"),
              testing::AllOf(HasSubstr("data.types: expected a mapping of words to words, got a list"),
                             HasSubstr("data.header: expected true or false, got 'yes' (write true)")));
}

TEST(Reader, TextsTakeAnyScalarAsItIsWritten) {
  EXPECT_EQ(load_sample(with("name: 007\n")).name, "007");
  EXPECT_EQ(load_sample(with("name: true\n")).name, "true");
  EXPECT_EQ(load_sample(with("name: 1.50\n")).name, "1.50");
  EXPECT_EQ(load_sample(with("name: ''\n")).name, "");
}

TEST(Reader, BoundsAreNamed) {
  EXPECT_EQ(complaint(with("training: {epochs: 0}\n")),
            "run.yaml:2:20: training.epochs: expected a whole number between 1 and 1000, got '0'");
  EXPECT_EQ(complaint(with("training: {hidden: [64, 0]}\n")),
            "run.yaml:2:25: training.hidden[1]: expected a whole number between 1 and 65536, got '0'");
  for (const char* tolerance : {"-1", "0", "2", "1", "nan", ".nan", ".inf"})
    EXPECT_THAT(
        complaint(with("constraints: [{kind: equalized_odds, group: sex, tolerance: " + std::string(tolerance) + "}]")),
        HasSubstr("constraints[0].tolerance: expected a number above 0 and below 1, got '" + std::string(tolerance)));
  EXPECT_EQ(load_sample(with("training: {limit: .inf}\n")).training.limit, std::numeric_limits<double>::infinity());
}

TEST(Reader, ChoicesNameTheNearest) {
  EXPECT_EQ(complaint(with("training: {optimizer: {kind: adam}}\n")),
            "run.yaml:2:30: training.optimizer.kind: expected one of adamw, sgd, got 'adam' (did you mean 'adamw'?)");
  EXPECT_THAT(complaint("data: {files: a, types: {age: numbr}, label: {column: y, positive: a}}\n"),
              HasSubstr("data.types.age: expected one of number, category, got 'numbr' (did you mean 'number'?)"));
}

TEST(Reader, AllMistakesAtOnceInTheOrderOfTheFile) {
  const std::string all = complaint(
      "training:\n  epochs: many\n  dropout: 1\n  hidden: [x]\nname: &a x\nseed: -1\nseed: 2\ndata: {files: "
      "a}\ntypo: 1\n");
  EXPECT_THAT(all, testing::StartsWith("run.yaml:2:11: training.epochs"));
  std::vector<int> lines;
  std::istringstream stream(all);
  for (std::string line; std::getline(stream, line);) lines.push_back(std::stoi(line.substr(9)));
  EXPECT_THAT(lines, ElementsAre(2, 3, 4, 5, 6, 7, 8, 9));
}

TEST(Reader, ReadingATreeAloneSortsItsProblemsToo) {
  std::vector<core::Problem> problems;
  const auto root = parse_yaml("training: {epochs: 0}\nseed: -1\n", "f", problems);
  sample::Config config;
  Origin origin;
  read_struct(*root, "/", config, origin, problems);
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_THAT(problems[0].text(), testing::StartsWith("f:1:1: the required key 'data' is missing"));
  EXPECT_THAT(problems[1].text(), testing::StartsWith("f:1:20: training.epochs"));
  EXPECT_THAT(problems[2].text(), testing::StartsWith("f:2:7: seed"));
}

TEST(Reader, ARefusedValueIsComplainedAboutOnce) {
  EXPECT_EQ(complaint(with("seed: &x 1\ntraining: *x\nname: *x\nconstraints: [*x]\n")),
            "run.yaml:2:7: anchors (&x) are not allowed: write the value out where it is needed\n"
            "run.yaml:3:11: aliases (*name) are not allowed: write the value out\n"
            "run.yaml:4:7: aliases (*name) are not allowed: write the value out\n"
            "run.yaml:5:15: aliases (*name) are not allowed: write the value out");
}

TEST(Reader, OriginKnowsEveryValueThatWasWritten) {
  sample::Config config;
  Origin origin;
  load_text(kValid, "run.yaml", "/x", {"training.epochs=9"}, sample::describe(config), origin);
  EXPECT_EQ(origin.of("seed")->text(), "run.yaml:3:7");
  EXPECT_EQ(origin.of("data.label")->text(), "run.yaml:6:3");
  EXPECT_EQ(origin.of("data.label.column")->text(), "run.yaml:6:19");
  EXPECT_EQ(origin.of("data.label.positive[1]")->text(), "run.yaml:6:46");
  EXPECT_EQ(origin.of("data.files[1]")->text(), "run.yaml:5:21");
  EXPECT_EQ(origin.of("data.types.age")->text(), "run.yaml:7:16");
  EXPECT_EQ(origin.of("constraints[1]")->text(), "run.yaml:18:5");
  EXPECT_EQ(origin.of("constraints[1].group")->text(), "run.yaml:19:12");
  EXPECT_EQ(origin.of("constraints[1].tolerance")->text(), "run.yaml:18:5");  // not written: its section
  EXPECT_EQ(origin.of("training.epochs")->text(), "command line: training.epochs=9");
  EXPECT_EQ(origin.of("nothing"), std::nullopt);
}

TEST(Reader, PathsAreAbsoluteAndNormal) {
  const auto folder_of = [](const std::string& folder) { return load_sample(with("folder: " + folder)).folder; };
  EXPECT_EQ(folder_of("../out"), "/data/me/out");
  EXPECT_EQ(folder_of("."), "/data/me/configs");
  EXPECT_EQ(folder_of("a//b/./../c/"), "/data/me/configs/a/c");
  EXPECT_EQ(folder_of("/tmp"), "/tmp");
  EXPECT_EQ(folder_of("''"), "");
  EXPECT_EQ(load_sample(with("output: {folder: ../x}")).output.folder, "/data/me/x");
  EXPECT_THAT(complaint("data: {files: [a, ''], label: {column: y, positive: a}}\n"),
              HasSubstr("data.files[1]: must not be empty"));
}

TEST(Reader, AFolderThatIsNotUtf8CannotBeWrittenDown) {
  sample::Config config;
  Origin origin;
  try {
    load_text(with(""), "run.yaml", "/caf\xE9", {}, sample::describe(config), origin);
    FAIL() << "accepted";
  } catch (const core::UserError& error) {
    EXPECT_THAT(error.what(), HasSubstr("data.files[0]: lies in a folder whose name is not UTF-8"));
  }
}

TEST(Reader, ElementsOfAListStartFromTheirOwnDefaults) {
  sample::Config config;
  config.constraints.resize(1);
  config.constraints[0].tolerance = 0.5;
  Origin origin;
  load_text(with("constraints: [{kind: equalized_odds, group: sex}]"), "run.yaml", "/", {}, sample::describe(config),
            origin);
  EXPECT_EQ(config.constraints[0].tolerance, 0.05);
}

}  // namespace reader_test
}  // namespace equipoise::config
