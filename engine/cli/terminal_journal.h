#pragma once

#include <cstdio>
#include <map>
#include <string>
#include <string_view>

#include "engine/core/journal.h"

namespace equipoise::cli {

/// What the journal may assume of the stream it writes to.
struct TerminalStyle {
  bool live = false;   ///< a line may be written over
  bool color = false;  ///< ANSI colours
  bool utf8 = false;   ///< characters beyond ASCII
  int columns = 80;
};

/// The style of stderr, from the descriptor and the environment.
TerminalStyle style_of_stderr();

/// Shows what goes on: on a terminal one live line with bar, percentage, time left and detail; elsewhere plain lines,
/// at most one for every tenth of a stage.
class TerminalJournal final : public core::Journal {
 public:
  TerminalJournal(std::FILE* stream, TerminalStyle style) : stream_(stream), style_(style) {}
  ~TerminalJournal() override;

  void say(std::string_view sentence) override;
  void warn(std::string_view sentence) override;
  void progress(const core::Progress& progress) override;

  /// Ends the live line, so that what others write starts on a line of its own.
  void end_line();

 private:
  void put(const std::string& text);
  void line(std::string_view text);
  void show_live(const core::Progress& progress);
  void show_plain(const core::Progress& progress);

  std::FILE* stream_;
  TerminalStyle style_;
  std::string live_;  // what stands on the live line now
  double shown_at_ = -1;
  std::string stage_;
  std::map<std::string, int> tenths_;  // shown last, by stage
};

/// The text with what could steer a terminal shown as '?': names come from data. Line ends stay.
std::string printable(std::string_view text);

/// "12 s", "3 min 20 s", "2 h 5 min"
std::string duration_text(double seconds);

}  // namespace equipoise::cli
