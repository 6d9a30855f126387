#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/tracking/delivery.h"

namespace equipoise::tracking {

/// Empties outboxes into an MLflow server from a thread of its own, so that no training waits for a server: what is added
/// within a second goes together, a server that is away is asked again after 1, 2, 4, ... 30 seconds.
class Sender {
 public:
  /// Starts the thread. Throws UserError where the environment or the machine cannot do it (Credentials, HttpClient).
  explicit Sender(std::string uri);
  ~Sender();  ///< stops within about a second, whatever waits

  /// From now on this one too; first those that were added first.
  void add(std::shared_ptr<Outbox> outbox);
  /// Something was put into an outbox.
  void wake();
  /// Waits until all is sent or it is clear that it will not be, at most so long and until a signal comes; then the thread ends. Whether all is
  /// sent.
  bool drain(double seconds);

  /// What has to be said since the last call, as sentences: that the server is away, what it refused.
  std::vector<std::string> take_warnings();
  std::size_t waiting() const;  ///< lines
  /// Whether the last question had no answer, or there will be no more of them.
  bool is_away() const;
  const std::string& uri() const { return uri_; }

 private:
  using Clock = std::chrono::steady_clock;
  void run();
  bool send_all();
  /// Nothing where this machine's disk failed, which has been said.
  std::optional<Delivery::Result> empty(Outbox& outbox);
  void say_away(const Outbox& outbox, bool is_closed);
  std::vector<std::shared_ptr<Outbox>> outboxes() const;

  std::string uri_;
  std::atomic<bool> stop_ = false;
  Delivery delivery_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::shared_ptr<Outbox>> outboxes_;
  std::vector<std::string> warnings_;
  bool is_awake_ = false, is_draining_ = false, is_closed_ = false, is_idle_ = false, has_said_away_ = false;
  double pause_ = 0;  // seconds until the server is asked again; 0 where it answers
  std::thread thread_;
};

}  // namespace equipoise::tracking
