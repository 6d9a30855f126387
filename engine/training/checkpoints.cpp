#include "engine/training/checkpoints.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/models/safetensors.h"

namespace equipoise::training {
namespace {

using Clock = std::chrono::steady_clock;

// "the parameter 'layers.0.weight' F32 [1, 56, 8]", or that there is none.
std::string parameter_text(const std::vector<std::string>& names, const std::vector<std::string>& shapes,
                           std::size_t place) {
  return place < names.size() ? fmt::format("the parameter '{}' {}", names[place], shapes[place])
                              : "no further parameter";
}

// Of one that grows its file's tensors, which are longer after every round.
void walk_learner(const checkpoint::StateWalk& walk, models::Learner& learner, const std::string& name) {
  if (!learner.grows()) return walk.tensor("weights", learner.flat_parameters());
  std::map<std::string, at::Tensor> tensors = learner.tensors();
  for (auto& [tensor, value] : tensors) walk.copy("model." + tensor, value, at::kCPU);
  if (walk.restores()) learner.take_tensors(tensors, name);
}

}  // namespace

void walk_layout(const checkpoint::StateWalk& walk, const std::vector<models::NamedTensor>& parameters,
                 const std::string& name) {
  std::vector<std::string> own_names, own_shapes;
  for (const models::NamedTensor& parameter : parameters) {
    own_names.push_back(parameter.name);
    own_shapes.push_back(models::dtype_and_shape(parameter.value));
  }
  std::vector<std::string> names = own_names, shapes = own_shapes;
  walk.value("names", names);
  walk.value("shapes", shapes);
  if (names == own_names && shapes == own_shapes) return;
  std::size_t place = 0;
  while (place < std::min(names.size(), own_names.size()) && names[place] == own_names[place] &&
         place < shapes.size() && shapes[place] == own_shapes[place])
    ++place;
  shapes.resize(names.size());
  throw core::UserError(
      core::Fault::data,
      fmt::format("the checkpoint '{}' does not fit this run: its model has {} where this run's has {}; a "
                  "model of another shape, or of other inputs, does not go on from it: train it anew",
                  name, parameter_text(names, shapes, place), parameter_text(own_names, own_shapes, place)));
}

Checkpoints::Checkpoints(CheckpointPlan& plan, core::Journal& journal)
    : plan_(plan), journal_(journal), last_(Clock::now()) {}

// All that is not made from the config and the data again.
void Checkpoints::walk(const checkpoint::StateWalk& walk, const TrainingState& state, TrainingStep& step,
                       const std::string& name) {
  const at::Device device = state.learner.flat_parameters().device();
  std::string measured_on = state.measured_on;
  walk.value("measured_on", measured_on);
  if (measured_on != state.measured_on)
    throw core::UserError(
        core::Fault::config,
        fmt::format("the checkpoint '{0}' is of a run whose multipliers.measure_on was {1}, and now it is {2}; set "
                    "multipliers.measure_on={1} (--allow-change multipliers.measure_on)",
                    name, measured_on, state.measured_on));
  double seconds = core::seconds_since(state.start);
  std::vector<std::string> warnings = journal_.warnings();
  walk.value("steps", state.done);
  walk.value("measured_at", state.measured_at);
  walk.value("seconds", seconds);
  walk.value("warnings", warnings);
  walk_layout(walk.under("layout"), state.learner.parameters(), name);
  walk_learner(walk, state.learner, name);
  step.walk(walk.under("step"));
  for (std::size_t run = 0; run < state.runs.size(); ++run) state.runs[run].walk(walk.under("run", run), device);
  if (state.batches) state.batches->walk(walk.under("sampling"));
  if (!walk.restores()) return;
  state.start = Clock::now() - std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  for (const std::string& warning : warnings)
    if (std::ranges::find(journal_.warnings(), warning) == journal_.warnings().end()) journal_.warn(warning);
}

void Checkpoints::go_on(const TrainingState& state, TrainingStep& step, std::int64_t steps,
                        const OnMeasurement& on_measurement) {
  if (!plan_.resume) return;
  const std::string name = plan_.resume->name;
  walk(checkpoint::StateWalk::restoring_from(plan_.resume->state, "the checkpoint '" + name + "'"), state, step, name);
  plan_.resume.reset();  // as large as all that was saved
  resumed_step_ = state.done;
  if (state.done > steps)
    throw core::UserError(
        core::Fault::config,
        fmt::format("the checkpoint '{}' is of step {}, and the run has {} steps now", name, state.done, steps));
  for (std::size_t run = 0; run < state.runs.size(); ++run)
    for (const evaluation::Measurement& measurement : state.runs[run].outcome().measurements)
      on_measurement(run, measurement);
  journal_.say(fmt::format("Going on after step {} of {}, from '{}'.", state.done, steps, name));
}

// A run that stood there before is worth more than one of which nothing was measured yet.
bool Checkpoints::is_nothing_known(const TrainingState& state) const {
  return plan_.holds_an_earlier_run && state.measured_at == 0;
}

void Checkpoints::save_where_due(const TrainingState& state, TrainingStep& step) {
  const checkpoint::CheckpointParams& params = plan_.params;
  if (!params.is_on() || is_nothing_known(state)) return;
  if (params.every_steps > 0 && state.done % params.every_steps == 0) is_due_ = true;
  if (params.every_seconds > 0 && core::seconds_since(last_) >= params.every_seconds) is_due_ = true;
  if (is_due_ && (!writer_ || writer_->is_free())) save(state, step);
}

void Checkpoints::save_and_wait(const TrainingState& state, TrainingStep& step) {
  if (!plan_.params.is_on()) return;
  wait();
  if (newest() == state.done || is_nothing_known(state)) return;
  save(state, step);
  wait();
}

void Checkpoints::wait() {
  if (writer_) writer_->wait();
  say_failure();
}

void Checkpoints::save(const TrainingState& state, TrainingStep& step) {
  say_failure();
  if (!writer_) {
    plan_.before_saving();
    writer_.emplace(plan_.folder, plan_.params.keep, plan_.params.keep_best);
  }
  is_due_ = false;
  last_ = Clock::now();
  checkpoint::State saved;
  walk(checkpoint::StateWalk::saving_into(saved), state, step, "");
  std::vector<std::int64_t> best;
  for (const RunState& run : state.runs) best.push_back(run.kept().has_one() ? run.kept().step() : 0);
  writer_->save({state.done, plan_.belongs_to, std::move(saved)}, best);
}

// A disk that takes no checkpoint is no reason to stop a run that needs none.
void Checkpoints::say_failure() {
  const std::string failure = writer_ ? writer_->take_failure() : "";
  if (failure.empty() || failure == said_) return;
  said_ = failure;
  journal_.warn(fmt::format(
      "A checkpoint could not be written: {}. Training goes on; {}.", failure,
      newest() > 0 ? fmt::format("the newest whole one is of step {}", newest()) : std::string("there is none yet")));
}

}  // namespace equipoise::training
