#include "kernels/outcome_stats/outcome_rule.h"

#include <c10/util/Exception.h>

#include <cmath>

#include "kernels/device/finite.h"

namespace equipoise::kernels {
namespace {

void check_finite(const char* rule, const char* name, double value) {
  TORCH_CHECK(is_finite(value), rule, " rule: ", name, " is ", value, ", expected a finite number");
}

// Also as a float, and so that its reciprocal is one.
void check_positive(const char* rule, const char* name, double value) {
  const double stored = static_cast<float>(value);
  TORCH_CHECK(stored > 0 && is_finite(stored) && is_finite(static_cast<float>(1 / value)), rule, " rule: ", name,
              " is ", value, ", expected a finite number above 0");
}

// A count that came as a floating-point number.
std::int64_t whole(const char* rule, const char* name, double value) {
  TORCH_CHECK(value == std::floor(value) && std::fabs(value) <= 1e6, rule, " rule: ", name, " is ", value,
              ", expected a whole number");
  return static_cast<std::int64_t>(value);
}

OutcomeRule regression_rule(const char* name, RegressionLoss loss, double loss_parameter, const RegressionUnits& units,
                            const Exceedances& exceedances) {
  check_finite(name, "shift", units.shift);
  check_positive(name, "scale", units.scale);
  check_positive(name, "temperature", exceedances.temperature);
  const std::vector<double>& thresholds = exceedances.thresholds;
  TORCH_CHECK(thresholds.size() <= kMostExceedances, name, " rule: got ", thresholds.size(),
              " thresholds, expected at most ", kMostExceedances);
  OutcomeRule rule;
  rule.kind = OutcomeKind::kRegression;
  rule.outputs = 1;
  rule.outcomes = kRegressionOutcomes + static_cast<std::int32_t>(thresholds.size());
  rule.loss = loss;
  rule.loss_parameter = static_cast<float>(loss_parameter);
  rule.shift = static_cast<float>(units.shift);
  rule.scale = static_cast<float>(units.scale);
  rule.inverse_scale = static_cast<float>(1 / units.scale);
  rule.inverse_temperature = static_cast<float>(1 / exceedances.temperature);
  rule.edge_count = static_cast<std::int32_t>(thresholds.size());
  for (std::size_t j = 0; j < thresholds.size(); ++j) {
    check_finite(name, "a threshold", thresholds[j]);
    TORCH_CHECK(j == 0 || thresholds[j - 1]<thresholds[j], name, " rule: threshold ", j, " is ", thresholds[j],
                                            ", expected more than the one before it, ", j> 0
                    ? thresholds[j - 1]
                    : 0.0);
    rule.edges[j] = static_cast<float>((thresholds[j] - units.shift) / units.scale);
  }
  return rule;
}

void check_count(std::string_view kind, std::size_t count, std::size_t least, bool more, const char* names) {
  TORCH_CHECK(count == least || (more && count > least), kind, " rule: got ", count, " parameters, expected ", names);
}

}  // namespace

OutcomeRule softmax_rule(std::int64_t classes) {
  TORCH_CHECK(classes >= 2 && classes <= kMostClasses, "softmax rule: classes is ", classes, ", expected 2 to ",
              kMostClasses);
  OutcomeRule rule;
  rule.kind = OutcomeKind::kSoftmax;
  rule.outputs = rule.outcomes = static_cast<std::int32_t>(classes);
  return rule;
}

OutcomeRule squared_rule(const RegressionUnits& units, const Exceedances& exceedances) {
  return regression_rule("squared", RegressionLoss::kSquared, 0.0, units, exceedances);
}

OutcomeRule huber_rule(const RegressionUnits& units, double delta, const Exceedances& exceedances) {
  check_positive("huber", "delta", delta);
  return regression_rule("huber", RegressionLoss::kHuber, delta, units, exceedances);
}

OutcomeRule quantile_rule(const RegressionUnits& units, double q, const Exceedances& exceedances) {
  TORCH_CHECK(q > 0 && q < 1, "quantile rule: q is ", q, ", expected a number inside (0, 1)");
  return regression_rule("quantile", RegressionLoss::kQuantile, q, units, exceedances);
}

OutcomeRule calibration_rule(std::int64_t bins, double threshold, double temperature) {
  TORCH_CHECK(bins >= 2 && bins <= kMostBins, "calibration rule: bins is ", bins, ", expected 2 to ", kMostBins);
  check_finite("calibration", "threshold", threshold);
  check_positive("calibration", "temperature", temperature);
  OutcomeRule rule;
  rule.kind = OutcomeKind::kCalibration;
  rule.outputs = 1;
  rule.outcomes = 1 + 2 * static_cast<std::int32_t>(bins);
  rule.threshold = static_cast<float>(threshold);
  rule.inverse_temperature = static_cast<float>(1 / temperature);
  rule.edge_count = static_cast<std::int32_t>(bins) - 1;
  for (std::int64_t b = 1; b < bins; ++b) {
    rule.edges[b - 1] = static_cast<float>(std::log(static_cast<double>(b) / static_cast<double>(bins - b)));
  }
  return rule;
}

OutcomeRule named_outcome_rule(std::string_view kind, const std::vector<double>& parameters) {
  const std::size_t count = parameters.size();
  const auto rest = [&](std::size_t first) {
    return std::vector<double>(parameters.begin() + first, parameters.end());
  };
  if (kind == "softmax") {
    check_count(kind, count, 1, false, "1: classes");
    return softmax_rule(whole("softmax", "classes", parameters[0]));
  }
  if (kind == "squared") {
    check_count(kind, count, 3, true, "3 or more: shift, scale, temperature, thresholds");
    return squared_rule({parameters[0], parameters[1]}, {rest(3), parameters[2]});
  }
  if (kind == "huber") {
    check_count(kind, count, 4, true, "4 or more: shift, scale, delta, temperature, thresholds");
    return huber_rule({parameters[0], parameters[1]}, parameters[2], {rest(4), parameters[3]});
  }
  if (kind == "quantile") {
    check_count(kind, count, 4, true, "4 or more: shift, scale, q, temperature, thresholds");
    return quantile_rule({parameters[0], parameters[1]}, parameters[2], {rest(4), parameters[3]});
  }
  TORCH_CHECK(kind == "calibration", "outcome rule: there is no kind \"", kind,
              "\", expected softmax, squared, huber, quantile or calibration");
  check_count(kind, count, 3, false, "3: bins, threshold, temperature");
  return calibration_rule(whole("calibration", "bins", parameters[0]), parameters[1], parameters[2]);
}

}  // namespace equipoise::kernels
