#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include "engine/models/no_autograd.h"
#include "engine/training/scoring.h"
#include "engine/training/split_sums.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/outcome_rows.h"

namespace equipoise::training {
namespace outcome_sums_test {

using constraints::kColumns;
using data::Task;

class OutcomeSums : public testing::TestWithParam<TaskCase> {
 protected:
  OutcomeSums() : people_(generated_outcomes(GetParam().task, 1200, GetParam().is_weighted)) {
    training_.loss = GetParam().loss;
    training_.huber_delta = 0.4;
    training_.quantile = 0.3;
    core::Journal journal;
    table_ = constraints::compile(constraints_of(people_.task), people_, 30, {}, journal);
    data_ = to_device(people_, table_.cells, GetParam().folds, 3, at::kCPU);
    models::ModelParams model = small_config().model;
    std::vector<std::uint64_t> seeds;
    for (std::int64_t k = 0; k < 2 * GetParam().folds; ++k) seeds.push_back(static_cast<std::uint64_t>(k + 5));
    learner_ = models::make_learner(model, data_.host, seeds, at::kCPU, models::Precision::fp32, data_.kernel.outputs);
    learner_->flat_parameters().mul_(3);  // so that decisions differ
  }

  // [O] the logits that decide about a row of the device data: the members' mean, where there are several.
  std::vector<double> deciding(const at::Tensor& logits, std::int64_t row, const std::vector<std::int64_t>& members) {
    const std::int64_t outputs = data_.kernel.outputs;
    std::vector<double> mean(static_cast<std::size_t>(outputs), 0.0);
    for (const std::int64_t member : members) {
      double total = 0;
      for (std::int64_t o = 0; o < outputs; ++o) total += std::exp(logits[member][row][o].item<double>());
      for (std::int64_t o = 0; o < outputs; ++o) {
        const double z = logits[member][row][o].item<double>();
        const double score = people_.task == Task::classes  ? std::exp(z) / total
                             : people_.task == Task::labels ? 1 / (1 + std::exp(-z))
                                                            : z;
        mean[static_cast<std::size_t>(o)] += score / static_cast<double>(members.size());
      }
    }
    for (double& score : mean) {
      if (people_.task == Task::classes) score = std::log(score);
      if (people_.task == Task::labels) score = std::log(score / (1 - score));
    }
    return mean;
  }

  struct Expected {
    std::vector<double> sums, square, selected, value, value_square;
  };

  void add(Expected& expected, const at::Tensor& logits, std::int64_t row, const std::vector<std::int64_t>& members) {
    const auto of_people = static_cast<std::size_t>(data_.order[static_cast<std::size_t>(row)]);
    const std::vector<OutcomeOfRow> outcomes =
        outcomes_of_row(people_, of_people, deciding(logits, row, members), table_.cells.thresholds, training_, 1.0);
    const double weight = people_.weights.empty() ? 1 : people_.weights[of_people];
    const auto cells = static_cast<std::size_t>(table_.cells.count());
    if (expected.sums.empty()) {
      expected.sums.assign(cells * kColumns, 0.0);
      for (auto* of_cells : {&expected.square, &expected.selected, &expected.value, &expected.value_square})
        of_cells->assign(cells, 0.0);
    }
    for (std::size_t o = 0; o < outcomes.size(); ++o) {
      const auto cell = static_cast<std::size_t>(table_.cells.of_row[of_people * outcomes.size() + o]);
      const OutcomeOfRow& own = outcomes[o];
      expected.sums[cell * kColumns + constraints::kWeight] += weight;
      expected.sums[cell * kColumns + constraints::kLoss] += weight * own.loss;
      expected.sums[cell * kColumns + constraints::kSoft] += weight * own.soft;
      expected.sums[cell * kColumns + constraints::kHard] += weight * own.hard;
      expected.square[cell] += weight * weight;
      expected.selected[cell] += weight * weight * own.hard;
      const bool is_figure = people_.task == Task::regression && o < data::kLossFigure;
      const double value = is_figure ? own.hard : own.loss;
      expected.value[cell] += weight * weight * value;
      expected.value_square[cell] += weight * weight * value * value;
    }
  }

