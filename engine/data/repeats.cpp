#include "engine/data/repeats.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/core/seed.h"

namespace equipoise::data {
namespace {

constexpr double kFew = 0.02;               // of the test rows
using Hashes = std::vector<std::uint64_t>;  // [rows]

// What each row holds there; of numbers their bits, of words their codes.
Hashes values_of(const Table& table, const Column& column) {
  constexpr std::uint64_t kMissing = ~std::uint64_t{0};
  Hashes values;
  if (column.kind == ColumnKind::text) {
    for (const std::int32_t code : CategoryView(table, column).codes(table))
      values.push_back(code == kMissingCode ? kMissing : static_cast<std::uint64_t>(code));
    return values;
  }
  for (const double number : NumberView(column).numbers(table))
    values.push_back(std::isnan(number) ? kMissing : std::bit_cast<std::uint64_t>(number));
  return values;
}

// What training rows of one hash have as labels.
struct Labels {
  std::uint64_t first = 0;
  bool is_one = true;
};

// How many of the training rows each of `rows` would be like, were columns independent.
std::vector<double> likes_by_chance(const Table& table, const std::vector<Split>& splits,
                                    const std::set<std::string>& set_aside, const std::vector<std::size_t>& rows) {
  const auto learnt = static_cast<double>(std::ranges::count(splits, Split::train));
  std::vector<double> likes(rows.size(), learnt);
  for (const Column& column : table.columns) {
    if (set_aside.contains(column.name)) continue;
    const Hashes values = values_of(table, column);
    std::unordered_map<std::uint64_t, double> counts;
    for (std::size_t row = 0; row < splits.size(); ++row)
      if (splits[row] == Split::train) ++counts[values[row]];
    for (std::size_t i = 0; i < rows.size(); ++i) likes[i] *= counts[values[rows[i]]] / learnt;
  }
  return likes;
}

}  // namespace

Repeats find_repeats(const Table& table, const std::vector<Split>& splits, const std::vector<std::string>& labels,
                     const std::set<std::string>& set_aside) {
  if (std::ranges::find(splits, Split::test) == splits.end()) return {};
  Hashes hashes(splits.size()), label_hashes(splits.size());
  for (const Column& column : table.columns) {
    if (set_aside.contains(column.name)) continue;
    const Hashes values = values_of(table, column);
    const bool is_label = std::ranges::find(labels, column.name) != labels.end();
    Hashes& of_rows = is_label ? label_hashes : hashes;
    for (std::size_t row = 0; row < splits.size(); ++row) of_rows[row] = core::mix(of_rows[row], values[row]);
  }
  std::unordered_map<std::uint64_t, Labels> learnt;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] != Split::train) continue;
    const auto [known, is_new] = learnt.try_emplace(hashes[row], Labels{label_hashes[row]});
    if (!is_new && known->second.first != label_hashes[row]) known->second.is_one = false;
  }
  Repeats found;
  std::vector<std::size_t> repeated;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] != Split::test) continue;
    ++found.rows;
    const auto known = learnt.find(hashes[row]);
    if (known == learnt.end()) continue;
    ++found.alike;
    if (known->second.is_one && known->second.first == label_hashes[row])
      repeated.push_back(row);
    else
      ++found.disagreeing;
  }
  found.repeated = static_cast<std::int64_t>(repeated.size());
  constexpr double kByChance = 0.01;
  if (!repeated.empty())
    found.beyond_chance = std::ranges::count_if(likes_by_chance(table, splits, set_aside, repeated),
                                                [](double likes) { return likes < kByChance; });
  return found;
}

void warn_of_repeated_pictures(const ImageRows& images, const std::vector<Split>& splits, core::Journal& journal) {
  const std::size_t bytes = images.bytes();
  const auto picture = [&](std::size_t row) {
    return std::string_view(reinterpret_cast<const char*>(images.pixels.data()) + row * bytes, bytes);
  };
  std::unordered_set<std::string_view> learnt;
  for (std::size_t row = 0; row < splits.size(); ++row)
    if (splits[row] == Split::train && picture(row).find_first_not_of(picture(row)[0]) != std::string_view::npos)
      learnt.insert(picture(row));
  std::int64_t tested = 0, repeated = 0;
  for (std::size_t row = 0; row < splits.size(); ++row) {
    if (splits[row] != Split::test) continue;
    ++tested;
    repeated += learnt.contains(picture(row));
  }
  if (static_cast<double>(repeated) <= kFew * static_cast<double>(tested)) return;
  journal.warn(
      std::to_string(repeated) + " of " + std::to_string(tested) +
      " test pictures are the same as one of training's, pixel by pixel: the model has learnt them, and what is "
      "measured of them says little of pictures it has not met. Take repeats out, or keep them in one split "
      "(data.split.column)");
}

void warn_of_repeats(const Repeats& repeats, core::Journal& journal) {
  if (static_cast<double>(repeats.beyond_chance) <= kFew * static_cast<double>(repeats.rows)) return;
  if (static_cast<double>(repeats.disagreeing) > kFew * static_cast<double>(repeats.alike)) return;
  journal.warn(std::to_string(repeats.repeated) + " of " + std::to_string(repeats.rows) +
               " test rows are the same as a training row in every column, label included: the model has learnt them, "
               "and what is measured of them says little of people it has not met. If they are records of the same "
               "people, take repeats out, or keep equal rows in one split (data.split.assign_by: content)");
}

}  // namespace equipoise::data
