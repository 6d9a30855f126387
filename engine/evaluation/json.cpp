// One description of the fields serves writing and reading.
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <type_traits>

#include "engine/core/error.h"
#include "engine/core/json_reader.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/measurement.h"

namespace equipoise::evaluation {
namespace {

using nlohmann::json;

template <typename Visitor>
void fields(Visitor& visit, Interval& value) {
  visit("low", value.low);
  visit("high", value.high);
}

template <typename Visitor>
void fields(Visitor& visit, GroupMetrics& value) {
  visit("grouping", value.grouping);
  visit("level", value.level);
  visit("rows", value.rows);
  visit("weight", value.weight);
  visit("base_rate", value.base_rate);
  visit("selection_rate", value.selection_rate);
  visit("true_positive_rate", value.true_positive_rate);
  visit("false_positive_rate", value.false_positive_rate);
  visit("precision", value.precision);
  visit("accuracy", value.accuracy);
  visit("auc", value.auc);
  visit("selection_rate_interval", value.selection_rate_interval);
  visit("true_positive_rate_interval", value.true_positive_rate_interval);
  visit("false_positive_rate_interval", value.false_positive_rate_interval);
  visit("selection_rate_rows", value.selection_rate_rows);
  visit("true_positive_rate_rows", value.true_positive_rate_rows);
  visit("false_positive_rate_rows", value.false_positive_rate_rows);
}

template <typename Visitor>
void fields(Visitor& visit, CalibrationBin& value) {
  visit("low", value.low);
  visit("high", value.high);
  visit("rows", value.rows);
  visit("mean_score", value.mean_score);
  visit("positive_share", value.positive_share);
}

template <typename Visitor>
void fields(Visitor& visit, Metrics& value) {
  visit("rows", value.rows);
  visit("accuracy", value.accuracy);
  visit("accuracy_interval", value.accuracy_interval);
  visit("log_loss", value.log_loss);
  visit("brier", value.brier);
  visit("calibration_error", value.calibration_error);
  visit("auc", value.auc);
  visit("calibration", value.calibration);
  visit("groups", value.groups);
}

template <typename Visitor>
void fields(Visitor& visit, OutcomeMetrics& value) {
  visit("name", value.name);
  visit("metrics", value.metrics);
}

template <typename Visitor>
void fields(Visitor& visit, GroupErrors& value) {
  visit("grouping", value.grouping);
  visit("level", value.level);
  visit("rows", value.rows);
  visit("weight", value.weight);
  visit("mean_target", value.mean_target);
  visit("mean_prediction", value.mean_prediction);
  visit("mean_residual", value.mean_residual);
  visit("root_mean_square_error", value.root_mean_square_error);
  visit("mean_absolute_error", value.mean_absolute_error);
}

template <typename Visitor>
void fields(Visitor& visit, RegressionMetrics& value) {
  visit("loss", value.loss);
  visit("explained_share", value.explained_share);
  visit("groups", value.groups);
}

template <typename Visitor>
void fields(Visitor& visit, PromiseResult::LevelRate& value) {
  visit("level", value.level);
  visit("rows", value.rows);
  visit("effective_rows", value.effective_rows);
  visit("estimable", value.estimable);
  visit("unmeasured", value.unmeasured);
  visit("short_splits", value.short_splits);
  visit("rate", value.rate);
  visit("interval", value.interval);
}

template <typename Visitor>
void fields(Visitor& visit, PromiseResult& value) {
  visit("rate", value.rate);
  visit("rate_name", value.rate_name);
  visit("grouping", value.grouping);
  visit("within", value.within);
  visit("form", value.form);
  visit("unit", value.unit);
  visit("tolerance", value.tolerance);
  visit("gap", value.gap);
  visit("interval", value.interval);
  visit("upper_bound", value.upper_bound);
  visit("noise_floor", value.noise_floor);
  visit("verdict", value.verdict);
  visit("levels", value.levels);
  visit("reference", value.reference);
  visit("everyone_rate", value.everyone_rate);
}

template <typename Visitor>
void fields(Visitor& visit, ConstraintResult& value) {
  visit("title", value.title);
  visit("kind", value.kind);
  visit("grouping", value.grouping);
  visit("form", value.form);
  visit("unit", value.unit);
  visit("tolerance", value.tolerance);
  visit("gap", value.gap);
  visit("upper_bound", value.upper_bound);
  visit("interval", value.interval);
  visit("joint_upper_bound", value.joint_upper_bound);
  visit("jointly_met", value.jointly_met);
  visit("verdict", value.verdict);
  visit("sentence", value.sentence);
  visit("promises", value.promises);
}

template <typename Visitor>
void fields(Visitor& visit, JointResult& value) {
  visit("confidence", value.confidence);
  visit("confidence_of_each", value.confidence_of_each);
  visit("met", value.met);
  visit("all_met", value.all_met);
  visit("sentence", value.sentence);
}

template <typename Visitor>
void fields(Visitor& visit, ThresholdRow& value) {
  visit("threshold", value.threshold);
  visit("accuracy", value.accuracy);
  visit("selection_rate", value.selection_rate);
  visit("gaps", value.gaps);
}

template <typename Visitor>
void fields(Visitor& visit, SplitResult& value) {
  visit("split", value.split);
  visit.if_there("task", value.task);
  visit("metrics", value.metrics);
  visit.if_there("outcomes", value.outcomes);
  visit.if_there("regression", value.regression);
  visit("constraints", value.constraints);
  visit("joint", value.joint);
  visit("thresholds", value.thresholds);
}

template <typename Value>
concept Plain = std::is_arithmetic_v<Value> || std::is_same_v<Value, std::string>;

// Writes a value, its fields by name.
class Writer {
 public:
  template <typename Value>
  void operator()(const char* name, Value& value) {
    object_[name] = written(value);
  }
  template <typename Value>
  void if_there(const char* name, Value& value) {
    (*this)(name, value);
  }

