#pragma once

#include <cstdint>
#include <string>

#include "engine/config/fields.h"

namespace equipoise::sampling {

/// How closely rows that recipes made are looked at, and what is no longer taken for honest. Every bound is on what made rows show
/// beyond what real rows of the same cell do. Why these: docs/decisions/0020-artifacts.md.
struct ArtifactParams {
  std::string on_artifacts = "warn";
  std::int64_t rows = 2000;     // made, and real, that are looked at in each cell
  std::int64_t min_rows = 30;   // fewer made: nothing is said; fewer real: nothing beside them
  std::int64_t neighbors = 10;  // whose labels are asked
  double near = 0.1;            // of the real rows' median distance to the nearest other
  double copies = 0.05;         // share of made rows
  double near_copies = 0.5;     // share of made rows
  double labels = 0.05;         // share of neighbours that disagree
  double flips = 0.01;          // share of made rows
  double telling = 0.8;         // area under the curve
  double outside = 0.01;        // share of made rows
  double combinations = 0.05;   // share of made rows
  double drift = 0.3;           // of a correlation
  double traced = 1;            // share of made rows; 1: no bound

  void describe(config::Fields& fields);
};

}  // namespace equipoise::sampling
