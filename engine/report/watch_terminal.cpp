#include "engine/report/watch_terminal.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/core/json_reader.h"
#include "engine/evaluation/quality.h"
#include "engine/report/figures.h"
#include "engine/report/terminal_table.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::RunStatus;
using sweep::WatchedRun;
using sweep::WatchSnapshot;

constexpr double kSilent = 300;  // seconds without a measurement that are worth a word
constexpr std::size_t kWide = 100;
constexpr std::size_t kLeastTitle = 12;

std::string time_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::llround(std::clamp(seconds, 0.0, 1e9)));
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {:02} s", whole / 60, whole % 60);
  return fmt::format("{} h {:02} min", whole / 3600, whole % 3600 / 60);
}

std::string cut(const std::string& text, std::size_t columns) {
  if (width_of(text) <= columns) return plain(text, columns);
  constexpr std::size_t kDots = 3;
  return columns <= kDots ? std::string(columns, '.') : plain(text, columns - kDots);
}

// Rows of cells under each other: the first column takes what the others leave of the width.
class Table {
 public:
  Table(std::string heading, const WatchStyle& style) : heading_(std::move(heading)), style_(style) {}

  void add(std::vector<std::string> cells, std::optional<Verdict> verdict = std::nullopt) {
    rows_.push_back({std::move(cells), verdict});
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> lines;
    if (rows_.empty()) return lines;
    lines.push_back(cut(heading_, style_.columns));
    std::vector<std::size_t> widths(rows_.front().cells.size(), 0);
    for (const Row& row : rows_)
      for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], width_of(row.cells[i]));
    std::size_t others = 2;
    for (std::size_t i = 1; i < widths.size(); ++i) others += widths[i] + 2;
    const std::size_t room = style_.columns > others ? style_.columns - others : 0;
    widths[0] = std::min(widths[0], std::max(room, kLeastTitle));
    for (const Row& row : rows_) lines.push_back(line_of(row, widths));
    return lines;
  }

 private:
  struct Row {
    std::vector<std::string> cells;
    std::optional<Verdict> verdict;  // colours the last cell
  };

  std::string line_of(const Row& row, const std::vector<std::size_t>& widths) const {
    std::string text = "  " + padded(cut(row.cells[0], widths[0]), widths[0]);
    for (std::size_t i = 1; i + 1 < row.cells.size(); ++i) text += "  " + padded(row.cells[i], widths[i], true);
    const std::string last = row.cells.size() > 1 ? row.cells.back() : "";
    if (row.verdict && width_of(text) + 2 + width_of(last) <= style_.columns)
      return text + "  " + painted(last, *row.verdict, style_.color);
    text = cut(text + "  " + last, style_.columns);
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

  std::string heading_;
  const WatchStyle& style_;
  std::vector<Row> rows_;
};

// "+0.8": of the figure's own unit a hundred.
std::string violation_text(const std::optional<double>& violation) {
  if (!violation || !std::isfinite(*violation)) return "-";
  return fmt::format("{:+.2f}", 100 * *violation);
}

std::string quality_text(const WatchedRun& run) {
  if (!run.quality) return "-";
  return run.quality_is_error ? plain_amount(run.quality) : fmt::format("{:.1f} %", 100 * *run.quality);
}

