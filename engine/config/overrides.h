#pragma once

#include <string>
#include <variant>
#include <vector>

#include "engine/config/outline.h"
#include "engine/config/scalars.h"
#include "engine/config/tree.h"
#include "engine/core/error.h"

namespace equipoise::config {

/// Changes a tree as the command line asks, one override after the other, before it is read:
///
///   training.epochs=5                    sets a value, written in the file or not
///   constraints[0].tolerance=0.1         the same in a list; constraints.0.tolerance too
///   data.features.types."a.b"=number     quotes around a key that holds a dot
///   +training.batch_size=64              adds what the file does not have; an error when it does
///   +constraints[]={kind: ..., ...}      appends to a list
///   ~training.schedule                   takes out what the file has; an error when it does not
///
/// A value that starts with [, {, " or ' is read as YAML; any other is taken as it stands (so `=>50K`, `=|` and `=a: b`
/// mean themselves), except that nothing, null and ~ are no value. Keys must be in the description. What is wrong
/// becomes a problem at "command line: <the override>", and so does, later, a value that does not fit. Relative paths
/// mean what they mean in the file: relative to the config's folder.
void apply_overrides(Node& root, const std::vector<std::string>& overrides, const std::vector<Field>& fields,
                     std::vector<core::Problem>& problems);

/// A place of a description that a path names.
struct Place {
  std::string path;              ///< in the one way that overrides are shown in: "constraints[0].tolerance"
  const Field* field = nullptr;  ///< what stands there, or the list or mapping of words whose element does
};

/// The place that a path such as "constraints.0.tolerance" names, or why there is none, with the nearest name. Appending
/// ("constraints[]") names none. `fields` must outlive it.
std::variant<Place, Refusal> find_place(const std::string& path, const std::vector<Field>& fields);

}  // namespace equipoise::config
