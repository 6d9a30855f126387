#include "engine/training/trainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/seed.h"
#include "engine/evaluation/score_statistics.h"
#include "engine/models/no_autograd.h"
#include "engine/training/captured_graph.h"
#include "engine/training/device_data.h"
#include "engine/training/distilled_results.h"
#include "engine/training/growth.h"
#include "engine/training/member_seeds.h"
#include "engine/training/memory.h"
#include "engine/training/progress_line.h"
#include "engine/training/rank_meetings.h"
#include "engine/training/sampled_batches.h"
#include "engine/training/split_sums.h"
#include "engine/training/step.h"

namespace equipoise::training {
namespace {

using Clock = std::chrono::steady_clock;

// After so many steps the libraries beneath have loaded their kernels and taken their memory.
constexpr std::int64_t kWarmUpSteps = 3;
// Between measures of the selection rows that are for a curve, and for how surely losses are known, alone.
constexpr std::int64_t kRoundsOfACurve = 10;

// The tables of one bank price the same terms; only their bounds differ.
void check_same_terms(const std::vector<constraints::ConstraintTable>& tables) {
  for (const constraints::ConstraintTable& table : tables) {
    bool is_same = table.rows.size() == tables.front().rows.size() && table.rates.size() == tables.front().rates.size();
    for (std::size_t j = 0; is_same && j < table.rows.size(); ++j)
      is_same = table.rows[j].terms == tables.front().rows[j].terms;
    if (!is_same) throw std::logic_error("the members of a bank have different constraints");
  }
}

class Trainer {
 public:
  Trainer(const std::vector<RunConfig>& members, const data::Dataset& dataset,
          const std::vector<constraints::ConstraintTable>& tables, MeasuredSplits measured, const at::Device& device,
          const config::Origin& origin, core::Journal& journal, const Around& around)
      : config_(members.front()),
        journal_(journal),
        around_(around),
        device_(device),
        stream_(device),
        measured_(measured),
        accuracy_of_one_answer_(accuracy_of_one_answer(dataset)),
        data_(to_device(dataset, tables.front().cells,
                        measured_ == MeasuredSplits::cross_fitted ? config_.multipliers.folds : 1,
                        static_cast<std::uint64_t>(config_.seed), device)) {
    check_batch(config_, data_.train.count, around_.ranks, origin);
    warn_of_idle_patience(config_, data_.selection.count > 0, data_.folds.size() > 1, journal);
    check_same_terms(tables);
    if (!config_.sampling.empty()) batches_.emplace(config_, dataset, data_, tables.front(), origin, journal);
    std::vector<std::uint64_t> seeds;
    for (const RunConfig& member : members)
      for (const std::uint64_t seed : member_seeds(member, data_.folds.size())) seeds.push_back(seed);
    learner_ = models::make_learner(config_.model, data_.host, seeds, device, models::precision_of(config_.precision),
                                    data_.kernel.outputs, data_.kernel.task);
    if (learner_->grows() && !around_.ranks.is_alone())
      throw core::UserError(core::Fault::config,
                            fmt::format("model.kind: {} grows in one process, and {} ranks share this run",
                                        config_.model.kind, around_.ranks.size()),
                            origin.of("model.kind"));
    steps_per_epoch_ = data_.train.count / config_.training.batch_size;
    steps_ = steps_per_epoch_ * config_.training.epochs;
    for (std::size_t run = 0; run < members.size(); ++run) {
      if (around.start.weights.defined()) start_from(run, around.start.weights);
      runs_.emplace_back(members[run], tables[run], measured_, steps_, data_.selection.count > 0,
                         around.start.multipliers, allowance_of(members[run], tables[run], dataset, measured_),
                         Shrinkage(tables[run], dataset, static_cast<double>(members[run].multipliers.shrinkage_rows)),
                         accuracy_of_one_answer_);
    }
  }

