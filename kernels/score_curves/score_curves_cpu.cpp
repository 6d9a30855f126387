// Thresholds and histograms on the CPU: fixed strips of rows, each with sums of its own, added in their order.
#include <algorithm>
#include <vector>

#include "kernels/parallel.h"
#include "kernels/score_curves/score_block.h"
#include "kernels/score_curves/score_curves_math.h"

namespace equipoise::kernels {
namespace {

constexpr std::int64_t kLeastStripRows = 1 << 16;
constexpr std::int64_t kRowsPerSum = 8;  // so that adding the strips' sums costs little beside the rows

// How rows are cut: by the sizes of the problem alone, never by threads.
struct Strips {
  std::int64_t rows;
  std::int64_t strip_rows;
  std::int64_t count;

  Strips(std::int64_t row_count, std::int64_t sums)
      : rows(row_count),
        strip_rows(std::max(kLeastStripRows, kRowsPerSum * sums)),
        count(std::max<std::int64_t>(1, (row_count + strip_rows - 1) / strip_rows)) {}

  // visit(first row, rows) of each block of one strip
  template <typename Visit>
  void each_block(std::int64_t strip, const Visit& visit) const {
    const std::int64_t end = std::min(rows, (strip + 1) * strip_rows);
    for (std::int64_t row = strip * strip_rows; row < end; row += kScoreBlockRows)
      visit(row, std::min(kScoreBlockRows, end - row));
  }
};

// The sums [size] of all strips; add(strip, its own sums) fills those of one.
template <typename Sum, typename Add>
std::vector<double> sum_strips(const Strips& strips, std::int64_t size, const Add& add) {
  std::vector<Sum> partials(static_cast<std::size_t>(strips.count * size), Sum(0));
  each_task(strips.count, [&](std::int64_t strip) { add(strip, partials.data() + strip * size); });
  std::vector<Sum> sums(partials.begin(), partials.begin() + size);
  for (std::int64_t strip = 1; strip < strips.count; ++strip) {
    for (std::int64_t i = 0; i < size; ++i) sums[i] += partials[strip * size + i];
  }
  return {sums.begin(), sums.end()};
}

// thresholds_below by a table over equal steps of the score: where a threshold's step lies before the score's own, the
// threshold lies below it, because the step is a monotone function of the number, rounding and all.
class ThresholdSteps {
 public:
  ThresholdSteps(const double* thresholds, std::int64_t count) : thresholds_(thresholds), count_(count) {
    if (count == 0) return;
    low_ = thresholds[0];
    steps_per_unit_ = kSteps / (thresholds[count - 1] - low_);
    std::int32_t before = 0;
    for (int step = 0; step < kSteps; ++step) {
      while (before < count && step_of(thresholds[before]) < step) ++before;
      before_[step] = before;
    }
  }

  std::int32_t below(double score) const {
    std::int32_t k = before_[step_of(score)];
    while (k < count_ && thresholds_[k] < score) ++k;
    return k;
  }

 private:
  static constexpr int kSteps = 2048;

  int step_of(double score) const {
    const double step = (score - low_) * steps_per_unit_;
    return step >= kSteps - 1 ? kSteps - 1 : (step > 0 ? static_cast<int>(step) : 0);
  }

