#include "engine/training/settings_search.h"

#include <c10/core/Device.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

#include "engine/config/writer.h"
#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/seed.h"
#include "engine/training/excess.h"
#include "engine/training/trainer.h"

namespace equipoise::training {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::int64_t kMostTrials = 200;
constexpr const char* kNoDistillation = "training.distill=false";  // among a try's words

// Draws of one try, each by its use.
class Draws {
 public:
  Draws(std::int64_t seed, std::int64_t index)
      : seed_(core::mix(core::seed_for(static_cast<std::uint64_t>(seed), "settings"),
                        static_cast<std::uint64_t>(index))) {}

  double uniform(const char* use) const { return core::uniform(core::mix(core::seed_for(seed_, use), 0)); }

  template <typename Value>
  Value among(const char* use, std::initializer_list<Value> values) const {
    return values.begin()[static_cast<std::size_t>(uniform(use) * static_cast<double>(values.size()))];
  }

 private:
  std::uint64_t seed_;
};

void draw_trees(RunConfig& config, const Draws& draws) {
  models::TreeParams& trees = config.model.trees;
  trees.rounds = draws.among<std::int64_t>("rounds", {100, 200, 400});
  trees.learning_rate = draws.among("rate", {0.03, 0.05, 0.08, 0.12});
  trees.max_leaves = draws.among<std::int64_t>("leaves", {8, 16, 24, 48});
  trees.min_child_weight = draws.among("child", {1.0, 5.0, 20.0});
  trees.reg_lambda = draws.among("lambda", {0.3, 1.0, 10.0});
  trees.subsample = draws.among("rows", {0.7, 1.0});
  trees.colsample_bytree = draws.among("columns", {0.5, 0.7, 1.0});
  trees.max_cat_to_onehot = draws.among<std::int64_t>("levels", {4, 64});
}

void draw_steps(RunConfig& config, const Draws& draws) {
  config.training.optimizer.learning_rate = draws.among("rate", {3e-4, 1e-3, 3e-3});
  config.training.optimizer.weight_decay = draws.among("decay", {0.0, 0.01, 0.1});
}

void draw_mlp(RunConfig& config, const Draws& draws) {
  using Widths = std::vector<std::int64_t>;
  draw_steps(config, draws);
  config.model.hidden = draws.among<Widths>("hidden", {{64}, {128}, {128, 64}, {256, 256}, {512, 256}});
  config.model.dropout = draws.among("dropout", {0.0, 0.1, 0.3, 0.5});
}

void draw_residual(RunConfig& config, const Draws& draws) {
  draw_steps(config, draws);
  config.model.width = draws.among<std::int64_t>("width", {64, 128, 256});
  config.model.inner_width = 2 * config.model.width;
  config.model.blocks = draws.among<std::int64_t>("blocks", {1, 2, 4});
  config.model.dropout = draws.among("dropout", {0.0, 0.1, 0.3, 0.5});
}

void draw_convnet(RunConfig& config, const Draws& draws) {
  using Channels = std::vector<std::int64_t>;
  draw_steps(config, draws);
  config.model.channels = draws.among<Channels>("channels", {{8, 16}, {16, 32}, {32, 64}, {16, 32, 64}});
  config.model.dropout = draws.among("dropout", {0.0, 0.1, 0.3, 0.5});
}

// How a family's settings are drawn; the first try of each has its defaults.
struct Family {
  const char* kind;
  bool sees_pictures;
  void (*draw)(RunConfig&, const Draws&);
};

constexpr Family kFamilies[] = {{"boosted_trees", false, draw_trees},
                                {"mlp", false, draw_mlp},
                                {"residual_mlp", false, draw_residual},
                                {"linear", false, draw_steps},
                                {"convnet", true, draw_convnet}};

// Of one config from another, as overrides.
std::vector<std::string> differences(const RunConfig& from, const RunConfig& to) {
  const auto before = config::flat_fields(from), after = config::flat_fields(to);
  std::vector<std::string> words;
  for (std::size_t i = 0; i < after.size(); ++i)
    if (before[i] != after[i]) words.push_back(after[i].first + "=" + after[i].second);
  return words;
}

Settings settings_of(const RunConfig& config, const Family& family, const Draws* draws) {
  Settings settings{config, {}, "with its defaults"};
  RunConfig& own = settings.config;
  own.model = models::ModelParams();
  own.model.kind = family.kind;
  if (models::grows(own.model)) {
    own.training = read_by_growing(config.training);
    own.multipliers.priced_by = constraints::MultiplierParams().priced_by;
    own.multipliers.averaging = constraints::MultiplierParams().averaging;
  }
  const RunConfig usual = own;
  if (draws != nullptr) family.draw(own, *draws);
  settings.words = differences(config, own);
  std::erase_if(settings.words, [](const std::string& word) { return word.starts_with("model.budget="); });
  if (const std::vector<std::string> drawn = differences(usual, own); !drawn.empty())
    settings.text = fmt::format("{}", fmt::join(drawn, " "));
  return settings;
}

// Trials one after the other, with their clock.
class Search {
 public:
  Search(const RunConfig& config, const data::Dataset& dataset, const constraints::ConstraintTable& table,
         const at::Device& device, const config::Origin& origin, core::Journal& journal)
      : config_(config),
        dataset_(dataset),
        table_(table),
        device_(device),
        origin_(origin),
        journal_(journal),
        budget_(models::budget_seconds(config.model)) {}

