#include "engine/audit/known_values.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/core/seed.h"

namespace equipoise::audit {
namespace {

constexpr float kRounding = 1e-5F;           // of quantiles or deviations
constexpr double kSteps = 4096;              // equal numbers are in the same part of a bin or deviation
constexpr std::size_t kMostPairs = 1 << 26;  // counts of pairs of levels: 256 MB

// 0 without a level.
std::size_t level_place(std::int16_t code) {
  return static_cast<std::size_t>(std::max<std::int16_t>(-1, code) + 1);
}

}  // namespace

void NumberRange::add(float number) {
  second_low = std::min(second_low, std::max(low, number));
  low = std::min(low, number);
  second_high = std::max(second_high, std::min(high, number));
  high = std::max(high, number);
}

bool NumberRange::excludes(float number, bool is_own) const {
  const float lowest = is_own && number == low ? second_low : low;
  const float highest = is_own && number == high ? second_high : high;
  return number < lowest - kRounding || number > highest + kRounding;
}

KnownValues::KnownValues(const sampling::PointSpace& space, const data::EncodedRows& encoded,
                         const std::vector<std::int64_t>& training)
    : space_(space), encoded_(encoded), ranges_(ranges_of(training)) {
  std::size_t size = 0;
  for (std::size_t f = 0; f < encoded.features.size(); ++f) {
    levels_.emplace_back(static_cast<std::size_t>(encoded.features[f].width) + 1);
    if (space.is_number(f)) continue;
    for (const std::int32_t earlier : categories_) {
      pair_begins_.push_back(size);
      size += levels_[static_cast<std::size_t>(earlier)].size() * levels_[f].size();
    }
    categories_.push_back(static_cast<std::int32_t>(f));
  }
  if (size <= kMostPairs) pair_counts_.assign(size, 0);
  rows_.reserve(training.size());
  for (const std::int64_t number : training) {
    const EncodedRow row = row_of(encoded, number);
    rows_.emplace(key_of(row), number);
    for (std::size_t f = 0; f < levels_.size(); ++f)
      ++levels_[f][space.is_number(f) ? space.is_missing(f, row.codes[f]) : level_place(row.codes[f])];
    if (pair_counts_.empty()) continue;
    std::size_t pair = 0;
    for (std::size_t second = 0; second < categories_.size(); ++second)
      for (std::size_t first = 0; first < second; ++first, ++pair)
        ++pair_counts_[pair_begins_[pair] + pair_place(first, second, row)];
  }
}

// Two rows of different inputs have the same key once in 2^64 pairs.
std::uint64_t KnownValues::key_of(const EncodedRow& row) const {
  std::uint64_t key = 0;
  for (std::size_t f = 0; f < encoded_.features.size(); ++f) {
    std::int64_t part = std::max<std::int16_t>(-1, row.codes[f]);
    if (space_.is_number(f) && space_.is_missing(f, row.codes[f])) {
      part = std::numeric_limits<std::int64_t>::min();
    } else if (space_.is_number(f)) {
      // Of a ramp the end of a bin is the beginning of the next.
      const bool is_ramp = encoded_.features[f].kind == data::FeatureKind::ramp;
      part = std::llround(kSteps * ((is_ramp ? row.codes[f] : 0) + static_cast<double>(row.values[f])));
    }
    key = core::mix(key, static_cast<std::uint64_t>(part));
  }
  return key;
}

std::size_t KnownValues::pair_place(std::size_t first, std::size_t second, const EncodedRow& row) const {
  const auto one = static_cast<std::size_t>(categories_[first]), other = static_cast<std::size_t>(categories_[second]);
  return level_place(row.codes[one]) * levels_[other].size() + level_place(row.codes[other]);
}

std::int64_t KnownValues::twin(const EncodedRow& row, std::int64_t except) const {
  const auto [begin, end] = rows_.equal_range(key_of(row));
  std::int64_t first = -1;
  for (auto found = begin; found != end; ++found)
    if (found->second != except && (first < 0 || found->second < first)) first = found->second;
  return first;
}

std::int32_t KnownValues::outside(const EncodedRow& row, bool is_own) const {
  for (std::size_t f = 0; f < levels_.size(); ++f)
    if (levels_[f][space_.is_number(f) ? space_.is_missing(f, row.codes[f]) : level_place(row.codes[f])] <=
        (is_own ? 1 : 0))
      return static_cast<std::int32_t>(f);
  return outside(row, ranges_, is_own);
}

KnownValues::Pair KnownValues::unknown_pair(const EncodedRow& row, bool is_own) const {
  const std::int32_t times = is_own ? 1 : 0;
  std::size_t pair = 0;
  for (std::size_t second = 0; second < categories_.size() && !pair_counts_.empty(); ++second)
    for (std::size_t first = 0; first < second; ++first, ++pair) {
      const auto one = static_cast<std::size_t>(categories_[first]);
      const auto other = static_cast<std::size_t>(categories_[second]);
      if (levels_[one][level_place(row.codes[one])] > times && levels_[other][level_place(row.codes[other])] > times &&
          pair_counts_[pair_begins_[pair] + pair_place(first, second, row)] <= times)
        return {categories_[first], categories_[second]};
    }
  return {};
}

std::vector<NumberRange> KnownValues::ranges_of(const std::vector<std::int64_t>& rows) const {
  std::vector<NumberRange> ranges(encoded_.features.size());
  for (const std::int64_t number : rows) {
    const EncodedRow row = row_of(encoded_, number);
    for (std::size_t f = 0; f < ranges.size(); ++f)
      if (space_.is_number(f) && !space_.is_missing(f, row.codes[f]))
        ranges[f].add(space_.number(f, row.codes[f], row.values[f]));
  }
  return ranges;
}

std::int32_t KnownValues::outside(const EncodedRow& row, const std::vector<NumberRange>& ranges, bool is_own) const {
  for (std::size_t f = 0; f < ranges.size(); ++f)
    if (space_.is_number(f) && !space_.is_missing(f, row.codes[f]) &&
        ranges[f].excludes(space_.number(f, row.codes[f], row.values[f]), is_own))
      return static_cast<std::int32_t>(f);
  return -1;
}

}  // namespace equipoise::audit
