#include "engine/cli/arms.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "engine/cli/measuring.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/nearest_name.h"

namespace equipoise::cli {
namespace {

constexpr const char* kNoRecipes = "sampling.recipes=[]";

// Arms that need neither a recipe nor a description.
struct PlainArm {
  const char* name;
  const char* sentence;
  std::vector<std::string> overrides;
};

const std::vector<PlainArm>& plain_arms() {
  static const std::vector<PlainArm> arms = {
      {"none", "the config's constraints, batches as they come", {kNoRecipes}},
      {"config", "the config as it is", {}},
      {"unconstrained", "neither constraints nor recipes", {"constraints=[]", kNoRecipes}}};
  return arms;
}

// What a recipe needs besides its name, where it is an arm: in the spirit of configs/recipes. Recipes that are not here
// stand with their name alone, and say themselves what they need.
struct RecipeSetting {
  const char* recipe;
  const char *groups, *label;  // the field that names them, or ""
  const char* more;
};

constexpr RecipeSetting kSettings[] = {{"balance", "by", "by", ""},
                                       {"fairbatch", "by", "", ""},
                                       {"group_dro", "by", "by", ""},
                                       {"reweigh", "by", "", ""},
                                       {"weigh", "by", "by", ""},
                                       {"hard", "", "", "share: 0.5"},
                                       {"massage", "by", "", ""},
                                       {"smote", "by", "", "share: 0.5"},
                                       {"jitter", "", "", "share: 0.3"},
                                       {"corrupt", "by", "", "share: 0.3"},
                                       {"copula", "by", "", "share: 0.3"},
                                       {"mixup", "across", "inside", "share: 0.3"},
                                       {"fair_mixup", "across", "", "share: 0.25"}};

template <typename Entries>
auto find_name(const Entries& entries, const std::string& name) {
  return std::ranges::find_if(entries, [&](const auto& entry) { return entry.name == name; });
}

// Of the constraints, each once; of the data where no constraint names any.
std::vector<std::string> groups_of(const training::RunConfig& config) {
  std::vector<std::string> groups;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(groups, name) == groups.end()) groups.push_back(name);
  };
  for (const constraints::ConstraintParams& constraint : config.constraints)
    for (const std::string& group : constraint.group) add(group);
  if (groups.empty())
    for (const data::GroupParams& group : config.data.groups) add(group.shown_name());
  return groups;
}

// What FairBatch is to make alike: what the first constraint is about, if it is one that the recipe knows.
std::string rate_of(const training::RunConfig& config) {
  for (const constraints::ConstraintParams& constraint : config.constraints)
    for (const char* rate : {"demographic_parity", "equal_opportunity", "equalized_odds"})
      if (constraint.kind == rate) return rate;
  return "equalized_odds";
}

std::string recipe_text(const std::string& name, const training::RunConfig& config) {
  std::string text = "{recipe: " + name;
  const auto setting = std::ranges::find(kSettings, name, &RecipeSetting::recipe);
  if (setting == std::end(kSettings)) return text + "}";
  const data::Task task = data::task_of(config.data.label);
  const bool has_label = task == data::Task::binary || task == data::Task::classes;
  for (const char* field : {"by", "inside", "across"}) {
    std::vector<std::string> columns;
    if (std::string_view(setting->groups) == field)
      for (const std::string& group : groups_of(config)) columns.push_back(config::in_double_quotes(group));
    if (std::string_view(setting->label) == field && has_label) columns.emplace_back(sampling::kLabel);
    if (!columns.empty()) text += fmt::format(", {}: [{}]", field, core::listed(columns, columns.size()));
  }
  if (name == "fairbatch") text += ", rate: " + rate_of(config);
  if (*setting->more != '\0') text += fmt::format(", {}", setting->more);
  return text + "}";
}

std::vector<std::string> parts_of(const std::string& name) {
  std::vector<std::string> parts(1);
  for (const char letter : name) {
    if (letter == '+')
      parts.emplace_back();
    else
      parts.back() += letter;
  }
  return parts;
}

[[noreturn]] void refuse(const std::string& what) {
  throw core::UserError(core::Fault::config, what);
}

// One arm put together from its parts.
class Assembly {
 public:
  Assembly(const training::RunConfig& config, const std::string& name) : config_(config) { arm_.name = name; }

  void add(const std::string& part) {
    const std::vector<training::ArmParams>& own = config_.compare.arms;
    if (const auto arm = find_name(own, part); arm != own.end()) {
      append(arm->set, "the config with " + core::listed(arm->set));
    } else if (const auto plain = find_name(plain_arms(), part); plain != plain_arms().end()) {
      append(plain->overrides, plain->sentence);
    } else {
      add_recipe(part);
    }
    is_first_ = false;
  }

