// decision.confidence: rules of a frontier that are to be inside on new people with some probability.
#include "tests/end_to_end/workspace.h"
#include "tests/engine/report/schema_checks.h"

namespace equipoise::end_to_end {
namespace rule_confidence_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class RuleConfidence : public Workspace {
 protected:
  RuleConfidence() { write("people.csv", people(3000)); }

  Outcome frontier(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"frontier", "config.yaml", "training.epochs=6", "--tolerances", "0.02,0.2"};
    words.insert(words.end(), more.begin(), more.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return outcome;
  }
};

TEST_F(RuleConfidence, LeansToOneAnswerByAsLittleAsIsEnough) {
  const Outcome outcome = frontier({"output.run=f", "decision.confidence=0.95", "constraints[0].tolerance=0.02"});
  const nlohmann::json made = object("runs/f/frontier.json"), &tight = made["rules"][0], &wide = made["rules"][1];
  EXPECT_EQ(report::complaints(made, "frontier.schema.json"), "");
  EXPECT_EQ(made["rule_confidence"], 0.95);
  EXPECT_TRUE(wide["leaning"].is_null());
  ASSERT_FALSE(tight["leaning"].is_null());
  EXPECT_LE(tight["excess"], 5e-4);
  EXPECT_GT(tight["leaning"]["by"], 0.0);
  EXPECT_LT(tight["expected_accuracy"], wide["expected_accuracy"]);
  EXPECT_GE(tight["attainable"], tight["expected_accuracy"]) << "of all rules, also those that are less sure";
  const std::string sentence =
      "Rules are to be inside with probability 0.95 on as many new people as the test rows, as far as the posterior is "
      "right. 1 of 2 leans to one answer, whose figures vary less.";
  EXPECT_THAT(outcome.out, HasSubstr(sentence));
  EXPECT_THAT(read("runs/f/frontier.html"), AllOf(HasSubstr(sentence), HasSubstr("leans to the ")));
  EXPECT_THAT(
      read("runs/f/results.json"),
      AllOf(HasSubstr(
                "inside the tolerances, with probability 0.95 on as many new people as the test split has, the most"),
            HasSubstr("To be that sure it leans to the " + tight["leaning"]["answer"].get<std::string>() +
                      " answer: another is decided where it is ahead by more than ")));
  EXPECT_EQ(run({"evaluate", "runs/f", "--json"}).json()["split"], object("runs/f/results.json")["splits"][0]);
  const std::string page = read("runs/f/frontier.html");
  ASSERT_EQ(run({"report", "runs/f"}).exit_code, 0);
  EXPECT_EQ(read("runs/f/frontier.html"), page);
}

TEST_F(RuleConfidence, IsRetunedLikeATolerance) {
  const auto retuned = [&](const std::string& of, const std::string& confidence) {
    const Outcome outcome =
        run({"retune", "runs/" + of, "decision.confidence=" + confidence, "output.run=again", "output.overwrite=true"});
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    EXPECT_EQ(outcome.err.find("The rule leans to the ") != std::string::npos, confidence != "0") << outcome.err;
    return object("runs/again/model.json");
  };
  frontier({"output.run=sure", "decision.confidence=0.9", "constraints[0].tolerance=0.02"});
  frontier({"output.run=plain", "constraints[0].tolerance=0.02"});
  const nlohmann::json sure = object("runs/sure/model.json"), plain = object("runs/plain/model.json");
  EXPECT_NE(sure["cell_rule"], plain["cell_rule"]);
  EXPECT_EQ(retuned("plain", "0.9"), sure);
  EXPECT_EQ(retuned("sure", "0"), plain);
}

TEST_F(RuleConfidence, OfWhatNoRuleHoldsSaysHowNearItComes) {
  const Outcome outcome =
      frontier({"output.run=f", "decision.confidence=0.95", "constraints[0].tolerance=0.02",
                "+constraints[]={kind: bound, rate: selection_rate, at_least: 0.45, at_most: 0.5}"});
  const nlohmann::json tight = object("runs/f/frontier.json")["rules"][0];
  EXPECT_TRUE(tight["leaning"].is_null());
  EXPECT_GT(tight["excess"], 5e-4);
  EXPECT_THAT(read("runs/f/results.json"), HasSubstr("as the test split has, and this one comes nearest"));
  EXPECT_THAT(outcome.out, HasSubstr("? not as sure as it was to be"));
  EXPECT_THAT(run({"retune", "runs/f", "constraints.0.tolerance=0.03"}).err,
              HasSubstr("It is not as sure as it was to be: with what chance does the worst figure is "));
  EXPECT_THAT(read("runs/f/frontier.html"),
              AllOf(HasSubstr("not that sure: 0."), HasSubstr("not that sure: nothing was found that is.")));
}

TEST_F(RuleConfidence, IsRefusedToTrainingAndWhereItIsNoProbability) {
  const Outcome trained = run({"train", "config.yaml", "decision.confidence=0.95"});
  EXPECT_EQ(trained.exit_code, 2);
  EXPECT_THAT(trained.err, AllOf(HasSubstr("decision.confidence: it is of the rules of equipoise frontier"),
                                 HasSubstr("multipliers.margin")));
  const Outcome certain = run({"frontier", "config.yaml", "decision.confidence=1"});
  EXPECT_EQ(certain.exit_code, 2);
  EXPECT_THAT(certain.err, AllOf(HasSubstr("decision.confidence"), HasSubstr("0.9999")));
  frontier({"output.run=f"});
  const Outcome other = run({"retune", "runs/f", "decision.randomised=true"});
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("retune changes tolerances and decision.confidence alone"));
}

}  // namespace rule_confidence_test
}  // namespace equipoise::end_to_end
