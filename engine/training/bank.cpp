#include "engine/training/bank.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "engine/config/load.h"
#include "engine/config/overrides.h"
#include "engine/config/writer.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/mixture.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
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

// Whose tolerance is in the terms that are priced, where others' is a bound beside them.
bool is_ratio(const constraints::ConstraintParams& constraint) {
  return constraint.form == "ratio";
}

bool has_own_tolerance(const constraints::ConstraintParams& constraint) {
  return constraints::has_tolerance(constraint) && !is_ratio(constraint);
}

// What each member has for itself. Tolerances beside.
constexpr const char* kVarying[] = {"training.seed",
                                    "training.optimizer.learning_rate",
                                    "multipliers.update",
                                    "multipliers.step",
                                    "multipliers.radius",
                                    "multipliers.nu",
                                    "multipliers.proportional_gain",
                                    "multipliers.integral_gain",
                                    "multipliers.penalty",
                                    "multipliers.penalty_growth",
                                    "multipliers.largest_penalty",
                                    "multipliers.worst_group_step",
                                    "multipliers.worst_group_adjustment",
                                    "multipliers.allowance",
                                    "multipliers.allowance_rows",
                                    "multipliers.shrinkage_rows",
                                    "multipliers.margin"};

std::vector<std::string> varying_fields(const RunConfig& config) {
  std::vector<std::string> names(std::begin(kVarying), std::end(kVarying));
  for (std::size_t i = 0; i < config.constraints.size(); ++i)
    if (has_own_tolerance(config.constraints[i])) names.push_back(fmt::format("constraints[{}].tolerance", i));
  return names;
}

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
  if (bank.tolerances.size() > 1 && std::ranges::any_of(config.constraints, is_ratio)) {
    refuse("tolerances", "a ratio's tolerance is part of what is priced, which members share", origin);
  }
}

bool is_of_list(const BankParams& bank) {
  return std::any_of(std::begin(kAxes), std::end(kAxes), [&](const Axis& axis) { return axis.size(bank) > 0; });
}

// "constraints[0].tolerance 0.01, training.seed 3"
std::string set_title(const MemberParams& member) {
  std::string title;
  for (std::string word : member.set) {
    const std::size_t equals = word.find('=');
    if (equals != std::string::npos) word[equals] = ' ';
    title += (title.empty() ? "" : ", ") + word;
  }
  return title;
}

// Only what may differ, and nothing added or taken out.
void check_set(const std::string& word, const RunConfig& config, const std::vector<config::Field>& fields) {
  const auto refuse_set = [&](const std::string& why) {
    throw core::UserError(core::Fault::config, word + ": " + why);
  };
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || word.front() == '+' || word.front() == '~') refuse_set("expected key=value");
  const auto place = config::find_place(word.substr(0, equals), fields);
  if (const auto* refusal = std::get_if<config::Refusal>(&place)) refuse_set(refusal->reason);
  if (!may_vary(std::get<config::Place>(place).path, config))
    refuse_set("the members of a bank share it; they may differ in " + core::listed(varying_fields(config)));
}

// The sections of a config that hold what may differ.
struct VaryingSections {
  TrainingParams training;
  std::vector<constraints::ConstraintParams> constraints;
  constraints::MultiplierParams multipliers;

  void describe(config::Fields& fields) {
    fields.section("training", training, "How it is trained.");
    fields.list("constraints", constraints, "What must hold between groups.");
    fields.section("multipliers", multipliers, "How the constraints are enforced.");
  }
};

// What is set is read and checked as it is in a config.
RunConfig with_set(const RunConfig& alone, const std::vector<std::string>& set, const std::string& text) {
  VaryingSections sections;
  config::Origin ignored;
  const auto describe = [&](config::Fields& fields) { sections.describe(fields); };
  config::load_text(text, "config", "/", set, describe, ignored);
  RunConfig member = alone;
  member.training = sections.training;
  member.constraints = sections.constraints;
  member.multipliers = sections.multipliers;
  return member;
}

