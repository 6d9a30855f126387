#pragma once

#include <map>
#include <optional>
#include <string>

#include "engine/core/error.h"

namespace equipoise::config {

/// Where each value of a resolved config was written: "data.label.column" or "constraints[0].group" to its place in the
/// file (an override on the command line has the position {file: "command line: data.label.column=x"}).
/// Later checks (a column that is not in the data, a group that does not exist) use it to point at the line.
class Origin {
 public:
  void set(const std::string& path, core::Position position) { positions_[path] = std::move(position); }

  /// The place of `path`, or of the nearest enclosing section that was written; nothing when none was.
  std::optional<core::Position> of(const std::string& path) const;

 private:
  std::map<std::string, core::Position> positions_;
};

}  // namespace equipoise::config
