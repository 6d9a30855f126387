#include "engine/sweep/search.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/random/sobol.hpp>
#include <cmath>

#include "engine/core/nearest_name.h"
#include "engine/core/seed.h"
#include "engine/sweep/values.h"

namespace equipoise::sweep {
namespace {

bool applies(const Axis& axis, const Point& point, const BaseValue& base) {
  return std::ranges::all_of(axis.when, [&](const Condition& condition) {
    const Value* set = value_of(point, condition.field);
    const Value value = set != nullptr ? *set : base(condition.field);
    return std::ranges::any_of(condition.values, [&](const Value& wanted) { return same_value(wanted, value); });
  });
}

void set(const Axis& axis, const std::vector<Value>& values, Point& point) {
  for (std::size_t f = 0; f < axis.fields.size(); ++f) point.emplace_back(axis.fields[f], values[f]);
}

// Every combination from the axis of `place` on.
class Grid {
 public:
  Grid(const std::vector<Axis>& axes, const BaseValue& base, const std::function<bool(const Point&)>& visit)
      : axes_(axes), base_(base), visit_(visit) {}

  bool walk(std::size_t place, Point& point) const {
    if (place == axes_.size()) return visit_(point);
    const Axis& axis = axes_[place];
    if (!applies(axis, point, base_)) return walk(place + 1, point);
    const std::size_t before = point.size();
    for (const std::vector<Value>& values : axis.values) {
      set(axis, values, point);
      if (!walk(place + 1, point)) return false;
      point.resize(before);
    }
    return true;
  }

 private:
  const std::vector<Axis>& axes_;
  const BaseValue& base_;
  const std::function<bool(const Point&)>& visit_;
};

// One number in (0, 1) for each axis of each trial.
class Draws {
 public:
  Draws(const SweepParams& params, std::size_t axes)
      : seed_(core::seed_for(static_cast<std::uint64_t>(params.seed), "sweep")),
        is_sobol_(params.search == "sobol"),
        axes_(axes) {
    if (is_sobol_ && axes > 0) sobol_.emplace(axes);
  }

  std::vector<double> next() {
    std::vector<double> shares;
    for (std::size_t i = 0; i < axes_; ++i) {
      // Moved by the seed in its binary digits, which keeps the sequence as even as it was.
      const std::uint64_t bits = is_sobol_ ? (*sobol_)() ^ core::mix(seed_, i) : core::mix(core::mix(seed_, trial_), i);
      shares.push_back((static_cast<double>(bits >> 11) + 0.5) * 0x1.0p-53);
    }
    ++trial_;
    return shares;
  }

