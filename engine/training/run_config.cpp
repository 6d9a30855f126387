#include "engine/training/run_config.h"

namespace equipoise::training {

void RunConfig::describe(config::Fields& fields) {
  fields.text("name", name, "What the run is called in folders and reports.", config::Need::required);
  fields.integer("seed", seed, config::between(0, 9007199254740992.0),
                 "The seed that splits, initial weights, batches, dropout and resamples hang on.");
  fields.text("device", device, "Where to compute: auto, cpu, cuda or cuda:N.");
  fields.choice("precision", precision, {"fp32", "tf32", "bf16"},
                "What training's matrix products are computed in, on CUDA: fp32; tf32, which rounds their operands to 10 "
                "bits; bf16, which keeps operands and activations in 8. What is measured is the fp32 model either way.");
  fields.integer("threads", threads, config::between(0, 1024),
                 "CPU threads; 0 means all cores. Results do not change.");
  fields.section("data", data, "What is read and how.", config::Need::required);
  fields.section("model", model, "What is trained.");
  fields.section("training", training, "How it is trained.");
  fields.section("bank", bank,
                 "Settings that are trained together: every combination of the lists is a run of its own.");
  fields.list("constraints", constraints, "What must hold between groups.");
  fields.section("multipliers", multipliers, "How the constraints are enforced.");
  fields.section("evaluation", evaluation, "How the result is measured.");
  fields.section("output", output, "Where the run is written.");
}

}  // namespace equipoise::training
