#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"

namespace equipoise::distributed {

/// What ranks tell each other beside their sums. A call may block for as long as the store's host is silent, or throw.
class Board {
 public:
  virtual ~Board() = default;
  virtual void set(const std::string& key, const std::string& value) = 0;
  /// "" where nobody has set it.
  virtual std::string get(const std::string& key) = 0;
};

/// What ended a run: a sentence that names the ranks that are gone, and their last step. `fault`: where one of them ended for a mistake that
/// no new start mends.
struct Loss {
  std::string sentence;
  std::optional<core::Fault> fault = {};
};

/// Whose loss ended a run: ranks are known to each other by signs of life that a thread of each puts on a board, with its step.
/// A sum that fails says only that somebody is gone; the board says who.
class Watch {
 public:
  struct Setting {
    std::int64_t rank, size;
    std::int64_t host_rank;  ///< whose process has the board; -1: the launcher's
    std::chrono::milliseconds beat{500};
    std::chrono::milliseconds grace{3000};  ///< how long a sign of life is waited for
  };
  Watch(const Setting& setting, std::unique_ptr<Board> board);
  /// Waits a moment for the thread, and leaves one that hangs on a silent board behind.
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  void say_step(std::int64_t steps);
  /// Why this rank ends of its own accord; gives the board a moment to take it.
  void leave(const std::string& why, std::optional<core::Fault> fault = std::nullopt);

  /// After a call to the others failed for `reason`: who is gone. Returns after
  /// the grace at the latest, and half of it more where this rank has the board.
  Loss find_lost(const std::string& reason);

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace equipoise::distributed
