#include "engine/cli/terminal_journal.h"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "engine/cli/console.h"
#include "engine/core/cut.h"

namespace equipoise::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr double kSecondsBetweenRedraws = 0.1;

bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(name);
    if (value == nullptr || *value == '\0') continue;
    return std::strstr(value, "UTF-8") != nullptr || std::strstr(value, "utf8") != nullptr;
  }
  return false;
}

std::string bar(double done, bool utf8) {
  const int filled = static_cast<int>(std::lround(done * kBarWidth));
  std::string text;
  for (int i = 0; i < kBarWidth; ++i) text += i < filled ? (utf8 ? "█" : "#") : (utf8 ? "░" : "-");
  return utf8 ? text : "[" + text + "]";
}

std::string time_left(const core::Progress& progress) {
  if (progress.done <= 0 || progress.done >= 1) return duration_text(progress.seconds);
  return duration_text(progress.seconds * (1 - progress.done) / progress.done) + " left";
}

std::string cut(const std::string& text, std::size_t columns) {
  std::size_t seen = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (!core::goes_on(text[i]) && seen++ == columns) return text.substr(0, i);
  }
  return text;
}

}  // namespace

std::string printable(std::string_view text) {
  std::string result(text);
  for (std::size_t i = 0; i < result.size(); ++i) {
    const auto byte = static_cast<unsigned char>(result[i]);
    const auto next = i + 1 < result.size() ? static_cast<unsigned char>(result[i + 1]) : 0xff;
    // In UTF-8 the control characters U+0080 to U+009F are two bytes.
    const bool is_late_control = byte == 0xc2 && next < 0xa0;
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f || is_late_control) result[i] = '?';
    if (is_late_control) result.erase(i + 1, 1);
  }
  return result;
}

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

TerminalStyle style_of_stderr() {
  TerminalStyle style;
  style.live = is_terminal(STDERR_FILENO);
  style.color = may_have_color(STDERR_FILENO);
  style.utf8 = locale_is_utf8();
  winsize size{};
  if (style.live && ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) style.columns = size.ws_col;
  return style;
}

TerminalJournal::~TerminalJournal() {
  end_line();
}

void TerminalJournal::end_line() {
  if (live_.empty()) return;
  std::fputc('\n', stream_);
  std::fflush(stream_);
  live_.clear();
}

// A full disk or a closed pipe behind stderr must not cost a run: what cannot be shown is not.
void TerminalJournal::put(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stream_);
}

// A sentence that comes while a live line stands takes its place; the live line is drawn again below it.
void TerminalJournal::line(std::string_view text) {
  const std::string live = live_;
  if (!live.empty()) put(fmt::format("\r{:{}}\r", "", core::letters_of(live)));
  put(fmt::format("{}\n{}", text, live));
  std::fflush(stream_);
}

void TerminalJournal::say(std::string_view sentence) {
  line(printable(sentence));
}

void TerminalJournal::warn(std::string_view sentence) {
  Journal::warn(sentence);
  const std::string text = printable(sentence);
  line(style_.color ? fmt::format("\x1b[33mwarning:\x1b[0m {}", text) : fmt::format("warning: {}", text));
}

void TerminalJournal::progress(const core::Progress& progress) {
  core::Progress clamped = progress;
  clamped.done = std::clamp(std::isnan(progress.done) ? 0.0 : progress.done, 0.0, 1.0);
  if (style_.live) {
    show_live(clamped);
  } else {
    show_plain(clamped);
  }
}

void TerminalJournal::show_live(const core::Progress& progress) {
  if (progress.stage != stage_) {
    end_line();
    stage_ = progress.stage;
    shown_at_ = -1;
  }
  const bool is_due = shown_at_ < 0 || progress.seconds - shown_at_ >= kSecondsBetweenRedraws || progress.done >= 1;
  if (!is_due) return;
  shown_at_ = progress.seconds;
  const std::string text =
      fmt::format("{} {} {:3.0f} %  {}  {}", progress.stage, bar(progress.done, style_.utf8),
                  std::floor(progress.done * 100), time_left(progress), printable(progress.detail));
  const std::string fitted = cut(text, static_cast<std::size_t>(std::max(style_.columns - 1, 20)));
  const std::size_t old = core::letters_of(live_), now = core::letters_of(fitted);
  put(fmt::format("\r{}{:{}}", fitted, "", old > now ? old - now : 0));
  std::fflush(stream_);
  live_ = fitted;
  if (progress.done >= 1) end_line();
}

void TerminalJournal::show_plain(const core::Progress& progress) {
  const int tenth = static_cast<int>(std::floor(progress.done * 10 + 1e-9));
  const auto shown = tenths_.find(progress.stage);
  // A stage that starts again (a second file) has its own lines.
  if (shown != tenths_.end() && shown->second == tenth) return;
  if (shown == tenths_.end() && tenth == 0) {
    tenths_[progress.stage] = 0;
    return;
  }
  tenths_[progress.stage] = tenth;
  line(fmt::format("{} {:3d} %  {}  {}", progress.stage, tenth * 10, time_left(progress), printable(progress.detail)));
}

}  // namespace equipoise::cli
