#include "engine/sweep/axes.h"

#include <fmt/format.h>

#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace axes_test {

using testing::ElementsAre;
using testing::HasSubstr;

class Axes : public SweepFolder {};

TEST_F(Axes, ListsRangesChoicesAndPairs) {
  EXPECT_THAT(points(planned("axes: {training.epochs: [1, 3]}").plan),
              ElementsAre("training.epochs=1", "training.epochs=3"));
  EXPECT_THAT(points(planned("axes: {model.kind: {choice: [mlp, linear]}}").plan),
              ElementsAre("model.kind=\"mlp\"", "model.kind=\"linear\""));
  EXPECT_THAT(
      points(planned("axes: {training.optimizer.learning_rate: {range: [1.0e-4, 1.0e-2, 3], scale: log}}").plan),
      ElementsAre("training.optimizer.learning_rate=0.0001", "training.optimizer.learning_rate=0.001",
                  "training.optimizer.learning_rate=0.01"));
  EXPECT_THAT(points(planned("axes: {training.epochs: {range: [1, 4, 7]}}").plan),
              ElementsAre("training.epochs=1", "training.epochs=2", "training.epochs=3", "training.epochs=4"))
      << "whole numbers that lie close meet";
  EXPECT_THAT(points(planned("axes: {size: {zip: {training.epochs: [1, 3], training.batch_size: [64, 32]}}}").plan),
              ElementsAre("training.epochs=1 training.batch_size=64", "training.epochs=3 training.batch_size=32"));
  EXPECT_THAT(points(planned("axes: {model.hidden: [[8], [8, 8]]}").plan),
              ElementsAre("model.hidden=[8]", "model.hidden=[8,8]"));
}

TEST_F(Axes, AnElementOfAListIsAFieldInBothWaysOfWritingIt) {
  EXPECT_THAT(points(planned("axes: {'constraints.0.tolerance': [0.01, 0.02]}").plan),
              ElementsAre("constraints[0].tolerance=0.01", "constraints[0].tolerance=0.02"));
  EXPECT_THAT(refusal("axes: {'constraints.0.tolerance': [0.01], 'constraints[0].tolerance': [0.02]}"),
              HasSubstr("sweep.yaml:2:43: axes.constraints[0].tolerance: 'constraints[0].tolerance' is set by "
                        "axes.constraints.0.tolerance as well (line 2)"));
}

TEST_F(Axes, AConditionMayNameSeveralLists) {
  EXPECT_EQ(planned("axes:\n  model.hidden: [[4], [8], [16]]\n"
                    "  training.epochs: {values: [2, 3], when: {model.hidden: [[4], [8]]}}\n")
                .plan.runs.size(),
            5u);
}

TEST_F(Axes, ThatNeverApplyAreRefused) {
  EXPECT_THAT(
      refusal("axes:\n  model.kind: [linear, mlp]\n  model.hidden: {values: [[4], [8]], when: {model.kind: mpl}}\n"),
      HasSubstr("axes.model.hidden: no setting has model.kind=mpl, so it would never apply (did you mean "
                "'model.kind=mlp'?); there are model.kind=linear, model.kind=mlp"));
  EXPECT_THAT(
      refusal("axes:\n  training.epochs: [1, 2]\n  model.hidden: {values: [[4]], when: {model.kind: linear}}\n"),
      HasSubstr("there is model.kind=mlp"));
}

