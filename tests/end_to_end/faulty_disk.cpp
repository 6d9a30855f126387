// A disk that fails, for programs started with this library in LD_PRELOAD. It counts the calls that write below a path with
// FAULTY_DISK_PATH in it, and at the call FAULTY_DISK_CALL does what FAULTY_DISK_DOES says: kill, before or after the call; ENOSPC or EIO;
// short (a write that takes half). How many calls there were is written to FAULTY_DISK_COUNT.
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

std::atomic<long> calls = 0;
std::atomic<bool> is_below[1024];  // by file descriptor

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_watched(const char* path) {
  const char* part = setting("FAULTY_DISK_PATH");
  return *part != '\0' && std::strstr(path, part) != nullptr;
}

bool is_watched(int file) {
  return file >= 0 && file < 1024 && is_below[file];
}

void die() {
  ::kill(::getpid(), SIGKILL);
  for (;;) ::pause();
}

// Whether this call fails; errno is set then. A kill after the call is left to `After`.
bool fails() {
  const long call = ++calls;
  if (call != std::atol(setting("FAULTY_DISK_CALL"))) return false;
  const char* what = setting("FAULTY_DISK_DOES");
  if (std::strcmp(what, "kill_before") == 0) die();
  if (std::strcmp(what, "ENOSPC") == 0)
    errno = ENOSPC;
  else if (std::strcmp(what, "EIO") == 0)
    errno = EIO;
  else
    return false;
  return true;
}

bool is_call(const char* what) {
  return calls == std::atol(setting("FAULTY_DISK_CALL")) && std::strcmp(setting("FAULTY_DISK_DOES"), what) == 0;
}

template <typename Result>
Result after(Result result) {
  if (is_call("kill_after")) die();
  return result;
}

struct Counting {
  ~Counting() {
    const char* path = setting("FAULTY_DISK_COUNT");
    if (*path == '\0') return;
    const int file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, 0600));
    char text[32];
    const int size = std::snprintf(text, sizeof text, "%ld", calls.load());
    ::syscall(SYS_write, file, text, size);
    ::syscall(SYS_close, file);
  }
} counting;

int open_watched(const char* path, int flags, mode_t mode) {
  const bool watched = is_watched(path);
  if (watched && (flags & O_CREAT) != 0 && fails()) return -1;
  const int file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (file >= 0 && file < 1024) is_below[file] = watched;
  return watched && (flags & O_CREAT) != 0 ? after(file) : file;
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_watched(path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return open_watched(path, flags, mode);
}

ssize_t write(int file, const void* bytes, size_t size) {
  if (!is_watched(file)) return ::syscall(SYS_write, file, bytes, size);
  if (fails()) return -1;
  if (is_call("short") && size > 1) size /= 2;
  return after(static_cast<ssize_t>(::syscall(SYS_write, file, bytes, size)));
}

int fsync(int file) {
  if (!is_watched(file)) return static_cast<int>(::syscall(SYS_fsync, file));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_fsync, file)));
}

int close(int file) {
  if (!is_watched(file)) return static_cast<int>(::syscall(SYS_close, file));
  is_below[file] = false;
  return static_cast<int>(::syscall(SYS_close, file));
}

int rename(const char* from, const char* to) {
  if (!is_watched(to)) return static_cast<int>(::syscall(SYS_rename, from, to));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_rename, from, to)));
}

int mkdir(const char* path, mode_t mode) {
  if (!is_watched(path)) return static_cast<int>(::syscall(SYS_mkdir, path, mode));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_mkdir, path, mode)));
}

int unlink(const char* path) {
  if (!is_watched(path)) return static_cast<int>(::syscall(SYS_unlink, path));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_unlink, path)));
}
}
