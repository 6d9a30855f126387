#include "engine/training/bank.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "engine/constraints/kinds.h"
#include "engine/constraints/mixture.h"
#include "engine/core/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/training/run_config.h"

namespace equipoise::training {
namespace {

/// One list of the bank: how a value is put into a member's config, how it is written, and which overrides say the same.
struct Axis {
  const char* field;
  const char* title;
  std::size_t (*size)(const BankParams&);
  void (*set)(const BankParams&, std::size_t, RunConfig&);
  std::string (*text)(const RunConfig&);
  std::vector<std::string> (*overrides)(const RunConfig&);
};

std::vector<std::string> tolerance_overrides(const RunConfig& member) {
  std::vector<std::string> words;
  for (std::size_t i = 0; i < member.constraints.size(); ++i)
    if (constraints::has_tolerance(member.constraints[i]))
      words.push_back(fmt::format("constraints[{}].tolerance={}", i, member.constraints[i].tolerance));
  return words;
}

constexpr Axis kAxes[] = {
    {"tolerances", "tolerance", [](const BankParams& bank) { return bank.tolerances.size(); },
     [](const BankParams& bank, std::size_t i, RunConfig& member) {
       for (constraints::ConstraintParams& constraint : member.constraints)
         if (constraints::has_tolerance(constraint)) constraint.tolerance = bank.tolerances[i];
     },
     [](const RunConfig& member) {
       const auto first = std::ranges::find_if(member.constraints, constraints::has_tolerance);
       return fmt::format("{}", first->tolerance);
     },
     tolerance_overrides},
    {"seeds", "seed", [](const BankParams& bank) { return bank.seeds.size(); },
     [](const BankParams& bank, std::size_t i, RunConfig& member) { member.training.seed = bank.seeds[i]; },
     [](const RunConfig& member) { return fmt::format("{}", member.training.seed); },
     [](const RunConfig& member) {
       return std::vector<std::string>{fmt::format("training.seed={}", member.training.seed)};
     }},
    {"learning_rates", "learning rate", [](const BankParams& bank) { return bank.learning_rates.size(); },
     [](const BankParams& bank, std::size_t i, RunConfig& member) {
       member.training.optimizer.learning_rate = bank.learning_rates[i];
     },
     [](const RunConfig& member) { return fmt::format("{}", member.training.optimizer.learning_rate); },
     [](const RunConfig& member) {
       const double rate = member.training.optimizer.learning_rate;
       return std::vector<std::string>{fmt::format("training.optimizer.learning_rate={}", rate)};
     }},
    {"multiplier_steps", "multiplier step", [](const BankParams& bank) { return bank.multiplier_steps.size(); },
     [](const BankParams& bank, std::size_t i, RunConfig& member) {
       member.multipliers.step = bank.multiplier_steps[i];
     },
     [](const RunConfig& member) { return fmt::format("{}", member.multipliers.step); },
     [](const RunConfig& member) {
       return std::vector<std::string>{fmt::format("multipliers.step={}", member.multipliers.step)};
     }},
};

[[noreturn]] void refuse(const std::string& field, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, "bank." + field + ": " + what, origin.of("bank." + field));
}

template <typename Value>
void check_distinct(const char* field, std::vector<Value> values, const config::Origin& origin) {
  std::sort(values.begin(), values.end());
  const auto twice = std::adjacent_find(values.begin(), values.end());
  if (twice != values.end())
    refuse(field, fmt::format("{} is listed twice; it would be trained twice", *twice), origin);
}

void check_distillation(const RunConfig& config, const config::Origin& origin) {
  const auto refuse = [&](const std::string& why) {
    throw core::UserError(core::Fault::config, "training.distill: " + why, origin.of("training.distill"));
  };
  const std::string& measured = config.multipliers.measure_on;
  if (config.training.keep == "mixture")
    refuse(
        "training.keep is 'mixture', whose iterates each decide rows of their own: one network cannot answer for them");
  if (measured != "auto" && measured != "cross_fitted")
    refuse("multipliers.measure_on is '" + measured + "': only a cross-fitted run has members that could be distilled");
}

void check(const RunConfig& config, const config::Origin& origin) {
  evaluation::check_resamples(config.evaluation, config.constraints, origin);
  constraints::check(config.multipliers, origin);
  if (config.training.keep == "mixture") constraints::check_mixture(config.constraints, origin);
  if (config.training.distill) check_distillation(config, origin);
  const BankParams& bank = config.bank;
  check_distinct("tolerances", bank.tolerances, origin);
  check_distinct("seeds", bank.seeds, origin);
  check_distinct("learning_rates", bank.learning_rates, origin);
  check_distinct("multiplier_steps", bank.multiplier_steps, origin);
  if (!bank.tolerances.empty() && std::ranges::none_of(config.constraints, constraints::has_tolerance)) {
    refuse("tolerances", "there is no constraint that could have them", origin);
  }
}

}  // namespace

bool BankParams::empty() const {
  return std::all_of(std::begin(kAxes), std::end(kAxes), [&](const Axis& axis) { return axis.size(*this) == 0; });
}

void BankParams::describe(config::Fields& fields) {
  fields.numbers("tolerances", tolerances, config::inside(0, 1),
                 "Tolerances of every parity constraint, one a member.");
  fields.integers("seeds", seeds, config::between(0, 9007199254740992.0),
                  "Seeds of initial weights and dropout (training.seed).");
  fields.numbers("learning_rates", learning_rates, config::above(0),
                 "Learning rates (training.optimizer.learning_rate).");
  fields.numbers("multiplier_steps", multiplier_steps, config::above(0),
                 "Step sizes of the multipliers (multipliers.step).");
}

std::vector<RunConfig> members_of(const RunConfig& config, const config::Origin& origin) {
  check(config, origin);
  RunConfig alone = config;
  alone.bank = {};
  std::vector<RunConfig> members = {alone};
  for (const Axis& axis : kAxes) {
    const std::size_t size = axis.size(config.bank);
    if (size == 0) continue;
    if (members.size() > kMostMembers / size) {
      refuse(axis.field, fmt::format("the lists of the bank make more than {} members", kMostMembers), origin);
    }
    std::vector<RunConfig> combined;
    for (const RunConfig& member : members) {
      for (std::size_t i = 0; i < size; ++i) {
        combined.push_back(member);
        axis.set(config.bank, i, combined.back());
      }
    }
    members = std::move(combined);
  }
  for (RunConfig& member : members) {
    const std::string title = member_title(config.bank, member);
    if (!title.empty()) member.name += ", " + title;
  }
  return members;
}

std::string member_title(const BankParams& bank, const RunConfig& member) {
  std::string title;
  for (const Axis& axis : kAxes) {
    if (axis.size(bank) == 0) continue;
    title += fmt::format("{}{} {}", title.empty() ? "" : ", ", axis.title, axis.text(member));
  }
  return title;
}

std::vector<std::string> member_overrides(const BankParams& bank, const RunConfig& member) {
  std::vector<std::string> words = {"~bank"};
  for (const Axis& axis : kAxes) {
    if (axis.size(bank) == 0) continue;
    for (const std::string& word : axis.overrides(member)) words.push_back(word);
  }
  return words;
}

}  // namespace equipoise::training
