// What the scores of a row mean: which loss, and which outcomes with an exact and a soft value each. Free of torch.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace equipoise::kernels {

constexpr int kMostClasses = 64;
constexpr int kMostExceedances = 32;
constexpr int kMostBins = 32;
constexpr int kRegressionOutcomes = 3;  // before the exceedances: prediction, residual, squared residual

enum class OutcomeKind : std::int32_t { kSoftmax, kRegression, kCalibration };
enum class RegressionLoss : std::int32_t { kSquared, kHuber, kQuantile };

// Made by the functions below, which check their arguments.
struct OutcomeRule {
  OutcomeKind kind = OutcomeKind::kSoftmax;
  std::int32_t outputs = 0;   // O, scores a row
  std::int32_t outcomes = 0;  // M
  RegressionLoss loss = RegressionLoss::kSquared;
  float loss_parameter = 0.0f;       // delta of huber, q of quantile
  float shift = 0.0f, scale = 1.0f;  // of a regression: prediction = shift + scale * score
  float inverse_scale = 1.0f;
  float threshold = 0.0f;  // of outcome 0 of a calibration
  float inverse_temperature = 1.0f;
  // In units of the score, so that a decision is one comparison and the same on every device. Regression: where the
  // exceedances begin. Calibration: where bins 1, 2, ... begin.
  std::int32_t edge_count = 0;
  float edges[kMostBins] = {};
};
static_assert(kMostExceedances <= kMostBins);

// O = M = classes, 2 to 64. The target is the index of the class. loss = -log softmax_y.
// Outcome k "class k is predicted": soft softmax_k, hard 1[k = argmax], of equal scores the first.
OutcomeRule softmax_rule(std::int64_t classes);

// Prediction v = shift + scale z; the target u is in its own units, t = (u - shift) / scale.
struct RegressionUnits {
  double shift = 0.0;
  double scale = 1.0;
};

// At most 32 thresholds theta_j in the target's units, ascending; temperature in units of the score.
struct Exceedances {
  std::vector<double> thresholds;
  double temperature = 1.0;
};

// O = 1, M = 3 + thresholds. Outcome 0 is the prediction v, 1 the residual v - u, 2 its square, all with soft = hard;
// 3 + j: hard 1[z > (theta_j - shift) / scale], which is v > theta_j, soft sigmoid((v - theta_j) / (temperature scale)).
// loss, in standardised units with e = z - t:
//   squared   e^2
//   huber     e^2 / 2 where |e| <= delta, delta (|e| - delta / 2) beyond
//   quantile  max(-q e, (1 - q) e); where e = 0 its gradient is taken as 0
OutcomeRule squared_rule(const RegressionUnits& units, const Exceedances& exceedances);
OutcomeRule huber_rule(const RegressionUnits& units, double delta, const Exceedances& exceedances);
OutcomeRule quantile_rule(const RegressionUnits& units, double q, const Exceedances& exceedances);

// O = 1, M = 1 + 2 bins, 2 to 32 of them, equal over the probabilities [0, 1]. The target is a label, 0 or 1; loss as in
// cell_stats. With p = sigmoid(z):
//   outcome 0             soft sigmoid((z - threshold) / temperature), hard 1[z > threshold]
//   1 + b                 p 1[p is in bin b], soft = hard; its gradient is p (1 - p) inside the bin
//   1 + bins + b          1[p is in bin b], soft = hard, without a gradient
// A bin holds its lower edge, the last one both; p is in it where z is at or above the logit of its edge.
OutcomeRule calibration_rule(std::int64_t bins, double threshold, double temperature);

// The same by name, as Python gives it:
//   softmax      {classes}
//   squared      {shift, scale, temperature, thresholds...}
//   huber        {shift, scale, delta, temperature, thresholds...}
//   quantile     {shift, scale, q, temperature, thresholds...}
//   calibration  {bins, threshold, temperature}
OutcomeRule named_outcome_rule(std::string_view kind, const std::vector<double>& parameters);

}  // namespace equipoise::kernels
