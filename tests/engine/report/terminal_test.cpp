#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/report/report.h"
#include "tests/engine/report/sample_report.h"

namespace equipoise::report {
namespace terminal_test {

using testing::HasSubstr;
using testing::Not;

TEST(Terminal, TheTable) {
  EXPECT_EQ(to_terminal(sample_report(), false),
            "adult-equalized-odds\n"
            "  accuracy 86.1 % (85.4 to 86.8), AUC 0.921, on 9769 rows of the test split\n"
            "  one answer for everybody is right for 76.1 % of them\n"
            "\n"
            "  constraint                                            gap  upper bound   tolerance  verdict\n"
            "  equalized odds by sex, gap at most 0.02        1.8 points   6.3 points  2.0 points  not shown\n"
            "  demographic parity by race, gap at most 0.05  13.7 points  19.0 points  5.0 points  violated\n"
            "\n"
            "  2 warnings, see the report\n");
}

TEST(Terminal, ColorOnlyWhenAsked) {
  EXPECT_THAT(to_terminal(sample_report(), false), Not(HasSubstr("\x1b")));
  EXPECT_THAT(to_terminal(sample_report(), true), HasSubstr("\x1b[31mviolated\x1b[0m"));
}

TEST(Terminal, NamesCannotSteerIt) {
  Report report = sample_report();
  report.name = "a\x1b[2Jb\r\nc";
  report.splits[0].constraints[0].title = "\u009B31m " + std::string(500, 'y');
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, HasSubstr("a?[2Jb??c\n"));
  EXPECT_THAT(text, HasSubstr("?31m yyy"));
  EXPECT_THAT(text, HasSubstr("..."));
  EXPECT_THAT(text, Not(HasSubstr(std::string(60, 'y'))));
}

TEST(Terminal, WideLettersLineUp) {
  Report report = sample_report();
  report.splits[0].constraints[0].title = "parité démographique";
  report.splits[0].constraints[1].title = "parite demographique";
  const std::string text = to_terminal(report, false);
  const auto column = [&](const char* title, const char* word) {
    const std::size_t line = text.find(title);
    return text.substr(line, text.find(word, line) - line);
  };
  const auto letters = [](const std::string& part) {
    return std::count_if(part.begin(), part.end(),
                         [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
  };
  EXPECT_EQ(letters(column("parité", "not shown")), letters(column("parite", "violated")));
}

TEST(Terminal, EmptyCases) {
  Report report = sample_report();
  report.splits[0].constraints.clear();
  report.warnings = {"one"};
  EXPECT_THAT(to_terminal(report, false), HasSubstr("no constraint was set"));
  EXPECT_THAT(to_terminal(report, false), HasSubstr("1 warning, "));
  report.splits.clear();
  report.outcome = "interrupted";
  EXPECT_THAT(to_terminal(report, false), HasSubstr("adult-equalized-odds (interrupted)\n  nothing was measured\n"));
}

TEST(Terminal, WhatCannotBeEstimatedIsADash) {
  Report report = sample_report();
  auto& constraint = report.splits[0].constraints[0];
  constraint.gap.reset();
  constraint.upper_bound.reset();
  constraint.verdict = evaluation::Verdict::not_estimable;
  EXPECT_THAT(to_terminal(report, false), HasSubstr("            -            -  2.0 points  not estimable"));
}

}  // namespace terminal_test
}  // namespace equipoise::report
