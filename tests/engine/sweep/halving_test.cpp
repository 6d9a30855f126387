#include "engine/sweep/halving.h"

#include "engine/core/files.h"
#include "engine/sweep/folder.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace halving_test {

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

TEST(Frontier, AGapThatCannotBeMeasuredIsTheWorst) {
  const HalvingParams params{3, 0.1, 0.01, 2};
  const RungFigures unknown{0.8, 0, 1}, as_good{0.8, 0.9, 0}, worse{0.7, 0.9, 0};
  EXPECT_FALSE(goes_on(unknown, {unknown, as_good}, params));
  EXPECT_TRUE(goes_on(as_good, {unknown, as_good}, params));
  EXPECT_TRUE(goes_on(worse, {{0.99, 0, 1}, worse}, params)) << "it is the fairest of what is known";
  EXPECT_TRUE(goes_on(unknown, {unknown, worse}, params));
  EXPECT_FALSE(goes_on({0.7, 0, 1}, {{0.7, 0, 1}, unknown}, params)) << "of unknown gaps the score is left";
  evaluation::Measurement measurement;
  measurement.selection_gaps = {std::nullopt, 0.2};
  EXPECT_EQ(figures_of(measurement, false).unmeasured, 1u);
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

class Rungs : public SweepFolder {
 protected:
  // The plan of a sweep file, in the folder of the sweep as it is by now.
  Plan written(const std::string& text) {
    core::Journal journal;
    write("sweep.yaml", "config: config.yaml\nsearch: asha\n" + text);
    const Request request = read_request(folder_ / "sweep.yaml", "", journal);
    sweep_ = folder_ / "sweep";
    const Planning planning = make_plan(request, earlier_of(sweep_));
    write_folder(request, planning, sweep_);
    return planning.plan;
  }

  bool is_there(const std::string& name) const { return std::filesystem::exists(sweep_ / name); }

  std::filesystem::path sweep_;
};

TEST_F(Rungs, AreWrittenDownOnceAndJudged) {
  const Plan plan = written("halving: {rungs: 2, at_least: 3, keep: 0.1}\naxes: {training.batch_size: [8, 16, 24]}\n");
  const auto job = [&](std::size_t i) { return Halving(sweep_, plan.jobs[i].id); };
  Halving first = job(0), second = job(1), third = job(2);
  first.record(0, measured(1.9, 0.8, 0.2), 8);
  EXPECT_EQ(first.verdict(0, measured(1.9, 0.8, 0.2)), "") << "a quarter of 8 epochs is 2";
  EXPECT_FALSE(is_there("rungs/accuracy-2"));
  first.record(0, measured(2, 0.8, 0.1), 8);
  EXPECT_EQ(first.verdict(0, measured(2, 0.8, 0.1)), "");
  second.record(0, measured(2.1, 0.9, 0.2), 8);
  EXPECT_EQ(second.verdict(0, measured(2.1, 0.9, 0.2)), "");
  third.record(0, measured(2.2, 0.7, 0.4), 8);
  EXPECT_THAT(
      third.verdict(0, measured(2.2, 0.7, 0.4)),
      HasSubstr(
          "stopped at rung 1 of 2, after 2.2 epochs: of the 3 runs that came as far, others are at least as good in "
          "accuracy (0.7000) and gap (not measured), and better by more than 0.01 in one"));
  const auto stopped = nlohmann::json::parse(core::read_file(sweep_ / "stopped" / (plan.jobs[2].runs[0] + ".json")));
  EXPECT_EQ(stopped["rung"], 0);
  EXPECT_EQ(stopped["steps"], 22);
  // It was killed before it could end: it stops again, and writes no more rungs.
  Halving killed = job(2);
  killed.record(0, measured(4, 0.99, 0), 8);
  EXPECT_THAT(killed.verdict(0, measured(4, 0.99, 0)), HasSubstr("stopped at rung 1 of 2"));
  EXPECT_FALSE(is_there("rungs/accuracy-4"));
  // The next rung is at half of its epochs; one that starts again is past those that it came to.
  Halving again = job(0);
  again.record(0, measured(3, 0.1, 0.9), 8);
  EXPECT_EQ(again.verdict(0, measured(3, 0.1, 0.9)), "");
  EXPECT_FALSE(is_there("rungs/accuracy-4"));
  again.record(0, measured(4, 0.1, 0.9), 8);
  EXPECT_TRUE(is_there("rungs/accuracy-4"));
  EXPECT_THAT(refusal_of([&] { Halving(sweep_, "0123"); }), HasSubstr("has no job '0123'"));
}

// A run that is behind another where both are compared; whether it goes on beside it.
TEST_F(Rungs, AreComparedAfterAsManyEpochsAndByTheSameMetric) {
  const std::string axes = "bank_size: 1\naxes: {training.batch_size: [8, 16]}\n";
  evaluation::Measurement good = measured(2, 0.9, 0.1), bad = measured(2, 0.7, 0.4);
  good.selection_loss = 0.3;
  bad.selection_loss = 0.9;
  const auto judged = [&](const std::string& before, std::int64_t epochs_before, const std::string& now,
                          std::int64_t epochs) {
    std::filesystem::remove_all(sweep_);
    const Plan first = written(before + axes);
    evaluation::Measurement of_first = good;
    of_first.epoch = static_cast<double>(epochs_before) / 4;
    Halving(sweep_, first.jobs[0].id).record(0, of_first, epochs_before);
    const Plan second = written(now + axes);
    Halving halving(sweep_, second.jobs[1].id);
    halving.record(0, bad, epochs);
    return halving.verdict(0, bad);
  };
  const std::string two = "halving: {rungs: 2, keep: 0.1}\n", one = "halving: {rungs: 1, keep: 0.1}\n";
  EXPECT_THAT(judged(two, 8, two, 8), HasSubstr("stopped at rung 1 of 2"));
  EXPECT_THAT(judged(two, 8, one, 4), HasSubstr("stopped at rung 1 of 1")) << "both after two epochs";
  EXPECT_EQ(judged(two, 16, two, 8), "") << "another number of epochs";
  EXPECT_EQ(judged(two, 8, two + "metric: loss\n", 8), "") << "another metric";
}

TEST_F(Rungs, AreOnesToWhichARunCameNowAndNotBefore) {
  const Plan plan = written("halving: {rungs: 2}\nbank_size: 1\naxes: {training.batch_size: [8, 16]}\n");
  const std::filesystem::path run = sweep_ / "jobs" / plan.jobs[0].id;
  std::filesystem::create_directories(run);
  // It goes on from a checkpoint behind both rungs: its figures now are not those of two or four epochs.
  std::ofstream(run / "measurements.jsonl") << "{\"epoch\": 4.5}\n{\"epoch\": 5}\n";
  Halving(sweep_, plan.jobs[0].id).record(0, measured(5, 0.9, 0.1), 8);
  EXPECT_FALSE(is_there("rungs/accuracy-4"));
  std::ofstream(run / "measurements.jsonl") << "{\"epoch\": 3.5}\n{\"epoch\": 4}\n";
  Halving(sweep_, plan.jobs[0].id).record(0, measured(4, 0.9, 0.1), 8);
  EXPECT_TRUE(is_there("rungs/accuracy-4"));
  EXPECT_FALSE(is_there("rungs/accuracy-2"));
}

TEST_F(Rungs, OfARegressionAreScoredByTheLoss) {
  const std::string axes = "axes: {training.batch_size: [8, 16]}\n";
  EXPECT_EQ(planned("search: asha\n" + axes).plan.metric, "accuracy");
  replace_in_config("label: {column: income, positive: \"yes\"}", "label: {column: income, task: regression}");
  replace_in_config("{kind: demographic_parity, group: sex", "{kind: parity, rate: loss, group: sex");
  replace_in_config("{kind: demographic_parity, group: race", "{kind: parity, rate: loss, group: race");
  EXPECT_EQ(planned("search: asha\n" + axes).plan.metric, "loss");
  EXPECT_EQ(planned("search: asha\nmetric: loss\n" + axes).plan.metric, "loss");
  EXPECT_THAT(refusal("search: asha\nmetric: accuracy\n" + axes),
              HasSubstr("sweep.yaml:3:9: metric: a regression has no accuracy that asha could score runs by: write "
                        "metric: loss, or leave it out"));
}

TEST_F(Rungs, WhatTheSearchDoesNotReadIsRefused) {
  const std::string axes = "axes: {training.batch_size: [8, 16]}\n";
  for (const char* key : {"halving: {rungs: 2}\n", "metric: loss\n", "seed: 3\n"}) {
    EXPECT_THAT(refusal(key + axes), HasSubstr("search: grid would not read it: leave it out")) << key;
    EXPECT_EQ(refusal("search: asha\ntrials: 2\n" + (key + axes)), "no error") << key;
  }
  EXPECT_EQ(refusal("search: random\ntrials: 2\nseed: 3\n" + axes), "no error");
  EXPECT_THAT(refusal("search: asha\nseed: 3\n" + axes), HasSubstr("seed: draws hang on it"));
}

TEST_F(Rungs, AreReadOnceForAllMembersThatComeToThemTogether) {
  const Plan plan =
      written("halving: {rungs: 1, at_least: 3, keep: 0.1}\naxes: {training.seed: [1, 2, 3]}\nbank_size: 3\n");
  ASSERT_EQ(plan.jobs.size(), 1u);
  Halving halving(sweep_, plan.jobs[0].id);
  const evaluation::Measurement good = measured(1, 0.9, 0.1), bad = measured(1, 0.7, 0.4);
  for (std::size_t member = 0; member < 3; ++member) halving.record(member, member == 0 ? good : bad, 2);
  EXPECT_EQ(halving.verdict(0, good), "");
  std::filesystem::remove_all(sweep_ / "rungs" / "accuracy-1");
  EXPECT_THAT(halving.verdict(1, bad), HasSubstr("of the 3 runs that came as far"));
  EXPECT_THAT(halving.verdict(2, bad), HasSubstr("of the 3 runs that came as far"));
}

}  // namespace halving_test
}  // namespace equipoise::sweep
