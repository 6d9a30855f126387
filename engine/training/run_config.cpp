#include "engine/training/run_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "engine/config/field_problems.h"
#include "engine/config/writer.h"
#include "engine/constraints/requests.h"
#include "engine/data/prepare.h"

namespace equipoise::training {

void RunConfig::describe(config::Fields& fields) {
  fields.text("name", name, "What the run is called in folders and reports.", config::Need::required);
  fields.integer("seed", seed, config::between(0, 9007199254740992.0),
                 "The seed that splits, initial weights, batches, dropout and resamples hang on.");
  fields.text(
      "device", device,
      "Where to compute: auto, cpu, cuda or cuda:N. auto takes a GPU that can be used, but leaves boosted trees "
      "on the CPU.");
  fields.choice(
      "precision", precision, {"fp32", "tf32", "bf16"},
      "What the matrix products of training read, on CUDA: fp32, tf32 (fp32 rounded to 10 bits after the point) or "
      "bf16 (7 bits, activations too); sums, and all that is measured, are fp32.");
  fields.integer("threads", threads, config::between(0, 1024),
                 "CPU threads; 0 means all cores. Results do not change.");
  fields.section("data", data, "What is read and how.", config::Need::required);
  fields.section("sampling", sampling, "Which training rows batches are made of, and how they count.");
  fields.section("model", model, "What is trained.");
  fields.section("training", training, "How it is trained.");
  fields.section("bank", bank,
                 "Settings that are trained together: every combination of the lists is a run of its own.");
  fields.section("compare", compare, "Settings that equipoise compare sets side by side; nothing else reads it.");
  fields.list("constraints", constraints, "What must hold between groups.");
  fields.section("multipliers", multipliers, "How the constraints are enforced.");
  fields.section("decision", decision, "What decides besides the model's inputs.");
  fields.section("evaluation", evaluation, "How the result is measured.");
  fields.section("checkpoint", checkpoint, "When a run saves what it needs to go on after it was cut off.");
  fields.section("ranks", ranks,
                 "How the processes of one run find each other; of a run in one process nothing is read.");
  fields.section("output", output, "Where the run is written.");
  fields.section("tracking", tracking, "Who is told of the run besides: TensorBoard, Prometheus, MLflow.");
}

std::int64_t epochs_of(const RunConfig& config) {
  return models::grows(config.model) ? config.model.trees.rounds : config.training.epochs;
}

std::int64_t automatic_batch(std::int64_t training_rows) {
  constexpr std::int64_t kStepsOfAnEpoch = 32, kFewest = 16, kMost = 512;
  const auto share = static_cast<std::uint64_t>(std::max<std::int64_t>(training_rows / kStepsOfAnEpoch, 1));
  const auto rows = std::clamp(static_cast<std::int64_t>(std::bit_floor(share)), kFewest, kMost);
  return std::min(rows, std::max<std::int64_t>(training_rows, 1));
}

std::int64_t batch_of(const RunConfig& config, std::int64_t training_rows) {
  if (models::grows(config.model)) return training_rows;
  return config.training.batch_size > 0 ? config.training.batch_size : automatic_batch(training_rows);
}

double candidates_from_of(const RunConfig& config) {
  constexpr double kOfRounds = 0.5, kOfEpochs = 0.9;
  const double own = config.training.candidates_from;
  if (own >= 0) return own;
  return models::grows(config.model) ? kOfRounds : kOfEpochs;
}

TrainingParams read_by_growing(const TrainingParams& own) {
  TrainingParams read;
  read.seed = own.seed;
  read.keep = own.keep;
  read.candidates_from = own.candidates_from;
  read.patience = own.patience;
  read.label_smoothing = own.label_smoothing;
  read.loss = own.loss;
  read.huber_delta = own.huber_delta;
  read.quantile = own.quantile;
  return read;
}

namespace {

// What moves weights by steps over batches is nothing to a model that grows, and is refused rather than passed over.
void check_growing(const RunConfig& config, const config::Origin& origin) {
  if (!models::grows(config.model)) return;
  const std::string kind = "model.kind: " + config.model.kind;
  config::FieldProblems problems(origin);
  const auto own = config::flat_fields(config.training), read = config::flat_fields(read_by_growing(config.training));
  for (std::size_t i = 0; i < own.size(); ++i)
    if (own[i] != read[i])
      problems.refuse(
          "training." + own[i].first,
          kind + " learns in rounds, from all training rows in each, and has no use for it; see model.trees");
  if (config.training.keep == "average")
    problems.refuse("training.keep",
                    "'average' is of weights, and " + kind + " has none; expected best_feasible, final or mixture");
  if (config.multipliers.averaging != constraints::MultiplierParams().averaging)
    problems.refuse("multipliers.averaging",
                    kind + " learns from all training rows in every round, whose sums need no average over batches");
  if (config.multipliers.priced_by != "this_batch")
    problems.refuse("multipliers.priced_by", "'batch_before' spares ranks a message, and " + kind +
                                                 " grows in one process; expected this_batch");
  if (!config.bank.learning_rates.empty())
    problems.refuse("bank.learning_rates",
                    kind + " has model.trees.learning_rate, which all runs of a bank share; sweep over it instead");
  for (std::size_t i = 0; i < config.sampling.recipes.size(); ++i) {
    const std::string& name = config.sampling.recipes[i].recipe;
    const sampling::RecipeEntry* recipe = sampling::find_recipe(name);
    if (recipe == nullptr || recipe->decides == sampling::Decides::weights) continue;
    problems.refuse(
        fmt::format("sampling.recipes[{}].recipe", i),
        fmt::format("'{}' draws, makes or changes rows, and {} learns from all training rows in every round; "
                    "weigh and reweigh say how much each counts",
                    name, config.model.kind));
  }
  problems.throw_if_any();
}

// Rows that are made up have no score of their own, and other losses than the squared have no target half way.
void check_teacher(const RunConfig& config, const config::Origin& origin) {
  const data::TeacherParams& teacher = config.data.teacher;
  if (!teacher.is_named()) return;
  config::FieldProblems problems(origin);
  if (data::task_of(config.data.label) == data::Task::regression && config.training.loss != "squared")
    problems.refuse("training.loss", "numbers are taught by data.teacher with the loss 'squared' alone; it is '" +
                                         config.training.loss + "'");
  for (std::size_t i = 0; i < config.sampling.recipes.size(); ++i) {
    const sampling::RecipeEntry& recipe = sampling::recipe_entry(config.sampling.recipes[i].recipe);
    if (recipe.makes == sampling::Makes::rows || recipe.makes == sampling::Makes::mixtures)
      problems.refuse("sampling.recipes[" + std::to_string(i) + "].recipe",
                      "'" + config.sampling.recipes[i].recipe +
                          "' makes rows that data.teacher has not scored; take one of the two out");
  }
  problems.throw_if_any();
}

// Numbers that other settings leave without a reader.
void check_unread(const RunConfig& config, const config::Origin& origin) {
  const RunConfig usual;
  const constraints::MultiplierParams &multipliers = config.multipliers, &unset = usual.multipliers;
  config::FieldProblems problems(origin);
  const auto refuse = [&](const std::string& field, bool is_own, const std::string& why) {
    if (is_own) problems.refuse(field, why);
  };
  // An arm or a run without any constraint may keep the settings of those it stands beside.
  const bool has_other_kinds_alone =
      !config.constraints.empty() &&
      std::ranges::find(config.constraints, "worst_group", &constraints::ConstraintParams::kind) ==
          config.constraints.end();
  const std::string of_worst_group = "it is of constraints of the kind worst_group, and there is none";
  refuse("multipliers.worst_group_step",
         multipliers.worst_group_step != unset.worst_group_step && has_other_kinds_alone, of_worst_group);
  refuse("multipliers.worst_group_adjustment",
         multipliers.worst_group_adjustment != unset.worst_group_adjustment && has_other_kinds_alone, of_worst_group);
  refuse("training.label_smoothing",
         config.training.label_smoothing > 0 && config.data.teacher.is_named() && config.data.teacher.weight == 1,
         "data.teacher.weight is 1, and so nothing is taught of the labels");
  problems.throw_if_any();
}

// A search is for one run, of models whose weights do not fit each other.
void check_search(const RunConfig& config, std::size_t settings, const config::Origin& origin) {
  if (!models::is_searched_for(config.model)) return;
  config::FieldProblems problems(origin);
  if (settings > 1 || !config.bank.empty())
    problems.refuse(
        "bank",
        "model.kind is 'auto', and a search is for one run; find the settings first, then train the bank with them");
  if (!config.training.warm_start.empty())
    problems.refuse("training.warm_start",
                    "model.kind is 'auto', which tries models of several architectures; weights fit one alone");
  problems.throw_if_any();
}

// What only the rules of a frontier have.
void check_decision(const DecisionParams& decision, const config::Origin& origin) {
  config::FieldProblems problems(origin);
  if (decision.uses_group)
    problems.refuse(
        "decision.uses_group",
        "training makes a model that decides by its inputs alone; equipoise frontier has thresholds for each group");
  if (decision.randomised)
    problems.refuse(
        "decision.randomised",
        "it is of the rules of equipoise frontier; what training makes draws where training.keep is 'mixture', one "
        "of several iterates for each row");
  if (decision.confidence > 0)
    problems.refuse("decision.confidence",
                    "it is of the rules of equipoise frontier; what training makes aims inside by multipliers.margin");
  problems.throw_if_any();
}

}  // namespace

void check_data_and_constraints(const RunConfig& config, const config::Origin& origin) {
  constraints::KnownOfData known{{}, config.data.stored_decisions.is_named(), data::task_of(config.data.label), {}};
  for (const data::GroupParams& group : config.data.groups) known.groupings.push_back(group.shown_name());
  if (known.task == data::Task::labels) known.outcomes = config.data.label.columns;
  if (known.task == data::Task::classes) known.outcomes = config.data.label.classes;
  core::ProblemList problems;
  problems.collect([&] { data::check_params(config.data, origin); });
  problems.collect([&] { constraints::check_requests(config.constraints, known, origin); });
  problems.throw_if_any();
}

void check_training(const RunConfig& config, std::size_t settings, const config::Origin& origin) {
  core::ProblemList problems;
  problems.collect([&] { check(config, settings, origin); });
  problems.collect([&] { check_decision(config.decision, origin); });
  problems.throw_if_any();
}

void check(const RunConfig& config, std::size_t settings, const config::Origin& origin) {
  const bool has_images = config.data.images.are_named();
  core::ProblemList problems;
  problems.collect([&] { check(config.training, data::task_of(config.data.label), origin); });
  problems.collect(
      [&] { sampling::check(config.sampling, !config.constraints.empty(), epochs_of(config), settings, origin); });
  problems.collect([&] { sampling::check_images(config.sampling, has_images, origin); });
  problems.collect([&] { models::check_kind(config.model, has_images, origin); });
  problems.collect([&] { check_growing(config, origin); });
  problems.collect([&] { check_teacher(config, origin); });
  problems.collect([&] { check_unread(config, origin); });
  problems.collect([&] { check_search(config, settings, origin); });
  problems.collect([&] { tracking::check(config.tracking, origin); });
  problems.throw_if_any();
}

}  // namespace equipoise::training
