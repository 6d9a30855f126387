#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace equipoise::checkpoint {

/// A field in which what was saved is of another run than the one now; no value where one of the two has no such field.
struct Difference {
  std::string field;
  std::optional<std::string> there, now;
};

/// In the order of `now`, what is saved alone at the end.
std::vector<Difference> differences(const Fields& saved, const Fields& now);

/// Those of which none of `allowed` is the field, or a part of the config that it is in ("training" allows "training.epochs").
std::vector<Difference> without(std::vector<Difference> differing, const std::vector<std::string>& allowed);

/// A line for each, with a line end before it: "  training.epochs: 20 there, 40 now".
std::string to_lines(const std::vector<Difference>& differing);

/// Throws UserError (config) for a word that is no field of `known`, nor a part of the config that has any, naming the nearest. A field of a list,
/// "constraints[].kind", is known at every place of it.
void check_allowed(const std::vector<std::string>& allowed, const Fields& known);

}  // namespace equipoise::checkpoint
