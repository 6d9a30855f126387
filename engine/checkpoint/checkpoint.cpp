#include "engine/checkpoint/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "engine/checkpoint/manifest.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/models/safetensors.h"

namespace equipoise::checkpoint {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTensors = "state.safetensors";
constexpr const char* kValues = "state.json";
constexpr const char* kUnfinished = ".unfinished";
constexpr std::string_view kPrefix = "step-";
constexpr std::size_t kStepDigits = 12, kDigestDigits = 16;

// The step of "step-000000000120-3f0a9b...", or nothing.
std::optional<std::int64_t> step_of(const std::string& name) {
  if (name.size() != kPrefix.size() + kStepDigits + 1 + kDigestDigits || !name.starts_with(kPrefix))
    return std::nullopt;
  std::int64_t step = 0;
  const char* first = name.data() + kPrefix.size();
  const auto [end, error] = std::from_chars(first, first + kStepDigits, step);
  const bool is_step = error == std::errc() && end == first + kStepDigits && *end == '-';
  return is_step ? std::optional(step) : std::nullopt;
}

std::string name_of(std::int64_t step, const std::string& manifest) {
  return fmt::format("{}{:0{}d}-{}", kPrefix, step, kStepDigits, core::sha256(manifest).substr(0, kDigestDigits));
}

}  // namespace

Saved write_checkpoint(const fs::path& folder, const Checkpoint& checkpoint) {
  core::make_folder(folder);
  remove_unfinished(folder);
  const fs::path unfinished = folder / kUnfinished;
  try {
    core::make_folder(unfinished);
    Manifest manifest;
    manifest.step = checkpoint.step;
    const auto add = [&](const char* name, const std::string& bytes) {
      core::write_new_file(unfinished / name, bytes);
      manifest.files.push_back({name, bytes.size(), core::sha256(bytes)});
    };
    add(kTensors, models::safetensors_bytes({checkpoint.state.tensors, {}}));
    add(kValues, to_text(checkpoint.state, checkpoint.belongs_to));
    const std::string text = to_text(manifest);
    core::write_new_file(unfinished / kManifest, text);
    core::flush_folder(unfinished);
    // What a disk took is not what it gives back, until it was seen.
    if (core::read_regular_file(unfinished / kManifest, kLongestManifest) != text)
      throw Damaged(fmt::format("'{}' is not what was written", (unfinished / kManifest).string()));
    read_files(unfinished, manifest);
    const Saved saved{checkpoint.step, folder / name_of(checkpoint.step, text)};
    core::rename_folder(unfinished, saved.path);
    core::flush_folder(folder);
    return saved;
  } catch (...) {
    remove_unfinished(folder);
    throw;
  }
}

std::vector<Saved> list_checkpoints(const fs::path& folder) {
  std::vector<Saved> found;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    const std::optional<std::int64_t> step = step_of(entry->path().filename().string());
    if (step) found.push_back({*step, entry->path()});
  }
  std::ranges::sort(
      found, [](const Saved& a, const Saved& b) { return a.step != b.step ? a.step > b.step : a.path < b.path; });
  return found;
}

namespace {

Checkpoint read_whole(const Saved& saved) {
  std::error_code ignored;
  if (fs::symlink_status(saved.path, ignored).type() != fs::file_type::directory)
    throw core::UserError(core::Fault::data, fmt::format("'{}' is no folder of its own", saved.path.string()));
  const std::string text = core::read_regular_file(saved.path / kManifest, kLongestManifest);
  if (saved.path.filename().string() != name_of(saved.step, text))
    throw core::UserError(core::Fault::data, fmt::format("'{}' is not the manifest that was written there",
                                                         (saved.path / kManifest).string()));
  const Manifest manifest = manifest_from(text, (saved.path / kManifest).string());
  const std::vector<std::string> bytes = read_files(saved.path, manifest);
  Checkpoint checkpoint;
  checkpoint.step = manifest.step;
  checkpoint.name = saved.path.filename().string();
  checkpoint.state.tensors =
      models::parse_safetensors(file_of(manifest, bytes, kTensors), (saved.path / kTensors).string()).tensors;
  ValuesFile values = values_from(file_of(manifest, bytes, kValues), (saved.path / kValues).string());
  static_cast<Values&>(checkpoint.state) = std::move(values.values);
  checkpoint.belongs_to = std::move(values.belongs_to);
  return checkpoint;
}

}  // namespace

Checkpoint read_checkpoint(const Saved& saved) {
  try {
    return read_whole(saved);
  } catch (const OtherFormat&) {
    throw;
  } catch (const core::Unreadable&) {
    throw;
  } catch (const core::UserError& error) {
    throw Damaged(error.what());
  }
}

void remove_checkpoint(const Saved& saved) {
  const fs::path folder = saved.path.parent_path();
  std::error_code ignored;
  fs::rename(saved.path, folder / (std::string(kUnfinished) + ".old"), ignored);
  remove_unfinished(folder);
}

void remove_unfinished(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder / kUnfinished, ignored);
  fs::remove_all(folder / (std::string(kUnfinished) + ".old"), ignored);
}

}  // namespace equipoise::checkpoint