  Searched run() {
    for (std::int64_t index = 0; index < kMostTrials && has_time(); ++index) {
      const std::string leading = best_ ? trials_[*best_].settings.family() : "";
      const std::optional<Settings> settings = settings_to_try(config_, index, leading, without_);
      if (!settings) break;
      if (!was_tried(*settings)) attempt(*settings);
    }
    if (!best_) throw *failure_;
    Searched searched{std::move(trials_), *best_, core::seconds_since(start_)};
    journal_.say(searched.sentence());
    return searched;
  }

 private:
  // What the best took it will take again. Some model is trained to its end, however long that takes.
  bool has_time() const {
    const double again = best_ ? trials_[*best_].seconds : 0;
    return !has_trained_ || core::seconds_since(start_) + again < budget_;
  }
  bool was_tried(const Settings& settings) const {
    return std::ranges::any_of(trials_, [&](const Trial& trial) { return trial.settings.words == settings.words; });
  }

  void attempt(const Settings& settings) {
    const Clock::time_point begun = Clock::now();
    Trial trial{settings, "", 0, {}};
    try {
      check(settings.config, 1, origin_);
      train_one(trial);
    } catch (const core::UserError& error) {
      // Where a family cannot be had, or not with this config, the others can.
      trial.outcome = error.what();
      failure_ = error;
      without_.push_back(settings.family());
    }
    trial.seconds = core::seconds_since(begun);
    trials_.push_back(std::move(trial));
    const Trial& last = trials_.back();
    if (last.is_finished() && (!best_ || is_better(last, trials_[*best_]))) best_ = trials_.size() - 1;
    say(last);
  }

  void train_one(Trial& trial) {
    core::Journal quiet;
    const StopRun stop = [&](std::size_t, const evaluation::Measurement&) {
      return has_time() ? std::string() : std::string("the budget of the search is spent");
    };
    Around around;
    around.stop = stop;
    std::vector<TrainingResult> results =
        train({trial.settings.config}, dataset_, {table_}, device_, origin_, quiet, around);
    has_trained_ = true;
    TrainingResult& result = results.front();
    if (result.interrupted) {
      journal_.warn(
          "The search for settings was stopped, and its tries are not kept: the same command begins it anew.");
      throw core::Interrupted(result.interrupted->signal());  // there is nothing to go on from, whoever stopped it
    }
    trial.outcome = result.outcome == "diverged" ? result.failure : result.outcome;
    if (!trial.is_finished()) failure_ = core::UserError(core::Fault::numerical, "model.kind: " + result.failure);
    const auto& all = result.measurements;
    if (all.empty()) return;
    const auto kept = std::ranges::find(all, result.kept_step, &evaluation::Measurement::step);
    const evaluation::Measurement& measured = kept == all.end() ? all.back() : *kept;
    trial.loss = measured.selection_loss;
    trial.excess = worst_excess(measured.selection_gaps, table_.promises).scaled;
  }

