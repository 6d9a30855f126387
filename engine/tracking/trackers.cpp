#include "engine/tracking/trackers.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/core/error.h"
#include "engine/tracking/mlflow.h"
#include "engine/tracking/prometheus.h"
#include "engine/tracking/tensorboard.h"

namespace equipoise::tracking {
namespace {

namespace fs = std::filesystem;

std::string sentence_of(const std::string& name, const core::UserError& error) {
  return fmt::format("{} is told no more of this run: {}.", name, error.what());
}

}  // namespace

Trackers::Trackers(const TrackingParams& params, const RunFacts& facts, core::Journal& journal, Trackers* parent)
    : is_member_(parent != nullptr), wait_(params.mlflow.wait), sender_(parent ? parent->sender_ : nullptr) {
  const auto begin = [&](const char* name, const auto& make) {
    try {
      sinks_.push_back(make());
    } catch (const core::UserError& error) {
      journal.warn(sentence_of(name, error));
    }
  };
  if (params.tensorboard && !facts.holds_runs) begin("TensorBoard", [&] { return tensorboard_sink(facts); });
  if (params.prometheus && !facts.holds_runs) begin("Prometheus", [&] { return prometheus_sink(facts); });
  if (params.mlflow.uri.empty()) return;
  begin("MLflow", [&] {
    if (!sender_) {
      sender_ = std::make_shared<Sender>(checked_uri(params.mlflow.uri, "tracking.mlflow.uri"));
      owns_sender_ = true;
    }
    return mlflow_sink(facts, params.mlflow, is_member_, sender_);
  });
}

Trackers::~Trackers() = default;

template <typename Tell>
void Trackers::tell(const Tell& tell_sink, core::Journal& journal) {
  std::erase_if(sinks_, [&](const Sink& sink) {
    try {
      tell_sink(sink);
      return false;
    } catch (const core::UserError& error) {
      journal.warn(sentence_of(sink.name, error));
      return true;
    }
  });
  say_warnings(journal);
}

void Trackers::say_warnings(core::Journal& journal) {
  if (!sender_) return;
  for (const std::string& sentence : sender_->take_warnings()) journal.warn(sentence);
}

void Trackers::measured(const evaluation::Measurement& measurement, core::Journal& journal) {
  tell([&](const Sink& sink) { sink.measured(measurement); }, journal);
}

void Trackers::finished(const RunEnd& end, core::Journal& journal, double most) {
  tell([&](const Sink& sink) { sink.finished(end); }, journal);
  if (!owns_sender_) return;
  const bool all = sender_->drain(std::min(wait_, most));
  say_warnings(journal);
  if (!all)
    journal.warn(
        fmt::format("The MLflow server {} has not got all of this run ({} parts are left): equipoise track sends them.",
                    sender_->uri(), sender_->waiting()));
}

bool Trackers::is_heard() const {
  return sender_ && !sender_->is_away();
}

void remove_tracking_files(const fs::path& folder) noexcept {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    const bool is_ours =
        name.starts_with(kEventFilePrefix) ||
        std::ranges::any_of(
            std::initializer_list<const char*>{kPrometheusFile, kStateFile, kSpoolFile},
            [&](const char* ours) { return name == ours || name.starts_with(std::string(ours) + ".part"); });
    std::error_code ignored;
    if (is_ours) fs::remove(entry->path(), ignored);
  }
}

SentOutboxes send_outboxes(const std::vector<fs::path>& folders, const std::string& uri, double seconds) {
  if (folders.empty() || !has_outbox(folders.front()))
    throw core::UserError(
        core::Fault::data,
        fmt::format("the run '{}' was not meant for an MLflow server: it has no {} (tracking.mlflow.uri in its "
                    "config)",
                    folders.empty() ? "" : folders.front().string(), kStateFile));
  std::vector<std::shared_ptr<Outbox>> outboxes;
  for (const fs::path& folder : folders)
    if (has_outbox(folder)) outboxes.push_back(std::make_shared<Outbox>(folder, uri, ""));
  Sender sender(checked_uri(outboxes.front()->state().uri, uri.empty() ? "mlflow.uri of tracking.json" : "--uri"));
  SentOutboxes sent;
  for (const auto& outbox : outboxes) sent.lines += outbox->waiting();
  for (const auto& outbox : outboxes) sender.add(outbox);
  sender.drain(seconds);
  sent.left = sender.waiting();
  sent.lines -= sent.left;
  sent.warnings = sender.take_warnings();
  return sent;
}

}  // namespace equipoise::tracking
