#include "engine/sampling/massage.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace equipoise::sampling {
namespace {

constexpr std::int32_t kPositive = 1;

struct Group {
  std::size_t cell = 0;                         // any of its cells, for its name
  std::vector<std::size_t> positive, negative;  // rows
};

std::string name_of(const SampledCells& cells, const RecipeParams& params, std::size_t cell) {
  std::string name;
  for (const std::string& column : params.by) {
    const auto g = static_cast<std::size_t>(std::ranges::find(cells.groupings, column) - cells.groupings.begin());
    name += (name.empty() ? "" : ", ") + column + "=" +
            cells.levels[g][static_cast<std::size_t>(cells.cells[cell].levels[g])];
  }
  return name;
}

// The first `count` rows by a key; of equal ones those that come first.
void change_first(std::vector<std::size_t>& rows, std::int64_t count, Massage& massage, auto key) {
  std::ranges::stable_sort(rows, [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  for (std::int64_t i = 0; i < count; ++i) massage.is_changed[rows[static_cast<std::size_t>(i)]] = true;
}

}  // namespace

Massage massage(const SampledCells& cells, const RecipeParams& params, const std::vector<double>& scores) {
  const std::vector<std::int32_t> group_of = cells.merged(params.by);
  std::map<std::int32_t, Group> groups;
  double positives = 0, all = 0;
  for (std::size_t row = 0; row < cells.of_row.size(); ++row) {
    if (!cells.is_drawn[row]) continue;
    const auto cell = static_cast<std::size_t>(cells.of_row[row]);
    Group& group = groups[group_of[cell]];
    group.cell = cell;
    const bool is_positive = cells.cells[cell].answer == kPositive;
    (is_positive ? group.positive : group.negative).push_back(row);
    positives += is_positive;
    ++all;
  }
  Massage result{std::vector<bool>(cells.of_row.size()), {}};
  for (auto& [unused, group] : groups) {
    const auto own = static_cast<std::int64_t>(group.positive.size());
    const auto rows = static_cast<double>(group.positive.size() + group.negative.size());
    const std::int64_t missing = std::llround(rows * positives / all) - own;
    if (missing == 0) continue;
    if (missing > 0)
      change_first(group.negative, missing, result, [&](std::size_t row) { return -scores[row]; });
    else
      change_first(group.positive, -missing, result, [&](std::size_t row) { return scores[row]; });
    result.sentences.push_back(name_of(cells, params, group.cell) + ": " + std::to_string(std::abs(missing)) +
                               (missing > 0 ? " negative labels become positive" : " positive labels become negative"));
  }
  return result;
}

}  // namespace equipoise::sampling
