#pragma once

#include <string>

#include "engine/config/outline.h"

namespace equipoise::config {

/// The documentation of one field by its dotted path ("data.split.test"; "constraints[].kind", "constraints[0].kind"
/// and "constraints.kind" are the same), as plain text: type, bounds or choices, default, sentence. A section also
/// lists its keys; "" is the whole config. Throws UserError (config) with the nearest name when there is no such field.
std::string explain(const Describe& describe, const std::string& path);

/// The reference of all fields as Markdown, a heading and a table for every section.
std::string to_markdown(const Describe& describe, const std::string& title);

}  // namespace equipoise::config
