#pragma once

#include <string>

namespace equipoise::core {

/// This machine's name; "?" where it has none.
std::string host_name();

}  // namespace equipoise::core
