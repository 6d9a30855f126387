#include "engine/tracking/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>

#include "engine/core/interrupt.h"

namespace equipoise::tracking {
namespace {

constexpr double kGathering = 1;      // seconds in which what is added goes together
constexpr double kLongestPause = 30;  // seconds between two questions to a server that is away
constexpr double kDrainingPause = 1;
constexpr double kSlice = 0.2;  // seconds between two looks for a signal

std::chrono::duration<double> seconds(double count) {
  return std::chrono::duration<double>(count);
}

std::chrono::duration<double> seconds_until(
    std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>> moment) {
  return moment - std::chrono::steady_clock::now();
}

}  // namespace

Sender::Sender(std::string uri)
    : uri_(std::move(uri)), delivery_(uri_, Credentials::from_environment(), stop_), thread_([this] { run(); }) {}

Sender::~Sender() {
  {
    const std::scoped_lock lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Sender::add(std::shared_ptr<Outbox> outbox) {
  {
    const std::scoped_lock lock(mutex_);
    outboxes_.push_back(std::move(outbox));
  }
  wake();
}

void Sender::wake() {
  {
    const std::scoped_lock lock(mutex_);
    is_awake_ = true;
    is_idle_ = false;
  }
  changed_.notify_all();
}

std::vector<std::shared_ptr<Outbox>> Sender::outboxes() const {
  const std::scoped_lock lock(mutex_);
  return outboxes_;
}

std::size_t Sender::waiting() const {
  std::size_t lines = 0;
  for (const auto& outbox : outboxes()) lines += outbox->waiting();
  return lines;
}

bool Sender::is_away() const {
  const std::scoped_lock lock(mutex_);
  return pause_ > 0 || is_closed_;
}

std::vector<std::string> Sender::take_warnings() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(warnings_, {});
}

bool Sender::drain(double most) {
  {
    std::unique_lock lock(mutex_);
    is_draining_ = is_awake_ = true;
    is_idle_ = false;
    changed_.notify_all();
    const auto until = Clock::now() + seconds(most);
    const auto is_over = [&] { return is_closed_ || is_idle_; };
    // A signal wakes nobody here: it is looked for.
    while (!is_over() && Clock::now() < until && !core::is_interrupted())
      changed_.wait_for(lock, std::min(seconds(kSlice), seconds_until(until)), is_over);
    stop_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable()) thread_.join();
  return waiting() == 0;
}

void Sender::run() {
  std::unique_lock lock(mutex_);
  while (!stop_ && !is_closed_) {
    changed_.wait(lock, [&] { return stop_ || is_awake_; });
    // Nothing but the end cuts the gathering short, or the pause after a failure.
    const double wait = is_draining_ ? std::min(pause_, kDrainingPause) : std::max(pause_, kGathering);
    const bool was_draining = is_draining_;
    changed_.wait_for(lock, seconds(wait), [&] { return stop_ || is_draining_ != was_draining; });
    if (stop_) break;
    is_awake_ = false;
    lock.unlock();
    const bool all = send_all();
    lock.lock();
    is_awake_ = is_awake_ || !all;
    is_idle_ = !is_awake_;
    changed_.notify_all();
  }
}

// Whether nothing waits any more, or ever will be sent.
bool Sender::send_all() {
  for (const auto& outbox : outboxes()) {
    if (stop_) return false;
    const std::optional<Delivery::Result> result = empty(*outbox);
    const std::scoped_lock lock(mutex_);
    for (std::string& sentence : delivery_.take_complaints()) warnings_.push_back(std::move(sentence));
    if (result == Delivery::Result::sent) {
      pause_ = 0;
      continue;
    }
    if (!result) return is_closed_ = true;
    if (stop_) return false;  // it may be the stop that ended the request
    is_closed_ = result == Delivery::Result::closed;
    pause_ = std::clamp(2 * pause_, 1.0, kLongestPause);
    say_away(*outbox, is_closed_);
    return is_closed_;
  }
  return true;
}

std::optional<Delivery::Result> Sender::empty(Outbox& outbox) {
  try {
    while (outbox.waiting() > 0 && !stop_) {
      const Delivery::Result result = delivery_.send_next(outbox);
      if (result != Delivery::Result::sent) return result;
    }
    outbox.tidy_up();
    return Delivery::Result::sent;
  } catch (const std::exception& error) {
    // The disk does not take what was sent: going on would send it twice. Nothing else may end the program from here either.
    const std::scoped_lock lock(mutex_);
    warnings_.push_back(fmt::format("MLflow is told no more of {}: {}", outbox.folder().string(), error.what()));
    return std::nullopt;
  }
}

// Of an outage once. Called with the lock.
void Sender::say_away(const Outbox& outbox, bool is_closed) {
  if (is_closed) {
    warnings_.push_back(fmt::format(
        "The MLflow server {} does not take this run: {}. What it should get is in {}; equipoise track sends it "
        "once that is mended.",
        uri_, delivery_.why(), outbox.spool().string()));
  } else if (!has_said_away_) {
    warnings_.push_back(
        fmt::format("The MLflow server {} is away ({}): what it should get waits in {} and is sent when it is back.",
                    uri_, delivery_.why(), outbox.spool().string()));
  }
  has_said_away_ = true;
}

}  // namespace equipoise::tracking
