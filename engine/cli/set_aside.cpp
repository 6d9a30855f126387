#include "engine/cli/set_aside.h"

#include <unistd.h>

#include <system_error>

#include "engine/cli/run_folder.h"
#include "engine/core/files.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

fs::path unfinished(const fs::path& run) {
  return run / ".earlier.unfinished";
}

bool is_there(const fs::path& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool has_model(const fs::path& run) {
  return is_there(run / run_files::kWeights) || is_there(run / run_files::kBank);
}

void remove_run_files(const fs::path& folder) noexcept {
  for (const char* name : run_files::kAll) ::unlink((folder / name).c_str());
  ::rmdir(folder.c_str());
}

// A second name takes no room and no time; not every disk has them.
void put_also(const fs::path& from, const fs::path& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (error) core::write_new_file(to, core::read_file(from));
}

}  // namespace

fs::path set_aside_folder(const fs::path& run) {
  return run / "earlier";
}

bool has_set_aside(const fs::path& run) {
  return is_there(set_aside_folder(run) / run_files::kMarker);
}

void set_aside(const fs::path& run) {
  if (!has_model(run) || has_set_aside(run)) return;
  const fs::path beside = unfinished(run);
  remove_run_files(beside);
  core::make_folder(beside);
  for (const char* name : run_files::kAll)
    if (is_there(run / name)) put_also(run / name, beside / name);
  core::flush_folder(beside);
  core::rename_folder(beside, set_aside_folder(run));
  core::flush_folder(run);
}

void remove_set_aside(const fs::path& run) noexcept {
  remove_run_files(unfinished(run));
  remove_run_files(set_aside_folder(run));
}

void remove_where_replaced(const fs::path& run) noexcept {
  if (has_model(run)) remove_set_aside(run);
}

}  // namespace equipoise::cli
