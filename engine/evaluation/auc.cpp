#include "engine/evaluation/auc.h"

#include <algorithm>

namespace equipoise::evaluation {
namespace {

// A level's weights below the current score, at it, and what has been won so far.
struct Tally {
  double positives = 0;
  double negatives_below = 0;
  double tied_positives = 0;
  double tied_negatives = 0;
  double won = 0;

  void close_tie() {
    won += tied_positives * (negatives_below + tied_negatives / 2);
    positives += tied_positives;
    negatives_below += tied_negatives;
    tied_positives = tied_negatives = 0;
  }
};

}  // namespace

RankedRows::RankedRows(std::span<const double> scores, std::span<const std::uint8_t> labels,
                       std::span<const float> weights)
    : labels_(labels), weights_(weights) {
  rows_.reserve(scores.size());
  for (std::size_t i = 0; i < scores.size(); ++i) rows_.push_back({scores[i], static_cast<std::uint32_t>(i)});
  // Equal scores in the order of the rows: weights are then summed in one order only.
  std::sort(rows_.begin(), rows_.end(),
            [](const Row& a, const Row& b) { return a.score < b.score || (a.score == b.score && a.index < b.index); });
}

std::vector<std::optional<double>> RankedRows::areas(std::span<const std::int32_t> codes, std::size_t levels) const {
  std::vector<Tally> tallies(levels);
  std::vector<std::int32_t> touched;  // levels with a row at the current score
  for (std::size_t k = 0; k < rows_.size(); ++k) {
    const std::uint32_t row = rows_[k].index;
    const std::int32_t level = codes[row];
    if (level >= 0) {
      Tally& tally = tallies[level];
      if (tally.tied_positives == 0 && tally.tied_negatives == 0) touched.push_back(level);
      (labels_[row] ? tally.tied_positives : tally.tied_negatives) += weights_.empty() ? 1.0 : weights_[row];
    }
    if (k + 1 < rows_.size() && rows_[k + 1].score == rows_[k].score) continue;
    for (const std::int32_t closing : touched) tallies[closing].close_tie();
    touched.clear();
  }
  std::vector<std::optional<double>> areas;
  for (const Tally& tally : tallies) {
    const double pairs = tally.positives * tally.negatives_below;
    areas.push_back(pairs > 0 ? std::optional(tally.won / pairs) : std::nullopt);
  }
  return areas;
}

}  // namespace equipoise::evaluation
