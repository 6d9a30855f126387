#include "engine/training/trainer.h"

#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/seed.h"
#include "engine/evaluation/evaluation.h"
#include "engine/training/device_data.h"
#include "engine/training/kept_iterate.h"
#include "engine/training/measured_splits.h"
#include "engine/training/scoring.h"
#include "engine/training/settling.h"
#include "engine/training/step.h"

namespace equipoise::training {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::optional<double> defined(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::vector<std::optional<double>> gaps_of(const constraints::ConstraintTable& table,
                                           const std::vector<double>& rates) {
  std::vector<std::optional<double>> gaps;
  for (const constraints::Promise& promise : table.promises) gaps.push_back(defined(constraints::gap(promise, rates)));
  return gaps;
}

// Sums of squared weights per cell of the selection split: they do not change while training.
std::vector<double> square_weights(const data::Dataset& dataset, const data::Cells& cells) {
  if (dataset.weights.empty()) return {};
  std::vector<double> result(static_cast<std::size_t>(cells.count()), 0.0);
  for (const std::int64_t row : dataset.rows_of(data::Split::selection)) {
    const double weight = dataset.weights[static_cast<std::size_t>(row)];
    result[static_cast<std::size_t>(cells.of_row[static_cast<std::size_t>(row)])] += weight * weight;
  }
  return result;
}

class Trainer {
 public:
  Trainer(const RunConfig& config, const data::Dataset& dataset, const constraints::ConstraintTable& table,
          const at::Device& device, const config::Origin& origin, core::Journal& journal)
      : config_(config),
        table_(table),
        journal_(journal),
        data_(to_device(dataset, table.cells, device)),
        measured_(choose_measured_splits(config.multipliers, table, dataset, origin, journal)),
        square_weights_(square_weights(dataset, table.cells)),
        multipliers_(constraints::zero_multipliers(table.rows.size())),
        kept_(table.promises) {
    const auto seed = static_cast<std::uint64_t>(config.seed);
    check_batch(origin);
    result_.learner = models::make_learner(config.model, data_.host, {core::seed_for(seed, "model")}, device);
    steps_per_epoch_ = data_.train.count / config.training.batch_size;
    steps_ = steps_per_epoch_ * config.training.epochs;
    first_candidate_ = static_cast<std::int64_t>(config.training.candidates_from * static_cast<double>(steps_));
  }

  TrainingResult run(const OnMeasurement& on_measurement) {
    const at::NoGradGuard no_gradient;
    start_ = Clock::now();
    // Before anything is measured, the initial weights are the last good model.
    last_good_ = {evaluation::Measurement(), result_.learner->flat_parameters().clone()};
    journal_.say(fmt::format("Training {} on {} rows, {} steps of {} rows.", result_.learner->description(),
                             data_.train.count, steps_, config_.training.batch_size));
    try {
      take_steps(on_measurement);
      if (const std::string why = unsettled(result_.measurements, table_.promises); !why.empty()) journal_.warn(why);
    } catch (const core::Interrupted& stopped) {
      end_early("interrupted", stopped.what());
      result_.signal = stopped.signal();
    } catch (const core::UserError& failure) {
      if (failure.fault() != core::Fault::numerical) throw;
      end_early("diverged", failure.what());
    }
    if (kept_.has_one()) {
      result_.learner->flat_parameters().copy_(kept_.weights());
      result_.kept = kept_.sentence();
      result_.kept_step = kept_.step();
    }
    result_.seconds = seconds_since(start_);
    result_.rows_per_second = static_cast<double>(result_.steps * config_.training.batch_size) / result_.seconds;
    return std::move(result_);
  }

 private:
  void check_batch(const config::Origin& origin) const {
    if (config_.training.batch_size <= data_.train.count) return;
    throw core::UserError(core::Fault::config,
                          fmt::format("training.batch_size is {}, more than the {} training rows",
                                      config_.training.batch_size, data_.train.count),
                          origin.of("training.batch_size"));
  }

  bool is_measured_after(std::int64_t done) const {
    if (done == steps_) return true;
    const std::int64_t in_epoch = done % steps_per_epoch_;
    const std::int64_t wanted = std::min(config_.multipliers.measures_per_epoch, steps_per_epoch_);
    // Evenly over the epoch: where the number of measures due passes a whole one.
    const std::int64_t before = (in_epoch == 0 ? steps_per_epoch_ : in_epoch) - 1;
    return (before + 1) * wanted / steps_per_epoch_ > before * wanted / steps_per_epoch_;
  }

  void take_steps(const OnMeasurement& on_measurement) {
    TrainingStep step(data_, table_, config_.multipliers, config_.training.optimizer, config_.training.batch_size,
                      static_cast<std::uint64_t>(config_.seed), *result_.learner);
    std::int64_t measured_at = 0;
    for (std::int64_t done = 0; done < steps_;) {
      core::stop_if_interrupted();
      step.run(done, scheduled_rate(config_.training, done, steps_));
      result_.steps = ++done;
      if (!is_measured_after(done)) continue;
      const evaluation::Measurement measurement = measure(done, done - measured_at);
      measured_at = done;
      step.set_multipliers(multipliers_.values);
      result_.measurements.push_back(measurement);
      offer(measurement);
      on_measurement(measurement);
      show_progress(measurement);
    }
  }

  evaluation::Measurement measure(std::int64_t done, std::int64_t steps_since) {
    evaluation::Measurement m;
    m.step = done;
    m.epoch = static_cast<double>(done) / static_cast<double>(steps_per_epoch_);
    const double temperature = config_.multipliers.temperature;
    const std::vector<double> train = measured_sums(data_, data_.train, temperature, *result_.learner);
    m.training_loss = mean_loss(train);
    m.training_accuracy = accuracy(train, table_.cells);
    if (!std::isfinite(m.training_loss)) {
      throw core::UserError(core::Fault::numerical,
                            fmt::format("step {}: the training loss left the finite numbers", done));
    }
    std::vector<double> driving = train;
    if (measured_ != MeasuredSplits::train) {
      const std::vector<double> holdout = measured_sums(data_, data_.holdout, temperature, *result_.learner);
      for (std::size_t i = 0; i < driving.size(); ++i) {
        driving[i] = measured_ == MeasuredSplits::both ? driving[i] + holdout[i] : holdout[i];
      }
    }
    const std::vector<double> rates = constraints::rate_values(table_, driving, constraints::Reading::exact);
    m.training_gaps = gaps_of(table_, rates);
    constraints::update(multipliers_, constraints::violations(table_, rates), static_cast<double>(steps_since),
                        config_.multipliers);
    m.multipliers = multipliers_.values;
    if (data_.selection.count > 0) measure_selection(m, temperature);
    m.seconds = seconds_since(start_);
    return m;
  }

  void measure_selection(evaluation::Measurement& m, double temperature) {
    const std::vector<double> sums = measured_sums(data_, data_.selection, temperature, *result_.learner);
    m.selection_loss = mean_loss(sums);
    m.selection_accuracy = accuracy(sums, table_.cells);
    m.selection_gaps = gaps_of(table_, constraints::rate_values(table_, sums, constraints::Reading::exact));
    if (m.step < first_candidate_) return;
    m.selection_bounds = evaluation::upper_bounds(table_, sums, square_weights_, config_.evaluation);
  }

  void offer(const evaluation::Measurement& measurement) {
    const at::Tensor& weights = result_.learner->flat_parameters();
    const bool is_candidate = measurement.step >= first_candidate_ && data_.selection.count > 0;
    // Before the first candidate the newest iterate is held, so that a run that is cut off leaves a model.
    if (config_.training.keep == "final" || !is_candidate) {
      last_good_ = {measurement, weights.clone()};
      if (measurement.step == steps_ && !kept_.has_one()) kept_.take(measurement, weights);
    } else {
      kept_.offer(measurement, weights);
    }
  }

  void end_early(const std::string& outcome, const std::string& why) {
    result_.outcome = outcome;
    result_.failure = why;
    if (!kept_.has_one() && last_good_.second.defined()) kept_.take(last_good_.first, last_good_.second);
  }

  void show_progress(const evaluation::Measurement& m) {
    double worst = 0;
    std::size_t worst_promise = table_.promises.size();
    for (std::size_t p = 0; p < m.training_gaps.size(); ++p) {
      const double excess = m.training_gaps[p].value_or(0) - table_.promises[p].tolerance;
      if (m.training_gaps[p] && (worst_promise == table_.promises.size() || excess > worst)) {
        worst = excess;
        worst_promise = p;
      }
    }
    std::string detail = fmt::format("loss {:.4f}  accuracy {:.4f}", m.training_loss, m.training_accuracy);
    if (worst_promise < table_.promises.size()) {
      const constraints::Promise& promise = table_.promises[worst_promise];
      detail += fmt::format("  worst violation {:+.4f} ({} by {})", worst, constraints::short_name(promise.rate),
                            promise.grouping);
    }
    if (!m.multipliers.empty()) {
      detail +=
          fmt::format("  largest multiplier {:.3f}", *std::max_element(m.multipliers.begin(), m.multipliers.end()));
    }
    journal_.progress({"training", static_cast<double>(m.step) / static_cast<double>(steps_), m.seconds, detail});
  }

  const RunConfig& config_;
  const constraints::ConstraintTable& table_;
  core::Journal& journal_;
  DeviceData data_;
  MeasuredSplits measured_;
  std::vector<double> square_weights_;
  constraints::Multipliers multipliers_;
  KeptIterate kept_;
  std::pair<evaluation::Measurement, at::Tensor> last_good_;
  TrainingResult result_;
  std::int64_t steps_per_epoch_ = 0, steps_ = 0, first_candidate_ = 0;
  Clock::time_point start_;
};

}  // namespace

TrainingResult train(const RunConfig& config, const data::Dataset& dataset, const constraints::ConstraintTable& table,
                     const at::Device& device, const config::Origin& origin, core::Journal& journal,
                     const OnMeasurement& on_measurement) {
  return Trainer(config, dataset, table, device, origin, journal).run(on_measurement);
}

}  // namespace equipoise::training
