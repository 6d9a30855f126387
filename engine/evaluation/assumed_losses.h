#pragma once

#include "engine/evaluation/number_statistics.h"

namespace equipoise::evaluation {

/// How the losses of rows vary.
struct LossMoments {
  double mean = 0, variance = 0;
};

/// The log losses of rows with one answer, of which everyone's share is `share`, where scores are right and explain `explained` of the
/// answers' variance: of those rows their own answer's score is Beta(c share + 1, c (1 - share)) with c = 1 / explained - 1,
/// and with digamma F and trigamma F'
///   mean = F(c + 1) - F(c share + 1),  variance = F'(c share + 1) - F'(c + 1)
/// (Johnson, Kotz and Balakrishnan 1995, chapter 25: the cumulants of a beta variable's logarithm). Of several classes scores are
/// Dirichlet, whose margins are these.
LossMoments log_losses_of_right_scores(double share, double explained);

/// The losses of errors that are normal around 0, in standard deviations of the target as `deviation` is, by numerical integration.
LossMoments losses_of_normal_errors(double deviation, const NumberLoss& loss);

}  // namespace equipoise::evaluation
