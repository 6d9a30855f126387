#include "engine/constraints/params.h"

#include "engine/config/own_numbers.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"

namespace equipoise::constraints {

using config::Need;

void TermParams::describe(config::Fields& fields) {
  fields.choice("rate", rate, rate_names(), "The rate that is added.", Need::required);
  fields.text_map("group", group, {}, "Whose rate: a level of each grouping that is named; left out: everyone's.");
  fields.number("weight", weight, config::any(), "What the rate is multiplied with.");
  fields.text("outcome", outcome, "The class or the label whose rate it is (data.label.task).");
  fields.number("above", above, {}, "Of the rate exceedance: the number, in the target's units; .inf is none.");
}

void ConstraintParams::describe(config::Fields& fields) {
  fields.choice("kind", kind, kind_names(), "What must hold of which rates (docs/constraints.md).", Need::required);
  fields.texts("group", group,
               "The grouping (data.groups) whose levels are meant, or several, each on its own; bounds without one are "
               "about everyone.");
  fields.number("tolerance", tolerance, config::above(0), "Parity: the largest gap that is allowed.");
  fields.choice("form", form, {"max_min", "overall", "reference", "ratio"},
                "Parity's gap: between any two groups, to the rate of everyone, to one group, or one minus smallest "
                "over largest rate.");
  fields.text("reference", reference, "The level that others are compared with in the form 'reference'.");
  fields.text("rate", rate, "The rate, for the kinds parity and bound (docs/constraints.md).");
  fields.number("at_most", at_most, {}, "Bounds and linear: the largest value that is allowed; .inf is no bound.");
  fields.number("at_least", at_least, {}, "Bounds: the smallest value that is allowed; -.inf is no bound.");
  fields.text("within", within,
              "A grouping within whose levels groups are compared, as candidates for the same job: the constraint must "
              "hold in each.");
  fields.texts("outcome", outcome,
               "The class or the label whose rates are meant, or several, each on its own; left out, each of them "
               "(data.label.task: classes or labels).");
  fields.number(
      "above", above, {},
      "Of the rate exceedance: the number above which predictions count, in the target's units; .inf is none.");
  fields.integer(
      "bins", bins, config::between(2, data::kMostScoreBins),
      "Of calibration: how many equal bins the scores from 0 to 1 are cut into; the same for all constraints "
      "of a config.");
  fields.list("terms", terms, "Linear: the rates whose weighted sum is bounded.");
}

void MultiplierParams::describe(config::Fields& fields) {
  fields.choice("update", update, {"ascent", "nupi", "augmented", "exponentiated", "swap_regret"},
                "How multipliers follow the violations: by their sum over training (ascent), by their last change as "
                "well, which keeps multipliers from swinging (nupi), with a penalty on what is violated now "
                "(augmented), by factors inside the radius (exponentiated), or as the stationary weights of a game "
                "without swap regret (swap_regret).");
  fields.number("step", step, config::above(0), "Step size per training step since the last measure.");
  fields.number("radius", radius, config::at_least(0),
                "Largest sum of the multipliers; 0 means unbounded, which exponentiated cannot be.");
  fields.number("nu", nu, {0, 1, false, true},
                "Smoothing of the violation that nupi's proportional part follows; its delay costs steadiness.");
  fields.number("proportional_gain", proportional_gain, config::at_least(0), "Weight of nupi's proportional part.");
  fields.number("integral_gain", integral_gain, config::at_least(0), "Weight of nupi's integral part.");
  fields.number("penalty", penalty, config::above(0),
                "With augmented, what a multiplier gets on top for each unit of violation, at the start.");
  fields.number("penalty_growth", penalty_growth, config::at_least(1),
                "With augmented, the factor by which a row's penalty grows at each measure that finds it violated.");
  fields.number("largest_penalty", largest_penalty, config::above(0), "With augmented, where penalties stop growing.");
  fields.number("worst_group_step", worst_group_step, config::above(0),
                "Step size of worst-group weights per training step since the last measure.");
  fields.number("worst_group_adjustment", worst_group_adjustment, config::at_least(0),
                "C of C / sqrt(rows of the group), which is added to a group's loss: small groups generalise worse.");
  fields.path("start_from", start_from,
              "A run folder whose multipliers are taken to start with, matched by what each is for.");
  fields.choice("measure_on", measure_on, {"auto", "train", "holdout", "both", "cross_fitted"},
                "The rows whose exact rates move the multipliers; cross_fitted: all training rows, each scored by the "
                "member of the model that does not learn from it. auto cross-fits while that is short enough, and says "
                "what it chose.");
  fields.integer(
      "folds", folds, config::between(2, 64),
      "With cross_fitted, how many members the model has; each learns from all folds but its own, and the mean "
      "of their scores decides.");
  fields.number("allowance", allowance, config::at_least(0),
                "Standard errors of a measured rate that are taken for chance: a violation within them moves no "
                "multiplier up, so that nothing is paid for the noise of small groups.");
  fields.integer("allowance_rows", allowance_rows, config::at_least(0),
                 "A rate over this many rows gets half of the allowance, one over n rows the share rows / (rows + n): "
                 "small groups get it, large ones keep their tolerance. 0 gives all rates the same.");
  fields.integer(
      "shrinkage_rows", shrinkage_rows, config::at_least(0),
      "Of a grouping that crosses others: how many rows the rate of the groups it is part of (of women, and of "
      "that race) is worth beside its own. Multipliers see the mean of both by rows, so that a small crossing is "
      "taken for what its parts are like. 0 takes each rate as it was measured.");
  fields.number(
      "margin", margin, config::at_least(0),
      "How far inside a tolerance training aims, in standard errors of the figure on the selection split: so "
      "that new people are inside too. Without a selection split on as many people as the test split has, of whom "
      "nothing else is read. Not taken where it would use up more than half of the tolerance for any group (of bounds "
      "and sums: more than .025).");
  fields.integer(
      "measures_per_epoch", measures_per_epoch, config::between(1, 1000),
      "How often an epoch the exact rates are measured and the multipliers move; of boosted trees after every "
      "round, whatever this says.");
  fields.integer("min_rows", min_rows, config::at_least(1),
                 "A rate with fewer rows in its denominator is not estimable.");
  fields.number("temperature", temperature, config::between(0.01, 100),
                "The soft rate that carries the gradient is sigmoid(logit / temperature); of several classes it is the "
                "softmax, whatever the temperature.");
  fields.number("averaging", averaging, {0, 1, false, true},
                "Decay of the running averages of the cell sums that price a batch.");
  fields.choice(
      "priced_by", priced_by, {"this_batch", "batch_before"},
      "The last batch in these averages. With batch_before its sums go over ranks with its gradient and price the "
      "batch after it: one message a step in place of two. It is the same for any number of ranks, and one "
      "process gains nothing by it.");
}

void check(const MultiplierParams& params, const config::Origin& origin) {
  static constexpr config::OwnNumber<MultiplierParams> kOwn[] = {
      {"nu", &MultiplierParams::nu, "nupi"},
      {"proportional_gain", &MultiplierParams::proportional_gain, "nupi"},
      {"integral_gain", &MultiplierParams::integral_gain, "nupi"},
      {"penalty", &MultiplierParams::penalty, "augmented"},
      {"penalty_growth", &MultiplierParams::penalty_growth, "augmented"},
      {"largest_penalty", &MultiplierParams::largest_penalty, "augmented"}};
  config::FieldProblems problems(origin);
  config::refuse_unread<MultiplierParams>(problems, kOwn, params, "multipliers", "update", params.update,
                                          "the update ");
  problems.collect([&] {
    if (params.update != "exponentiated" || params.radius > 0) return;
    throw core::UserError(core::Fault::config,
                          "multipliers.radius is 0, but multipliers.update: exponentiated shares out a radius: set one "
                          "above 0, such as 4",
                          origin.of("multipliers.radius"));
  });
  problems.collect([&] {
    if (params.update != "augmented" || params.largest_penalty >= params.penalty) return;
    throw core::UserError(core::Fault::config,
                          "multipliers.largest_penalty is " + number_text(params.largest_penalty) +
                              ", less than multipliers.penalty, which is " + number_text(params.penalty),
                          origin.of("multipliers.largest_penalty"));
  });
  problems.throw_if_any();
}

}  // namespace equipoise::constraints
