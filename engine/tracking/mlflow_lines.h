#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "engine/tracking/figures.h"
#include "engine/tracking/sweep_parent.h"

namespace equipoise::tracking {

/// What an MLflow server takes in one request and in one value (mlflow/utils/validation.py of MLflow 3.17).
namespace mlflow_limits {
inline constexpr std::size_t kParams = 100, kMetrics = 1000, kTags = 100;
inline constexpr std::size_t kBodyBytes = 1'000'000;
inline constexpr std::size_t kKeyBytes = 250, kParamBytes = 6000, kTagBytes = 8000;
}  // namespace mlflow_limits

/// A line of mlflow_spool.jsonl is an object with one key, what the server is to be told:
///   {"run": {"name": ..., "key": ..., "start_time": ms, "tags": {...}, "is_member": bool}}, and of a job of a sweep
///       "sweep": {"name": ..., "key": ..., "start_time": ms, "command": ...} (sweep_parent.h)
///   {"params": [{"key": ..., "value": ...}]}
///   {"metrics": [{"key": ..., "value": ..., "timestamp": ms, "step": n}]}
///   {"tags": [{"key": ..., "value": ...}]}
///   {"artifact": "report.html"}
///   {"status": {"status": "FINISHED", "end_time": ms}}
using Line = nlohmann::json;

/// `text` as a name that MLflow takes: letters, digits and _-. /: of them "=" becomes ".", what else it does not take "_", and
/// what is too long loses its end.
std::string mlflow_name(const std::string& text);
/// Names for several texts, told apart by a number where two would be one.
std::vector<std::string> mlflow_names(const std::vector<std::string>& texts);

/// The lines that begin a run; `is_member`: of the bank or comparison in the folder two above; `sweep`: that it is part of.
std::vector<Line> first_lines(const RunFacts& facts, const std::string& key, std::int64_t start, bool is_member,
                              const std::optional<SweepParent>& sweep = std::nullopt);
std::vector<Line> metrics_lines(const std::vector<Figure>& figures, std::int64_t step, std::int64_t timestamp);
std::vector<Line> last_lines(const RunFacts& facts, const RunEnd& end, std::int64_t step, std::int64_t now,
                             bool with_artifacts);
Line running_line();
/// That it ended, and when.
Line ended_line(const std::string& outcome, std::int64_t now);

/// The largest step of a line with metrics; -1 of others.
std::int64_t step_of(const Line& line);

}  // namespace equipoise::tracking
