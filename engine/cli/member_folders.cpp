#include "engine/cli/member_folders.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string>

#include "engine/cli/run_folder.h"
#include "engine/cli/set_aside.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/tracking/trackers.h"

namespace equipoise::cli {

namespace fs = std::filesystem;

fs::path member_folder(const fs::path& parent, std::size_t member) {
  return parent / run_files::kMembers / fmt::format("{:03d}", member);
}

std::string name_in(const fs::path& parent, const fs::path& member) {
  return member.lexically_relative(parent).generic_string();
}

void for_each_member(const fs::path& parent, const std::function<void(std::size_t, const fs::path&)>& take) {
  std::error_code error;
  for (fs::directory_iterator entry(parent / run_files::kMembers, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    std::size_t number = 0;
    const auto [last, wrong] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (wrong == std::errc() && last == name.data() + name.size()) take(number, entry->path());
  }
}

bool has_finished_run(const fs::path& folder) {
  const fs::path marker = folder / run_files::kMarker;
  std::error_code error;
  if (!fs::exists(marker, error)) return false;
  const std::string text = core::read_file(marker);
  try {
    return run_marker_from(text, marker.string()).status == "finished";
  } catch (const core::UserError&) {
    return false;
  }
}

bool is_as_good_as_empty(const fs::path& folder) {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
    if (!entry->path().filename().string().starts_with(std::string(run_files::kMarker) + ".part")) return false;
  return !error;
}

void check_member_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(folder, error);
  if (!fs::exists(status)) return;
  const auto refuse = [&](const char* what) {
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' {}: it is left as it is; take it away, or choose another "
                                      "output.run",
                                      folder.string(), what));
  };
  if (fs::is_symlink(status)) refuse("is a link, and a run is to be made there");
  if (!fs::is_directory(status)) refuse("is a file, and a run is to be made there");
  if (!fs::exists(folder / run_files::kMarker, error) && !is_as_good_as_empty(folder))
    refuse("is not a run of Equipoise (it has no run.json), and one is to be made there");
}

void remove_unfinished_files(const fs::path& folder) noexcept {
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (std::ranges::any_of(run_files::kAll,
                            [&](const char* ours) { return name.starts_with(std::string(ours) + ".part"); }))
      ::unlink(entry->path().c_str());
  }
}

void remove_run(const fs::path& folder) noexcept {
  std::error_code error;
  if (fs::is_symlink(fs::symlink_status(folder, error))) return;
  remove_set_aside(folder);
  tracking::remove_tracking_files(folder);
  remove_unfinished_files(folder);
  for (const char* ours : run_files::kAll) ::unlink((folder / ours).c_str());  // the marker last: until then it is ours
  ::rmdir(folder.c_str());
}

}  // namespace equipoise::cli
