// Random rows of every kind for the tests of outcome_stats, outcome_push and outcome_lagrangian.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "kernels/outcome_push/outcome_push.h"
#include "kernels/outcome_stats/outcome_stats.h"

namespace equipoise::kernels {

// A rule by its name and parameters, which is what the oracle reads.
struct NamedRule {
  std::string kind;
  std::vector<double> parameters;
};

struct OutcomeSample {
  NamedRule rule;
  at::Tensor scores;                  // [K, N, O]
  at::Tensor targets;                 // [N]
  at::Tensor cells;                   // [N]
  std::int64_t cell_count = 1;        // C
  std::optional<at::Tensor> weights;  // [N]
  at::Tensor loss_price;              // [K, C M], NaN where it may not be read
  at::Tensor soft_price;              // [K, C M]
};

struct OutcomeShape {
  std::int64_t members = 1;
  std::int64_t rows = 1025;
  std::int64_t cells = 8;
  at::ScalarType score_type = at::kFloat;
  at::ScalarType cell_type = at::kInt;
  bool weighted = false;
};

// Every kind, small and at its bounds.
inline std::vector<NamedRule> every_rule() {
  std::vector<double> many{3.5, 1.7, 0.9, 0.4};  // a quantile with 32 thresholds
  for (int j = 0; j < 32; ++j) many.push_back(-1.03 + 0.29 * j);
  return {{"softmax", {2}},
          {"softmax", {5}},
          {"softmax", {64}},
          {"squared", {3.5, 1.7, 0.4}},
          {"huber", {3.5, 1.7, 0.8, 0.4, 2.13, 4.01}},
          {"quantile", many},
          {"calibration", {2, 0.25, 0.5}},
          {"calibration", {10, -0.3, 0.5}},
          {"calibration", {32, 0, 1}}};
}

inline std::string described(const NamedRule& rule) {
  std::string text = rule.kind;
  for (const double parameter : rule.parameters) text += " " + std::to_string(parameter);
  return text;
}

inline OutcomeRule rule_of(const OutcomeSample& sample) {
  return named_outcome_rule(sample.rule.kind, sample.rule.parameters);
}

inline OutcomeSample sample_outcomes(const NamedRule& rule, const OutcomeShape& shape) {
  at::Generator generator = at::make_generator<at::CPUGeneratorImpl>(4321 + shape.rows + shape.cells);
  const OutcomeRule parsed = named_outcome_rule(rule.kind, rule.parameters);
  const auto integers = at::TensorOptions().dtype(at::kLong);
  OutcomeSample sample;
  sample.rule = rule;
  sample.cell_count = shape.cells;
  sample.scores = (at::randn({shape.members, shape.rows, parsed.outputs}, generator) * 2).to(shape.score_type);
  if (rule.kind == "softmax") {
    sample.targets = at::randint(parsed.outputs, {shape.rows}, generator, integers).to(at::kFloat);
  } else if (rule.kind == "calibration") {
    sample.targets = at::randint(2, {shape.rows}, generator, integers).to(at::kFloat);
  } else {
    sample.targets = at::randn({shape.rows}, generator) * 3 + 3.5;
  }
  sample.cells = at::randint(shape.cells, {shape.rows}, generator, integers).to(shape.cell_type);
  if (shape.weighted) sample.weights = at::rand({shape.rows}, generator) + 0.5;
  sample.loss_price = at::randn({shape.members, shape.cells, parsed.outcomes}, generator);
  sample.loss_price.slice(2, 1).fill_(std::numeric_limits<float>::quiet_NaN());
  sample.loss_price = sample.loss_price.flatten(1);
  sample.soft_price = at::randn({shape.members, shape.cells * parsed.outcomes}, generator);
  return sample;
}

inline at::Tensor measure(const OutcomeSample& sample) {
  return outcome_stats(sample.scores, sample.targets, sample.cells, sample.cell_count, sample.weights, rule_of(sample));
}

inline at::Tensor push_sample(const OutcomeSample& sample) {
  return outcome_push(sample.scores, sample.targets, sample.cells, sample.loss_price, sample.soft_price, sample.weights,
                      rule_of(sample));
}

inline std::tuple<at::Tensor, at::Tensor> lagrangian_of(const OutcomeSample& sample) {
  return outcome_lagrangian(sample.scores, sample.targets, sample.cells, sample.loss_price, sample.soft_price,
                            sample.rule.kind, sample.rule.parameters, sample.weights);
}

}  // namespace equipoise::kernels
