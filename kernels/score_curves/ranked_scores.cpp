// The sort: rows are spread over buckets of ascending keys that fit the cache, and each bucket is split again, and again,
// by the range that its own keys have, until few are left. Keys far apart or close together, all different or all the
// same: each split sees the range of what it splits, and equal keys are done at once.
#include "kernels/score_curves/ranked_scores.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "kernels/parallel.h"
#include "kernels/score_curves/score_block.h"
#include "kernels/score_curves/score_curves_math.h"

namespace equipoise::kernels {
namespace {

using Item = RankedScores::Item;

constexpr std::int64_t kBlockRows = 1 << 16;
constexpr std::int64_t kBucketRows = 1 << 13;  // 128 KiB of items, and as much to split them into
constexpr std::int64_t kMostBuckets = 1 << 11;
constexpr int kFineBits = 14;
constexpr std::int64_t kInsertionItems = 24;
constexpr int kMostSplitBits = 11;
constexpr std::int64_t kScanParts = 64;
constexpr std::int64_t kMostTallies = 1 << 22;

struct KeyRange {
  std::uint64_t least = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t most = 0;

  void add(std::uint64_t key) {
    least = std::min(least, key);
    most = std::max(most, key);
  }
};

// How far to shift what a key is above the least, so that `bits` bits are left of the range.
int shift_of(const KeyRange& range, int bits) {
  return std::max(0, static_cast<int>(std::bit_width(range.most - range.least)) - bits);
}

template <typename Visit>
void each_key(const ScoreRows& rows, std::int64_t begin, std::int64_t end, const Visit& visit) {
  double scores[kScoreBlockRows];
  for (std::int64_t first = begin; first < end; first += kScoreBlockRows) {
    const std::int64_t count = std::min(kScoreBlockRows, end - first);
    read_scores(rows, first, count, scores);
    for (std::int64_t i = 0; i < count; ++i) visit(first + i, ordered_key(scores[i]));
  }
}

KeyRange range_of(const ScoreRows& rows, std::int64_t blocks) {
  std::vector<KeyRange> ranges(static_cast<std::size_t>(blocks));
  each_task(blocks, [&](std::int64_t block) {
    KeyRange range;
    each_key(rows, block * kBlockRows, std::min(rows.rows, (block + 1) * kBlockRows),
             [&](std::int64_t, std::uint64_t key) { range.add(key); });
    ranges[static_cast<std::size_t>(block)] = range;
  });
  KeyRange all;
  for (const KeyRange& range : ranges) {
    all.add(range.least);
    all.add(range.most);
  }
  return all;
}

void sort_few(Item* items, std::int64_t count) {
  for (std::int64_t i = 1; i < count; ++i) {
    const Item item = items[i];
    std::int64_t place = i;
    for (; place > 0 && items[place - 1].key > item.key; --place) items[place] = items[place - 1];
    items[place] = item;
  }
}

// Stable. `scratch` has room for as many items.
void sort_items(Item* items, Item* scratch, std::int64_t count) {
  if (count <= kInsertionItems) return sort_few(items, count);
  KeyRange range;
  for (std::int64_t i = 0; i < count; ++i) range.add(items[i].key);
  if (range.least == range.most) return;
  // About two items a part where keys are spread evenly.
  const int bits =
      std::clamp(static_cast<int>(std::bit_width(static_cast<std::uint64_t>(count))) - 2, 3, kMostSplitBits);
  const int shift = shift_of(range, bits);
  std::int32_t ends[(1 << kMostSplitBits) + 1];
  const int parts = 1 << bits;
  std::fill(ends, ends + parts + 1, 0);
  for (std::int64_t i = 0; i < count; ++i) ++ends[((items[i].key - range.least) >> shift) + 1];
  for (int part = 0; part < parts; ++part) ends[part + 1] += ends[part];
  for (std::int64_t i = 0; i < count; ++i) scratch[ends[(items[i].key - range.least) >> shift]++] = items[i];
  std::copy(scratch, scratch + count, items);
  std::int32_t begin = 0;
  for (int part = 0; part < parts; ++part) {
    if (ends[part] - begin > 1) sort_items(items + begin, scratch + begin, ends[part] - begin);
    begin = ends[part];
  }
}

// Which bucket each fine part of the key range goes to: neighbours together until there are enough rows.
std::vector<std::uint16_t> join_parts(const std::vector<std::uint32_t>& counts, std::int64_t blocks,
                                      std::int64_t enough) {
  constexpr std::int64_t kParts = 1 << kFineBits;
  std::vector<std::int64_t> totals(kParts, 0);
  for (std::int64_t block = 0; block < blocks; ++block)
    for (std::int64_t part = 0; part < kParts; ++part) totals[part] += counts[block * kParts + part];
  std::vector<std::uint16_t> bucket_of(kParts);
  std::int64_t filled = 0;
  std::uint16_t bucket = 0;
  for (std::int64_t part = 0; part < kParts; ++part) {
    bucket_of[part] = bucket;
    filled += totals[part];
    if (filled >= enough) {
      filled = 0;
      ++bucket;
    }
  }
  return bucket_of;
}

}  // namespace

RankedScores::RankedScores(const ScoreRows& rows) : items_(new Item[static_cast<std::size_t>(rows.rows)]), cuts_{0} {
  constexpr std::int64_t kParts = 1 << kFineBits;
  const std::int64_t blocks = (rows.rows + kBlockRows - 1) / kBlockRows;
  if (blocks == 0) return;
  const KeyRange range = range_of(rows, blocks);
  const int shift = shift_of(range, kFineBits);
  const auto block_end = [&](std::int64_t block) { return std::min(rows.rows, (block + 1) * kBlockRows); };
  std::vector<std::uint32_t> counts(static_cast<std::size_t>(blocks * kParts), 0);
  each_task(blocks, [&](std::int64_t block) {
    std::uint32_t* own = counts.data() + block * kParts;
    each_key(rows, block * kBlockRows, block_end(block),
             [&](std::int64_t, std::uint64_t key) { ++own[(key - range.least) >> shift]; });
  });
  const std::vector<std::uint16_t> bucket_of =
      join_parts(counts, blocks, std::max(kBucketRows, rows.rows / kMostBuckets));
  const std::int64_t buckets = bucket_of.back() + std::int64_t{1};
  std::vector<std::int64_t> places(static_cast<std::size_t>(blocks * buckets), 0);
  for (std::int64_t block = 0; block < blocks; ++block)
    for (std::int64_t part = 0; part < kParts; ++part)
      places[block * buckets + bucket_of[part]] += counts[block * kParts + part];
  std::int64_t place = 0;
  for (std::int64_t bucket = 0; bucket < buckets; ++bucket) {
    for (std::int64_t block = 0; block < blocks; ++block)
      place += std::exchange(places[block * buckets + bucket], place);
    if (place > cuts_.back()) cuts_.push_back(place);
  }
  const std::unique_ptr<Item[]> scratch(new Item[static_cast<std::size_t>(rows.rows)]);
  each_task(blocks, [&](std::int64_t block) {
    std::int64_t* next = places.data() + block * buckets;
    each_key(rows, block * kBlockRows, block_end(block), [&](std::int64_t row, std::uint64_t key) {
      items_[next[bucket_of[(key - range.least) >> shift]]++] = {key, static_cast<std::uint32_t>(row),
                                                                 rows.labels[row]};
    });
  });
  each_task(static_cast<std::int64_t>(cuts_.size()) - 1, [&](std::int64_t bucket) {
    const std::int64_t begin = cuts_[bucket];
    sort_items(items_.get() + begin, scratch.get() + begin, cuts_[bucket + 1] - begin);
  });
}

namespace {

// Weights of one group below the current score, at it, and twice the weight of the pairs won so far.
template <typename Sum>
struct Tally {
  Sum positives = 0;
  Sum negatives = 0;
  Sum tied_positives = 0;
  Sum tied_negatives = 0;
  Sum twice_won = 0;

