#include "engine/tracking/delivery.h"

#include <fmt/format.h>

#include "engine/core/error.h"

namespace equipoise::tracking {
namespace {

using nlohmann::json;
using Kind = Answer::Kind;

// Where a metric stands among those of its name.
using Moment = std::pair<std::int64_t, std::int64_t>;
Moment moment_of(const json& metric) {
  const auto number = [&](const char* key) -> std::int64_t {
    const auto found = metric.find(key);
    if (found == metric.end()) return 0;
    return found->is_string() ? std::stoll(found->get<std::string>()) : found->get<std::int64_t>();
  };
  return {number("step"), number("timestamp")};
}

// As requests have them.
json tags_from(const json& values) {
  json tags = json::array();
  for (const auto& [key, value] : values.items()) tags.push_back({{"key", key}, {"value", value}});
  return tags;
}

}  // namespace

Delivery::Delivery(std::string uri, Credentials credentials, const std::atomic<bool>& stop)
    : server_(std::move(uri), std::move(credentials), stop) {}

std::vector<std::string> Delivery::take_complaints() {
  return std::exchange(complaints_, {});
}

void Delivery::complain(std::string sentence) {
  if (said_.insert(sentence).second) complaints_.push_back(std::move(sentence));
}

Delivery::Result Delivery::send_next(Outbox& outbox) {
  const std::vector<Line> lines = outbox.next();
  if (lines.empty()) return Result::sent;
  try {
    const std::string run_id = outbox.state().run_id;
    if (!run_id.empty()) runs_[outbox.folder()] = run_id;
    // What another process left may have got further than it could write down.
    in_doubt_.try_emplace(outbox.folder(), outbox.is_reopened());
    if (const auto run = lines.front().find("run"); run != lines.front().end()) return begin_run(outbox, *run);
    if (run_id.empty()) {
      why_ = "the run was never made there";
      return Result::closed;
    }
    return send_lines(outbox, lines);
  } catch (const json::exception&) {
    why_ = "its answer has another form than MLflow's";
    in_doubt_[outbox.folder()] = true;
    return Result::away;
  } catch (const std::logic_error&) {  // a number that is none
    why_ = "its answer has another form than MLflow's";
    in_doubt_[outbox.folder()] = true;
    return Result::away;
  }
}

// Of the bank or comparison in the folder two above; "" where it was never made.
std::string Delivery::bank_of(const Outbox& outbox) const {
  const std::filesystem::path folder = outbox.folder().parent_path().parent_path();
  if (const auto known = runs_.find(folder); known != runs_.end()) return known->second;
  return read_mlflow_state(folder).run_id;
}

// The sweep's run, made where none of its processes has made it yet. Two may do so at the same time: what stands in the sweep's
// folder first is it, and the other's is taken away again.
Answer Delivery::sweep_of(const Outbox& outbox, const Line& sweep, const std::string& experiment_id) {
  const SweepParent parent = sweep_parent_from(sweep);
  const std::filesystem::path folder = outbox.folder().parent_path().parent_path();
  const bool is_at_home = is_folder_of(parent, folder);  // a run folder may have been copied out of its sweep
  const std::string known = is_at_home ? sweep_run_id(folder) : "";
  if (!known.empty()) return {Kind::done, {{"run_id", known}}, ""};
  const json request = {{"experiment_id", experiment_id},
                        {"run_name", parent.name},
                        {"start_time", parent.start_time},
                        {"tags", tags_from(tags_of(parent))}};
  const Answer made = find_or_create(parent.key, request, true);
  if (made.kind != Kind::done) return made;
  const json info = made.body.at("run").at("info");
  const std::string id = info.at("run_id");
  if (!is_at_home) return {Kind::done, {{"run_id", id}}, ""};
  const std::string settled = settle_sweep_run(folder, {.uri = server_.uri(),
                                                        .experiment = outbox.state().experiment,
                                                        .experiment_id = experiment_id,
                                                        .run_id = id,
                                                        .artifact_uri = info.value("artifact_uri", std::string())});
  if (settled != id) server_.delete_run(id);  // where that fails an empty run is left, which misleads nobody
  return {Kind::done, {{"run_id", settled}}, ""};
}

// body["run_id"]; "" where it hangs below none.
Answer Delivery::parent_of(const Outbox& outbox, const Line& line, const std::string& experiment_id) {
  if (line.at("is_member").get<bool>()) return {Kind::done, {{"run_id", bank_of(outbox)}}, ""};
  if (const auto sweep = line.find("sweep"); sweep != line.end()) return sweep_of(outbox, *sweep, experiment_id);
  return {Kind::done, {{"run_id", ""}}, ""};
}

Answer Delivery::experiment(const std::string& name) {
  std::string& id = experiments_[name];
  if (id.empty()) {
    const Answer answer = server_.experiment(name);
    if (answer.kind != Kind::done) return answer;
    id = answer.body.at("experiment_id");
  }
  return {Kind::done, {{"experiment_id", id}}, ""};
}

// body["run"]. `may_be_there`: whoever asked for it before may have missed the answer.
Answer Delivery::find_or_create(const std::string& key, const json& request, bool may_be_there) {
  if (may_be_there) {
    const Answer found = server_.find_run(request.at("experiment_id"), key);
    if (found.kind == Kind::done && !found.body.value("runs", json::array()).empty())
      return {Kind::done, {{"run", found.body.at("runs").front()}}, ""};
    if (found.kind != Kind::done && found.kind != Kind::absent) return found;
  }
  return server_.create_run(request);
}

Delivery::Result Delivery::not_begun(const Answer& answer) {
  why_ = answer.why;
  return answer.kind == Kind::away ? Result::away : Result::closed;
}

Delivery::Result Delivery::begin_run(Outbox& outbox, const Line& line) {
  const Answer experiment = this->experiment(outbox.state().experiment);
  if (experiment.kind != Kind::done) return not_begun(experiment);
  const std::string experiment_id = experiment.body.at("experiment_id");
  const Answer parent = parent_of(outbox, line, experiment_id);
  if (parent.kind != Kind::done) return not_begun(parent);
  json tags = line.at("tags");
  if (const std::string id = parent.body.at("run_id"); !id.empty()) tags["mlflow.parentRunId"] = id;
  const json request = {{"experiment_id", experiment_id},
                        {"run_name", line.at("name")},
                        {"start_time", line.at("start_time")},
                        {"tags", tags_from(tags)}};
  const Answer answer = find_or_create(line.at("key"), request, in_doubt_[outbox.folder()]);
  if (answer.kind != Kind::done) {
    in_doubt_[outbox.folder()] = true;
    return not_begun(answer);
  }
  const json info = answer.body.at("run").at("info");
  const std::string id = info.at("run_id");
  runs_[outbox.folder()] = id;
  outbox.set_run(experiment_id, id, info.value("artifact_uri", std::string()));
  outbox.mark_sent(1);
  in_doubt_[outbox.folder()] = false;
  return Result::sent;
}

Delivery::Result Delivery::send_lines(Outbox& outbox, const std::vector<Line>& lines) {
  const std::string run_id = outbox.state().run_id;
  const Line& line = lines.front();
  const std::string what = line.begin().key();
  const json& content = line.begin().value();
  if (what == "metrics") return send_metrics(outbox, lines);
  if (what == "artifact") return send_artifact(outbox, content);
  if (what == "params" || what == "tags")
    return after(server_.log_batch({{"run_id", run_id}, {what, content}}), outbox, 1, what);
  if (what == "status") {
    json request = content;
    request["run_id"] = run_id;
    return after(server_.set_status(request), outbox, 1, what);
  }
  complain(
      fmt::format("'{}' has a line that this version of equipoise does not know: {}", outbox.spool().string(), what));
  outbox.mark_sent(1);
  return Result::sent;
}

// Takes out what the server has. Metrics of a name come in the order of their steps, so its newest says which those are.
Answer Delivery::leave_out_known(const std::string& run_id, json& metrics) {
  Answer answer = server_.run(run_id);
  if (answer.kind != Kind::done) return answer;
  std::map<std::string, Moment> newest;
  const json run = answer.body.at("run");
  const json known = run.value("data", json::object()).value("metrics", json::array());
  for (const json& metric : known) newest[metric.at("key")] = moment_of(metric);
  json missing = json::array();
  for (const json& metric : metrics) {
    const auto found = newest.find(metric.at("key"));
    if (found == newest.end() || found->second < moment_of(metric)) missing.push_back(metric);
  }
  metrics = std::move(missing);
  return answer;
}

Delivery::Result Delivery::send_metrics(Outbox& outbox, const std::vector<Line>& lines) {
  const std::string run_id = outbox.state().run_id;
  json metrics = json::array();
  for (const Line& line : lines)
    for (const json& metric : line.at("metrics")) metrics.push_back(metric);
  bool& in_doubt = in_doubt_[outbox.folder()];
  if (in_doubt) {
    const Answer answer = leave_out_known(run_id, metrics);
    if (answer.kind != Kind::done) return after(answer, outbox, 0, "metrics");
    if (metrics.empty()) {
      outbox.mark_sent(lines.size());
      return Result::sent;
    }
  }
  const Answer answer = server_.log_batch({{"run_id", run_id}, {"metrics", metrics}});
  const Result result = after(answer, outbox, lines.size(), "metrics");
  in_doubt = result != Result::sent;
  return result;
}

Delivery::Result Delivery::send_artifact(Outbox& outbox, const std::string& name) {
  const MlflowState state = outbox.state();
  const std::filesystem::path file = outbox.folder() / name;
  std::error_code error;
  // Whoever can write the spool is not to have other files of this machine sent.
  const bool is_plain = file.filename() == name && name != "." && name != "..";
  if (!is_plain || std::filesystem::is_symlink(file, error)) {
    complain(fmt::format("'{}' names '{}', which is no file of the run's folder: it is not sent",
                         outbox.spool().string(), name));
  } else if (proxied_path(state.artifact_uri, server_.uri()).empty()) {
    complain(
        fmt::format("MLflow's artefacts stay in the run folder: the server keeps its own at '{}' instead of taking "
                    "them itself (mlflow server --serve-artifacts --artifacts-destination ...)",
                    state.artifact_uri));
  } else if (std::filesystem::is_regular_file(file, error)) {
    return after(server_.put_artifact(state.artifact_uri, file), outbox, 1, name);
  }
  outbox.mark_sent(1);
  return Result::sent;
}

Delivery::Result Delivery::after(const Answer& answer, Outbox& outbox, std::size_t lines, const std::string& what) {
  switch (answer.kind) {
    case Kind::done:
      outbox.mark_sent(lines);
      return Result::sent;
    case Kind::refused:
      complain(fmt::format("MLflow refuses {} of {}: {}", what, outbox.folder().string(), answer.why));
      outbox.mark_sent(lines);
      return Result::sent;
    case Kind::away:
      why_ = answer.why;
      return Result::away;
    case Kind::absent:
    case Kind::closed:
      break;
  }
  why_ = answer.why;
  return Result::closed;
}

}  // namespace equipoise::tracking
