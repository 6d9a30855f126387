#include "engine/training/compare_params.h"

namespace equipoise::training {

void ArmParams::describe(config::Fields& fields) {
  fields.text("name", name, "What --arms calls it, and the report.", config::Need::required);
  fields.texts("set", set,
               "Overrides of the config, as on the command line: constraints[0].tolerance=0.01, "
               "sampling.recipes=[{recipe: balance, by: [sex, label]}].",
               config::Need::required);
}

void CompareParams::describe(config::Fields& fields) {
  fields.list("arms", arms, "Arms beside those that need no description, each the config with some overrides.");
}

}  // namespace equipoise::training
