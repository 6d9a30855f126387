#include "engine/config/outline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/engine/config/sample_config.h"

namespace equipoise::config {
namespace outline_test {

using testing::ElementsAre;

TEST(Outline, HoldsWhatWasSaidAndWhatTheStructHolds) {
  sample::Config config;
  config.constraints.resize(2);
  config.constraints[1].group = "sex";
  const std::vector<Field> fields = outline(sample::describe(config));
  EXPECT_THAT(names_of(fields), ElementsAre("name", "seed", "data", "training", "constraints", "folder", "output"));
  const Field* training = find_field(fields, "training");
  EXPECT_EQ(training->kind, FieldKind::section);
  EXPECT_EQ(training->sentence, "How the model is trained.");
  const Field* epochs = find_field(training->fields, "epochs");
  EXPECT_EQ(std::get<std::int64_t>(epochs->value), 20);
  EXPECT_EQ(epochs->bounds.high, 1000);
  const Field* constraints = find_field(fields, "constraints");
  ASSERT_EQ(constraints->elements.size(), 2u);
  EXPECT_EQ(std::get<std::string>(find_field(constraints->elements[1], "group")->value), "sex");
  EXPECT_EQ(std::get<std::string>(find_field(constraints->fields, "group")->value), "");
  EXPECT_EQ(find_field(constraints->fields, "kind")->need, Need::required);
  EXPECT_EQ(find_field(fields, "epochs"), nullptr);
}

TEST(Outline, PathsOfAllFields) {
  sample::Config config;
  const std::vector<std::string> paths = all_paths(outline(sample::describe(config)));
  EXPECT_THAT(paths, testing::IsSupersetOf({"data", "data.label.positive", "training.optimizer.learning_rate",
                                            "constraints", "constraints[].kind"}));
}

TEST(Outline, AFieldDescribedTwiceIsOurBug) {
  const auto twice = [](Fields& fields) {
    bool value = false;
    fields.boolean("a", value, "One.");
    fields.boolean("a", value, "Two.");
  };
  EXPECT_THROW(outline(twice), std::logic_error);
}

}  // namespace outline_test
}  // namespace equipoise::config
