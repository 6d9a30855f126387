#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/fields.h"

namespace equipoise::constraints {

/// One constraint as the user writes it.
struct ConstraintParams {
  std::string kind;              // demographic_parity | equal_opportunity | predictive_equality | equalized_odds
  std::string group;             // name of a grouping
  double tolerance = 0.05;       // largest allowed gap, in (0, 1)
  std::string form = "max_min";  // max_min | overall | reference | ratio
  std::string reference = {};    // level, for form: reference

  void describe(config::Fields& fields);
};

/// How multipliers move, and on which rows the exact rates are measured.
struct MultiplierParams {
  std::string update = "nupi";      // ascent | nupi
  double step = 0.1;                // per training step since the last measure
  double radius = 0.0;              // largest sum of multipliers; 0: unbounded
  double nu = 0.0;                  // nupi: smoothing of the error
  double proportional_gain = 4.0;   // nupi: Kp
  double integral_gain = 1.0;       // nupi: Ki
  std::string measure_on = "auto";  // auto | train | holdout | both | cross_fitted
  std::int64_t folds = 5;           // cross_fitted
  std::int64_t measures_per_epoch = 8;
  std::int64_t min_rows = 30;  // fewer rows in a rate's denominator: not estimable
  double temperature = 1.0;    // soft rate = sigmoid(z / temperature)
  double averaging = 0.99;     // decay of the running averages that price the batch

  void describe(config::Fields& fields);
};

}  // namespace equipoise::constraints
