#include "engine/training/settings_search.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace equipoise::training {
namespace settings_search_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

RunConfig searching(std::int64_t seed = 5) {
  RunConfig config;
  config.seed = seed;
  config.model.kind = "auto";
  return config;
}

TEST(SettingsSearch, TriesTheDefaultsOfEachFamilyFirst) {
  const char* kinds[] = {"boosted_trees", "mlp", "residual_mlp", "linear"};
  for (std::int64_t index = 0; index < 4; ++index) {
    const std::optional<Settings> settings = settings_to_try(searching(), index, "", {});
    ASSERT_TRUE(settings);
    EXPECT_EQ(settings->config.model.kind, kinds[index]);
    EXPECT_THAT(settings->words, ElementsAre(std::string("model.kind=") + kinds[index]));
    EXPECT_EQ(settings->text, "with its defaults");
  }
  RunConfig pictures = searching();
  pictures.data.images.files = {"parts.idx"};
  for (std::int64_t index = 0; index < 9; ++index)
    EXPECT_EQ(settings_to_try(pictures, index, "", {})->family(), "convnet") << index;
}

TEST(SettingsSearch, DrawsBySeedAndNumberOfTheTry) {
  std::set<std::string> texts;
  for (std::int64_t index = 4; index < 24; ++index) {
    const Settings own = *settings_to_try(searching(), index, "mlp", {});
    EXPECT_EQ(own.words, settings_to_try(searching(), index, "mlp", {})->words);
    texts.insert(own.family() + own.text);
  }
  EXPECT_GT(texts.size(), 15u);
  EXPECT_NE(settings_to_try(searching(5), 4, "mlp", {})->words, settings_to_try(searching(6), 4, "mlp", {})->words);
}

TEST(SettingsSearch, DrawsMostlyOfTheFamilyThatLeadsAndNoneThatIsOut) {
  int of_best = 0, all = 0;
  for (std::int64_t index = 4; index < 304; ++index, ++all) {
    of_best += settings_to_try(searching(), index, "boosted_trees", {})->family() == "boosted_trees";
    EXPECT_NE(settings_to_try(searching(), index, "boosted_trees", {"mlp"})->family(), "mlp");
  }
  EXPECT_NEAR(of_best / static_cast<double>(all), 2.0 / 3 + 1.0 / 12, .08);
  EXPECT_FALSE(settings_to_try(searching(), 7, "", {"boosted_trees", "mlp", "residual_mlp", "linear"}));
}

// What trees refuse is what a config says of networks' training.
TEST(SettingsSearch, GivesTreesNothingThatTheyRefuse) {
  RunConfig config = searching();
  config.training.epochs = 3;
  config.training.batch_size = 64;
  config.training.label_smoothing = .1;
  config.training.keep = "final";
  config.multipliers.priced_by = "batch_before";
  config.multipliers.averaging = 0.9;
  const Settings trees = *settings_to_try(config, 0, "", {});
  EXPECT_NO_THROW(check(trees.config, 1, {}));
  EXPECT_EQ(trees.config.training.label_smoothing, .1);
  EXPECT_EQ(trees.config.training.keep, "final");
  EXPECT_THAT(trees.words, ElementsAre("model.kind=boosted_trees", "training.epochs=20", "training.batch_size=0",
                                       "multipliers.averaging=0.99", "multipliers.priced_by=this_batch"));
  EXPECT_EQ(settings_to_try(config, 1, "", {})->config.multipliers.priced_by, "batch_before");
  EXPECT_EQ(settings_to_try(config, 0, "", {})->config.multipliers.averaging, 0.99);
  EXPECT_EQ(settings_to_try(config, 1, "", {})->config.multipliers.averaging, 0.9);
  EXPECT_EQ(settings_to_try(config, 1, "", {})->config.training.epochs, 3);
}

TEST(SettingsSearch, PrefersToleranceThenLoss) {
  const auto trial = [](double excess, std::optional<double> loss) { return Trial{{}, "finished", 1, loss, excess}; };
  EXPECT_TRUE(is_better(trial(-.1, .6), trial(.01, .3))) << "inside before outside";
  EXPECT_FALSE(is_better(trial(.01, .3), trial(0, .6)));
  EXPECT_TRUE(is_better(trial(-.001, .3), trial(-.1, .4))) << "inside the loss counts, not by how much";
  EXPECT_TRUE(is_better(trial(.01, .6), trial(.02, .3))) << "outside the excess does";
  EXPECT_TRUE(is_better(trial(.01, .3), trial(.01, .6)));
  EXPECT_FALSE(is_better(trial(-1, {}), trial(-1, .6)));
  EXPECT_FALSE(is_better(trial(-1, .6), trial(-1, .6)));
}

TEST(SettingsSearch, SaysWhatItFound) {
  Searched searched;
  RunConfig linear;
  linear.model.kind = "linear";
  searched.trials = {{{RunConfig(), {}, "with its defaults"}, "finished", 1, .4, .1},
                     {{linear, {}, "training.seed=3"}, "finished", 1, .5, .05}};
  searched.best = 1;
  searched.seconds = 12.3;
  EXPECT_EQ(searched.sentence(),
            "The settings of linear (training.seed=3) are the best of 2 tried in 12 s: a loss of 0.50000 on the "
            "selection rows, outside the tolerances by the least of all.");
}

TEST(SettingsSearch, SaysThatTreesAreNotDistilled) {
  RunConfig config = searching();
  config.training.distill = true;
  Searched searched;
  for (const std::int64_t index : {0, 1})
    searched.trials.push_back({*settings_to_try(config, index, "", {}), "finished", 1, .4, 0});
  EXPECT_FALSE(searched.trials[0].settings.config.training.distill);
  EXPECT_THAT(searched.sentence(), HasSubstr("training.distill is of networks: these trees are not distilled"));
  searched.best = 1;
  EXPECT_TRUE(searched.trials[1].settings.config.training.distill);
  EXPECT_THAT(searched.sentence(), Not(HasSubstr("training.distill")));
}

}  // namespace settings_search_test
}  // namespace equipoise::training
