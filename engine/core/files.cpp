#include "engine/core/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/sha256.h"

namespace equipoise::core {
namespace {

UserError system_error(const std::string& what, const std::filesystem::path& path, int number) {
  return UserError(Fault::data, what + " '" + path.string() + "': " + std::strerror(number));
}

// Opened in binary; a folder opens but cannot be read, so it is refused here.
std::ifstream opened(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) throw system_error("cannot read", path, EISDIR);
  std::ifstream stream(path, std::ios::binary);
  if (!stream) throw system_error("cannot read", path, errno);
  return stream;
}

struct Closing {
  int file;
  ~Closing() { ::close(file); }
};

void write_all(int file, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(file, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw errno;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
}

// Opens a file, writes all into it, does `then` (0, or the number of what failed) and closes it; returns the number of what failed, or 0.
template <typename Then>
int failure_of_writing(const std::filesystem::path& path, int flags, std::string_view content, const Then& then) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | flags, 0644);
  if (file < 0) throw system_error("cannot write", path, errno);
  int failure = 0;
  try {
    write_all(file, content);
    failure = then(file);
  } catch (int number) {
    failure = number;
  }
  if (::close(file) != 0 && failure == 0) failure = errno;
  return failure;
}

void write_all_into(const std::filesystem::path& path, int flags, std::string_view content) {
  const int failure = failure_of_writing(path, flags, content, [](int) { return 0; });
  if (failure != 0) throw system_error("cannot write", path, failure);
}

int flush_file(int file) {
  return ::fsync(file) == 0 ? 0 : errno;
}

}  // namespace

std::string read_file(const std::filesystem::path& path) {
  std::ifstream stream = opened(path);
  std::string content;
  std::vector<char> block(1 << 16);
  while (stream) {  // an iterator over the stream would throw what the program takes for a fault of its own
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    content.append(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw system_error("cannot read", path, errno);
  return content;
}

void append_to_file(const std::filesystem::path& path, std::string_view content) {
  write_all_into(path, O_CREAT | O_APPEND, content);
}

void write_file_atomically(const std::filesystem::path& name, std::string_view content, Flush flush) {
  std::error_code ignored;
  // What a link points at is replaced, not the link.
  const bool is_link = std::filesystem::is_symlink(name, ignored);
  const std::filesystem::path path = is_link ? std::filesystem::weakly_canonical(name, ignored) : name;
  struct stat old {};
  const bool exists = ::stat(path.c_str(), &old) == 0;
  if (exists && !S_ISREG(old.st_mode) && !S_ISDIR(old.st_mode))
    return write_all_into(path, 0, content);  // pipes and devices take bytes as they come
  const std::filesystem::path temporary = path.string() + ".part" + std::to_string(::getpid());
  int failure = failure_of_writing(temporary, O_CREAT | O_TRUNC, content, [&](int file) {
    if (exists) ::fchmod(file, old.st_mode & 07777);
    return flush == Flush::yes ? flush_file(file) : 0;
  });
  if (failure == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(temporary.c_str());
    throw system_error("cannot write", path, failure);
  }
}

std::string read_regular_file(const std::filesystem::path& path, std::uint64_t most) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0 && errno == ELOOP) throw UserError(Fault::data, "'" + path.string() + "' is a link, expected a file");
  if (file < 0 && (errno == ENOENT || errno == ENOTDIR)) throw system_error("cannot read", path, errno);
  if (file < 0)
    throw Unreadable(Fault::data, std::string("cannot read '") + path.string() + "': " + std::strerror(errno));
  const Closing closing{file};
  struct stat found {};
  if (::fstat(file, &found) != 0) throw system_error("cannot read", path, errno);
  if (!S_ISREG(found.st_mode)) throw UserError(Fault::data, "'" + path.string() + "' is no plain file");
  if (static_cast<std::uint64_t>(found.st_size) > most)
    throw UserError(Fault::data, "'" + path.string() + "' has " + std::to_string(found.st_size) +
                                     " bytes, expected no more than " + std::to_string(most));
  std::string content(static_cast<std::size_t>(found.st_size), '\0');
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error("cannot read", path, errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return content;
}

void make_folder(const std::filesystem::path& path) {
  std::error_code ignored;
  if (::mkdir(path.c_str(), 0777) == 0) return;
  const int number = errno;
  if (number != EEXIST || !std::filesystem::is_directory(path, ignored))
    throw system_error("cannot make the folder", path, number);
}

void write_new_file(const std::filesystem::path& path, std::string_view content) {
  const int failure = failure_of_writing(path, O_CREAT | O_EXCL, content, [](int file) {
    const int number = flush_file(file);
    // Who reads it back to see what the disk has is not to see what memory has.
    ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    return number;
  });
  if (failure != 0) throw system_error("cannot write", path, failure);
}

void flush_folder(const std::filesystem::path& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) throw system_error("cannot open the folder", path, errno);
  const Closing closing{folder};
  // A file system that flushes no folders has nothing to wait for.
  if (::fsync(folder) != 0 && errno != EINVAL) throw system_error("cannot flush the folder", path, errno);
}

void rename_folder(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw system_error("cannot rename to", to, errno);
}

std::string sha256(std::string_view bytes) {
  Sha256 digest;
  digest.add(bytes.data(), bytes.size());
  return digest.hex();
}

std::string sha256_of_file(const std::filesystem::path& path) {
  std::ifstream stream = opened(path);
  Sha256 digest;
  std::vector<char> block(1 << 20);
  while (stream) {
    stream.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.add(block.data(), static_cast<std::size_t>(stream.gcount()));
  }
  if (stream.bad()) throw system_error("cannot read", path, errno);
  return digest.hex();
}

}  // namespace equipoise::core
