#include "engine/training/sampled_batches.h"

#include <algorithm>
#include <stdexcept>

#include "engine/constraints/forms.h"
#include "engine/core/error.h"
#include "engine/training/fold_shortages.h"
#include "engine/training/measured_cells.h"
#include "engine/training/row_losses.h"
#include "engine/training/step.h"

namespace equipoise::training {
namespace {

// What a policy wants to know of the rows. What takes its time is said before.
const sampling::Sampler& prepared(sampling::Sampler& sampler, const RunConfig& config, const DeviceData& data,
                                  const constraints::ConstraintTable& table, core::Journal& journal) {
  if (sampler.ranks_rows()) {
    journal.say("Learning a logistic regression that ranks rows for massage.");
    sampler.rank(ranking_scores(data, table, static_cast<std::uint64_t>(config.seed)));
  }
  const auto is_smote = [](const sampling::Sampler::Making& one) { return one.params.recipe == "smote"; };
  if (std::ranges::any_of(sampler.makings(), is_smote))
    journal.say("Finding the nearest rows of each cell for SMOTE; the time grows with the square of its rows.");
  return sampler;
}

}  // namespace

void check_gap_to_wait_for(const sampling::Sampler& sampler, const constraints::ConstraintTable& table,
                           const config::Origin& origin) {
  if (sampler.waits_for_gap() && std::ranges::none_of(table.promises, constraints::compares_groups))
    throw core::UserError(core::Fault::config,
                          "sampling.recipes: 'until' waits for a gap between groups, and no constraint compares any",
                          origin.of("sampling.recipes"));
}

SampledBatches::SampledBatches(const RunConfig& config, const data::Dataset& dataset, const DeviceData& data,
                               const constraints::ConstraintTable& table, const config::Origin& origin,
                               core::Journal& journal)
    : data_(data),
      training_(config.training),
      batch_seed_(TrainingStep::batch_seed(static_cast<std::uint64_t>(config.seed))),
      sampler_(config.sampling, dataset, training_rows(data), origin),
      policy_(prepared(sampler_, config, data, table, journal), data, config.training.batch_size) {
  if (dataset.encoded.images.any()) check_picture_changes(config.sampling, dataset.encoded.images, origin);
  for (const std::string& name : sampler_.cells().groupings)
    if (std::ranges::find(table.cells.groupings, name) == table.cells.groupings.end())
      throw std::logic_error("the cells of the constraints do not tell the recipes' groups apart: " + name);
  check_gap_to_wait_for(sampler_, table, origin);
  for (const std::string& warning : sampler_.warnings()) journal.warn(warning);
  for (const std::string& warning : fold_shortages(sampler_, data)) journal.warn(warning);
}

void SampledBatches::end_epoch(std::int64_t done, std::int64_t steps, const RunState::Sums& sums, const RunState& run,
                               models::Learner& learner) {
  const RowPolicy::Drawn drawn = policy_.drawn(done - steps, steps, batch_seed_);
  sampler_.end_epoch(drawn.rows, drawn.made, measured_cells(sums.train, run.table().cells, sampler_.cells()),
                     run.largest_group_gap());
  if (sampler_.favours_hard_rows()) policy_.focus_on(row_losses(learner, 0, data_, training_));
  policy_.follow();
}

void SampledBatches::walk(const checkpoint::StateWalk& walk) {
  sampling::Sampler::Progress progress = sampler_.progress();
  walk.value("epoch", progress.epoch);
  walk.values_of_same_size("shares", progress.shares);
  walk.values_of_same_size("weights", progress.weights);
  for (std::size_t i = 0; i < progress.made.size(); ++i)
    walk.values_of_same_size("made." + std::to_string(i), progress.made[i]);
  walk.values_of_same_size("hard", progress.hard);
  walk.value("penalty", progress.penalty);
  walk.values_of_same_size("is_over", progress.is_over);
  walk.value("why", progress.why);
  walk.list("epochs", progress.epochs, [](const checkpoint::StateWalk& inner, sampling::SamplingLog::Epoch& epoch) {
    inner.value("epoch", epoch.epoch);
    inner.value("drawn", epoch.drawn);
    inner.value("made", epoch.made);
    inner.value("weights", epoch.weights);
    inner.value("why", epoch.why);
  });
  policy_.walk(walk);
  if (!walk.restores()) return;
  sampler_.go_on_from(progress);
  policy_.follow();
}

}  // namespace equipoise::training