  std::vector<TrainingResult> run() {
    const models::NoAutograd no_autograd;
    start_ = Clock::now();
    for (std::size_t run = 0; run < runs_.size(); ++run) runs_[run].start(weights_of(run));
    const std::string folds = data_.folds.size() == 1 ? "" : fmt::format(", {} members", data_.folds.size());
    const std::string bank = runs_.size() == 1 ? "" : fmt::format(" (a bank of {})", runs_.size());
    const std::string precision = config_.precision == "fp32" ? "" : " in " + config_.precision;
    journal_.say(fmt::format("Training {}{}{}{} on {} rows, {} steps of {} rows{}.", learner_->description(), folds,
                             bank, precision, data_.train.count, steps_, config_.training.batch_size,
                             sharing_by(around_.ranks)));
    if (config_.multipliers.margin > 0 && data_.selection.count == 0 && !runs_.front().table().rows.empty())
      journal_.say(
          "There is no selection split: training aims inside the tolerances by what chance does to as many people as "
          "the test split has (multipliers.margin).");
    try {
      take_steps();
    } catch (const core::Interrupted& stopped) {
      for (RunState& run : runs_) {
        if (!run.goes_on()) continue;
        run.end_early("interrupted", stopped.what(), done_);
        run.outcome().interrupted = stopped;
        run.outcome().saved_step = checkpoints_ ? checkpoints_->newest() : 0;
      }
    }
    std::vector<TrainingResult> results;
    for (RunState& run : runs_) results.push_back(result_of(run));
    if (config_.training.distill && around_.ranks.is_first())
      distill_results(
          runs_, results, data_, [this] { return core::seconds_since(start_); },
          checkpoints_ ? checkpoints_->newest() : 0, journal_);
    return results;
  }

 private:
  /// Members first .. first + folds of the learner are the run's model.
  std::int64_t first_member(std::size_t run) const { return static_cast<std::int64_t>(run * data_.folds.size()); }

  at::Tensor weights_of(std::size_t run) const {
    return learner_->flat_parameters().narrow(0, first_member(run), static_cast<std::int64_t>(data_.folds.size()));
  }

  void start_from(std::size_t run, const at::Tensor& weights) {
    const auto members = static_cast<std::int64_t>(data_.folds.size());
    const bool each_has_its_own = weights.size(0) == members;
    at::Tensor own = weights_of(run);
    if (weights.size(1) != own.size(1)) throw std::logic_error("weights of another architecture");
    own.copy_(each_has_its_own ? weights : weights.narrow(0, 0, 1).expand_as(own));
    if (run > 0) return;
    if (!each_has_its_own && weights.size(0) > 1)
      journal_.say(fmt::format("The earlier model has {} members; its first one's are taken.", weights.size(0)));
    if (members > 1)
      journal_.warn(
          "The weights that training starts with may have seen the rows that each member leaves out: what is measured "
          "of these can be better than on new people at first.");
  }

  bool any_goes_on() const { return std::ranges::any_of(runs_, &RunState::goes_on); }

  bool is_measured_after(std::int64_t done) const {
    if (done == steps_) return true;
    const std::int64_t in_epoch = done % steps_per_epoch_;
    const std::int64_t wanted = std::min(config_.multipliers.measures_per_epoch, steps_per_epoch_);
    // Evenly over the epoch: where the number of measures due passes a whole one.
    const std::int64_t before = (in_epoch == 0 ? steps_per_epoch_ : in_epoch) - 1;
    return (before + 1) * wanted / steps_per_epoch_ > before * wanted / steps_per_epoch_;
  }

  std::vector<double> learning_rates() const {
    std::vector<double> rates;
    for (const RunState& run : runs_)
      rates.insert(rates.end(), data_.folds.size(), run.config().training.optimizer.learning_rate);
    return rates;
  }

  SoftTargetParams soft_targets() const {
    return {config_.training.label_smoothing, data_.teacher.defined() ? config_.data.teacher.weight : 0};
  }

