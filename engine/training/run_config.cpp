#include "engine/training/run_config.h"

#include "engine/core/error.h"

namespace equipoise::training {

void RunConfig::describe(config::Fields& fields) {
  fields.text("name", name, "What the run is called in folders and reports.", config::Need::required);
  fields.integer("seed", seed, config::between(0, 9007199254740992.0),
                 "The seed that splits, initial weights, batches, dropout and resamples hang on.");
  fields.text("device", device, "Where to compute: auto, cpu, cuda or cuda:N.");
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

void check(const RunConfig& config, std::size_t settings, const config::Origin& origin) {
  const bool has_images = config.data.images.are_named();
  core::ProblemList problems;
  problems.collect([&] { check(config.training, data::task_of(config.data.label), origin); });
  problems.collect(
      [&] { sampling::check(config.sampling, !config.constraints.empty(), config.training.epochs, settings, origin); });
  problems.collect([&] { sampling::check_images(config.sampling, has_images, origin); });
  problems.collect([&] { models::check_kind(config.model, has_images, origin); });
  problems.collect([&] { tracking::check(config.tracking, origin); });
  problems.throw_if_any();
}

}  // namespace equipoise::training
