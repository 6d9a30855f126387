#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/config/tree.h"
#include "engine/core/error.h"

namespace equipoise::sweep {

/// How successive halving thins out its runs.
struct HalvingParams {
  std::int64_t rungs = 3;     ///< how often a run is looked at before its end
  double keep = 0.34;         ///< the share of the runs at a rung that go on
  double near = 0.01;         ///< how far from the frontier, in gap and in accuracy, a run still counts as on it
  std::int64_t at_least = 2;  ///< runs that must have reached a rung before one is judged there

  void describe(config::Fields& fields);
  bool operator==(const HalvingParams&) const = default;
};

/// What a sweep file says. The axes are read by axes.h: their keys are the config's.
struct SweepParams {
  std::string name;             ///< "": the config's
  std::string config;           ///< path
  std::string folder;           ///< path; "": sweeps/<name> beside where the program was started
  std::string search = "grid";  ///< grid | random | sobol | asha
  std::string metric;           ///< accuracy | loss: what asha scores runs by; "": as the task has it (metric_of)
  config::Node axes;
  std::vector<std::int64_t> seeds;
  std::int64_t trials = 0;
  std::int64_t seed = 0;
  std::int64_t limit = 0;  ///< 0: none
  std::int64_t bank_size = 64;
  std::vector<std::string> set;
  HalvingParams halving;

  void describe(config::Fields& fields);
};

/// Whether settings are drawn, as many as `trials` says, rather than all taken.
bool draws(const SweepParams& params);

/// Throws UserError (config) for trials without a search that draws, and the other way round.
void check(const SweepParams& params, const config::Origin& origin);

/// Where keys stand in the sweep file that one search reads and another does not.
using WrittenKeys = std::map<std::string, core::Position>;
/// Throws UserError (config) for those of them that the search does not read: halving and metric without asha, seed
/// without draws.
void refuse_unread(const SweepParams& params, const WrittenKeys& written);

}  // namespace equipoise::sweep
