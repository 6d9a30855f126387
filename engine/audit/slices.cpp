#include "engine/audit/slices.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <optional>

#include "engine/audit/counting.h"
#include "engine/audit/exact_tests.h"
#include "engine/audit/holm.h"
#include "engine/audit/proxies.h"
#include "engine/constraints/row_counts.h"
#include "engine/core/seed.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/limits.h"

namespace equipoise::audit {
namespace {

constexpr std::size_t kMostSearched = 20000;  // rows
constexpr std::size_t kMostSlices = 10;
constexpr std::size_t kMostKept = 2000;  // while searching
constexpr double kMostShared = 0.5;
constexpr double kMostImplied = 0.8;
constexpr double kLeastDistance = 2;  // standard errors above the mean, for a slice to be worth measuring

// "This input has this value", or "this group is at this level", of every row.
struct Condition {
  SliceCondition shown;
  std::size_t column = 0;           // conditions of one column exclude each other
  std::int32_t value = 0;           // its code there
  std::vector<std::uint64_t> rows;  // a bit for each searched row
};

struct Candidate {
  std::vector<std::size_t> conditions;  // ascending
  std::vector<std::uint64_t> rows;
  double count = 0, error = 0;  // how many rows, and the sum of their errors
  double distance = 0;          // standard errors above the mean
};

struct Column {
  std::string name;
  bool is_group = false;
  const std::vector<std::string>* values;
  const Input* input = nullptr;
  const data::Grouping* grouping = nullptr;

  std::int32_t value_of(std::size_t row) const {
    return input != nullptr ? static_cast<std::int32_t>(input->codes[row]) : grouping->codes[row];
  }
};

std::vector<Column> columns_of(const data::Dataset& dataset, const std::vector<Input>& inputs,
                               const AuditParams& params) {
  std::vector<Column> columns;
  for (const Input& input : inputs) columns.push_back({input.name, false, &input.values, &input, nullptr});
  // A grouping of an input's own column would say the same in other words, a crossing what its parts do.
  for (const data::Grouping& grouping : dataset.groupings) {
    if (!grouping.cross.empty() || grouping.codes.empty()) continue;
    if (std::ranges::find(inputs, own_column(grouping, params), &Input::name) != inputs.end()) continue;
    columns.push_back({grouping.name, true, &grouping.levels, nullptr, &grouping});
  }
  return columns;
}

std::int64_t shared(const Candidate& a, const Candidate& b) {
  std::int64_t rows = 0;
  for (std::size_t word = 0; word < a.rows.size(); ++word) rows += std::popcount(a.rows[word] & b.rows[word]);
  return rows;
}

// Each row counts once, whatever its weight: weights come in when slices are measured.
class Search {
 public:
  Search(const Rows& rows, const std::vector<double>& errors, double min_rows)
      : rows_(rows), errors_(errors), min_rows_(min_rows) {
    const auto count = static_cast<double>(rows.index.size());
    double square = 0;
    for (const std::int64_t row : rows.index) {
      const double error = errors[static_cast<std::size_t>(row)];
      mean_ += error / count;
      square += error * error / count;
      largest_ = std::max(largest_, error);
    }
    deviation_ = std::sqrt(std::max(0.0, square - mean_ * mean_));
  }

  std::vector<Candidate> run(const std::vector<Condition>& conditions) {
    if (deviation_ <= 0) return {};
    conditions_ = &conditions;
    std::vector<Candidate> level;
    for (std::size_t c = 0; c < conditions.size(); ++c) add({{c}, conditions[c].rows}, level);
    const std::vector<Candidate> singles = level;
    constexpr int kMostConditions = 3;
    for (int length = 2; length <= kMostConditions; ++length) {
      std::vector<Candidate> next;
      for (const Candidate& parent : level) {
        if (bound(parent) < threshold()) continue;
        for (const Candidate& single : singles) extend(parent, single, next);
      }
      level = std::move(next);
    }
    std::ranges::stable_sort(kept_, std::greater(), &Candidate::distance);
    return std::move(kept_);
  }

  std::int64_t looked_at() const { return looked_at_; }

 private:
  // What no part of the slice with rows enough can be further above the mean than.
  double bound(const Candidate& slice) const {
    const double rows = std::max(min_rows_, slice.error / largest_);
    return rows > slice.count ? -1 : (slice.error / rows - mean_) * std::sqrt(rows) / deviation_;
  }

  // What a slice must be further than to be kept.
  double threshold() const { return kept_.size() < kMostKept ? kLeastDistance : least_kept_; }

