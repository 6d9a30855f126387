#include "engine/config/overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace overrides_test {

using sample::complaint;
using sample::kValid;
using sample::load_sample;
using sample::with;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

TEST(Overrides, SetValuesWrittenOrNot) {
  const sample::Config config = load_sample(
      kValid, {"training.epochs=9", "training.limit=2", "training.hidden=[8, 8]", "training.optimizer.kind=adamw"});
  EXPECT_EQ(config.training.epochs, 9);
  EXPECT_EQ(config.training.limit, 2);
  EXPECT_THAT(config.training.hidden, ElementsAre(8, 8));
  EXPECT_EQ(config.training.optimizer.kind, "adamw");
  EXPECT_EQ(config.training.optimizer.learning_rate, 0.01);
}

TEST(Overrides, MakeSectionsThatTheFileLeavesOut) {
  EXPECT_EQ(load_sample(with(""), {"training.optimizer.learning_rate=0.5"}).training.optimizer.learning_rate, 0.5);
  EXPECT_EQ(load_sample(with("training:\n"), {"training.epochs=3"}).training.epochs, 3);
  EXPECT_EQ(load_sample(with("training: {epochs: 9}\n"), {"training={epochs: 4}"}).training.epochs, 4);
}

TEST(Overrides, TheLastOneWins) {
  EXPECT_EQ(load_sample(kValid, {"seed=1", "seed=2"}).seed, 2);
}

TEST(Overrides, ReachIntoLists) {
  EXPECT_EQ(load_sample(kValid, {"constraints[0].tolerance=0.1"}).constraints[0].tolerance, 0.1);
  EXPECT_EQ(load_sample(kValid, {"constraints.1.tolerance=0.1"}).constraints[1].tolerance, 0.1);
  EXPECT_THAT(load_sample(kValid, {"training.hidden[1]=7"}).training.hidden, ElementsAre(64, 7));
  EXPECT_THAT(load_sample(with(""), {"data.files[0]=z.csv"}).data.files, ElementsAre("/data/me/configs/z.csv"));
}

TEST(Overrides, AddWhatIsNotThere) {
  EXPECT_EQ(load_sample(kValid, {"+training.limit=3"}).training.limit, 3);
  EXPECT_EQ(complaint(kValid, {"+training.epochs=3"}),
            "command line: +training.epochs=3: the file already has training.epochs (line 11): write "
            "training.epochs=...");
}

TEST(Overrides, Append) {
  const sample::Config config =
      load_sample(kValid, {"+constraints[]={kind: equalized_odds, group: age, tolerance: 0.3}", "+data.files[]=c.csv",
                           "+training.hidden[]=16"});
  ASSERT_EQ(config.constraints.size(), 3u);
  EXPECT_EQ(config.constraints[2].group, "age");
  EXPECT_EQ(config.data.files.back(), "/data/me/configs/c.csv");
  EXPECT_THAT(config.training.hidden, ElementsAre(64, 32, 16));
  EXPECT_EQ(load_sample(with(""), {"+constraints[]={kind: equalized_odds, group: age}"}).constraints.size(), 1u);
  EXPECT_THAT(load_sample(with(""), {"+data.files[]=c.csv"}).data.files,
              ElementsAre("/data/me/configs/a.csv", "/data/me/configs/c.csv"));
  EXPECT_THAT(complaint(with(""), {"+training.hidden[]=64"}), HasSubstr("write training.hidden=[...] with all of it"));
}

TEST(Overrides, TakeOut) {
  EXPECT_EQ(load_sample(kValid, {"~training.epochs"}).training.epochs, 20);
  EXPECT_EQ(load_sample(kValid, {"~training"}).training, sample::Training());
  EXPECT_EQ(load_sample(kValid, {"~constraints[0]"}).constraints[0].group, "race");
  EXPECT_THAT(load_sample(kValid, {"~data.types.age"}).data.types, ElementsAre(Pair("zip.code", "category")));
  EXPECT_EQ(complaint(kValid, {"~training.limit"}),
            "command line: ~training.limit: the file has no training.limit, so '~' cannot take it out");
  EXPECT_THAT(complaint(with(""), {"~training.optimizer.kind"}), HasSubstr("the file has no training, so"));
  EXPECT_THAT(complaint(kValid, {"~data.label.column"}), HasSubstr("the required key 'column' is missing"));
}

TEST(Overrides, KeysOfTheUsersOwn) {
  EXPECT_THAT(load_sample(kValid, {"data.types.hours-per-week=number", "data.types.\"zip.code\"=number"}).data.types,
              ElementsAre(Pair("age", "number"), Pair("hours-per-week", "number"), Pair("zip.code", "number")));
  EXPECT_THAT(load_sample(kValid, {"data.names.'a=b'=\"c\""}).data.names, ElementsAre(Pair("a=b", "c")));
}