std::string counts_line(const WatchSnapshot& snapshot) {
  std::string text;
  const std::pair<RunStatus, const char*> words[] = {
      {RunStatus::finished, "finished"}, {RunStatus::running, "running"}, {RunStatus::missing, "to come"},
      {RunStatus::gone, "gone"},         {RunStatus::stopped, "stopped"}, {RunStatus::interrupted, "interrupted"},
      {RunStatus::failed, "failed"}};
  for (const auto& [status, word] : words)
    if (const std::int64_t count = snapshot.count(status); count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
  return text;
}

double share_done(const WatchSnapshot& snapshot) {
  double done = 0;
  for (const WatchedRun& run : snapshot.runs)
    done += run.status == RunStatus::finished || run.status == RunStatus::stopped || run.status == RunStatus::failed
                ? 1
                : run.done;
  return snapshot.runs.empty() ? 0 : done / static_cast<double>(snapshot.runs.size());
}

std::string bar_line(const WatchSnapshot& snapshot, std::size_t columns) {
  const double done = share_done(snapshot);
  std::string words = fmt::format(" {:3.0f} %", std::floor(100 * done));
  if (snapshot.seconds_left) words += fmt::format("  {} left", time_text(*snapshot.seconds_left));
  const std::size_t width = std::clamp<std::size_t>(columns > words.size() + 2 ? columns - words.size() - 2 : 0, 4, 40);
  const auto filled = static_cast<std::size_t>(std::floor(done * static_cast<double>(width)));
  return cut("[" + std::string(filled, '#') + std::string(width - filled, '.') + "]" + words, columns);
}

std::vector<const WatchedRun*> of_status(const WatchSnapshot& snapshot, RunStatus status) {
  std::vector<const WatchedRun*> runs;
  for (const WatchedRun& run : snapshot.runs)
    if (run.status == status) runs.push_back(&run);
  return runs;
}

std::vector<std::string> running_lines(const WatchSnapshot& snapshot, const WatchStyle& style, std::size_t most) {
  const std::vector<const WatchedRun*> runs = of_status(snapshot, RunStatus::running);
  const std::string more = runs.size() > most ? fmt::format(", {} shown", most) : "";
  Table table(fmt::format("running ({}{}): done, worst violation in hundredths, largest multiplier, time left",
                          runs.size(), more),
              style);
  for (std::size_t i = 0; i < runs.size() && i < most; ++i) {
    const WatchedRun& run = *runs[i];
    std::vector<std::string> cells = {run.title, fmt::format("{:.0f} %", std::floor(100 * run.done))};
    if (style.columns >= kWide) {
      cells.push_back(run.epoch && run.epochs ? fmt::format("epoch {:.1f} of {:g}", *run.epoch, *run.epochs) : "-");
      cells.push_back(run.accuracy ? fmt::format("accuracy {:.1f} %", 100 * *run.accuracy) : "-");
    }
    cells.push_back(violation_text(run.worst_violation));
    if (style.columns >= kWide) cells.push_back(run.worst_promise.empty() ? "-" : run.worst_promise);
    cells.push_back(run.largest_multiplier ? fmt::format("{:.3f}", *run.largest_multiplier) : "-");
    const bool silent = run.silent_seconds && *run.silent_seconds > kSilent;
    cells.push_back(silent             ? fmt::format("no news for {}", time_text(*run.silent_seconds))
                    : run.seconds_left ? time_text(*run.seconds_left)
                                       : "starting");
    table.add(std::move(cells));
  }
  return table.lines();
}

std::vector<std::string> finished_lines(const std::vector<const WatchedRun*>& runs, const std::string& heading,
                                        const WatchStyle& style, std::size_t most) {
  Table table(heading, style);
  for (std::size_t i = 0; i < runs.size() && i < most; ++i) {
    const WatchedRun& run = *runs[i];
    table.add({run.title, quality_text(run), violation_text(run.worst_violation),
               run.verdict ? std::string(look_of(*run.verdict).word) : "-"},
              run.verdict);
  }
  return table.lines();
}

std::vector<std::string> best_lines(const WatchSnapshot& snapshot, const WatchStyle& style, std::size_t most) {
  std::vector<const WatchedRun*> runs = of_status(snapshot, RunStatus::finished);
  std::erase_if(runs, [](const WatchedRun* run) {
    return !run->quality || (run->worst_violation && !evaluation::is_inside(*run->worst_violation, 0));
  });
  std::ranges::stable_sort(runs, [](const WatchedRun* one, const WatchedRun* other) {
    return evaluation::is_better(*one->quality, *other->quality, one->quality_is_error);
  });
  return finished_lines(
      runs, "best whose bounds are inside on the choosing rows: quality and excess there, test verdict", style, most);
}

std::vector<std::string> worst_lines(const WatchSnapshot& snapshot, const WatchStyle& style, std::size_t most) {
  std::vector<const WatchedRun*> runs = of_status(snapshot, RunStatus::finished);
  std::erase_if(runs, [](const WatchedRun* run) {
    return !run->worst_violation || evaluation::is_inside(*run->worst_violation, 0);
  });
  std::ranges::stable_sort(runs, [](const WatchedRun* one, const WatchedRun* other) {
    return *one->worst_violation > *other->worst_violation;
  });
  return finished_lines(
      runs,
      fmt::format("outside on the choosing rows, the worst of {}: quality and excess there, test verdict", runs.size()),
      style, most);
}

// By their reasons, the most frequent first.
std::vector<std::string> reason_lines(const WatchSnapshot& snapshot, RunStatus status, const WatchStyle& style,
                                      std::size_t most) {
  std::map<std::string, int> reasons;
  for (const WatchedRun* run : of_status(snapshot, status)) ++reasons[run->reason];
  std::vector<std::pair<std::string, int>> order(reasons.begin(), reasons.end());
  std::ranges::stable_sort(order, std::greater(), &std::pair<std::string, int>::second);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < order.size() && i < most; ++i)
    lines.push_back(cut(fmt::format("{} ({}): {}", name_of(status), order[i].second, order[i].first), style.columns));
  return lines;
}

}  // namespace

