#include "engine/config/writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace writer_test {

using sample::describe;
using sample::kValid;
using sample::load_sample;
using testing::HasSubstr;

const std::vector<std::string> kAwkward = {"yes",
                                           "No",
                                           "on",
                                           "null",
                                           "~",
                                           "",
                                           " ",
                                           "  x ",
                                           "1",
                                           "1.5",
                                           "1e3",
                                           "0x1F",
                                           ".inf",
                                           "-",
                                           "- a",
                                           "a: b",
                                           "a:b",
                                           ":",
                                           "#x",
                                           "a #b",
                                           "a#b",
                                           "'",
                                           "\"",
                                           "it's",
                                           "say \"x\"",
                                           "back\\slash",
                                           "line\nbreak",
                                           "\n",
                                           "tab\there",
                                           "\x1b[0m",
                                           "\x7f",
                                           "é",
                                           "日本語",
                                           "😀",
                                           "\xC2\x85",
                                           "\xE2\x80\xA8",
                                           "\xEF\xBB\xBF",
                                           "[a]",
                                           "{a}",
                                           "a, b",
                                           "*x",
                                           "&x",
                                           "!x",
                                           "|",
                                           ">50K",
                                           "%x",
                                           "@x",
                                           "`x",
                                           "?",
                                           "? a",
                                           "<<",
                                           "---",
                                           "...",
                                           "y",
                                           "NaN",
                                           "a\r\nb",
                                           "c:\\q",
                                           std::string(300, 'x'),
                                           "/data/me/a (1).csv",
                                           "2024-01-01",
                                           "12:30:45"};

sample::Config awkward_config() {
  sample::Config config = load_sample(kValid);
  config.data.missing = kAwkward;
  for (const std::string& text : kAwkward) config.data.names[text] = text;
  config.training.bins = {0.1, -1e-300, 1e300, 5e-324, 1.0 / 3, 0, 12345678901234567.0};
  config.training.limit = HUGE_VAL;
  return config;
}

TEST(Writer, WhatIsWrittenReadsBackTheSame) {
  for (const Comments comments : {Comments::none, Comments::sentences}) {
    sample::Config config = awkward_config();
    const std::string text = to_yaml(describe(config), comments);
    EXPECT_EQ(load_sample(text), config);
    sample::Config again = load_sample(text);
    EXPECT_EQ(to_yaml(describe(again), comments), text);
  }
}

TEST(Writer, EveryAwkwardTextAsTheOnlyValue) {
  for (const std::string& text : kAwkward) {
    sample::Config config = load_sample(kValid);
    config.name = text;
    EXPECT_EQ(load_sample(to_yaml(describe(config))).name, text);
  }
}

TEST(Writer, EmptyListsMapsAndElements) {
  sample::Config config = load_sample(sample::with(""));
  config.data.missing.clear();
  config.training.hidden.clear();
  EXPECT_EQ(load_sample(to_yaml(describe(config))), config);
}

TEST(Writer, LooksAsAPersonWouldWriteIt) {
  sample::Config config = load_sample(kValid);
  EXPECT_EQ(to_yaml(describe(config)), R"(name: adult
seed: 7

data:
  files: [/data/me/a.csv, /data/me/configs/b.csv]
  label:
    column: income
    positive: [">50K", ">50K."]
  types: {age: number, zip.code: category}
  names: {}
  missing: ["", "?", NA]
  header: false

training:
  epochs: 5
  dropout: 0
  hidden: [64, 32]
  bins: [-1.5, 2, 300]
  limit: 1
  optimizer:
    kind: sgd
    learning_rate: 0.01

constraints:
  - kind: equalized_odds
    group: sex
    tolerance: 0.02
  - kind: demographic_parity
    group: race
    tolerance: 0.05
folder: /data/me/configs/out

output:
  folder: /data/me/configs/runs
)");
}

TEST(Writer, SentencesStandAboveTheirFieldsOnce) {
  sample::Config config = load_sample(kValid);
  const std::string text = to_yaml(describe(config), Comments::sentences);
  EXPECT_THAT(text, HasSubstr("\n# How the model is trained.\ntraining:\n  # Passes over the rows.\n  epochs: 5\n"));
  EXPECT_THAT(text, HasSubstr("constraints:\n  -\n    # Which rates must agree.\n    kind: equalized_odds\n"));
  EXPECT_EQ(text.find("# The grouping."), text.rfind("# The grouping."));
}

TEST(Writer, LongListsGoOverSeveralLines) {
  sample::Config config = load_sample(kValid);
  config.data.missing = std::vector<std::string>(40, "value");
  const std::string text = to_yaml(describe(config));
  EXPECT_THAT(text, HasSubstr("  missing:\n    - value\n    - value\n"));
  EXPECT_EQ(load_sample(text), config);
}

TEST(Writer, AChoiceThatWasNeverMadeIsLeftOut) {
  sample::Config config = load_sample(kValid);
  config.constraints[0].kind = "";
  EXPECT_THAT(to_yaml(describe(config)), HasSubstr("constraints:\n  - group: sex\n"));
}

TEST(Writer, Json) {
  sample::Config config = load_sample(kValid);
  config.training.limit = HUGE_VAL;
  config.name = "é \"x\"";
  const auto json = to_json(describe(config));
  EXPECT_EQ(json["name"], "é \"x\"");
  EXPECT_EQ(json["training"]["hidden"], nlohmann::ordered_json({64, 32}));
  EXPECT_EQ(json["training"]["limit"], ".inf");
  EXPECT_EQ(json["constraints"][1]["group"], "race");
  EXPECT_EQ(json["data"]["types"]["age"], "number");
  EXPECT_EQ(json["data"]["header"], false);
  EXPECT_EQ(json.begin().key(), "name");  // the order of the description
  EXPECT_EQ(std::prev(json.end()).key(), "output");
  EXPECT_NO_THROW(nlohmann::json::parse(json.dump()));
}

TEST(Writer, EveryFieldByItsPath) {
  const auto fields = flat_fields(load_sample(kValid));
  const auto has = [&](const std::string& path, const std::string& value) {
    return std::ranges::count(fields, std::pair(path, value)) == 1;
  };
  EXPECT_EQ(fields.front().first, "name");
  EXPECT_TRUE(has("training.hidden", "[64, 32]"));
  EXPECT_TRUE(has("training.optimizer.kind", "sgd"));
  EXPECT_TRUE(has("constraints[1].group", "race"));
  EXPECT_TRUE(has("data.header", "false"));
  EXPECT_TRUE(std::ranges::none_of(fields, [](const auto& field) { return field.first == "training"; }));
}

}  // namespace writer_test
}  // namespace equipoise::config
