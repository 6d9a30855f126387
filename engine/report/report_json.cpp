#include "engine/core/json_reader.h"
#include "engine/report/artifacts_json.h"
#include "engine/report/report.h"
#include "engine/report/sampling_json.h"

namespace equipoise::report {
namespace {

using nlohmann::json;

constexpr std::int64_t kFormat = 1;

template <typename T, typename Write>
json list_of(const std::vector<T>& values, Write write) {
  json list = json::array();
  for (const T& value : values) list.push_back(write(value));
  return list;
}

json numbers(const std::vector<double>& values) {
  return list_of(values, [](double value) { return core::number_or_null(value); });
}

json to_json(const data::Fingerprint& file) {
  return {{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}, {"rows", file.rows}};
}

json to_json(const data::Leak& leak) {
  return {{"feature", leak.feature}, {"target", leak.target}, {"accuracy", core::number_or_null(leak.accuracy)}};
}

json to_json(const std::optional<LargestSwing>& swing) {
  if (!swing) return nullptr;
  return {{"title", swing->title}, {"amplitude", core::number_or_null(swing->amplitude)}, {"turns", swing->turns}};
}

std::optional<LargestSwing> swing_at(const json& object, const std::string& path) {
  if (object.is_null()) return std::nullopt;
  const core::JsonReader reader(object, path);
  LargestSwing swing;
  reader.read("title", swing.title);
  reader.read("amplitude", swing.amplitude);
  reader.read("turns", swing.turns);
  return swing;
}

void read_facts(const core::JsonReader& reader, Report& report) {
  reader.read("name", report.name);
  reader.read("finished", report.finished);
  reader.read("command", report.command);
  reader.read("outcome", report.outcome);
  reader.read("seed", report.seed);
  reader.read("kept", report.kept);
  reader.read("kept_step", report.kept_step);
  reader.read("confidence", report.confidence);
  reader.read("min_rows", report.min_rows);
  reader.read("training_seconds", report.training_seconds);
  reader.read("rows_per_second", report.rows_per_second);
  reader.read("steps", report.steps);
  reader.read("device", report.device);
  reader.read("model", report.model);
  reader.read("config_yaml", report.config_yaml);
}

void read_data(const core::JsonReader& reader, Report& report) {
  reader.each("versions", [&](const json& item, const std::string& path) {
    auto& [name, version] = report.versions.emplace_back();
    const core::JsonReader fields(item, path);
    fields.read("name", name);
    fields.read("version", version);
  });
  reader.each("split_rows", [&](const json& item, const std::string& path) {
    auto& [split, rows] = report.split_rows.emplace_back();
    const core::JsonReader fields(item, path);
    fields.read("split", split);
    fields.read("rows", rows);
  });
  reader.each("files", [&](const json& item, const std::string& path) {
    data::Fingerprint& file = report.files.emplace_back();
    const core::JsonReader fields(item, path);
    fields.read("path", file.path);
    fields.read("sha256", file.sha256);
    fields.read("bytes", file.bytes);
    fields.read("rows", file.rows);
  });
  reader.each("leaks", [&](const json& item, const std::string& path) {
    data::Leak& leak = report.leaks.emplace_back();
    const core::JsonReader fields(item, path);
    fields.read("feature", leak.feature);
    fields.read("target", leak.target);
    fields.read("accuracy", leak.accuracy);
  });
  reader.read("reading", report.reading);
  reader.read("warnings", report.warnings);
}

void read_results(const core::JsonReader& reader, Report& report) {
  reader.read("promise_titles", report.promise_titles);
  reader.read("promise_tolerances", report.promise_tolerances);
  reader.read("multiplier_titles", report.multiplier_titles);
  // Results of an earlier version may have none of these.
  reader.if_there("swing", [&](const json& item, const std::string& path) {
    const core::JsonReader swing(item, path);
    swing.read("measures", report.swing_measures);
    swing.if_there("gap", [&](const json& gap, const std::string& at) { report.gap_swing = swing_at(gap, at); });
    swing.if_there("multiplier", [&](const json& multiplier, const std::string& at) {
      report.multiplier_swing = swing_at(multiplier, at);
    });
  });
  reader.if_there("sampling", [&](const json& item, const std::string& path) {
    report.sampling = sampling_log_from_json(item, path);
  });
  reader.if_there("artifacts", [&](const json& item, const std::string& path) {
    report.artifacts = artifacts_from_json(item, path);
  });
  reader.read_if_there("measured_on", report.measured_on);
  reader.read_if_there("members", report.members);
  reader.each("splits", [&](const json& item, const std::string&) {
    report.splits.push_back(evaluation::split_result_from_json(item));
  });
  reader.each("measurements", [&](const json& item, const std::string& path) {
    report.measurements.push_back(evaluation::measurement_from_json(item, path));
  });
}

}  // namespace

json to_json(const Report& report) {
  json result = {{"format", kFormat},
                 {"name", report.name},
                 {"finished", report.finished},
                 {"command", report.command},
                 {"outcome", report.outcome},
                 {"seed", report.seed},
                 {"kept", report.kept},
                 {"kept_step", report.kept_step ? json(*report.kept_step) : json(nullptr)},
                 {"confidence", core::number_or_null(report.confidence)},
                 {"min_rows", report.min_rows},
                 {"training_seconds", core::number_or_null(report.training_seconds)},
                 {"rows_per_second", core::number_or_null(report.rows_per_second)},
                 {"steps", report.steps},
                 {"device", report.device},
                 {"model", report.model},
                 {"promise_titles", report.promise_titles},
                 {"promise_tolerances", numbers(report.promise_tolerances)},
                 {"multiplier_titles", report.multiplier_titles},
                 {"measured_on", report.measured_on},
                 {"members", report.members},
                 {"reading", report.reading},
                 {"warnings", report.warnings},
                 {"config_yaml", report.config_yaml}};
  const auto named = [](const char* first, const char* second) {
    return [first, second](const auto& pair) { return json{{first, pair.first}, {second, pair.second}}; };
  };
  result["swing"] = {{"measures", report.swing_measures},
                     {"gap", to_json(report.gap_swing)},
                     {"multiplier", to_json(report.multiplier_swing)}};
  result["sampling"] = to_json(report.sampling);
  result["artifacts"] = to_json(report.artifacts);
  result["versions"] = list_of(report.versions, named("name", "version"));
  result["split_rows"] = list_of(report.split_rows, named("split", "rows"));
  result["files"] = list_of(report.files, [](const data::Fingerprint& file) { return to_json(file); });
  result["leaks"] = list_of(report.leaks, [](const data::Leak& leak) { return to_json(leak); });
  result["splits"] =
      list_of(report.splits, [](const evaluation::SplitResult& split) { return evaluation::to_json(split); });
  result["measurements"] =
      list_of(report.measurements, [](const Measurement& measurement) { return evaluation::to_json(measurement); });
  return result;
}

Report report_from_json(const json& object) {
  const core::JsonReader reader(object, "results");
  reader.require_format(kFormat);
  Report report;
  read_facts(reader, report);
  read_data(reader, report);
  read_results(reader, report);
  return report;
}

}  // namespace equipoise::report