  const Arm& arm() const { return arm_; }

 private:
  void add_recipe(const std::string& name) {
    const auto entry = find_name(sampling::recipe_entries(), name);
    if (entry == sampling::recipe_entries().end()) {
      const std::vector<std::string> known = arm_names(config_);
      refuse(
          fmt::format("--arms names '{}'{}; there are {}", name, core::did_you_mean(name, known), core::listed(known)));
    }
    const std::string text = recipe_text(name, config_);
    std::vector<std::string> overrides;
    if (is_first_) overrides.emplace_back(kNoRecipes);
    overrides.push_back("+sampling.recipes[]=" + text);
    append(overrides, text);
  }

  void append(const std::vector<std::string>& overrides, const std::string& sentence) {
    arm_.overrides.insert(arm_.overrides.end(), overrides.begin(), overrides.end());
    arm_.sentence += (arm_.sentence.empty() ? "" : "; ") + sentence;
  }

  const training::RunConfig& config_;
  Arm arm_;
  bool is_first_ = true;
};

void check_own_arms(const training::RunConfig& config, const config::Origin& origin, core::ProblemList& problems) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < config.compare.arms.size(); ++i) {
    const training::ArmParams& arm = config.compare.arms[i];
    const std::string path = fmt::format("compare.arms[{}].name", i);
    const auto refuse_at = [&](const std::string& what) {
      throw core::UserError(core::Fault::config, fmt::format("{}: '{}' {}", path, arm.name, what), origin.of(path));
    };
    problems.collect([&] {
      if (arm.name.empty() || arm.name.find_first_of("+, ") != std::string::npos)
        refuse_at("is no name: it may not be empty, nor have a space, a comma or '+' in it");
      if (find_name(plain_arms(), arm.name) != plain_arms().end()) refuse_at("is the name of an arm that there is");
      if (!names.insert(arm.name).second) refuse_at("is the name of an arm above it");
    });
  }
}

std::int64_t seed_from(const std::string& word) {
  constexpr std::int64_t kLargest = 9007199254740992;
  std::int64_t seed = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seed);
  if (word.empty() || error != std::errc() || end != word.data() + word.size() || seed < 0 || seed > kLargest)
    refuse(fmt::format("--seeds has '{}', which is no seed; expected whole numbers from 0 on such as 0..4 or 0,3,7",
                       word));
  return seed;
}

}  // namespace

std::vector<std::string> arm_names(const training::RunConfig& config) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const PlainArm& arm : plain_arms()) add(arm.name);
  for (const training::ArmParams& arm : config.compare.arms) add(arm.name);
  for (const sampling::RecipeEntry& entry : sampling::recipe_entries()) add(entry.name);
  return names;
}

std::vector<Arm> arms_from(const std::string& list, const training::RunConfig& config, const config::Origin& origin) {
  core::ProblemList problems;
  check_own_arms(config, origin, problems);
  std::vector<Arm> arms;
  for (const std::string& name : words_between_commas(list)) {
    Assembly assembly(config, name);
    for (const std::string& part : parts_of(name)) problems.collect([&] { assembly.add(part); });
    problems.collect([&] {
      if (find_name(arms, name) != arms.end()) refuse(fmt::format("--arms names '{}' twice", name));
    });
    arms.push_back(assembly.arm());
  }
  problems.throw_if_any();
  return arms;
}

std::vector<std::int64_t> seeds_from(const std::string& list) {
  std::vector<std::int64_t> seeds;
  std::set<std::int64_t> known;
  for (const std::string& word : words_between_commas(list)) {
    const std::size_t dots = word.find("..");
    const std::int64_t first = seed_from(word.substr(0, dots));
    const std::int64_t last = dots == std::string::npos ? first : seed_from(word.substr(dots + 2));
    if (last < first) refuse(fmt::format("--seeds has '{}', which ends before it begins", word));
    if (static_cast<std::uint64_t>(last - first) >= kMostSeeds - std::min(kMostSeeds, seeds.size()))
      refuse(fmt::format("--seeds has more than {} seeds", kMostSeeds));
    for (std::int64_t seed = first; seed <= last; ++seed) {
      if (!known.insert(seed).second) refuse(fmt::format("--seeds has {} twice", seed));
      seeds.push_back(seed);
    }
  }
  return seeds;
}

}  // namespace equipoise::cli