  void take_steps() {
    TrainingStep step(data_, runs_.front().table(), config_.multipliers, config_.training, learning_rates(), steps_,
                      static_cast<std::uint64_t>(config_.seed), *learner_, batches_ ? &batches_->policy() : nullptr,
                      soft_targets(), around_.ranks);
    SplitSums sums(data_, measured_ == MeasuredSplits::holdout || measured_ == MeasuredSplits::both,
                   evaluation::needs_losses(runs_.front().table()), config_.multipliers.temperature, *learner_,
                   outcome_rule(data_.kernel, config_.training, config_.multipliers.temperature, data_.target_mean,
                                data_.target_deviation),
                   around_.ranks);
    const TrainingState state = this->state();
    if (around_.checkpoints)
      checkpoints_.emplace(*around_.checkpoints, journal_).go_on(state, step, steps_, around_.on_measurement);
    RankMeetings meetings(around_.ranks, config_.ranks.check_every, config_.checkpoint.is_on());
    for (std::size_t run = 0; run < runs_.size(); ++run) set_multipliers(run, step);
    const std::int64_t begun_at = done_, measured_at = measured_at_;
    meetings.start(done_, *learner_, runs_);
    while (done_ < steps_ && any_goes_on()) {
      meetings.before(step);
      step.run();
      // On CUDA looking would stall the device: there it is done when a measure waits for it anyway.
      if (device_.is_cpu()) end_stopped_runs(step);
      ++done_;
      if (device_.is_cuda() && done_ == begun_at + kWarmUpSteps) say_if_not_captured("training step", step.capture());
      if (is_measured_after(done_)) {
        const bool is_first = measured_at_ == measured_at;
        measure(step, sums);
        if (device_.is_cuda() && is_first) say_if_not_captured("measure of whole splits", sums.capture());
      }
      meetings.after(done_, *learner_, runs_);
      if (done_ < steps_ && meetings.is_to_stop(step, done_, device_.is_cpu() || measured_at_ == done_)) {
        meetings.agree_on_signal();
        if (checkpoints_) checkpoints_->save_and_wait(state, step);
        meetings.stop();
      }
      if (checkpoints_) checkpoints_->save_where_due(state, step);
    }
    // Where there are any, the last is of the end: what comes after it need not be done twice.
    if (checkpoints_ && any_goes_on() && (checkpoints_->has_begun() || config_.training.distill))
      checkpoints_->save_and_wait(state, step);
    if (config_.training.keep == "average") measure_means(sums);
  }

  // Of a model that grows every round is measured, and scoring selection rows takes as long as much of a round. They are asked where others are
  // judged by them, in the last tenth (with patience earlier) where an iterate may be kept, and now and then for curves, deviations of losses and what may be kept earlier.
  bool is_selection_wanted() const {
    if (!learner_->grows() || around_.stop) return true;
    return done_ == 1 || done_ == steps_ || done_ % kRoundsOfACurve == 0 ||
           ((done_ >= last_tenth_of(steps_) || config_.training.patience > 0) && runs_.front().may_be_kept_at(done_));
  }

  void measure(TrainingStep& step, SplitSums& sums) {
    if (!device_.is_cpu()) end_stopped_runs(step);
    sums.run(is_selection_wanted());
    const std::vector<RunState::Sums> measured = sums.read();
    judge(measured, done_ - measured_at_, step);
    // A recipe that hangs on what was measured is of one run.
    if (batches_ && done_ % steps_per_epoch_ == 0 && runs_.front().goes_on())
      batches_->end_epoch(done_, steps_per_epoch_, measured.front(), runs_.front(), *learner_);
    measured_at_ = done_;
  }

  TrainingState state() {
    return {*learner_, runs_, batches_ ? &*batches_ : nullptr, done_, measured_at_, start_, word_of(measured_)};
  }

  // Training is over: the learner's weights are wanted no more, and the means take their place.
  void measure_means(SplitSums& sums) {
    std::vector<at::Tensor> means;
    for (std::size_t run = 0; run < runs_.size(); ++run) {
      means.push_back(runs_[run].mean_iterate());
      if (means.back().defined()) weights_of(run).copy_(means.back());
    }
    if (std::ranges::none_of(means, [](const at::Tensor& mean) { return mean.defined(); })) return;
    sums.run();
    const std::vector<RunState::Sums> measured = sums.read();
    for (std::size_t run = 0; run < runs_.size(); ++run)
      if (means[run].defined()) runs_[run].offer_mean(measured[run], means[run]);
  }

