#include "engine/audit/reference.h"

#include <cmath>
#include <map>
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
  if (std::ranges::find(grouping->levels, share.level) == grouping->levels.end())
    refuse("no row has '" + share.level + "' in the group '" + share.group + "'" +
               core::did_you_mean(share.level, grouping->levels) + "; there are " + core::listed(grouping->levels),
           path + ".level", origin);
  if (!seen.emplace(share.group, share.level).second)
    refuse("the share of " + share.group + "=" + share.level + " was given before", path + ".level", origin);
}

}  // namespace

void ReferenceShare::describe(config::Fields& fields) {
  fields.text("group", group, "A group of data.groups.", config::Need::required);
  fields.text("level", level, "One of its levels, as the data spell it.", config::Need::required);
  fields.number("share", share, config::between(0, 1), "Its share of the population.", config::Need::required);
}

void Reference::describe(config::Fields& fields) {
  fields.text("source", source, "Where the shares are from; the report says it.");
  fields.list("shares", shares, "Shares of the levels of one or several groups; those of a group add up to 1.",
              config::Need::required);
}

void check(const Reference& reference, const data::Dataset& dataset, const config::Origin& origin) {
  core::ProblemList problems;
  std::set<std::pair<std::string, std::string>> seen;
  std::map<std::string, double> totals;
  for (std::size_t i = 0; i < reference.shares.size(); ++i) {
    const ReferenceShare& share = reference.shares[i];
    totals[share.group] += share.share;
    problems.collect([&] { check_one(share, "shares[" + std::to_string(i) + "]", dataset, seen, origin); });
  }
  constexpr double kRounding = 0.005;  // shares in whole percents
  for (const auto& [group, total] : totals)
    problems.collect([&] {
      if (std::abs(total - 1) > kRounding)
        refuse("the shares of '" + group + "' add up to " + constraints::number_text(total) + ", not to 1", "shares",
               origin);
    });
  problems.throw_if_any();
}

Reference reference_of(const data::Dataset& dataset, const std::string& source) {
  Reference reference{source, {}, {}};
  for (const data::Grouping& grouping : dataset.groupings) {
    const auto is_known = [&](std::int32_t level) {
      return level >= 0 &&
             grouping.levels[static_cast<std::size_t>(level)].find(data::kMissingLevel) == std::string::npos;
    };
    std::vector<double> weights(grouping.levels.size());
    double total = 0, square = 0;
    for (std::size_t row = 0; row < grouping.codes.size(); ++row) {
      const double weight = dataset.weights.empty() ? 1 : dataset.weights[row];
      if (!is_known(grouping.codes[row])) continue;
      weights[static_cast<std::size_t>(grouping.codes[row])] += weight;
      total += weight;
      square += weight * weight;
    }
    if (total <= 0) continue;
    reference.rows[grouping.name] = constraints::effective_rows(total, square);
    for (std::size_t level = 0; level < weights.size(); ++level)
      if (is_known(static_cast<std::int32_t>(level)))
        reference.shares.push_back({grouping.name, grouping.levels[level], weights[level] / total});
  }
  return reference;
}

}  // namespace equipoise::audit
