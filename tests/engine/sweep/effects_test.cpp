#include "engine/sweep/effects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/engine/sweep/sample_results.h"

namespace equipoise::sweep {
namespace effects_test {

const AxisEffect& effect_on(const std::vector<AxisEffect>& effects, const std::string& title, std::size_t figure) {
  for (const AxisEffect& effect : effects)
    if (effect.title == title && effect.figure == figure) return effect;
  throw std::logic_error("no such effect");
}

// rate a, b crossed with width 1, 2, 3 at three seeds; accuracy .7 + .02 (b) + .01 width + seed's own.
SweepResults crossed(bool whole = true) {
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int rate = 0; rate < 2; ++rate)
    for (int width = 1; width <= 3; ++width)
      for (int seed = 0; seed < 3; ++seed) {
        if (!whole && rate == 1 && width == 3) continue;
        points.push_back({{"rate", rate == 0 ? "a" : "b"}, {"width", width}, {"seed", seed}});
        figures.push_back({0.7 + 0.02 * rate * (1 + 0.1 * seed) + 0.01 * width + 0.1 * seed, 0.01, 0.02, 0.05});
      }
  return sample_results({{{"rate"}, {{"a"}, {"b"}}}, {{"width"}, {{1}, {2}, {3}}}, {{"seed"}, {{0}, {1}, {2}}}}, points,
                        figures);
}

TEST(Effects, ArePairedOverTheOtherAxesWithIntervalsOverSeeds) {
  const SweepResults results = crossed();
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  const AxisEffect& rate = effect_on(effects, "rate", 0);
  EXPECT_TRUE(rate.paired);
  EXPECT_EQ(rate.blocks, 9u);
  EXPECT_EQ(rate.seeds, 3u);
  ASSERT_EQ(rate.levels.size(), 2u);
  EXPECT_EQ(rate.levels[0].value, "a");
  // The effects of b are +.01, +.011 and +.012 at the three seeds, the mean of all is .82 + (.02 + .022 + .024) / 6.
  const double mean = 0.7 + 0.02 + 0.1 + (0.02 + 0.022 + 0.024) / 6;
  EXPECT_NEAR(*rate.levels[1].mean, mean + 0.011, 1e-12);
  EXPECT_NEAR(*rate.levels[0].mean, mean - 0.011, 1e-12);
  // Student's point of two degrees of freedom at 95 %, times the standard error .001 / sqrt(3).
  ASSERT_TRUE(rate.levels[1].interval);
  EXPECT_NEAR(rate.levels[1].interval->high - *rate.levels[1].mean, 4.30265272991 * 0.001 / std::sqrt(3.0), 1e-9);
  // The seeds' own .1 is in no interval of a paired difference.
  const AxisEffect& width = effect_on(effects, "width", 0);
  EXPECT_NEAR(*width.levels[2].mean - *width.levels[0].mean, 0.02, 1e-12);
  EXPECT_FALSE(width.levels[2].interval) << "it is the same at all seeds, which says nothing of others";
}

TEST(Effects, OfFewerThanThreeSplitsHaveNoInterval) {
  // Three seeds of training on each of two splits: the splits are what is independent.
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int rate = 0; rate < 2; ++rate)
    for (int split = 0; split < 2; ++split)
      for (int seed = 0; seed < 3; ++seed) {
        points.push_back({{"rate", rate}, {"seed", split}, {"training.seed", seed}});
        figures.push_back({0.7 + 0.02 * rate * (1 + split) + 0.001 * rate * seed, 0.01, 0.02, 0.05});
      }
  const SweepResults results = sample_results(
      {{{"rate"}, {{0}, {1}}}, {{"seed"}, {{0}, {1}}}, {{"training.seed"}, {{0}, {1}, {2}}}}, points, figures);
  const AxisEffect rate = effect_on(effects_of(results, sweep_figures(results), data::Split::test), "rate", 0);
  EXPECT_EQ(rate.seeds, 2u);
  EXPECT_FALSE(rate.levels[1].interval);
}

TEST(Effects, WithOneSeedHaveNoInterval) {
  const SweepResults results = sample_grid(1);
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  const AxisEffect& tolerance = effect_on(effects, "tolerance", 1);
  EXPECT_TRUE(tolerance.paired);
  for (const EffectLevel& level : tolerance.levels) EXPECT_FALSE(level.interval);
}

TEST(Effects, LeaveSetsOutThatLackAValue) {
  const SweepResults results = crossed(false);
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  const AxisEffect& rate = effect_on(effects, "rate", 0);
  EXPECT_TRUE(rate.paired);
  EXPECT_EQ(rate.blocks, 6u);
  EXPECT_NEAR(*rate.levels[1].mean - *rate.levels[0].mean, 0.022, 1e-12) << "not mixed up with the width";
}