TEST_F(Axes, AnOverrideOfWhatTheyGiveEveryRunIsRefused) {
  const auto refusal_with = [&](const std::string& text, const std::string& word) {
    write("sweep.yaml", "config: config.yaml\n" + text);
    core::Journal journal;
    Request request = read_request(folder_ / "sweep.yaml", "", journal);
    request.params.set.push_back(word);
    return refusal_of([&] { make_plan(request, std::nullopt); });
  };
  const std::string axes = "axes: {training.epochs: [1, 2]}\n";
  EXPECT_THAT(refusal_with(axes, "training.epochs=7"),
              HasSubstr("axes.training.epochs: it gives every run a value of 'training.epochs', so that "
                        "'training.epochs=7' would say nothing"));
  EXPECT_EQ(refusal_with(axes, "training={epochs: 7}"), "no error") << "it sets more";
  EXPECT_EQ(refusal_with(axes + "set: ['training.epochs=7']\n", "seed=3"), "no error") << "the axis' default";
  EXPECT_THAT(refusal_of([&] {
                multirun({"training.epochs=2,3", "training.epochs=4"});
              }),
              HasSubstr("would say nothing"));
  const std::string conditional =
      "axes:\n  model.kind: [linear, mlp]\n  model.hidden: {values: [[4], [8]], when: {model.kind: mlp}}\n";
  EXPECT_EQ(refusal_with(conditional, "model.hidden=[16]"), "no error")
      << "it is for the runs that the axis leaves alone";
}

TEST_F(Axes, EachSettingIsCheckedAsAConfigIs) {
  EXPECT_THAT(refusal("axes: {constraints.0.group: [sex, region]}\n"),
              HasSubstr("the setting constraints[0].group=region: constraints[0].group"));
}

TEST_F(Axes, ApplyWhereTheirConditionHolds) {
  EXPECT_THAT(points(planned("axes:\n"
                             "  model.kind: [linear, mlp]\n"
                             "  model.hidden: {values: [[8], [16]], when: {model.kind: mlp}}\n")
                         .plan),
              ElementsAre("model.kind=\"linear\"", "model.kind=\"mlp\" model.hidden=[8]",
                          "model.kind=\"mlp\" model.hidden=[16]"));
  // The condition may be about what no axis sets, and two axes of one field may part by it.
  EXPECT_THAT(
      points(
          planned(
              "axes:\n"
              "  training.epochs: [1, 2]\n"
              "  short: {field: training.batch_size, values: [16, 32], when: {training.epochs: 1}}\n"
              "  long: {field: training.batch_size, values: [64], when: {training.epochs: [2, 3], model.kind: mlp}}\n")
              .plan),
      ElementsAre("training.epochs=1 training.batch_size=16", "training.epochs=1 training.batch_size=32",
                  "training.epochs=2 training.batch_size=64"));
}

