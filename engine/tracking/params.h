#pragma once

#include <optional>
#include <string>

#include "engine/config/fields.h"
#include "engine/config/origin.h"

namespace equipoise::tracking {

struct MlflowParams {
  std::string uri;  // "": no MLflow
  std::string experiment = "Default";
  bool artifacts = true;
  double wait = 10;  // seconds

  void describe(config::Fields& fields);
};

/// Where a run is told of besides its own folder.
struct TrackingParams {
  bool tensorboard = false;
  bool prometheus = false;
  MlflowParams mlflow;

  /// Whether anybody is told.
  bool is_on() const { return tensorboard || prometheus || !mlflow.uri.empty(); }
  void describe(config::Fields& fields);
};

/// Throws UserError (config), without repeating what may be a secret, where the URI is none that an MLflow server can be asked
/// at, or has a user, a password or a token in it.
void check(const TrackingParams& params, const config::Origin& origin);

/// The URI without a slash at its end. Throws UserError (config) as check() does; `name` is what messages call it.
std::string checked_uri(const std::string& uri, const std::string& name,
                        const std::optional<core::Position>& position = std::nullopt);

}  // namespace equipoise::tracking
