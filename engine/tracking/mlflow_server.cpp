#include "engine/tracking/mlflow_server.h"

#include <fmt/format.h>

#include "engine/core/cut.h"

namespace equipoise::tracking {
namespace {

using nlohmann::json;
using Kind = Answer::Kind;

constexpr const char* kApi = "/api/2.0/mlflow/";
constexpr double kArtifactSeconds = 120;

std::string text_of(const json& body, const char* key) {
  const auto found = body.is_object() ? body.find(key) : body.end();
  return found != body.end() && found->is_string() ? found->get<std::string>() : "";
}

// "host:port" of "http://host:port/prefix".
std::string authority_of(const std::string& uri) {
  const std::size_t begin = uri.find("://") + 3;
  return uri.substr(begin, uri.find('/', begin) - begin);
}

// One line of a server's words, as much as a person reads.
std::string shortened(std::string text) {
  constexpr std::size_t kLongest = 300;
  for (char& letter : text)
    if (letter == '\n' || letter == '\r') letter = ' ';
  return text.size() > kLongest ? core::cut(text, kLongest) + "..." : text;
}

}  // namespace

std::string proxied_path(const std::string& artifact_uri, const std::string& server) {
  constexpr std::string_view kScheme = "mlflow-artifacts:";
  if (!artifact_uri.starts_with(kScheme)) return "";
  std::string path = artifact_uri.substr(kScheme.size());
  if (path.starts_with("//")) {
    const std::size_t slash = path.find('/', 2);
    const std::string host = path.substr(2, slash == std::string::npos ? slash : slash - 2);
    if (slash == std::string::npos) return "";
    // Another host would be told the credentials of this one.
    if (!host.empty() && host != authority_of(server)) return "";
    path = path.substr(slash);
  }
  const std::size_t first = path.find_first_not_of('/');
  return first == std::string::npos ? "" : path.substr(first);
}

MlflowServer::MlflowServer(std::string uri, Credentials credentials, const std::atomic<bool>& stop)
    : uri_(std::move(uri)), client_(std::move(credentials)), stop_(stop) {}

Answer MlflowServer::answer_to(const HttpReply& reply) const {
  if (reply.status == 0) return {reply.is_final ? Kind::closed : Kind::away, {}, reply.failure};
  json body = json::parse(reply.body, nullptr, false);
  const std::string message = shortened(text_of(body, "message"));
  const long status = reply.status;
  if (status >= 200 && status < 300) {
    if (body.is_object()) return {Kind::done, std::move(body), ""};
    return {Kind::away, {}, fmt::format("it answered {} without JSON, as no MLflow server does", status)};
  }
  if (status >= 300 && status < 400)
    return {Kind::closed,
            {},
            fmt::format("it answered {} and points to '{}'; name the server's own address", status,
                        shortened(reply.location))};
  if (status == 401 || status == 403)
    return {Kind::closed,
            {},
            fmt::format("it answered {}: set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
                        "MLFLOW_TRACKING_PASSWORD, in the environment",
                        status)};
  const std::string code = text_of(body, "error_code");
  if (code == "RESOURCE_DOES_NOT_EXIST") return {Kind::absent, std::move(body), message};
  if (status == 429 || status >= 500)
    return {Kind::away, {}, fmt::format("it answered {}{}{}", status, message.empty() ? "" : ": ", message)};
  if (code.empty())
    return {Kind::closed, {}, fmt::format("it answered {} without MLflow's JSON: is an MLflow server there?", status)};
  return {Kind::refused, std::move(body), message};
}

Answer MlflowServer::ask(const char* method, const std::string& call, const json* request) {
  HttpRequest http{method, uri_ + kApi + call};
  if (request != nullptr) http.body = request->dump(-1, ' ', false, json::error_handler_t::replace);
  return answer_to(client_.ask(http, stop_));
}

Answer MlflowServer::experiment(const std::string& name) {
  const std::string by_name = "experiments/get-by-name?experiment_name=" + client_.escaped(name);
  Answer found = ask("GET", by_name);
  if (found.kind == Kind::absent) {
    const json request = {{"name", name}};
    found = ask("POST", "experiments/create", &request);
    // Another run may have made it meanwhile.
    if (found.kind == Kind::refused && text_of(found.body, "error_code") == "RESOURCE_ALREADY_EXISTS")
      found = ask("GET", by_name);
  }
  if (found.kind != Kind::done) return found;
  const json experiment = found.body.value("experiment", found.body);
  if (text_of(experiment, "lifecycle_stage") == "deleted")
    return {Kind::closed,
            {},
            fmt::format("its experiment '{}' was deleted: restore it there (mlflow experiments restore), "
                        "or name another in tracking.mlflow.experiment",
                        name)};
  const std::string id = text_of(experiment, "experiment_id");
  if (id.empty()) return {Kind::away, {}, "it named no experiment_id, as no MLflow server does"};
  return {Kind::done, {{"experiment_id", id}}, ""};
}

Answer MlflowServer::create_run(const json& request) {
  return ask("POST", "runs/create", &request);
}

Answer MlflowServer::find_run(const std::string& experiment_id, const std::string& key) {
  const json request = {{"experiment_ids", {experiment_id}},
                        {"filter", fmt::format("tags.\"equipoise.key\" = '{}'", key)},
                        {"max_results", 1}};
  return ask("POST", "runs/search", &request);
}

Answer MlflowServer::run(const std::string& run_id) {
  return ask("GET", "runs/get?run_id=" + client_.escaped(run_id));
}
Answer MlflowServer::delete_run(const std::string& run_id) {
  const json request = {{"run_id", run_id}};
  return ask("POST", "runs/delete", &request);
}
Answer MlflowServer::log_batch(const json& request) {
  return ask("POST", "runs/log-batch", &request);
}
Answer MlflowServer::set_status(const json& request) {
  return ask("POST", "runs/update", &request);
}

Answer MlflowServer::put_artifact(const std::string& root, const std::filesystem::path& file) {
  std::string path;
  for (const char letter : proxied_path(root, uri_) + "/" + file.filename().string())
    path += letter == '/' ? "/" : client_.escaped(std::string(1, letter));
  HttpRequest request{"PUT", uri_ + "/api/2.0/mlflow-artifacts/artifacts/" + path};
  request.file = file;
  request.seconds = kArtifactSeconds;
  const HttpReply reply = client_.ask(request, stop_);
  if (reply.status >= 200 && reply.status < 300) return {Kind::done, {}, ""};  // there is nothing to say
  return answer_to(reply);
}

}  // namespace equipoise::tracking