  static void expect_near(const std::vector<double>& found, const std::vector<double>& expected, const char* what) {
    ASSERT_EQ(found.size(), expected.size()) << what;
    for (std::size_t i = 0; i < found.size(); ++i)
      EXPECT_NEAR(found[i], expected[i], 3e-5 * (1 + std::abs(expected[i]))) << what << ", number " << i;
  }

  data::Dataset people_;
  TrainingParams training_;
  constraints::ConstraintTable table_;
  DeviceData data_;
  std::unique_ptr<models::Learner> learner_;
};

TEST_P(OutcomeSums, AreThoseOfEveryRowAndOutcome) {
  const models::NoAutograd no_autograd;
  const std::int64_t folds = GetParam().folds, rows = data_.encoded.codes.size(0), outputs = data_.kernel.outputs;
  SplitSums sums(data_, false, true, 1.0, *learner_,
                 outcome_rule(data_.kernel, training_, 1.0, data_.target_mean, data_.target_deviation));
  sums.run();
  sums.run();  // the second adds nothing to the first
  at::Tensor out =
      outputs == 1 ? at::empty({learner_->members(), rows}) : at::empty({learner_->members(), rows, outputs});
  learner_->score(data_.encoded, 0, {}, out);
  const at::Tensor logits = out.view({learner_->members(), rows, outputs});
  const std::vector<RunState::Sums> found = sums.read();
  ASSERT_EQ(found.size(), 2u);
  for (std::int64_t run = 0; run < 2; ++run) {
    Expected train, selection;
    for (std::int64_t fold = 0; fold < folds; ++fold)
      for (std::int64_t i = 0; i < data_.folds[static_cast<std::size_t>(fold)].count; ++i)
        add(train, logits, data_.folds[static_cast<std::size_t>(fold)].first + i, {run * folds + fold});
    std::vector<std::int64_t> members;
    for (std::int64_t fold = 0; fold < folds; ++fold) members.push_back(run * folds + fold);
    for (std::int64_t i = 0; i < data_.selection.count; ++i) add(selection, logits, data_.selection.first + i, members);
    const RunState::Sums& own = found[static_cast<std::size_t>(run)];
    expect_near(own.train, train.sums, "train");
    expect_near(own.selection, selection.sums, "selection");
    std::vector<double> value = selection.value, value_square = selection.value_square;
    if (people_.task == Task::regression) {  // nothing is said of the spread of exceedances, which are shares
      for (std::size_t c = 0; c < value.size(); ++c) {
        if (c / 2 % static_cast<std::size_t>(table_.cells.outcomes()) <= static_cast<std::size_t>(data::kLossFigure) &&
            c % 2 == 0)
          continue;
        value[c] = own.spread.loss[c];
        value_square[c] = own.spread.loss_square[c];
      }
    }
    expect_near(own.spread.loss, value, "squared weights times values");
    expect_near(own.spread.loss_square, value_square, "squared weights times squared values");
    ASSERT_EQ(own.spread.all.empty(), people_.weights.empty());
    if (people_.weights.empty()) continue;
    expect_near(own.spread.all, selection.square, "squared weights");
    for (std::size_t c = 0; c < selection.selected.size(); ++c) {
      const std::size_t figure = c / 2 % static_cast<std::size_t>(table_.cells.outcomes());
      if (people_.task == Task::regression && figure <= static_cast<std::size_t>(data::kLossFigure)) continue;
      EXPECT_NEAR(own.spread.selected[c], selection.selected[c], 3e-5 * (1 + selection.selected[c])) << "cell " << c;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Tasks, OutcomeSums,
                         testing::Values(TaskCase{Task::classes}, TaskCase{Task::classes, 3, true},
                                         TaskCase{Task::labels}, TaskCase{Task::labels, 3, true},
                                         TaskCase{Task::regression, 1, false},
                                         TaskCase{Task::regression, 3, true, "huber"},
                                         TaskCase{Task::regression, 1, true, "quantile"}));

}  // namespace outcome_sums_test
}  // namespace equipoise::training
