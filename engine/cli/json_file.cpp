#include "engine/cli/json_file.h"

#include <fmt/format.h>

#include "engine/core/error.h"
#include "engine/core/files.h"

namespace equipoise::cli {

nlohmann::json read_json(const std::filesystem::path& path) {
  nlohmann::json json = nlohmann::json::parse(core::read_file(path), nullptr, false);
  if (json.is_discarded()) throw core::UserError(core::Fault::data, fmt::format("'{}' is not JSON", path.string()));
  return json;
}

// Column names may hold bytes that are not UTF-8; JSON may not.
std::string json_text(const nlohmann::ordered_json& json) {
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string json_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace equipoise::cli
