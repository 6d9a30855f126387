#include "engine/sampling/params.h"

#include <algorithm>
#include <cmath>

#include "engine/core/error.h"
#include "engine/core/nearest_name.h"
#include "engine/sampling/number_text.h"
#include "engine/sampling/swaps.h"

namespace equipoise::sampling {
namespace {

[[noreturn]] void refuse(const std::string& path, const std::string& what, const config::Origin& origin) {
  throw core::UserError(core::Fault::config, path + ": " + what, origin.of(path));
}

std::vector<std::string> recipe_names() {
  std::vector<std::string> names;
  for (const RecipeEntry& entry : recipe_entries()) names.emplace_back(entry.name);
  return names;
}

// Which recipes read a field.
struct FieldUse {
  const char* field;
  bool (*is_set)(const RecipeParams&);
  std::vector<std::string> recipes;
};

// Those that make rows, after some others.
std::vector<std::string> and_making(std::vector<std::string> names) {
  for (const RecipeEntry& entry : recipe_entries())
    if (entry.decides == Decides::made) names.emplace_back(entry.name);
  return names;
}

// All but those that add to the loss, whose groups are those of 'inside' and 'across'.
std::vector<std::string> of_cells() {
  std::vector<std::string> names;
  for (const RecipeEntry& entry : recipe_entries())
    if (entry.decides != Decides::penalty) names.emplace_back(entry.name);
  return names;
}

const std::vector<FieldUse>& field_uses() {
  static const std::vector<FieldUse> uses = {
      {"by", [](const RecipeParams& one) { return !one.by.empty(); }, of_cells()},
      {"where", [](const RecipeParams& one) { return !one.where.empty(); }, and_making({"balance", "weigh", "hard"})},
      {"share", [](const RecipeParams& one) { return one.share != 0; }, and_making({"hard", "fair_mixup"})},
      {"change", [](const RecipeParams& one) { return !one.change.empty(); }, {"images"}},
      {"neighbors", [](const RecipeParams& one) { return one.neighbors != RecipeParams().neighbors; }, {"smote"}},
      {"amount", [](const RecipeParams& one) { return one.amount != 0; }, {"hard", "jitter", "corrupt"}},
      {"swap", [](const RecipeParams& one) { return !one.swap.empty(); }, {"counterfactual"}},
      {"inside", [](const RecipeParams& one) { return !one.inside.empty(); }, {"mixup", "fair_mixup"}},
      {"across", [](const RecipeParams& one) { return !one.across.empty(); }, {"mixup", "fair_mixup"}},
      {"penalty", [](const RecipeParams& one) { return one.penalty != 0; }, {"fair_mixup"}},
      {"alpha", [](const RecipeParams& one) { return one.alpha != RecipeParams::kMixingAlpha; }, {"mixup"}},
      {"power", [](const RecipeParams& one) { return one.power != RecipeParams().power; }, {"balance", "weigh"}},
      {"targets", [](const RecipeParams& one) { return !one.targets.empty(); }, {"balance", "weigh"}},
      {"rate", [](const RecipeParams& one) { return one.rate != RecipeParams().rate; }, {"fairbatch"}},
      {"step", [](const RecipeParams& one) { return one.step != 0; }, {"fairbatch", "group_dro"}}};
  return uses;
}

void check_fields(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  for (const FieldUse& use : field_uses())
    if (use.is_set(params) && std::ranges::find(use.recipes, params.recipe) == use.recipes.end())
      refuse(path + "." + use.field,
             std::string("the recipe ") + params.recipe + " does not read it; " + core::listed(use.recipes) +
                 (use.recipes.size() == 1 ? " does" : " do"),
             origin);
  // Shares that such a step moves leave the finite numbers.
  constexpr double kMostStep = 1000;
  if (params.step > kMostStep)
    refuse(path + ".step", "it is " + number_text(params.step) + ", expected at most " + number_text(kMostStep),
           origin);
}

void check_targets(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  double sum = 0;
  for (std::size_t i = 0; i < params.targets.size(); ++i) {
    sum += params.targets[i].share;
    if (params.targets[i].where.empty())
      refuse(path + ".targets[" + std::to_string(i) + "].where", "names no group and no label", origin);
  }
  if (sum > 1 + 1e-9) refuse(path + ".targets", "the shares add up to " + number_text(sum) + ", more than 1", origin);
}

const char* what_is_decided(Decides decides) {
  switch (decides) {
    case Decides::shares:
      return "what share of a batch rows have";
    case Decides::weights:
      return "how rows count in the loss";
    case Decides::focus:
      return "which rows of a cell are drawn more often";
    case Decides::penalty:
      return "what is added to the loss";
    default:
      return "which label a row is learnt with";
  }
}

void check_swap(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  if (params.swap.empty())
    refuse(path, "counterfactual needs 'swap': columns, and what their levels are exchanged for", origin);
  for (std::size_t i = 0; i < params.swap.size(); ++i) {
    const std::map<std::string, std::string>& levels = params.swap[i].levels;
    if (std::ranges::all_of(levels, [](const auto& pair) { return pair.first == pair.second; }))
      refuse(path + ".swap[" + std::to_string(i) + "].levels", "exchanges no level for another", origin);
  }
  check_links(params.swap, path, origin);
}

void check_mixing(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  if (params.inside.empty() && params.across.empty())
    refuse(
        path,
        "mixup needs 'inside', the groups (or label) in which a row and its partner are alike, or 'across', those in "
        "which they differ",
        origin);
  for (const std::string& column : params.across)
    if (std::ranges::find(params.inside, column) != params.inside.end())
      refuse(path + ".across", "'" + column + "' is in 'inside' too: partners cannot be alike in it and differ",
             origin);
}

void check_what_it_balances(const RecipeParams& params, const std::string& path, const config::Origin& origin) {
  if (params.recipe == "balance" || params.recipe == "weigh") {
    if (params.by.empty() == params.targets.empty())
      refuse(path,
             params.recipe + (params.by.empty() ? " needs 'by' (groups, or label) or 'targets'"
                                                : " has both 'by' and 'targets'; one of them decides the shares"),
             origin);
    if (!params.targets.empty() && (params.power != 0 || !params.where.empty()))
      refuse(path + ".targets", params.recipe + " with targets reads neither 'power' nor 'where'", origin);
    return;
  }
  if (recipe_entry(params.recipe).decides == Decides::made) {
    core::ProblemList problems;
    problems.collect([&] {
      if (params.share <= 0)
        refuse(path, params.recipe + " needs 'share': how many of the drawn rows that it is about are made up", origin);
    });
    problems.collect([&] {
      if (params.recipe == "counterfactual") check_swap(params, path, origin);
      if (params.recipe == "mixup") check_mixing(params, path, origin);
    });
    problems.throw_if_any();
    return;
  }
  if (params.recipe == "hard") {
    if (params.share <= 0)
      refuse(path, "hard needs 'share': how many of a cell's drawn rows are among its hardest", origin);
    const double part = params.amount > 0 ? params.amount : recipe_entry(params.recipe).number;
    if (params.share <= part || params.share >= 1)
      refuse(path + ".share",
             "is " + number_text(params.share) + ", and the hardest are " + number_text(part) +
                 " of a cell ('amount'): expected more than that, and less than 1, so that the others are drawn too",
             origin);
    return;
  }
  if (params.recipe == "fair_mixup") {
    core::ProblemList problems;
    problems.collect([&] {
      if (params.across.empty())
        refuse(path, "fair_mixup needs 'across': the groups between which the way should be level", origin);
      if (std::ranges::find(params.across, kLabel) != params.across.end())
        refuse(path + ".across", "the way from one label to another is what the model is to learn; name groups",
               origin);
      check_mixing(params, path, origin);
    });
    problems.collect([&] {
      if (params.share <= 0)
        refuse(path, "fair_mixup needs 'share': how many pairs a step looks at, as a share of the batch", origin);
    });
    problems.throw_if_any();
    return;
  }
  if (recipe_entry(params.recipe).decides == Decides::labels && (params.from_epoch != 0 || !params.until.empty()))
    refuse(path, params.recipe + " is about all epochs: it reads neither 'from_epoch' nor 'until'", origin);
  if (params.recipe == "soft_labels") {
    if (!params.by.empty()) refuse(path + ".by", "soft_labels is about every row that annotators saw", origin);
    return;
  }
  if (params.by.empty()) refuse(path, params.recipe + " needs 'by': the groups that it is about", origin);
  if (params.recipe == "group_dro") return;
  if (std::ranges::find(params.by, kLabel) != params.by.end())
    refuse(path + ".by", params.recipe + " tells labels apart by itself; name the groups alone", origin);
}

}  // namespace

const std::vector<RecipeEntry>& recipe_entries() {
  static const std::vector<RecipeEntry> entries = {
      {"balance", Decides::shares, Makes::nothing, false, false, 0,
       "draws each cell as often as its target share says, or by a power of its natural share"},
      {"fairbatch", Decides::shares, Makes::nothing, true, false, 0.005,
       "after each epoch gives the group with the highest loss more of the batch, within its label"},
      {"group_dro", Decides::shares, Makes::nothing, true, false, 0.5,
       "after each epoch multiplies each cell's share by the exponential of its loss"},
      {"reweigh", Decides::weights, Makes::nothing, false, false, 0,
       "weighs the loss as if group and label were independent"},
      {"weigh", Decides::weights, Makes::nothing, false, false, 0,
       "weighs the loss by the shares that balance would draw: class weights, where it is by label"},
      {"hard", Decides::focus, Makes::nothing, true, false, 0.25,
       "after each epoch draws those rows of a cell more often that have the highest losses"},
      {"massage", Decides::labels, Makes::nothing, false, false, 0,
       "changes the labels of rows near the boundary so that groups have them alike; what is measured keeps its "
       "labels"},
      {"soft_labels", Decides::labels, Makes::nothing, false, false, 0,
       "learns each row with the label of one of its annotators, drawn anew each time; what is measured keeps its "
       "labels"},
      {"smote", Decides::made, Makes::rows, false, true, 0,
       "makes rows between a row and one of the nearest of its cell, with their most frequent categories"},
      {"jitter", Decides::made, Makes::rows, false, false, 0.02, "makes rows whose numbers are moved a little"},
      {"corrupt", Decides::made, Makes::rows, false, true, 0.3,
       "makes rows some of whose inputs are those of other rows of the cell"},
      {"counterfactual", Decides::made, Makes::rows, false, false, 0,
       "makes rows whose groups are exchanged, with the columns that go with them; their label stays"},
      {"copula", Decides::made, Makes::rows, false, true, 0,
       "makes rows from the marginals of a cell, joined by a Gaussian copula"},
      {"mixup", Decides::made, Makes::mixtures, false, false, 0,
       "makes rows that are part of one and part of another, and count as both in these parts"},
      {"fair_mixup", Decides::penalty, Makes::mixtures, false, false, 1,
       "adds to the loss how much the mean prediction changes on the way from one group to another"},
      {"images", Decides::made, Makes::pictures, false, false, 0,
       "changes pictures: mirrored, moved, recoloured, blanked in part, mixed"}};
  return entries;
}

const RecipeEntry* find_recipe(const std::string& name) {
  const auto found = std::ranges::find(recipe_entries(), name, [](const RecipeEntry& one) { return one.name; });
  return found == recipe_entries().end() ? nullptr : &*found;
}

const RecipeEntry& recipe_entry(const std::string& name) {
  return *find_recipe(name);
}

void TargetParams::describe(config::Fields& fields) {
  fields.text_map("where", where, {}, "Groups and their levels; under label: positive, negative or a class. All hold.");
  fields.number("share", share, config::Bounds{0, 1, true, false}, "Of every batch.", config::Need::required);
}

void SwapParams::describe(config::Fields& fields) {
  fields.text("column", column, "A category that models see, or a group.", config::Need::required);
  fields.text("with", with, "Another column of the list: this one changes where that one does. Empty: on its own.");
  fields.text_map("levels", levels, {}, "A level, and which it is exchanged for; others stay.");
}

void RecipeParams::describe(config::Fields& fields) {
  fields.text("recipe", recipe,
              "Its name, or a YAML file of one (sampling recipes in configs/recipes), relative to this.",
              config::Need::required);
  fields.text("file", file, "The file that it was read from; written by whatever reads one.");
  fields.integer("version", version, config::at_least(1), "Of the recipe as it is written here; the report says it.");
  fields.text("rationale", rationale, "Why it is used; the report says it.");
  fields.texts("by", by, "Groups that are told apart, and label.");
  fields.text_map(
      "where", where, {},
      "Only rows of these groups and this label; of balance and weigh the share of all others stays as it is.");
  fields.number("power", power, config::between(0, 1),
                "balance, weigh: shares go with this power of the natural ones: 0 all alike, 1 as they come.");
  fields.list("targets", targets,
              "balance, weigh: shares of every batch, or of the loss; what they leave is as it comes.");
  fields.choice("rate", rate, {"equal_opportunity", "equalized_odds", "demographic_parity"},
                "fairbatch: what is to be alike between groups.");
  fields.number(
      "share", share, config::between(0, 1),
      "Recipes that make rows: of the drawn rows that it is about, how many are made up; images: how many are "
      "changed; hard: how many are among the hardest; fair_mixup: pairs a step, beside the rows of its batch.");
  fields.integer("neighbors", neighbors, config::between(1, 256),
                 "smote: how many nearest rows of the cell are looked at.");
  fields.number("amount", amount, config::between(0, 1),
                "jitter: how far, of all quantiles, or of deviations (0: .02); corrupt: how many inputs (0: .3); hard: "
                "which part of a cell's rows are its hardest (0: .25).");
  fields.list("swap", swap, "counterfactual: columns, and what their levels are exchanged for.");
  fields.texts("inside", inside, "mixup, fair_mixup: groups (or label) in which a row and its partner are alike.");
  fields.texts("across", across, "mixup: groups (or label) in which they differ; fair_mixup: groups.");
  fields.number("alpha", alpha, config::between(0.01, 100),
                "mixup: what part of a row is its own is drawn from Beta(alpha, alpha).");
  fields.number("penalty", penalty, config::at_least(0),
                "fair_mixup: how much a change of the mean prediction on the way counts beside the loss (0: 1).");
  fields.section("change", change, "images: what is done to a picture, each part drawn for it anew.");
  fields.number("step", step, config::at_least(0),
                "fairbatch: share of the batch moved an epoch (0: .005); group_dro: factor of the loss (0: .5).");
  fields.integer("from_epoch", from_epoch, config::at_least(0),
                 "The first epoch that it is followed in; 0 is the first.");
  fields.text(
      "until", until,
      "\"gap < 0.02\": it is followed until the largest measured gap of the constraints is below, and not again.");
}

void SamplingParams::describe(config::Fields& fields) {
  fields.list("recipes", recipes, "Which rows batches are made of, and how rows count in the loss.");
  fields.section("artifacts", artifacts, "How closely made rows are compared with real ones before a run.");
}

std::optional<double> gap_to_reach(const std::string& until, const std::string& path, const config::Origin& origin) {
  if (until.empty()) return std::nullopt;
  std::string spaced;  // "gap<0.02" is as clear
  for (const char letter : until) spaced += letter == '<' ? std::string(" < ") : std::string(1, letter);
  std::istringstream words(spaced);
  std::string what, sign, rest;
  double number = 0;
  if (words >> what >> sign >> number && what == "gap" && sign == "<" && number > 0 && std::isfinite(number) &&
      !(words >> rest))
    return number;
  refuse(path, "'" + until + "' is not \"gap < NUMBER\", with a number above 0", origin);
}

void check(const SamplingParams& params, bool has_constraints, std::int64_t epochs, std::size_t settings,
           const config::Origin& origin) {
  core::ProblemList problems;
  std::map<Decides, std::string> deciding;
  for (std::size_t i = 0; i < params.recipes.size(); ++i) {
    const RecipeParams& one = params.recipes[i];
    const std::string path = "sampling.recipes[" + std::to_string(i) + "]";
    const RecipeEntry* entry = find_recipe(one.recipe);
    problems.collect([&] {
      if (entry == nullptr)
        refuse(path + ".recipe",
               "there is no recipe '" + one.recipe + "'" + core::did_you_mean(one.recipe, recipe_names()) +
                   "; there are " + core::listed(recipe_names()),
               origin);
    });
    problems.collect([&] {
      if (gap_to_reach(one.until, path + ".until", origin) && !has_constraints)
        refuse(path + ".until", "there is no constraint whose gap could be measured", origin);
    });
    problems.collect([&] {
      if (one.from_epoch >= epochs)
        refuse(path + ".from_epoch",
               "there are " + std::to_string(epochs) + " epochs, counted from 0: it would never be followed", origin);
    });
    if (entry == nullptr) continue;
    problems.collect([&] { check_fields(one, path, origin); });
    problems.collect([&] { check_targets(one, path, origin); });
    problems.collect([&] { check_what_it_balances(one, path, origin); });
    problems.collect([&] {
      if (entry->decides == Decides::made) return;
      const auto [earlier, is_first] = deciding.emplace(entry->decides, one.recipe);
      if (!is_first)
        refuse(path, one.recipe + " and " + earlier->second + " both decide " + what_is_decided(entry->decides),
               origin);
    });
    problems.collect([&] {
      if (settings < 2) return;
      if (entry->follows_losses)
        refuse(path, one.recipe + " follows the losses of one run, and the runs of a bank share their batches", origin);
      if (!one.until.empty())
        refuse(path + ".until", "follows the gaps of one run, and the runs of a bank share their batches", origin);
    });
  }
  problems.throw_if_any();
}

std::vector<std::string> groupings_of(const SamplingParams& params) {
  std::vector<std::string> names;
  const auto add = [&](const std::string& name) {
    if (name != kLabel && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const RecipeParams& one : params.recipes) {
    for (const auto* columns : {&one.by, &one.inside, &one.across})
      for (const std::string& name : *columns) add(name);
    for (const auto& [name, level] : one.where) add(name);
    for (const TargetParams& target : one.targets)
      for (const auto& [name, level] : target.where) add(name);
  }
  return names;
}

std::vector<std::string> groupings_of(const SamplingParams& params, const data::Dataset& dataset) {
  std::vector<std::string> names = groupings_of(params);
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::find(dataset.groupings, name, &data::Grouping::name) == dataset.groupings.end();
  });
  return names;
}

}  // namespace equipoise::sampling
