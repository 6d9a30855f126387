#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace equipoise::evaluation {

/// What was measured at one moment of training. A figure that left the finite numbers is null in
/// JSON and NaN here.
struct Measurement {
  std::int64_t step = 0;
  double epoch = 0;  ///< epochs finished, with fraction
  double seconds = 0;
  double training_loss = 0;  ///< mean log loss on training rows
  double training_accuracy = 0;
  std::optional<double> selection_loss, selection_accuracy;
  std::vector<std::optional<double>> training_gaps;     ///< [promises] exact, on the rows that drive the multipliers
  std::vector<std::optional<double>> selection_gaps;    ///< [promises]
  std::vector<std::optional<double>> selection_bounds;  ///< [promises] upper bounds
  std::vector<std::optional<double>> selection_lower_bounds = {};  ///< [promises]
  std::vector<double> multipliers;                                 ///< [J]
};

nlohmann::json to_json(const Measurement& measurement);
/// Throws UserError (data) naming what is missing or of the wrong type, and where: in the object that `path` names.
Measurement measurement_from_json(const nlohmann::json& json, const std::string& path = "measurement");

}  // namespace equipoise::evaluation
