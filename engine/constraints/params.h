#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"

namespace equipoise::constraints {

inline constexpr double kNoNumber = std::numeric_limits<double>::infinity();

/// One rate of a weighted sum, for kind: linear.
struct TermParams {
  std::string rate;                          // name in rate_entries()
  std::map<std::string, std::string> group;  // grouping -> level, all of which hold; empty: everyone
  double weight = 1;
  std::string outcome = {};  // the class or the label, where there are several
  double above = kNoNumber;  // for the rate exceedance

  void describe(config::Fields& fields);
};

/// One constraint as the user writes it.
struct ConstraintParams {
  static constexpr double kUnbounded = std::numeric_limits<double>::infinity();

  std::string kind;                       // name in kind_entries()
  std::vector<std::string> group;         // names of groupings, each on its own; empty (bounds): everyone
  double tolerance = 0.05;                // largest allowed gap
  std::string form = "max_min";           // max_min | overall | reference | ratio
  std::string reference = {};             // level, for form: reference
  std::string rate = {};                  // for the kinds that leave it open
  double at_most = kUnbounded;            // bounds and linear
  double at_least = -kUnbounded;          // bounds
  std::string within = {};                // control grouping
  std::vector<std::string> outcome = {};  // classes or labels, each on its own; empty: all of them
  double above = kNoNumber;               // for the rate exceedance
  std::int64_t bins = 5;                  // for the rate calibration: equal bins over the scores
  std::vector<TermParams> terms = {};

  void describe(config::Fields& fields);
};

/// How multipliers move, and on which rows the exact rates are measured.
struct MultiplierParams {
  std::string update = "nupi";          // ascent | nupi | augmented | exponentiated | swap_regret
  double step = 0.1;                    // per training step since the last measure
  double radius = 0.0;                  // largest sum of multipliers; 0: unbounded
  double nu = 0.0;                      // nupi: smoothing of the error
  double proportional_gain = 4.0;       // nupi: Kp
  double integral_gain = 1.0;           // nupi: Ki
  double penalty = 1.0;                 // augmented: rho at the start
  double penalty_growth = 1.02;         // augmented: rho's factor at each measure that finds the row violated
  double largest_penalty = 2.0;         // augmented
  double worst_group_step = 0.01;       // worst-group rows: per training step since the last measure
  double worst_group_adjustment = 0.0;  // worst-group rows: C
  std::string start_from = {};          // run folder
  std::string measure_on = "auto";      // auto | train | holdout | both | cross_fitted
  std::int64_t folds = 5;               // cross_fitted
  double allowance = 2.0;               // standard errors of a measured rate that move no multiplier
  std::int64_t allowance_rows = 60;     // a rate over as many rows gets half of it; 0: all the same
  std::int64_t shrinkage_rows = 200;    // what the rate of the groups that make up a crossing is worth
  double margin = 1.0;                  // standard errors on held-out rows by which training aims inside
  std::int64_t measures_per_epoch = 8;
  std::int64_t min_rows = 30;            // fewer rows in a rate's denominator: not estimable
  double temperature = 1.0;              // soft rate = sigmoid(z / temperature)
  double averaging = 0.99;               // decay of the running averages that price the batch
  std::string priced_by = "this_batch";  // this_batch | batch_before

  void describe(config::Fields& fields);
};

/// Throws UserError (config) where the update needs a field that is not set, or two fields contradict each other.
void check(const MultiplierParams& params, const config::Origin& origin);

}  // namespace equipoise::constraints
