#include "engine/data/splits.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <numeric>

#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"
#include "engine/core/threads.h"
#include "engine/data/targets.h"

namespace equipoise::data {
namespace {

constexpr std::size_t kSplits = 4;
using Shares = std::array<double, kSplits>;  // by Split

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, field + ": " + what, origin.of(field));
}

std::vector<Split> splits_by_column(const Table& table, const std::string& name, const config::Origin& origin) {
  const CategoryView view(table, column_named(table, name, "data.split.column", origin));
  const std::vector<std::int32_t> codes = view.codes(table);
  const std::vector<std::string> words(std::begin(kSplitNames), std::end(kSplitNames));
  std::vector<Split> splits;
  splits.reserve(codes.size());
  for (std::size_t row = 0; row < codes.size(); ++row) {
    const std::string word = codes[row] < 0 ? "" : view.levels()[static_cast<std::size_t>(codes[row])];
    const auto found = std::ranges::find(words, word);
    if (found == words.end()) {
      throw core::UserError(core::Fault::data,
                            "the split column '" + name + "' holds '" + word + "'" + core::did_you_mean(word, words) +
                                "; expected one of " + core::listed(words),
                            table.where(static_cast<std::int64_t>(row)));
    }
    splits.push_back(static_cast<Split>(found - words.begin()));
  }
  return splits;
}

// A hash of everything the row holds, the same however the columns are stored.
std::vector<std::uint64_t> content_hashes(const Table& table, std::uint64_t seed) {
  std::vector<std::uint64_t> hashes(static_cast<std::size_t>(table.rows()), seed);
  std::vector<double> numbers;
  for (const Column& column : table.columns) {
    const NumberView view(column);
    std::vector<std::uint64_t> of_level;
    for (const std::string& level : column.levels) of_level.push_back(core::seed_for(0, level));
    for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
      const std::int64_t begin = table.chunk_begins[chunk], rows = table.chunk_begins[chunk + 1] - begin;
      numbers.resize(static_cast<std::size_t>(rows));
      const bool text = column.chunks[chunk].kind == ColumnKind::text;
      if (!text) view.read(chunk, 0, rows, numbers.data());
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int32_t code = text ? column.chunks[chunk].integers[static_cast<std::size_t>(i)] : kMissingCode;
        const double number = numbers[static_cast<std::size_t>(i)];
        const std::uint64_t value = text ? (code < 0 ? 0 : of_level[static_cast<std::size_t>(code)])
                                         : (std::isnan(number) ? 0 : std::bit_cast<std::uint64_t>(number + 0.0));
        std::uint64_t& hash = hashes[static_cast<std::size_t>(begin + i)];
        hash = core::mix(hash, value);
      }
    }
  }
  return hashes;
}

std::vector<std::uint64_t> row_hashes(const Table& table, const SplitParams& params, std::uint64_t seed) {
  const std::uint64_t use = core::seed_for(seed, "split");
  if (params.assign_by == "content") return content_hashes(table, use);
  std::vector<std::uint64_t> hashes;
  hashes.reserve(static_cast<std::size_t>(table.rows()));
  for (std::int64_t row = 0; row < table.rows(); ++row) {
    hashes.push_back(core::mix(use, static_cast<std::uint64_t>(table.row_as_read(row))));
  }
  return hashes;
}

using Counts = std::array<std::size_t, kSplits>;

// How many of `count` rows each split gets: the exact shares rounded down, the rest to the largest remainders, beside what splits are owed.
Counts rounded_counts(std::size_t count, const Shares& shares, Shares& owed) {
  Counts counts{};
  std::size_t given = 0;
  for (std::size_t s = 0; s < kSplits; ++s) {
    const double exact = shares[s] * static_cast<double>(count);
    counts[s] = static_cast<std::size_t>(std::floor(exact + 1e-9));  // .6 of 5 is 3, whatever binary fractions say
    owed[s] += exact - static_cast<double>(counts[s]);
    given += counts[s];
  }
  for (; given < count; ++given) {
    const std::size_t most = static_cast<std::size_t>(std::ranges::max_element(owed) - owed.begin());
    ++counts[most];
    owed[most] -= 1;
  }
  return counts;
}

// Of each stratum. What small ones are short of, other small ones make up for: else of a thousand groups of three the test split would get
// nobody. They come in an order by chance: in their own, labels take turns, and one of them could be all that a split is owed.
std::vector<Counts> counts_of_strata(const std::vector<std::vector<std::uint64_t>>& strata, const Shares& shares,
                                     std::uint64_t seed) {
  constexpr std::size_t kSmall = 20;
  std::vector<Counts> counts(strata.size());
  std::vector<std::size_t> small;
  for (std::size_t stratum = 0; stratum < strata.size(); ++stratum) {
    Shares owed{};
    if (strata[stratum].size() < kSmall)
      small.push_back(stratum);
    else
      counts[stratum] = rounded_counts(strata[stratum].size(), shares, owed);
  }
  const std::uint64_t use = core::seed_for(seed, "small strata");
  std::ranges::sort(small, {}, [&](std::size_t stratum) { return core::mix(use, stratum); });
  Shares owed{};
  for (const std::size_t stratum : small) counts[stratum] = rounded_counts(strata[stratum].size(), shares, owed);
  return counts;
}

// The rows of a split have hashes up to `last` and above those of the splits before it.
struct Cut {
  std::uint64_t last;
  Split split;
};

