#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/error.h"

namespace equipoise::constraints {

/// Collects problems of constraints with their places in the config.
class Problems {
 public:
  explicit Problems(const config::Origin& origin) : origin_(origin) {}

  void add(std::size_t constraint, const std::string& field, const std::string& message) {
    const std::string path = "constraints[" + std::to_string(constraint) + "]" + (field.empty() ? "" : "." + field);
    problems_.push_back({path + ": " + message, origin_.of(path)});
  }

  /// A problem of the config elsewhere.
  void add_at(const std::string& path, const std::string& message) {
    problems_.push_back({path + ": " + message, origin_.of(path)});
  }

  void throw_if_any() {
    if (!problems_.empty()) throw core::UserError(core::Fault::config, std::move(problems_));
  }

 private:
  const config::Origin& origin_;
  std::vector<core::Problem> problems_;
};

}  // namespace equipoise::constraints
