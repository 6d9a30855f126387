#include "engine/sweep/params.h"

#include <fmt/format.h>

#include "engine/core/error.h"
#include "engine/training/bank.h"

namespace equipoise::sweep {

void HalvingParams::describe(config::Fields& fields) {
  fields.integer("rungs", rungs, config::between(1, 20),
                 "How often a run is looked at before its end: after 1/2, 1/4, 1/8, ... of its epochs.");
  fields.number("keep", keep, config::inside(0, 1), "The share of the runs at a rung that go on, beside the frontier.");
  fields.number("near", near, config::between(0, 1),
                "How far behind another, in accuracy or gap, a run may be and still count as on the frontier.");
  fields.integer("at_least", at_least, config::between(1, 10000),
                 "How many runs must have reached a rung before one is judged there.");
}

void SweepParams::describe(config::Fields& fields) {
  fields.text("name", name, "What the sweep is called; left out, what its config is.");
  fields.path("config", config, "The config that all runs start from.", config::Need::required);
  fields.path("folder", folder, "Where the sweep is written; left out, sweeps/<name>.");
  fields.choice("search", search, {"grid", "random", "sobol", "asha"},
                "Which settings are tried: every combination (grid), draws (random), draws that fill the space evenly "
                "(sobol), or all that, draws where trials are set, with runs that fall behind stopped early (asha).");
  fields.choice(
      "metric", metric, {"accuracy", "loss"},
      "What asha scores runs by, beside their largest gap: their accuracy, or their loss; left out, accuracy, of a "
      "regression the loss.");
  fields.tree(
      "axes", axes,
      "What varies: config fields, each with a list, {range: [low, high, count], scale: linear}, {choice: [...]}, or "
      "{zip: {field: [...], field: [...]}} under a name of your own; each may have {when: {field: value}}.");
  fields.integers("seeds", seeds, config::between(0, 9007199254740992.0),
                  "Every setting is trained with each of these as training.seed.");
  fields.integer("trials", trials, config::between(0, 1000000), "With random and sobol, how many settings are drawn.");
  fields.integer("seed", seed, config::between(0, 9007199254740992.0), "What draws hang on.");
  fields.integer("limit", limit, config::between(0, 1000000),
                 "The most runs; the first ones are taken. 0 means no limit.");
  fields.integer("bank_size", bank_size, config::between(1, static_cast<double>(training::kMostMembers)),
                 "The most runs that are trained together in one process; 1 trains each by itself.");
  fields.texts("set", set, "Overrides of the config for all runs, as on the command line.");
  fields.section("halving", halving, "How asha thins out.");
}

bool draws(const SweepParams& params) {
  return params.search == "random" || params.search == "sobol" || (params.search == "asha" && params.trials > 0);
}

void check(const SweepParams& params, const config::Origin& origin) {
  const bool must_draw = params.search == "random" || params.search == "sobol";
  if (must_draw && params.trials == 0)
    throw core::UserError(
        core::Fault::config,
        fmt::format("search: {} draws settings, and needs to know how many: set trials", params.search),
        origin.of("search"));
  if (!draws(params) && params.trials > 0)
    throw core::UserError(
        core::Fault::config,
        fmt::format("trials: {} takes every combination; set search: random or sobol, or limit", params.search),
        origin.of("trials"));
}

void refuse_unread(const SweepParams& params, const WrittenKeys& written) {
  struct Key {
    const char* name;
    bool is_read;
    const char* reader;
  };
  const bool is_asha = params.search == "asha";
  const Key keys[] = {{"halving", is_asha, "it is how search: asha thins out"},
                      {"metric", is_asha, "it is what search: asha scores runs by"},
                      {"seed", draws(params), "draws hang on it (search: random, sobol, or asha with trials)"}};
  std::vector<core::Problem> problems;
  for (const Key& key : keys)
    if (const auto place = written.find(key.name); place != written.end() && !key.is_read)
      problems.push_back(
          {fmt::format("{}: {}, and search: {} would not read it: leave it out", key.name, key.reader, params.search),
           place->second});
  if (!problems.empty()) throw core::UserError(core::Fault::config, std::move(problems));
}

}  // namespace equipoise::sweep
