#include "engine/cli/run_identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/cli/command.h"
#include "engine/cli/json_file.h"
#include "engine/cli/machine.h"
#include "engine/cli/saved_run.h"
#include "engine/cli/settings_choice.h"
#include "engine/config/writer.h"
#include "engine/core/files.h"
#include "engine/core/json_reader.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

// Parts of the config that no weight hangs on.
constexpr std::array<std::string_view, 7> kFree = {"name",     "threads", "compare", "checkpoint",
                                                   "tracking", "ranks",   "output"};
// Fields that say where files lie whose bytes are among the contents.
constexpr std::array<std::string_view, 9> kPlaces = {"model.file",
                                                     "data.files",
                                                     "data.split.test_files",
                                                     "data.split.selection_files",
                                                     "data.split.holdout_files",
                                                     "data.stored_decisions.predictions",
                                                     "data.teacher.predictions",
                                                     "data.images.files",
                                                     "data.images.folder"};
constexpr std::string_view kContents = "contents.";
constexpr const char* kModule = "contents.module";

bool is_free(const std::string& field) {
  const std::string part = field.substr(0, field.find_first_of(".["));
  return std::ranges::find(kFree, part) != kFree.end();
}

std::string contents_of_file(std::size_t place) {
  return fmt::format("{}files[{}]", kContents, place);
}

bool names_a_place(const std::optional<std::string>& value) {
  return value && !value->empty() && *value != "[]" && *value != "\"\"";
}

bool is_moved(const checkpoint::Difference& one) {
  return std::ranges::find(kPlaces, one.field) != kPlaces.end() && names_a_place(one.there) && names_a_place(one.now);
}

struct NamedFile {
  std::string path, sha256;
};

// As data.json of a finished run has them; a bank's members have read the same.
std::vector<NamedFile> files_of(const SavedRun& run) {
  const fs::path file = (is_bank(run) ? run.file(run_files::kMembers) / "000" : run.path) / run_files::kData;
  const nlohmann::json description = read_json(file);
  std::vector<NamedFile> files;
  core::JsonReader(description, file.string()).each("files", [&](const nlohmann::json& item, const std::string& name) {
    const core::JsonReader fields(item, name);
    NamedFile& one = files.emplace_back();
    fields.read("path", one.path);
    fields.read("sha256", one.sha256);
  });
  return files;
}

// The copy of its code that the run has.
fs::path module_of(const SavedRun& run) {
  return (is_bank(run) ? run.file(run_files::kMembers) / "000" : run.path) / run_files::kModule;
}

// What is no plain file any more cannot be seen to have changed.
std::string sha256_now(const std::string& path, const std::string& then) {
  std::error_code error;
  return fs::is_regular_file(path, error) ? core::sha256_of_file(path) : then;
}

// Pictures in a folder come last, and are not read for this.
void add_contents(const std::vector<NamedFile>& stored, const data::DataParams& params, checkpoint::Fields& there,
                  checkpoint::Fields& now) {
  const std::vector<std::string> asked = data::files_read(params);
  const std::size_t count = params.images.column.empty() ? stored.size() : std::min(stored.size(), asked.size());
  for (std::size_t i = 0; i < count; ++i) there.emplace_back(contents_of_file(i), stored[i].sha256);
  for (std::size_t i = 0; i < asked.size(); ++i)
    now.emplace_back(contents_of_file(i), sha256_now(asked[i], i < count ? stored[i].sha256 : ""));
}

// Where the device is, and what a search chose, shows once the run is made.
checkpoint::Fields settings_of(const training::RunConfig& config, bool is_chosen) {
  checkpoint::Fields fields;
  for (auto& [field, value] : config::flat_fields(config)) {
    const bool is_of_choice = field.starts_with("model.") || field.starts_with("training.");
    if (is_free(field) || field == "device" || (is_chosen && is_of_choice)) continue;
    fields.emplace_back(field, value);
  }
  return fields;
}

}  // namespace

