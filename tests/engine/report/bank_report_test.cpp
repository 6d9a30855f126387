#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <sstream>

#include "engine/core/error.h"
#include "engine/report/bank_report.h"
#include "engine/report/bank_summary.h"
#include "tests/engine/report/sample_bank.h"

namespace equipoise::report {
namespace bank_report_test {

using evaluation::Verdict;
using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

TEST(BankMember, LeavesOutWhatItsOwnResultsHold) {
  const Report report = sample_report();
  const BankMember member = bank_member(report, "seed 7", "members/003", "no failure");
  EXPECT_EQ(member.title, "seed 7");
  EXPECT_EQ(member.folder, "members/003");
  EXPECT_EQ(member.failure, "no failure");
  EXPECT_EQ(member.outcome, "finished");
  EXPECT_EQ(member.steps, 9120);
  EXPECT_EQ(member.kept, report.kept);
  ASSERT_TRUE(member.result);
  EXPECT_EQ(member.result->split, "test");
  EXPECT_EQ(member.result->metrics.accuracy, report.splits[0].metrics.accuracy);
  EXPECT_EQ(member.result->constraints.size(), 2u);
  EXPECT_TRUE(member.result->metrics.groups.empty());
  EXPECT_TRUE(member.result->metrics.calibration.empty());
  EXPECT_TRUE(member.result->thresholds.empty());
}

TEST(BankMember, WithoutATestSplitTheFirst) {
  Report report = sample_report();
  report.splits.erase(report.splits.begin());
  EXPECT_EQ(bank_member(report, "", "", "").result->split, "selection");
  report.splits.clear();
  EXPECT_FALSE(bank_member(report, "", "", "").result);
}

TEST(BankJson, RoundTripIsExact) {
  BankReport report = sample_bank(6, 2);
  let_diverge(report.members[4]);
  report.warnings = {"one", "two"};
  report.training_seconds = 0.1 + 0.2;
  const std::string text = to_json(report).dump();
  const BankReport again = bank_report_from_json(json::parse(text));
  EXPECT_EQ(to_json(again).dump(), text);
  EXPECT_EQ(to_html(again), to_html(report));
  EXPECT_EQ(again.training_seconds, report.training_seconds);
  EXPECT_EQ(again.command, report.command);
  EXPECT_EQ(again.warnings, report.warnings);
  ASSERT_EQ(again.members.size(), 6u);
  EXPECT_FALSE(again.members[4].result);
  EXPECT_EQ(again.members[4].failure, report.members[4].failure);
  EXPECT_EQ(again.members[3].kept, report.members[3].kept);
  EXPECT_EQ(again.members[3].result->metrics.accuracy, report.members[3].result->metrics.accuracy);
}

TEST(BankJson, FiguresThatAreNotFiniteAreNull) {
  BankReport report = sample_bank(1);
  report.rows_per_second = std::numeric_limits<double>::infinity();
  const json object = json::parse(to_json(report).dump());
  EXPECT_TRUE(object.at("rows_per_second").is_null());
  EXPECT_TRUE(std::isnan(bank_report_from_json(object).rows_per_second));
}

TEST(BankJson, SaysWhatIsMissingOrWrong) {
  const auto message_of = [](const std::function<void(json&)>& damage) -> std::string {
    json object = json::parse(to_json(sample_bank(3)).dump());
    damage(object);
    try {
      bank_report_from_json(object);
    } catch (const core::UserError& error) {
      EXPECT_EQ(error.fault(), core::Fault::data);
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message_of([](json&) {}), "no error");
  EXPECT_THAT(message_of([](json& object) { object.erase("command"); }), HasSubstr("bank.command is missing"));
  EXPECT_THAT(message_of([](json& object) { object["format"] = 99; }), HasSubstr("bank.format is 99"));
  EXPECT_THAT(message_of([](json& object) { object["members"] = 3; }),
              HasSubstr("bank.members is number, expected a list"));
  EXPECT_THAT(message_of([](json& object) { object["members"][1] = 3; }),
              HasSubstr("bank.members[1] is number, expected an object"));
  EXPECT_THAT(message_of([](json& object) { object["members"][1].erase("result"); }),
              HasSubstr("bank.members[1].result is missing"));
  EXPECT_THAT(message_of([](json& object) { object["members"][2]["steps"] = 1.5; }),
              HasSubstr("bank.members[2].steps is number, expected a whole number"));
  EXPECT_THAT(message_of([](json& object) { object["members"][2]["result"]["metrics"].erase("accuracy"); }),
              AllOf(HasSubstr("bank.members[2].result"), HasSubstr("accuracy"), HasSubstr("is missing")));
  EXPECT_THAT(message_of([](json& object) { object = json::array(); }), HasSubstr("bank is array"));
}

TEST(BankNumbers, AreThoseOfTheFolders) {
  BankReport report = sample_bank(3);
  EXPECT_THAT(member_numbers(report), ElementsAre("0", "1", "2"));
  report.members[0].folder = "members/012/";
  EXPECT_THAT(member_numbers(report), ElementsAre("1", "2", "3")) << "a folder without a number: places for all";
  report.members[0].folder = "members/012";
  EXPECT_THAT(member_numbers(report), ElementsAre("12", "1", "2"));
  report.members[0].folder = "other/001";
  EXPECT_THAT(member_numbers(report), ElementsAre("1", "2", "3")) << "two alike tell nothing apart";
}

TEST(BankConstraints, AreMatchedAcrossTolerances) {
  BankReport report = sample_bank(5, 2);
  let_diverge(report.members[2]);
  report.members[4].result->constraints.erase(report.members[4].result->constraints.begin());
  const std::vector<BankConstraint> constraints = constraints_of(report);
  ASSERT_EQ(constraints.size(), 2u);
  EXPECT_EQ(constraints[0].name, "demographic parity by sex");
  EXPECT_EQ(constraints[1].name, "equalized odds by race");
  EXPECT_THAT(constraints[0].tolerances(), ElementsAre(0.02, 0.05, 0.12));
  EXPECT_EQ(constraints[0].of[2], nullptr);
  EXPECT_EQ(constraints[0].of[4], nullptr);
  EXPECT_EQ(constraints[1].of[4], &report.members[4].result->constraints[0]);
}

TEST(BankConstraints, OfOneKindStayApart) {
  BankReport report = sample_bank(2);
  for (BankMember& member : report.members) {
    auto& constraints = member.result->constraints;
    constraints.push_back(constraints[0]);
    constraints[0].title = "demographic parity by race, gap to White at most 0.02";
    constraints[1].title = "demographic parity by race, gap to Black at most 0.02";
  }
  const std::vector<BankConstraint> constraints = constraints_of(report);
  ASSERT_EQ(constraints.size(), 2u);
  EXPECT_EQ(constraints[0].name, "demographic parity by race, gap to White");
  EXPECT_EQ(constraints[1].of[1], &report.members[1].result->constraints[1]);
}

TEST(BankSentence, NamesTheMostAccurateOfThoseThatAreMet) {
  EXPECT_EQ(
      bank_sentence(bank_of({Verdict::met, Verdict::met, Verdict::violated, Verdict::not_shown})),
      "2 of 4 members met the constraint on people the models have not met; among them the most accurate is member "
      "1 (seed 1), with an accuracy of 81.0\u202F%. Of the others, 1 violated a constraint; 1 stayed inside on the "
      "rows measured, which are too few to show that it holds.");
  EXPECT_EQ(
      bank_sentence(bank_of({Verdict::not_estimable, Verdict::met})),
      "1 of 2 members met the constraint on people the models have not met: member 1 (seed 1), with an accuracy of "
      "81.0\u202F%. Of the others, 1 cannot be judged, because a group has too few rows.");
  EXPECT_EQ(
      bank_sentence(bank_of({Verdict::met, Verdict::met})),
      "All 2 members met the constraint on people the models have not met; the most accurate is member 1 (seed 1), "
      "with an accuracy of 81.0\u202F%.");
}

TEST(BankSentence, NoneIsMet) {
  BankReport report = bank_of({Verdict::violated, Verdict::not_shown, Verdict::not_shown});
  EXPECT_EQ(bank_sentence(report),
            "None of the 3 members is shown to meet the constraint on people the models have not met: 1 violated a "
            "constraint; 2 stayed inside on the rows measured, which are too few to show that it holds.");
  let_diverge(report.members[1]);
  EXPECT_THAT(bank_sentence(report), HasSubstr("; 1 was not measured."));
  for (BankMember& member : report.members) let_diverge(member);
  EXPECT_EQ(bank_sentence(report), "None of the 3 members was measured, so nothing is claimed about any of them.");
}

TEST(BankSentence, OneConstraintThatIsNotMetMakesAMemberNotMet) {
  BankReport report = sample_bank(2, 2);
  for (BankMember& member : report.members) {
    for (auto& constraint : member.result->constraints) constraint.verdict = Verdict::met;
  }
  EXPECT_THAT(bank_sentence(report), HasSubstr("All 2 members met every constraint, each by its own tolerance, on"));
  report.members[1].result->constraints[1].verdict = Verdict::not_shown;
  EXPECT_THAT(bank_sentence(report), HasSubstr("1 of 2 members met every constraint"));
}

TEST(BankSentence, OneMember) {
  const auto sentence = [](Verdict verdict) { return bank_sentence(bank_of({verdict})); };
  EXPECT_EQ(sentence(Verdict::met),
            "The one member met the constraint on people the model has not met. Its accuracy is 80.0\u202F%.");
  EXPECT_THAT(sentence(Verdict::not_shown), HasSubstr("stayed inside the tolerance on the rows measured"));
  EXPECT_THAT(sentence(Verdict::violated), HasSubstr("violated a constraint"));
  EXPECT_THAT(sentence(Verdict::not_estimable), HasSubstr("cannot be judged"));
}

TEST(BankSentence, SaysWhatItCannotClaim) {
  EXPECT_THAT(bank_sentence(BankReport{}), HasSubstr("no members"));
  BankReport report = bank_of({Verdict::met, Verdict::met});
  report.members[1].result->split = "selection";
  EXPECT_THAT(bank_sentence(report),
              AllOf(HasSubstr("the selection split, which the training used"), Not(HasSubstr("2"))));
  report = bank_of({Verdict::met, Verdict::met});
  for (BankMember& member : report.members) member.result->constraints.clear();
  EXPECT_EQ(bank_sentence(report),
            "No fairness constraint was set. The most accurate of 2 members is member 1 (seed 1), with an accuracy of "
            "81.0\u202F%.");
}

TEST(BankSentence, AMemberThatDidNotFinishIsNamedSo) {
  BankReport report = bank_of({Verdict::met, Verdict::met});
  report.members[1].outcome = "interrupted";
  EXPECT_THAT(bank_sentence(report), HasSubstr("member 1 (seed 1, interrupted)"));
  EXPECT_EQ(outcome_sentence(report), "Member 1 was interrupted.");
  report.members[0].outcome = "interrupted";
  EXPECT_EQ(outcome_sentence(report), "All 2 members were interrupted.");
  report.members[0].outcome = "diverged";
  EXPECT_EQ(outcome_sentence(report), "Member 0 diverged; member 1 was interrupted.");
  EXPECT_EQ(outcome_sentence(bank_of({Verdict::met})), "");
}

// What is measured of it may be the weights that it began with.
TEST(BankSentence, AMemberThatDivergedMetNothing) {
  BankReport report = bank_of({Verdict::met, Verdict::met});
  report.members[1].outcome = "diverged";
  report.members[1].result->metrics.accuracy = 0.99;
  EXPECT_THAT(bank_sentence(report), AllOf(HasSubstr("1 of 2 members met the constraint"),
                                           HasSubstr("member 0 (seed 0)"), HasSubstr("Of the others, 1 diverged.")));
  EXPECT_THAT(to_terminal(report, false), HasSubstr("no result, diverged"));
  report.members[0].outcome = "diverged";
  EXPECT_EQ(bank_sentence(report), "None of the 2 members came to the end of its training: 2 diverged.");
}

TEST(BankSentence, AnAccuracyThatIsNoNumberIsNeverTheBest) {
  BankReport report = bank_of({Verdict::met, Verdict::met});
  report.members[0].result->metrics.accuracy = std::nan("");
  EXPECT_THAT(bank_sentence(report), HasSubstr("most accurate is member 1"));
  std::swap(report.members[0], report.members[1]);
  EXPECT_THAT(bank_sentence(report), HasSubstr("most accurate is member 1 (seed 1)"));
}

TEST(BankTerminal, TheTable) {
  BankReport report = bank_of({Verdict::met, Verdict::violated, Verdict::not_estimable});
  let_diverge(report.members[1]);
  report.warnings = {"one"};
  EXPECT_EQ(to_terminal(report, false),
            "adult-parity-by-tolerance\n"
            "  measured on 9769 rows of the test split\n"
            "  demographic parity by sex: gap (upper bound) in points\n"
            "\n"
            "  #  member  accuracy  gap (bound)  verdict\n"
            "  0  seed 0    80.0 %    2.2 (2.9)  met\n"
            "  1  seed 1         -            -  not measured, diverged\n"
            "  2  seed 2    82.0 %            -  not estimable\n"
            "\n"
            "  1 of 3 members met the constraint on people the models have not met: member 0\n"
            "  (seed 0), with an accuracy of 80.0 %. Of the others, 1 cannot be judged,\n"
            "  because a group has too few rows; 1 was not measured.\n"
            "  Member 1 diverged.\n"
            "  1 warning, see the report\n");
}

std::size_t longest_line(const std::string& text) {
  std::istringstream lines(text);
  std::size_t longest = 0;
  for (std::string line; std::getline(lines, line);) {
    longest = std::max(longest, static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char letter) {
                         return (static_cast<unsigned char>(letter) & 0xC0) != 0x80;
                       })));
  }
  return longest;
}

