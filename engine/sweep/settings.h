#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "engine/config/outline.h"
#include "engine/config/tree.h"
#include "engine/sweep/plan.h"
#include "engine/training/run_config.h"

namespace equipoise::sweep {

/// The config that all runs of a sweep start from, read once.
class BaseConfig {
 public:
  /// Throws UserError (config) for all that is wrong with it, and for one that has a bank: the sweep makes those.
  BaseConfig(const std::filesystem::path& file, const std::vector<std::string>& overrides);

  const training::RunConfig& config() const { return config_; }
  const std::vector<config::Field>& fields() const { return fields_; }
  /// Resolved, as YAML: what the runs of the sweep are trained from, whatever becomes of the file.
  const std::string& text() const { return text_; }
  /// What a field holds; null where the config has no such place.
  Value value(const std::string& field) const;

  /// The config with some overrides, read and checked as for training. Throws UserError (config).
  training::RunConfig with(const std::vector<std::string>& overrides) const;
  /// As overrides of text() that need no other file: relative paths are made absolute by the config's folder, wherever
  /// they stand in a value, and what a recipe file holds now stands in its place. Throws UserError (config) for a
  /// recipe file that is not there, or holds no recipe.
  std::vector<std::string> overrides_of(const Point& point) const;

 private:
  std::string with_recipe(const std::string& field, const Point& point) const;
  std::string with_files(const std::string& field, const Value& value) const;
  std::string with_path(const std::string& field, const Value& value) const;
  std::filesystem::path absolute(const std::string& path) const;

  std::filesystem::path folder_;
  training::RunConfig config_;
  std::string text_;
  config::Node as_written_;  // with the overrides, before recipe files are read: what a new recipe file leaves standing
  config::Node root_;        // resolved
  std::vector<config::Field> fields_;
  Value json_;
};

/// The part of a config that decides the result: without name, output and the like.
training::RunConfig deciding_part(training::RunConfig config);

/// 16 hexadecimal digits of the SHA-256.
std::string id_of(const std::string& text);

}  // namespace equipoise::sweep