  void extend(const Candidate& parent, const Candidate& single, std::vector<Candidate>& next) {
    const std::size_t added = single.conditions.front();
    if (added <= parent.conditions.back()) return;  // each set of conditions once
    for (const std::size_t c : parent.conditions)
      if ((*conditions_)[c].column == (*conditions_)[added].column) return;
    if (bound(single) < threshold()) return;
    Candidate slice{parent.conditions, parent.rows};
    slice.conditions.push_back(added);
    std::int64_t left = 0;
    for (std::size_t word = 0; word < slice.rows.size(); ++word)
      left += std::popcount(slice.rows[word] &= single.rows[word]);
    // Where one nearly implies the other, both say no more than the smaller.
    if (static_cast<double>(left) > kMostImplied * std::min(parent.count, single.count)) return;
    add(std::move(slice), next);
  }

  void add(Candidate slice, std::vector<Candidate>& level) {
    ++looked_at_;
    for (std::size_t word = 0; word < slice.rows.size(); ++word) {
      for (std::uint64_t bits = slice.rows[word]; bits != 0; bits &= bits - 1) {
        const std::size_t i = 64 * word + static_cast<std::size_t>(std::countr_zero(bits));
        ++slice.count;
        slice.error += errors_[static_cast<std::size_t>(rows_.index[i])];
      }
    }
    if (slice.count < min_rows_ || bound(slice) < threshold()) return;
    slice.distance = (slice.error / slice.count - mean_) * std::sqrt(slice.count) / deviation_;
    if (slice.distance > threshold()) keep(slice);
    level.push_back(std::move(slice));
  }

  void keep(const Candidate& slice) {
    kept_.push_back(slice);
    if (kept_.size() < 2 * kMostKept) return;
    std::ranges::stable_sort(kept_, std::greater(), &Candidate::distance);
    kept_.resize(kMostKept);
    least_kept_ = kept_.back().distance;
  }

  const Rows& rows_;
  const std::vector<double>& errors_;
  double min_rows_, mean_ = 0, deviation_ = 0, largest_ = 0, least_kept_ = 0;
  const std::vector<Condition>* conditions_ = nullptr;
  std::vector<Candidate> kept_;
  std::int64_t looked_at_ = 0;
};

std::vector<Condition> conditions_of(const std::vector<Column>& columns, const Rows& rows) {
  std::vector<Condition> conditions;
  const std::size_t words = (rows.index.size() + 63) / 64;
  for (std::size_t column = 0; column < columns.size(); ++column) {
    std::vector<std::vector<std::uint64_t>> bits(columns[column].values->size(), std::vector<std::uint64_t>(words));
    for (std::size_t i = 0; i < rows.index.size(); ++i)
      if (const std::int32_t value = columns[column].value_of(static_cast<std::size_t>(rows.index[i])); value >= 0)
        bits[static_cast<std::size_t>(value)][i / 64] |= std::uint64_t{1} << i % 64;
    for (std::size_t value = 0; value < bits.size(); ++value)
      conditions.push_back({{columns[column].name, (*columns[column].values)[value], columns[column].is_group},
                            column,
                            static_cast<std::int32_t>(value),
                            std::move(bits[value])});
  }
  return conditions;
}

// The furthest first, each that is not the half of one before it in other words.
std::vector<Candidate> unlike(const std::vector<Candidate>& candidates) {
  std::vector<Candidate> chosen;
  for (const Candidate& candidate : candidates) {
    if (chosen.size() == kMostSlices) break;
    const bool is_new = std::ranges::none_of(chosen, [&](const Candidate& known) {
      return static_cast<double>(shared(candidate, known)) > kMostShared * std::min(candidate.count, known.count);
    });
    if (is_new) chosen.push_back(candidate);
  }
  return chosen;
}

// Sums of rows in a slice or outside, w weight and e error.
struct Part {
  std::int64_t rows = 0;
  double w = 0, ww = 0, we = 0, wwe = 0, wwee = 0;

