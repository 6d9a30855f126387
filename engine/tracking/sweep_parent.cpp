#include "engine/tracking/sweep_parent.h"

#include <fmt/format.h>

#include <random>

#include "engine/core/cut.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/publish.h"
#include "engine/tracking/mlflow_lines.h"
#include "engine/tracking/outbox.h"

namespace equipoise::tracking {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr int kFormat = 1;

bool is_there(const fs::path& file) {
  std::error_code error;
  return fs::exists(file, error);
}

// Where the file is there already it is left as it is. The name beside it is no other process's of any host.
void write_unless_there(const fs::path& file, const std::string& content) {
  if (is_there(file)) return;
  std::random_device random;
  const fs::path own = fmt::format("{}.part{:08x}{:08x}", file.string(), random(), random());
  core::write_file_atomically(own, content);
  const int number = core::publish(own, file);
  std::error_code ignored;
  fs::remove(own, ignored);
  if (!is_there(file))
    throw core::UserError(core::Fault::data,
                          fmt::format("cannot write '{}': {}", file.string(), std::generic_category().message(number)));
}

SweepParent read_parent(const fs::path& file) {
  const json object = json::parse(core::read_file(file), nullptr, false);
  try {
    if (object.at("format") == kFormat) return sweep_parent_from(object);
  } catch (const json::exception& error) {
    throw core::UserError(core::Fault::data, fmt::format("'{}' is damaged: {}", file.string(), error.what()));
  }
  throw core::UserError(core::Fault::data, fmt::format("'{}' has format {}, this program reads {}", file.string(),
                                                       object.at("format").dump(), kFormat));
}

}  // namespace

json to_json(const SweepParent& parent) {
  return {{"key", parent.key}, {"name", parent.name}, {"command", parent.command}, {"start_time", parent.start_time}};
}

SweepParent sweep_parent_from(const json& json) {
  return {json.at("key"), json.at("name"), json.at("command"), json.at("start_time")};
}

json tags_of(const SweepParent& parent) {
  return {{"equipoise.key", parent.key},
          {kSweepTag, parent.key},
          {"equipoise.command", core::cut(parent.command, mlflow_limits::kTagBytes)},
          {"mlflow.source.name", "equipoise"},
          {"mlflow.source.type", "LOCAL"}};
}

SweepParent sweep_parent(const fs::path& folder, const SweepParent& proposal) {
  json proposed = to_json(proposal);
  proposed["format"] = kFormat;
  write_unless_there(folder / kSweepFile, proposed.dump(2, ' ', false, json::error_handler_t::replace) + "\n");
  return read_parent(folder / kSweepFile);
}

bool is_folder_of(const SweepParent& parent, const fs::path& folder) noexcept {
  try {
    return read_parent(folder / kSweepFile).key == parent.key;
  } catch (const std::exception&) {
    return false;
  }
}

std::string sweep_run_id(const fs::path& folder) {
  return read_mlflow_state(folder).run_id;
}

std::string settle_sweep_run(const fs::path& folder, const MlflowState& made) {
  write_unless_there(folder / kStateFile, to_text(made));
  return sweep_run_id(folder);
}

}  // namespace equipoise::tracking
