#include "engine/audit/duplicates.h"

#include <algorithm>
#include <bit>
#include <map>
#include <utility>

#include "engine/core/seed.h"

namespace equipoise::audit {
namespace {

// Rows by a hash of all inputs, equal ones side by side and in their order. 64 bits: of ten million rows two unlike ones meet with
// probability 3e-6.
std::vector<std::pair<std::uint64_t, std::int64_t>> by_content(const data::EncodedRows& encoded) {
  const std::size_t features = encoded.features.size();
  std::vector<std::pair<std::uint64_t, std::int64_t>> rows;
  rows.reserve(static_cast<std::size_t>(encoded.rows));
  for (std::int64_t row = 0; row < encoded.rows; ++row) {
    std::uint64_t hash = 0;
    for (std::size_t place = static_cast<std::size_t>(row) * features;
         place < (static_cast<std::size_t>(row) + 1) * features; ++place)
      hash = core::mix(hash, static_cast<std::uint64_t>(static_cast<std::uint16_t>(encoded.codes[place])) << 32 |
                                 std::bit_cast<std::uint32_t>(encoded.codes[place] < 0 ? 0 : encoded.values[place]));
    rows.emplace_back(hash, row);
  }
  std::ranges::sort(rows);
  return rows;
}

// Equal where the labels are; of a regression where the targets are.
std::uint64_t label_key(const data::Dataset& dataset, std::int64_t row) {
  const auto place = static_cast<std::size_t>(row);
  if (dataset.task == data::Task::regression) return std::bit_cast<std::uint32_t>(dataset.targets[place]);
  if (dataset.task != data::Task::labels) return dataset.labels[place];
  std::uint64_t key = 0;
  for (std::size_t k = 0; k < dataset.outcomes.size(); ++k)
    key = core::mix(key, dataset.labels[place * dataset.outcomes.size() + k]);
  return key;
}

// In which splits the likes of one label are.
struct Likes {
  bool in_split[4] = {};
};

void look(const data::Dataset& dataset, const std::vector<std::int64_t>& alike, Duplicates& found,
          std::vector<Duplicates::Pair>& pairs) {
  found.rows += static_cast<std::int64_t>(alike.size());
  std::map<std::uint64_t, Likes> labels;
  bool in_split[4] = {};
  for (const std::int64_t row : alike) {
    const int split = static_cast<int>(dataset.splits[static_cast<std::size_t>(row)]);
    labels[label_key(dataset, row)].in_split[split] = true;
    in_split[split] = true;
  }
  if (labels.size() > 1) found.disagreeing += static_cast<std::int64_t>(alike.size());
  for (const std::int64_t row : alike) {
    const int split = static_cast<int>(dataset.splits[static_cast<std::size_t>(row)]);
    const Likes& same = labels[label_key(dataset, row)];
    for (int other = 0; other < split; ++other) {
      Duplicates::Pair& pair = pairs[static_cast<std::size_t>(4 * split + other)];
      pair.rows += in_split[other];
      pair.same_label += same.in_split[other];
    }
  }
}

}  // namespace

Duplicates find_duplicates(const data::Dataset& dataset) {
  Duplicates found;
  if (dataset.encoded.features.empty()) return found;
  const auto rows = by_content(dataset.encoded);
  std::vector<Duplicates::Pair> pairs(16);
  for (std::size_t begin = 0; begin < rows.size();) {
    std::size_t end = begin + 1;
    while (end < rows.size() && rows[end].first == rows[begin].first) ++end;
    ++found.unlike;
    if (end - begin > 1) {
      std::vector<std::int64_t> alike;
      for (std::size_t i = begin; i < end; ++i) alike.push_back(rows[i].second);
      look(dataset, alike, found, pairs);
    }
    begin = end;
  }
  for (int split = 1; split < 4; ++split)
    for (int other = 0; other < split; ++other) {
      if (dataset.rows_of(static_cast<data::Split>(split)).empty() ||
          dataset.rows_of(static_cast<data::Split>(other)).empty())
        continue;
      Duplicates::Pair& pair = pairs[static_cast<std::size_t>(4 * split + other)];
      pair.split = data::kSplitNames[split];
      pair.other = data::kSplitNames[other];
      found.across.push_back(pair);
    }
  return found;
}

}  // namespace equipoise::audit