  // Without a branch on the label, which no processor can foresee.
  void add(bool positive, Sum weight) {
    const Sum won_by = positive ? weight : Sum(0);
    twice_won += won_by * (2 * negatives);
    positives += won_by;
    negatives += weight - won_by;
  }

  void tie(bool positive, Sum weight) { (positive ? tied_positives : tied_negatives) += weight; }

  void close_tie() {
    twice_won += tied_positives * (2 * negatives + tied_negatives);
    positives += tied_positives;
    negatives += tied_negatives;
    tied_positives = tied_negatives = 0;
  }

  // Of higher scores.
  void append(const Tally& later) {
    twice_won += later.twice_won + later.positives * (2 * negatives);
    positives += later.positives;
    negatives += later.negatives;
  }
};

struct NoGroups {
  std::int64_t operator[](std::uint32_t) const { return 0; }
};

constexpr std::int64_t kRowsAhead = 24;  // rows by score are anywhere in memory: asked for before they are wanted

template <typename Group>
void fetch(const Group* groups, std::uint32_t row) {
  __builtin_prefetch(groups + row);
}

void fetch(NoGroups, std::uint32_t) {}

// Tallies of the items in [begin, end), between which no tie is parted. `Groups` gives a row's group.
template <typename Sum, typename Groups>
void scan(const Item* items, std::int64_t begin, std::int64_t end, const Groups& groups, const float* weights,
          Tally<Sum>* tallies) {
  const auto weight_of = [&](const Item& item) { return weights != nullptr ? Sum(weights[item.row]) : Sum(1); };
  const auto group_of = [&](std::int64_t place) -> std::int64_t {
    if (place + kRowsAhead < end) fetch(groups, items[place + kRowsAhead].row);
    return groups[items[place].row];
  };
  for (std::int64_t i = begin; i < end;) {
    std::int64_t tie_end = i + 1;
    while (tie_end < end && items[tie_end].key == items[i].key) ++tie_end;
    if (tie_end == i + 1) {
      const std::int64_t group = group_of(i);
      if (group >= 0) tallies[group].add(items[i].label != 0, weight_of(items[i]));
    } else {
      for (std::int64_t k = i; k < tie_end; ++k) {
        const std::int64_t group = group_of(k);
        if (group >= 0) tallies[group].tie(items[k].label != 0, weight_of(items[k]));
      }
      for (std::int64_t k = i; k < tie_end; ++k) {  // closing twice adds nothing
        const std::int64_t group = groups[items[k].row];
        if (group >= 0) tallies[group].close_tie();
      }
    }
    i = tie_end;
  }
}

template <typename Sum, typename Groups>
void scan_parts(const Item* items, const std::vector<std::int64_t>& cuts, const Groups& groups, const float* weights,
                std::int64_t group_count, double* areas) {
  const std::int64_t buckets = static_cast<std::int64_t>(cuts.size()) - 1;
  const std::int64_t parts = std::clamp<std::int64_t>(std::min(buckets, kMostTallies / group_count), 1, kScanParts);
  std::vector<Tally<Sum>> tallies(static_cast<std::size_t>(parts * group_count));
  each_task(parts, [&](std::int64_t part) {
    scan(items, cuts[part * buckets / parts], cuts[(part + 1) * buckets / parts], groups, weights,
         tallies.data() + part * group_count);
  });
  for (std::int64_t group = 0; group < group_count; ++group) {
    Tally<Sum> total;
    for (std::int64_t part = 0; part < parts; ++part) total.append(tallies[part * group_count + group]);
    areas[group] = area_of(total.twice_won, total.positives, total.negatives);
  }
}

template <typename Sum>
void areas_by_sum(const Item* items, const std::vector<std::int64_t>& cuts, const ScoreRows& rows, double* of_groups,
                  double* of_everyone) {
  if (of_groups != nullptr && rows.group_count > 0) {
    const auto scan_groups = [&](const auto* groups) {
      scan_parts<Sum>(items, cuts, groups, rows.weights, rows.group_count, of_groups);
    };
    if (rows.group_type == CellType::kU8) {
      scan_groups(static_cast<const std::uint8_t*>(rows.groups));
    } else if (rows.group_type == CellType::kI16) {
      scan_groups(static_cast<const std::int16_t*>(rows.groups));
    } else {
      scan_groups(static_cast<const std::int32_t*>(rows.groups));
    }
  }
  if (of_everyone != nullptr) scan_parts<Sum>(items, cuts, NoGroups(), rows.weights, 1, of_everyone);
}

}  // namespace

void RankedScores::areas(const ScoreRows& rows, double* of_groups, double* of_everyone) const {
  if (rows.weights != nullptr) {
    areas_by_sum<double>(items_.get(), cuts_, rows, of_groups, of_everyone);
  } else {
    areas_by_sum<std::int64_t>(items_.get(), cuts_, rows, of_groups, of_everyone);
  }
}

}  // namespace equipoise::kernels
