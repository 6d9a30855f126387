#include "engine/constraints/feasibility.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>
#include <string>

#include "engine/constraints/linear_program.h"
#include "engine/constraints/rates.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::constraints {
namespace {

constexpr int kTrain = static_cast<int>(data::Split::train);

// A linear form of the sums in what may be chosen: for each cell the share of its weight that is decided positive.
struct OfShares {
  double constant = 0;
  std::map<std::int32_t, double> shares;  // cell -> coefficient

  void add(double factor, const OfShares& other) {
    constant += factor * other.constant;
    for (const auto& [cell, coefficient] : other.shares) shares[cell] += factor * coefficient;
  }
};

// Of a rate of shares, which has no losses in it.
OfShares of_shares(const LinearForm& form, const std::vector<double>& weight) {
  OfShares sum;
  for (const auto& [index, coefficient] : form) {
    const std::int32_t cell = index / kQuantities, quantity = index % kQuantities;
    if (quantity == Quantity::weight) sum.constant += coefficient * weight[cell];
    if (quantity == Quantity::positives) sum.shares[cell] += coefficient * weight[cell];
  }
  return sum;
}

double weight_behind(const LinearForm& form, const std::vector<double>& weight) {
  double total = 0;
  for (const std::int32_t cell : cells_of(form)) total += weight[cell];
  return total;
}

// A row of the table that is linear in the shares, and the constraint it is of.
struct LinearRow {
  Inequality inequality;
  std::int32_t constraint = 0;
  std::optional<double> give;  // how much its bound moves with the promise's tolerance, where that is a number
};

// max_min keeps rates within half the tolerance of their middle. A tolerance of ratios, or of a rate over decisions,
// does not move the bound alone.
std::optional<double> give_of(const Promise& promise, const Row& row, const ConstraintTable& table) {
  const bool over_decisions = std::ranges::any_of(
      row.terms, [&](const auto& term) { return depends_on_decisions(rate_entry(table.rates[term.first].kind)); });
  if (promise.form == "ratio" || over_decisions) return std::nullopt;
  return promise.form == "max_min" ? 0.5 : 1.0;
}

class Program {
 public:
  Program(const ConstraintTable& table, const RowCounts& counts) : table_(table), weight_(counts.weight[kTrain]) {
    variables_.assign(table.cells.cells.size(), {0, 1});
    variables_.resize(variables_.size() + table.bands.size());  // the middles of the bands
    for (const Row& row : table.rows) {
      std::optional<Inequality> inequality = linear(row);
      if (!inequality) continue;
      const Promise& promise = table.promises[row.promise];
      rows_.push_back({std::move(*inequality), promise.constraint, give_of(promise, row, table)});
    }
    if (table.cells.task == data::Task::classes) decide_one_class();
  }

  // Whether some decisions satisfy these constraints. A program that the solver gives up on proves nothing.
  bool can_hold(const std::vector<std::int32_t>& constraints) const {
    std::vector<Inequality> inequalities = one_class_;
    for (const LinearRow& row : rows_) {
      if (std::ranges::find(constraints, row.constraint) == constraints.end()) continue;
      inequalities.push_back(row.inequality);
      inequalities.back().give = 1;
    }
    return smallest_excess(variables_, inequalities).value_or(0) <= kSolverRounding;
  }

  // By how much the tolerance (or the bounds) of one of these constraints would have to be larger, where one number says it.
  std::optional<double> missing(const std::vector<std::int32_t>& constraints, std::int32_t loosened) const {
    std::vector<Inequality> inequalities = one_class_;
    for (const LinearRow& row : rows_) {
      if (std::ranges::find(constraints, row.constraint) == constraints.end()) continue;
      inequalities.push_back(row.inequality);
      if (row.constraint != loosened) continue;
      if (!row.give) return std::nullopt;
      inequalities.back().give = *row.give;
    }
    return smallest_excess(variables_, inequalities);
  }

 private:
  std::optional<Inequality> linear(const Row& row) const {
    return row.terms.size() == 1 && row.band < 0 ? linear_of_one(row) : linear_of_many(row);
  }

  // c N / D <= b as c N - b D <= 0, over the weight that D can have at most.
  std::optional<Inequality> linear_of_one(const Row& row) const {
    const auto [index, coefficient] = row.terms.front();
    const Rate& rate = table_.rates[index];
    if (rate_entry(rate.kind).family == RateFamily::mean) return std::nullopt;
    const OfShares numerator = of_shares(rate.numerator, weight_), denominator = of_shares(rate.denominator, weight_);
    const double weight = weight_behind(rate.denominator, weight_);
    if (!(weight > 0)) return std::nullopt;
    OfShares sum;
    sum.add(coefficient / weight, numerator);
    sum.add(-row.bound / weight, denominator);
    return inequality_of(sum, 0);
  }

