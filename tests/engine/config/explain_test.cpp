#include "engine/config/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace explain_test {

using testing::HasSubstr;

std::string explained(const std::string& path) {
  sample::Config config;
  return explain(sample::describe(config), path);
}

TEST(Explain, OneField) {
  EXPECT_EQ(explained("training.epochs"),
            "training.epochs: a whole number between 1 and 1000; default 20\nPasses over the rows.\n");
  EXPECT_EQ(explained("training.optimizer.kind"),
            "training.optimizer.kind: one of adamw, sgd; default adamw\nThe rule of the step.\n");
  EXPECT_EQ(explained("data.label.column"), "data.label.column: a text; required\nThe column to predict.\n");
  EXPECT_THAT(explained("data.missing"), HasSubstr("a text or a list of texts; default [\"\", \"?\"]"));
  EXPECT_THAT(explained("training.hidden"), HasSubstr("a list of whole numbers, each between 1 and 65536; default"));
  EXPECT_THAT(explained("data.types"), HasSubstr("a mapping of words to one of number, category; default {}"));
  EXPECT_THAT(explained("data.types.age"), HasSubstr("Columns with a type of their own."));
}

TEST(Explain, ElementsOfAListInEveryWayOfWriting) {
  for (const char* path : {"constraints.kind", "constraints[].kind", "constraints[0].kind", "constraints.0.kind"})
    EXPECT_THAT(explained(path), HasSubstr("one of demographic_parity, equalized_odds; required")) << path;
}

TEST(Explain, ASectionListsItsKeys) {
  const std::string text = explained("training");
  EXPECT_THAT(text, HasSubstr("training: a section"));
  EXPECT_THAT(text, HasSubstr("  epochs     a whole number between 1 and 1000; default 20\n"));
  EXPECT_THAT(text, HasSubstr("Passes over the rows."));
  EXPECT_THAT(explained(""), HasSubstr("  constraints  a list of sections; default []\n"));
}

TEST(Explain, AnUnknownPathNamesTheNearest) {
  const auto complaint = [](const std::string& path) -> std::string {
    try {
      explained(path);
    } catch (const core::UserError& error) {
      return error.what();
    }
    return "explained";
  };
  EXPECT_THAT(complaint("training.epoch"), HasSubstr("there is no config field 'training.epoch' (did you mean "
                                                     "'training.epochs'?)"));
  EXPECT_THAT(complaint("learning_rate"), HasSubstr("(did you mean 'training.optimizer.learning_rate'?)"));
  EXPECT_THAT(complaint("zzzzzzzzz"), HasSubstr("keys there: name, seed, data"));
  EXPECT_THAT(complaint("training..x"), HasSubstr("there is no config field"));
  EXPECT_THAT(complaint("training.epochs.x"), HasSubstr("there is no config field"));
  EXPECT_THAT(complaint("[0]"), HasSubstr("there is no config field"));
}

TEST(Markdown, HasATableForEverySection) {
  sample::Config config;
  const std::string text = to_markdown(sample::describe(config), "The config");
  EXPECT_THAT(text, testing::StartsWith("# The config\n\n| key | value | default | meaning |\n|---|---|---|---|\n"));
  EXPECT_THAT(text, HasSubstr("| [`data`](#data) | a section | **required** |"));
  EXPECT_THAT(text, HasSubstr("\n## training.optimizer\n\nHow the step is made.\n\n| key |"));
  EXPECT_THAT(text, HasSubstr("| [`optimizer`](#trainingoptimizer) |"));
  EXPECT_THAT(text, HasSubstr("\n## constraints[]\n"));
  EXPECT_THAT(text, HasSubstr("| `epochs` | a whole number between 1 and 1000 | `20` | Passes over the rows. |"));
}

TEST(Markdown, BarsDoNotEndACell) {
  std::string bar = "|";
  const std::string text =
      to_markdown([&](Fields& fields) { fields.text("comment", bar, "Lines with a | are comments."); }, "T");
  EXPECT_THAT(text, HasSubstr("| `comment` | a text | `\"\\|\"` | Lines with a \\| are comments. |"));
}

}  // namespace explain_test
}  // namespace equipoise::config
