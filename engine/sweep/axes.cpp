#include "engine/sweep/axes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/config/fields.h"
#include "engine/config/overrides.h"
#include "engine/config/reader.h"
#include "engine/core/nearest_name.h"
#include "engine/sweep/rounding.h"
#include "engine/sweep/values.h"

namespace equipoise::sweep {
namespace {

using config::Node;

// What stands beside an axis's field where that is more than a list.
struct AxisParams {
  std::string field;
  Node values, choice, zip, when;
  std::vector<double> range, normal, probabilities;
  std::string scale = "linear";
  double step = 0;
  bool whole = false;

  void describe(config::Fields& fields) {
    fields.text("field", field,
                "The field, where the key is a name of your own: for two axes of one field, each with its when.");
    fields.tree("values", values, "A list of values.");
    fields.tree("choice", choice, "The same.");
    fields.numbers("probabilities", probabilities, config::between(0, 1),
                   "Of each of the values, for searches that draw; all together 1.");
    fields.tree("zip", zip, "Fields that vary together, each with a list, all of one length.");
    fields.numbers("range", range, config::any(),
                   "[low, high, count]; without a count all between, for searches that draw.");
    fields.choice("scale", scale, {"linear", "log"}, "Whether distances or ratios are even.");
    fields.number("step", step, config::above(0), "Draws are rounded to its multiples.");
    fields.boolean("whole", whole, "Whether draws are whole numbers.");
    fields.numbers("normal", normal, config::any(),
                   "[mean, standard deviation] of draws; of their logarithm where scale is log.");
    fields.tree("when", when, "Fields and the value, or the list of values, with which the axis applies.");
  }
};

class AxisReader {
 public:
  AxisReader(const std::vector<config::Field>& fields, std::vector<core::Problem>& problems)
      : fields_(fields), problems_(problems) {}

  void read(const config::Entry& entry) {
    position_ = entry.key_position;
    name_ = field_ = entry.key;
    Axis axis{name_, {}, {}, {}, std::nullopt, {}, position_};
    const std::size_t before = problems_.size();
    if (entry.value.kind == Node::Kind::mapping)
      read_described(entry.value, axis);
    else
      read_list_of(entry.value, axis);
    if (problems_.size() == before) add(std::move(axis));
  }

  std::vector<Axis> take() { return std::move(axes_); }

 private:
  void problem(const core::Position& position, const std::string& what) {
    problems_.push_back({fmt::format("axes.{}: {}", name_, what), position});
  }

  std::optional<config::Place> place_of(const std::string& path, const core::Position& position) {
    auto place = config::find_place(path, fields_);
    if (const auto* refusal = std::get_if<config::Refusal>(&place)) {
      problem(position, refusal->reason);
      return std::nullopt;
    }
    return std::get<config::Place>(std::move(place));
  }

  std::vector<Value> list(const Node& node, const config::Place& place) {
    std::vector<Value> values;
    if (node.kind != Node::Kind::list) {
      problem(node.position, fmt::format("expected a list of values, got {}; one value for all runs is set under 'set'",
                                         config::described(node)));
      return values;
    }
    if (node.items.empty()) problem(node.position, "the list is empty, so there would be no run");
    for (const Node& item : node.items) {
      values.push_back(value_of(item, place));
      if (values.back().is_null()) problem(item.position, "has no value (write \"\" for an empty text)");
    }
    return values;
  }

  void read_list_of(const Node& node, Axis& axis) {
    const auto place = place_of(field_, position_);
    if (!place) return;
    axis.fields = {place->path};
    for (Value& value : list(node, *place)) axis.values.push_back({std::move(value)});
  }

  void read_described(const Node& node, Axis& axis) {
    AxisParams params;
    config::Origin origin;
    std::vector<core::Problem> wrong;
    config::read_struct(node, ".", params, origin, wrong);
    for (const core::Problem& one : wrong) problem(one.position.value_or(position_), one.message);
    if (!wrong.empty()) return;
    const Node* given[] = {&params.values, &params.choice, &params.zip};
    const auto kinds = std::ranges::count_if(given, [](const Node* one) { return one->kind != Node::Kind::nothing; }) +
                       !params.range.empty() + !params.normal.empty();
    if (kinds != 1)
      return problem(position_, "expected one of values, choice, range, normal and zip" +
                                    std::string(kinds == 0 ? "" : ", got several"));
    if (const std::string unread = unread_key(node, params); !unread.empty())
      return problem(position_, fmt::format("'{}' {}", unread,
                                            unread == "step" && !params.range.empty()
                                                ? "rounds draws, and a range with a count lists its numbers: leave one "
                                                  "of them out"
                                                : "is for range and normal, and would not be read here: leave it out"));
    read_conditions(params.when, axis);
    if (!params.field.empty()) field_ = params.field;
    const bool is_interval = !params.range.empty() || !params.normal.empty();
    if (params.zip.kind != Node::Kind::nothing) read_pairs(params.zip, axis);
    for (const Node* one : {&params.values, &params.choice})
      if (one->kind != Node::Kind::nothing) read_list_of(*one, axis);
    if (is_interval) read_numbers(params, axis);
    read_probabilities(params.probabilities, axis);
  }

