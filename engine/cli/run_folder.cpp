#include "engine/cli/run_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>

#include "engine/checkpoint/checkpoint.h"
#include "engine/cli/member_folders.h"
#include "engine/cli/set_aside.h"
#include "engine/core/cut.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/report/report.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

core::UserError disk_error(const std::string& what, const fs::path& path, int number) {
  return core::UserError(core::Fault::data, fmt::format("{} '{}': {}", what, path.string(), std::strerror(number)));
}

// The number of "name-012", or nothing.
int number_of(const std::string& entry, const std::string& name) {
  if (entry.rfind(name + "-", 0) != 0) return 0;
  const char* first = entry.data() + name.size() + 1;
  const char* last = entry.data() + entry.size();
  int number = 0;
  const auto [end, error] = std::from_chars(first, last, number);
  const bool is_number = error == std::errc() && end == last && number < std::numeric_limits<int>::max();
  return is_number ? number : 0;
}

// Markers without a command say nothing of it.
bool is_of_another_verb(const RunMarker& earlier, const RunMarker& now) {
  const std::string before = verb_of(earlier), after = verb_of(now);
  return !before.empty() && !after.empty() && before != after;
}

}  // namespace

std::string folder_name(const std::string& name) {
  std::string text;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    text += std::isalnum(byte) != 0 || byte >= 0x80 || std::strchr("._-", letter) != nullptr ? letter : '-';
  }
  // A leading dot hides a folder, and ".." is no name.
  if (!text.empty() && text.front() == '.') text.front() = '-';
  constexpr std::size_t kLongest = 120;
  return text.empty() ? "run" : core::cut(text, kLongest);
}

fs::path run_name(const training::OutputParams& output, const config::Origin& origin) {
  if (output.run.empty()) return {};
  fs::path wanted = fs::path(output.run).lexically_normal();
  if (!wanted.has_filename()) wanted = wanted.parent_path();
  if (wanted.empty() || wanted.is_absolute() || *wanted.begin() == "." || *wanted.begin() == "..") {
    throw core::UserError(
        core::Fault::config,
        fmt::format("output.run is '{}', expected the name of a folder inside output.folder", output.run),
        origin.of("output.run"));
  }
  return wanted;
}

RunFolder RunFolder::claim(const training::OutputParams& output, const std::string& name, RunMarker marker,
                           const config::Origin& origin) {
  const fs::path wanted = run_name(output, origin);
  marker.status = "running";
  marker.started = utc_now();
  const fs::path folder = fs::absolute(output.folder).lexically_normal();
  RunFolder run(folder / (wanted.empty() ? fs::path(folder_name(name)) : wanted), std::move(marker));
  run.make_parents();
  if (wanted.empty()) {
    run.claim_next_number(folder_name(name));
  } else {
    run.claim_named(output.overwrite, origin);
  }
  run.lock();
  // A new folder is marked at once, which also shows whether the disk takes anything.
  if (!run.made_.empty() && run.made_.back() == run.path_) run.write_marker();
  return run;
}

std::optional<RunFolder> RunFolder::reclaim(const training::OutputParams& output, const std::string& name,
                                            RunMarker marker, const config::Origin& origin) {
  const fs::path wanted = run_name(output, origin);
  const fs::path folder = fs::absolute(output.folder).lexically_normal();
  fs::path path = folder / wanted;
  std::error_code error;
  if (wanted.empty()) {
    int newest = 0;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
      const std::string found = entry->path().filename().string();
      if (const int number = number_of(found, folder_name(name)); number > newest) {
        newest = number;
        path = entry->path();
      }
    }
    if (newest == 0) return std::nullopt;
  }
  if (!fs::exists(path / run_files::kMarker, error)) return std::nullopt;
  RunFolder run(path, std::move(marker));
  run.lock();
  const fs::path file = path / run_files::kMarker;
  const RunMarker earlier = run_marker_from(core::read_file(file), file.string());
  if (is_of_another_verb(earlier, run.marker_))
    throw core::UserError(
        core::Fault::data,
        fmt::format(
            "the run folder '{}' holds what 'equipoise {}' made, and only a run of 'equipoise {}' can be gone on "
            "with: choose another output.run, or replace it with output.overwrite=true, without --resume",
            path.string(), verb_of(earlier), verb_of(run.marker_)),
        origin.of("output.run"));
  if (::access(path.c_str(), W_OK) != 0) throw disk_error("cannot write into the run folder", path, errno);
  run.holds_an_earlier_run_ = true;
  run.earlier_status_ = earlier.status;
  run.marker_.status = "running";
  run.marker_.started = earlier.started;
  run.marker_.resumed = earlier.resumed;
  return run;
}

