#include "engine/config/origin.h"

namespace equipoise::config {

std::optional<core::Position> Origin::of(const std::string& path) const {
  std::string at = path;
  while (true) {
    if (const auto found = positions_.find(at); found != positions_.end()) return found->second;
    const std::size_t cut = at.find_last_of(".[");
    if (cut == std::string::npos) return std::nullopt;
    at.resize(cut);
  }
}

}  // namespace equipoise::config
