#include "engine/tracking/outbox.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "engine/core/error.h"

namespace equipoise::tracking {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr std::size_t kAround = 1000;  // bytes of a request around its metrics

[[noreturn]] void refuse(const fs::path& file, const std::string& what) {
  throw core::UserError(core::Fault::data, fmt::format("'{}' {}", file.string(), what));
}

std::string text_of(const Line& line) {
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string to_text(const MlflowState& state) {
  const nlohmann::ordered_json object = {{"format", kFormat},
                                         {"mlflow",
                                          {{"uri", state.uri},
                                           {"experiment", state.experiment},
                                           {"experiment_id", state.experiment_id},
                                           {"run_id", state.run_id},
                                           {"artifact_uri", state.artifact_uri},
                                           {"sent", state.sent},
                                           {"last_step", state.last_step},
                                           {"has_ended", state.has_ended}}}};
  return object.dump(2) + "\n";
}

MlflowState read_mlflow_state(const fs::path& folder) {
  MlflowState state;
  const fs::path file = folder / kStateFile;
  std::error_code error;
  if (!fs::exists(file, error)) return state;
  const json object = json::parse(core::read_file(file), nullptr, false);
  if (!object.is_object() || object.value("format", 0) != kFormat || !object.contains("mlflow"))
    refuse(file, "is not the tracking.json of a run that this version of equipoise wrote");
  try {
    const json& mlflow = object.at("mlflow");
    state.uri = mlflow.at("uri");
    state.experiment = mlflow.at("experiment");
    state.experiment_id = mlflow.at("experiment_id");
    state.run_id = mlflow.at("run_id");
    state.artifact_uri = mlflow.at("artifact_uri");
    state.sent = mlflow.at("sent");
    state.last_step = mlflow.at("last_step");
    state.has_ended = mlflow.value("has_ended", false);  // earlier versions did not say
  } catch (const json::exception& error) {
    refuse(file, fmt::format("is damaged: {}", error.what()));
  }
  if (state.sent < 0) refuse(file, "is damaged: mlflow.sent is negative");
  return state;
}

bool has_outbox(const fs::path& folder) {
  std::error_code error;
  return fs::exists(folder / kStateFile, error) || fs::exists(folder / kSpoolFile, error);
}

Outbox::Outbox(fs::path folder, std::string uri, std::string experiment) : folder_(std::move(folder)) {
  is_new_ = !has_outbox(folder_);
  is_reopened_ = !is_new_;
  // A run stays in its experiment; its server may have another address by now.
  state_ = read_mlflow_state(folder_);
  if (!uri.empty()) state_.uri = std::move(uri);
  std::error_code error;
  if (!fs::exists(folder_ / kStateFile, error)) state_.experiment = std::move(experiment);
  if (!is_new_) read_spool();
}

void Outbox::read_spool() {
  std::error_code error;
  if (!fs::exists(spool(), error)) {
    state_.sent = 0;
    return;
  }
  const std::string content = core::read_file(spool());
  const std::size_t whole = content.rfind('\n') == std::string::npos ? 0 : content.rfind('\n') + 1;
  if (whole < content.size()) fs::resize_file(spool(), whole, error);
  std::int64_t number = 0;
  for (std::size_t begin = 0; begin < whole; ++number) {
    const std::size_t end = content.find('\n', begin);
    Line line = json::parse(content.substr(begin, end - begin), nullptr, false);
    if (!line.is_object() || line.size() != 1) refuse(spool(), fmt::format("is damaged: line {}", number + 1));
    append(line, end + 1 - begin, number >= state_.sent);
    begin = end + 1;
  }
}

// A line that the spool has, with so many bytes.
void Outbox::append(const Line& line, std::size_t bytes, bool waits) {
  state_.last_step = std::max(state_.last_step, step_of(line));
  if (const auto status = line.find("status"); status != line.end()) state_.has_ended = status->contains("end_time");
  const auto metrics = line.find("metrics");
  if (waits) waiting_.push_back({spool_bytes_, bytes, metrics == line.end() ? 0 : metrics->size()});
  spool_bytes_ += bytes;
}

bool Outbox::is_new() const {
  const std::scoped_lock lock(mutex_);
  return is_new_;
}
std::int64_t Outbox::last_step() const {
  const std::scoped_lock lock(mutex_);
  return state_.last_step;
}
MlflowState Outbox::state() const {
  const std::scoped_lock lock(mutex_);
  return state_;
}
std::size_t Outbox::waiting() const {
  const std::scoped_lock lock(mutex_);
  return waiting_.size();
}

void Outbox::add(const std::vector<Line>& lines) {
  std::vector<std::string> texts;
  std::string all;
  for (const Line& line : lines) all += texts.emplace_back(text_of(line));
  const std::scoped_lock lock(mutex_);
  if (is_new_) write_state(core::Flush::yes);  // where it is to go
  is_new_ = false;
  core::append_to_file(spool(), all);
  for (std::size_t i = 0; i < lines.size(); ++i) append(lines[i], texts[i].size(), true);
}

// How many of those that wait go into one request, and where they lie.
std::pair<std::size_t, Outbox::Place> Outbox::next_places() const {
  const std::scoped_lock lock(mutex_);
  std::size_t count = 0;
  Place all{0, 0, 0};
  for (const Place& place : waiting_) {
    const bool fits = all.metrics + place.metrics <= mlflow_limits::kMetrics &&
                      all.bytes + place.bytes + kAround <= mlflow_limits::kBodyBytes;
    if (count > 0 && (place.metrics == 0 || !fits)) break;
    if (count == 0) all.offset = place.offset;
    all.bytes += place.bytes;
    all.metrics += place.metrics;
    ++count;
    if (place.metrics == 0) break;
  }
  return {count, all};
}

std::vector<Line> Outbox::next() const {
  const auto [count, place] = next_places();
  if (count == 0) return {};
  std::string text(place.bytes, '\0');
  std::ifstream stream(spool(), std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(place.offset));
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream) refuse(spool(), "is shorter than it was written");
  std::vector<Line> lines;
  for (std::size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = text.find('\n', begin);
    lines.push_back(json::parse(text.substr(begin, end - begin), nullptr, false));
    if (!lines.back().is_object() || lines.back().size() != 1) refuse(spool(), "was changed while it was sent");
  }
  return lines;
}

void Outbox::mark_sent(std::size_t count) {
  const std::scoped_lock lock(mutex_);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
  state_.sent += static_cast<std::int64_t>(count);
  write_state(core::Flush::no);
}

void Outbox::tidy_up() noexcept {
  const std::scoped_lock lock(mutex_);
  if (!waiting_.empty() || !state_.has_ended) return;
  std::error_code error;
  fs::remove(spool(), error);
  if (error) return;
  state_.sent = 0;
  spool_bytes_ = 0;
  try {
    write_state(core::Flush::no);
  } catch (const core::UserError&) {
    // Without a spool the number in the file counts for nothing.
  }
}

void Outbox::set_run(const std::string& experiment_id, const std::string& run_id, const std::string& artifact_uri) {
  const std::scoped_lock lock(mutex_);
  state_.experiment_id = experiment_id;
  state_.run_id = run_id;
  state_.artifact_uri = artifact_uri;
  write_state(core::Flush::yes);
}

// A training thread waits for the lock meanwhile: flushed is only what cannot be found out again.
void Outbox::write_state(core::Flush flush) const {
  std::error_code error;
  if (!fs::is_directory(folder_, error)) return;  // a run that failed took its folder along
  core::write_file_atomically(folder_ / kStateFile, to_text(state_), flush);
}

}  // namespace equipoise::tracking
