#include "engine/tracking/params.h"

#include <fmt/format.h>

#include "engine/core/error.h"

namespace equipoise::tracking {
namespace {

bool is_scheme(const std::string& uri, const char* scheme) {
  return uri.starts_with(scheme);
}

// What is wrong with it, never with its text where that may hold a secret; "" where nothing is.
std::string fault_of(const std::string& uri) {
  const std::size_t scheme = uri.find("://");
  if (scheme == std::string::npos || (!is_scheme(uri, "http://") && !is_scheme(uri, "https://")))
    return fmt::format(
        "is '{}', expected http://HOST:PORT or https://HOST: an MLflow server is asked over HTTP, and "
        "stores such as file: and sqlite: are for such a server to open",
        uri.find('@') == std::string::npos ? uri : "...");
  const std::string rest = uri.substr(scheme + 3);
  if (rest.find('@') != std::string::npos)
    return "has a user or a password in it, which would stand in the run's config.yaml; set MLFLOW_TRACKING_USERNAME "
           "and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, in the environment instead";
  if (rest.find_first_of("?#") != std::string::npos)
    return "has a query ('?' or '#') in it, which an MLflow server's address does not have; a token belongs into "
           "MLFLOW_TRACKING_TOKEN in the environment";
  if (rest.empty() || rest.front() == '/' || rest.front() == ':') return "names no host";
  for (const unsigned char letter : rest)
    if (letter <= ' ' || letter == 0x7f) return "has a space or a control character in it";
  return "";
}

}  // namespace

void MlflowParams::describe(config::Fields& fields) {
  fields.text(
      "uri", uri,
      "The MLflow tracking server, http://HOST:PORT or https://HOST; nothing is sent where it is empty. Who asks "
      "is said in the environment: MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
      "MLFLOW_TRACKING_PASSWORD.");
  fields.text("experiment", experiment, "The MLflow experiment that runs are put into; made where there is none.");
  fields.boolean(
      "artifacts", artifacts,
      "Whether the report, the results, the config and the model are sent too, to a server that takes artefacts.");
  fields.number("wait", wait, config::between(0, 3600),
                "Seconds that a run waits at its end for a server that has not got everything; equipoise track sends "
                "what is left.");
}

void TrackingParams::describe(config::Fields& fields) {
  fields.boolean("tensorboard", tensorboard,
                 "Writes TensorBoard event files into run folders: curves, settings, gaps between their bounds.");
  fields.boolean("prometheus", prometheus,
                 "Keeps the newest figures in metrics.prom of run folders, for a node exporter's textfile collector.");
  fields.section("mlflow", mlflow, "Sends runs to an MLflow server; a server that is away holds nothing up.");
}

std::string checked_uri(const std::string& uri, const std::string& name,
                        const std::optional<core::Position>& position) {
  if (const std::string fault = fault_of(uri); !fault.empty())
    throw core::UserError(core::Fault::config, name + " " + fault, position);
  std::string trimmed = uri;
  while (trimmed.ends_with('/')) trimmed.pop_back();
  return trimmed;
}

void check(const TrackingParams& params, const config::Origin& origin) {
  if (params.mlflow.uri.empty()) return;
  checked_uri(params.mlflow.uri, "tracking.mlflow.uri", origin.of("tracking.mlflow.uri"));
  if (params.mlflow.experiment.empty())
    throw core::UserError(core::Fault::config, "tracking.mlflow.experiment is empty, expected a name",
                          origin.of("tracking.mlflow.experiment"));
}

}  // namespace equipoise::tracking