  std::optional<Inequality> linear_of_many(const Row& row) const {
    OfShares sum;
    for (const auto& [index, coefficient] : row.terms) {
      const Rate& rate = table_.rates[index];
      if (rate_entry(rate.kind).family == RateFamily::mean) return std::nullopt;
      const OfShares numerator = of_shares(rate.numerator, weight_), denominator = of_shares(rate.denominator, weight_);
      if (!denominator.shares.empty() || !(denominator.constant > 0)) return std::nullopt;
      sum.add(coefficient / denominator.constant, numerator);
    }
    Inequality inequality = inequality_of(sum, row.bound);
    if (row.band >= 0) inequality.terms.emplace_back(table_.cells.count() + row.band, row.band_coefficient);
    return inequality;
  }

  // Of several classes a row is decided to be of one: in every combination of groups, shares of all classes add up to its rows.
  void decide_one_class() {
    const data::Cells& cells = table_.cells;
    const std::int32_t of_combination = 2 * cells.outcomes();
    for (std::int32_t first = 0; first < cells.count(); first += of_combination) {
      const double rows = weight_[first] + weight_[first + 1];  // of the first class, and of all others
      if (!(rows > 0)) continue;
      Inequality most{{}, 1, 0}, least{{}, -1, 0};
      for (std::int32_t c = first; c < first + of_combination; ++c) {
        if (cells.is_bin(cells.cells[static_cast<std::size_t>(c)].levels.back())) continue;
        most.terms.emplace_back(c, weight_[c] / rows);
        least.terms.emplace_back(c, -weight_[c] / rows);
      }
      one_class_.push_back(std::move(most));
      one_class_.push_back(std::move(least));
    }
  }

  static Inequality inequality_of(const OfShares& sum, double bound) {
    return {{sum.shares.begin(), sum.shares.end()}, bound - sum.constant, 0};
  }

  const ConstraintTable& table_;
  const std::vector<double>& weight_;
  std::vector<Variable> variables_;
  std::vector<LinearRow> rows_;
  std::vector<Inequality> one_class_;  // rigid
};

std::vector<std::int32_t> conflict_in(const Program& program, std::int32_t constraints) {
  std::vector<std::int32_t> set;
  for (std::int32_t c = 0; c < constraints; ++c) set.push_back(c);
  if (program.can_hold(set)) return {};
  for (std::int32_t c = 0; c < constraints; ++c)
    if (!program.can_hold({c})) return {c};
  for (std::int32_t later = 0; later < constraints; ++later)
    for (std::int32_t earlier = 0; earlier < later; ++earlier)
      if (!program.can_hold({earlier, later})) return {earlier, later};
  // Whatever can be spared goes, the last first: what stays fails, and does not without any one of it.
  for (std::int32_t c = constraints - 1; c >= 0; --c) {
    std::vector<std::int32_t> without;
    std::ranges::copy_if(set, std::back_inserter(without), [c](std::int32_t other) { return other != c; });
    if (!program.can_hold(without)) set = std::move(without);
  }
  return set;
}

std::string path_of(std::int32_t constraint) {
  return "constraints[" + std::to_string(constraint) + "]";
}

// Rounded up: with that much more it holds.
std::string thousandths_above(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", std::ceil(value * 1000 - 1e-3) / 1000);
  return text;
}

std::string message_about(const std::vector<std::int32_t>& set, const Program& program, const ConstraintTable& table) {
  std::vector<std::string> others;
  for (const std::int32_t c : set)
    if (c != set.back()) others.push_back(path_of(c) + " (" + table.constraint_titles[c] + ")");
  std::string message = path_of(set.back()) +
                        ": no decisions on the training rows, not even ones that know every "
                        "label, satisfy '" +
                        table.constraint_titles[set.back()] + "'";
  if (!others.empty()) message += " together with " + core::listed(others);
  if (const std::optional<double> missing = program.missing(set, set.back()))
    message += "; it would have to be looser by " + thousandths_above(*missing);
  return message + (others.empty() ? "; loosen it or take it out" : "; loosen or take out one of them");
}

}  // namespace

std::vector<std::int32_t> conflicting_constraints(const ConstraintTable& table, const RowCounts& counts) {
  return conflict_in(Program(table, counts), static_cast<std::int32_t>(table.constraint_titles.size()));
}

void check_feasibility(const ConstraintTable& table, const RowCounts& counts, const config::Origin& origin) {
  const Program program(table, counts);
  const std::vector<std::int32_t> set = conflict_in(program, static_cast<std::int32_t>(table.constraint_titles.size()));
  if (set.empty()) return;
  throw core::UserError(core::Fault::config, message_about(set, program, table), origin.of(path_of(set.back())));
}

}  // namespace equipoise::constraints
