#pragma once

#include <cstdint>

#include "engine/audit/cell_sample.h"
#include "engine/evaluation/evaluation.h"

namespace equipoise::audit {

struct TwoSample {
  double auc = 0.5;  ///< of a pair of a made and a real row, how often the made one is named
  evaluation::Interval interval;
  double p_value = 1;  ///< one-sided: that it is no more than .5
};

/// How well a classifier tells the made rows from the real ones, on rows that it did not learn from (Lopez-Paz and Oquab 2017). It is a
/// ridge regression of "is made" on the columns, the squares of the numbers and 128 random cosines of all of them (Rahimi and Recht
/// 2007), whose width is the median distance of two rows: so it sees means, spreads, and shapes of several columns together. Five folds,
/// the rows of a person all in one, so that a made row is not known by its parent. The area's error is that of a sum over persons
/// (DeLong et al. 1988, Obuchowski 1997), times what it falls short by where rows are dealt out anew as made and real, 100 times: the
/// folds' classifiers share rows. Both samples have at least one row for each fold, which the caller sees to.
TwoSample tell_apart(const sampling::PointSpace& space, const std::vector<data::Feature>& features,
                     const CellSample& sample, double confidence, std::uint64_t seed);

}  // namespace equipoise::audit
