#pragma once

#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "engine/models/no_autograd.h"
#include "engine/training/step.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {

struct StepCase {
  std::string model = "mlp", optimizer = "adamw";
  std::int64_t runs = 1, folds = 1;
  bool is_weighted = false, is_embedded = false;
  std::string schedule = "cosine";
  double momentum = 0.9, weight_decay = 0.01;
  std::int64_t steps = 20;
  models::Precision precision = models::Precision::fp32;
  std::vector<std::string> recipes = {};
  std::string priced_by = "this_batch";

  friend std::ostream& operator<<(std::ostream& out, const StepCase& c) {
    return out << c.model << ", " << c.optimizer << ", " << c.runs << " runs, " << c.folds << " folds"
               << (c.recipes.empty() ? "" : ", recipes") << (c.is_weighted ? ", weighted" : "")
               << (c.is_embedded ? ", embedded" : "") << ", priced by " << c.priced_by << ", precision "
               << static_cast<int>(c.precision);
  }
};

inline StepCase with_recipes(StepCase wanted, std::vector<std::string> recipes) {
  wanted.recipes = std::move(recipes);
  return wanted;
}

inline StepCase priced_late(StepCase wanted) {
  wanted.priced_by = "batch_before";
  return wanted;
}

/// What steps differ in: the model with its dropout, the optimizer, weights, a bank, cross-fitted folds, an embedding.
inline std::vector<StepCase> step_cases() {
  return {{"mlp", "adamw"},
          {"mlp", "sgd"},
          {"linear", "adamw"},
          {"linear", "sgd"},
          {"mlp", "adamw", 1, 1, true},
          {"mlp", "sgd", 3, 1, true},
          {"mlp", "adamw", 3},
          {"linear", "adamw", 3},
          {"mlp", "adamw", 1, 3},
          {"mlp", "sgd", 2, 3, true},
          {"mlp", "adamw", 2, 1, false, true},
          priced_late({"mlp", "adamw", 2}),
          priced_late({"mlp", "adamw", 2, 3, true}),
          with_recipes({"mlp", "adamw"}, {"balance", "reweigh", "smote", "corrupt"}),
          with_recipes({"mlp", "adamw", 2, 3, true}, {"balance", "reweigh", "smote", "corrupt"})};
}

/// With recipes that mix rows, and that choose labels.
inline std::vector<StepCase> step_cases_of_more_recipes() {
  return {with_recipes({"mlp", "adamw"}, {"balance", "smote", "mixup"}),
          with_recipes({"mlp", "adamw", 2, 3, true, true}, {"jitter", "copula", "mixup"}),
          with_recipes({"mlp", "adamw", 1, 3}, {"hard", "massage"})};
}

/// All of these in every precision: those below fp32 need a GPU.
inline std::vector<StepCase> step_cases_on_gpu() {
  std::vector<StepCase> cases, wanted_ones = step_cases();
  for (StepCase& one : step_cases_of_more_recipes()) wanted_ones.push_back(std::move(one));
  for (const models::Precision precision :
       {models::Precision::fp32, models::Precision::tf32, models::Precision::bf16}) {
    for (StepCase wanted : wanted_ones) {
      wanted.precision = precision;
      cases.push_back(wanted);
    }
  }
  return cases;
}

/// A training step over generated people, with all that it needs: dropout, equalized odds, multipliers above 0.
class StepSample {
 public:
  StepSample(const StepCase& wanted, const at::Device& device, const distributed::Ranks& ranks = distributed::alone())
      : people_(people_of(wanted)),
        table_(table_of(people_)),
        data_(to_device(people_, table_.cells, wanted.folds, 3, device)),
        members_(wanted.runs * wanted.folds) {
    if (!wanted.recipes.empty()) {
      sampling::SamplingParams recipes;
      for (const std::string& name : wanted.recipes) {
        sampling::RecipeParams& one = recipes.recipes.emplace_back();
        one.recipe = name;
        one.by = {"sex"};
        if (sampling::recipe_entry(name).decides == sampling::Decides::made) one.share = 0.3;
        if (name == "mixup") {
          one.by = {};
          one.inside = {"label"};
          one.across = {"sex"};
        }
      }
      const auto rows = static_cast<std::ptrdiff_t>(data_.train.count);
      sampler_ = std::make_unique<sampling::Sampler>(
          recipes, people_, std::vector(data_.order.begin(), data_.order.begin() + rows), config::Origin());
      if (sampler_->ranks_rows()) sampler_->rank(std::vector<double>(static_cast<std::size_t>(rows), 0.5));
      policy_ = std::make_unique<RowPolicy>(*sampler_, data_, small_config().training.batch_size);
    }
    std::vector<std::uint64_t> seeds;
    for (std::int64_t k = 0; k < members_; ++k) seeds.push_back(static_cast<std::uint64_t>(11 + k));
    models::ModelParams model = small_config().model;
    model.kind = wanted.model;
    model.hidden = {16, 8};
    learner_ = models::make_learner(model, data_.host, seeds, device, wanted.precision);
    TrainingParams params = small_config().training;
    params.schedule = wanted.schedule;
    params.optimizer.kind = wanted.optimizer;
    params.optimizer.momentum = wanted.momentum;
    params.optimizer.weight_decay = wanted.weight_decay;
    params.optimizer.clip_norm = 10;
    const std::vector<double> rates(static_cast<std::size_t>(members_), 1e-2);
    constraints::MultiplierParams multipliers;
    multipliers.priced_by = wanted.priced_by;
    step_ = std::make_unique<TrainingStep>(data_, table_, multipliers, params, rates, wanted.steps, 5, *learner_,
                                           policy_.get(), SoftTargetParams(), ranks);
    set_multipliers(0.5);
  }

  void set_multipliers(double value) {
    for (std::int64_t k = 0; k < members_; ++k)
      step_->set_multipliers(k, std::vector<double>(table_.rows.size(), value * static_cast<double>(k + 1)));
  }

  void run(int steps) {
    const models::NoAutograd no_autograd;
    for (int i = 0; i < steps; ++i) step_->run();
  }

  TrainingStep& step() { return *step_; }
  DeviceData& data() { return data_; }
  const DeviceData& data() const { return data_; }
  const data::Dataset& people() const { return people_; }
  models::Learner& learner() { return *learner_; }
  at::Tensor weights() { return learner_->flat_parameters().to(at::kCPU).clone(); }

 private:
  static data::Dataset people_of(const StepCase& wanted) {
    data::Dataset people = generated_people(2000);
    people.encoded.features[1].embedded = wanted.is_embedded;
    for (std::int64_t i = 0; wanted.is_weighted && i < people.rows(); ++i)
      people.weights.push_back(0.5f + static_cast<float>(i % 4) / 4);
    return people;
  }

  static constraints::ConstraintTable table_of(const data::Dataset& people) {
    constraints::ConstraintParams wanted;
    wanted.kind = "equalized_odds";
    wanted.group = {"sex"};
    core::Journal journal;
    return constraints::compile({wanted}, people, 30, {}, journal);
  }

  data::Dataset people_;
  constraints::ConstraintTable table_;
  DeviceData data_;
  std::int64_t members_;
  std::unique_ptr<models::Learner> learner_;
  std::unique_ptr<sampling::Sampler> sampler_;
  std::unique_ptr<RowPolicy> policy_;
  std::unique_ptr<TrainingStep> step_;
};

}  // namespace equipoise::training
