#include "engine/sweep/locks.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/host.h"
#include "engine/core/publish.h"
#include "engine/sweep/plan.h"

namespace equipoise::sweep {
namespace {

namespace fs = std::filesystem;

std::string first_line(const fs::path& file) {
  std::ifstream stream(file);
  std::string line;
  std::getline(stream, line);
  return line;
}

// Of the machine, since it was started.
std::string boot() {
  return first_line("/proc/sys/kernel/random/boot_id");
}

// Field 22 of /proc/<pid>/stat; the second, in brackets, may hold anything. "" when there is no such process, or when it has ended and nobody
// has asked how, as in a container whose first process does not.
std::string start_of(pid_t pid) {
  const std::string line = first_line(fmt::format("/proc/{}/stat", pid));
  const std::size_t after_name = line.rfind(')');
  if (after_name == std::string::npos) return "";
  constexpr int kStart = 22, kAfterName = 3;
  std::size_t at = after_name + 2;
  if (at < line.size() && (line[at] == 'Z' || line[at] == 'X')) return "";
  for (int field = kAfterName; field < kStart && at != std::string::npos; ++field) {
    at = line.find(' ', at);
    if (at != std::string::npos) ++at;
  }
  if (at == std::string::npos) return "";
  return boot() + " " + line.substr(at, line.find(' ', at) - at);
}

// When it was taken is for people who look at the file.
std::string to_text(const ProcessName& process, const std::string& taken) {
  const nlohmann::ordered_json json = {{"host", process.host},       {"space", process.space},
                                       {"pid", process.pid},         {"process_start", process.start},
                                       {"machine", process.machine}, {"taken", taken}};
  return json.dump() + "\n";
}

// Nothing where the text is no lock: one that was torn by a crash of the machine is nobody's in the end.
std::optional<ProcessName> holder_from(const std::string& text) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object()) return std::nullopt;
  try {
    return ProcessName{json.at("host"), json.at("space"), json.at("pid"), json.at("process_start"),
                       json.value("machine", std::string())};
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

[[noreturn]] void fail(const fs::path& file, int number) {
  throw core::UserError(core::Fault::data, fmt::format("cannot write '{}': {}", file.string(), std::strerror(number)));
}

// Seconds since the file was touched, by the clock of the disk that it is on: hosts' clocks may differ.
std::optional<double> age_of(const fs::path& file, const fs::path& fresh) {
  struct stat old {
  }, now{};
  if (::stat(file.c_str(), &old) != 0) return std::nullopt;
  if (::stat(fresh.c_str(), &now) != 0) ::clock_gettime(CLOCK_REALTIME, &now.st_mtim);
  return static_cast<double>(now.st_mtim.tv_sec - old.st_mtim.tv_sec) +
         1e-9 * static_cast<double>(now.st_mtim.tv_nsec - old.st_mtim.tv_nsec);
}

bool is_abandoned(const fs::path& file, const std::string& text, const fs::path& fresh, std::chrono::seconds time_out) {
  const std::optional<ProcessName> holder = holder_from(text);
  const std::optional<bool> runs = holder ? is_running(*holder) : std::nullopt;
  if (runs) return !*runs;
  const std::optional<double> age = age_of(file, fresh);
  return age && *age > static_cast<double>(time_out.count());
}

// While it is held nobody else of this host takes a lock over; between hosts where the file system carries locks.
class TakeOver {
 public:
  explicit TakeOver(const fs::path& locks)
      : file_(::open((locks / "take-over").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644)) {
    if (file_ >= 0) ::flock(file_, LOCK_EX);
  }
  ~TakeOver() {
    if (file_ >= 0) ::close(file_);
  }
  TakeOver(const TakeOver&) = delete;
  TakeOver& operator=(const TakeOver&) = delete;

 private:
  int file_;
};

// The content of the lock, or nothing where it is gone.
std::optional<std::string> content_of(const fs::path& file) {
  try {
    return core::read_file(file);
  } catch (const core::UserError&) {
    return std::nullopt;
  }
}

// Takes away the lock that was judged, and no other: where flock does not reach, another host may have been faster.
int put_aside(const fs::path& file, const std::string& judged, const fs::path& own) {
  const fs::path aside = own.string() + ".old";
  if (::rename(file.c_str(), aside.c_str()) == 0) {
    const bool is_other = content_of(aside) != judged;
    if (is_other) core::publish(aside, file);
    ::unlink(aside.c_str());
    if (is_other) return EEXIST;
  }
  return core::publish(own, file);
}

}  // namespace

ProcessName this_process() {
  std::error_code error;
  return {core::host_name(), fs::read_symlink("/proc/self/ns/pid", error).string(), ::getpid(), start_of(::getpid()),
          first_line("/etc/machine-id")};
}

std::optional<bool> is_running(const ProcessName& process) {
  const ProcessName here = this_process();
  if (process.host != here.host || process.space != here.space) return std::nullopt;
  // Started since, or another machine of the same name: only its own number tells.
  if (process.start.substr(0, process.start.find(' ')) != boot()) {
    const bool is_this_machine = !here.machine.empty() && process.machine == here.machine;
    return is_this_machine ? std::optional(false) : std::nullopt;
  }
  const std::string start = start_of(process.pid);
  return !start.empty() && start == process.start;
}

std::optional<JobLock> JobLock::take(const fs::path& folder, const std::string& job, std::chrono::seconds time_out) {
  const fs::path locks = folder / sweep_files::kLocks, file = locks / (job + ".json");
  const ProcessName self = this_process();
  const fs::path own = locks / fmt::format("{}.{}.{}.part", job, self.host, self.pid);
  const std::string own_text = to_text(self, core::utc_now());
  core::write_file_atomically(own, own_text);
  int number = core::publish(own, file);
  if (number == EEXIST) {
    const TakeOver alone(locks);
    const std::optional<std::string> text = content_of(file);
    if (!text)
      number = core::publish(own, file);  // it was given back meanwhile
    else if (is_abandoned(file, *text, own, time_out))
      number = put_aside(file, *text, own);
  }
  ::unlink(own.c_str());
  if (number == EEXIST) return std::nullopt;
  if (number != 0) fail(file, number);
  return JobLock(file, own_text);
}

JobLock::JobLock(JobLock&& other) noexcept : file_(std::exchange(other.file_, {})), text_(std::move(other.text_)) {}

JobLock& JobLock::operator=(JobLock&& other) noexcept {
  if (this == &other) return *this;
  release();
  file_ = std::exchange(other.file_, {});
  text_ = std::move(other.text_);
  return *this;
}

JobLock::~JobLock() {
  release();
}

void JobLock::touch() const noexcept {
  // One that stood still for too long has lost it, and makes no other's look alive.
  if (content_of(file_) == text_) ::utimensat(AT_FDCWD, file_.c_str(), nullptr, 0);
}

void JobLock::release() noexcept {
  if (!file_.empty() && content_of(file_) == text_) ::unlink(file_.c_str());
}

std::optional<ProcessName> holder_of(const fs::path& folder, const std::string& job, std::chrono::seconds time_out) {
  const fs::path file = folder / sweep_files::kLocks / (job + ".json");
  const std::optional<std::string> text = content_of(file);
  if (!text || is_abandoned(file, *text, "", time_out)) return std::nullopt;
  return holder_from(*text);
}

std::optional<bool> is_run_folder_held(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file < 0) return std::nullopt;
  const bool was_free = ::flock(file, LOCK_SH | LOCK_NB) == 0;
  const int number = errno;
  ::close(file);
  if (was_free) return false;
  return number == EWOULDBLOCK ? std::optional(true) : std::nullopt;
}

}  // namespace equipoise::sweep
