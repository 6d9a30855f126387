// Recipes that favour hard rows or change labels, as a step sees them.
#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/data/annotations.h"
#include "engine/training/cell_draws.h"
#include "engine/training/row_losses.h"
#include "tests/engine/training/generated_outcomes.h"
#include "tests/engine/training/policed.h"
#include "tests/engine/training/trained.h"

namespace equipoise::training {
namespace focus_test {

using data::Task;

sampling::RecipeParams hard(double amount, double share) {
  sampling::RecipeParams params = recipe("hard", {});
  params.amount = amount;
  params.share = share;
  return params;
}

void end_epoch(Policed& sample) {
  const std::size_t cells = sample.sampler.cells().cells.size();
  sample.sampler.end_epoch(std::vector<std::int64_t>(cells, 1), std::vector<std::int64_t>(cells),
                           {sampling::OfCells(cells, 0.5), {}}, {});
}

// Losses that are rounded otherwise change places within the hardest, and within the rest: who is drawn does not hang on that.
TEST(HardRows, AreTheSameWhateverOrderTheyHaveAmongThemselves) {
  Policed sample(binary_people(400, false), odds_and_parity(), {hard(0.25, 0.5)});
  CellDraws draws(sample.sampler, at::kCPU);
  std::vector<double> losses(static_cast<std::size_t>(sample.data.train.count));
  for (std::size_t row = 0; row < losses.size(); ++row) losses[row] = static_cast<double>(row * 7919 % losses.size());
  draws.focus_on(losses);
  const at::Tensor order = draws.on_host().order.clone(), offsets = draws.on_host().offsets;
  const auto* rows = order.const_data_ptr<std::int64_t>();
  const auto* begins = offsets.const_data_ptr<std::int64_t>();
  for (std::int64_t part = 0; part + 1 < offsets.numel(); ++part)  // the hardest of a cell, then its rest
    for (std::int64_t place = begins[part]; place < begins[part + 1]; ++place)
      losses[static_cast<std::size_t>(rows[place])] = (part % 2 == 0 ? 10 : 0) + std::sin(static_cast<double>(place));
  draws.focus_on(losses);
  EXPECT_TRUE(at::equal(draws.on_host().order, order));
}

// Before anything is measured rows come as they do; then a tenth of each cell, those that lose most, are half of what is drawn of it.
TEST(HardRows, AreDrawnMoreOftenOnceLossesAreKnown) {
  sampling::RecipeParams women = hard(0.1, 0.5);
  women.where = {{"sex", "female"}};
  Policed sample(binary_people(2000, false), odds_and_parity(), {women});
  const std::int64_t rows = sample.data.train.count;
  std::vector<double> losses(static_cast<std::size_t>(rows));
  for (std::size_t row = 0; row < losses.size(); ++row) losses[row] = static_cast<double>((row * 7919) % losses.size());
  const auto frequency = [&] {
    std::vector<double> drawn(losses.size());
    at::Tensor batch = at::empty({100}, at::kLong), step = at::zeros({1}, at::kLong);
    for (int i = 0; i < 3000; ++i, step.add_(1)) {
      sample.policy.draw(batch, 9, step);
      for (int slot = 0; slot < 100; ++slot) ++drawn[static_cast<std::size_t>(batch.data_ptr<std::int64_t>()[slot])];
    }
    return drawn;
  };
  const double even = 300000.0 / static_cast<double>(rows);
  for (const double times : frequency()) EXPECT_NEAR(times, even, 6 * std::sqrt(even));
  end_epoch(sample);
  sample.policy.focus_on(losses);
  sample.policy.follow();
  const std::vector<double> drawn = frequency();
  for (std::size_t cell = 0; cell < 2; ++cell) {
    const bool is_female = cell == 0;
    std::vector<std::pair<double, double>> by_loss;  // and how often each was drawn
    for (std::size_t row = 0; row < losses.size(); ++row)
      if ((sample.sampler.cells().cells[static_cast<std::size_t>(sample.sampler.cells().of_row[row])].levels[0] == 0) ==
          is_female)
        by_loss.emplace_back(-losses[row], drawn[row]);
    std::sort(by_loss.begin(), by_loss.end());
    const auto hardest = static_cast<std::size_t>(std::ceil(0.1 * static_cast<double>(by_loss.size())));
    double of_hardest = 0, all = 0;
    for (std::size_t i = 0; i < by_loss.size(); ++i) {
      of_hardest += i < hardest ? by_loss[i].second : 0;
      all += by_loss[i].second;
    }
    EXPECT_NEAR(of_hardest / all, is_female ? 0.5 : 0.1, 0.01) << is_female;
  }
}

// The favoured rows are all positive, in a cell of the recipe that has both labels; mixed rows' partners are not favoured.
TEST(HardRows, SumsAreCorrectedForWhoIsDrawn) {
  for (const bool mixes : {false, true}) {
    std::vector<sampling::RecipeParams> recipes = {hard(0.1, 0.5)};
    recipes[0].by = {"sex"};
    if (mixes) {
      recipes.push_back(recipe("mixup", {}));
      recipes[1].across = {"sex"};
      recipes[1].share = 0.8;
      recipes[1].alpha = 1;
    }
    Policed sample(binary_people(2000, false), odds_and_parity(), recipes);
    ASSERT_EQ(sample.sampler.cells().cells.size(), 2U);
    std::vector<double> losses;
    for (std::int64_t row = 0; row < sample.data.train.count; ++row)
      losses.push_back(
          sample.people.labels[static_cast<std::size_t>(sample.data.order[static_cast<std::size_t>(row)])] +
          1e-6 * static_cast<double>(row));
    end_epoch(sample);
    sample.policy.focus_on(losses);
    sample.policy.follow();
    std::vector<double> natural(4), seen(4);
    const auto* cells = sample.data.cells.data_ptr<std::uint8_t>();
    for (std::int64_t row = 0; row < sample.data.train.count; ++row) ++natural[cells[row]];
    at::Tensor rows = at::empty({100}, at::kLong), step = at::zeros({1}, at::kLong);
    constexpr int kBatches = 4000;
    for (int i = 0; i < kBatches; ++i, step.add_(1)) {
      sample.policy.draw(rows, 9, step);
      if (mixes) sample.policy.made()->make(rows, 9, step);
      for (std::int64_t slot = 0; slot < (mixes ? 200 : 100); ++slot) {
        const std::int64_t row = (mixes ? sample.policy.made()->counted_rows() : rows).data_ptr<std::int64_t>()[slot];
        seen[cells[row]] += mixes ? sample.policy.made()->counted_parts().data_ptr<float>()[slot] : 1;
      }
    }
    for (std::size_t cell = 0; cell < 4; ++cell) {
      const double corrected = seen[cell] *
                               sample.policy.corrections()[0][static_cast<std::int64_t>(cell)][0].item<double>() /
                               kBatches / 100;
      EXPECT_NEAR(corrected / (natural[cell] / static_cast<double>(sample.data.train.count)), 1, 0.02) << cell << mixes;
    }
  }
}

TEST(HardRows, OfACellWithOneRowThatOneIsAll) {
  data::Dataset people = binary_people(60, false);
  people.groupings[0].levels.push_back("other");
  people.groupings[0].codes[0] = 2;
  people.splits[0] = data::Split::train;
  sampling::RecipeParams all = hard(0.1, 0.5);
  all.by = {"sex"};
  Policed sample(people, odds_and_parity(), {all});
  end_epoch(sample);
  sample.policy.focus_on(std::vector<double>(static_cast<std::size_t>(sample.data.train.count), 1.0));
  sample.policy.follow();
  at::Tensor batch = at::empty({100}, at::kLong), step = at::zeros({1}, at::kLong);
  sample.policy.draw(batch, 9, step);
  const auto alone = std::ranges::find(sample.data.order, std::int64_t{0}) - sample.data.order.begin();
  int times = 0;
  for (int i = 0; i < 500; ++i, step.add_(1)) {
    sample.policy.draw(batch, 9, step);
    times += static_cast<int>(batch.eq(alone).sum().item<std::int64_t>());
  }
  const double even = 50000.0 / static_cast<double>(sample.data.train.count);  // its cell's share is its own
  EXPECT_NEAR(times, even, 5 * std::sqrt(even));
}

// The mean of rows' losses is the loss that is measured of them.
TEST(RowLosses, AddUpToWhatIsMeasured) {
  for (const Task task : {Task::binary, Task::classes, Task::labels, Task::regression}) {
    const data::Dataset people =
        task == Task::binary ? binary_people(600, false) : generated_outcomes(task, 600, false);
    RunConfig config = small_config();
    config.training.epochs = 2;
    config.training.keep = "final";
    const std::vector<TrainingResult> results = trained(people, config);
    core::Journal journal;
    const constraints::ConstraintTable table = constraints::compile({}, people, 10, {}, journal);
    const DeviceData data = to_device(people, table.cells, 1, 3, at::kCPU);
    const std::vector<double> losses = row_losses(*results.front().learner, 0, data, config.training);
    ASSERT_EQ(static_cast<std::int64_t>(losses.size()), data.train.count);
    const double mean = std::accumulate(losses.begin(), losses.end(), 0.0) / static_cast<double>(losses.size());
    EXPECT_NEAR(mean, results.front().measurements.back().training_loss, 1e-4) << static_cast<int>(task);
  }
}

// Where scores are cut into bins the kernels' cells do not tell labels apart as the table's do.
TEST(RowLosses, KnowTheLabelsOfScoresWithBins) {
  const data::Dataset people = binary_people(300, false);
  constraints::ConstraintParams calibration{"calibration", {"sex"}, 0.05};
  calibration.bins = 4;
  core::Journal journal;
  const constraints::ConstraintTable plain = constraints::compile({}, people, 10, {}, journal),
                                     binned = constraints::compile({calibration}, people, 10, {}, journal);
  const DeviceData data = to_device(people, plain.cells, 1, 3, at::kCPU),
                   with_bins = to_device(people, binned.cells, 1, 3, at::kCPU);
  ASSERT_GT(with_bins.kernel.score_bins, 0);
  ASSERT_EQ(data.order, with_bins.order);
  models::ModelParams model;
  model.kind = "linear";
  const auto learner = models::make_learner(model, data.host, {4}, at::kCPU);
  EXPECT_EQ(row_losses(*learner, 0, data, {}), row_losses(*learner, 0, with_bins, {}));
}

TEST(RowLosses, AreOfTheMemberThatDoesNotLearnFromTheRow) {
  const data::Dataset people = binary_people(600, false);
  core::Journal journal;
  const constraints::ConstraintTable table = constraints::compile({}, people, 10, {}, journal);
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  models::ModelParams model;
  model.kind = "linear";
  const auto learner = models::make_learner(model, data.host, {4, 5, 6}, at::kCPU);
  const std::vector<double> losses = row_losses(*learner, 0, data, {});
  for (std::int64_t fold = 0; fold < 3; ++fold) {
    const auto [first, count] = data.folds[static_cast<std::size_t>(fold)];
    at::Tensor logits = at::empty({1, count});
    learner->score(data.encoded, first, {fold, 3}, logits);
    for (std::int64_t i = 0; i < count; ++i) {
      const double z = logits[0][i].item<double>();
      const bool positive = data.cell_labels[data.cells[first + i].item<std::int64_t>()].item<int>() == 1;
      EXPECT_NEAR(losses[static_cast<std::size_t>(first + i)], std::log1p(std::exp(positive ? -z : z)), 1e-6);
    }
  }
}

TEST(RowLosses, TheRankingKnowsWhoIsPositive) {
  const data::Dataset people = binary_people(2000, false);
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {});
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  const std::vector<double> scores = ranking_scores(data, table, 3);
  double positive = 0, negative = 0, positives = 0;
  for (std::int64_t row = 0; row < data.train.count; ++row) {
    const bool is_positive = people.labels[static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)])] == 1;
    (is_positive ? positive : negative) += scores[static_cast<std::size_t>(row)];
    positives += is_positive;
  }
  EXPECT_GT(positive / positives, negative / (static_cast<double>(data.train.count) - positives) + 1);
  EXPECT_EQ(scores, ranking_scores(data, table, 3));
}

