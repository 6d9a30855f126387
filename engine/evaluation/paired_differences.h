#pragma once

#include <cstdint>
#include <vector>

#include "engine/evaluation/evaluation.h"

namespace equipoise::evaluation {

/// How many parts rows fall into; each is left out once (a delete-a-group jackknife).
inline constexpr std::int32_t kParts = 100;

/// A figure of one arm at one seed: of all its test rows, and without those of each part.
struct PartedFigure {
  double whole = 0;
  std::vector<double> without;  ///< [parts]
};

/// Mean over seeds of a figure of one arm minus the same of another with the same seed, split and test rows, and how surely it is
/// known.
///
/// A difference is uncertain in two ways: another seed would train other networks on another split, and other people would be
/// tested. Let D_s be the difference at seed s, of S; D_s,-g the same without the rows of part g, of G, where a part is the same
/// people at every seed; bars are means over seeds. Three variances of the mean difference follow:
///
///   V_seeds = sum_s (D_s - D)^2 / (S (S - 1))                        seeds taken for independent
///   V_rows  = (G - 1) / G  sum_g (D_-g - mean_g D_-g)^2              people taken for independent (Kott 2001)
///   V_each  = (G - 1) / G  sum_s sum_g (D_s,-g - mean_g D_s,-g)^2 / S^2    each test row of each seed for itself
///
/// Test rows of several seeds are in part the same people, so that seeds are not independent: V_rows - V_each is what V_seeds
/// misses (variances of data that are grouped in two ways add like this: Cameron, Gelbach and Miller 2011). The interval is
/// D +- h with
///
///   h^2 = max(t_{S-1}^2 V_seeds + t_{G-1}^2 max(0, V_rows - V_each), t_{G-1}^2 V_rows),
///
/// t being Student's points: of few seeds the first is wide, and it should be. With one seed there is the last term alone, and
/// nothing is known of other trainings.
struct PairedDifference {
  std::int64_t seeds = 0;
  double difference = 0;    ///< D: arm minus baseline
  double seeds_error = 0;   ///< root of V_seeds; 0 with one seed
  double common_error = 0;  ///< root of max(0, V_rows - V_each): of people that several seeds tested
  double rows_error = 0;    ///< root of V_rows
  Interval interval;        ///< at the confidence asked for, of this difference alone
  double p_value = 1;       ///< one minus the confidence at which the interval just reaches 0
};

/// `arm` and `baseline` [seeds], at least one, each with as many parts, at least two. Throws logic_error otherwise.
PairedDifference paired_difference(const std::vector<PartedFigure>& arm, const std::vector<PartedFigure>& baseline,
                                   double confidence);

/// What is said of a difference that has been corrected for the number of those that were looked at.
enum class Finding { better, worse, unseen };
const char* name_of(Finding finding);  ///< "better", "worse", "not seen"
/// `corrected`: its p-value, corrected.
Finding finding_of(const PairedDifference& difference, double corrected, bool more_is_better, double confidence);

}  // namespace equipoise::evaluation