  // A replay starts in one call what the host else starts kernel by kernel, which takes longer than small kernels run.
  void say_if_not_captured(const char* what, const std::string& why) {
    if (why.empty() || learner_->grows()) return;  // a round of trees is long beside its calls
    journal_.say(
        fmt::format("The {} cannot be replayed as a CUDA graph and is launched kernel by kernel: {}.", what, why));
  }

  void end_stopped_runs(const TrainingStep& step) {
    const std::vector<bool> alive = step.alive();
    for (std::size_t member = 0; member < alive.size(); ++member) {
      const std::size_t run = member / data_.folds.size();
      if (alive[member] || !runs_[run].goes_on()) continue;
      diverge(run, fmt::format("step {}: {}", done_, step.failure_of(static_cast<std::int64_t>(member))));
    }
  }

  void diverge(std::size_t run, const std::string& what) {
    const SettlingWords words = settling_words(learner_->grows());
    runs_[run].end_early("diverged", what + "; a smaller " + words.rate + " or multipliers.step often helps", done_);
    if (runs_.size() > 1) journal_.warn(fmt::format("Member {} of the bank stopped: {}.", run, what));
  }

  void set_multipliers(std::size_t run, TrainingStep& step) const {
    for (std::size_t fold = 0; fold < data_.folds.size(); ++fold)
      step.set_multipliers(first_member(run) + static_cast<std::int64_t>(fold), runs_[run].multipliers());
  }

  void judge(const std::vector<RunState::Sums>& sums, std::int64_t steps_since, TrainingStep& step) {
    const double epoch = static_cast<double>(done_) / static_cast<double>(steps_per_epoch_);
    for (std::size_t run = 0; run < runs_.size(); ++run) {
      RunState& state = runs_[run];
      if (!state.goes_on()) continue;
      try {
        const evaluation::Measurement& measurement =
            state.measure(sums[run], {done_, steps_since, epoch, core::seconds_since(start_)});
        set_multipliers(run, step);
        state.offer(weights_of(run), sums[run]);
        around_.on_measurement(run, measurement);
      } catch (const core::UserError& failure) {
        if (failure.fault() != core::Fault::numerical) throw;
        diverge(run, failure.what());
      }
    }
    stop_those_behind();
    if (any_goes_on()) journal_.progress(progress_line(runs_, steps_));
  }

  void stop_those_behind() {
    if (!around_.stop || done_ == steps_) return;
    for (std::size_t run = 0; run < runs_.size(); ++run) {
      if (!runs_[run].goes_on()) continue;
      const std::string why = around_.stop(run, runs_[run].outcome().measurements.back());
      if (!why.empty()) runs_[run].end_early("stopped", why, done_);
    }
  }

  // Of a run that came to its end.
  void warn_of(const RunState& run, const TrainingResult& result) {
    if (result.outcome != "finished") return;
    const auto& measurements = result.measurements;
    const auto& promises = run.table().promises;
    const SettlingWords words = settling_words(learner_->grows());
    std::vector<std::string> warnings;
    if (!run.has_settled())
      warnings = {unsettled(measurements, promises, words), still_swinging(measurements, promises, words),
                  worse_than_one_answer(measurements, promises, accuracy_of_one_answer_)};
    if (const bool has_selection = data_.selection.count > 0, has_folds = data_.folds.size() > 1;
        run.config().training.keep == "best_feasible" && !run.has_settled() && (has_selection || has_folds))
      warnings.push_back(
          better_before(measurements, promises, result.kept_step, measured_blind(has_selection, has_folds), words));
    const std::string who = runs_.size() == 1 ? "" : fmt::format("Member {} of the bank: ", &run - runs_.data());
    for (const std::string& why : warnings)
      if (!why.empty()) journal_.warn(who + why);
  }