 private:
  std::uint64_t seed_, trial_ = 0;
  bool is_sobol_;
  std::size_t axes_;
  std::optional<boost::random::sobol> sobol_;
};

// The value below whose probabilities' sum the share lies; what rounding leaves is the last that can be drawn at all.
std::size_t weighted_choice(const std::vector<double>& probabilities, double share) {
  std::size_t chosen = 0;
  double below = 0;
  for (std::size_t i = 0; i < probabilities.size(); ++i) {
    if (probabilities[i] == 0) continue;
    chosen = i;
    below += probabilities[i];
    if (share < below) break;
  }
  return chosen;
}

std::vector<Value> drawn(const Axis& axis, double share) {
  if (!axis.probabilities.empty()) return axis.values[weighted_choice(axis.probabilities, share)];
  if (!axis.interval) return axis.values[static_cast<std::size_t>(share * static_cast<double>(axis.values.size()))];
  const double value = axis.interval->at(share);
  if (axis.interval->is_whole) return {static_cast<std::int64_t>(std::llround(value))};
  return {value};
}

// What a field may be in some setting; nothing where it is drawn from an interval.
std::optional<std::vector<Value>> possible_values(const std::vector<Axis>& axes, const std::string& field,
                                                  const BaseValue& base) {
  std::vector<Value> values = {base(field)};
  for (const Axis& axis : axes) {
    const auto place = static_cast<std::size_t>(std::ranges::find(axis.fields, field) - axis.fields.begin());
    // A field inside of one that an axis sets whole may be anything.
    if (place == axis.fields.size()) {
      if (std::ranges::any_of(
              axis.fields, [&](const std::string& own) { return holds_field(own, field) || holds_field(field, own); }))
        return std::nullopt;
      continue;
    }
    if (axis.interval) return std::nullopt;
    if (axis.when.empty()) values.clear();  // then the config's own is never kept
    for (const std::vector<Value>& choice : axis.values) values.push_back(choice[place]);
  }
  return values;
}

bool is_seed_axis(const Axis& axis, const SweepParams& params) {
  return !params.seeds.empty() && axis.fields.front() == "training.seed";
}

}  // namespace

void each_point(const SweepParams& params, const std::vector<Axis>& axes, const BaseValue& base,
                const std::function<bool(const Point&)>& visit) {
  Point point;
  if (!draws(params)) {
    Grid(axes, base, visit).walk(0, point);
    return;
  }
  std::vector<Axis> varied, seeds;
  for (const Axis& axis : axes) (is_seed_axis(axis, params) ? seeds : varied).push_back(axis);
  Draws numbers(params, varied.size());
  const Grid repeated(seeds, base, visit);
  for (std::int64_t trial = 0; trial < params.trials; ++trial) {
    point.clear();
    const std::vector<double> shares = numbers.next();
    for (std::size_t i = 0; i < varied.size(); ++i)
      if (applies(varied[i], point, base)) set(varied[i], drawn(varied[i], shares[i]), point);
    if (!repeated.walk(0, point)) return;
  }
}

double most_points(const SweepParams& params, const std::vector<Axis>& axes) {
  double count = draws(params) ? static_cast<double>(params.trials) : 1;
  for (const Axis& axis : axes)
    if (!draws(params) || is_seed_axis(axis, params)) count *= static_cast<double>(axis.values.size());
  return count;
}

void check_conditions(const std::vector<Axis>& axes, const BaseValue& base, std::vector<core::Problem>& problems) {
  for (const Axis& axis : axes)
    for (const Condition& condition : axis.when) {
      const std::optional<std::vector<Value>> possible = possible_values(axes, condition.field, base);
      const auto is_possible = [&](const Value& wanted) {
        return std::ranges::any_of(*possible, [&](const Value& value) { return same_value(wanted, value); });
      };
      if (!possible || std::ranges::any_of(condition.values, is_possible)) continue;
      std::vector<std::string> known, wanted;
      for (const Value& value : *possible) known.push_back(override_text(condition.field, value));
      for (const Value& value : condition.values) wanted.push_back(override_text(condition.field, value));
      problems.push_back({fmt::format("axes.{}: no setting has {}, so it would never apply{}; there {} {}", axis.name,
                                      core::listed(wanted), core::did_you_mean(wanted.front(), known),
                                      known.size() == 1 ? "is" : "are", core::listed(known)),
                          axis.position});
    }
}

void check_search(const SweepParams& params, const std::vector<Axis>& axes, std::vector<core::Problem>& problems) {
  if (draws(params)) return;
  for (const Axis& axis : axes) {
    if (!axis.probabilities.empty())
      problems.push_back({fmt::format("axes.{}: {} takes every combination, and draws nothing that could have "
                                      "probabilities: leave them out, or draw with search: random or sobol and trials",
                                      axis.name, params.search),
                          axis.position});
    if (axis.interval)
      problems.push_back(
          {fmt::format("axes.{}: {} takes every combination, and all between two ends are no list: give a count, "
                       "[low, high, count], or draw with search: random or sobol and trials",
                       axis.name, params.search),
           axis.position});
  }
}

}  // namespace equipoise::sweep
