#pragma once

#include <string>

namespace equipoise::constraints {

/// docs/constraints.md: every kind of constraint, every form and every rate, read off their tables.
std::string catalogue();

}  // namespace equipoise::constraints
