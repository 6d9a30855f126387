#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/training/row_policy.h"
#include "tests/engine/training/generated_people.h"

namespace equipoise::training {

inline sampling::RecipeParams recipe(const std::string& name, std::vector<std::string> by) {
  sampling::RecipeParams params;
  params.recipe = name;
  params.by = std::move(by);
  return params;
}

// One that makes rows, by sex.
inline sampling::RecipeParams making(const std::string& name, double share) {
  sampling::RecipeParams params = recipe(name, {"sex"});
  params.share = share;
  return params;
}

// Data, a table and what some recipes make of them.
struct Policed {
  data::Dataset people;
  constraints::ConstraintTable table;
  DeviceData data;
  sampling::Sampler sampler;
  RowPolicy policy;

  Policed(data::Dataset rows, const std::vector<constraints::ConstraintParams>& constraints,
          const std::vector<sampling::RecipeParams>& recipes, const at::Device& device = at::kCPU)
      : people(std::move(rows)),
        table(compiled(people, constraints, {recipes})),
        data(to_device(people, table.cells, 1, 3, device)),
        sampler({recipes}, people, std::vector(data.order.begin(), data.order.begin() + data.train.count),
                config::Origin()),
        policy(sampler, data, 100) {}

  static constraints::ConstraintTable compiled(const data::Dataset& people,
                                               const std::vector<constraints::ConstraintParams>& constraints,
                                               const sampling::SamplingParams& recipes) {
    core::Journal journal;
    return constraints::compile(constraints, people, 10, {}, journal, sampling::groupings_of(recipes));
  }
};

inline data::Dataset binary_people(std::int64_t rows, bool is_weighted) {
  data::Dataset people = generated_people(rows);
  for (std::int64_t i = 0; is_weighted && i < rows; ++i) people.weights.push_back(0.5f + static_cast<float>(i % 4));
  return people;
}

inline std::vector<constraints::ConstraintParams> odds_and_parity() {
  return {{"equalized_odds", {"sex"}, 0.02}, {"demographic_parity", {"sex"}, 0.02}};
}

}  // namespace equipoise::training