std::vector<RunConfig> listed_members(const RunConfig& config, const config::Origin& origin) {
  const BankParams& bank = config.bank;
  if (is_of_list(bank)) refuse("members", "they stand alone; leave out the other lists of the bank", origin);
  if (bank.members.size() > kMostMembers) refuse("members", fmt::format("more than {} members", kMostMembers), origin);
  RunConfig alone = config;
  alone.bank = {};
  const std::vector<config::Field> fields = config::outline([&](config::Fields& f) { alone.describe(f); });
  const std::string text =
      config::struct_to_yaml(VaryingSections{alone.training, alone.constraints, alone.multipliers});
  std::vector<RunConfig> members;
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < bank.members.size(); ++i) {
    const std::vector<std::string>& set = bank.members[i].set;
    const std::string path = fmt::format("members[{}]", i);
    try {
      for (const std::string& word : set) check_set(word, config, fields);
      members.push_back(with_set(alone, set, text));
      check(members.back(), origin);
    } catch (const core::UserError& error) {
      refuse(path + ".set", error.what(), origin);
    }
    const auto [twin, is_new] = known.emplace(config::struct_to_yaml(members.back()), i);
    if (!is_new) refuse(path, fmt::format("it is the same as members[{}]", twin->second), origin);
    members.back().name += ", " + set_title(bank.members[i]);
  }
  return members;
}

}  // namespace

void MemberParams::describe(config::Fields& fields) {
  fields.texts(
      "set", set,
      "Overrides of the config that make the member, as on the command line, of what a bank can hold: tolerances, "
      "training.seed, training.optimizer.learning_rate and how multipliers move.",
      config::Need::required);
}

bool BankParams::empty() const {
  return members.empty() &&
         std::all_of(std::begin(kAxes), std::end(kAxes), [&](const Axis& axis) { return axis.size(*this) == 0; });
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
  fields.list("members", members, "Members one by one, in place of the lists, where they are no combination of lists.");
}

std::vector<RunConfig> members_of(const RunConfig& config, const config::Origin& origin) {
  check(config, origin);
  if (!config.bank.members.empty()) return listed_members(config, origin);
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
    const std::string title = member_title(config.bank, member, 0);
    if (!title.empty()) member.name += ", " + title;
  }
  return members;
}

std::string member_title(const BankParams& bank, const RunConfig& member, std::size_t index) {
  if (!bank.members.empty()) return set_title(bank.members.at(index));
  std::string title;
  for (const Axis& axis : kAxes) {
    if (axis.size(bank) == 0) continue;
    title += fmt::format("{}{} {}", title.empty() ? "" : ", ", axis.title, axis.text(member));
  }
  return title;
}

std::vector<std::string> member_overrides(const BankParams& bank, const RunConfig& member, std::size_t index) {
  std::vector<std::string> words = {"~bank"};
  if (!bank.members.empty()) {
    const std::vector<std::string>& set = bank.members.at(index).set;
    words.insert(words.end(), set.begin(), set.end());
    return words;
  }
  for (const Axis& axis : kAxes) {
    if (axis.size(bank) == 0) continue;
    for (const std::string& word : axis.overrides(member)) words.push_back(word);
  }
  return words;
}

bool may_vary(const std::string& field, const RunConfig& config) {
  const std::vector<std::string> names = varying_fields(config);
  return std::ranges::find(names, field) != names.end();
}

RunConfig shared_part(const RunConfig& config) {
  RunConfig shared = config;
  shared.training.seed = -1;
  shared.training.optimizer.learning_rate = OptimizerParams().learning_rate;
  for (constraints::ConstraintParams& constraint : shared.constraints)
    if (has_own_tolerance(constraint)) constraint.tolerance = constraints::ConstraintParams().tolerance;
  const constraints::MultiplierParams& own = config.multipliers;
  constraints::MultiplierParams& multipliers = shared.multipliers = {};
  multipliers.start_from = own.start_from;
  multipliers.measure_on = own.measure_on;
  multipliers.folds = own.folds;
  multipliers.measures_per_epoch = own.measures_per_epoch;
  multipliers.min_rows = own.min_rows;
  multipliers.temperature = own.temperature;
  multipliers.averaging = own.averaging;
  multipliers.priced_by = own.priced_by;
  return shared;
}

}  // namespace equipoise::training
