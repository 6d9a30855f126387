#include "engine/training/mixture.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "engine/constraints/linear_program.h"
#include "engine/constraints/mixture.h"
#include "engine/constraints/titles.h"
#include "engine/training/excess.h"

namespace equipoise::training {
namespace {

constexpr int kMarginRounds = 2;

// "410, 430 and 470"
template <typename Values, typename Text>
std::string listed(const Values& values, const Text& text) {
  std::string list;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0) list += i + 1 == values.size() ? " and " : ", ";
    list += text(values[i]);
  }
  return list;
}

evaluation::SquareWeights mixed_spread(const std::vector<const Candidate*>& iterates,
                                       const std::vector<double>& probabilities) {
  const auto of = [&](std::vector<double> evaluation::SquareWeights::*part) {
    std::vector<const std::vector<double>*> values;
    for (const Candidate* iterate : iterates) values.push_back(&(iterate->spread.*part));
    return constraints::mixed(values, probabilities);
  };
  using evaluation::SquareWeights;
  return {of(&SquareWeights::all), of(&SquareWeights::selected), of(&SquareWeights::loss),
          of(&SquareWeights::loss_square)};
}

std::vector<double> even(std::size_t models) {
  return std::vector<double>(models, 1.0 / static_cast<double>(models));
}

std::optional<double> smallest_loss_alone(const std::vector<Candidate>& held, const constraints::ConstraintTable& table,
                                          const std::vector<double>& margins) {
  std::optional<double> smallest;
  for (const Candidate& candidate : held) {
    const auto alone = constraints::best_mixture(table, {{&candidate.sums, candidate.loss}}, margins);
    if (!alone || alone->excess > 0 || (smallest && alone->loss >= *smallest)) continue;
    smallest = alone->loss;
  }
  return smallest;
}

}  // namespace

void MixtureCandidates::offer(Candidate candidate) {
  if (!std::isfinite(candidate.loss)) return;
  const auto is_due = [&](std::int64_t place) { return place % stride_ == 0; };
  if (!places_.empty() && !is_due(places_.back())) {  // it was held as the newest alone
    places_.pop_back();
    held_.pop_back();
  }
  places_.push_back(offered_++);
  held_.push_back(std::move(candidate));
  while (held_.size() > kMost) {
    stride_ *= 2;
    std::size_t left = 0;
    for (std::size_t i = 0; i < held_.size(); ++i) {
      if (!is_due(places_[i]) && i + 1 < held_.size()) continue;
      if (left != i) held_[left] = std::move(held_[i]);
      places_[left++] = places_[i];
    }
    held_.resize(left);
    places_.resize(left);
  }
}

void MixtureCandidates::walk(const checkpoint::StateWalk& walk, const at::Device& device) {
  walk.list("held", held_, [&](const checkpoint::StateWalk& inner, Candidate& candidate) {
    inner.value("step", candidate.step);
    inner.value("epoch", candidate.epoch);
    inner.value("loss", candidate.loss);
    inner.value("driving", candidate.driving);
    inner.value("sums", candidate.sums);
    inner.value("spread.all", candidate.spread.all);
    inner.value("spread.selected", candidate.spread.selected);
    inner.value("spread.loss", candidate.spread.loss);
    inner.value("spread.loss_square", candidate.spread.loss_square);
    inner.copy("weights", candidate.weights, device);
  });
  walk.value("places", places_);
  walk.value("offered", offered_);
  walk.value("stride", stride_);
}

at::Tensor ChosenMixture::weights() const {
  std::vector<at::Tensor> parts;
  for (const Candidate* iterate : iterates) parts.push_back(iterate->weights);
  return at::cat(parts);
}

models::Mixture ChosenMixture::mixture(std::uint64_t run_seed) const {
  models::Mixture mixture;
  if (iterates.size() == 1) return mixture;
  mixture.probabilities = probabilities;
  for (const Candidate* iterate : iterates) mixture.steps.push_back(iterate->step);
  mixture.seed = models::lot_seed(run_seed);
  return mixture;
}

std::optional<ChosenMixture> choose_mixture(const MixtureCandidates& candidates,
                                            const constraints::ConstraintTable& table, const std::vector<bool>& heeded,
                                            const MarginsOf& margins_of) {
  std::vector<constraints::MixedModel> models;
  std::vector<const std::vector<double>*> driving;
  for (const Candidate& candidate : candidates.held()) {
    models.push_back({&candidate.sums, candidate.loss});
    driving.push_back(&candidate.driving);
  }
  if (models.empty()) return std::nullopt;
  std::vector<double> margins;
  const auto solve_from = [&](const std::vector<double>& probabilities) {
    margins = margins_of(constraints::mixed(driving, probabilities));
    for (std::size_t j = 0; j < margins.size(); ++j)
      if (!heeded[j]) margins[j] = std::nan("");
    return constraints::best_mixture(table, models, margins);
  };
  // Margins hang on rates, a little: the mixture's own are found from those of all candidates on.
  std::optional<constraints::BestMixture> best = solve_from(even(models.size()));
  for (int round = 0; best && round < kMarginRounds; ++round) best = solve_from(best->probabilities);
  if (!best) return std::nullopt;
  ChosenMixture chosen;
  std::vector<const std::vector<double>*> sums;
  for (std::size_t k = 0; k < models.size(); ++k) {
    if (best->probabilities[k] == 0) continue;
    chosen.iterates.push_back(&candidates.held()[k]);
    chosen.probabilities.push_back(best->probabilities[k]);
    sums.push_back(models[k].sums);
  }
  chosen.sums = constraints::mixed(sums, chosen.probabilities);
  chosen.spread = mixed_spread(chosen.iterates, chosen.probabilities);
  chosen.loss = best->loss;
  chosen.excess = best->excess;
  chosen.has_margin = std::ranges::any_of(margins, [](double margin) { return margin > 0; });
  chosen.loss_alone = smallest_loss_alone(candidates.held(), table, margins);
  return chosen;
}

