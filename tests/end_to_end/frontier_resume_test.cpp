// Frontiers whose training is cut off and goes on.
#include "tests/end_to_end/resume.h"

namespace equipoise::end_to_end {
namespace frontier_resume_test {

using testing::AllOf;
using testing::HasSubstr;

class FrontierResume : public Resume {
 protected:
  // Of some thousand steps, saved every few.
  static Words words(const std::string& name, const Words& more = {}) {
    Words all = {"frontier",
                 "config.yaml",
                 "output.run=" + name,
                 "training.epochs=300",
                 "model.dropout=0.2",
                 "checkpoint.every_steps=5",
                 "checkpoint.every_seconds=0",
                 "--tolerances",
                 "0.05,0.2"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  // What was found, without the time that it took.
  nlohmann::json rules(const std::string& name) const { return object("runs/" + name + "/frontier.json")["rules"]; }
};

TEST_F(FrontierResume, GoesOnToTheSameRules) {
  ASSERT_EQ(run(words("whole")).exit_code, 0);
  for (const int signal : {SIGTERM, SIGINT, SIGKILL}) {
    const std::string name = "cut" + std::to_string(signal);
    const Outcome cut = stopped(words(name, {"--fail-on", "violated"}), name, signal, 40);
    ASSERT_EQ(cut.exit_code, signal == SIGTERM ? 75 : 128 + signal) << cut.err;
    EXPECT_FALSE(exists("runs/" + name + "/frontier.json"));
    if (signal != SIGKILL)
      EXPECT_THAT(cut.err, AllOf(HasSubstr("and is saved as it was after step "),
                                 HasSubstr("--tolerances 0.05,0.2 --fail-on=violated --resume")));
    const Outcome resumed = run(words(name, {"--resume"}));
    ASSERT_EQ(resumed.exit_code, 0) << resumed.err;
    EXPECT_THAT(resumed.err, HasSubstr("Going on after step "));
    EXPECT_TRUE(model_of(name) == model_of("whole")) << signal;
    EXPECT_EQ(rules(name), rules("whole"));
  }
}

TEST_F(FrontierResume, AnotherTrainingIsRefused) {
  ASSERT_EQ(stopped(words("f"), "f", SIGTERM, 40).exit_code, 75);
  const Outcome other = run(words("f", {"training.optimizer.learning_rate=0.5", "--resume"}));
  EXPECT_EQ(other.exit_code, 2);
  EXPECT_THAT(other.err, HasSubstr("training.optimizer.learning_rate: "));
  const Outcome anew = run(words("f"));
  EXPECT_EQ(anew.exit_code, 3);
  EXPECT_THAT(anew.err, HasSubstr("holds a run that can go on: add --resume"));
  EXPECT_THAT(run({"train", "config.yaml", "output.run=f", "--resume"}).err,
              HasSubstr("what 'equipoise frontier' made"));
  ASSERT_EQ(run(words("f", {"--resume=auto"})).exit_code, 0);
  EXPECT_THAT(run(words("f", {"--resume=auto"})).out, HasSubstr("is finished: there is nothing to go on with"));
  EXPECT_EQ(run(words("g", {"--resume"})).exit_code, 3);
  EXPECT_EQ(run(words("g", {"--allow-change", "seed"})).exit_code, 2);
}

}  // namespace frontier_resume_test
}  // namespace equipoise::end_to_end
