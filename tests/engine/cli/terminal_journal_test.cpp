#include "engine/cli/terminal_journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <functional>

namespace equipoise::cli {
namespace terminal_journal_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string shown(const TerminalStyle& style, const std::function<void(TerminalJournal&)>& use) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* stream = ::open_memstream(&text, &size);
  {
    TerminalJournal journal(stream, style);
    use(journal);
  }
  std::fclose(stream);
  std::string result(text, size);
  std::free(text);
  return result;
}

void hundred_steps(TerminalJournal& journal) {
  for (int i = 0; i <= 100; ++i) journal.progress({"training", i / 100.0, i * 1.0, "loss 0.3"});
}

TEST(TerminalJournal, PlainLinesComeAtMostOnceATenth) {
  const std::string text = shown({}, hundred_steps);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 10);
  EXPECT_THAT(text, HasSubstr("training  10 %  1 min 30 s left  loss 0.3\n"));
  EXPECT_THAT(text, HasSubstr("training 100 %"));
  EXPECT_THAT(text, Not(HasSubstr("\r")));
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TerminalJournal, LiveLineIsWrittenOverAndEnds) {
  const std::string text = shown({.live = true, .columns = 60}, hundred_steps);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_THAT(text, HasSubstr("\rtraining [############------------]  50 %  50 s left"));
  EXPECT_EQ(text.back(), '\n');
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
}

TEST(TerminalJournal, LiveLineFitsTheTerminal) {
  const std::string text = shown({.live = true, .utf8 = true, .columns = 40}, [](TerminalJournal& journal) {
    journal.progress({"training", 0.5, 1, std::string(200, 'x')});
  });
  std::size_t columns = 0;
  for (const char byte : text)
    columns += (static_cast<unsigned char>(byte) & 0xc0) != 0x80 && byte != '\r' && byte != '\n';
  EXPECT_EQ(columns, 39);
}

TEST(TerminalJournal, SentencesComeAboveTheLiveLine) {
  const std::string text = shown({.live = true}, [](TerminalJournal& journal) {
    journal.progress({"training", 0.5, 1, ""});
    journal.say("A sentence.");
    journal.progress({"training", 0.6, 2, ""});
  });
  EXPECT_THAT(text, HasSubstr("\rA sentence.\ntraining ["));
}

TEST(TerminalJournal, WarningsAreKeptAndColoredOnlyWhenAllowed) {
  std::vector<std::string> kept;
  const auto warn = [&](TerminalJournal& journal) {
    journal.warn("Few rows.");
    kept = journal.warnings();
  };
  EXPECT_EQ(shown({}, warn), "warning: Few rows.\n");
  EXPECT_EQ(shown({.color = true}, warn), "\x1b[33mwarning:\x1b[0m Few rows.\n");
  EXPECT_THAT(kept, ElementsAre("Few rows."));
}

TEST(TerminalJournal, WhatCouldSteerATerminalIsNotShown) {
  EXPECT_EQ(printable("a\x1b[2Jb\tc\nd\x7f"), "a?[2Jb?c\nd?");
  EXPECT_EQ(printable("caf\xc3\xa9 \xc2\x9b"
                      "31m"),
            "caf\xc3\xa9 ?31m");
}

TEST(TerminalJournal, DurationsAreWordsOfTwoUnits) {
  EXPECT_EQ(duration_text(12.4), "12 s");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(7500), "2 h 5 min");
}

}  // namespace terminal_journal_test
}  // namespace equipoise::cli
