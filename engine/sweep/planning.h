#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

#include "engine/core/journal.h"
#include "engine/sweep/plan.h"
#include "engine/sweep/request.h"

namespace equipoise::sweep {

/// More runs than this are made only where a limit asks for them.
inline constexpr std::size_t kMostRuns = 20000;

/// What the folder of an earlier start of the same sweep holds.
struct Earlier {
  Plan plan;
  std::string base_text;                                                      ///< the config that its jobs start from
  std::function<bool(const PlannedJob&, const std::string& search)> is_done;  ///< for a sweep that searches so
};

struct Planning {
  Plan plan;
  std::string base_text;      ///< the resolved config that every job starts from
  std::size_t merged = 0;     ///< combinations that came to a run which was there already
  std::size_t dropped = 0;    ///< runs of the earlier plan that are not in this one
  bool is_as_before = false;  ///< the earlier plan, unchanged
};

/// Resolves every setting, names it, packs banks. Jobs of an earlier plan stay as they are where they are done, or where all their
/// runs are asked for again from the same config. Throws UserError (config): unknown axes, empty lists, settings that are no
/// config, an earlier plan of which no run is asked for any more, more than kMostRuns settings without a limit; these are counted, not made.
/// Throws Interrupted where a signal has arrived.
Planning make_plan(const Request& request, const std::optional<Earlier>& earlier);

/// "120 runs in 4 banks and 3 single runs, 2 processes"
std::string headline(const Plan& plan, std::size_t processes);
/// What varies, a line each: "  training.epochs  5, 10".
std::string axes_text(const Plan& plan);

}  // namespace equipoise::sweep