  void add(double weight, double error) {
    ++rows;
    w += weight;
    ww += weight * weight;
    we += weight * error;
    wwe += weight * weight * error;
    wwee += weight * weight * error * error;
  }
  double mean() const { return we / w; }
  double kish() const { return constraints::effective_rows(w, ww); }
  // Of the mean, linearised.
  double variance() const { return std::max(0.0, wwee - 2 * mean() * wwe + mean() * mean() * ww) / (w * w); }
  // Of errors that are 0 or 1.
  CountedShare share() const {
    const double wrong = std::clamp(mean(), 0.0, 1.0);
    return {wrong, constraints::effective_rows(w, ww, wrong, wwe)};
  }
};

// That the slice is no worse than the rest: of wrong and right decisions Fisher's exact test, of other errors the difference of means, where
// the slice's few rows are not taken to vary less than all do.
double p_value_of(const Part& in, const Part& out, bool is_right_or_wrong) {
  if (is_right_or_wrong) return fisher_p_value_above(in.share(), out.share());
  Part all = in;
  all.w += out.w;
  all.ww += out.ww;
  all.we += out.we;
  all.wwe += out.wwe;
  all.wwee += out.wwee;
  const double of_a_row = all.variance() * all.kish();
  const double spread = std::sqrt(std::max(in.variance(), of_a_row / in.kish()) + out.variance());
  return spread > 0 ? evaluation::normal_tail((in.mean() - out.mean()) / spread) : 1;
}

// Nothing where fewer than min_rows rows (Kish's) are in the slice, or outside.
std::optional<Slice> measure(const std::vector<const Condition*>& conditions, const std::vector<Column>& columns,
                             const Rows& rows, const std::vector<double>& errors, data::Task task,
                             const AuditParams& params) {
  Part in, out;
  for (std::size_t i = 0; i < rows.index.size(); ++i) {
    const auto row = static_cast<std::size_t>(rows.index[i]);
    const bool is_in = std::ranges::all_of(conditions, [&](const Condition* condition) {
      return columns[condition->column].value_of(row) == condition->value;
    });
    (is_in ? in : out).add(rows.weight[i], errors[row]);
  }
  const auto min_rows = static_cast<double>(params.min_rows);
  if (in.kish() < min_rows || out.kish() < min_rows) return std::nullopt;
  const bool is_right_or_wrong = task == data::Task::binary || task == data::Task::classes;
  Slice slice;
  for (const Condition* condition : conditions) slice.conditions.push_back(condition->shown);
  slice.rows = in.rows;
  slice.error = in.mean();
  slice.elsewhere = out.mean();
  slice.interval = is_right_or_wrong ? evaluation::wilson(in.share().share, in.share().rows, params.confidence)
                                     : evaluation::student_limits(in.mean(), std::sqrt(in.variance() * in.kish()),
                                                                  in.kish(), (1 - params.confidence) / 2);
  slice.p_value = p_value_of(in, out, is_right_or_wrong);
  return slice;
}

// Surest first; equal after the correction stay in the order of what they were.
void correct(std::vector<Slice>& slices) {
  std::ranges::stable_sort(slices, {}, &Slice::p_value);
  std::vector<double> p_values;
  for (const Slice& slice : slices) p_values.push_back(slice.p_value);
  p_values = holm(p_values);
  for (std::size_t i = 0; i < slices.size(); ++i) slices[i].p_value = p_values[i];
}

}  // namespace

std::vector<double> errors_of(const data::Dataset& dataset, const std::vector<double>& scores) {
  const auto rows = static_cast<std::size_t>(dataset.rows());
  const std::size_t outputs = rows > 0 ? scores.size() / rows : 1;
  std::vector<double> errors;
  errors.reserve(rows);
  for (std::size_t row = 0; row < rows; ++row) {
    const double* own = &scores[row * outputs];
    switch (dataset.task) {
      case data::Task::binary:
        errors.push_back((own[0] > 0.5) != (dataset.labels[row] == 1));
        break;
      case data::Task::classes:
        errors.push_back(evaluation::most_probable({own, outputs}) != dataset.labels[row]);
        break;
      case data::Task::labels: {
        double wrong = 0;
        for (std::size_t k = 0; k < outputs; ++k) wrong += (own[k] > 0.5) != (dataset.labels[row * outputs + k] == 1);
        errors.push_back(wrong / static_cast<double>(outputs));
        break;
      }
      case data::Task::regression:
        errors.push_back(std::abs(own[0] - dataset.targets[row]));
        break;
    }
  }
  return errors;
}

SliceSearch find_slices(const data::Dataset& dataset, const std::vector<Input>& inputs,
                        const std::vector<double>& errors, const std::vector<std::int64_t>& rows,
                        const AuditParams& params) {
  SliceSearch found;
  found.is_absolute = dataset.task == data::Task::regression;
  std::vector<Rows> halves = halves_of(weighed(dataset, rows), core::seed_for(params.seed, "slices"));
  if (halves[0].index.empty() || halves[1].index.empty()) return found;
  halves[0] = some_of(halves[0], kMostSearched, core::seed_for(params.seed, "searched"));
  const std::vector<Column> columns = columns_of(dataset, inputs, params);
  const std::vector<Condition> conditions = conditions_of(columns, halves[0]);
  Search search(halves[0], errors, static_cast<double>(params.min_rows));
  const std::vector<Candidate> chosen = unlike(search.run(conditions));
  found.looked_at = search.looked_at();
  double weight = 0;
  for (std::size_t i = 0; i < halves[1].index.size(); ++i) {
    weight += halves[1].weight[i];
    found.error += halves[1].weight[i] * errors[static_cast<std::size_t>(halves[1].index[i])];
  }
  found.error /= weight;
  for (const Candidate& candidate : chosen) {
    std::vector<const Condition*> own;
    for (const std::size_t c : candidate.conditions) own.push_back(&conditions[c]);
    if (const auto slice = measure(own, columns, halves[1], errors, dataset.task, params))
      found.slices.push_back(*slice);
  }
  found.measured = static_cast<std::int64_t>(found.slices.size());
  correct(found.slices);
  std::erase_if(found.slices, [&](const Slice& slice) { return slice.p_value >= 1 - params.confidence; });
  return found;
}

}  // namespace equipoise::audit