  TrainingResult result_of(RunState& run) {
    TrainingResult result{std::move(run.outcome()), nullptr, {}, {}, "", 0, "", 1, {}, core::seconds_since(start_), 0};
    result.members = static_cast<std::int64_t>(data_.folds.size());
    if (!run.table().rows.empty()) result.measured_on = sentence_of(measured_, result.members);
    result.swings = last_swings(result.measurements);
    if (batches_) result.sampling = batches_->log();
    if (result.outcome == "finished" && !run.has_settled()) result.steps = done_;
    keep(run, result);
    warn_of(run, result);
    if (run.has_settled())
      result.kept += fmt::format(" Training ended after step {} of {}: {} measures had brought no better one.",
                                 result.steps, steps_, config_.training.patience);
    result.rows_per_second = static_cast<double>(result.steps * config_.training.batch_size) / result.seconds;
    return result;
  }

  // Initial weights where there is nothing to keep.
  void keep(RunState& run, TrainingResult& result) {
    const std::optional<KeptMixture> mixture = run.mixture();
    if (!mixture && !run.candidates().held().empty())
      journal_.warn("The linear program of training.keep: mixture was not solved; the best iterate is kept instead.");
    std::vector<std::uint64_t> seeds;
    for (std::size_t i = 0; i < (mixture ? mixture->mixture.iterates() : 1); ++i)
      for (const std::uint64_t seed : member_seeds(run.config(), data_.folds.size())) seeds.push_back(seed);
    result.learner = models::make_learner(config_.model, data_.host, seeds, device_, models::Precision::fp32,
                                          data_.kernel.outputs, data_.kernel.task);
    const auto become = [&](const at::Tensor& iterates) {
      result.learner->become(*learner_, first_member(static_cast<std::size_t>(&run - runs_.data())), result.members,
                             iterates);
    };
    if (mixture) {
      become(mixture->weights);
      result.mixture = mixture->mixture;
      result.kept = mixture->sentence + run.sentence_of_candidates();
      result.kept_step = mixture->step;
    } else if (run.kept().has_one()) {
      become(run.kept().weights());
      result.kept = run.sentence_of_kept(result.measurements);
      if (run.kept().is_chosen()) result.kept += run.sentence_of_candidates();
      result.kept_step = run.kept().step();
    }
  }

  const RunConfig& config_;  // of the first member: what a bank shares
  core::Journal& journal_;
  const Around& around_;
  at::Device device_;
  OwnStream stream_;  // before all that allocates on it
  MeasuredSplits measured_;
  double accuracy_of_one_answer_;
  DeviceData data_;
  std::optional<SampledBatches> batches_;  // where the config has recipes
  std::unique_ptr<models::Learner> learner_;
  std::vector<RunState> runs_;
  std::optional<Checkpoints> checkpoints_;
  std::int64_t steps_per_epoch_ = 0, steps_ = 0, done_ = 0, measured_at_ = 0;
  Clock::time_point start_;
};

}  // namespace

std::vector<TrainingResult> train(const std::vector<RunConfig>& configs, const data::Dataset& dataset,
                                  const std::vector<constraints::ConstraintTable>& tables, const at::Device& device,
                                  const config::Origin& origin, core::Journal& journal, const Around& around) {
  const auto training_rows = static_cast<std::int64_t>(dataset.rows_of(data::Split::train).size());
  const std::vector<RunConfig> members = in_steps(configs, training_rows);
  const RunConfig& first = members.front();
  if (first.data.teacher.is_named() && dataset.teacher.empty())
    throw std::logic_error("a teacher that has not scored the rows");
  const MeasuredSplits measured =
      choose_measured_splits(first.multipliers, tables.front(), dataset,
                             training_work(first, dataset.encoded, training_rows, device), origin, journal);
  const std::size_t folds =
      measured == MeasuredSplits::cross_fitted ? static_cast<std::size_t>(first.multipliers.folds) : 1;
  std::vector<TrainingResult> results;
  with_memory_advice(first, members.size() * folds, [&] {
    results = Trainer(members, dataset, tables, measured, device, origin, journal, around).run();
  });
  return results;
}

}  // namespace equipoise::training
