#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/config/fields.h"

namespace equipoise::constraints {

/// One rate of a weighted sum, for kind: linear.
struct TermParams {
  std::string rate;                          // name in rate_entries()
  std::map<std::string, std::string> group;  // grouping -> level, all of which hold; empty: everyone
  double weight = 1;

  void describe(config::Fields& fields);
};

/// One constraint as the user writes it.
struct ConstraintParams {
  static constexpr double kUnbounded = std::numeric_limits<double>::infinity();

  std::string kind;                // name in kind_entries()
  std::vector<std::string> group;  // names of groupings, each on its own; empty (bounds): everyone
  double tolerance = 0.05;         // largest allowed gap
  std::string form = "max_min";    // max_min | overall | reference | ratio
  std::string reference = {};      // level, for form: reference
  std::string rate = {};           // for the kinds that leave it open
  double at_most = kUnbounded;     // bounds and linear
  double at_least = -kUnbounded;   // bounds
  std::string within = {};         // control grouping
  std::vector<TermParams> terms = {};

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