// Rows whose label is changed are learnt as of the cell beside theirs; what is measured keeps it.
TEST(ChangedLabels, AreThoseOfTheBatchAlone) {
  data::Dataset people = binary_people(1000, false);
  const sampling::RecipeParams massage = recipe("massage", {"sex"});
  const constraints::ConstraintTable table = Policed::compiled(people, odds_and_parity(), {{massage}});
  const DeviceData data = to_device(people, table.cells, 3, 3, at::kCPU);
  sampling::Sampler sampler({{massage}}, people, std::vector(data.order.begin(), data.order.begin() + data.train.count),
                            config::Origin());
  sampler.rank(ranking_scores(data, table, 3));
  RowPolicy policy(sampler, data, 100);
  at::Tensor cells = at::empty({data.train.count}, data.fold_cells.options()), no_targets;
  policy.labels()->draw(cells, no_targets, at::arange(data.train.count, at::kLong), 5, at::zeros({1}, at::kLong));
  std::int64_t changed = 0;
  std::vector<double> natural(static_cast<std::size_t>(data.kernel.cells)), learnt(natural.size());
  for (std::int64_t row = 0; row < data.train.count; ++row) {
    const auto own = data.fold_cells[row].item<std::int64_t>(), batch = cells[row].item<std::int64_t>();
    const bool is_changed = sampler.label_choices()->answers[static_cast<std::size_t>(row)] !=
                            people.labels[static_cast<std::size_t>(data.order[static_cast<std::size_t>(row)])];
    changed += is_changed;
    EXPECT_EQ(data.fold_cell_labels[own].item<int>() != data.fold_cell_labels[batch].item<int>(), is_changed);
    EXPECT_EQ(own / 2, batch / 2);
    ++natural[static_cast<std::size_t>(own % data.kernel.cells)];
    ++learnt[static_cast<std::size_t>(batch % data.kernel.cells)];
  }
  EXPECT_GT(changed, 20);
  // Each group now has positives alike, and the sums are corrected by what that changed.
  EXPECT_NEAR(learnt[1] / (learnt[0] + learnt[1]), learnt[3] / (learnt[2] + learnt[3]), 0.01);
  for (std::size_t cell = 0; cell < natural.size(); ++cell)
    EXPECT_NEAR(policy.corrections()[0][static_cast<std::int64_t>(cell)][0].item<double>(),
                natural[cell] / learnt[cell], 1e-9);
}