  template <typename Value>
  static json written(Value& value) {
    if constexpr (std::is_floating_point_v<Value>) {
      return std::isnan(value) ? json(nullptr) : json(value);
    } else if constexpr (Plain<Value>) {
      return value;
    } else if constexpr (std::is_enum_v<Value>) {
      return name_of(value);
    } else {
      return written_parts(value);
    }
  }

 private:
  template <typename Struct>
  static json written_parts(Struct& value) {
    Writer writer;
    fields(writer, value);
    return std::move(writer.object_);
  }
  template <typename Value>
  static json written_parts(std::optional<Value>& value) {
    return value ? written(*value) : json(nullptr);
  }
  template <typename Value>
  static json written_parts(std::vector<Value>& values) {
    json array = json::array();
    for (Value& value : values) array.push_back(written(value));
    return array;
  }

  json object_ = json::object();
};

// Reads what Writer wrote; `place` names where it is.
class Reader {
 public:
  Reader(const json& object, std::string place) : object_(object), place_(std::move(place)) {
    if (!object.is_object()) refuse("is not an object");
  }

  template <typename Value>
  void operator()(const char* name, Value& value) {
    const auto found = object_.find(name);
    const std::string place = (place_.empty() ? "" : place_ + ".") + name;
    if (found == object_.end()) throw error(place, "is missing");
    read(*found, value, place);
  }
  // A field that results of an earlier version have not: its value stays as it is.
  template <typename Value>
  void if_there(const char* name, Value& value) {
    if (object_.contains(name)) (*this)(name, value);
  }

 private:
  static core::UserError error(const std::string& place, const std::string& what) {
    return {core::Fault::data, "the result's '" + (place.empty() ? "(top)" : place) + "' " + what};
  }
  [[noreturn]] void refuse(const std::string& what) const { throw error(place_, what); }

