#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"

namespace equipoise::training {

struct RunConfig;

/// Settings that are trained together, in one process: every combination of the listed values is a member of the bank.
/// A list that is empty leaves the config's own value.
struct BankParams {
  std::vector<double> tolerances;        ///< of every constraint
  std::vector<std::int64_t> seeds;       ///< training.seed
  std::vector<double> learning_rates;    ///< training.optimizer.learning_rate
  std::vector<double> multiplier_steps;  ///< multipliers.step

  bool empty() const;
  void describe(config::Fields& fields);
};

/// The configs of the bank's members, each that of a run of its own: train on it alone and the same model comes out, byte
/// for byte on the CPU; its name says what it is among the others. Without a bank the config itself is the only member. Throws UserError (config) for a value that is
/// listed twice, tolerances without a constraint, and more members than kMostMembers.
std::vector<RunConfig> members_of(const RunConfig& config, const config::Origin& origin);
inline constexpr std::size_t kMostMembers = 1024;

/// What tells a member from the others: "tolerance 0.02, seed 3"; "" without a bank.
std::string member_title(const BankParams& bank, const RunConfig& member);

/// The overrides of a config with this bank that train the member alone: "~bank", "training.seed=3".
std::vector<std::string> member_overrides(const BankParams& bank, const RunConfig& member);

}  // namespace equipoise::training
