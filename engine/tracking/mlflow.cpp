#include "engine/tracking/mlflow.h"

#include <fmt/format.h>

#include <random>

#include "engine/core/clock.h"

namespace equipoise::tracking {
namespace {

std::int64_t milliseconds_now() {
  return static_cast<std::int64_t>(core::unix_seconds() * 1000);
}

// By which a run can be found at the server: it has nothing to do with the seed.
std::string new_key() {
  std::random_device random;
  return fmt::format("{:08x}{:08x}{:08x}{:08x}", random(), random(), random(), random());
}

}  // namespace

Sink mlflow_sink(const RunFacts& facts, const MlflowParams& params, bool is_member,
                 const std::shared_ptr<Sender>& sender) {
  const auto outbox = std::make_shared<Outbox>(facts.folder, sender->uri(), params.experiment);
  if (outbox->is_new()) {
    std::optional<SweepParent> sweep;
    if (facts.sweep)
      sweep =
          sweep_parent(facts.sweep->folder, {new_key(), facts.sweep->name, facts.sweep->command, milliseconds_now()});
    outbox->add(first_lines(facts, new_key(), milliseconds_now(), is_member, sweep));
  } else {
    outbox->add({running_line()});
  }
  sender->add(outbox);
  return {"MLflow",
          [=](const evaluation::Measurement& measurement) {
            if (measurement.step <= outbox->last_step()) return;
            outbox->add(metrics_lines(figures_of(facts, measurement), measurement.step, milliseconds_now()));
            sender->wake();
          },
          [=, with_artifacts = params.artifacts](const RunEnd& end) {
            outbox->add(last_lines(facts, end, std::max<std::int64_t>(outbox->last_step(), 0), milliseconds_now(),
                                   with_artifacts));
            sender->wake();
          }};
}

}  // namespace equipoise::tracking