  static void read(const json& from, std::string& value, const std::string& place) {
    if (!from.is_string()) throw error(place, "is not a text");
    value = from.get<std::string>();
  }
  static void read(const json& from, bool& value, const std::string& place) {
    if (!from.is_boolean()) throw error(place, "is neither true nor false");
    value = from.get<bool>();
  }
  static void read(const json& from, std::int64_t& value, const std::string& place) {
    if (!from.is_number_integer()) throw error(place, "is not an integer");
    value = from.get<std::int64_t>();
  }
  static void read(const json& from, double& value, const std::string& place) {
    if (!from.is_number() && !from.is_null()) throw error(place, "is not a number");
    value = from.is_null() ? std::numeric_limits<double>::quiet_NaN() : from.get<double>();
  }
  static void read(const json& from, Verdict& value, const std::string& place) {
    const auto verdict = from.is_string() ? verdict_from(from.get<std::string>()) : std::nullopt;
    if (!verdict) throw error(place, "is not one of met, not_shown, violated, not_estimable, no_promise");
    value = *verdict;
  }
  static void read(const json& from, Unmeasured& value, const std::string& place) {
    const auto unmeasured = from.is_string() ? unmeasured_from(from.get<std::string>()) : std::nullopt;
    if (!unmeasured) throw error(place, "is not one of '', too_few_rows, unseen, no_stored_decision, absent, empty");
    value = *unmeasured;
  }
  template <typename Value>
  static void read(const json& from, std::optional<Value>& value, const std::string& place) {
    value.reset();
    if (!from.is_null()) read(from, value.emplace(), place);
  }
  template <typename Value>
  static void read(const json& from, std::vector<Value>& values, const std::string& place) {
    if (!from.is_array()) throw error(place, "is not a list");
    values.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) read(from[i], values[i], place + "[" + std::to_string(i) + "]");
  }
  template <typename Struct>
  static void read(const json& from, Struct& value, const std::string& place) {
    Reader reader(from, place);
    fields(reader, value);
  }

  const json& object_;
  std::string place_;
};

template <typename Number>
json numbers(const std::vector<Number>& values) {
  json list = json::array();
  for (const Number& value : values) list.push_back(core::number_or_null(value));
  return list;
}

}  // namespace

nlohmann::json to_json(const SplitResult& result) {
  SplitResult copy = result;
  // What was not measured is no 0 to whoever reads the file.
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  if (copy.regression) copy.metrics.log_loss = copy.metrics.brier = copy.metrics.calibration_error = kNone;
  const auto clear_empty = [](Metrics& metrics) {
    for (CalibrationBin& bin : metrics.calibration)
      if (bin.rows == 0) bin.mean_score = bin.positive_share = kNone;
  };
  clear_empty(copy.metrics);
  for (OutcomeMetrics& outcome : copy.outcomes) clear_empty(outcome.metrics);
  return Writer::written(copy);
}

SplitResult split_result_from_json(const nlohmann::json& from) {
  SplitResult result;
  Reader reader(from, "");
  fields(reader, result);
  return result;
}

// Written by hand: a figure that left the finite numbers is null, which the writer above leaves to the text of the JSON.
nlohmann::json to_json(const Measurement& measurement) {
  return {{"step", measurement.step},
          {"epoch", core::number_or_null(measurement.epoch)},
          {"seconds", core::number_or_null(measurement.seconds)},
          {"training_loss", core::number_or_null(measurement.training_loss)},
          {"training_accuracy", core::number_or_null(measurement.training_accuracy)},
          {"selection_loss", core::number_or_null(measurement.selection_loss)},
          {"selection_accuracy", core::number_or_null(measurement.selection_accuracy)},
          {"training_gaps", numbers(measurement.training_gaps)},
          {"selection_gaps", numbers(measurement.selection_gaps)},
          {"selection_bounds", numbers(measurement.selection_bounds)},
          {"selection_lower_bounds", numbers(measurement.selection_lower_bounds)},
          {"multipliers", numbers(measurement.multipliers)}};
}

Measurement measurement_from_json(const nlohmann::json& object, const std::string& path) {
  const core::JsonReader reader(object, path);
  Measurement measurement;
  reader.read("step", measurement.step);
  reader.read("epoch", measurement.epoch);
  reader.read("seconds", measurement.seconds);
  reader.read("training_loss", measurement.training_loss);
  reader.read("training_accuracy", measurement.training_accuracy);
  reader.read("selection_loss", measurement.selection_loss);
  reader.read("selection_accuracy", measurement.selection_accuracy);
  reader.read("training_gaps", measurement.training_gaps);
  reader.read("selection_gaps", measurement.selection_gaps);
  reader.read("selection_bounds", measurement.selection_bounds);
  reader.read_if_there("selection_lower_bounds", measurement.selection_lower_bounds);
  reader.read("multipliers", measurement.multipliers);
  return measurement;
}

}  // namespace equipoise::evaluation
