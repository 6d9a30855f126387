// Which process works on a job: a file that only one can make, on whatever the processes share.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

namespace equipoise::sweep {

/// A process that can be told from every other one: process numbers come again, with another start.
struct ProcessName {
  std::string host;
  std::string space;  ///< of process numbers: another container of the same name is another host
  pid_t pid = 0;
  std::string start;    ///< the machine's start and ticks since then
  std::string machine;  ///< its number, "" where it has none

  bool operator==(const ProcessName&) const = default;
};
ProcessName this_process();
/// Whether it still runs; nothing where it is of another host, or may be, and cannot be asked.
std::optional<bool> is_running(const ProcessName& process);

/// A job's lock, held from take() to its end.
class JobLock {
 public:
  /// Of another host, a lock that was not touched for so long is nobody's.
  static constexpr std::chrono::seconds kTimeOut{300};

  /// Nothing where another process holds it. One whose process has ended is taken over. Throws UserError (data) when it cannot be
  /// written.
  static std::optional<JobLock> take(const std::filesystem::path& folder, const std::string& job,
                                     std::chrono::seconds time_out = kTimeOut);
  JobLock(JobLock&& other) noexcept;
  JobLock& operator=(JobLock&& other) noexcept;
  ~JobLock();

  /// Says that the owner is still there, as long as it is the owner.
  void touch() const noexcept;

 private:
  JobLock(std::filesystem::path file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}
  void release() noexcept;

  std::filesystem::path file_;  // empty: moved away
  std::string text_;            // what it says while it is ours
};

/// Who holds a job's lock now and is not known to have ended; nothing where nobody does.
std::optional<ProcessName> holder_of(const std::filesystem::path& folder, const std::string& job,
                                     std::chrono::seconds time_out = JobLock::kTimeOut);

/// Whether a process holds a run's folder (core/folder_lock.h) now; nothing where the file system has no such locks. Asking holds it for
/// an instant: ask of folders that nobody seems to hold.
std::optional<bool> is_run_folder_held(const std::filesystem::path& folder);

}  // namespace equipoise::sweep
