#include "engine/tracking/prometheus.h"

#include <fmt/format.h>

#include <cmath>
#include <memory>

#include "engine/core/clock.h"
#include "engine/core/files.h"
#include "engine/tracking/figures.h"

namespace equipoise::tracking {
namespace {

using Labels = std::vector<std::pair<const char*, std::string>>;

std::string escaped(const std::string& value) {
  std::string text;
  for (const char letter : value) {
    if (letter == '\\' || letter == '"') text += '\\';
    if (letter == '\n')
      text += "\\n";
    else
      text += letter;
  }
  return text;
}

std::string number(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  return fmt::format("{}", value);
}

// One metric: help and type once, then its samples.
class Gauge {
 public:
  Gauge(std::string& text, const RunFacts& facts, std::string name, const char* help)
      : text_(text), facts_(facts), name_("equipoise_" + std::move(name)), help_(help) {}

  void sample(double value, const Labels& labels = {}) {
    if (!has_sample_) text_ += fmt::format("# HELP {} {}\n# TYPE {} gauge\n", name_, help_, name_);
    has_sample_ = true;
    text_ += fmt::format("{}{{run=\"{}\"", name_, escaped(facts_.label));
    for (const auto& [label, word] : labels) text_ += fmt::format(",{}=\"{}\"", label, escaped(word));
    text_ += fmt::format("}} {}\n", number(value));
  }
  void sample(const std::optional<double>& value, const Labels& labels = {}) {
    if (value) sample(*value, labels);
  }

 private:
  std::string& text_;
  const RunFacts& facts_;
  std::string name_;
  const char* help_;
  bool has_sample_ = false;
};

void write_quality(std::string& text, const RunFacts& facts, const evaluation::Measurement& m) {
  Gauge(text, facts, "step", "Training steps done at the newest measure.").sample(static_cast<double>(m.step));
  Gauge(text, facts, "epoch", "Epochs done, with fraction.").sample(m.epoch);
  Gauge(text, facts, "seconds", "Seconds since training began.").sample(m.seconds);
  Gauge(text, facts, "rows_per_second", "Training rows a second until the newest measure.")
      .sample(rows_per_second(facts, m));
  Gauge loss(text, facts, "loss", "Mean loss on the rows named by the label.");
  loss.sample(m.training_loss, {{"rows", "training"}});
  loss.sample(m.selection_loss, {{"rows", "selection"}});
  Gauge accuracy(text, facts, "accuracy", "Accuracy on the rows named by the label.");
  accuracy.sample(m.training_accuracy, {{"rows", "training"}});
  accuracy.sample(m.selection_accuracy, {{"rows", "selection"}});
}

Labels labels_of(const PromiseFacts& promise) {
  return {{"constraint", promise.constraint}, {"group", promise.group}, {"figure", promise.title}};
}

// [P] of the promises, with the rows that they were measured on where `rows` is not null.
void write_promises(Gauge gauge, const RunFacts& facts, const std::vector<std::optional<double>>& values,
                    const char* rows = nullptr) {
  for (std::size_t p = 0; p < std::min(values.size(), facts.promises.size()); ++p) {
    Labels labels = labels_of(facts.promises[p]);
    if (rows != nullptr) labels.emplace_back("rows", rows);
    gauge.sample(values[p], labels);
  }
}

void write_constraints(std::string& text, const RunFacts& facts, const evaluation::Measurement& m) {
  write_promises({text, facts, "driving_gap", "Exact gap on the rows that drive the multipliers."}, facts,
                 m.training_gaps);
  write_promises({text, facts, "gap", "Exact gap on the selection rows."}, facts, m.selection_gaps);
  write_promises({text, facts, "gap_lower_bound", "Lower confidence bound of the gap on the selection rows."}, facts,
                 m.selection_lower_bounds);
  write_promises({text, facts, "gap_upper_bound", "Upper confidence bound of the gap on the selection rows."}, facts,
                 m.selection_bounds);
  Gauge multiplier(text, facts, "multiplier", "Price of breaking one side of a constraint.");
  for (std::size_t j = 0; j < std::min(facts.multipliers.size(), m.multipliers.size()); ++j) {
    const MultiplierFacts& row = facts.multipliers[j];
    multiplier.sample(m.multipliers[j], {{"constraint", row.constraint}, {"group", row.group}, {"row", row.title}});
  }
}

void write_verdicts(std::string& text, const RunFacts& facts, const RunEnd& end) {
  Gauge gap(text, facts, "test_gap", "Gap on the test rows.");
  for (const auto& [constraint, result] : test_constraints(facts, end))
    gap.sample(result.gap, {{"constraint", constraint}, {"group", result.grouping}});
  Gauge bound(text, facts, "test_gap_upper_bound", "Upper confidence bound of the gap on the test rows.");
  for (const auto& [constraint, result] : test_constraints(facts, end))
    bound.sample(result.upper_bound, {{"constraint", constraint}, {"group", result.grouping}});
  Gauge verdict(text, facts, "verdict", "1 for the verdict of a constraint on the test rows.");
  for (const auto& [constraint, result] : test_constraints(facts, end))
    verdict.sample(
        1.0,
        {{"constraint", constraint}, {"group", result.grouping}, {"verdict", evaluation::name_of(result.verdict)}});
}

}  // namespace

std::string prometheus_text(const RunFacts& facts, const PrometheusState& state) {
  std::string text;
  Gauge(text, facts, "run_info", "1 for a run's state: running, or how it ended.")
      .sample(1.0, {{"name", facts.name}, {"status", state.end ? state.end->outcome : "running"}});
  Gauge(text, facts, "timestamp_seconds", "Seconds since 1970 when this was written.").sample(state.time);
  Gauge tolerance(text, facts, "tolerance", "Largest gap that a constraint allows.");
  for (const PromiseFacts& promise : facts.promises) tolerance.sample(promise.tolerance, labels_of(promise));
  if (state.measurement) {
    write_quality(text, facts, *state.measurement);
    write_constraints(text, facts, *state.measurement);
  }
  if (state.end) write_verdicts(text, facts, *state.end);
  return text;
}

Sink prometheus_sink(const RunFacts& facts) {
  struct Writer {
    RunFacts facts;
    PrometheusState state;

    // A file that a crash of the machine loses is written again by the next measure: nothing waits for the disk.
    void write() {
      state.time = core::unix_seconds();
      core::write_file_atomically(facts.folder / kPrometheusFile, prometheus_text(facts, state), core::Flush::no);
    }
  };
  const auto writer = std::make_shared<Writer>(Writer{facts, {}});
  writer->write();
  return {"Prometheus",
          [writer](const evaluation::Measurement& measurement) {
            writer->state.measurement = measurement;
            if (core::unix_seconds() - writer->state.time >= 1) writer->write();
          },
          [writer](const RunEnd& end) {
            writer->state.end = end;
            writer->write();
          }};
}

}  // namespace equipoise::tracking
