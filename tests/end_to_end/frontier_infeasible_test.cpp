// Frontiers of constraints that no rule can hold, and of those that have a figure on either side.
#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace frontier_infeasible_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class FrontierInfeasible : public Workspace {
 protected:
  Outcome made(const std::string& bound) const {
    return run({"frontier", "config.yaml", "training.epochs=6", "output.run=f", "output.overwrite=true",
                "multipliers.margin=0", "--tolerances", "0.3",
                "constraints=[{kind: demographic_parity, group: sex, tolerance: 0.3}, {kind: bound, " + bound + "}]"});
  }
};

// The posterior itself expects it: more rows or a smaller model would not help.
TEST_F(FrontierInfeasible, RulesThatAreExpectedOutsideAreSaidToBe) {
  const Outcome outcome = made("rate: accuracy, at_least: 0.99");
  ASSERT_EQ(outcome.exit_code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, HasSubstr("? expected outside: no rule was found that is inside all tolerances"));
  EXPECT_THAT(outcome.err, Not(HasSubstr("The posterior knows less of cells")));
  EXPECT_THAT(read("runs/f/frontier.html"), HasSubstr("expected outside: 0."));
  const Outcome again = run({"retune", "runs/f", "constraints.0.tolerance=0.2"});
  EXPECT_EQ(again.exit_code, 0) << again.err;
  EXPECT_THAT(again.err, HasSubstr("No rule was found that the posterior expects inside all tolerances."));
  // One that holds is none of these.
  EXPECT_THAT(made("rate: accuracy, at_least: 0.05").out, Not(HasSubstr("expected outside")));
}

TEST_F(FrontierInfeasible, ABoundOnEitherSideHasItsFigure) {
  ASSERT_EQ(made("rate: selection_rate, at_least: 0.05, at_most: 0.95").exit_code, 0);
  const std::string page = read("runs/f/frontier.html");
  const std::size_t row = page.find("id=\"rule-0.3\"");
  ASSERT_NE(row, std::string::npos);
  EXPECT_THAT(page.substr(row, page.find("</tbody>", row) - row), Not(HasSubstr("\u2013</")));
}

// A rule of groups would need of each row what was decided of it before.
TEST_F(FrontierInfeasible, GroupsAndStoredDecisionsTogetherAreRefusedBeforeTraining) {
  const Outcome outcome =
      run({"frontier", "config.yaml", "decision.uses_group=true", "+data.stored_decisions={column: income}",
           "constraints=[{kind: churn, group: sex, at_most: 0.2}, {kind: demographic_parity, group: sex, tolerance: "
           "0.3}]"});
  EXPECT_EQ(outcome.exit_code, 2) << outcome.err;
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("decision.uses_group: rules know of a row the groups"),
                                 HasSubstr("leave one of the two out"), Not(HasSubstr("Training"))));
}

}  // namespace frontier_infeasible_test
}  // namespace equipoise::end_to_end
