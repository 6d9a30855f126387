#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/constraints/table.h"
#include "engine/core/error.h"
#include "engine/core/journal.h"
#include "engine/evaluation/measurement.h"
#include "engine/models/learner.h"
#include "engine/training/device_data.h"
#include "engine/training/run_config.h"

namespace equipoise::training {

/// A run of several members that decide by the mean of their scores, and what is wanted of the one network that learns it.
struct Teacher {
  const RunConfig& config;
  const constraints::ConstraintTable& table;
  models::Learner& members;
  std::uint64_t seed = 0;                                ///< of the network's initial weights and dropout
  const evaluation::Measurement* measurement = nullptr;  ///< of the members as they are, if they were measured
};

/// The one network. Without weights where its training left the finite numbers or was interrupted: the members then stay.
struct Student {
  std::unique_ptr<models::Learner> network;
  std::string sentence;  ///< which iterate it is and why, and what became of the members' loss; or why there is none
  std::optional<core::Interrupted> interrupted = {};
  std::string warning = {};  ///< what it lost that the members had; "" mostly
};

/// Teaches each run's members to one network of their architecture (Hinton, Vinyals and Dean 2015): for as many epochs over the
/// training rows as the members had, it is drawn to their mean score, by the log loss against it as if it were the label's
/// probability, or by the squared distance to the number that they predict. Labels and constraints have no part in that: what
/// the members' scores hold, it holds as far as it learns them. Among its iterates one is kept as among theirs: by its loss and its
/// upper bounds on the selection split.
///
/// The runs of a bank are taught together, each to the same bytes as alone (on the CPU). `data` has one fold; the runs'
/// configs differ in what a bank may differ in.
std::vector<Student> distill(const std::vector<Teacher>& teachers, const DeviceData& data, core::Journal& journal);

}  // namespace equipoise::training
