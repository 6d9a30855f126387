#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "engine/cli/command.h"
#include "engine/config/scalars.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/report/watch_terminal.h"
#include "engine/sweep/watch.h"

namespace equipoise::cli {
namespace {

// Hides the cursor while pictures are drawn over each other, and shows it again however that ends.
class HiddenCursor {
 public:
  explicit HiddenCursor(const Console& console) : console_(console) { console_.print("\x1b[?25l"); }
  ~HiddenCursor() {
    try {
      console_.print("\x1b[?25h");
    } catch (const core::UserError&) {
      // The terminal went away: there is no cursor to show.
    }
  }
  HiddenCursor(const HiddenCursor&) = delete;
  HiddenCursor& operator=(const HiddenCursor&) = delete;

 private:
  const Console& console_;
};

report::WatchStyle style_of_stdout() {
  report::WatchStyle style;
  style.color = may_have_color(STDOUT_FILENO);
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    style.columns = size.ws_col;
    style.lines = size.ws_row > 1 ? size.ws_row - 1u : 24;  // the last is the cursor's
  } else {
    style.columns = 120;  // a file, a pipe
    style.lines = 0;
  }
  return style;
}

class Watch final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"FOLDER", "A sweep's folder, a bank's, a comparison's or a run's", &folder_, "", true},
            {"--every", "Seconds between two looks", &every_, "2"},
            {"--once", "One picture, without waiting for what goes on; so it is where output is no terminal", &once_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (folder_.empty()) throw core::UserError(core::Fault::config, "watch needs a folder: equipoise watch FOLDER");
    const double every = seconds();
    sweep::Watcher watcher(folder_);
    if (once_ || console.json() || !is_terminal(STDOUT_FILENO)) {
      const sweep::WatchSnapshot& snapshot = watcher.look();
      console.print(report::to_terminal(snapshot, style_of_stdout()));
      nlohmann::ordered_json json = report::to_json(snapshot);
      json["exit_code"] = 0;
      console.print_json(json);
      return 0;
    }
    const HiddenCursor hidden(console);
    std::size_t drawn = 0;
    while (true) {
      const sweep::WatchSnapshot& snapshot = watcher.look();
      const std::string text = report::to_terminal(snapshot, style_of_stdout());
      console.print(over(drawn) + text);
      drawn = static_cast<std::size_t>(std::ranges::count(text, '\n'));
      if (snapshot.is_done()) return 0;
      wait(every);
    }
  }

 private:
  // Up to the first line of the last picture; from there everything is cleared.
  static std::string over(std::size_t lines) { return lines == 0 ? "" : fmt::format("\r\x1b[{}A\x1b[J", lines); }

  static void wait(double seconds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    while (std::chrono::steady_clock::now() < until) {
      core::stop_if_interrupted();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    core::stop_if_interrupted();
  }

  double seconds() const {
    if (every_.empty()) return 2;
    constexpr double kLeast = 0.1, kMost = 86400;
    const auto every = config::parse_number(every_, config::between(kLeast, kMost));
    if (const auto* value = std::get_if<double>(&every)) return *value;
    throw core::UserError(core::Fault::config, "--every is in seconds: " + std::get<config::Refusal>(every).reason);
  }

  std::string folder_, every_;
  bool once_ = false;
};

}  // namespace

std::unique_ptr<Command> make_watch() {
  return std::make_unique<Watch>();
}

}  // namespace equipoise::cli
