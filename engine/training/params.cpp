#include "engine/training/params.h"

#include <fmt/format.h>

#include "engine/config/own_numbers.h"
#include "engine/core/error.h"

namespace equipoise::training {

void OptimizerParams::describe(config::Fields& fields) {
  fields.choice("kind", kind, {"adamw", "sgd"}, "How gradients move the weights.");
  fields.number("learning_rate", learning_rate, config::above(0), "Step size at the start of training.");
  fields.number("weight_decay", weight_decay, config::at_least(0),
                "Decay of the weights per step, times the learning rate (decoupled with adamw).");
  fields.number(
      "clip_norm", clip_norm, config::at_least(0),
      "The largest norm of a step's gradient; a longer one is scaled down to it. 0 leaves every gradient alone.");
  fields.number("momentum", momentum, {0, 1, false, true}, "Momentum of sgd.");
  fields.number("beta1", beta1, {0, 1, false, true}, "Decay of adamw's mean of gradients.");
  fields.number("beta2", beta2, {0, 1, false, true}, "Decay of adamw's mean of squared gradients.");
  fields.number("epsilon", epsilon, config::above(0), "What adamw adds to the root of the squared gradients.");
}

void TrainingParams::describe(config::Fields& fields) {
  fields.integer(
      "seed", seed, config::between(-1, 9007199254740992.0),
      "The seed of initial weights and dropout; -1 takes the run's seed, on which splits and batches hang in "
      "any case.");
  fields.path("warm_start", warm_start,
              "A run folder whose weights are taken to start with; inputs are then encoded as they were there. For its "
              "multipliers see multipliers.start_from.");
  fields.integer("epochs", epochs, config::between(1, 1000000), "Passes over the training rows.");
  fields.integer("batch_size", batch_size, config::between(0, 16777216),
                 "Rows a step; at most the training rows. 0: 512, and fewer of a small file, so that an epoch has at "
                 "least 32 steps (down to 16 rows a step).");
  fields.section("optimizer", optimizer, "How gradients move the weights.");
  fields.choice("schedule", schedule, {"cosine", "linear", "constant"},
                "How the learning rate goes over training: down to 0 by half a cosine or a line, or not at all.");
  fields.number(
      "warm_up", warm_up, {0, 1, false, true},
      "Share of the steps in which the learning rate climbs to its full size, before it goes by the schedule.");
  fields.choice(
      "keep", keep, {"best_feasible", "final", "average", "mixture"},
      "Which iterate becomes the model: the lowest selection loss among those whose upper bounds are inside the "
      "tolerances, as are those of every later one; the last; or (average) the mean of the weights of all whose bounds "
      "are inside, where its own are too and its loss is lower, else as best_feasible; or (mixture) several, each with "
      "a "
      "probability: of all mixtures whose figures on the selection split are inside the tolerances the smallest loss. "
      "Each "
      "row is then decided by one of them, drawn by its place in the files, so that equal people may be decided "
      "differently; up to 32 copies of the model are held while training. Without a selection split best_feasible "
      "takes, "
      "of a cross-fitted run, the lowest loss of the training rows, each scored by the member that did not learn from "
      "it, among the iterates for which no multiplier is asked to rise (with multipliers.margin on and "
      "multipliers.allowance off); of another run, and in place of an average or a mixture, the last.");
  fields.boolean(
      "distill", distill,
      "Whether the members of a cross-fitted run are taught to one network, which then is the model: as many "
      "epochs again, of one network. It scores as fast as one, and is about as accurate as "
      "their mean where that is long enough to learn it; the run warns where it is not.");
  fields.number("label_smoothing", label_smoothing, {0, 1, false, true},
                "Share of each row's label that is taught as if every answer were as true: of 0.1 a positive label is "
                "taught as .95. "
                "Not of regression. Losses that are measured, those that constraints bound among them, stay those of "
                "the labels.");
  fields.number(
      "candidates_from", candidates_from, {-1, 1, false, true},
      "Share of the steps before which no iterate is kept: early ones meet constraints by being constant. -1: "
      "0.9, and 0.5 of boosted trees, which may learn their rows by heart long before the last round. Where the "
      "selection split shows none to be inside the tolerances, the nearest is looked for in the last tenth, unless "
      "training.patience waits for it.");
  fields.integer(
      "patience", patience, config::between(0, 1000000),
      "Ends training once so many measures after candidates_from, which should then be small, have brought no iterate "
      "that keep: best_feasible would rather keep; 0 trains to the end.");
  fields.choice("loss", loss, {"squared", "huber", "quantile"},
                "Regression: what training makes small, of the error in standard deviations of the target.");
  fields.number(
      "huber_delta", huber_delta, config::above(0),
      "With the loss huber, the error beyond which it grows no faster than the error, in standard deviations.");
  fields.number("quantile", quantile, {0, 1, true, true}, "With the loss quantile, the quantile that is predicted.");
}

void check(const TrainingParams& params, data::Task task, const config::Origin& origin) {
  const TrainingParams usual;
  const auto refuse = [&](const char* field, const std::string& why) {
    throw core::UserError(core::Fault::config, std::string("training.") + field + ": " + why,
                          origin.of(std::string("training.") + field));
  };
  if (params.candidates_from < 0 && params.candidates_from != usual.candidates_from)
    refuse("candidates_from", fmt::format("it is {:g}, expected a share of the steps from 0 up to below 1, or -1 for "
                                          "what suits the model",
                                          params.candidates_from));
  if (params.patience > 0 && params.keep != "best_feasible")
    refuse("patience",
           "it waits for an iterate that keep: best_feasible would keep, and training.keep is '" + params.keep + "'");
  if (params.patience > 0 && params.distill)
    refuse("patience",
           "training.distill learns from the members as they are in the end, over as many epochs again; expected 0");
  if (task != data::Task::regression && params.loss != usual.loss)
    refuse("loss", std::string("it is for regression; the task is '") + data::name_of(task) + "' (data.label.task)");
  if (task == data::Task::regression && params.label_smoothing > 0)
    refuse("label_smoothing", "it spreads a label over the answers, and the task regression has numbers; expected 0");
  if (params.huber_delta != usual.huber_delta && params.loss != "huber")
    refuse("huber_delta", "it is of the loss 'huber', and training.loss is '" + params.loss + "'");
  if (params.quantile != usual.quantile && params.loss != "quantile")
    refuse("quantile", "it is of the loss 'quantile', and training.loss is '" + params.loss + "'");
  static constexpr config::OwnNumber<OptimizerParams> kOwn[] = {{"momentum", &OptimizerParams::momentum, "sgd"},
                                                                {"beta1", &OptimizerParams::beta1, "adamw"},
                                                                {"beta2", &OptimizerParams::beta2, "adamw"},
                                                                {"epsilon", &OptimizerParams::epsilon, "adamw"}};
  config::FieldProblems problems(origin);
  config::refuse_unread<OptimizerParams>(problems, kOwn, params.optimizer, "training.optimizer", "kind",
                                         params.optimizer.kind, "");
  problems.throw_if_any();
}

void DecisionParams::describe(config::Fields& fields) {
  fields.boolean(
      "uses_group", uses_group,
      "Of a frontier: whether its rules know the groups that constraints name of every row they decide, and so have "
      "thresholds for each group (docs/guides/frontier.md). Where that is not lawful, or groups are not known, "
      "leave it out; training decides by inputs alone.");
  fields.boolean(
      "randomised", randomised,
      "Of a frontier: whether a tolerance may be met by several rules with probabilities, of which one is drawn for "
      "each row by its place in the files, so that equal people may be decided differently (docs/guides/frontier.md). "
      "Else the best single rule decides. What training makes draws under training.keep: mixture.");
  fields.number(
      "confidence", confidence, config::between(0, 0.9999),
      "Of a frontier: how probable it is to be that all figures of as many new people as the test split has are inside "
      "their tolerances, as far as the posterior is right (docs/guides/frontier.md). Where that takes it a rule leans "
      "to "
      "one answer, down to the same one for everybody. 0: rules aim inside by multipliers.margin.");
}

void OutputParams::describe(config::Fields& fields) {
  fields.path("folder", folder, "The folder in which run folders are made.");
  fields.text("run", run, "Name of the run folder; when left out, the run's name and the next free number.");
  fields.boolean("overwrite", overwrite, "Whether a finished run of that name may be replaced.");
}

}  // namespace equipoise::training