  // What a list does not have, and a range with a count has no use for.
  static std::string unread_key(const Node& node, const AxisParams& params) {
    constexpr std::size_t kWithCount = 3;
    for (const char* key : {"step", "scale", "whole"}) {
      const bool is_list = params.range.empty() && params.normal.empty();
      const bool is_read = !is_list && (params.range.size() != kWithCount || std::string_view(key) != "step");
      if (node.find(key) != nullptr && !is_read) return key;
    }
    return "";
  }

  void read_probabilities(const std::vector<double>& given, Axis& axis) {
    if (given.empty()) return;
    if (given.size() != axis.values.size())
      return problem(position_, fmt::format("there are {} probabilities for {} values, expected one for each",
                                            given.size(), axis.values.size()));
    constexpr double kRounding = 1e-6;
    const double all = std::accumulate(given.begin(), given.end(), 0.0);
    if (std::abs(all - 1) > kRounding)
      return problem(position_, fmt::format("the probabilities add up to {:.7g}, expected 1", all));
    axis.probabilities = given;
  }

  void read_pairs(const Node& zip, Axis& axis) {
    if (zip.kind != Node::Kind::mapping || zip.entries.size() < 2)
      return problem(zip.position, "zip is a mapping of two fields or more to lists");
    for (const config::Entry& entry : zip.entries) {
      const auto place = place_of(entry.key, entry.key_position);
      if (!place) continue;
      const auto meets = [&](const std::string& known) {
        return holds_field(known, place->path) || holds_field(place->path, known);
      };
      if (const auto known = std::ranges::find_if(axis.fields, meets); known != axis.fields.end())
        return problem(entry.key_position,
                       fmt::format("'{}' sets the same as '{}', which stands above: one of them would say nothing",
                                   entry.key, *known));
      std::vector<Value> values = list(entry.value, *place);
      if (axis.fields.empty()) axis.values.resize(values.size());
      axis.fields.push_back(place->path);
      if (values.size() != axis.values.size())
        return problem(entry.key_position,
                       fmt::format("'{}' has {} values, and '{}' has {}: paired lists are of one length", entry.key,
                                   values.size(), axis.fields.front(), axis.values.size()));
      for (std::size_t i = 0; i < values.size(); ++i) axis.values[i].push_back(std::move(values[i]));
    }
  }

  void read_numbers(const AxisParams& params, Axis& axis) {
    const auto place = place_of(field_, position_);
    if (!place) return;
    const config::FieldKind kind = place->field->kind;
    const bool is_whole_field = kind == config::FieldKind::integer || kind == config::FieldKind::integers;
    if (!is_whole_field && kind != config::FieldKind::number && kind != config::FieldKind::numbers)
      return problem(position_, fmt::format("a range is of numbers, and the field is {}", config::kind_text(kind)));
    axis.fields = {place->path};
    Interval interval{Interval::Kind::even, 0, 1, params.scale == "log", params.whole || is_whole_field, params.step};
    const bool is_normal = !params.normal.empty();
    const std::vector<double>& given = is_normal ? params.normal : params.range;
    if (is_normal) interval.kind = Interval::Kind::normal;
    if (given.size() < 2 || given.size() > (is_normal ? 2 : 3))
      return problem(position_,
                     is_normal ? "normal is [mean, standard deviation]" : "range is [low, high, count] or [low, high]");
    interval.low = given[0];
    interval.high = given[1];
    if (!is_normal && interval.low == interval.high)
      return problem(position_, "both ends of the range are the same; write a value");
    if (is_normal ? interval.high <= 0 : interval.low > interval.high)
      return problem(position_,
                     is_normal ? "the standard deviation is not above 0" : "the range ends before it begins");
    if (interval.is_log && !is_normal && interval.low <= 0)
      return problem(position_, "a range by ratios (scale: log) begins above 0");
    if (interval.is_whole && interval.step != std::floor(interval.step))
      return problem(position_, fmt::format("these are whole numbers, and the step {} is none", interval.step));
    if (interval.is_empty())
      return problem(position_, fmt::format("no {} lies between {} and {}",
                                            interval.step > 0 ? fmt::format("multiple of {}", interval.step)
                                                              : std::string("whole number"),
                                            interval.low, interval.high));
    if (given.size() == 2)
      axis.interval = interval;
    else
      space_out(interval, given[2], axis);
  }

