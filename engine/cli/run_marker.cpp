#include <fmt/format.h>

#include <sstream>

#include "engine/cli/run_folder.h"
#include "engine/core/error.h"
#include "engine/core/json_reader.h"

namespace equipoise::cli {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr const char* kProgram = "equipoise";

}  // namespace

std::string to_text(const RunMarker& marker) {
  const nlohmann::ordered_json json = {{"program", kProgram},
                                       {"format", kFormat},
                                       {"status", marker.status},
                                       {"command", marker.command},
                                       {"config", marker.config},
                                       {"config_sha256", marker.config_sha256},
                                       {"resolved_sha256", marker.resolved_sha256},
                                       {"started", marker.started},
                                       {"finished", marker.finished},
                                       {"resumed", marker.resumed}};
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string verb_of(const RunMarker& marker) {
  std::istringstream words(marker.command);
  std::string program, verb;
  words >> program >> verb;
  return verb;
}

RunMarker run_marker_from(const std::string& text, const std::string& name) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || json.value("program", nlohmann::json()) != kProgram) {
    const char* advice =
        json.is_discarded() ? ": it is not whole; take its folder away, or choose another output.run" : "";
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' is not the run.json of an Equipoise run{}", name, advice));
  }
  const core::JsonReader reader(json, name);
  std::int64_t format = 0;
  reader.read("format", format);
  if (format != kFormat) {
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' has format {}; this program reads format {}", name, format, kFormat));
  }
  RunMarker marker;
  reader.read("status", marker.status);
  reader.read("command", marker.command);
  reader.read("config", marker.config);
  reader.read("config_sha256", marker.config_sha256);
  // Runs of earlier versions have none: they may be replaced, not read.
  if (json.contains("resolved_sha256")) reader.read("resolved_sha256", marker.resolved_sha256);
  reader.read("started", marker.started);
  reader.read("finished", marker.finished);
  if (json.contains("resumed")) reader.read("resumed", marker.resumed);
  return marker;
}

}  // namespace equipoise::cli
