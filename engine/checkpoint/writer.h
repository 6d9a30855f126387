#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "engine/checkpoint/checkpoint.h"

namespace equipoise::checkpoint {

/// Writes checkpoints in a thread of its own while training goes on, one at a time, and removes older ones.
class Writer {
 public:
  /// Into `folder`; of those that are there the newest `keep` stay, and the first after each of the best iterates.
  Writer(std::filesystem::path folder, std::int64_t keep, bool keep_best);
  /// Waits for what is being written.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  /// Whether the last one is done with: before, save() would wait.
  bool is_free() const;
  /// `best` are the steps of the best iterates so far, 0 for none. Returns at once, but waits for one that is being written.
  void save(Checkpoint checkpoint, const std::vector<std::int64_t>& best);
  /// Until what was given is written.
  void wait();

  /// The step of the newest that is whole on the disk; 0: none that this writer wrote.
  std::int64_t saved_step() const;
  /// What went wrong since it was last asked, once; "" for nothing.
  std::string take_failure();

 private:
  struct Work {
    Checkpoint checkpoint;
    std::vector<std::int64_t> best;
  };
  void run();
  void write(const Work& work);

  std::filesystem::path folder_;
  std::int64_t keep_;
  bool keep_best_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Work> work_;  // given, and until it is written
  bool is_closing_ = false;
  std::int64_t saved_step_ = 0;
  std::string failure_;
  std::thread thread_;  // last: it uses all of the above
};

/// Of checkpoints (the newest first) those that are no longer wanted.
std::vector<Saved> superseded(const std::vector<Saved>& saved, std::int64_t keep,
                              const std::vector<std::int64_t>& best);

}  // namespace equipoise::checkpoint
