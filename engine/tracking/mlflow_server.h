#pragma once

#include <atomic>
#include <string>

#include <nlohmann/json.hpp>

#include "engine/tracking/http.h"

namespace equipoise::tracking {

/// What an MLflow server said to one request.
struct Answer {
  enum class Kind {
    done,
    absent,   ///< RESOURCE_DOES_NOT_EXIST
    refused,  ///< this request, as it is
    closed,   ///< every request: credentials, certificate, a host that is no MLflow server
    away      ///< not now
  };
  Kind kind = Kind::away;
  nlohmann::json body;
  std::string why;  ///< where it is not done
};

/// The calls of MLflow's REST API 2.0 that a run needs. None throws for what the server does.
class MlflowServer {
 public:
  /// `uri` as checked_uri() makes it. `stop` must outlive this: once true, requests end.
  MlflowServer(std::string uri, Credentials credentials, const std::atomic<bool>& stop);

  const std::string& uri() const { return uri_; }

  /// body["experiment_id"]; the experiment is made where there is none. One that was deleted is
  /// closed, with what to do about it.
  Answer experiment(const std::string& name);
  /// body["run"]. `key` is a tag by which a run is found that was made and whose answer got lost.
  Answer create_run(const nlohmann::json& request);
  Answer find_run(const std::string& experiment_id, const std::string& key);
  Answer run(const std::string& run_id);
  Answer delete_run(const std::string& run_id);
  Answer log_batch(const nlohmann::json& request);
  Answer set_status(const nlohmann::json& request);
  /// Puts a file among the run's artefacts through the server. `root` is the run's artifact_uri.
  Answer put_artifact(const std::string& root, const std::filesystem::path& file);

 private:
  Answer ask(const char* method, const std::string& call, const nlohmann::json* request = nullptr);
  Answer answer_to(const HttpReply& reply) const;

  std::string uri_;
  HttpClient client_;
  const std::atomic<bool>& stop_;
};

/// The path under which a server's proxy takes files for this artifact_uri, or "" where the server keeps artefacts elsewhere:
/// "mlflow-artifacts:/1/2/artifacts" has "1/2/artifacts". `server` is the tracking server's URI.
std::string proxied_path(const std::string& artifact_uri, const std::string& server);

}  // namespace equipoise::tracking
