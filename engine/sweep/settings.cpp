#include "engine/sweep/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/config/config_file.h"
#include "engine/config/load.h"
#include "engine/config/override_path.h"
#include "engine/config/overrides.h"
#include "engine/config/reader.h"
#include "engine/config/recipe_files.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/axes.h"
#include "engine/sweep/values.h"
#include "engine/training/bank.h"

namespace equipoise::sweep {
namespace {

constexpr std::string_view kRecipe = ".recipe";

// "sampling.recipes[0].recipe" set to a file. Elsewhere in a value recipe files are found as they are in a config.
bool is_recipe_file(const std::string& field, const Value& value) {
  if (!value.is_string() || !field.ends_with("]" + std::string(kRecipe))) return false;
  const std::string extension = std::filesystem::path(value.get<std::string>()).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

// What stands at a place that is there.
const config::Node& at(const config::Node& root, const std::string& path) {
  const config::Node* node = &root;
  const auto steps = config::parse_path(path);
  for (const config::PathStep& step : steps.value())
    node = std::holds_alternative<std::string>(step) ? &node->find(std::get<std::string>(step))->value
                                                     : &node->items.at(std::get<std::size_t>(step));
  return *node;
}

// With what its recipe files hold in their place. Throws UserError (config).
config::Node with_contents(config::Node node, const std::filesystem::path& folder,
                           std::vector<core::Problem>& problems) {
  config::Node holder;  // a recipe is an element of a list, and the node may be one
  holder.kind = config::Node::Kind::list;
  holder.items.push_back(std::move(node));
  config::read_recipe_files(holder, folder, problems);
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
  return std::move(holder.items.front());
}

// Every path in a value of the field, or in an element of it.
template <typename ToAbsolute>
void make_absolute(config::Node& node, const config::Field& field, const ToAbsolute& to_absolute) {
  using config::FieldKind;
  for (config::Node& item : node.items) make_absolute(item, field, to_absolute);
  const bool is_path = field.kind == FieldKind::path || field.kind == FieldKind::paths;
  if (is_path && node.kind == config::Node::Kind::scalar && !node.text.empty()) node.text = to_absolute(node.text);
  if (field.kind != FieldKind::section && field.kind != FieldKind::list) return;
  for (config::Entry& entry : node.entries)
    if (const config::Field* inner = config::find_field(field.fields, entry.key))
      make_absolute(entry.value, *inner, to_absolute);
}

void check_config(const training::RunConfig& config, const config::Origin& origin) {
  core::ProblemList problems;
  problems.collect([&] { training::check_data_and_constraints(config, origin); });
  problems.collect([&] { training::members_of(config, origin); });
  problems.collect([&] { training::check_training(config, 1, origin); });
  problems.throw_if_any();
}

}  // namespace

BaseConfig::BaseConfig(const std::filesystem::path& file, const std::vector<std::string>& overrides)
    : folder_(file.parent_path()) {
  config::Origin origin;
  config::require_file(file);
  const std::string written = config::read_start(file);
  config::load_text(
      written, file.string(), folder_, overrides, [this](config::Fields& fields) { config_.describe(fields); }, origin);
  if (!config_.bank.empty())
    throw core::UserError(core::Fault::config,
                          "bank: a sweep makes its banks itself; name what they vary as axes, or take it out (~bank)",
                          origin.of("bank"));
  text_ = config::struct_to_yaml(config_);
  std::vector<core::Problem> problems;
  root_ = config::parse_yaml(text_, file.string(), problems).value();
  fields_ = config::outline([this](config::Fields& fields) { config_.describe(fields); });
  as_written_ = config::parse_yaml(written, file.string(), problems).value();
  config::apply_overrides(as_written_, overrides, fields_, problems);
  json_ = config::to_json([this](config::Fields& fields) { config_.describe(fields); });
}

Value BaseConfig::value(const std::string& field) const {
  const Value* at = &json_;
  const auto steps = config::parse_path(field);
  for (const config::PathStep& step : steps.value()) {
    if (const auto* key = std::get_if<std::string>(&step)) {
      const auto found = at->is_object() ? at->find(*key) : at->end();
      if (found == at->end()) return nullptr;
      at = &*found;
    } else {
      const auto* index = std::get_if<std::size_t>(&step);
      if (index == nullptr || !at->is_array() || *index >= at->size()) return nullptr;
      at = &(*at)[*index];
    }
  }
  return *at;
}

training::RunConfig BaseConfig::with(const std::vector<std::string>& overrides) const {
  std::vector<core::Problem> problems;
  config::Node root = root_;
  config::apply_overrides(root, overrides, fields_, problems);
  config::read_recipe_files(root, folder_, problems);
  training::RunConfig config;
  config::Origin origin;
  config::read_struct(root, folder_, config, origin, problems);
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
  check_config(config, origin);
  return config;
}

std::filesystem::path BaseConfig::absolute(const std::string& path) const {
  return std::filesystem::absolute(folder_ / path).lexically_normal();
}

std::vector<std::string> BaseConfig::overrides_of(const Point& point) const {
  std::vector<std::string> overrides;
  for (const auto& [field, value] : point) {
    const config::FieldKind kind = std::get<config::Place>(config::find_place(field, fields_)).field->kind;
    if (is_recipe_file(field, value))
      overrides.push_back(with_recipe(field, point));
    else if (value.is_structured() && (kind == config::FieldKind::section || kind == config::FieldKind::list))
      overrides.push_back(with_files(field, value));
    else
      overrides.push_back(with_path(field, value));
  }
  return overrides;
}

// The whole element whose `recipe` the field is: in the resolved config it has what another file says, as if the user
// did.
std::string BaseConfig::with_recipe(const std::string& field, const Point& point) const {
  std::vector<core::Problem> problems;
  std::vector<std::string> words;
  const std::string element = field.substr(0, field.size() - kRecipe.size());
  for (const auto& [name, value] : point)
    if (holds_field(element, name)) words.push_back(override_text(name, value));
  config::Node root = as_written_;
  config::apply_overrides(root, words, fields_, problems);
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
  return element + "=" + flow_text(with_contents(at(root, element), absolute(""), problems));
}

std::string BaseConfig::with_files(const std::string& field, const Value& value) const {
  std::vector<core::Problem> problems;
  config::Node node = config::parse_yaml(flow_text(value), field, problems).value();
  const config::Place place = std::get<config::Place>(config::find_place(field, fields_));
  const auto to_absolute = [this](const std::string& path) { return absolute(path).string(); };
  make_absolute(node, *place.field, to_absolute);
  return field + "=" + flow_text(with_contents(std::move(node), absolute(""), problems));
}

std::string BaseConfig::with_path(const std::string& field, const Value& value) const {
  const auto place = std::get<config::Place>(config::find_place(field, fields_));
  const bool is_path = place.field->kind == config::FieldKind::path || place.field->kind == config::FieldKind::paths;
  const auto to_absolute = [&](const Value& path) {
    return is_path && path.is_string() && !path.get<std::string>().empty()
               ? Value(absolute(path.get<std::string>()).string())
               : path;
  };
  if (!value.is_array()) return override_text(field, to_absolute(value));
  Value list = Value::array();
  for (const Value& item : value) list.push_back(to_absolute(item));
  return override_text(field, list);
}

training::RunConfig deciding_part(training::RunConfig config) {
  config.name = "run";
  config.output = {};
  config.compare = {};
  config.threads = 0;
  config.checkpoint = {};
  config.tracking = {};
  config.ranks = {};
  return config;
}

std::string id_of(const std::string& text) {
  constexpr std::size_t kDigits = 16;
  return core::sha256(text).substr(0, kDigits);
}

}  // namespace equipoise::sweep