// Each time a row is drawn it has the label of one of its annotators, and over many draws each as often.
TEST(ChangedLabels, AreThoseOfTheAnnotators) {
  for (const Task task : {Task::binary, Task::classes}) {
    data::Dataset people = task == Task::binary ? binary_people(300, false) : generated_outcomes(task, 300, false);
    people.annotators = {"ann", "bob", "eve"};
    for (std::size_t row = 0; row < 300; ++row) {
      const std::uint8_t own = people.labels[row], other = own == 0 ? 1 : 0;
      // Every third row: two agree and one does not; the next: one of two; the rest: nobody saw it.
      const std::uint8_t none = data::kNoAnnotation;
      if (row % 3 == 0) people.annotations.insert(people.annotations.end(), {own, other, own});
      if (row % 3 == 1) people.annotations.insert(people.annotations.end(), {none, other, own});
      if (row % 3 == 2) people.annotations.insert(people.annotations.end(), {none, none, none});
    }
    const sampling::RecipeParams soft = recipe("soft_labels", {});
    Policed sample(people, task == Task::binary ? odds_and_parity() : constraints_of(task), {soft});
    ASSERT_NE(sample.policy.labels(), nullptr);
    EXPECT_THAT(sample.sampler.warnings(), testing::ElementsAre(testing::HasSubstr("soft_labels: nobody annotated")));
    const std::int64_t rows = sample.data.train.count, answers = task == Task::binary ? 2 : sample.data.kernel.outputs;
    at::Tensor cells = at::empty({rows}, sample.data.fold_cells.options()), targets = at::empty({rows}),
               step = at::zeros({1}, at::kLong);
    const at::Tensor all = at::arange(rows, at::kLong);
    constexpr int kDraws = 2000;
    std::vector<double> own_label(static_cast<std::size_t>(rows));
    std::vector<double> seen(static_cast<std::size_t>(sample.data.kernel.cells)), natural(seen.size());
    for (int draw = 0; draw < kDraws; ++draw, step.add_(1)) {
      sample.policy.labels()->draw(cells, targets, all, 5, step);
      for (std::int64_t row = 0; row < rows; ++row) {
        const auto cell = cells[row].item<std::int64_t>();
        own_label[static_cast<std::size_t>(row)] += cell == sample.data.fold_cells[row].item<std::int64_t>();
        EXPECT_EQ(cell % answers, static_cast<std::int64_t>(targets[row].item<float>()));
        seen[static_cast<std::size_t>(cell)] += 1.0 / kDraws;
        if (draw == 0) ++natural[static_cast<std::size_t>(sample.data.fold_cells[row].item<std::int64_t>())];
      }
    }
    for (std::int64_t row = 0; row < rows; ++row) {
      const double expected[] = {2 / 3.0, 0.5, 1};
      const std::int64_t of_people = sample.data.order[static_cast<std::size_t>(row)];
      EXPECT_NEAR(own_label[static_cast<std::size_t>(row)] / kDraws, expected[of_people % 3], 0.05);
    }
    const std::int64_t outcomes = sample.data.kernel.outcomes;
    for (std::size_t cell = 0; cell < seen.size(); ++cell)
      if (natural[cell] > 0 && seen[cell] > 0) {
        EXPECT_NEAR(
            sample.policy.corrections()[0][static_cast<std::int64_t>(cell) * outcomes][0].item<double>() * seen[cell],
            natural[cell], 0.05 * natural[cell]);
      }
  }
}

// Learnt with labels that groups have alike, a network selects them more alike.
TEST(ChangedLabels, BringTheRatesOfGroupsTogether) {
  const data::Dataset people = generated_people(4000);
  RunConfig config = small_config();
  config.constraints = {{"demographic_parity", {"sex"}, 0.9}};
  const double plain = *trained(people, config).front().measurements.back().training_gaps[0];
  config.sampling.recipes = {recipe("massage", {"sex"})};
  const TrainingResult massaged = std::move(trained(people, config).front());
  EXPECT_LT(*massaged.measurements.back().training_gaps[0], 0.9 * plain);
  EXPECT_THAT(massaged.sampling->epochs.back().why, testing::HasSubstr("labels changed"));
}

}  // namespace focus_test
}  // namespace equipoise::training