  void say(const Trial& trial) {
    journal_.say(
        fmt::format("Settings {}: {} {}: {} ({:.1f} s).", trials_.size(), trial.settings.family(), trial.settings.text,
                    trial.loss ? fmt::format("selection loss {:.5f}{}", *trial.loss, excess_of(trial)) : trial.outcome,
                    trial.seconds));
  }

  std::string excess_of(const Trial& trial) const {
    const auto has_tolerance = [](const constraints::Promise& one) { return std::isfinite(one.tolerance); };
    if (std::ranges::none_of(table_.promises, has_tolerance)) return trial.is_finished() ? "" : ", " + trial.outcome;
    return fmt::format(", {}{}", trial.excess <= 0 ? "inside the tolerances" : "outside the tolerances",
                       trial.is_finished() ? "" : ", " + trial.outcome);
  }

  const RunConfig& config_;
  const data::Dataset& dataset_;
  const constraints::ConstraintTable& table_;
  const at::Device& device_;
  const config::Origin& origin_;
  core::Journal& journal_;
  double budget_;
  Clock::time_point start_ = Clock::now();
  std::vector<Trial> trials_;
  std::vector<std::string> without_;
  std::optional<std::size_t> best_;
  std::optional<core::UserError> failure_;  // of the last try that failed
  bool has_trained_ = false;
};

}  // namespace

std::optional<Settings> settings_to_try(const RunConfig& config, std::int64_t index, const std::string& best,
                                        const std::vector<std::string>& without) {
  std::vector<const Family*> families;
  for (const Family& family : kFamilies)
    if (family.sees_pictures == config.data.images.are_named()) families.push_back(&family);
  const std::size_t first = families.size();  // as many have their defaults first
  if (static_cast<std::size_t>(index) < first) {
    const Family* family = families[static_cast<std::size_t>(index)];
    const bool is_out = std::ranges::find(without, family->kind) != without.end();
    if (!is_out) return settings_of(config, *family, nullptr);
  }
  std::erase_if(families,
                [&](const Family* family) { return std::ranges::find(without, family->kind) != without.end(); });
  if (families.empty()) return std::nullopt;
  const Draws draws(config.seed, index);
  constexpr double kOfTheBest = 2.0 / 3;
  const auto own = std::ranges::find_if(families, [&](const Family* family) { return family->kind == best; });
  const bool is_of_best = own != families.end() && draws.uniform("best") < kOfTheBest;
  const auto drawn = static_cast<std::size_t>(draws.uniform("family") * static_cast<double>(families.size()));
  return settings_of(config, is_of_best ? **own : *families[drawn], &draws);
}

bool is_better(const Trial& own, const Trial& other) {
  const bool is_inside = own.excess <= 0, other_is_inside = other.excess <= 0;
  if (is_inside != other_is_inside) return is_inside;
  if (!is_inside && own.excess != other.excess) return own.excess < other.excess;
  constexpr double kNone = std::numeric_limits<double>::infinity();
  return own.loss.value_or(kNone) < other.loss.value_or(kNone);
}

std::string Searched::sentence() const {
  const bool is_distilled_no_more =
      std::ranges::find(kept().settings.words, kNoDistillation) != kept().settings.words.end();
  return fmt::format("The settings of {} ({}) are the best of {} tried in {:.0f} s: {} on the selection rows{}.{}",
                     kept().settings.family(), kept().settings.text, trials.size(), seconds,
                     kept().loss ? fmt::format("a loss of {:.5f}", *kept().loss) : "no loss",
                     kept().excess > 0 ? ", outside the tolerances by the least of all" : "",
                     is_distilled_no_more
                         ? " training.distill is of networks: these trees are not distilled, and where rates are "
                           "cross-fitted their members stay."
                         : "");
}

Searched search_settings(const RunConfig& config, const data::Dataset& dataset,
                         const constraints::ConstraintTable& table, const at::Device& device,
                         const config::Origin& origin, core::Journal& journal) {
  if (dataset.rows_of(data::Split::selection).empty())
    throw core::UserError(core::Fault::config,
                          "model.kind: auto chooses settings by the selection rows, and there are none; set "
                          "data.split.selection to a share such as 0.2",
                          origin.of("model.kind"));
  return Search(config, dataset, table, device, origin, journal).run();
}

}  // namespace equipoise::training
