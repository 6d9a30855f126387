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
  /// As overrides, relative paths made absolute by the config's folder.
  std::vector<std::string> overrides_of(const Point& point) const;

 private:
  std::filesystem::path folder_;
  training::RunConfig config_;
  std::string text_;
  config::Node root_;
  std::vector<config::Field> fields_;
  Value json_;
};

/// The part of a config that decides the result: without name, output and the like.
training::RunConfig deciding_part(training::RunConfig config);

/// 16 hexadecimal digits of the SHA-256.
std::string id_of(const std::string& text);

}  // namespace equipoise::sweep
