#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/config/origin.h"
#include "engine/constraints/kinds.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/data/task.h"

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

/// A grouping as far as it is known: before the data are read only by name.
struct KnownGrouping {
  std::string name;
  std::optional<std::vector<std::string>> levels;
};

/// What all constraints are checked against.
struct Known {
  std::vector<KnownGrouping> groupings;
  bool has_stored_decisions = false;
  data::Task task = data::Task::binary;
  std::vector<std::string> outcomes;  ///< empty: not known yet
};

/// One constraint of the config, and what it is checked against.
struct Request {
  const ConstraintParams& wanted;
  std::size_t index;
  const KindEntry& kind;
  const Known& known;
  Problems& problems;

  void refuse(const std::string& field, const std::string& message) const { problems.add(index, field, message); }
};

inline std::string unknown(const std::string& what, const std::string& given, const std::vector<std::string>& known) {
  return "there is no " + what + " '" + given + "'" + core::did_you_mean(given, known) +
         "; known: " + (known.empty() ? "none" : core::listed(known));
}

}  // namespace equipoise::constraints
