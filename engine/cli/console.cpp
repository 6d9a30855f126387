#include "engine/cli/console.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "engine/core/error.h"

namespace equipoise::cli {
namespace {

// A full disk or a closed pipe behind stdout must not look like success.
void write_out(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw core::UserError(core::Fault::data, std::string("cannot write to standard output: ") + std::strerror(errno));
  }
}

}  // namespace

void Console::print(std::string_view text) const {
  if (!json_) write_out(text);
}

void Console::print_json(const nlohmann::ordered_json& object) const {
  // File names may hold bytes that are not UTF-8: they are replaced, so that the answer is JSON whatever they hold.
  if (json_) write_out(object.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

bool is_terminal(int descriptor) {
  const char* terminal = std::getenv("TERM");
  return ::isatty(descriptor) == 1 && !(terminal != nullptr && std::strcmp(terminal, "dumb") == 0);
}

bool may_have_color(int descriptor) {
  const char* refused = std::getenv("NO_COLOR");
  return is_terminal(descriptor) && !(refused != nullptr && *refused != '\0');
}

}  // namespace equipoise::cli
