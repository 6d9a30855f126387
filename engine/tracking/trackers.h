#pragma once

#include <filesystem>
#include <limits>
#include <memory>
#include <vector>

#include "engine/core/journal.h"
#include "engine/tracking/params.h"
#include "engine/tracking/sink.h"

namespace equipoise::tracking {

class Sender;

/// Who is told of one run besides its folder. What cannot be told is a warning in the journal, never an error: a run does not
/// fail for its trackers.
class Trackers {
 public:
  /// Starts what `params` ask for. `parent`: those of the bank or the comparison that the run is part of, or null; they must
  /// outlive this.
  Trackers(const TrackingParams& params, const RunFacts& facts, core::Journal& journal, Trackers* parent = nullptr);
  ~Trackers();
  Trackers(const Trackers&) = delete;
  Trackers& operator=(const Trackers&) = delete;

  void measured(const evaluation::Measurement& measurement, core::Journal& journal);
  /// Once. Without a parent that does it later, it then waits for the MLflow server as long as the config says, and at most `most` seconds:
  /// what is not sent by then stays in the outbox.
  void finished(const RunEnd& end, core::Journal& journal, double most = std::numeric_limits<double>::infinity());

  /// Whether there is an MLflow server that has answered so far, or not yet been asked.
  bool is_heard() const;

 private:
  template <typename Tell>
  void tell(const Tell& tell_sink, core::Journal& journal);
  void say_warnings(core::Journal& journal);

  bool is_member_, owns_sender_ = false;
  double wait_;
  std::shared_ptr<Sender> sender_;  // a parent's and its members' is one
  std::vector<Sink> sinks_;
};

/// Removes what trackers wrote into a folder. Throws nothing.
void remove_tracking_files(const std::filesystem::path& folder) noexcept;

/// Sends what waits in the outboxes of these folders, the first of which holds the others; waits at most so long.
struct SentOutboxes {
  std::size_t lines = 0, left = 0;
  std::vector<std::string> warnings;
};
/// `uri`: the server, or "" for the one that the first folder names. Throws UserError (data) for a folder that has no outbox or a
/// damaged one, (config) for a URI that is none.
SentOutboxes send_outboxes(const std::vector<std::filesystem::path>& folders, const std::string& uri, double seconds);

}  // namespace equipoise::tracking
