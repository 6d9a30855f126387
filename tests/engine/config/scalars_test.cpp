#include "engine/config/scalars.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace equipoise::config {
namespace scalars_test {

using testing::HasSubstr;
using testing::Not;

const Bounds kWithInfinity = {0, std::numeric_limits<double>::infinity(), false, false};

std::string reason(const auto& parsed) {
  return std::holds_alternative<Refusal>(parsed) ? std::get<Refusal>(parsed).reason : "accepted";
}

TEST(Scalars, IntegersAreDigits) {
  EXPECT_EQ(std::get<std::int64_t>(parse_integer("42", any())), 42);
  EXPECT_EQ(std::get<std::int64_t>(parse_integer("-7", any())), -7);
  EXPECT_EQ(std::get<std::int64_t>(parse_integer("+7", any())), 7);
  EXPECT_EQ(std::get<std::int64_t>(parse_integer("9223372036854775807", any())), INT64_MAX);
  EXPECT_EQ(std::get<std::int64_t>(parse_integer("-9223372036854775808", any())), INT64_MIN);
}

TEST(Scalars, IntegersRefuseAllElse) {
  EXPECT_EQ(reason(parse_integer("1.5", any())), "expected a whole number, got '1.5'");
  EXPECT_EQ(reason(parse_integer("1e3", any())), "expected a whole number, got '1e3' (write 1000)");
  EXPECT_EQ(reason(parse_integer("5.0", any())), "expected a whole number, got '5.0' (write 5)");
  EXPECT_THAT(reason(parse_integer("9223372036854775808", any())), HasSubstr("does not fit 64 bits"));
  EXPECT_THAT(reason(parse_integer("010", any())), HasSubstr("a leading zero is ambiguous"));
  EXPECT_EQ(reason(parse_integer("0", between(1, 9))), "expected a whole number between 1 and 9, got '0'");
  for (const char* text : {"", "-", "+-1", "0x10", "1_000", "1 000", "true", "1e", "½", "1,5", ".", "--1", "inf"})
    EXPECT_THAT(reason(parse_integer(text, any())), HasSubstr("expected a whole number")) << text;
}

// 2^53 + 1 is no double: the bound must be compared without rounding the value.
TEST(Scalars, IntegerBoundsAreExact) {
  EXPECT_EQ(reason(parse_integer("9007199254740992", between(0, 9007199254740992.0))), "accepted");
  EXPECT_NE(reason(parse_integer("9007199254740993", between(0, 9007199254740992.0))), "accepted");
}

TEST(Scalars, NumbersAreDecimal) {
  EXPECT_EQ(std::get<double>(parse_number("1e-3", any())), 1e-3);
  EXPECT_EQ(std::get<double>(parse_number(".5", any())), 0.5);
  EXPECT_EQ(std::get<double>(parse_number("+1.", any())), 1.0);
  EXPECT_EQ(std::get<double>(parse_number("-2.5E+2", any())), -250.0);
  EXPECT_EQ(std::get<double>(parse_number("12", any())), 12.0);
  EXPECT_EQ(std::get<double>(parse_number(".inf", kWithInfinity)), HUGE_VAL);
}

TEST(Scalars, NumbersRefuseNanInfinityAndWords) {
  for (const char* text : {".nan", "nan", "NaN", ".inf", "-.inf", "inf", "Infinity", "1e999", "1e-999"})
    EXPECT_NE(reason(parse_number(text, at_least(0))), "accepted") << text;
  EXPECT_NE(reason(parse_number(".nan", kWithInfinity)), "accepted");
  EXPECT_NE(reason(parse_number("-.inf", kWithInfinity)), "accepted");
  for (const char* text : {"", "a", "0x1p3", "1e", "1.2.3", "1 2", "0,5", "50%", "007", "e5", "."})
    EXPECT_THAT(reason(parse_number(text, any())), HasSubstr("expected a number, got")) << text;
}

TEST(Scalars, OpenAndClosedEnds) {
  EXPECT_EQ(reason(parse_number("1", inside(0, 1))), "expected a number above 0 and below 1, got '1'");
  EXPECT_EQ(reason(parse_number("0", inside(0, 1))), "expected a number above 0 and below 1, got '0'");
  EXPECT_EQ(reason(parse_number("0", between(0, 1))), "accepted");
  EXPECT_EQ(reason(parse_number("1", between(0, 1))), "accepted");
  EXPECT_EQ(reason(parse_number("0", above(0))), "expected a number above 0, got '0'");
  EXPECT_EQ(reason(parse_number("-1", at_least(0))), "expected a number at least 0, got '-1'");
  EXPECT_EQ(reason(parse_number("1", {0, 1, false, true})), "expected a number at least 0 and below 1, got '1'");
}

TEST(Scalars, AShareInPercentIsToldAsAShare) {
  EXPECT_EQ(reason(parse_number("95", inside(0, 1))), "expected a number above 0 and below 1, got '95' (95 % is 0.95)");
  EXPECT_EQ(reason(parse_number("2.5 %", inside(0, 1))),
            "expected a number above 0 and below 1, got '2.5 %' (2.5 % is 0.025)");
  EXPECT_EQ(reason(parse_number("100%", between(0, 1))), "expected a number between 0 and 1, got '100%' (100 % is 1)");
  for (const char* text : {"100", "0%", "-5", "-5%", "101", "1e9", "%", "5%%"})
    EXPECT_THAT(reason(parse_number(text, inside(0, 1))), Not(HasSubstr("% is"))) << text;
  EXPECT_THAT(reason(parse_number("95%", at_least(0))), Not(HasSubstr("% is"))) << "no share is expected";
}

TEST(Scalars, BooleansAreTrueAndFalse) {
  EXPECT_TRUE(std::get<bool>(parse_boolean("true")));
  EXPECT_FALSE(std::get<bool>(parse_boolean("false")));
  EXPECT_EQ(reason(parse_boolean("yes")), "expected true or false, got 'yes' (write true)");
  EXPECT_EQ(reason(parse_boolean("Off")), "expected true or false, got 'Off' (write false)");
  EXPECT_EQ(reason(parse_boolean("True")), "expected true or false, got 'True' (write true)");
  EXPECT_EQ(reason(parse_boolean("maybe")), "expected true or false, got 'maybe'");
}

TEST(Scalars, NumberTextReadsBack) {
  for (const double value : {0.0, -0.0, 1.0, -3.0, 0.1, 1e-5, 1e300, 5e-324, 1.7976931348623157e308, 1e15, 123456.75})
    EXPECT_EQ(std::get<double>(parse_number(number_text(value), any())), value) << number_text(value);
  EXPECT_EQ(number_text(1000000), "1000000");
  EXPECT_EQ(number_text(1e-5), "1.0e-05");  // "1e-05" is a text in YAML 1.1
  EXPECT_EQ(number_text(-HUGE_VAL), "-.inf");
}

TEST(Scalars, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(shown("short"), "'short'");
  std::string text(59, 'x');
  for (int i = 0; i < 9; ++i) text += "é";
  EXPECT_EQ(shown(text), "'" + std::string(59, 'x') + "...'");
}

}  // namespace scalars_test
}  // namespace equipoise::config
