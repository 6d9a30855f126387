#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

namespace equipoise::tracking {

struct MlflowState;

inline constexpr const char* kSweepFile = "mlflow_sweep.json";  ///< of a sweep's folder
inline constexpr const char* kSweepTag = "equipoise.sweep";     ///< of all its runs: SweepParent::key

/// The run at an MLflow server below which those of a sweep hang. Any process of the sweep, on any host, may be the first to need it:
/// what it is stands in mlflow_sweep.json of the sweep's folder, and its id at the server in tracking.json there. Each of them is a file that
/// one process alone can make, whole at once.
struct SweepParent {
  std::string key, name, command;
  std::int64_t start_time = 0;  // ms
};

/// What stands in the folder; where nothing does, `proposal` from now on. Throws UserError (data) for a folder that cannot be written,
/// or a damaged file.
SweepParent sweep_parent(const std::filesystem::path& folder, const SweepParent& proposal);
/// Whether this is the folder of that sweep.
bool is_folder_of(const SweepParent& parent, const std::filesystem::path& folder) noexcept;
/// The id of the sweep's run; "" before there is one. Throws UserError (data) for a damaged file.
std::string sweep_run_id(const std::filesystem::path& folder);
/// The id that holds for the sweep from now on: this one, or another process's that was faster. Throws UserError (data).
std::string settle_sweep_run(const std::filesystem::path& folder, const MlflowState& made);

/// Its tags at the server.
nlohmann::json tags_of(const SweepParent& parent);
nlohmann::json to_json(const SweepParent& parent);
/// Throws nlohmann::json::exception.
SweepParent sweep_parent_from(const nlohmann::json& json);

}  // namespace equipoise::tracking
