#include "engine/cli/saved_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/constraint_table_file.h"
#include "engine/cli/json_file.h"
#include "engine/config/load.h"
#include "engine/constraints/kinds.h"
#include "engine/constraints/titles.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/json_reader.h"
#include "engine/core/nearest_name.h"
#include "engine/models/model_file.h"
#include "engine/report/compare_report.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> runs_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (fs::exists(entry->path() / run_files::kMarker, error)) names.push_back(entry->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

core::UserError no_run(const fs::path& folder) {
  std::error_code error;
  std::string what = fs::exists(folder, error) ? "it has no run.json" : "there is no such folder";
  const std::vector<std::string> inside = runs_in(folder);
  const std::vector<std::string> beside = runs_in(folder.has_parent_path() ? folder.parent_path() : ".");
  if (!inside.empty()) {
    what += "; runs in it: " + core::listed(inside);
  } else if (!beside.empty()) {
    what += core::did_you_mean(folder.filename().string(), beside) + "; runs beside it: " + core::listed(beside);
  }
  return core::UserError(core::Fault::data, fmt::format("'{}' is not a run folder: {}", folder.string(), what));
}

// The splits of all rows as one digest, so that "the same rows were held back" can be checked.
std::string splits_digest(const data::Dataset& dataset) {
  return core::sha256({reinterpret_cast<const char*>(dataset.splits.data()), dataset.splits.size()});
}

// Calls take(path, sha256) for every file that data.json names.
template <typename Take>
void for_each_file(const SavedRun& run, const nlohmann::json& description, const Take& take) {
  const core::JsonReader reader(description, run.file(run_files::kData).string());
  reader.each("files", [&](const nlohmann::json& item, const std::string& path) {
    const core::JsonReader fields(item, path);
    std::string file, sha256;
    fields.read("path", file);
    fields.read("sha256", sha256);
    take(file, sha256);
  });
}

core::UserError changed(const std::string& what, const std::string& path, const std::string& now,
                        const std::string& then) {
  return core::UserError(
      core::Fault::data,
      fmt::format("the {} '{}' {} changed since this run was trained (sha256 {}, then {}): its rows "
                  "cannot be told apart any more; put {} back, or measure other rows with equipoise "
                  "evaluate --data",
                  what, path, what == "data file" ? "has" : "have", now, then, what == "data file" ? "it" : "them"));
}

void check_files(const SavedRun& run, const nlohmann::json& description) {
  for_each_file(run, description, [](const std::string& file, const std::string& sha256) {
    std::error_code error;
    if (fs::is_directory(file, error)) return;  // of pictures, whose digest is known once they are read
    const std::string now = core::sha256_of_file(file);
    if (now != sha256) throw changed("data file", file, now, sha256);
  });
}

void check_pictures(const SavedRun& run, const nlohmann::json& description, const data::Dataset& dataset) {
  for_each_file(run, description, [&](const std::string& path, const std::string& sha256) {
    for (const data::Fingerprint& file : dataset.files)
      if (file.path == path && file.sha256 != sha256)
        throw changed("pictures of the folder", path, file.sha256, sha256);
  });
}

// Verdicts are about the promises and settings of the training: a config that was changed since would judge the same
// model by others.
void check_config(const SavedRun& run) {
  const fs::path config = run.file(run_files::kConfig);
  const std::string now = core::sha256_of_file(config);
  if (now == run.marker.resolved_sha256) return;
  if (run.marker.resolved_sha256.empty()) {
    throw core::UserError(core::Fault::data,
                          fmt::format("'{}' does not say what its config.yaml was when it was trained (no "
                                      "resolved_sha256): an earlier version of this program wrote it; train again",
                                      run.file(run_files::kMarker).string()));
  }
  throw core::UserError(
      core::Fault::data,
      fmt::format(
          "'{}' was changed after the training (sha256 {}, then {}): put it back as it was, or train again with "
          "what it says now",
          config.string(), now, run.marker.resolved_sha256));
}

}  // namespace

bool is_bank(const SavedRun& run) {
  std::error_code error;
  return fs::is_directory(run.file(run_files::kMembers), error);
}

bool is_comparison(const SavedRun& run) {
  std::error_code error;
  return fs::exists(run.file(run_files::kCompare), error);
}

namespace {

[[noreturn]] void refuse_comparison(const SavedRun& run) {
  const report::CompareReport comparison = report::compare_report_from_json(read_json(run.file(run_files::kCompare)));
  std::string lines;
  for (const report::ComparedRun& one : comparison.runs)
    if (!one.folder.empty())  // else it could not be trained
      lines += fmt::format("\n  {}  {}, seed {}", run.file(one.folder.c_str()).string(),
                           comparison.arms[static_cast<std::size_t>(one.arm)].name, one.seed);
  if (lines.empty())
    throw core::UserError(core::Fault::data, fmt::format("'{}' is a comparison of which no run could be trained: {}",
                                                         run.path.string(), "its report says why"));
  throw core::UserError(core::Fault::data, fmt::format("'{}' is a comparison of {} runs; name one of them:{}",
                                                       run.path.string(), std::ranges::count(lines, '\n'), lines));
}

}  // namespace