checkpoint::Fields run_identity(const training::RunConfig& config, const data::Prepared& prepared,
                                const at::Device& device) {
  checkpoint::Fields fields;
  for (auto& [field, value] : config::flat_fields(config)) {
    if (is_free(field)) continue;
    fields.emplace_back(field, field == "device" ? std::string(device.is_cpu() ? "cpu" : "cuda") : value);
  }
  const data::Dataset& dataset = prepared.dataset;
  for (std::size_t i = 0; i < dataset.files.size(); ++i)
    fields.emplace_back(contents_of_file(i), dataset.files[i].sha256);
  const auto add = [&](const char* what, const std::string& digest) {
    fields.emplace_back(fmt::format("{}{}", kContents, what), digest);
  };
  // That of an earlier run, where the config names one, may have become another.
  add("encoder", encoder_sha256(prepared));
  if (!dataset.teacher.empty())
    add("teacher",
        core::sha256({reinterpret_cast<const char*>(dataset.teacher.data()), dataset.teacher.size() * sizeof(float)}));
  add("splits", describe_data(dataset)["splits_sha256"].get<std::string>());
  if (!config.model.file.empty()) add("module", core::sha256_of_file(config.model.file));
  fields.emplace_back("program", version_line());
  fields.emplace_back(kProcessor, describe_machine().cpu_level);
  return fields;
}

std::vector<checkpoint::Difference> differences_of_runs(const checkpoint::Fields& saved,
                                                        const checkpoint::Fields& now) {
  std::vector<checkpoint::Difference> differing = checkpoint::differences(saved, now);
  const auto is_of_module = [](const checkpoint::Difference& one) { return one.field == kModule; };
  const bool are_other_rows = std::ranges::any_of(differing, [&](const checkpoint::Difference& one) {
    return one.field.starts_with(kContents) && !is_of_module(one);
  });
  const bool is_other_module = std::ranges::any_of(differing, is_of_module);
  std::erase_if(differing, [&](const checkpoint::Difference& one) {
    return is_moved(one) && !(one.field == "model.file" ? is_other_module : are_other_rows);
  });
  return differing;
}

std::vector<checkpoint::Difference> differences_from_finished(const fs::path& run, const training::RunConfig& config) {
  const SavedRun finished = open_run_or_bank(run);
  std::error_code error;
  const bool is_chosen = models::is_searched_for(config.model) && fs::exists(finished.file(run_files::kSearch), error);
  checkpoint::Fields there = settings_of(finished.config, is_chosen), now = settings_of(config, is_chosen);
  if (is_chosen) {
    const checkpoint::Fields before = asked_from_search(read_json(finished.file(run_files::kSearch))),
                             asked = asked_of_search(config);
    there.insert(there.end(), before.begin(), before.end());
    if (!before.empty()) now.insert(now.end(), asked.begin(), asked.end());
  }
  add_contents(files_of(finished), config.data, there, now);
  const std::string &module = finished.config.model.file, &asked_for = config.model.file;
  if (!module.empty() && !asked_for.empty()) {
    const std::string then = core::sha256_of_file(module_of(finished));
    there.emplace_back(kModule, then);
    now.emplace_back(kModule, sha256_now(asked_for, then));
  }
  std::vector<checkpoint::Difference> differing = differences_of_runs(there, now);
  // Their bytes are not among these contents.
  const auto pictures = [](const training::RunConfig& one) { return one.data.images.folder; };
  if (pictures(finished.config) != pictures(config) &&
      std::ranges::find(differing, "data.images.folder", &checkpoint::Difference::field) == differing.end())
    differing.push_back({"data.images.folder", pictures(finished.config), pictures(config)});
  return differing;
}

void check_allowed_fields(const std::vector<std::string>& allowed, const training::RunConfig& config,
                          const checkpoint::Fields& saved, const checkpoint::Fields& now) {
  checkpoint::Fields known = now;
  known.insert(known.end(), saved.begin(), saved.end());
  // A job script accepts the same each time, also where neither run has as many constraints any more.
  training::RunConfig described = config;
  for (const std::string& path :
       config::all_paths(config::outline([&](config::Fields& fields) { described.describe(fields); })))
    if (!is_free(path)) known.emplace_back(path, "");
  checkpoint::check_allowed(allowed, known);
}

}  // namespace equipoise::cli