TEST(Overrides, ValuesThatAreNoYamlMeanThemselves) {
  for (const char* text : {">50K", "|", "*x", "&x", "!x", "a: b", "a #b", "@x", "%", "- x", ",", "a=b", "x]"})
    EXPECT_EQ(load_sample(kValid, {std::string("name=") + text}).name, text);
  EXPECT_EQ(load_sample(kValid, {"name=  x  "}).name, "x");
  EXPECT_EQ(load_sample(kValid, {"name=\"a\\tb\""}).name, "a\tb");
  EXPECT_EQ(load_sample(kValid, {"name=''"}).name, "");
  EXPECT_EQ(load_sample(kValid, {"name=\"null\""}).name, "null");
}

TEST(Overrides, NoValueIsAnErrorForValuesAndDefaultsForSections) {
  EXPECT_THAT(complaint(kValid, {"name="}), HasSubstr("command line: name=: name: has no value"));
  EXPECT_THAT(complaint(kValid, {"seed=null"}), HasSubstr("seed: has no value"));
  EXPECT_EQ(load_sample(kValid, {"training=null"}).training, sample::Training());
}

struct Case {
  std::string override_text, expected;
};

class RefusedOverride : public testing::TestWithParam<Case> {};

TEST_P(RefusedOverride, SaysWhy) {
  EXPECT_THAT(complaint(kValid, {GetParam().override_text}),
              testing::AllOf(testing::StartsWith("command line: " + GetParam().override_text + ": "),
                             HasSubstr(GetParam().expected)));
}

INSTANTIATE_TEST_SUITE_P(
    All, RefusedOverride,
    testing::Values(
        Case{"training.epoch=5", "unknown key 'training.epoch' (did you mean 'training.epochs'?); known keys: epochs,"},
        Case{"learning_rate=5", "(did you mean 'training.optimizer.learning_rate'?)"},
        Case{"trainig.epochs=5", "unknown key 'trainig' (did you mean 'training'?)"},
        Case{"+extra=1", "unknown key 'extra'"}, Case{"~extra", "unknown key 'extra'"},
        Case{"training.epochs", "an override is written key=value, +key=value, or ~key"},
        Case{"", "an override is written"}, Case{"=5", "'' is not the name of a key"},
        Case{"a..b=5", "'a..b' is not the name of a key"}, Case{"a[x]=5", "is not the name of a key"},
        Case{"a[0=5", "is not the name of a key"}, Case{"a[99999999999999999999999]=5", "is not the name of a key"},
        Case{"~training.epochs=5", "'~' takes a key out and has no value"},
        Case{"++training.epochs=5", "'++' is not known"},
        Case{"training.epochs.x=5", "training.epochs is a whole number and holds no keys"},
        Case{"training[0]=5", "training is a section, not a list"},
        Case{"data.types[0]=number", "data.types is a mapping, not a list"},
        Case{"data.types.age.x=number", "data.types.age is one value and holds no keys"},
        Case{"constraints.tolerance=0.1",
             "constraints is a list: write constraints[0].tolerance for its first element"},
        Case{"training.hidden.x=1", "training.hidden is a list: write training.hidden[0] for its first element"},
        Case{"constraints[2].tolerance=0.1", "constraints has 2 elements in the file, counted from 0: append with +"},
        Case{"~constraints[7]", "constraints has 2 elements"},
        Case{"constraints[]={kind: equalized_odds}", "appending is written +constraints[]=..."},
        Case{"+constraints[0]={kind: equalized_odds}", "'+' appends with empty brackets: +constraints[]=..."},
        Case{"+constraints[].kind=equalized_odds", "[] is the end of a list"},
        Case{"+constraints=[]", "or constraints[]=... with '+' to append"},
        Case{"training.hidden=[64", "the value cannot be read: a ',' or the closing ']' is missing"},
        Case{"training.hidden=[&a 64]", "anchors (&a) are not allowed"},
        Case{"name=\"a\" b", "the value cannot be read: this does not belong"},
        Case{"name=\"a", "the quote that opens before this is never closed"},
        Case{"training.hidden[0][0]=1", "training.hidden[0] is one value and holds no keys"},
        Case{"name=a\x01", "plain UTF-8 text without control characters"}, Case{"name=\xE9", "plain UTF-8"},
        Case{"training.epochs=0", "training.epochs: expected a whole number between 1 and 1000, got '0'"},
        Case{"training={epochs: x, epoch: 1}", "unknown key 'epoch' in training"}),
    [](const auto& info) { return "Case" + std::to_string(info.index); });

TEST(Overrides, AWrongFileIsNotMadeWorse) {
  EXPECT_THAT(
      complaint(with("training: 5\n"), {"training.epochs=3"}),
      testing::AllOf(HasSubstr("training is no mapping in the file"), HasSubstr("training: expected a section")));
  EXPECT_THAT(complaint(with("constraints: 5\n"), {"+constraints[]={}"}),
              HasSubstr("constraints is no list in the file"));
}

TEST(Overrides, ComeAfterTheFileInTheListOfProblems) {
  EXPECT_THAT(complaint(with("seed: -1\n"), {"training.epochs=0", "nam=1"}),
              testing::MatchesRegex("run.yaml:2:7: seed: [^\n]*\n"
                                    "command line: nam=1: unknown key 'nam'[^\n]*\n"
                                    "command line: training.epochs=0: training.epochs: [^\n]*"));
}

}  // namespace overrides_test
}  // namespace equipoise::config