SavedRun open_run(const fs::path& path) {
  SavedRun run = open_run_or_bank(path);
  if (is_comparison(run)) refuse_comparison(run);
  if (!is_bank(run)) return run;
  const std::vector<training::RunConfig> members = training::members_of(run.config, run.origin);
  std::string lines;
  for (std::size_t k = 0; k < members.size(); ++k) {
    const fs::path folder = run.file(run_files::kMembers) / fmt::format("{:03d}", k);
    std::error_code error;
    if (!fs::exists(folder / run_files::kMarker, error)) continue;  // its model could not be saved
    lines += fmt::format("\n  {}  {}", folder.string(), training::member_title(run.config.bank, members[k], k));
  }
  throw core::UserError(core::Fault::data, fmt::format("'{}' is a bank of {} runs; name one of them:{}",
                                                       run.path.string(), members.size(), lines));
}

std::string untrained_sentence(const SavedRun& run) {
  if (run.marker.status != "diverged") return "";
  return fmt::format(
      "the run '{}' diverged: its model is what it had before it left the finite numbers, at worst the "
      "weights that it began with",
      run.path.string());
}

SavedRun open_trained_run(const fs::path& path) {
  SavedRun run = open_run(path);
  if (const std::string sentence = untrained_sentence(run); !sentence.empty())
    throw core::UserError(core::Fault::data, sentence + "; name one that came to its end");
  return run;
}

SavedRun open_run_or_bank(const fs::path& path) {
  fs::path folder = path.lexically_normal();
  if (!folder.has_filename()) folder = folder.parent_path();
  SavedRun run;
  run.path = folder;
  std::error_code error;
  if (!fs::exists(run.file(run_files::kMarker), error)) throw no_run(folder);
  const fs::path marker = run.file(run_files::kMarker);
  run.marker = run_marker_from(core::read_file(marker), marker.string());
  if (!fs::exists(run.file(run_files::kConfig), error)) {
    throw core::UserError(core::Fault::data, fmt::format("the run '{}' is {}: it has no config.yaml yet",
                                                         folder.string(), run.marker.status));
  }
  check_config(run);
  config::load(run.file(run_files::kConfig), {}, run.config, run.origin);
  return run;
}

namespace {

// Whether each constraint of the config has its title and its promises in the table.
bool agree(const std::vector<constraints::ConstraintParams>& wanted, const constraints::ConstraintTable& table) {
  if (wanted.size() != table.constraint_titles.size()) return false;
  std::vector<std::size_t> made(wanted.size(), 0);
  for (const constraints::Promise& promise : table.promises) {
    const auto c = static_cast<std::size_t>(promise.constraint);
    ++made[c];
    const bool is_of_group =
        promise.grouping.empty() || std::ranges::find(wanted[c].group, promise.grouping) != wanted[c].group.end();
    const bool is_demanded =
        std::ranges::any_of(constraints::demands_of(wanted[c]), [&](const constraints::Demanded& demanded) {
          return demanded.rate == promise.rate && demanded.form == promise.form &&
                 demanded.tolerance == promise.tolerance;
        });
    if (!is_of_group || !is_demanded) return false;
  }
  for (std::size_t c = 0; c < wanted.size(); ++c) {
    if (constraints::constraint_title(wanted[c]) != table.constraint_titles[c]) return false;
    const std::size_t least =
        constraints::demands_of(wanted[c]).size() * std::max<std::size_t>(1, wanted[c].group.size());
    if (made[c] < least || made[c] % least != 0) return false;  // as many for each level of a control grouping
  }
  return true;
}

}  // namespace

data::EncoderPointer read_encoder(const SavedRun& run) {
  return data::encoder_from_json(read_json(run.file(run_files::kEncoder)));
}

constraints::ConstraintTable read_constraint_table(const SavedRun& run) {
  const fs::path path = run.file(run_files::kConstraints);
  constraints::ConstraintTable table = constraint_table_from(read_json(path), path.string());
  if (agree(run.config.constraints, table)) return table;
  throw core::UserError(core::Fault::data,
                        fmt::format("'{}' and '{}' do not name the same constraints: one of the two was changed after "
                                    "the training",
                                    run.file(run_files::kConfig).string(), path.string()));
}