// Divides rows by counts, given their hashes in any order; rows of equal hash stay together.
std::vector<Cut> cuts_of(std::vector<std::uint64_t> hashes, const Counts& counts) {
  std::vector<Cut> cuts;
  std::size_t begin = 0, planned = 0;
  for (std::size_t s = kSplits; s-- > 1;) {  // test, holdout, selection; training is what is left
    planned += counts[s];
    if (planned <= begin) continue;
    const auto cut = hashes.begin() + static_cast<std::ptrdiff_t>(planned);
    std::nth_element(hashes.begin() + static_cast<std::ptrdiff_t>(begin), cut - 1, hashes.end());
    const std::uint64_t last = *(cut - 1);
    const auto end = std::partition(cut, hashes.end(), [&](std::uint64_t hash) { return hash == last; });
    begin = static_cast<std::size_t>(end - hashes.begin());
    cuts.push_back({last, static_cast<Split>(s)});
  }
  return cuts;
}

Split split_of(std::uint64_t hash, const std::vector<Cut>& cuts) {
  for (const Cut& cut : cuts) {
    if (hash <= cut.last) return cut.split;
  }
  return Split::train;
}

// Of the shares that files do not fix, what each is of the rows that no such file holds.
Shares shares_of_rest(const SplitParams& params) {
  Shares shares{};
  if (params.selection_files.empty()) shares[1] = params.selection;
  if (params.holdout_files.empty()) shares[2] = params.holdout;
  if (params.test_files.empty()) shares[3] = params.test;
  shares[0] = 1 - shares[1] - shares[2] - shares[3];
  return shares;
}

// The split that a file fixes, or train when its rows are to be divided.
Split split_of_file(const SplitParams& params, const std::string& path) {
  const auto listed = [&](const std::vector<std::string>& files) {
    return std::ranges::find(files, path) != files.end();
  };
  if (listed(params.test_files)) return Split::test;
  if (listed(params.holdout_files)) return Split::holdout;
  return listed(params.selection_files) ? Split::selection : Split::train;
}

std::vector<Split> splits_by_shares(const Table& table, const SplitParams& params,
                                    const std::vector<std::int32_t>& strata, std::uint64_t seed) {
  std::vector<Split> splits(strata.size());
  for (std::size_t chunk = 0; chunk < table.chunks(); ++chunk) {
    const std::string& path = table.files[static_cast<std::size_t>(table.chunk_files[chunk])].path;
    std::fill(splits.begin() + table.chunk_begins[chunk], splits.begin() + table.chunk_begins[chunk + 1],
              split_of_file(params, path));
  }
  const std::vector<std::uint64_t> hashes = row_hashes(table, params, seed);
  std::vector<std::vector<std::uint64_t>> hashes_of_stratum(strata.empty() ? 0 : std::ranges::max(strata) + 1);
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] == Split::train) hashes_of_stratum[static_cast<std::size_t>(strata[row])].push_back(hashes[row]);
  }
  const std::vector<Counts> counts = counts_of_strata(hashes_of_stratum, shares_of_rest(params), seed);
  std::vector<std::vector<Cut>> cuts_of_stratum(hashes_of_stratum.size());
  core::on_threads(2, cuts_of_stratum.size(), [&](std::size_t stratum) {
    cuts_of_stratum[stratum] = cuts_of(std::move(hashes_of_stratum[stratum]), counts[stratum]);
  });
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] != Split::train) continue;
    splits[row] = split_of(hashes[row], cuts_of_stratum[static_cast<std::size_t>(strata[row])]);
  }
  return splits;
}

}  // namespace

void check_splits(const SplitParams& params, const config::Origin& origin) {
  const bool by_file = !params.test_files.empty() || !params.selection_files.empty() || !params.holdout_files.empty();
  if (!params.column.empty() && by_file) {
    refuse("data.split", "expected either a column or files that tell the split, not both", origin);
  }
  std::vector<std::string> files;
  for (const auto* list : {&params.test_files, &params.selection_files, &params.holdout_files}) {
    for (const std::string& file : *list) {
      if (std::ranges::find(files, file) != files.end()) {
        refuse("data.split", "the file " + file + " is listed for two splits", origin);
      }
    }
    files.insert(files.end(), list->begin(), list->end());
  }
  const SplitParams usual;
  if (!params.column.empty()) {
    if (params.test == usual.test && params.selection == usual.selection && params.holdout == usual.holdout) return;
    refuse("data.split",
           "data.split.column tells the split, so that test, selection and holdout mean nothing; leave "
           "them out",
           origin);
  }
  const Shares shares = shares_of_rest(params);
  if (shares[0] > 0) return;
  refuse("data.split",
         "selection, holdout and test together take a share of " + number_text(1 - shares[0]) +
             ", which leaves nothing to train on",
         origin);
}

std::vector<Split> make_splits(const Table& table, const SplitParams& params, const std::vector<std::int32_t>& strata,
                               std::uint64_t seed, const config::Origin& origin) {
  std::vector<Split> splits = params.column.empty() ? splits_by_shares(table, params, strata, seed)
                                                    : splits_by_column(table, params.column, origin);
  if (std::ranges::find(splits, Split::train) == splits.end()) {
    refuse("data.split", "the training split has no row", origin);
  }
  return splits;
}

}  // namespace equipoise::data
