#include "engine/cli/posterior.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/config/field_problems.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/row_counts.h"
#include "engine/core/error.h"
#include "engine/frontier/confidence_margins.h"
#include "engine/models/no_autograd.h"
#include "engine/training/allowance.h"
#include "engine/training/folds.h"
#include "engine/training/scoring.h"

namespace equipoise::cli {
namespace {

// The same rows, of which is told what cell they are in, without their inputs.
data::Dataset cells_as_classes(const data::Dataset& dataset, const data::Cells& cells) {
  data::Dataset classes;
  classes.task = data::Task::classes;
  classes.outcomes = frontier::posterior_cells_of(cells).names;
  for (const std::int32_t cell : frontier::posterior_cell_of_rows(cells, dataset.labels))
    classes.labels.push_back(static_cast<std::uint8_t>(cell));
  classes.weights = dataset.weights;
  classes.splits = dataset.splits;
  classes.encoded.rows = dataset.rows();
  return classes;
}

// The same with their inputs, which are lent from one data set to the other.
class CellsAsClasses {
 public:
  CellsAsClasses(data::Dataset& dataset, const data::Cells& cells)
      : dataset_(dataset), classes_(cells_as_classes(dataset, cells)) {
    std::swap(classes_.encoded, dataset_.encoded);
  }
  ~CellsAsClasses() { std::swap(classes_.encoded, dataset_.encoded); }
  CellsAsClasses(const CellsAsClasses&) = delete;
  CellsAsClasses& operator=(const CellsAsClasses&) = delete;

  const data::Dataset& dataset() const { return classes_; }

