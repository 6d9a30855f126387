#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/encoder.h"

namespace equipoise::data {
namespace {

using nlohmann::json;

constexpr const char* kFormat = "equipoise encoder";
constexpr int kVersion = 1;
const std::vector<std::string> kForms = {"ramps", "standardized", "levels"};  // by FeatureForm

const std::vector<std::string> kNumberKinds = {"plain", "dates", "dates_with_times", "times_of_day"};  // by NumberKind

// Doubles survive: the JSON writer prints the shortest text that reads back as the same number.
json rule_json(const FeatureRule& rule) {
  json object = {{"column", rule.column},
                 {"form", kForms[static_cast<std::size_t>(rule.form)]},
                 {"numbers", kNumberKinds[static_cast<std::size_t>(rule.numbers)]}};
  if (rule.form == FeatureForm::ramps) object["edges"] = rule.edges;
  if (rule.form == FeatureForm::standardized) {
    object["mean"] = rule.mean;
    object["deviation"] = rule.deviation;
  }
  if (rule.form == FeatureForm::levels) {
    object["levels"] = rule.levels;
    object["missing_level"] = rule.missing_level;
    object["other_level"] = rule.other_level;
    object["embedded"] = rule.layout.embedded;
  }
  return object;
}

NumberKind number_kind_from(const std::string& name) {
  const auto found = std::ranges::find(kNumberKinds, name);
  if (found == kNumberKinds.end()) throw std::runtime_error("unknown kind of numbers '" + name + "'");
  return static_cast<NumberKind>(found - kNumberKinds.begin());
}

// Encoders of older programs tell only that numbers are days: what lies within one is taken for times of it.
NumberKind number_kind_of_older(const json& object, const FeatureRule& rule) {
  if (!object.at("date").get<bool>()) return NumberKind::plain;
  const bool ramps = rule.form == FeatureForm::ramps;
  if (ramps ? rule.edges.front() >= 0 && rule.edges.back() < 1 : rule.mean >= 0 && rule.mean < 1)
    return NumberKind::times_of_day;
  const bool has_times = std::ranges::any_of(rule.edges, [](double edge) { return edge != std::floor(edge); });
  return has_times ? NumberKind::dates_with_times : NumberKind::dates;
}

FeatureRule rule_from(const json& object) {
  FeatureRule rule;
  rule.column = object.at("column");
  const auto form = std::ranges::find(kForms, object.at("form").get<std::string>());
  if (form == kForms.end()) throw std::runtime_error("unknown form of feature '" + rule.column + "'");
  rule.form = static_cast<FeatureForm>(form - kForms.begin());
  if (rule.form == FeatureForm::ramps) {
    rule.edges = object.at("edges").get<std::vector<double>>();
    if (rule.edges.size() < 2 || !std::ranges::is_sorted(rule.edges, std::less_equal())) {
      throw std::runtime_error("the edges of feature '" + rule.column + "' do not ascend");
    }
  }
  if (rule.form == FeatureForm::standardized) {
    rule.mean = object.at("mean");
    rule.deviation = object.at("deviation");
  }
  if (rule.form == FeatureForm::levels) {
    rule.levels = object.at("levels").get<std::vector<std::string>>();
    rule.missing_level = object.at("missing_level");
    rule.other_level = object.at("other_level");
    rule.layout.embedded = object.at("embedded");
  }
  rule.numbers =
      object.contains("numbers") ? number_kind_from(object.at("numbers")) : number_kind_of_older(object, rule);
  return rule;
}

json csv_json(const CsvParams& csv) {
  return {{"header", csv.header},
          {"columns", csv.columns},
          {"delimiter", csv.delimiter},
          {"quote", csv.quote},
          {"trim", csv.trim},
          {"missing", csv.missing},
          {"skip_rows_starting_with", csv.skip_rows_starting_with}};
}

CsvParams csv_from(const json& object) {
  CsvParams csv;
  csv.header = object.at("header");
  csv.columns = object.at("columns").get<std::vector<std::string>>();
  csv.delimiter = object.at("delimiter");
  csv.quote = object.at("quote");
  csv.trim = object.at("trim");
  csv.missing = object.at("missing").get<std::vector<std::string>>();
  csv.skip_rows_starting_with = object.at("skip_rows_starting_with");
  return csv;
}

// An infinite bound, which compares nothing, is no JSON.
json label_json(const Encoder& encoder) {
  const LabelParams& label = encoder.label;
  json object = {
      {"task", label.task}, {"column", label.column}, {"positive", label.positive}, {"negative", label.negative}};
  if (label.above != LabelParams::kNoNumber) object["above"] = label.above;
  if (!label.columns.empty()) object["columns"] = label.columns;
  if (!label.classes.empty()) object["classes"] = label.classes;
  if (!label.bins.empty()) object["bins"] = label.bins;
  if (label.task == name_of(Task::regression)) {
    object["mean"] = encoder.target_mean;
    object["deviation"] = encoder.target_deviation;
  }
  return object;
}

// Encoders from before there were other tasks say nothing of the task.
void read_label(const json& object, Encoder& encoder) {
  LabelParams& label = encoder.label;
  label.task = object.value("task", std::string(name_of(Task::binary)));
  label.column = object.at("column");
  label.positive = object.at("positive").get<std::vector<std::string>>();
  label.negative = object.at("negative").get<std::vector<std::string>>();
  label.above = object.value("above", LabelParams::kNoNumber);
  label.columns = object.value("columns", std::vector<std::string>());
  label.classes = object.value("classes", std::vector<std::string>());
  label.bins = object.value("bins", std::vector<double>());
  const std::optional<Task> task = task_from(label.task);
  if (!task) throw std::runtime_error("unknown task '" + label.task + "'");
  if (*task == Task::classes && label.classes.size() < 2) throw std::runtime_error("fewer than two classes");
  if (*task == Task::labels && label.columns.size() < 2) throw std::runtime_error("fewer than two labels");
  if (std::max(label.classes.size(), label.columns.size()) > 64) throw std::runtime_error("more than 64 outcomes");
  if (!label.bins.empty() &&
      (label.classes.size() != label.bins.size() + 1 || !std::ranges::is_sorted(label.bins, std::less_equal())))
    throw std::runtime_error("the bins of the label do not ascend, or are not those of its classes");
  if (*task != Task::regression) return;
  encoder.target_mean = object.at("mean");
  encoder.target_deviation = object.at("deviation");
  if (!(encoder.target_deviation > 0)) throw std::runtime_error("the deviation of the targets is not above 0");
}

}  // namespace

json to_json(const Encoder& encoder) {
  json groups = json::array(), features = json::array();
  for (const GroupRule& rule : encoder.groups) {
    groups.push_back({{"name", rule.name},
                      {"column", rule.column},
                      {"bins", rule.bins},
                      {"cross", rule.cross},
                      {"levels", rule.levels}});
  }
  for (const FeatureRule& rule : encoder.features) features.push_back(rule_json(rule));
  json object = {{"format", kFormat},          {"version", kVersion},          {"csv", csv_json(encoder.csv)},
                 {"columns", encoder.columns}, {"label", label_json(encoder)}, {"weight", encoder.weight},
                 {"groups", groups},           {"features", features}};
  if (encoder.stored_decisions) {
    object["stored_decisions"] = {{"column", encoder.stored_decisions->column},
                                  {"in_data", encoder.stored_decisions->in_data}};
  }
  if (encoder.images.any()) {
    object["images"] = {{"channels", encoder.images.channels},
                        {"height", encoder.images.height},
                        {"width", encoder.images.width},
                        {"mean", encoder.images.mean},
                        {"deviation", encoder.images.deviation}};
    if (!encoder.image_column.empty()) {
      object["images"]["column"] = encoder.image_column;
      object["images"]["read_as_channels"] = encoder.image_channels;
    }
  }
  return object;
}

namespace {

// A crossing is of groupings above it, and a level has one name.
void check_groups(const std::vector<GroupRule>& rules) {
  std::set<std::string> names;
  for (const GroupRule& rule : rules) {
    for (const std::string& part : rule.cross) {
      if (!names.contains(part)) throw std::invalid_argument("a crossing of '" + part + "', which is not there");
    }
    if (std::set<std::string>(rule.levels.begin(), rule.levels.end()).size() != rule.levels.size()) {
      throw std::invalid_argument("the grouping '" + rule.name + "' has a level twice");
    }
    names.insert(rule.name);
  }
}

// Those of files name no column.
void read_images(const json& object, Encoder& encoder) {
  ImageRows& images = encoder.images;
  images.channels = object.at("channels");
  images.height = object.at("height");
  images.width = object.at("width");
  images.mean = object.at("mean").get<std::vector<float>>();
  images.deviation = object.at("deviation").get<std::vector<float>>();
  const auto channels = static_cast<std::size_t>(images.channels);
  if (images.channels < 1 || images.height < 1 || images.width < 1) throw std::invalid_argument("pictures of no size");
  if (images.mean.size() != channels || images.deviation.size() != channels)
    throw std::invalid_argument("the scale of pictures is not that of their channels");
  encoder.image_column = object.value("column", std::string());
  encoder.image_channels = object.value("read_as_channels", std::int64_t{0});
  if (encoder.image_channels != 0 && encoder.image_channels != images.channels)
    throw std::invalid_argument("pictures that are read as other channels than they have");
}

}  // namespace

EncoderPointer encoder_from_json(const json& object) {
  const bool known = object.is_object() && object.value("format", json()) == kFormat;
  if (!known) throw core::UserError(core::Fault::data, "this JSON is not an encoder of Equipoise");
  if (object.value("version", json()) != kVersion) {
    throw core::UserError(core::Fault::data, "this encoder has format version " +
                                                 object.value("version", json()).dump() +
                                                 ", but this program reads version " + std::to_string(kVersion));
  }
  try {
    auto encoder = std::make_shared<Encoder>();
    encoder->csv = csv_from(object.at("csv"));
    encoder->columns = object.at("columns").get<std::vector<std::string>>();
    read_label(object.at("label"), *encoder);
    encoder->weight = object.at("weight");
    for (const json& group : object.at("groups")) {
      encoder->groups.push_back(
          {group.at("name"), group.at("column"), group.at("bins"), group.at("cross"), group.at("levels")});
    }
    check_groups(encoder->groups);
    if (const auto stored = object.find("stored_decisions"); stored != object.end())
      encoder->stored_decisions = DecisionRule{stored->at("column"), stored->at("in_data")};
    if (const auto images = object.find("images"); images != object.end()) read_images(*images, *encoder);
    for (const json& feature : object.at("features")) encoder->features.push_back(rule_from(feature));
    lay_out(encoder->features);
    return encoder;
  } catch (const std::exception& error) {
    throw core::UserError(core::Fault::data, std::string("this encoder is damaged: ") + error.what());
  }
}

}  // namespace equipoise::data
