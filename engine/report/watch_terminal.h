#pragma once

#include <cstddef>
#include <string>

#include <nlohmann/json_fwd.hpp>

#include "engine/sweep/watch.h"

namespace equipoise::report {

/// How a snapshot is drawn.
struct WatchStyle {
  std::size_t columns = 80;
  std::size_t lines = 24;  ///< at most so many; 0: as many as it takes for a page of each kind
  bool color = false;
};
/// In lines of at most `columns`: counts and time left, the runs that go on, the worst, the best and the failed.
std::string to_terminal(const sweep::WatchSnapshot& snapshot, const WatchStyle& style);

nlohmann::ordered_json to_json(const sweep::WatchSnapshot& snapshot);

}  // namespace equipoise::report
