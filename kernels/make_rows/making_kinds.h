// How rows are made, and of what.
#pragma once

#include <cstdint>

namespace equipoise::kernels {

// How a feature's code and value are read.
enum FeatureForm : std::uint8_t {
  kCategory = 0,      // the code is the level, below 0 none; the value goes with it
  kRampNumber = 1,    // the code is the bin and the value the place in it, 0 to 1; the last code is missing
  kStandardized = 2,  // code 0: the value is the number; any other code: missing
};

// How a row is made.
enum MakingKind : std::int32_t {
  // SMOTE and SMOTE-NC (Chawla et al. 2002): of one of the `amount` nearest rows of its cell (all that are given, if it is 0), numbers somewhere on the line between the two,
  // categories the most frequent among all of the nearest (of equally frequent ones the nearest's).
  kSmote = 0,
  // Numbers moved by up to `amount`, uniformly: of all bins, so by so many quantiles; standardised ones by so many deviations.
  kJitter = 1,
  // Each feature with probability `amount` as in another row of the cell, drawn for it alone: from the cell's own marginals.
  kCorrupt = 2,
  // Some levels exchanged for others, and those that go with them: the row as it would be of somebody else.
  kSwap = 3,
  // Nothing of the source but its cell: each feature from the cell's own marginal, together by a Gaussian copula (Nelsen 2006, 2.3; Patki, Wedge and
  // Veeramachaneni 2016).
  kCopula = 4,
  // Mixup (Zhang, Cisse, Dauphin and Lopez-Paz 2018): the source stays as it is beside a partner, and so much of each counts.
  kMixup = 5,
};

}  // namespace equipoise::kernels
