#pragma once

#include <string>

namespace equipoise::core {

/// Now, as "2026-01-31T12:00:00Z".
std::string utc_now();

}  // namespace equipoise::core