  void space_out(const Interval& interval, double count, Axis& axis) {
    constexpr double kMost = 100000;
    if (count != std::floor(count) || count < 2 || count > kMost)
      return problem(position_, fmt::format("the count of a range is a whole number from 2 to {}", kMost));
    for (long i = 0; i < static_cast<long>(count); ++i) {
      const double x =
          interval.nearest(spaced(interval.low, interval.high, static_cast<long>(count), i, interval.is_log));
      const Value value = interval.is_whole ? Value(static_cast<std::int64_t>(std::llround(x))) : Value(x);
      // Whole numbers that lie close meet.
      if (axis.values.empty() || !same_value(axis.values.back().front(), value)) axis.values.push_back({value});
    }
  }

  void read_conditions(const Node& when, Axis& axis) {
    if (when.kind == Node::Kind::nothing) return;
    if (when.kind != Node::Kind::mapping) return problem(when.position, "when is a mapping of fields to values");
    for (const config::Entry& entry : when.entries) {
      const auto place = place_of(entry.key, entry.key_position);
      if (!place) continue;
      Condition condition{place->path, {}};
      if (is_list_of_values(entry.value, place->field->kind))
        condition.values = list(entry.value, *place);
      else
        condition.values = {value_of(entry.value, *place)};
      axis.when.push_back(std::move(condition));
    }
  }

  // [32] is one value of a field that takes lists, and [[32], [64]] are two.
  static bool is_list_of_values(const Node& node, config::FieldKind kind) {
    if (node.kind != Node::Kind::list) return false;
    const auto is_list = [](const Node& item) { return item.kind == Node::Kind::list; };
    return !config::is_plain_list(kind) || (!node.items.empty() && std::ranges::all_of(node.items, is_list));
  }

  // Two axes may share a field only where never both apply.
  static bool never_meet(const Axis& a, const Axis& b) {
    return std::ranges::any_of(a.when, [&](const Condition& one) {
      return std::ranges::any_of(b.when, [&](const Condition& other) {
        return one.field == other.field && std::ranges::none_of(one.values, [&](const Value& value) {
                 return std::ranges::any_of(other.values, [&](const Value& v) { return same_value(value, v); });
               });
      });
    });
  }

  void add(Axis axis) {
    static constexpr const char* kNotOfARun[] = {"output", "name", "bank", "compare"};
    for (const std::string& field : axis.fields) {
      for (const char* other : kNotOfARun)
        if (holds_field(other, field)) return problem(axis.position, fmt::format("the sweep itself sets '{}'", other));
      for (const Axis& earlier : axes_)
        for (const std::string& known : earlier.fields)
          if ((holds_field(known, field) || holds_field(field, known)) && !never_meet(axis, earlier))
            return problem(
                axis.position,
                fmt::format("'{}' is set by axes.{} as well{}", field, earlier.name,
                            earlier.position.line > 0 ? fmt::format(" (line {})", earlier.position.line) : ""));
    }
    for (const Condition& condition : axis.when)
      if (std::ranges::find(axis.fields, condition.field) != axis.fields.end())
        return problem(axis.position, "its condition is about itself");
    axes_.push_back(std::move(axis));
  }

  const std::vector<config::Field>& fields_;
  std::vector<core::Problem>& problems_;
  std::vector<Axis> axes_;
  core::Position position_;
  std::string name_, field_;
};

// What a condition looks at must be settled before.
void check_order(const std::vector<Axis>& axes, std::vector<core::Problem>& problems) {
  for (std::size_t i = 0; i < axes.size(); ++i)
    for (const Condition& condition : axes[i].when)
      for (std::size_t later = i + 1; later < axes.size(); ++later)
        if (std::ranges::find(axes[later].fields, condition.field) != axes[later].fields.end())
          problems.push_back({fmt::format("axes.{}: its condition is about '{}', which axes.{} sets further down: move "
                                          "that one up",
                                          axes[i].name, condition.field, axes[later].name),
                              axes[i].position});
}

}  // namespace

bool holds_field(const std::string& outer, const std::string& inner) {
  return inner.starts_with(outer) &&
         (inner.size() == outer.size() || inner[outer.size()] == '.' || inner[outer.size()] == '[');
}

std::vector<Axis> axes_from(const Node& node, const std::vector<config::Field>& fields,
                            std::vector<core::Problem>& problems) {
  if (node.kind == Node::Kind::nothing) return {};
  if (node.kind != Node::Kind::mapping) {
    problems.push_back(
        {"axes: expected a mapping of fields to what they are to be, got " + config::described(node), node.position});
    return {};
  }
  AxisReader reader(fields, problems);
  for (const config::Entry& entry : node.entries) reader.read(entry);
  std::vector<Axis> axes = reader.take();
  check_order(axes, problems);
  return axes;
}

}  // namespace equipoise::sweep
