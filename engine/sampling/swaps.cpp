#include "engine/sampling/swaps.h"

#include <algorithm>
#include <functional>
#include <optional>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"

namespace equipoise::sampling {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

bool is_category(const data::Feature& feature) {
  return feature.kind == data::FeatureKind::pick && !data::is_standardized(feature);
}

// Of the components "workclass = Private" and "workclass missing".
std::vector<std::string> levels_of(const data::Feature& feature) {
  const std::string before = feature.name + " = ";
  std::vector<std::string> levels;
  for (const std::string& component : feature.components)
    levels.push_back(component.starts_with(before) ? component.substr(before.size()) : data::kMissingLevel);
  return levels;
}

// Where a column's levels are found: among the features, as models see them, else among the groups.
struct Source {
  std::int32_t feature = -1;
  const data::Grouping* grouping = nullptr;
  std::vector<std::string> levels;
};

std::optional<Source> find_source(const std::string& name, const data::Dataset& dataset) {
  for (std::size_t f = 0; f < dataset.encoded.features.size(); ++f)
    if (dataset.encoded.features[f].name == name && is_category(dataset.encoded.features[f]))
      return Source{static_cast<std::int32_t>(f), nullptr, levels_of(dataset.encoded.features[f])};
  // A number that models see is not exchanged by exchanging what it was cut into.
  const bool is_number =
      std::ranges::find(dataset.encoded.features, name, &data::Feature::name) != dataset.encoded.features.end();
  for (const data::Grouping& grouping : dataset.groupings)
    if (grouping.name == name && !is_number) return Source{-1, &grouping, grouping.levels};
  return std::nullopt;
}

Source source_of(const std::string& name, const std::string& path, const data::Dataset& dataset,
                 const config::Origin& origin) {
  if (std::optional<Source> source = find_source(name, dataset)) return std::move(*source);
  std::vector<std::string> known;
  for (const data::Feature& feature : dataset.encoded.features) {
    if (feature.name == name)
      refuse(path, "'" + name + "' is a number, and levels of categories are exchanged", origin);
    if (is_category(feature)) known.push_back(feature.name);
  }
  for (const data::Grouping& grouping : dataset.groupings)
    if (std::ranges::find(known, grouping.name) == known.end()) known.push_back(grouping.name);
  refuse(path,
         "there is no category and no group '" + name + "'" + core::did_you_mean(name, known) + "; there are " +
             core::listed(known),
         origin);
}

std::int16_t level_of(const std::string& level, const Source& source, const std::string& name, const std::string& path,
                      const config::Origin& origin) {
  const auto found = std::ranges::find(source.levels, level);
  if (found == source.levels.end())
    refuse(path,
           "'" + name + "' has no level '" + level + "'" + core::did_you_mean(level, source.levels) + "; there are " +
               core::listed(source.levels),
           origin);
  return static_cast<std::int16_t>(found - source.levels.begin());
}

std::vector<std::int16_t> levels_of_rows(const Source& source, const data::Dataset& dataset,
                                         const std::vector<std::int64_t>& rows) {
  std::vector<std::int16_t> levels;
  for (const std::int64_t row : rows) {
    const auto place = static_cast<std::size_t>(row);
    levels.push_back(source.grouping != nullptr ? static_cast<std::int16_t>(source.grouping->codes[place])
                                                : dataset.encoded.codes[place * dataset.encoded.features.size() +
                                                                        static_cast<std::size_t>(source.feature)]);
  }
  return levels;
}

SwapColumn column_of(const SwapParams& swap, const std::string& path, const data::Dataset& dataset,
                     const std::vector<std::int64_t>& rows, const config::Origin& origin) {
  const Source source = source_of(swap.column, path + ".column", dataset, origin);
  SwapColumn column{swap.column, source.feature, -1, levels_of_rows(source, dataset, rows), {}};
  for (std::size_t level = 0; level < source.levels.size(); ++level)
    column.becomes.push_back(static_cast<std::int16_t>(level));
  core::ProblemList problems;
  for (const auto& [from, to] : swap.levels)
    problems.collect([&, &from = from, &to = to] {
      const std::string own = path + ".levels." + from;
      const std::int16_t before = level_of(from, source, swap.column, own, origin);
      column.becomes[static_cast<std::size_t>(before)] = level_of(to, source, swap.column, own, origin);
    });
  problems.throw_if_any();
  return column;
}

// Of the columns that are not in `order`, those of circles: not what only hangs on one.
std::vector<std::string> circle_among(const std::vector<SwapParams>& swaps, const std::vector<std::size_t>& order) {
  std::vector<std::size_t> left;
  for (std::size_t i = 0; i < swaps.size(); ++i)
    if (std::ranges::find(order, i) == order.end()) left.push_back(i);
  const auto is_linked_to = [&](std::size_t i) {
    return std::ranges::any_of(left, [&](std::size_t other) { return swaps[other].with == swaps[i].column; });
  };
  while (std::erase_if(left, [&](std::size_t i) { return !is_linked_to(i); }) > 0) continue;
  std::vector<std::string> names;
  for (const std::size_t i : left) names.push_back(swaps[i].column);
  return names;
}

// Each after the one that it is linked with. Throws where a circle of links leaves nobody to begin with.
std::vector<std::size_t> in_order(const std::vector<SwapParams>& swaps, const std::string& path,
                                  const config::Origin& origin) {
  std::vector<std::size_t> order;
  const auto is_in = [&](const std::string& name) {
    return std::ranges::any_of(order, [&](std::size_t i) { return swaps[i].column == name; });
  };
  while (order.size() < swaps.size()) {
    const std::size_t before = order.size();
    for (std::size_t i = 0; i < swaps.size(); ++i)
      if (std::ranges::find(order, i) == order.end() && (swaps[i].with.empty() || is_in(swaps[i].with)))
        order.push_back(i);
    if (order.size() > before) continue;
    refuse(path + ".swap",
           "the links of " + core::listed(circle_among(swaps, order)) + " form a circle: none of them changes first",
           origin);
  }
  return order;
}

void check_names(const std::vector<SwapParams>& swaps, const std::string& path, const config::Origin& origin,
                 core::ProblemList& problems) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < swaps.size(); ++i)
    problems.collect([&] {
      if (std::ranges::find(names, swaps[i].column) != names.end())
        refuse(path + ".swap[" + std::to_string(i) + "].column", "'" + swaps[i].column + "' is in the list already",
               origin);
      names.push_back(swaps[i].column);
    });
  for (std::size_t i = 0; i < swaps.size(); ++i)
    problems.collect([&] {
      if (!swaps[i].with.empty() && std::ranges::find(names, swaps[i].with) == names.end())
        refuse(path + ".swap[" + std::to_string(i) + "].with",
               "'" + swaps[i].with + "' is no column of the list" + core::did_you_mean(swaps[i].with, names) +
                   "; there are " + core::listed(names),
               origin);
    });
}

}  // namespace

