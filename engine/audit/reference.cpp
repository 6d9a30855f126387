#include "engine/audit/reference.h"

#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <string>

#include "engine/constraints/row_counts.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"

namespace equipoise::audit {
namespace {

const data::Grouping* find_grouping(const data::Dataset& dataset, const std::string& name) {
  for (const data::Grouping& grouping : dataset.groupings)
    if (grouping.name == name) return &grouping;
  return nullptr;
}

[[noreturn]] void refuse(const std::string& what, const std::string& path, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

void check_one(const ReferenceShare& share, const std::string& path, const data::Dataset& dataset,
               std::set<std::pair<std::string, std::string>>& seen, const config::Origin& origin) {
  const data::Grouping* grouping = find_grouping(dataset, share.group);
  if (grouping == nullptr) {
    std::vector<std::string> known;
    for (const data::Grouping& one : dataset.groupings) known.push_back(one.name);
    refuse("the data have no group '" + share.group + "'" + core::did_you_mean(share.group, known) + "; they have " +
               core::listed(known),
           path + ".group", origin);
  }
  const bool occurs = std::ranges::find(grouping->levels, share.level) != grouping->levels.end();
  if (!occurs && !share.absent)
    refuse("no row has '" + share.level + "' in the group '" + share.group + "'" +
               core::did_you_mean(share.level, grouping->levels) + "; there are " + core::listed(grouping->levels) +
               ". If the population has such people and the data none, say absent: true",
           path + ".level", origin);
  if (occurs && share.absent)
    refuse("rows of the data have '" + share.level + "' in the group '" + share.group + "'", path + ".absent", origin);
  if (!seen.emplace(share.group, share.level).second)
    refuse("the share of " + share.group + "=" + share.level + " was given before", path + ".level", origin);
}

}  // namespace

void ReferenceShare::describe(config::Fields& fields) {
  fields.text("group", group, "A group of data.groups.", config::Need::required);
  fields.text("level", level, "One of its levels, as the data spell it.", config::Need::required);
  fields.number("share", share, config::between(0, 1), "Its share of the population.", config::Need::required);
  fields.boolean("absent", absent, "The data have nobody of it.");
}

void Reference::describe(config::Fields& fields) {
  fields.text("source", source, "Where the shares are from; the report says it.");
  fields.list("shares", shares, "Shares of the levels of one or several groups; those of a group add up to 1.",
              config::Need::required);
}

void check(const Reference& reference, const data::Dataset& dataset, const config::Origin& origin) {
  core::ProblemList problems;
  std::set<std::pair<std::string, std::string>> seen;
  std::map<std::string, std::vector<double>> by_group;
  for (std::size_t i = 0; i < reference.shares.size(); ++i) {
    const ReferenceShare& share = reference.shares[i];
    by_group[share.group].push_back(share.share);
    problems.collect([&] { check_one(share, "shares[" + std::to_string(i) + "]", dataset, seen, origin); });
  }
  constexpr double kRounding = 0.005, kMostRounding = 0.02;  // a share in whole percents; of them all
  for (const auto& [group, shares] : by_group)
    problems.collect([&] {
      const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
      if (std::abs(total - 1) > std::min(kMostRounding, kRounding * static_cast<double>(shares.size())) + 1e-9)
        refuse("the shares of '" + group + "' add up to " + constraints::number_text(total) + ", not to 1", "shares",
               origin);
    });
  problems.throw_if_any();
}

Reference scaled(Reference reference, std::vector<std::string>& notes) {
  std::map<std::string, double> totals;
  for (const ReferenceShare& share : reference.shares) totals[share.group] += share.share;
  for (ReferenceShare& share : reference.shares) share.share /= totals[share.group];
  for (const auto& [group, total] : totals)
    if (std::abs(total - 1) > 1e-9)
      notes.push_back("The population's shares by " + group + " add up to " + constraints::number_text(total) +
                      " and are scaled to 1.");
  return reference;
}

namespace {

// Rows whose group is not known, nor of a crossing one of its parts.
std::vector<bool> without_group(const data::Dataset& dataset, const data::Grouping& grouping) {
  std::vector<bool> without(grouping.codes.size());
  for (std::size_t row = 0; row < without.size(); ++row)
    if (const std::int32_t code = grouping.codes[row]; code >= 0)
      without[row] = grouping.levels[static_cast<std::size_t>(code)].find(data::kMissingLevel) != std::string::npos;
  const auto mark = [&](const data::Grouping& of) {
    for (const std::int64_t row : of.rows_without) without[static_cast<std::size_t>(row)] = true;
  };
  mark(grouping);
  for (const std::string& part : grouping.cross) mark(*find_grouping(dataset, part));
  return without;
}

}  // namespace

Reference reference_of(const data::Dataset& dataset, const std::string& source) {
  Reference reference{source, {}};
  for (const data::Grouping& grouping : dataset.groupings) {
    if (grouping.codes.empty()) continue;
    const std::size_t levels = grouping.levels.size();
    const std::vector<bool> without = without_group(dataset, grouping);
    std::vector<double> weights(levels + 1), squares(levels + 1);  // the last is of levels that the data lack
    double total = 0, square = 0;
    for (std::size_t row = 0; row < grouping.codes.size(); ++row) {
      const std::int32_t code = grouping.codes[row];
      const std::size_t level = code == data::kUnknownLevel ? levels : static_cast<std::size_t>(code);
      const double weight = dataset.weight_of(row);
      if (without[row]) continue;
      weights[level] += weight;
      squares[level] += weight * weight;
      total += weight;
      square += weight * weight;
    }
    if (total <= 0) continue;
    const auto add = [&](std::size_t level, const std::string& name) {
      const double share = weights[level] / total;
      reference.shares.push_back({grouping.name, name, share, level == levels,
                                  constraints::effective_rows(total, square, share, squares[level])});
    };
    for (std::size_t level = 0; level < levels; ++level)
      if (grouping.levels[level].find(data::kMissingLevel) == std::string::npos) add(level, grouping.levels[level]);
    if (weights[levels] > 0) add(levels, kAbsentLevels);
  }
  return reference;
}

}  // namespace equipoise::audit