 private:
  data::Dataset& dataset_;
  data::Dataset classes_;
};

constraints::ConstraintTable without_constraints(const training::RunConfig& config, const data::Dataset& classes,
                                                 const config::Origin& origin) {
  core::Journal quiet;
  return constraints::compile({}, classes, config.multipliers.min_rows, origin, quiet);
}

// [members] the rows of the data set that each member of a cross-fitted posterior left out, as its training cut them.
std::vector<std::vector<std::int64_t>> left_out(const training::RunConfig& config, const data::Dataset& dataset,
                                                const constraints::ConstraintTable& table,
                                                const config::Origin& origin) {
  const data::Dataset classes = cells_as_classes(dataset, table.cells);
  return training::cut_into_folds(classes.rows_of(data::Split::train),
                                  without_constraints(config, classes, origin).cells, config.multipliers.folds,
                                  static_cast<std::uint64_t>(config.seed));
}

}  // namespace

void check_frontier(const training::RunConfig& config, const config::Origin& origin) {
  config::FieldProblems problems(origin);
  problems.collect([&] { frontier::check_constraints(config.constraints, data::task_of(config.data.label), origin); });
  if (!config.bank.empty())
    problems.refuse("bank", "a frontier is of one training, and has all tolerances; take it out (~bank)");
  if (!config.sampling.empty())
    problems.refuse(
        "sampling.recipes",
        "a frontier decides by the posterior of the rows as they are, and recipes change whom it is learnt from; "
        "take them out (~sampling)");
  if (config.training.keep == "mixture")
    problems.refuse(
        "training.keep",
        "it is 'mixture', and a frontier is of one model, whose rules are drawn where decision.randomised asks for it; "
        "set best_feasible");
  if (config.training.distill)
    problems.refuse("training.distill",
                    "it teaches one network what decisions are, and a frontier needs posteriors of cells");
  if (models::is_searched_for(config.model))
    problems.refuse("model.kind", "it is 'auto', and a search judges models that decide; name a kind of model");
  if (config.training.label_smoothing > 0)
    problems.refuse("training.label_smoothing",
                    "a frontier decides by posteriors, and smoothed labels are not what rows have; take it out");
  if (config.data.teacher.is_named())
    problems.refuse("data.teacher",
                    "a frontier learns posteriors of cells, which no teacher has scored; take it out (~data.teacher)");
  if (!config.training.warm_start.empty())
    problems.refuse("training.warm_start",
                    "a posterior of cells has other outputs than a model that decides; take it out");
  if (config.decision.uses_group &&
      std::ranges::any_of(config.constraints, [](const auto& one) { return constraints::needs_stored_decisions(one); }))
    problems.refuse(
        "decision.uses_group",
        "rules know of a row the groups that constraints name, and constraints about stored decisions would "
        "make these one of them: leave one of the two out");
  if (!config.multipliers.start_from.empty())
    problems.refuse("multipliers.start_from",
                    "a frontier solves for its multipliers, and starts from none; take it out");
  problems.throw_if_any();
}

training::TrainingResult train_posterior(const training::RunConfig& config, data::Prepared& prepared,
                                         const constraints::ConstraintTable& table, const at::Device& device,
                                         const config::Origin& origin, core::Journal& journal,
                                         training::CheckpointPlan* checkpoints) {
  const frontier::PosteriorCells cells = frontier::posterior_cells_of(table.cells);
  frontier::check_count(cells);
  training::RunConfig own = config;
  // No rates are measured; members that leave out folds are a model all the same, for those who ask for them, and have rows held out
  // where no split is.
  if (held_out_split(prepared.dataset) == data::Split::train) own.multipliers.measure_on = "cross_fitted";
  if (own.multipliers.measure_on != "cross_fitted") own.multipliers.measure_on = "train";
  own.constraints.clear();
  if (models::grows(own.model)) own.model.families = cells.answers;  // docs/decisions/0035-nested-posterior.md
  journal.say(fmt::format("A posterior of {} cells, without constraints:", cells.count()));
  const CellsAsClasses classes(prepared.dataset, table.cells);
  std::vector<training::TrainingResult> results =
      training::train({own}, classes.dataset(), {without_constraints(own, classes.dataset(), origin)}, device, origin,
                      journal, {.checkpoints = checkpoints});
  training::TrainingResult& result = results.front();
  if (result.interrupted && result.saved_step > 0) return std::move(result);
  if (result.interrupted) throw *result.interrupted;
  if (result.outcome != "finished") throw core::UserError(core::Fault::numerical, result.failure);
  return std::move(result);
}

std::vector<double> posteriors_of(const training::RunConfig& config, const data::Dataset& dataset,
                                  const constraints::ConstraintTable& table, models::Learner& learner,
                                  const at::Device& device, const config::Origin& origin) {
  const models::NoAutograd no_autograd;
  models::OutputMeaning meaning;
  meaning.task = data::Task::classes;
  const models::EncodedTensors encoded = models::to_tensors(dataset.encoded, device);
  if (held_out_split(dataset) == data::Split::selection) return training::scores(encoded, learner, meaning);
  if (learner.members() != config.multipliers.folds)
    throw core::UserError(
        core::Fault::data,
        fmt::format("the model has {}, and rows were left out by one for each of {} folds "
                    "(multipliers.folds): one of the two was changed after the training",
                    learner.members() == 1 ? "one member" : fmt::format("{} members", learner.members()),
                    config.multipliers.folds),
        origin.of("multipliers.folds"));
  return training::out_of_fold_scores(encoded, learner, meaning, left_out(config, dataset, table, origin));
}

data::Split held_out_split(const data::Dataset& dataset) {
  return dataset.rows_of(data::Split::selection).empty() ? data::Split::train : data::Split::selection;
}

void check_held_out(const training::RunConfig& config, const data::Dataset& dataset, const config::Origin& origin) {
  const std::string& measured = config.multipliers.measure_on;
  if (held_out_split(dataset) == data::Split::selection || measured == "auto" || measured == "cross_fitted") return;
  throw core::UserError(
      core::Fault::config,
      fmt::format("multipliers.measure_on is '{}', which makes one network that learns from all training rows, and a "
                  "frontier solves for its multipliers on rows that were not learnt from, but there is no selection "
                  "split; set auto or cross_fitted, or data.split.selection to a share such as 0.2",
                  measured),
      origin.of("multipliers.measure_on"));
}

frontier::HeldOut held_out_rows(const data::Dataset& dataset, const frontier::PosteriorCells& cells,
                                const std::vector<double>& posteriors) {
  const std::vector<std::int64_t> rows = dataset.rows_of(held_out_split(dataset));
  frontier::HeldOut held_out;
  const auto count = static_cast<std::ptrdiff_t>(cells.count());
  for (const std::int64_t row : rows) {
    const auto first = posteriors.begin() + static_cast<std::ptrdiff_t>(row) * count;
    held_out.posteriors.insert(held_out.posteriors.end(), first, first + count);
    held_out.weights.push_back(dataset.weight_of(static_cast<std::size_t>(row)));
  }
  return held_out;
}

frontier::MarginsOf margins_of(const training::RunConfig& config, const constraints::ConstraintTable& table,
                               const data::Dataset& dataset) {
  if (config.multipliers.margin == 0) return {};
  const auto allowance = [&]() -> training::Allowance {
    // Sums are of training rows, as in training.
    if (held_out_split(dataset) == data::Split::train)
      return training::allowance_of(config, table, dataset, training::MeasuredSplits::cross_fitted);
    constexpr int kSelection = static_cast<int>(data::Split::selection);
    const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
    const std::vector<double>&weight = counts.weight[kSelection], &square = counts.square_weight[kSelection];
    const std::vector<double> efficiency = training::efficiency_of(table, weight, square, weight);
    return {{0, 0, config.multipliers.margin}, efficiency, efficiency};
  }();
  return [table, allowance](const std::vector<double>& sums) {
    return allowance.margins(table, constraints::rate_values(table, sums, constraints::Reading::exact), sums);
  };
}

frontier::MarginsOf confidence_margins_of(const training::RunConfig& config, const constraints::ConstraintTable& table,
                                          const data::Dataset& dataset) {
  const auto split = static_cast<int>(held_out_split(dataset));
  const constraints::RowCounts counts = constraints::count_rows(table.cells, dataset);
  const std::vector<double>& weight = counts.weight[split];
  std::vector<double> people = training::efficiency_of(table, weight, counts.square_weight[split], weight);
  const auto test = static_cast<int>(data::Split::test);
  if (counts.used(test))
    for (double& of_rate : people)
      of_rate *= static_cast<double>(counts.rows[test]) / static_cast<double>(counts.rows[split]);
  return [table, people, confidence = config.decision.confidence](const std::vector<double>& sums) {
    const std::vector<double> rates = constraints::rate_values(table, sums, constraints::Reading::exact);
    std::vector<double> errors;
    for (std::size_t r = 0; r < rates.size(); ++r) {
      const double rows =
          people[r] * constraints::value_of(table.rates[r].denominator, sums, constraints::Reading::exact);
      errors.push_back(frontier::error_of_share(rates[r], rows));
    }
    return frontier::confidence_margins(table, errors, confidence);
  };
}

}  // namespace equipoise::cli