TEST_F(Axes, RefuseWhatCannotBeMeant) {
  EXPECT_THAT(
      refusal("axes: {training.epoch: [1]}"),
      HasSubstr("sweep.yaml:2:8: axes.training.epoch: unknown key 'training.epoch' (did you mean 'training.epochs'?)"));
  EXPECT_THAT(refusal("axes: {training.epochs: []}"), HasSubstr("the list is empty, so there would be no run"));
  EXPECT_THAT(refusal("axes: {training.epochs: 5}"), HasSubstr("expected a list of values, got '5'"));
  EXPECT_THAT(refusal("axes: {training.epochs: {rang: [1, 2, 3]}}"), HasSubstr("(did you mean 'range'?)"));
  EXPECT_THAT(refusal("axes: {training.epochs: {range: [3, 1, 2]}}"), HasSubstr("the range ends before it begins"));
  EXPECT_THAT(refusal("axes: {training.epochs: {range: [2, 2]}}"), HasSubstr("both ends of the range are the same"));
  EXPECT_THAT(refusal("axes: {training.epochs: {range: [0, 1, 2], scale: log}}"), HasSubstr("begins above 0"));
  EXPECT_THAT(refusal("axes: {training.epochs: {range: [1, 9]}}"), HasSubstr("grid takes every combination"));
  EXPECT_THAT(refusal("axes: {model.kind: {range: [1, 9, 2]}}"),
              HasSubstr("a range is of numbers, and the field is one of a few words"));
  EXPECT_THAT(refusal("axes: {a: {zip: {training.epochs: [1, 2], training.batch_size: [1]}}}"),
              HasSubstr("'training.batch_size' has 1 values, and 'training.epochs' has 2"));
  EXPECT_THAT(refusal("axes: {a: {zip: {'constraints[0].tolerance': [1, 2], constraints.0.tolerance: [3, 4]}}}"),
              HasSubstr("'constraints.0.tolerance' sets the same as 'constraints[0].tolerance'"));
  EXPECT_THAT(refusal("axes: {a: {zip: {model: [{kind: mlp}], model.kind: [linear]}}}"),
              HasSubstr("'model.kind' sets the same as 'model'"));
  for (const char* axis : {"values: [1, 2], step: 1", "choice: [1, 2], scale: log", "values: [1, 2], whole: true"})
    EXPECT_THAT(refusal(fmt::format("axes: {{training.epochs: {{{}}}}}", axis)),
                HasSubstr("is for range and normal, and would not be read here"))
        << axis;
  EXPECT_THAT(refusal("axes: {training.epochs: {range: [1, 9, 3], step: 2}}"),
              HasSubstr("'step' rounds draws, and a range with a count lists its numbers"));
  const std::string drawn = "search: random\ntrials: 3\n";
  EXPECT_THAT(refusal(drawn + "axes: {training.epochs: {range: [1.2, 1.8]}}"),
              HasSubstr("no whole number lies between 1.2 and 1.8"));
  EXPECT_THAT(refusal(drawn + "axes: {model.dropout: {range: [0.03, 0.09], step: 0.1}}"),
              HasSubstr("no multiple of 0.1 lies between 0.03 and 0.09"));
  EXPECT_THAT(refusal(drawn + "axes: {training.epochs: {range: [1, 9], step: 0.5}}"),
              HasSubstr("these are whole numbers, and the step 0.5 is none"));
  EXPECT_THAT(refusal("axes: {output.run: [a, b]}"), HasSubstr("the sweep itself sets 'output'"));
  EXPECT_THAT(refusal("axes: {model: [{kind: mlp}], model.kind: [linear]}"),
              HasSubstr("'model.kind' is set by axes.model as well"));
  EXPECT_THAT(refusal("axes: {model.hidden: {values: [[8]], when: {model.kind: mlp}}, model.kind: [mlp, linear]}"),
              HasSubstr("which axes.model.kind sets further down: move that one up"));
  EXPECT_THAT(refusal("axes: {training.seed: [1]}\nseeds: [1, 2]"), HasSubstr("which axes.training.seed sets as well"));
  EXPECT_THAT(
      refusal("axes: {training.epochs: [1, -1]}"),
      HasSubstr(
          "the setting training.epochs=-1: training.epochs: expected a whole number between 1 and 1000000, got '-1'"));
  EXPECT_THAT(refusal("axe: {}"), HasSubstr("(did you mean 'axes'?)"));
  EXPECT_THAT(refusal(""), HasSubstr("nothing varies"));
  EXPECT_THAT(refusal("search: random\naxes: {training.epochs: [1]}"), HasSubstr("needs to know how many: set trials"));
}

TEST_F(Axes, WholeNumbersOfARangeLieInIt) {
  EXPECT_THAT(points(planned("axes: {training.batch_size: {range: [64.5, 66.5, 3]}}").plan),
              ElementsAre("training.batch_size=65", "training.batch_size=66"));
}

TEST_F(Axes, ValuesStayTheWordsThatTheyAre) {
  write("config.yaml",
        "name: n\ndata: {files: p.csv, label: {column: income, positive: a}, groups: [{column: sex}]}\n");
  const Planning planning = planned("axes: {data.label.positive: ['yes', 1, '[a]', 'a b']}");
  EXPECT_THAT(points(planning.plan), ElementsAre("data.label.positive=\"yes\"", "data.label.positive=\"1\"",
                                                 "data.label.positive=\"[a]\"", "data.label.positive=\"a b\""));
  EXPECT_THAT(planning.plan.jobs[2].overrides.front(), "data.label.positive=\"[a]\"");
}

}  // namespace axes_test
}  // namespace equipoise::sweep
