#pragma once

#include "engine/config/overrides.h"
#include "engine/config/tree.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {

/// What was written, as a value of the field that stands at `place`: where the field takes words, 1 is the word "1".
Value value_of(const config::Node& node, const config::Place& place);

/// A value as an override writes it: 0.05, mlp, "[a]", [64, 64].
std::string override_text(const std::string& field, const Value& value);

/// A tree as it was written, as YAML on one line.
std::string flow_text(const config::Node& node);
/// A value as YAML on one line: quoted where it is a text, whatever it reads as.
std::string flow_text(const Value& value);

/// The same value; whole numbers and others are told apart by their size alone.
bool same_value(const Value& a, const Value& b);

}  // namespace equipoise::sweep
