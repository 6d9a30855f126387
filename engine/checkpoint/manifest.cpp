#include "engine/checkpoint/manifest.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/refusals.h"

namespace equipoise::checkpoint {
namespace {

using nlohmann::json;

constexpr const char* kProgram = "equipoise checkpoint";
constexpr std::int64_t kFormat = 3;

core::UserError broken(const std::string& name, const std::string& what) {
  return core::UserError(core::Fault::data, fmt::format("'{}' is not a checkpoint's manifest: {}", name, what));
}

// Nothing that leads out of the folder, or to another file system's idea of a name.
bool is_plain_name(const std::string& name) {
  return !name.empty() && name.size() <= 64 && name.front() != '.' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string::npos;
}

Manifest::File file_from(const json& entry, const std::string& name) {
  Manifest::File file;
  entry.at("name").get_to(file.name);
  if (!is_plain_name(file.name)) {
    const std::string shown = json(file.name).dump(-1, ' ', true, json::error_handler_t::replace);
    throw broken(name, fmt::format("it names a file {}, expected a plain name inside its folder", shown));
  }
  if (!entry.at("bytes").is_number_unsigned()) throw broken(name, "the size of '" + file.name + "' is no whole number");
  entry.at("bytes").get_to(file.bytes);
  entry.at("sha256").get_to(file.sha256);
  return file;
}

}  // namespace

std::string to_text(const Manifest& manifest) {
  json files = json::array();
  for (const Manifest::File& file : manifest.files)
    files.push_back({{"name", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  const json all = {{"program", kProgram}, {"format", kFormat}, {"step", manifest.step}, {"files", std::move(files)}};
  return all.dump(2) + "\n";
}

Manifest manifest_from(std::string_view text, const std::string& name) {
  const json all = json::parse(text, nullptr, false);
  if (!all.is_object() || all.value("program", json()) != kProgram)
    throw broken(name, "it does not say that it is one");
  try {
    if (all.at("format") != kFormat)
      throw OtherFormat(fmt::format("'{}' has format {}; {} {}: output.overwrite=true starts the run anew", name,
                                    all.at("format").dump(-1, ' ', true, json::error_handler_t::replace),
                                    core::refusals::kOtherFormat, kFormat));
    Manifest manifest;
    if (!all.at("step").is_number_unsigned() || all.at("step").get<std::uint64_t>() >> 62 != 0)
      throw broken(name, "its step is no whole number from 0");
    all.at("step").get_to(manifest.step);
    if (!all.at("files").is_array()) throw broken(name, "its files are no list");
    std::set<std::string> names;
    for (const json& entry : all.at("files")) {
      manifest.files.push_back(file_from(entry, name));
      if (!names.insert(manifest.files.back().name).second)
        throw broken(name, "file '" + manifest.files.back().name + "' is listed twice");
    }
    return manifest;
  } catch (const json::exception& error) {
    throw broken(name, error.what());
  }
}

std::vector<std::string> read_files(const std::filesystem::path& folder, const Manifest& manifest) {
  std::vector<std::string> contents;
  for (const Manifest::File& file : manifest.files) {
    const std::filesystem::path path = folder / file.name;
    contents.push_back(core::read_regular_file(path, file.bytes));
    if (contents.back().size() != file.bytes)
      throw core::UserError(core::Fault::data, fmt::format("'{}' has {} bytes, expected {}", path.string(),
                                                           contents.back().size(), file.bytes));
    if (core::sha256(contents.back()) != file.sha256)
      throw core::UserError(core::Fault::data,
                            fmt::format("'{}' is damaged: its bytes are not those that were written", path.string()));
  }
  return contents;
}

const std::string& file_of(const Manifest& manifest, const std::vector<std::string>& bytes, const std::string& name) {
  for (std::size_t i = 0; i < manifest.files.size(); ++i)
    if (manifest.files[i].name == name) return bytes[i];
  throw core::UserError(core::Fault::data, fmt::format("a checkpoint's manifest names no '{}'", name));
}

}  // namespace equipoise::checkpoint
