#include "engine/sweep/settings.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/config/load.h"
#include "engine/config/override_path.h"
#include "engine/config/overrides.h"
#include "engine/config/reader.h"
#include "engine/config/recipe_files.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/sweep/values.h"
#include "engine/training/bank.h"

namespace equipoise::sweep {
namespace {

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
  config::load(file, overrides, config_, origin);
  if (!config_.bank.empty())
    throw core::UserError(core::Fault::config,
                          "bank: a sweep makes its banks itself; name what they vary as axes, or take it out (~bank)",
                          origin.of("bank"));
  text_ = config::struct_to_yaml(config_);
  std::vector<core::Problem> problems;
  root_ = config::parse_yaml(text_, file.string(), problems).value();
  fields_ = config::outline([this](config::Fields& fields) { config_.describe(fields); });
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

std::vector<std::string> BaseConfig::overrides_of(const Point& point) const {
  std::vector<std::string> overrides;
  for (const auto& [field, value] : point) {
    const auto place = std::get<config::Place>(config::find_place(field, fields_));
    const bool is_path = place.field->kind == config::FieldKind::path || place.field->kind == config::FieldKind::paths;
    const auto absolute = [&](const Value& path) {
      return is_path && path.is_string() && !path.get<std::string>().empty()
                 ? Value(std::filesystem::absolute(folder_ / path.get<std::string>()).lexically_normal().string())
                 : path;
    };
    if (!value.is_array()) {
      overrides.push_back(override_text(field, absolute(value)));
      continue;
    }
    Value list = Value::array();
    for (const Value& item : value) list.push_back(absolute(item));
    overrides.push_back(override_text(field, list));
  }
  return overrides;
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
