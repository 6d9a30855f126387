#include "engine/data/column_summary.h"

#include <algorithm>
#include <boost/sort/pdqsort/pdqsort.hpp>
#include <cmath>
#include <limits>

#include "engine/core/seed.h"

namespace equipoise::data {
namespace {

// Quantiles of more values than this would not be closer to those of the people behind the data.
constexpr std::size_t kMostSampled = 1 << 17;

// Calls take(numbers, is_training, rows) for every chunk.
template <typename Take>
void for_each_chunk(const Table& table, const NumberView& view, const TrainingRows& training, const Take& take) {
  std::vector<double> numbers;
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk], rows = table.chunk_begins[chunk + 1] - begin;
    numbers.resize(static_cast<std::size_t>(rows));
    view.read(chunk, 0, rows, numbers.data());
    take(numbers, training.is_training.data() + begin, begin);
  }
}

// Mean and deviation of the known numbers, in two passes.
void add_moments(const Table& table, const NumberView& view, const TrainingRows& training, NumberSummary& summary) {
  const auto known = static_cast<double>(training.count - summary.missing);
  double sum = 0, squares = 0;
  for_each_chunk(table, view, training, [&](const std::vector<double>& numbers, const std::uint8_t* use, auto) {
    for (std::size_t i = 0; i < numbers.size(); ++i) sum += use[i] && !std::isnan(numbers[i]) ? numbers[i] : 0;
  });
  summary.mean = sum / known;
  for_each_chunk(table, view, training, [&](const std::vector<double>& numbers, const std::uint8_t* use, auto) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const double difference = numbers[i] - summary.mean;
      squares += use[i] && !std::isnan(difference) ? difference * difference : 0;
    }
  });
  summary.deviation = std::sqrt(squares / known);
}

}  // namespace

TrainingRows training_rows(const std::vector<Split>& splits) {
  TrainingRows training;
  std::vector<std::int64_t> rows;
  training.is_training.reserve(splits.size());
  for (std::size_t row = 0; row < splits.size(); ++row) {
    training.is_training.push_back(splits[row] == Split::train);
    if (splits[row] == Split::train) rows.push_back(static_cast<std::int64_t>(row));
  }
  training.count = static_cast<std::int64_t>(rows.size());
  if (rows.size() > kMostSampled) {
    std::vector<std::int64_t> sample;
    for (std::size_t i = 0; i < kMostSampled; ++i) {
      sample.push_back(rows[core::mix(core::seed_for(0, "quantiles"), i) % rows.size()]);
    }
    boost::sort::pdqsort_branchless(sample.begin(), sample.end());
    rows = std::move(sample);
  }
  training.sample = std::move(rows);
  return training;
}

NumberSummary summarize(const Table& table, const Column& column, const TrainingRows& training, bool with_moments) {
  const NumberView view(column);
  NumberSummary summary;
  double least = std::numeric_limits<double>::infinity(), largest = -least;
  std::size_t next = 0;
  for_each_chunk(table, view, training, [&](const std::vector<double>& numbers, const std::uint8_t* use, auto begin) {
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      // Almost every number is inside the range of those before it, so that this branch costs little; a missing one
      // is not.
      if (numbers[i] >= least && numbers[i] <= largest) continue;
      if (!use[i]) continue;
      summary.missing += std::isnan(numbers[i]);
      least = numbers[i] < least ? numbers[i] : least;
      largest = numbers[i] > largest ? numbers[i] : largest;
    }
    const auto end = begin + static_cast<std::int64_t>(numbers.size());
    for (; next < training.sample.size() && training.sample[next] < end; ++next) {
      const double number = numbers[static_cast<std::size_t>(training.sample[next] - begin)];
      if (!std::isnan(number)) summary.sorted.push_back(number);
    }
  });
  if (training.count == summary.missing) return summary;
  if (with_moments) add_moments(table, view, training, summary);
  summary.sorted.push_back(least);
  summary.sorted.push_back(largest);
  boost::sort::pdqsort_branchless(summary.sorted.begin(), summary.sorted.end());
  summary.distinct = 1;
  for (std::size_t i = 1; i < summary.sorted.size(); ++i) {
    summary.distinct += summary.sorted[i] != summary.sorted[i - 1];
  }
  return summary;
}

std::int64_t last_row_with(double number, const Table& table, const Column& column, const TrainingRows& training) {
  std::int64_t row = 0;
  for_each_chunk(table, NumberView(column), training,
                 [&](const std::vector<double>& numbers, const std::uint8_t* use, std::int64_t begin) {
                   for (std::size_t i = 0; i < numbers.size(); ++i) {
                     if (use[i] && numbers[i] == number) row = begin + static_cast<std::int64_t>(i);
                   }
                 });
  return row;
}

CategorySummary summarize_categories(const Table& table, const Column& column, const TrainingRows& training) {
  const CategoryView view(table, column);
  CategorySummary summary;
  summary.levels = view.levels();
  std::vector<std::int64_t> counts(view.levels().size() + 1);
  std::vector<std::int32_t> codes;
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::int64_t begin = table.chunk_begins[chunk], rows = table.chunk_begins[chunk + 1] - begin;
    codes.resize(static_cast<std::size_t>(rows));
    view.read(chunk, 0, rows, codes.data());
    for (std::int64_t i = 0; i < rows; ++i) {
      counts[static_cast<std::size_t>(codes[static_cast<std::size_t>(i)] + 1)] +=
          training.is_training[static_cast<std::size_t>(begin + i)];
    }
  }
  summary.missing = counts.front();
  summary.counts.assign(counts.begin() + 1, counts.end());
  summary.distinct = std::ranges::count_if(summary.counts, [](std::int64_t count) { return count > 0; });
  return summary;
}

}  // namespace equipoise::data
