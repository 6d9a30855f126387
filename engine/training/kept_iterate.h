#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/evaluation/measurement.h"

namespace equipoise::training {

/// Chooses among measured iterates on the selection split: the lowest loss among those whose upper bound of every
/// promise is inside its tolerance; while there is none, the smallest largest excess of a bound over its tolerance, and
/// among equal ones the lowest loss.
/// Promises that cannot be estimated are left out of the comparison.
class KeptIterate {
 public:
  explicit KeptIterate(const std::vector<constraints::Promise>& promises);

  /// Takes the iterate's weights (a copy) when it is better than the one that is kept.
  void offer(const evaluation::Measurement& measurement, const at::Tensor& weights);
  /// Takes the iterate whatever it is worth: the last one, when that is asked for.
  void take(const evaluation::Measurement& measurement, const at::Tensor& weights);

  bool has_one() const { return weights_.defined(); }
  const at::Tensor& weights() const { return weights_; }
  std::int64_t step() const { return step_; }
  /// Which iterate was kept and why, for the report.
  std::string sentence() const;

 private:
  double loss_of(const evaluation::Measurement& measurement) const;

  std::vector<constraints::Promise> promises_;
  at::Tensor weights_;
  std::int64_t step_ = 0;
  double epoch_ = 0, loss_ = 0;
  double excess_ = 0;      // of the worst bound over its tolerance; -inf without a bound
  std::size_t worst_ = 0;  // whose bound that is
  std::size_t bounds_ = 0;
  std::int64_t offered_ = 0;
  bool was_asked_for_ = false;
};

}  // namespace equipoise::training
