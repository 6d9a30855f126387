#include "engine/sweep/halving.h"

#include "engine/core/files.h"
#include "engine/sweep/folder.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace {

using testing::HasSubstr;

evaluation::Measurement measured(double epoch, double accuracy, double gap) {
  evaluation::Measurement measurement;
  measurement.epoch = epoch;
  measurement.step = static_cast<std::int64_t>(epoch * 10);
  measurement.training_accuracy = 0.99;
  measurement.selection_accuracy = accuracy;
  measurement.selection_gaps = {std::nullopt, gap, gap / 2};
  return measurement;
}

TEST(Frontier, WhatNothingBeatsInBothGoesOn) {
  const HalvingParams params{3, 0.34, 0.01, 2};
  // Accurate and unfair, in between, fair and inaccurate: three answers to three questions. The fourth answers none.
  const std::vector<RungFigures> all = {{0.9, 0.3}, {0.85, 0.1}, {0.7, 0.01}, {0.7, 0.2}};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(goes_on(all[static_cast<std::size_t>(i)], all, params));
  EXPECT_FALSE(goes_on(all[3], {{0.85, 0.1}, {0.86, 0.1}, {0.7, 0.2}}, params));
  // Hardly behind is not behind, and of few nobody is judged.
  EXPECT_TRUE(goes_on({0.845, 0.105}, all, params));
  EXPECT_TRUE(goes_on({0.1, 0.9}, {{0.1, 0.9}}, params));
  // Beside the frontier, the best share goes on.
  EXPECT_FALSE(goes_on(all[3], all, params)) << "two of four are better";
  // Where nothing is constrained, the more accurate are kept.
  EXPECT_FALSE(goes_on({0.7, 0}, {{0.7, 0}, {0.8, 0}}, params));
  EXPECT_TRUE(goes_on({0.795, 0}, {{0.795, 0}, {0.8, 0}}, params));
  const HalvingParams generous{3, 0.6, 0.01, 2};
  EXPECT_TRUE(goes_on(all[3], all, generous)) << "half of them are better: less than keep";
}

TEST(Frontier, FiguresAreOfTheSelectionRows) {
  EXPECT_EQ(figures_of(measured(1, 0.8, 0.2), false).score, 0.8);
  EXPECT_EQ(figures_of(measured(1, 0.8, 0.2), false).gap, 0.2);
  evaluation::Measurement bare;
  bare.training_accuracy = 0.7;
  bare.training_loss = 0.5;
  EXPECT_EQ(figures_of(bare, false).score, 0.7);
  EXPECT_EQ(figures_of(bare, true).score, -0.5);
  EXPECT_EQ(figures_of(bare, false).gap, 0);
}

class Rungs : public SweepFolder {};

TEST_F(Rungs, AreWrittenDownOnceAndJudged) {
  core::Journal journal;
  write("sweep.yaml",
        "config: config.yaml\nsearch: asha\nhalving: {rungs: 2, at_least: 3, keep: 0.1}\naxes: {training.epochs: [8, "
        "16, 24]}\n");
  const Request request = read_request(folder_ / "sweep.yaml", "", journal);
  const Planning planning = make_plan(request, std::nullopt);
  const std::filesystem::path sweep = folder_ / "sweep";
  write_folder(request, planning, sweep);
  const auto job = [&](std::size_t i) { return Halving(sweep, planning.plan.jobs[i].id); };
  Halving first = job(0), second = job(1), third = job(2);
  first.record(0, measured(1.9, 0.8, 0.2), 8);
  EXPECT_EQ(first.verdict(0, measured(1.9, 0.8, 0.2)), "") << "a quarter of 8 epochs is 2";
  EXPECT_FALSE(std::filesystem::exists(sweep / "rungs" / "0"));
  first.record(0, measured(2, 0.8, 0.1), 8);
  EXPECT_EQ(first.verdict(0, measured(2, 0.8, 0.1)), "");
  second.record(0, measured(4, 0.9, 0.2), 16);
  EXPECT_EQ(second.verdict(0, measured(4, 0.9, 0.2)), "");
  third.record(0, measured(6, 0.7, 0.4), 24);
  EXPECT_THAT(
      third.verdict(0, measured(6, 0.7, 0.4)),
      HasSubstr(
          "stopped at rung 1 of 2, after 6 epochs: of the 3 runs that came as far, others are at least as good in "
          "accuracy (0.7000) and gap (0.4000), and better by more than 0.01 in one"));
  const auto stopped =
      nlohmann::json::parse(core::read_file(sweep / "stopped" / (planning.plan.jobs[2].runs[0] + ".json")));
  EXPECT_EQ(stopped["rung"], 0);
  EXPECT_EQ(stopped["steps"], 60);
  // It was killed before it could end: it stops again, and writes no more rungs.
  Halving killed = job(2);
  killed.record(0, measured(12, 0.99, 0), 24);
  EXPECT_THAT(killed.verdict(0, measured(12, 0.99, 0)), HasSubstr("stopped at rung 1 of 2"));
  EXPECT_FALSE(std::filesystem::exists(sweep / "rungs" / "1"));
  // The next rung is at half of its epochs; one that starts again is past those that it came to.
  Halving again = job(0);
  again.record(0, measured(3, 0.1, 0.9), 8);
  EXPECT_EQ(again.verdict(0, measured(3, 0.1, 0.9)), "");
  EXPECT_FALSE(std::filesystem::exists(sweep / "rungs" / "1"));
  again.record(0, measured(4, 0.1, 0.9), 8);
  EXPECT_TRUE(std::filesystem::exists(sweep / "rungs" / "1"));
  EXPECT_THAT(refusal_of([&] { Halving(sweep, "0123"); }), HasSubstr("has no job '0123'"));
}

TEST_F(Rungs, AreReadOnceForAllMembersThatComeToThemTogether) {
  core::Journal journal;
  write("sweep.yaml",
        "config: config.yaml\nsearch: asha\nhalving: {rungs: 1, at_least: 3, keep: 0.1}\naxes: {training.seed: [1, 2, "
        "3]}\nbank_size: 3\n");
  const Request request = read_request(folder_ / "sweep.yaml", "", journal);
  const Planning planning = make_plan(request, std::nullopt);
  ASSERT_EQ(planning.plan.jobs.size(), 1u);
  const std::filesystem::path sweep = folder_ / "sweep";
  write_folder(request, planning, sweep);
  Halving halving(sweep, planning.plan.jobs[0].id);
  const evaluation::Measurement good = measured(1, 0.9, 0.1), bad = measured(1, 0.7, 0.4);
  for (std::size_t member = 0; member < 3; ++member) halving.record(member, member == 0 ? good : bad, 2);
  EXPECT_EQ(halving.verdict(0, good), "");
  std::filesystem::remove_all(sweep / "rungs" / "0");
  EXPECT_THAT(halving.verdict(1, bad), HasSubstr("of the 3 runs that came as far"));
  EXPECT_THAT(halving.verdict(2, bad), HasSubstr("of the 3 runs that came as far"));
}

}  // namespace
}  // namespace equipoise::sweep