void check_links(const std::vector<SwapParams>& swaps, const std::string& path, const config::Origin& origin) {
  core::ProblemList problems;
  check_names(swaps, path, origin, problems);
  problems.throw_if_any();
  in_order(swaps, path, origin);
}

std::vector<SwapColumn> swap_columns(const RecipeParams& params, const data::Dataset& dataset,
                                     const std::vector<std::int64_t>& rows, const std::string& path,
                                     const config::Origin& origin) {
  core::ProblemList problems;
  check_names(params.swap, path, origin, problems);
  std::vector<SwapColumn> as_written;
  for (std::size_t i = 0; i < params.swap.size(); ++i)
    problems.collect([&] {
      as_written.push_back(column_of(params.swap[i], path + ".swap[" + std::to_string(i) + "]", dataset, rows, origin));
    });
  problems.throw_if_any();
  std::vector<SwapColumn> columns;
  for (const std::size_t i : in_order(params.swap, path, origin)) {
    const auto parent = std::ranges::find(columns, params.swap[i].with, &SwapColumn::name);
    if (parent != columns.end()) as_written[i].parent = static_cast<std::int32_t>(parent - columns.begin());
    columns.push_back(std::move(as_written[i]));
  }
  if (std::ranges::none_of(columns, [](const SwapColumn& column) { return column.feature >= 0; }))
    refuse(path + ".swap",
           "models see none of these columns, so nothing would change: link columns that they see (with:), or let them "
           "see the group (input: true)",
           origin);
  return columns;
}

}  // namespace equipoise::sampling
