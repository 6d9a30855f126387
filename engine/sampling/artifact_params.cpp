#include "engine/sampling/artifact_params.h"

namespace equipoise::sampling {

void ArtifactParams::describe(config::Fields& fields) {
  fields.choice("on_artifacts", on_artifacts, {"warn", "stop"},
                "What follows where made rows of a cell are surely beyond a bound: a warning, or the end of the run.");
  fields.integer("rows", rows, config::between(100, 1e6), "Made rows, and real ones, that are looked at in each cell.");
  fields.integer(
      "min_rows", min_rows, config::at_least(10),
      "With fewer made rows a cell has no verdict, and with fewer real rows none of what is set beside real ones: "
      "copies, and parents with another label, are told without.");
  fields.integer("neighbors", neighbors, config::between(1, 256), "Nearest real rows whose labels are asked.");
  fields.number("near", near, config::between(0, 1),
                "A near copy is closer to a real row than this part of the median distance of real rows to the nearest "
                "other of their cell.");
  fields.number("copies", copies, config::between(0, 1), "Share of made rows that may be equal to a real row.");
  fields.number("near_copies", near_copies, config::between(0, 1),
                "Share of made rows that may be near copies; beyond it they are to be looked at, not harmful.");
  fields.number("labels", labels, config::between(0, 1),
                "By how much more often a made row's neighbours may have another label than a real row's.");
  fields.number("flips", flips, config::between(0, 1),
                "Share of made rows whose parent or partner may have another label.");
  fields.number(
      "telling", telling, config::between(0.5, 1),
      "How well a classifier may tell made rows from real ones, as an area under the curve (.5: not at all).");
  fields.number("outside", outside, config::between(0, 1),
                "Share of made rows that may have a number or a level that no training row has.");
  fields.number("combinations", combinations, config::between(0, 1),
                "Share of made rows that may have two levels that no training row has together.");
  fields.number("drift", drift, config::between(0, 2), "By how much the correlation of two columns may change.");
  fields.number("traced", traced, config::between(0, 1),
                "Share of made rows whose parent may be found as the closest real row; 1 for no bound.");
}

}  // namespace equipoise::sampling