std::vector<double> mean_sums(const MixtureCandidates& candidates) {
  std::vector<const std::vector<double>*> sums;
  for (const Candidate& candidate : candidates.held()) sums.push_back(&candidate.sums);
  return constraints::mixed(sums, even(sums.size()));
}

namespace {

std::string who_was_looked_at(const MixtureCandidates& candidates) {
  const auto held = static_cast<std::int64_t>(candidates.held().size());
  if (held == candidates.offered()) return fmt::format("{} iterates", held);
  return fmt::format("{} iterates (evenly from {})", held, candidates.offered());
}

// What the choice was, and whether tolerances hold for the mean of the draws.
std::string claim_of(const ChosenMixture& chosen, const MixtureCandidates& candidates,
                     const std::vector<constraints::Promise>& promises, const evaluation::Measurement& measured) {
  const WorstExcess worst = worst_excess(measured.selection_gaps, promises);
  const std::string looked_at = who_was_looked_at(candidates);
  const bool is_aim = std::ranges::any_of(promises, [](const auto& promise) { return promise.form == "worst"; });
  const char* what = is_aim ? "largest loss of a group" : "loss";
  if (worst.known == 0) {
    const bool has_promise = std::ranges::any_of(promises, [](const auto& p) { return std::isfinite(p.tolerance); });
    return fmt::format("of all mixtures of {} the smallest {} on the selection split, {:.5f}{}", looked_at, what,
                       chosen.loss, has_promise ? "; no constraint could be estimated there, so none had a say" : "");
  }
  if (worst.scaled > constraints::kSolverRounding) {
    return fmt::format(
        "no mixture of {} has every figure on the selection split inside its tolerance, and this one comes nearest: "
        "{} is {} above its tolerance",
        looked_at, constraints::promise_title(promises[worst.promise]),
        excess_text(promises[worst.promise], worst.scaled));
  }
  const std::string inside = chosen.has_margin ? "inside its tolerance by multipliers.margin" : "inside its tolerance";
  if (chosen.excess > 0) {
    return fmt::format(
        "no mixture of {} has every figure on the selection split {}; this one comes nearest, and is inside", looked_at,
        inside);
  }
  const std::string alone = chosen.loss_alone
                                ? fmt::format("the smallest of such an iterate alone: {:.5f}", *chosen.loss_alone)
                                : "no iterate is so alone";
  return fmt::format(
      "of all mixtures of {} with every figure on the selection split {} the smallest {} there, {:.5f} ({})", looked_at,
      inside, what, chosen.loss, alone);
}

std::string bounds_of(const std::vector<constraints::Promise>& promises, const evaluation::Measurement& measured) {
  const WorstExcess worst = worst_excess(measured.selection_bounds, promises);
  if (worst.known == 0) return "";
  if (worst.scaled <= 0) return " Its upper bounds there are all inside.";
  return fmt::format(" Its upper bounds there are not all inside: that of {} is {} above its tolerance.",
                     constraints::promise_title(promises[worst.promise]),
                     excess_text(promises[worst.promise], worst.scaled));
}

}  // namespace

std::string sentence_of(const ChosenMixture& chosen, const MixtureCandidates& candidates,
                        const std::vector<constraints::Promise>& promises, const evaluation::Measurement& measured) {
  const std::string claim = claim_of(chosen, candidates, promises, measured) + "." + bounds_of(promises, measured);
  if (chosen.iterates.size() == 1) {
    const Candidate& only = *chosen.iterates.front();
    return fmt::format("Kept: step {} (epoch {:.2f}), alone: {}", only.step, only.epoch, claim);
  }
  return fmt::format(
      "A mixture of {} iterates (steps {} with probabilities {}): {} Each row is decided by one of them, drawn by "
      "these "
      "probabilities: equal people may be decided differently.",
      chosen.iterates.size(),
      listed(chosen.iterates, [](const Candidate* iterate) { return std::to_string(iterate->step); }),
      listed(chosen.probabilities, [](double probability) { return fmt::format("{:.2g}", probability); }), claim);
}

}  // namespace equipoise::training
