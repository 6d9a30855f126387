#include "engine/core/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "engine/core/files.h"

namespace equipoise::core {

int publish(const std::filesystem::path& own, const std::filesystem::path& file) {
  if (::link(own.c_str(), file.c_str()) == 0) return 0;
  if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS && errno != EMLINK) return errno;
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (made < 0) return errno;
  const std::string text = read_file(own);
  const bool whole = ::write(made, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int number = whole ? 0 : errno;
  ::close(made);
  if (!whole) ::unlink(file.c_str());
  return number;
}

}  // namespace equipoise::core