TEST(Effects, OfDrawnValuesAreMeansOfRangesAndSayThatTheyAreNotPaired) {
  std::vector<Point> points;
  std::vector<SampleFigures> figures;
  for (int i = 0; i < 50; ++i) {
    points.push_back({{"rate", 0.001 * (i + 1)}, {"width", 0.5 + i % 7 + i / 100.0}});
    figures.push_back({0.7 + 0.001 * i, 0.01, 0.02, 0.05});
  }
  const SweepResults results = sample_results({{{"rate"}, {}}, {{"width"}, {}}}, points, figures);
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  const AxisEffect& rate = effect_on(effects, "rate", 0);
  EXPECT_FALSE(rate.paired);
  EXPECT_TRUE(rate.over_runs);
  ASSERT_EQ(rate.levels.size(), 5u);
  EXPECT_EQ(rate.levels[0].value, "0.001 to 0.01");
  EXPECT_EQ(rate.levels[0].runs, 10u);
  EXPECT_NEAR(*rate.levels[0].mean, 0.7045, 1e-12);
  EXPECT_TRUE(rate.levels[0].interval);
}

TEST(Effects, OfSeedsAndOfAxesWithOneValueAreNone) {
  const SweepResults results = sample_results({{{"rate"}, {{1}}}, {{"seed"}, {{0}, {1}}}},
                                              {{{"rate", 1}, {"seed", 0}}, {{"rate", 1}, {"seed", 1}}}, {{}, {}});
  EXPECT_TRUE(effects_of(results, sweep_figures(results), data::Split::test).empty());
}

TEST(Effects, OfTwoAxesOfOneFieldAreEachOfItsOwnRuns) {
  std::vector<Point> points;
  for (const auto& [kind, epochs] : {std::pair{"linear", 1}, {"linear", 2}, {"mlp", 2}, {"mlp", 3}})
    points.push_back({{"kind", kind}, {"epochs", epochs}});
  SweepResults results = sample_results({{{"kind"}, {{"linear"}, {"mlp"}}},
                                         {{"epochs"}, {{1}, {2}}, {{"kind", {"linear"}, true}}},
                                         {{"epochs"}, {{2}, {3}}, {{"kind", {"mlp"}, false}}}},
                                        points, {{0.7}, {0.8}, {0.9}, {0.6}});
  results.fields = {"kind", "epochs"};
  results.short_names = results.fields;
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  const AxisEffect &linear = effect_on(effects, "epochs where kind linear", 0),
                   &mlp = effect_on(effects, "epochs where kind mlp", 0);
  ASSERT_EQ(linear.levels.size(), 2u);
  EXPECT_EQ(linear.levels[1].value, "2");
  EXPECT_NEAR(*linear.levels[1].mean, 0.8, 1e-12);
  ASSERT_EQ(mlp.levels.size(), 2u);
  EXPECT_EQ(mlp.levels[0].value, "2");
  EXPECT_NEAR(*mlp.levels[0].mean, 0.9, 1e-12);
}

TEST(Effects, OnAGapAreOfTheRunsThatHaveTheConstraint) {
  SweepResults results = crossed();
  results.constraints.push_back({"error by race", "points"});
  for (std::size_t run = 0; run < results.runs.size(); ++run)
    for (auto& split : results.runs[run].splits) {
      if (!split) continue;
      split->constraints.push_back(std::nullopt);
      if (*value_of(results.plan.runs[run], "rate") == "b") std::swap(split->constraints[0], split->constraints[1]);
    }
  const auto effects = effects_of(results, sweep_figures(results), data::Split::test);
  EXPECT_THROW(effect_on(effects, "rate", 1), std::logic_error) << "one value of the axis has that constraint";
  EXPECT_THROW(effect_on(effects, "rate", 2), std::logic_error);
  EXPECT_EQ(effect_on(effects, "rate", 0).levels.size(), 2u);
  EXPECT_EQ(effect_on(effects, "width", 2).levels[0].runs, 3u);
}

TEST(SweepFigures, OfAFloorAreTheRateItself) {
  SweepResults results = sample_grid(1);
  results.constraints[0].unit = "floor";
  const auto figures = sweep_figures(results);
  EXPECT_TRUE(figures[1].more_is_better);
  EXPECT_NEAR(*figure_of(results, 0, figures[1], data::Split::test), 1 - 0.01, 1e-12);
}

}  // namespace effects_test
}  // namespace equipoise::sweep
