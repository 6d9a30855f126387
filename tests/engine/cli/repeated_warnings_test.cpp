// What is warned of again and again is said once.
#include "engine/cli/repeated_warnings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace equipoise::cli {
namespace repeated_warnings_test {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(RepeatedWarnings, OfOthersItIsNotedWhoseTheyAre) {
  RepeatedWarnings repeated;
  EXPECT_TRUE(repeated.is_new("the largest rose from 0.607 to 1,644, where 5e-03 is allowed.", "none, seed 0"));
  EXPECT_TRUE(repeated.is_new("something else", "none, seed 0"));
  EXPECT_THAT(repeated.take(), IsEmpty());
  EXPECT_FALSE(repeated.is_new("the largest rose from 0.5 to 12, where 0.02 is allowed.", "none, seed 1"));
  EXPECT_FALSE(repeated.is_new("the largest rose from 1 to 2, where 0.02 is allowed.", "balance, seed 0"));
  EXPECT_FALSE(repeated.is_new("the largest rose from 7 to 9, where 0.02 is allowed.", "balance, seed 0"));
  EXPECT_THAT(repeated.take(),
              ElementsAre("The same, but for figures, of none, seed 1; balance, seed 0: the largest rose from 0.607 to "
                          "1,644, where 5e-03 is allowed."));
  EXPECT_THAT(repeated.take(), IsEmpty());
}

// Two bins of one age are two things, though only figures tell them apart; word for word the same is no news of anybody.
TEST(RepeatedWarnings, OfOneSpeakerFiguresTellThingsApart) {
  RepeatedWarnings repeated;
  EXPECT_TRUE(repeated.is_new("age=30 to 60 rests on 5 rows", "seed 0"));
  EXPECT_TRUE(repeated.is_new("age=60 to 90 rests on 4 rows", "seed 0"));
  EXPECT_FALSE(repeated.is_new("age=30 to 60 rests on 5 rows", "seed 0"));
  EXPECT_FALSE(repeated.is_new("age=30 to 60 rests on 5 rows", "seed 1"));
  EXPECT_THAT(repeated.take(), IsEmpty());
  EXPECT_FALSE(repeated.is_new("age=60 to 90 rests on 3 rows", "seed 1"));
  EXPECT_THAT(repeated.take(), ElementsAre("The same, but for figures, of seed 1: age=60 to 90 rests on 4 rows"));
}

TEST(RepeatedWarnings, NamesTellThingsApartBetweenSpeakersToo) {
  RepeatedWarnings repeated;
  EXPECT_TRUE(repeated.is_new("'gap within score=0.2 to 0.4' is 0.3", "member 0"));
  EXPECT_TRUE(repeated.is_new("'gap within score=0.6 to 0.8' is 0.3", "member 1"));
  EXPECT_TRUE(repeated.is_new("group age=30 has 5 rows", "member 0"));
  EXPECT_TRUE(repeated.is_new("group age=40 has 5 rows", "member 1"));
  EXPECT_FALSE(repeated.is_new("group age=40 has 6 rows", "member 2"));
}

TEST(RepeatedWarnings, LongListsAndSentencesAreCut) {
  RepeatedWarnings repeated;
  const std::string many(200, 'x');
  for (int i = 0; i < 9; ++i) repeated.is_new("it is " + std::to_string(i) + " and " + many, std::to_string(i));
  EXPECT_THAT(repeated.take(), ElementsAre("The same, but for figures, of 1; 2; 3; 4; and 4 more: it is 0 and ..."));
}

// What the user sees, beside what is kept for reports.
class Terminal final : public core::Journal {
 public:
  std::vector<std::string> seen;
  void say(std::string_view sentence) override { seen.emplace_back(sentence); }
  void warn(std::string_view sentence) override {
    Journal::warn(sentence);
    seen.emplace_back(sentence);
  }
};

TEST(MembersJournal, SaysOfTheMembersOfABankTogetherWhatTheySayAlikeAndKeepsAll) {
  const std::vector<std::string> warnings = {"Member 0 of the bank: The multipliers rose to 0.4.", "The disk is full.",
                                             "Member 3 of the bank: The multipliers rose to 0.5.",
                                             "Member 12 of the bank: The multipliers rose to 0.6.",
                                             "Member 12 of the bank stopped: step 7."};
  Terminal terminal;
  MembersJournal journal(terminal);
  for (const std::string& warning : warnings) journal.warn(warning);
  journal.end();
  EXPECT_EQ(terminal.warnings(), warnings);
  EXPECT_THAT(terminal.seen,
              ElementsAre("Member 0 of the bank: The multipliers rose to 0.4.", "The disk is full.",
                          "Member 12 of the bank stopped: step 7.",
                          "The same, but for figures, of member 3; member 12: The multipliers rose to 0.4."));
}

}  // namespace repeated_warnings_test
}  // namespace equipoise::cli
