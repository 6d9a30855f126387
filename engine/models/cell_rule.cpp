#include "engine/models/cell_rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "engine/core/error.h"

namespace equipoise::models {
namespace {

using nlohmann::json;

double weighted(const std::vector<double>& weights, const double* posterior) {
  double sum = 0;
  for (std::size_t c = 0; c < weights.size(); ++c) sum += weights[c] * posterior[c];
  return sum;
}

// To the nearest point with no part below 0 and of sum 1: all parts go down by the same, but not below 0 (Held, Wolfe and
// Crowder 1974).
void onto_simplex(double* values, std::size_t count) {
  std::vector<double> sorted(values, values + count);
  std::ranges::sort(sorted, std::greater<>());
  double sum = 0, down = 0;
  for (std::size_t i = 0; i < count; ++i) {
    sum += sorted[i];
    const double of_these = (sum - 1) / static_cast<double>(i + 1);
    if (sorted[i] > of_these) down = of_these;
  }
  for (std::size_t i = 0; i < count; ++i) values[i] = std::max(0.0, values[i] - down);
}

}  // namespace

void given_group(const double* posterior, std::size_t cells, std::size_t groups, std::int32_t group, double* given) {
  const std::size_t each = cells / groups, first = static_cast<std::size_t>(group) * each;
  double sum = 0;
  for (std::size_t c = first; c < first + each; ++c) sum += posterior[c];
  std::fill_n(given, cells, 0.0);
  // A group that the model thinks impossible may round to nothing.
  for (std::size_t c = first; c < first + each; ++c)
    given[c] = sum > 0 ? posterior[c] / sum : 1 / static_cast<double>(each);
}

std::vector<std::int32_t> groups_of(const CellRule& rule, const data::Dataset& dataset) {
  std::vector<const data::Grouping*> groupings;
  for (const std::string& name : rule.groupings) {
    const bool is_there = std::ranges::any_of(dataset.groupings, [&](const auto& one) { return one.name == name; });
    if (is_there) groupings.push_back(&dataset.grouping(name));
    if (!is_there || groupings.back()->codes.empty())
      throw core::UserError(core::Fault::data, "the model decides by '" + name +
                                                   "' too (decision.uses_group), and these rows have no such column");
  }
  std::map<std::vector<std::string>, std::int32_t> places;
  for (std::size_t g = 0; g < rule.groups.size(); ++g) places.emplace(rule.groups[g], static_cast<std::int32_t>(g));
  std::vector<std::int32_t> result;
  std::vector<std::string> levels(groupings.size());
  for (std::size_t row = 0; row < static_cast<std::size_t>(dataset.rows()); ++row) {
    for (std::size_t i = 0; i < groupings.size(); ++i) {
      const std::int32_t code = groupings[i]->codes[row];
      levels[i] = code == data::kUnknownLevel ? "" : groupings[i]->levels[static_cast<std::size_t>(code)];
    }
    const auto found = places.find(levels);
    result.push_back(found == places.end() ? kNoGroup : found->second);
  }
  return result;
}

void decide(const CellRule& rule, const double* posterior, double* scores, std::int32_t group, std::int64_t row) {
  const std::size_t cells = rule.cells.size();
  const CellWeights& weights = rule.weights_of(row);
  std::vector<double> given;
  if (rule.uses_groups() && group != kNoGroup) {
    given.resize(cells);
    given_group(posterior, cells, rule.groups.size(), group, given.data());
    posterior = given.data();
  }
  if (weights.size() == 1) {
    scores[0] = std::clamp(0.5 + weighted(weights[0], posterior) / 2, 0.0, 1.0);
    return;
  }
  for (std::size_t k = 0; k < weights.size(); ++k) scores[k] = weighted(weights[k], posterior);
  onto_simplex(scores, weights.size());
}

json describe_cell_rule(const CellRule& rule) {
  json description = {{"cells", rule.cells}};
  if (rule.is_randomised()) {
    json rules = json::array();
    for (std::size_t i = 0; i < rule.drawn.size(); ++i)
      rules.push_back({{"probability", rule.lot.probabilities[i]}, {"weights", rule.drawn[i]}});
    description["drawn"] = {{"seed", rule.lot.seed}, {"rules", rules}};
  } else {
    description["weights"] = rule.weights;
  }
  if (!rule.uses_groups()) return description;
  description["groupings"] = rule.groupings;
  description["groups"] = rule.groups;
  return description;
}

namespace {

using Broken = std::function<core::UserError(const std::string&)>;

bool is_finite(const json& number) {
  return number.is_number() && std::isfinite(number.get<double>());
}

// Those of a description that has them, each of so many answers a list of a weight for each cell.
CellWeights weights_from(const json& description, const std::string& path, std::size_t answers, std::size_t cells,
                         const Broken& broken) {
  const json weights = description.value("weights", json());
  if (!weights.is_array() || weights.size() != answers)
    throw broken(fmt::format("{} is missing or is not {} {}", path, answers, answers == 1 ? "list" : "lists"));
  CellWeights result;
  for (std::size_t k = 0; k < answers; ++k) {
    if (!weights[k].is_array() || weights[k].size() != cells || !std::ranges::all_of(weights[k], is_finite))
      throw broken(fmt::format("{}[{}] is not a finite number for each of {} cells", path, k, cells));
    result.push_back(weights[k].get<std::vector<double>>());
  }
  return result;
}

void read_groups(CellRule& rule, const json& description, const Broken& broken) {
  const json groupings = description.value("groupings", json()), groups = description.value("groups", json());
  const auto are_texts = [](const json& list) {
    return list.is_array() && std::ranges::all_of(list, [](const json& text) { return text.is_string(); });
  };
  if (!are_texts(groupings) || groupings.empty()) throw broken("groupings is missing or is not a list of names");
  const bool are_levels = groups.is_array() && std::ranges::all_of(groups, [&](const json& levels) {
                            return are_texts(levels) && levels.size() == groupings.size();
                          });
  if (!are_levels || groups.empty() || rule.cells.size() % groups.size() != 0)
    throw broken("groups is missing or is not a level of each of groupings, for as many groups as share the cells");
  rule.groupings = groupings.get<std::vector<std::string>>();
  rule.groups = groups.get<std::vector<std::vector<std::string>>>();
}

void read_drawn(CellRule& rule, const json& description, std::size_t answers, const Broken& broken) {
  if (description.contains("weights")) throw broken("it has both weights and drawn, of which one decides");
  const json& drawn = description["drawn"];
  rule.lot = lot_from(drawn, "rules", [&](const std::string& what) { return broken("drawn: " + what); });
  for (std::size_t i = 0; i < rule.lot.probabilities.size(); ++i)
    rule.drawn.push_back(weights_from(drawn["rules"][i], fmt::format("drawn: rules[{}].weights", i), answers,
                                      rule.cells.size(), broken));
}

}  // namespace

CellRule cell_rule_from(const json& description, std::size_t outputs, std::size_t answers, const std::string& name) {
  const Broken broken = [&](const std::string& what) {
    return core::UserError(core::Fault::data, "'" + name + "': cell_rule: " + what);
  };
  if (!description.is_object()) throw broken("it is not an object");
  const json cells = description.value("cells", json());
  if (!cells.is_array() || !std::ranges::all_of(cells, [](const json& cell) { return cell.is_string(); }))
    throw broken("cells is missing or is not a list of names");
  if (cells.size() != outputs)
    throw broken(fmt::format("it has {} cells, and the model {} outputs", cells.size(), outputs));
  CellRule rule;
  rule.cells = cells.get<std::vector<std::string>>();
  if (description.contains("drawn"))
    read_drawn(rule, description, answers, broken);
  else
    rule.weights = weights_from(description, "weights", answers, outputs, broken);
  if (description.contains("groups") || description.contains("groupings")) read_groups(rule, description, broken);
  return rule;
}

}  // namespace equipoise::models
