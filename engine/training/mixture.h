#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/state.h"
#include "engine/constraints/table.h"
#include "engine/evaluation/evaluation.h"
#include "engine/evaluation/measurement.h"
#include "engine/models/mixture.h"

namespace equipoise::training {

/// An iterate that a mixture may draw from.
struct Candidate {
  std::int64_t step = 0;
  double epoch = 0, loss = 0;   ///< loss: mean of the selection rows
  std::vector<double> driving;  ///< [C * 4] of the rows that moved the multipliers
  std::vector<double> sums;     ///< [C * 4] of the selection rows
  evaluation::SquareWeights spread;
  at::Tensor weights;  ///< [F, P] a copy
};

/// The iterates of the last part of training, held where they were trained: F * P floats each. At most kMost of them: where
/// there are more, every second (fourth, ...) from the first on, evenly, and always the newest.
class MixtureCandidates {
 public:
  static constexpr std::size_t kMost = 32;

  /// Those whose loss is no finite number are passed over.
  void offer(Candidate candidate);

  const std::vector<Candidate>& held() const { return held_; }
  std::int64_t offered() const { return offered_; }

  /// Weights are held on `device`.
  void walk(const checkpoint::StateWalk& walk, const at::Device& device);

 private:
  std::vector<Candidate> held_;
  std::vector<std::int64_t> places_;  // of those that are held among those that were offered
  std::int64_t offered_ = 0, stride_ = 1;
};

/// What of the candidates is kept.
struct ChosenMixture {
  std::vector<const Candidate*> iterates;  ///< in the order of training; one alone is an ordinary model
  std::vector<double> probabilities;       ///< [iterates] above 0, of sum 1
  std::vector<double> sums;                ///< [C * 4] of the selection rows, the mean of the draws
  evaluation::SquareWeights spread;
  double loss = 0;                   ///< what was made small, of those rows
  double excess = 0;                 ///< over a tolerance less its margin; 0 where all rows hold
  bool has_margin = false;           ///< whether any margin was asked for
  std::optional<double> loss_alone;  ///< the smallest of an iterate that holds all rows alone

  at::Tensor weights() const;  ///< [iterates * F, P]
  models::Mixture mixture(std::uint64_t run_seed) const;
};

/// The margins [J] that training aims at where its own rows have these cell sums.
using MarginsOf = std::function<std::vector<double>(const std::vector<double>& driving)>;

/// The mixture with the smallest loss that holds every row of the table (constraints/mixture.h), with the margins to spare
/// that its own rates on the training rows have; `heeded` [J]: rows that are not are left out. Nothing without candidates, or
/// where the solver gives up.
std::optional<ChosenMixture> choose_mixture(const MixtureCandidates& candidates,
                                            const constraints::ConstraintTable& table, const std::vector<bool>& heeded,
                                            const MarginsOf& margins_of);

/// The mean of the candidates' sums of the selection rows; of one or more.
std::vector<double> mean_sums(const MixtureCandidates& candidates);

/// For the report: which iterates, with which probabilities, and whether all promises hold on the selection split, where
/// `measured` is what the mixture's sums say.
std::string sentence_of(const ChosenMixture& chosen, const MixtureCandidates& candidates,
                        const std::vector<constraints::Promise>& promises, const evaluation::Measurement& measured);

/// What a run keeps in the end where training.keep is mixture.
struct KeptMixture {
  at::Tensor weights;       ///< [iterates * F, P]
  models::Mixture mixture;  ///< empty of one iterate
  std::int64_t step = 0;    ///< of one iterate; else 0
  std::string sentence;
};

}  // namespace equipoise::training
