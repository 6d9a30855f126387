// Whether multipliers come to rest on Adult, under each of their updates, and whether it is said where they do not.
#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {
namespace oscillation_test {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;

constexpr double kTolerance = 0.02;

class Oscillation : public Workspace {
 protected:
  Oscillation() { link_repository(); }

  // What results.json says of a linear model whose multipliers heed the bare violations of its training rows.
  nlohmann::json trained(const std::string& name, const std::vector<std::string>& overrides) {
    std::vector<std::string> words = {
        "train",
        "configs/adult_equalized_odds.yaml",
        "model={kind: linear}",
        "device=cpu",
        "training.epochs=8",
        "multipliers={measure_on: train, margin: 0, allowance: 0, measures_per_epoch: 25}",
        "output.folder=" + path("runs").string(),
        "output.run=" + name};
    words.insert(words.end(), overrides.begin(), overrides.end());
    const Outcome outcome = run(words);
    EXPECT_EQ(outcome.exit_code, 0) << outcome.err;
    return nlohmann::json::parse(read("runs/" + name + "/results.json"));
  }
};

const std::vector<std::string> kSwingsMost = {"multipliers.step=1", "training.schedule=constant",
                                              "training.optimizer.learning_rate=0.05"};

std::vector<std::string> with(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

double amplitude(const nlohmann::json& results) {
  return results.at("swing").at("gap").at("amplitude").get<double>();
}

TEST_F(Oscillation, NoUpdateKeepsOscillating) {
  const std::vector<std::pair<std::string, std::vector<std::string>>> updates = {
      {"ascent", {}},
      {"nupi", {}},
      {"augmented", {}},
      {"exponentiated", {"multipliers.radius=4", "multipliers.step=0.5"}},
      {"swap_regret", {"multipliers.step=3"}}};
  for (const auto& [update, settings] : updates) {
    const nlohmann::json results = trained(update, with({"multipliers.update=" + update}, settings));
    EXPECT_LT(amplitude(results), kTolerance / 2) << update;
    EXPECT_THAT(results.at("warnings").get<std::vector<std::string>>(), Not(Contains(HasSubstr("still swung"))))
        << update;
  }
  const nlohmann::json worst = trained("worst", {"constraints=[{kind: worst_group, group: sex}]"});
  EXPECT_LT(worst.at("swing").at("multiplier").at("amplitude").get<double>(), 0.02) << "weights of groups add up to 1";
}

// Projected ascent whose learning rate never falls: it swings, the run says so, and the part that follows changes damps it.
TEST_F(Oscillation, WhatSwingsIsSaidAndDamped) {
  const nlohmann::json ascent = trained("ascent", with({"multipliers.update=ascent"}, kSwingsMost)),
                       damped = trained("nupi", with({"multipliers.update=nupi"}, kSwingsMost));
  EXPECT_GT(amplitude(ascent), 2 * kTolerance);
  EXPECT_THAT(ascent.at("warnings").get<std::vector<std::string>>(), Contains(HasSubstr("gap by sex still swung")));
  EXPECT_LT(amplitude(damped), amplitude(ascent) / 2);
}

}  // namespace oscillation_test
}  // namespace equipoise::end_to_end
