#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"

namespace equipoise::training {

struct RunConfig;

/// One member of a bank that is no combination of lists.
struct MemberParams {
  std::vector<std::string> set;  ///< overrides, as on the command line, of fields that may_vary() names

  void describe(config::Fields& fields);
};

/// Settings that are trained together, in one process: every combination of the listed values is a member of the bank, or each of
/// `members` is. A list that is empty leaves the config's own value.
struct BankParams {
  std::vector<double> tolerances;        ///< of every constraint
  std::vector<std::int64_t> seeds;       ///< training.seed
  std::vector<double> learning_rates;    ///< training.optimizer.learning_rate
  std::vector<double> multiplier_steps;  ///< multipliers.step
  std::vector<MemberParams> members;     ///< where the lists cannot say it

  bool empty() const;
  void describe(config::Fields& fields);
};

/// The configs of the bank's members, each that of a run of its own: train on it alone and the same model comes out, byte
/// for byte on the CPU; its name says what it is among the others. Without a bank the config itself is the only member. Throws UserError (config) for a value that is
/// listed twice, tolerances without a constraint, a member that sets what all share, and more members than kMostMembers.
std::vector<RunConfig> members_of(const RunConfig& config, const config::Origin& origin);
inline constexpr std::size_t kMostMembers = 1024;

/// What tells a member, the one of that `index`, from the others: "tolerance 0.02, seed 3"; "" without a bank.
std::string member_title(const BankParams& bank, const RunConfig& member, std::size_t index);

/// The overrides of a config with this bank that train the member alone: "~bank", "training.seed=3".
std::vector<std::string> member_overrides(const BankParams& bank, const RunConfig& member, std::size_t index);

/// Whether the members of a bank may differ in this field of their configs ("constraints[0].tolerance", "training.seed"): it is one
/// that each has for itself while all train together. Of a ratio's tolerance they may not: it is part of what is priced.
bool may_vary(const std::string& field, const RunConfig& config);

/// The config with all that may_vary() set to one and the same value: configs that are the same text without it can be
/// members of one bank.
RunConfig shared_part(const RunConfig& config);

}  // namespace equipoise::training