SavedModel read_model(const SavedRun& run, const data::EncodedRows& layout, const at::Device& device) {
  const fs::path weights = run.file(run_files::kWeights), description = run.file(run_files::kModel);
  std::error_code error;
  if (!fs::exists(weights, error)) {
    throw core::UserError(core::Fault::data, fmt::format("the run '{}' is {} and has no model.safetensors",
                                                         run.path.string(), run.marker.status));
  }
  const nlohmann::json model = read_json(description);
  models::ModelParams params = models::model_params_from(model, description.string());
  if (params.kind == "torchscript") params.file = run.file(run_files::kModule).string();
  const std::int64_t members = models::model_members_from(model, description.string());
  // Initial weights, and so their seeds, do not matter: all are read.
  const std::vector<std::uint64_t> seeds(static_cast<std::size_t>(members), 0);
  SavedModel saved;
  saved.mixture = models::model_mixture_from(model, description.string());
  saved.rule = models::model_rule_from(model, description.string());
  // Under a rule of cells the learner's outputs are these, as classes are.
  const data::Task task = saved.rule.any() ? data::Task::classes : models::model_task_from(model, description.string());
  saved.learner = models::make_learner(params, layout, seeds, device, models::Precision::fp32,
                                       models::model_outputs_from(model, description.string()), task);
  models::load_weights(*saved.learner, models::read_safetensors(weights), weights.string());
  return saved;
}

at::Device device_of(const SavedRun& run, core::Journal& journal) {
  training::RunConfig config = run.config;
  if (config.device != "cpu") config.device = "auto";
  config.sampling = {};       // nothing is trained
  config.precision = "fp32";  // the model's parameters and scores are, whatever it was trained in
  return training::choose_device(config, run.origin, journal);
}

data::Dataset read_own_rows(const SavedRun& run, const data::Encoder& encoder, core::Journal& journal) {
  check_files(run, read_json(run.file(run_files::kData)));
  // What a run that started from another's weights encoded by, it has as its own.
  data::Prepared prepared = data::prepare(run.config.data, static_cast<std::uint64_t>(run.config.seed), run.origin,
                                          journal, run.config.training.warm_start.empty() ? nullptr : &encoder);
  check_own_rows(run, encoder, prepared);
  return std::move(prepared.dataset);
}

void check_own_rows(const SavedRun& run, const data::Encoder& encoder, const data::Prepared& prepared) {
  const fs::path path = run.file(run_files::kData);
  const nlohmann::json description = read_json(path);
  check_pictures(run, description, prepared.dataset);
  std::string digest;
  core::JsonReader(description, path.string()).read("splits_sha256", digest);
  if (splits_digest(prepared.dataset) != digest || data::to_json(*prepared.encoder) != data::to_json(encoder)) {
    throw core::UserError(
        core::Fault::data,
        fmt::format("the rows of '{}' no longer fall into the same splits or no longer encode the same "
                    "way: it was trained by another version of this program",
                    run.path.string()));
  }
}

bool has_same_splits(const SavedRun& run, const data::Dataset& dataset) {
  const fs::path path = run.file(run_files::kData);
  std::string digest;
  core::JsonReader(read_json(path), path.string()).read("splits_sha256", digest);
  return splits_digest(dataset) == digest;
}

std::vector<std::string> files_trained_on(const SavedRun& run, const std::vector<data::Fingerprint>& files) {
  const data::DataParams& data = run.config.data;
  const std::vector<std::string>&of_test = data.split.test_files, tables = data::tables_of(data);
  std::vector<std::string> found;
  for_each_file(run, read_json(run.file(run_files::kData)), [&](const std::string& path, const std::string& sha256) {
    if (std::ranges::find(of_test, path) != of_test.end()) return;
    // Nobody is learnt from a file of decisions or scores.
    const bool is_of_rows = std::ranges::find(tables, path) != tables.end();
    if (!is_of_rows && (path == data.stored_decisions.predictions || path == data.teacher.predictions)) return;
    const auto same = std::ranges::find(files, sha256, &data::Fingerprint::sha256);
    if (same != files.end()) found.push_back(same->path);
  });
  return found;
}

std::string encoder_sha256(const data::Prepared& prepared) {
  return core::sha256(data::to_json(*prepared.encoder).dump());
}

nlohmann::ordered_json describe_data(const data::Dataset& dataset) {
  nlohmann::ordered_json files = nlohmann::ordered_json::array();
  for (const data::Fingerprint& file : dataset.files) {
    files.push_back({{"path", file.path}, {"sha256", file.sha256}, {"bytes", file.bytes}, {"rows", file.rows}});
  }
  nlohmann::ordered_json splits = nlohmann::ordered_json::object();
  for (int split = 0; split < 4; ++split) {
    splits[data::kSplitNames[split]] = dataset.rows_of(static_cast<data::Split>(split)).size();
  }
  nlohmann::ordered_json leaks = nlohmann::ordered_json::array();
  for (const data::Leak& leak : dataset.leaks) {
    leaks.push_back({{"feature", leak.feature}, {"target", leak.target}, {"accuracy", leak.accuracy}});
  }
  return {{"format", 1},
          {"files", files},
          {"rows", dataset.rows()},
          {"splits", splits},
          {"splits_sha256", splits_digest(dataset)},
          {"reading", dataset.reading},
          {"leaks", leaks}};
}

}  // namespace equipoise::cli