std::string to_terminal(const WatchSnapshot& snapshot, const WatchStyle& style) {
  std::vector<std::string> lines;
  const auto add = [&](const std::vector<std::string>& more) {
    if (more.empty()) return;
    lines.emplace_back();
    lines.insert(lines.end(), more.begin(), more.end());
  };
  lines.push_back(cut(fmt::format("{} {}: {}", snapshot.kind, snapshot.name, counts_line(snapshot)), style.columns));
  lines.push_back(bar_line(snapshot, style.columns));
  // What there is room for: half of it for what goes on, the rest for what came of the others.
  const std::size_t room = style.lines == 0 ? 60 : style.lines > 12 ? style.lines - 12 : 4;
  const std::size_t running = std::min<std::size_t>(std::max<std::size_t>(room / 2, 2),
                                                    static_cast<std::size_t>(snapshot.count(RunStatus::running)));
  const std::size_t each = std::max<std::size_t>(1, std::min<std::size_t>(8, (room - std::min(room, running)) / 3));
  add(running_lines(snapshot, style, running));
  add(best_lines(snapshot, style, each));
  add(worst_lines(snapshot, style, each));
  add(reason_lines(snapshot, RunStatus::gone, style, each));
  add(reason_lines(snapshot, RunStatus::failed, style, each));
  if (style.lines > 0 && lines.size() > style.lines) lines.resize(style.lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

nlohmann::ordered_json to_json(const WatchSnapshot& snapshot) {
  nlohmann::ordered_json runs = nlohmann::ordered_json::array();
  for (const WatchedRun& run : snapshot.runs)
    runs.push_back({{"title", run.title},
                    {"folder", run.folder},
                    {"status", name_of(run.status)},
                    {"reason", run.reason},
                    {"done", run.status == RunStatus::finished ? 1.0 : run.done},
                    {"seconds", core::number_or_null(run.seconds)},
                    {"seconds_left", core::number_or_null(run.seconds_left)},
                    {"worst_violation", core::number_or_null(run.worst_violation)},
                    {"worst_promise", run.worst_promise},
                    {"largest_multiplier", core::number_or_null(run.largest_multiplier)},
                    {"quality", core::number_or_null(run.quality)},
                    {"verdict", run.verdict ? nlohmann::ordered_json(evaluation::name_of(*run.verdict)) : nullptr}});
  return {{"name", snapshot.name},
          {"kind", snapshot.kind},
          {"done", snapshot.is_done()},
          {"seconds_left", core::number_or_null(snapshot.seconds_left)},
          {"runs", runs}};
}

}  // namespace equipoise::report