  const double* thresholds_;
  std::int64_t count_;
  double low_ = 0.0;
  double steps_per_unit_ = 0.0;
  std::int32_t before_[kSteps] = {};
};

template <typename Sum>
std::vector<double> count_between(const ScoreRows& rows, const ScoreAbove& curve) {
  const std::int64_t columns = curve.threshold_count + 1, size = (rows.group_count + 1) * 2 * columns;
  const ThresholdSteps steps(curve.thresholds, curve.threshold_count);
  const Strips strips(rows.rows, size);
  const std::int32_t none = static_cast<std::int32_t>(rows.group_count);
  return sum_strips<Sum>(strips, size, [&](std::int64_t strip, Sum* sums) {
    ScoreBlock block;
    strips.each_block(strip, [&](std::int64_t first, std::int64_t count) {
      read_scores(rows, first, count, block.scores);
      read_slots(rows, first, count, none, block.slots);
      for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t place = (block.slots[i] * std::int64_t{2} + rows.labels[first + i]) * columns;
        sums[place + steps.below(block.scores[i])] += rows.weights != nullptr ? Sum(rows.weights[first + i]) : Sum(1);
      }
    });
  });
}

// Looks at `count` rows from `first` on.
BadScore find_bad(const ScoreRows& rows, std::int64_t first, std::int64_t count) {
  ScoreBlock block;
  read_scores(rows, first, count, block.scores);
  read_slots(rows, first, count, -1, block.slots);
  bool clean = true;
  for (std::int64_t i = 0; i < count; ++i) {
    clean &= block.scores[i] == block.scores[i];
    clean &= rows.labels[first + i] <= 1;
    clean &= block.slots[i] < rows.group_count;
  }
  BadScore bad;
  if (clean) return bad;
  for (std::int64_t i = count - 1; i >= 0; --i) {
    if (block.scores[i] != block.scores[i]) bad.not_a_number = first + i;
    if (rows.labels[first + i] > 1) bad.label = first + i;
    if (block.slots[i] >= rows.group_count) bad.group = first + i;
  }
  return bad;
}

void keep_first(std::int64_t& first, std::int64_t row) {
  if (row >= 0 && (first < 0 || row < first)) first = row;
}

}  // namespace

BadScore find_bad_score_cpu(const ScoreRows& rows) {
  const Strips strips(rows.rows, 0);
  std::vector<BadScore> bad_of(static_cast<std::size_t>(strips.count));
  each_task(strips.count, [&](std::int64_t strip) {
    BadScore& bad = bad_of[static_cast<std::size_t>(strip)];
    strips.each_block(strip, [&](std::int64_t first, std::int64_t count) {
      const BadScore found = find_bad(rows, first, count);
      keep_first(bad.not_a_number, found.not_a_number);
      keep_first(bad.label, found.label);
      keep_first(bad.group, found.group);
    });
  });
  BadScore bad;
  for (const BadScore& found : bad_of) {
    keep_first(bad.not_a_number, found.not_a_number);
    keep_first(bad.label, found.label);
    keep_first(bad.group, found.group);
  }
  return bad;
}

void score_above_cpu(const ScoreRows& rows, const ScoreAbove& curve) {
  const std::vector<double> exactly =
      rows.weights != nullptr ? count_between<double>(rows, curve) : count_between<std::int64_t>(rows, curve);
  const std::int64_t columns = curve.threshold_count + 1;
  for (std::int64_t line = 0; line < (rows.group_count + 1) * 2; ++line)
    sum_above(exactly.data() + line * columns, curve.threshold_count, curve.above + line * columns);
  double* everyone = curve.above + rows.group_count * 2 * columns;
  for (std::int64_t i = 0; i < 2 * columns; ++i)
    everyone[i] = sum_everyone(curve.above + i, rows.group_count, 2 * columns);
}

void score_histogram_cpu(const ScoreRows& rows, const ScoreHistogram& curve) {
  const std::int64_t width = curve.bins * 4, size = (rows.group_count + 1) * width;
  const Strips strips(rows.rows, size);
  const std::int32_t none = static_cast<std::int32_t>(rows.group_count);
  const std::vector<double> sums = sum_strips<double>(strips, size, [&](std::int64_t strip, double* sums) {
    ScoreBlock block;
    strips.each_block(strip, [&](std::int64_t first, std::int64_t count) {
      read_scores(rows, first, count, block.scores);
      read_slots(rows, first, count, none, block.slots);
      for (std::int64_t i = 0; i < count; ++i) {
        const double score = block.scores[i], weight = rows.weights != nullptr ? rows.weights[first + i] : 1.0;
        double* bin = sums + block.slots[i] * width + score_bin(score, curve.low, curve.bins_per_unit, curve.bins) * 4;
        bin[0] += 1.0;
        bin[1] += weight;
        bin[2] += weight * score;
        bin[3] += weight * rows.labels[first + i];
      }
    });
  });
  std::copy(sums.begin(), sums.end(), curve.histogram);
  double* everyone = curve.histogram + rows.group_count * width;
  for (std::int64_t i = 0; i < width; ++i) everyone[i] = sum_everyone(curve.histogram + i, rows.group_count, width);
}

}  // namespace equipoise::kernels