void RunFolder::go_on() {
  goes_on_ = true;
  marker_.resumed.push_back(utc_now());
  keep();
}

RunFolder RunFolder::claim_member(std::size_t member, RunMarker marker) {
  marker.status = "running";
  marker.started = utc_now();
  RunFolder folder(member_folder(path_, member), std::move(marker));
  folder.parent_ = this;
  folder.make_parents();
  if (::mkdir(folder.path_.c_str(), 0777) == 0) {
    folder.made_.push_back(folder.path_);
  } else if (errno == EEXIST && goes_on_) {
    folder.goes_on_ = true;
    folder.keep();
    set_aside(folder.path_);
  } else {
    throw disk_error("cannot make the member's folder", folder.path_, errno);
  }
  folder.lock();
  folder.write_marker();
  return folder;
}

RunFolder::RunFolder(RunFolder&& other) noexcept
    : path_(std::move(other.path_)),
      marker_(std::move(other.marker_)),
      parent_(other.parent_),
      trackers_(std::move(other.trackers_)),
      made_(std::move(other.made_)),
      lock_(std::move(other.lock_)),
      has_begun_(std::exchange(other.has_begun_, false)),
      holds_an_earlier_run_(other.holds_an_earlier_run_),
      is_kept_(std::exchange(other.is_kept_, true)),
      goes_on_(other.goes_on_),
      earlier_status_(std::move(other.earlier_status_)) {
  other.made_.clear();
}

RunFolder::~RunFolder() {
  if (!is_kept_) discard();
}

void RunFolder::make_parents() {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path folder = path_.parent_path(); !fs::exists(folder, error) && folder.has_relative_path();
       folder = folder.parent_path()) {
    missing.push_back(folder);
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (::mkdir(folder->c_str(), 0777) == 0) {
      made_.push_back(*folder);
    } else if (errno != EEXIST) {
      throw disk_error("cannot make the output folder", *folder, errno);
    }
  }
  if (!fs::is_directory(path_.parent_path(), error)) {
    throw core::UserError(core::Fault::data,
                          fmt::format("output.folder '{}' is a file, expected a folder", path_.parent_path().string()));
  }
}

void RunFolder::claim_next_number(const std::string& name) {
  const fs::path folder = path_.parent_path();
  int number = 0;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    number = std::max(number, number_of(entry->path().filename().string(), name));
  }
  do {
    path_ = folder / fmt::format("{}-{:03d}", name, ++number);
    if (::mkdir(path_.c_str(), 0777) == 0) {
      made_.push_back(path_);
      return;
    }
  } while (errno == EEXIST);  // another process was faster
  throw disk_error("cannot make the run folder", path_, errno);
}

void RunFolder::claim_named(bool overwrite, const config::Origin& origin) {
  if (::mkdir(path_.c_str(), 0777) == 0) {
    made_.push_back(path_);
    return;
  }
  if (errno != EEXIST) throw disk_error("cannot make the run folder", path_, errno);
  check_ours(overwrite, origin);
  if (::access(path_.c_str(), W_OK) != 0) throw disk_error("cannot write into the run folder", path_, errno);
}

void RunFolder::check_ours(bool overwrite, const config::Origin& origin) {
  const auto refusal = [&](const std::string& what) {
    return core::UserError(core::Fault::data, fmt::format("the run folder '{}' {}", path_.string(), what),
                           origin.of("output.run"));
  };
  std::error_code error;
  if (!fs::is_directory(path_, error)) throw refusal("is a file; choose another output.run");
  if (!fs::exists(path_ / run_files::kMarker, error)) {
    if (is_as_good_as_empty(path_)) return;
    throw refusal(
        "exists and is not a run of Equipoise (it has no run.json): it is left as it is; choose another "
        "output.run");
  }
  const fs::path marker = path_ / run_files::kMarker;
  const RunMarker earlier = run_marker_from(core::read_file(marker), marker.string());
  holds_an_earlier_run_ = true;
  if (overwrite) return;
  if (earlier.status == "finished")
    throw refusal("holds a finished run; set output.overwrite=true to replace it, or choose another output.run");
  if (has_set_aside(path_))
    throw refusal(
        "holds in 'earlier' the model of a finished run that was to be trained for longer: add --resume, or set "
        "output.overwrite=true to replace it too");
  if (is_of_another_verb(earlier, marker_))
    throw refusal(
        fmt::format("holds what 'equipoise {}' made, and this is 'equipoise {}'; set output.overwrite=true "
                    "to replace it, or choose another output.run",
                    verb_of(earlier), verb_of(marker_)));
  bool has_finished = false;
  if (verb_of(earlier) == "compare")
    for_each_member(path_, [&](std::size_t, const fs::path& member) { has_finished |= has_finished_run(member); });
  if (has_finished)
    throw refusal(
        "holds a comparison that can go on, with runs that have finished: add --resume, or set output.overwrite=true "
        "to begin anew");
  if (!checkpoint::list_checkpoints(path_ / run_files::kCheckpoints).empty())
    throw refusal("holds a run that can go on: add --resume, or set output.overwrite=true to begin anew");
}

