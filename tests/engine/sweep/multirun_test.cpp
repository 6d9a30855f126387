#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace multirun_test {

using testing::ElementsAre;
using testing::HasSubstr;

class Multirun : public SweepFolder {
 protected:
  std::string complaint(const std::string& word) const {
    return refusal_of([&] { multirun({word}); });
  }
};

TEST_F(Multirun, CommasMakeARunEach) {
  EXPECT_THAT(
      points(multirun({"training.epochs=5,10", "constraints.0.tolerance=0.01,0.02"}).plan),
      ElementsAre("training.epochs=5 constraints[0].tolerance=0.01", "training.epochs=5 constraints[0].tolerance=0.02",
                  "training.epochs=10 constraints[0].tolerance=0.01",
                  "training.epochs=10 constraints[0].tolerance=0.02"));
}

TEST_F(Multirun, ListsQuotesAndFunctions) {
  EXPECT_THAT(points(multirun({"model.hidden=[8],[8, 16]"}).plan),
              ElementsAre("model.hidden=[8]", "model.hidden=[8,16]"));
  EXPECT_THAT(points(multirun({"data.label.positive='a,b',c"}).plan),
              ElementsAre("data.label.positive=\"a,b\"", "data.label.positive=\"c\""));
  EXPECT_THAT(points(multirun({"training.epochs=choice(1, 4)"}).plan),
              ElementsAre("training.epochs=1", "training.epochs=4"));
  EXPECT_THAT(points(multirun({"training.epochs=range(1,10,4)"}).plan),
              ElementsAre("training.epochs=1", "training.epochs=5", "training.epochs=9"));
  EXPECT_THAT(points(multirun({"training.optimizer.learning_rate=range(0.1,0.4,0.1)"}).plan),
              ElementsAre("training.optimizer.learning_rate=0.1", "training.optimizer.learning_rate=0.2",
                          "training.optimizer.learning_rate=0.3"));
  const Plan across = multirun({"constraints.0={kind: linear, terms: [{rate: tpr}], at_most: 1}",
                                "constraints.0.at_most=range(-0.3,0.4,0.1)"})
                          .plan;
  EXPECT_EQ(across.runs[3].point[0].second.get<double>(), 0) << "-0.3 + 3 * 0.1 is 5.6e-17";
}

TEST_F(Multirun, WhatIsAddedVariesAsWell) {
  EXPECT_THAT(points(multirun({"+training.epochs=1,4"}).plan), ElementsAre("training.epochs=1", "training.epochs=4"));
}

TEST_F(Multirun, OneValueIsSetForAllRuns) {
  const Planning planning =
      multirun({"training.epochs=7", "model.hidden=[4, 4]", "training.seed=1,2", "~training.batch_size"});
  EXPECT_THAT(points(planning.plan), ElementsAre("training.seed=1", "training.seed=2"));
  EXPECT_THAT(planning.base_text, HasSubstr("epochs: 7"));
  EXPECT_THAT(planning.base_text, HasSubstr("hidden: [4, 4]"));
}

TEST_F(Multirun, IntervalsAreForSearchesThatDraw) {
  EXPECT_THAT(complaint("training.optimizer.learning_rate=interval(0.1,0.2)"),
              HasSubstr("grid takes every combination"));
  Request request = multirun_request(
      (folder_ / "config.yaml").string(),
      {"training.optimizer.learning_rate=tag(log, interval(0.0001,0.1))", "training.epochs=interval(1,3)"});
  request.params.search = "sobol";
  request.params.trials = 8;
  const Planning planning = make_plan(request, std::nullopt);
  ASSERT_EQ(planning.plan.runs.size(), 8u);
  EXPECT_TRUE(planning.plan.runs[0].point[1].second.is_number_integer());
}

TEST_F(Multirun, RefusesWhatItDoesNotKnowByName) {
  EXPECT_THAT(complaint("training.epochs=glob(*)"),
              HasSubstr("command line: training.epochs=glob(*): 'glob(...)' is not known"));
  EXPECT_THAT(complaint("training.epochs=chioce(1,2)"), HasSubstr("(did you mean 'choice'?)"));
  EXPECT_THAT(complaint("training.epochs=choice()"), HasSubstr("choice() is empty"));
  EXPECT_THAT(complaint("training.epochs=range(4,4)"), HasSubstr("the range is empty"));
  EXPECT_THAT(complaint("training.epochs=range(1,9,0)"), HasSubstr("the step of a range is not 0"));
  EXPECT_THAT(complaint("training.epochs=range(start=1,stop=3)"), HasSubstr("arguments are given by place"));
  EXPECT_THAT(complaint("training.epochs=1,,2"), HasSubstr("a value between commas is empty"));
  EXPECT_THAT(complaint("training.epochs=1,(2"), HasSubstr("')' is missing"));
  EXPECT_THAT(complaint("training.epochs='1,2"), HasSubstr("the quote ' is not closed"));
  EXPECT_THAT(complaint("training.epoch=1,2"), HasSubstr("(did you mean 'training.epochs'?)"));
  EXPECT_THAT(complaint("hydra.sweep.dir=x"), HasSubstr("sets up Hydra itself"));
}

}  // namespace multirun_test
}  // namespace equipoise::sweep
