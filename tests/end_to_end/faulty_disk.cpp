// A disk that fails, for programs started with this library in LD_PRELOAD. It counts the calls that change what is below a path with
// FAULTY_DISK_PATH in it (FAULTY_DISK_OF: writes) or that read it (reads), and at the call FAULTY_DISK_CALL does what FAULTY_DISK_DOES says:
// kill, before or after the call; ENOSPC or EIO; short (a write or a read of half). How many calls there were is written to
// FAULTY_DISK_COUNT.
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
std::atomic<bool> is_below[1024], is_written[1024];  // by file descriptor

const char* setting(const char* name) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : "";
}

bool is_of(const char* kind) {
  return std::strcmp(setting("FAULTY_DISK_OF"), kind) == 0;
}

bool is_below_path(const char* path) {
  const char* part = setting("FAULTY_DISK_PATH");
  return *part != '\0' && std::strstr(path, part) != nullptr;
}

bool is_changed(const char* path) {
  return is_of("writes") && is_below_path(path);
}

bool is_watched(int file, const char* kind) {
  return file >= 0 && file < 1024 && is_below[file] && is_of(kind);
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
  const bool below = is_below_path(path), makes = (flags & O_CREAT) != 0;
  const bool counts = below && (makes ? is_of("writes") : is_of("reads") && (flags & O_DIRECTORY) == 0);
  if (counts && fails()) return -1;
  const int file = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode));
  if (file >= 0 && file < 1024) {
    is_below[file] = below;
    is_written[file] = (flags & O_ACCMODE) != O_RDONLY;
  }
  return counts ? after(file) : file;
}

// Of a file that was written, whose last bytes may fail to arrive just there.
int close_watched(int file) {
  const bool counts = is_watched(file, "writes") && is_written[file];
  if (file >= 0 && file < 1024) is_below[file] = false;
  const bool failed = counts && fails();  // closed all the same, as Linux does
  const int number = errno;
  const int result = static_cast<int>(::syscall(SYS_close, file));
  if (failed) {
    errno = number;
    return -1;
  }
  return counts ? after(result) : result;
}

// What a folder's descriptor and a name in it stand for.
bool is_changed(int folder, const char* name) {
  if (*name == '/' || folder == AT_FDCWD) return is_changed(name);
  char link[64], path[4096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
  const ssize_t size = ::readlink(link, path, sizeof path - 1);
  if (size < 0) return false;
  path[size] = '\0';
  return is_changed(path);
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
  if (!is_watched(file, "writes")) return ::syscall(SYS_write, file, bytes, size);
  if (fails()) return -1;
  if (is_call("short") && size > 1) size /= 2;
  return after(static_cast<ssize_t>(::syscall(SYS_write, file, bytes, size)));
}

ssize_t read(int file, void* bytes, size_t size) {
  if (!is_watched(file, "reads")) return ::syscall(SYS_read, file, bytes, size);
  if (fails()) return -1;
  if (is_call("short") && size > 1) size /= 2;
  return after(static_cast<ssize_t>(::syscall(SYS_read, file, bytes, size)));
}

int fsync(int file) {
  if (!is_watched(file, "writes")) return static_cast<int>(::syscall(SYS_fsync, file));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_fsync, file)));
}

int close(int file) {
  return close_watched(file);
}

int rename(const char* from, const char* to) {
  if (!is_changed(to)) return static_cast<int>(::syscall(SYS_rename, from, to));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_rename, from, to)));
}

int mkdir(const char* path, mode_t mode) {
  if (!is_changed(path)) return static_cast<int>(::syscall(SYS_mkdir, path, mode));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_mkdir, path, mode)));
}

int unlink(const char* path) {
  if (!is_changed(path)) return static_cast<int>(::syscall(SYS_unlink, path));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_unlink, path)));
}

int unlinkat(int folder, const char* path, int flags) {
  if (!is_changed(folder, path)) return static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
  if (fails()) return -1;
  return after(static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags)));
}
}
