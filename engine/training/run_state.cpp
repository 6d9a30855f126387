#include "engine/training/run_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/constraints/forms.h"
#include "engine/constraints/rates.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/gap_sample.h"
#include "engine/training/growth.h"
#include "engine/training/scoring.h"
#include "engine/training/settling.h"

namespace equipoise::training {
namespace {

std::optional<double> defined(double value) {
  return std::isnan(value) ? std::nullopt : std::optional(value);
}

std::vector<std::optional<double>> gaps_of(const constraints::ConstraintTable& table,
                                           const std::vector<double>& rates) {
  std::vector<std::optional<double>> gaps;
  for (const constraints::Promise& promise : table.promises) gaps.push_back(defined(constraints::gap(promise, rates)));
  return gaps;
}

// The sums whose exact rates move the multipliers.
std::vector<double> driving_sums(MeasuredSplits driving, const RunState::Sums& sums) {
  if (driving == MeasuredSplits::train || driving == MeasuredSplits::cross_fitted) return sums.train;
  if (driving == MeasuredSplits::holdout) return sums.holdout;
  std::vector<double> both = sums.train;
  for (std::size_t i = 0; i < both.size(); ++i) both[i] += sums.holdout[i];
  return both;
}

void walk_measurement(const checkpoint::StateWalk& walk, evaluation::Measurement& m) {
  walk.value("step", m.step);
  walk.value("epoch", m.epoch);
  walk.value("seconds", m.seconds);
  walk.value("training_loss", m.training_loss);
  walk.value("training_accuracy", m.training_accuracy);
  walk.value("selection_loss", m.selection_loss);
  walk.value("selection_accuracy", m.selection_accuracy);
  walk.value("training_gaps", m.training_gaps);
  walk.value("selection_gaps", m.selection_gaps);
  walk.value("selection_bounds", m.selection_bounds);
  walk.value("selection_lower_bounds", m.selection_lower_bounds);
  walk.value("multipliers", m.multipliers);
}

// How many there are is the table's and the rule's to say.
void walk_multipliers(const checkpoint::StateWalk& walk, constraints::Multipliers& multipliers) {
  walk.values_of_same_size("values", multipliers.values);
  walk.values_of_same_size("smoothed_error", multipliers.smoothed_error);
  walk.value("started", multipliers.started);
  walk.values_of_same_size("lambda", multipliers.lambda);
  walk.values_of_same_size("penalty", multipliers.penalty);
  walk.values_of_same_size("log_shares", multipliers.log_shares);
  walk.values_of_same_size("log_matrix", multipliers.log_matrix);
  for (std::size_t block = 0; block < multipliers.worst_group_logs.size(); ++block)
    walk.values_of_same_size("worst_group_logs." + std::to_string(block), multipliers.worst_group_logs[block]);
}

}  // namespace

RunState::RunState(const RunConfig& config, const constraints::ConstraintTable& table, MeasuredSplits driving,
                   std::int64_t steps, bool has_selection, const std::vector<double>& starting_multipliers,
                   Allowance allowance, Shrinkage shrinkage, double of_one_answer)
    : config_(config),
      table_(table),
      driving_(driving),
      steps_(steps),
      first_candidate_(static_cast<std::int64_t>(candidates_from_of(config) * static_cast<double>(steps))),
      has_selection_(has_selection),
      allowance_(std::move(allowance)),
      shrinkage_(std::move(shrinkage)),
      of_one_answer_(of_one_answer),
      multipliers_(
          starting_multipliers.empty()
              ? constraints::zero_multipliers(table.rows.size(), config.multipliers, table.worst_group_blocks)
              : constraints::multipliers_at(starting_multipliers, config.multipliers, table.worst_group_blocks)),
      kept_(table.promises, config.training.keep == "average",
            is_chosen_out_of_fold() ? KeptIterate::ChosenBy::rows_out_of_fold : KeptIterate::ChosenBy::selection_rows,
            is_chosen_out_of_fold() || config.training.patience > 0 ? 0 : last_tenth_of(steps)) {}

void RunState::start(const at::Tensor& weights) {
  last_good_ = {evaluation::Measurement(), weights.clone()};
}

const evaluation::Measurement& RunState::measure(const Sums& sums, const Moment& moment) {
  evaluation::Measurement m;
  m.step = moment.step;
  m.epoch = moment.epoch;
  m.seconds = moment.seconds;
  m.training_loss = mean_loss(sums.train, table_.cells);
  m.training_accuracy = accuracy(sums.train, table_.cells);
  if (!std::isfinite(m.training_loss)) {
    throw core::UserError(core::Fault::numerical,
                          fmt::format("step {}: the training loss left the finite numbers", moment.step));
  }
  note_deviations(sums);
  const std::vector<double> driving = driving_sums(driving_, sums);
  const std::vector<double> rates = estimable_rates(driving, false);
  m.training_gaps = gaps_of(table_, rates);
  std::vector<double> violations = heeded_violations(shrunk(rates, driving), driving);
  scale(violations, driving);
  if (is_worth_less_than_one_answer(m.training_accuracy))
    for (double& violation : violations) violation = -std::abs(violation);
  constraints::update(multipliers_, violations, static_cast<double>(moment.steps_since), config_.multipliers,
                      table_.worst_group_blocks);
  m.multipliers = multipliers_.values;
  if (!sums.selection.empty()) measure_selection(m, sums);
  outcome_.measurements.push_back(std::move(m));
  return outcome_.measurements.back();
}

// How many rows are in a score's bin is only known once they have scores: with too few there is no rate.
std::vector<double> RunState::estimable_rates(const std::vector<double>& sums, bool is_selection) const {
  std::vector<double> rates = constraints::rate_values(table_, sums, constraints::Reading::exact);
  for (std::size_t r = 0; r < rates.size(); ++r) {
    if (!constraints::is_by_score(table_.rates[r])) continue;
    const double weight = constraints::value_of(table_.rates[r].denominator, sums, constraints::Reading::exact);
    if (allowance_.rows_behind(r, weight, is_selection) < static_cast<double>(config_.multipliers.min_rows))
      rates[r] = std::nan("");
  }
  return rates;
}

// As multipliers see them: what is reported stays as it was measured.
std::vector<double> RunState::shrunk(const std::vector<double>& rates, const std::vector<double>& driving) const {
  std::vector<double> rows;
  for (std::size_t r = 0; r < rates.size(); ++r)
    rows.push_back(allowance_.rows_behind(
        r, constraints::value_of(table_.rates[r].denominator, driving, constraints::Reading::exact), false));
  return shrinkage_.shrunk(rates, driving, rows);
}

// A bin that has become too empty to be measured asks for nothing: its multipliers come down, or what they were would keep
// everyone out of it.
std::vector<double> RunState::heeded_violations(std::vector<double> rates, const std::vector<double>& driving) const {
  std::vector<double> deviations = deviations_;
  for (std::size_t r = 0; r < rates.size(); ++r) {
    if (!std::isnan(rates[r]) || !constraints::is_by_score(table_.rates[r])) continue;
    rates[r] = 0;
    if (!deviations.empty()) deviations[r] = std::nan("");
  }
  return allowance_.violations(table_, rates, driving, deviations);
}

// How strongly each pulls on the multipliers.
void RunState::scale(std::vector<double>& violations, const std::vector<double>& driving) const {
  for (std::size_t j = 0; j < violations.size(); ++j) violations[j] *= table_.promises[table_.rows[j].promise].scale;
  if (models::grows(config_.model)) {
    const std::vector<double> parts = parts_of_small_shares(table_, driving);
    for (std::size_t j = 0; j < violations.size(); ++j) violations[j] *= parts[j];
  }
}

// A tolerance that no model worth having can keep would drive multipliers without end, and the model below what one answer for everybody
// is right about, which treats all groups alike. Multipliers come down there, as fast as they went up; not at the start, where nothing is learnt yet.
bool RunState::is_worth_less_than_one_answer(double accuracy) const {
  return accuracy < of_one_answer_ && one_answer_keeps(table_.promises) &&
         std::ranges::any_of(outcome_.measurements, [&](const evaluation::Measurement& earlier) {
           return earlier.training_accuracy > of_one_answer_;
         });
}

// As the selection rows show it: those that were learnt from vary less. Where they were not measured, the last ones' stand.
void RunState::note_deviations(const Sums& sums) {
  if (sums.spread.loss_square.empty()) return;
  deviations_.clear();
  for (const constraints::Rate& rate : table_.rates)
    deviations_.push_back(evaluation::deviation_of_mean(table_, rate, sums.selection, sums.spread));
}

void RunState::measure_selection(evaluation::Measurement& m, const Sums& sums) const {
  const std::vector<double>& own = sums.selection;
  m.selection_loss = mean_loss(own, table_.cells);
  m.selection_accuracy = accuracy(own, table_.cells);
  m.selection_gaps = gaps_of(table_, estimable_rates(own, true));
  const std::int64_t min_rows = config_.multipliers.min_rows;
  m.selection_bounds = evaluation::upper_bounds(table_, own, sums.spread, config_.evaluation, min_rows);
  m.selection_lower_bounds = evaluation::lower_bounds(table_, own, sums.spread, config_.evaluation, min_rows);
}

// What the rows that were learnt from say where they choose. A promise is inside where no multiplier is asked to rise for it; a violation
// is in the unit of its row, so that how far a promise is outside is told by its figure.
evaluation::Measurement RunState::chosen_out_of_fold(evaluation::Measurement m, const Sums& sums) const {
  m.selection_loss = m.training_loss;
  m.selection_gaps = m.training_gaps;
  const std::vector<double> rates = estimable_rates(sums.train, false);
  const std::vector<double> violations = heeded_violations(shrunk(rates, sums.train), sums.train);
  std::vector<bool> is_outside(table_.promises.size(), false);
  for (std::size_t j = 0; j < violations.size(); ++j)
    if (violations[j] > 0) is_outside[table_.rows[j].promise] = true;
  m.selection_bounds = m.training_gaps;
  for (std::size_t p = 0; p < table_.promises.size(); ++p) {
    const double tolerance = table_.promises[p].tolerance;
    std::optional<double>& figure = m.selection_bounds[p];
    if (!figure || !std::isfinite(tolerance)) continue;
    figure = is_outside[p] ? std::max(*figure, std::nextafter(tolerance, std::numeric_limits<double>::infinity()))
                           : std::min(*figure, tolerance);
  }
  return m;
}

std::string RunState::sentence_of_kept(const std::vector<evaluation::Measurement>& measurements) const {
  const std::string sentence = kept_.sentence();
  const auto kept = std::ranges::find(measurements, kept_.step(), &evaluation::Measurement::step);
  if (!is_chosen_out_of_fold() || kept == measurements.end()) return sentence;
  const WorstExcess worst = worst_excess(kept->training_gaps, table_.promises);
  if (worst.known == 0 || worst.scaled <= 0) return sentence;
  const constraints::Promise& promise = table_.promises[worst.promise];
  return sentence + fmt::format(" On these rows its {} is {} above the tolerance.", constraints::promise_title(promise),
                                excess_text(promise, worst.scaled));
}

std::string RunState::sentence_of_candidates() const {
  const double from = candidates_from_of(config_);
  const std::string which =
      from > 0 ? fmt::format("after the first {:.4g} % of the steps", 100 * from) : "over the whole training";
  return fmt::format(
      " Looked at were the iterates {} that were measured on the rows that choose (training.candidates_from: {:g}).",
      which, from);
}

void RunState::offer(const at::Tensor& weights, const Sums& sums) {
  const evaluation::Measurement& measurement = outcome_.measurements.back();
  const bool is_candidate = is_chosen_out_of_fold() ? measurement.step >= first_candidate_
                                                    : may_be_kept_at(measurement.step) && !sums.selection.empty();
  // Before the first candidate the newest iterate is held, so that a run that is cut off leaves a model.
  if (config_.training.keep == "final" || !is_candidate) {
    last_good_ = {measurement, weights.clone()};
    if (measurement.step == steps_) kept_.take(measurement, weights);
  } else {
    kept_.offer(is_chosen_out_of_fold() ? chosen_out_of_fold(measurement, sums) : measurement, weights);
    settle_where_patience_ends();
    if (config_.training.keep == "mixture")
      candidates_.offer({measurement.step, measurement.epoch, *measurement.selection_loss, driving_sums(driving_, sums),
                         sums.selection, sums.spread, weights.clone()});
  }
}

// All of it is in what was measured and kept, which checkpoints hold.
void RunState::settle_where_patience_ends() {
  const std::int64_t patience = config_.training.patience;
  if (patience == 0 || outcome_.measurements.empty() || !kept_.has_one()) return;
  const auto since = std::ranges::count_if(outcome_.measurements, [&](const evaluation::Measurement& m) {
    return m.step >= first_candidate_ && m.step > kept_.step();
  });
  const std::int64_t now = outcome_.measurements.back().step;
  if (since < patience || now == steps_) return;
  has_settled_ = true;
  outcome_.steps = now;
}

void RunState::offer_mean(const Sums& sums, const at::Tensor& weights) {
  evaluation::Measurement m;
  m.step = steps_;
  m.training_loss = mean_loss(sums.train, table_.cells);
  measure_selection(m, sums);
  kept_.offer_mean(m, weights);
}

// [J] by which training aims inside where its own rows have these sums.
std::vector<double> RunState::margins_at(const std::vector<double>& driving) const {
  return allowance_.margins(table_, estimable_rates(driving, false), driving);
}

// [J] those of rates that the candidates' selection rows, on average, are enough for.
std::vector<bool> RunState::rows_of_a_mixture() const {
  const std::vector<double> rates = estimable_rates(mean_sums(candidates_), true);
  std::vector<bool> heeded;
  for (const constraints::Row& row : table_.rows)
    heeded.push_back(std::ranges::none_of(row.terms, [&](const auto& term) { return std::isnan(rates[term.first]); }));
  return heeded;
}

std::optional<KeptMixture> RunState::mixture() const {
  if (candidates_.held().empty()) return std::nullopt;
  const std::optional<ChosenMixture> chosen =
      choose_mixture(candidates_, table_, rows_of_a_mixture(),
                     [&](const std::vector<double>& driving) { return margins_at(driving); });
  if (!chosen) return std::nullopt;
  Sums mean;
  mean.selection = chosen->sums;
  mean.spread = chosen->spread;
  evaluation::Measurement m;
  m.step = steps_;
  measure_selection(m, mean);
  return KeptMixture{chosen->weights(), chosen->mixture(static_cast<std::uint64_t>(config_.seed)),
                     chosen->iterates.size() == 1 ? chosen->iterates.front()->step : 0,
                     sentence_of(*chosen, candidates_, table_.promises, m)};
}

void RunState::end_early(const std::string& outcome, const std::string& why, std::int64_t steps) {
  outcome_.outcome = outcome;
  outcome_.failure = why;
  outcome_.steps = steps;
  if (!kept_.has_one() && last_good_.second.defined()) kept_.take(last_good_.first, last_good_.second);
}

void RunState::walk(const checkpoint::StateWalk& walk, const at::Device& device) {
  walk_multipliers(walk.under("multipliers"), multipliers_);
  kept_.walk(walk.under("kept"), device);
  candidates_.walk(walk.under("candidates"), device);
  walk.value("deviations", deviations_);
  walk_measurement(walk.under("last_good"), last_good_.first);
  walk.copy("last_good.weights", last_good_.second, device);
  walk.value("outcome", outcome_.outcome);
  walk.value("failure", outcome_.failure);
  walk.value("steps", outcome_.steps);
  walk.list("measurements", outcome_.measurements, walk_measurement);
  if (walk.restores()) settle_where_patience_ends();
}

std::optional<double> RunState::largest_group_gap() const {
  if (outcome_.measurements.empty()) return std::nullopt;
  std::optional<double> largest;
  for (std::size_t p = 0; p < table_.promises.size(); ++p) {
    if (!constraints::compares_groups(table_.promises[p])) continue;
    const std::optional<double>& gap = outcome_.measurements.back().training_gaps[p];
    if (!gap) return std::nullopt;
    largest = std::max(largest.value_or(*gap), *gap);
  }
  return largest;
}

void warn_of_idle_patience(const RunConfig& config, bool has_selection, bool is_cross_fitted, core::Journal& journal) {
  if (config.training.patience == 0 || has_selection || is_cross_fitted) return;
  journal.warn(
      "training.patience waits for rows to choose an iterate, and there are none: data.split.selection is 0, and the "
      "run is not cross-fitted. It trains to the end, and the last iterate is kept.");
}

}  // namespace equipoise::training
