#pragma once

#include <vector>

#include "engine/training/trainer.h"

namespace equipoise::training {

/// A constraint on the groupings of generated_people().
inline constraints::ConstraintParams by_sex(const std::string& kind, double tolerance) {
  constraints::ConstraintParams params;
  params.kind = kind;
  params.group = {"sex"};
  params.tolerance = tolerance;
  return params;
}

/// The runs of a config, one or a bank's, trained on the CPU.
inline std::vector<TrainingResult> trained(
    const data::Dataset& people, const RunConfig& config,
    const OnMeasurement& on_measurement = [](std::size_t, const evaluation::Measurement&) {},
    const StopRun& stop = {}) {
  core::Journal journal;
  const config::Origin origin;
  const std::vector<RunConfig> members = members_of(config, origin);
  std::vector<constraints::ConstraintTable> tables;
  for (const RunConfig& member : members)
    tables.push_back(constraints::compile(member.constraints, people, member.multipliers.min_rows, origin, journal,
                                          sampling::groupings_of(config.sampling)));
  return train(members, people, tables, at::kCPU, origin, journal, {on_measurement, {}, stop});
}

}  // namespace equipoise::training
