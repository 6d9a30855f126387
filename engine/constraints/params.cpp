#include "engine/constraints/params.h"

#include "engine/constraints/kinds.h"
#include "engine/constraints/rates.h"

namespace equipoise::constraints {

using config::Need;

void TermParams::describe(config::Fields& fields) {
  fields.choice("rate", rate, rate_names(), "The rate that is added.", Need::required);
  fields.text_map("group", group, {}, "Whose rate: a level of each grouping that is named; left out: everyone's.");
  fields.number("weight", weight, config::any(), "What the rate is multiplied with.");
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
  fields.list("terms", terms, "Linear: the rates whose weighted sum is bounded.");
}

void MultiplierParams::describe(config::Fields& fields) {
  fields.choice("update", update, {"ascent", "nupi"},
                "How multipliers follow the violations: by their sum over training (ascent), or by their last change "
                "as well, which "
                "keeps multipliers from swinging (nupi).");
  fields.number("step", step, config::above(0), "Step size per training step since the last measure.");
  fields.number("radius", radius, config::at_least(0), "Largest sum of the multipliers; 0 means unbounded.");
  fields.number("nu", nu, {0, 1, false, true},
                "Smoothing of the violation that nupi's proportional part follows; its delay costs steadiness.");
  fields.number("proportional_gain", proportional_gain, config::at_least(0), "Weight of nupi's proportional part.");
  fields.number("integral_gain", integral_gain, config::at_least(0), "Weight of nupi's integral part.");
  fields.choice("measure_on", measure_on, {"auto", "train", "holdout", "both", "cross_fitted"},
                "The rows whose exact rates move the multipliers; cross_fitted: all training rows, each scored by the "
                "member of the model that does not learn from it.");
  fields.integer(
      "folds", folds, config::between(2, 64),
      "With cross_fitted, how many members the model has; each learns from all folds but its own, and the mean "
      "of their scores decides.");
  fields.integer("measures_per_epoch", measures_per_epoch, config::between(1, 1000),
                 "How often an epoch the exact rates are measured and the multipliers move.");
  fields.integer("min_rows", min_rows, config::at_least(1),
                 "A rate with fewer rows in its denominator is not estimable.");
  fields.number("temperature", temperature, config::between(0.01, 100),
                "The soft rate that carries the gradient is sigmoid(logit / temperature).");
  fields.number("averaging", averaging, {0, 1, false, true},
                "Decay of the running averages of the cell sums that price a batch.");
}

}  // namespace equipoise::constraints
