#include "engine/cli/arm_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <utility>

#include "engine/cli/compiled_tables.h"
#include "engine/cli/starting_multipliers.h"
#include "engine/cli/starting_weights.h"
#include "engine/models/learner.h"
#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"
#include "engine/training/image_batches.h"
#include "engine/training/kernel_cells.h"
#include "engine/training/measured_splits.h"
#include "engine/training/path_penalty.h"
#include "engine/training/rank_meetings.h"
#include "engine/training/sampled_batches.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

bool is_same(const core::Problem& one, const core::Problem& other) {
  return one.text() == other.text();
}

// An arm over the rows of a seed, as training finds it.
struct ArmOnRows {
  const training::RunConfig& config;
  const data::Prepared& prepared;
  const config::Origin& origin;
  std::int64_t training_rows = 0;
  std::optional<sampling::Sampler> sampler = {};  // where the config has recipes
  std::optional<at::Device> device = {};
  std::optional<constraints::ConstraintTable> table = {};

  std::int64_t batch() const { return training::batch_of(config, training_rows); }
};

void check_rows_of_a_batch(const ArmOnRows& arm) {
  training::RunConfig config = arm.config;
  config.training.batch_size = arm.batch();
  training::check_batch(config, arm.training_rows, distributed::alone(), arm.origin);
}

void make_sampler(ArmOnRows& arm) {
  if (arm.config.sampling.empty()) return;
  const data::Dataset& dataset = arm.prepared.dataset;
  if (dataset.encoded.images.any())
    training::check_picture_changes(arm.config.sampling, dataset.encoded.images, arm.origin);
  arm.sampler.emplace(arm.config.sampling, dataset, dataset.rows_of(data::Split::train), arm.origin);
}

std::int64_t folds_of(const ArmOnRows& arm, core::Journal& journal) {
  const data::Dataset& dataset = arm.prepared.dataset;
  const training::TrainingWork work =
      training::training_work(arm.config, dataset.encoded, arm.training_rows, *arm.device);
  const training::MeasuredSplits measured =
      training::choose_measured_splits(arm.config.multipliers, *arm.table, dataset, work, arm.origin, journal);
  return measured == training::MeasuredSplits::cross_fitted ? arm.config.multipliers.folds : 1;
}

// People are paired inside their fold: the sampler is of the rows fold by fold.
void check_path(const ArmOnRows& arm, std::int64_t folds) {
  const data::Dataset& dataset = arm.prepared.dataset;
  const training::DeviceData data =
      training::to_device(dataset, arm.table->cells, folds, static_cast<std::uint64_t>(arm.config.seed), at::kCPU);
  const sampling::Sampler sampler(arm.config.sampling, dataset, training::training_rows(data), arm.origin);
  const training::PathPenalty path(sampler, data, arm.batch());
}

void check_recipes_beside_constraints(const ArmOnRows& arm, core::Journal& journal) {
  const std::int64_t folds = folds_of(arm, journal);
  if (!arm.sampler) return;
  training::check_gap_to_wait_for(*arm.sampler, *arm.table, arm.origin);
  if (arm.sampler->path()) check_path(arm, folds);
}

// Its weights do not matter, nor how many of it learn together.
void check_learner(const ArmOnRows& arm) {
  const training::KernelCells kernel = training::kernel_cells(arm.table->cells);
  models::make_learner(arm.config.model, data::layout_of(*arm.prepared.encoder), {0}, *arm.device,
                       models::precision_of(arm.config.precision), kernel.outputs, kernel.task);
}

void check_start(const ArmOnRows& arm, core::Journal& journal) {
  starting_multipliers(arm.config, *arm.table, arm.origin, journal);
  starting_weights(arm.config, arm.prepared.dataset, arm.origin, journal);
}

}  // namespace

void ArmProblems::add(const std::string& arm, const core::UserError& error) {
  if (error.fault() == core::Fault::memory) throw;
  for (const core::Problem& problem : error.problems()) {
    const auto known = std::ranges::find_if(found_, [&](const Found& one) { return is_same(one.problem, problem); });
    Found& found = known != found_.end() ? *known : found_.emplace_back(Found{problem, error.fault(), {}});
    if (std::ranges::find(found.arms, arm) == found.arms.end()) found.arms.push_back(arm);
  }
}

bool ArmProblems::has(const std::string& arm) const {
  return std::ranges::any_of(
      found_, [&](const Found& found) { return std::ranges::find(found.arms, arm) != found.arms.end(); });
}

void ArmProblems::throw_if_any(std::size_t arms) const {
  if (found_.empty()) return;
  std::vector<core::Problem> problems;
  bool is_one_fault = true;
  for (const auto& [problem, fault, of] : found_) {
    is_one_fault = is_one_fault && fault == found_.front().fault;
    if (arms > 1 && of.size() == arms) {
      problems.push_back(problem);
      continue;
    }
    for (const std::string& arm : of)
      problems.push_back({fmt::format("arm '{}': {}", arm, problem.message), problem.position});
  }
  throw core::UserError(is_one_fault ? found_.front().fault : core::Fault::config, std::move(problems));
}

void check_arm(const std::string& arm, const training::RunConfig& config, const data::Prepared& prepared,
               const config::Origin& origin, ArmProblems& problems) {
  core::Journal nobody;
  const data::Dataset& dataset = prepared.dataset;
  ArmOnRows rows{config, prepared, origin, static_cast<std::int64_t>(dataset.rows_of(data::Split::train).size())};
  const auto look = [&](const auto& check) { problems.collect(arm, check); };
  look([&] { check_rows_of_a_batch(rows); });
  look([&] { make_sampler(rows); });
  look([&] { rows.device = training::choose_device(config, origin, nobody); });
  look([&] { rows.table = compile_tables({config}, dataset, origin, nobody).front(); });
  if (!rows.device || !rows.table) return;
  look([&] { check_recipes_beside_constraints(rows, nobody); });
  look([&] { check_learner(rows); });
  look([&] { check_start(rows, nobody); });
}

std::string in_one_line(const core::UserError& error) {
  std::string text;
  for (const core::Problem& problem : error.problems()) {
    std::istringstream lines(problem.message);
    for (std::string line; std::getline(lines >> std::ws, line);) text += (text.empty() ? "" : "; ") + line;
  }
  return text;
}

}  // namespace equipoise::cli