void RunFolder::lock() {
  try {
    lock_.emplace(path_);
  } catch (const core::UserError&) {
    made_.clear();  // it is another's
    throw;
  }
}

void RunFolder::begin(std::string_view config) {
  if (has_begun_) return;
  if (goes_on_) set_aside(path_);
  marker_.resolved_sha256 = core::sha256(config);
  write_marker();
  has_begun_ = true;
  const auto stays = [&](const std::string& name) {
    if (name == run_files::kMarker) return true;
    // What a search chose is not searched for again, and what a comparison found stands until it has found as much again.
    if (goes_on_ && verb_of(marker_) == "compare") return name == run_files::kCompare || name == run_files::kReport;
    return goes_on_ && name == run_files::kSearch;
  };
  for (const char* name : run_files::kAll)
    if (!stays(name)) ::unlink(file(name).c_str());
  // A run that goes on goes on in its checkpoints, and under the names that its trackers know.
  if (!goes_on_) {
    tracking::remove_tracking_files(path_);
    remove_members();
    remove_checkpoints();
    remove_set_aside(path_);
  }
  remove_unfinished_files(path_);
  write(run_files::kConfig, config);
}

void RunFolder::write(const char* name, std::string_view content) {
  core::write_file_atomically(file(name), content);
}

void RunFolder::append_measurement(const evaluation::Measurement& measurement) {
  core::append_to_file(file(run_files::kMeasurements), evaluation::to_json(measurement).dump() + "\n");
}

void RunFolder::finish(const std::string& status) {
  marker_.status = status;
  marker_.finished = utc_now();
  write_marker();
  keep();
  remove_where_replaced(path_);
}

void RunFolder::mark_failed() noexcept {
  if (!is_kept_) return;  // the folder goes
  tell_failure();
  try {
    marker_.status = "failed";
    write_marker();
  } catch (const std::exception&) {
    // The disk that failed the run may fail this too: then the marker goes on saying "running".
  }
}

// The trackers' own warnings have no reader any more.
void RunFolder::tell_failure() noexcept {
  const std::unique_ptr<tracking::Trackers> trackers = std::move(trackers_);
  if (!trackers) return;
  try {
    core::Journal nobody;
    // A server that is there has it in a moment; one that is not holds up no failure.
    trackers->finished({.outcome = "failed"}, nobody, trackers->is_heard() ? 2.0 : 0.0);
  } catch (const std::exception&) {
    // Nothing that a tracker is told may hide what failed the run.
  }
}

void RunFolder::write_marker() {
  write(run_files::kMarker, to_text(marker_));
}

void RunFolder::remove_members() noexcept {
  for_each_member(path_, [](std::size_t, const fs::path& member) { remove_run(member); });
  ::rmdir(file(run_files::kMembers).c_str());
}

void RunFolder::remove_member(std::size_t member) noexcept {
  remove_run(member_folder(path_, member));
}

void RunFolder::remove_checkpoints() noexcept {
  const fs::path folder = file(run_files::kCheckpoints);
  for (const checkpoint::Saved& saved : checkpoint::list_checkpoints(folder)) checkpoint::remove_checkpoint(saved);
  checkpoint::remove_unfinished(folder);
  ::rmdir(folder.c_str());
}

void RunFolder::remove_own_files() noexcept {
  remove_set_aside(path_);
  for (const char* name : run_files::kAll) ::unlink(file(name).c_str());
  tracking::remove_tracking_files(path_);
}

void RunFolder::discard() noexcept {
  tell_failure();
  // Its bank goes too, when it has told of all of them.
  if (parent_ != nullptr && !parent_->is_kept()) return;
  const bool is_new = !made_.empty() && made_.back() == path_;
  if (is_new || has_begun_) {
    remove_members();
    remove_checkpoints();
    remove_own_files();
  }
  // rmdir takes empty folders only: what somebody else put there meanwhile stays.
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) ::rmdir(folder->c_str());
}

}  // namespace equipoise::cli