TEST(BankTerminal, AHundredMembersWithTwoConstraintsFitEightyColumns) {
  BankReport report = sample_bank(100, 2);
  const std::string text = to_terminal(report, false);
  EXPECT_LE(longest_line(text), 80u);
  EXPECT_THAT(text, HasSubstr("tolerance 0.12, seed 25 "));
  EXPECT_THAT(text,
              AllOf(HasSubstr("  A  demographic parity by sex: gap"), HasSubstr("  B  equalized odds by race: gap")));
  for (BankMember& member : report.members) member.title = std::string(200, 'y');
  EXPECT_LE(longest_line(to_terminal(report, false)), 80u);
}

TEST(BankTerminal, TheWorstVerdictIsPainted) {
  BankReport report = sample_bank(1, 2);
  report.members[0].result->constraints[0].verdict = Verdict::met;
  report.members[0].result->constraints[1].verdict = Verdict::violated;
  EXPECT_THAT(to_terminal(report, true), HasSubstr("\x1b[31mviolated\x1b[0m"));
  EXPECT_THAT(to_terminal(report, false), Not(HasSubstr("\x1b")));
}

TEST(BankTerminal, NamesCannotSteerIt) {
  BankReport report = sample_bank(2);
  report.name = "a\x1b[2Jb\r\nc";
  report.members[0].title = "\u009B31m\x1b]0;t\a";
  report.members[1].outcome = "lost\x1b[1m";
  report.members[1].result->constraints[0].title = "par\nity, gap at most 0.1";
  report.members[1].result->split = "te\x1bst";
  report.outcome = "o\x1b";
  const std::string text = to_terminal(report, false);
  EXPECT_THAT(text, AllOf(HasSubstr("a?[2Jb??c (o?)\n"), HasSubstr("?31m?]0;t?"), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(text, Not(HasSubstr("\u009B")));
}

}  // namespace bank_report_test
}  // namespace equipoise::report
