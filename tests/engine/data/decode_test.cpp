#include "engine/data/decode.h"

#include <gtest/gtest.h>

#include <cmath>

namespace equipoise::data {
namespace decode_test {

TEST(Decode, NumbersInBinsAreWhereTheyStood) {
  FeatureRule rule;
  rule.column = "age";
  rule.form = FeatureForm::ramps;
  rule.edges = {17, 25, 40, 90};
  EXPECT_TRUE(is_number(rule));
  EXPECT_EQ(decode(rule, 0, 0).number, 17);
  EXPECT_EQ(decode(rule, 1, 5.0F / 15).number, 30);  // a third of a bin is no float, and 30 was whole
  EXPECT_EQ(decode(rule, 2, 1).number, 90);
  EXPECT_NEAR(*decode(rule, 1, 0.5F).number, 32.5, 1e-9);
  EXPECT_FALSE(decode(rule, 3, 1).number);  // missing
  EXPECT_FALSE(decode(rule, 3, 1).text);
}

TEST(Decode, StandardizedNumbersAndDates) {
  FeatureRule rule;
  rule.form = FeatureForm::standardized;
  rule.mean = 10;
  rule.deviation = 4;
  EXPECT_EQ(decode(rule, 0, -1.5F).number, 4);
  EXPECT_FALSE(decode(rule, 1, 1).number);
  rule.numbers = NumberKind::dates;
  rule.mean = 19000;  // days since 1970
  EXPECT_FALSE(is_number(rule));
  EXPECT_EQ(decode(rule, 0, 0).text, "2022-01-08");
  EXPECT_FALSE(decode(rule, 1, 1).text);
  EXPECT_EQ(decode(rule, 0, 0.1F).text, "2022-01-08") << "training had whole days";
  rule.numbers = NumberKind::dates_with_times;
  EXPECT_EQ(decode(rule, 0, 0.125F).text, "2022-01-08 12:00:00");
  rule.mean = 0.5;
  rule.deviation = 0.25;
  EXPECT_EQ(decode(rule, 0, 1).text, "1970-01-01 18:00:00");
  rule.numbers = NumberKind::times_of_day;
  EXPECT_EQ(decode(rule, 0, 1).text, "18:00:00");
}

TEST(Decode, TimesOfDayAreKeptToTheSecond) {
  FeatureRule rule;
  rule.form = FeatureForm::ramps;
  rule.numbers = NumberKind::dates;
  rule.edges = {19000, 19002};
  EXPECT_EQ(decode(rule, 0, 0.45F).text, "2022-01-09");
  rule.numbers = NumberKind::dates_with_times;
  EXPECT_EQ(decode(rule, 0, 0.45F).text, "2022-01-08 21:36:00");
  rule.edges = {19000.25, 19002};
  EXPECT_EQ(decode(rule, 0, 0).text, "2022-01-08 06:00:00");
  EXPECT_EQ(decode(rule, 0, 0.5F).text, "2022-01-09 03:00:00");
  rule.numbers = NumberKind::times_of_day;
  rule.edges = {0.25, 0.75};
  EXPECT_EQ(decode(rule, 0, 0.5F).text, "12:00:00");
}

TEST(Decode, LevelsAreTheirTexts) {
  FeatureRule rule;
  rule.column = "job";
  rule.levels = {"clerk", "cook"};
  rule.missing_level = rule.other_level = true;
  rule.layout.width = 4;
  EXPECT_EQ(decode(rule, 1, 1).text, "cook");
  EXPECT_FALSE(decode(rule, 2, 1).text);  // missing
  EXPECT_EQ(decode(rule, 3, 1).text, "other");
  rule.levels[0] = "other";  // people's own
  EXPECT_EQ(decode(rule, 3, 1).text, "(other levels)");
  EXPECT_FALSE(decode(rule, -1, 0).text);
}

}  // namespace decode_test
}  // namespace equipoise::data
