#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "engine/audit/audit.h"
#include "engine/audit/inputs.h"
#include "engine/audit/slices.h"
#include "engine/cli/command.h"
#include "engine/cli/json_file.h"
#include "engine/cli/measuring.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/saved_run.h"
#include "engine/cli/shell_words.h"
#include "engine/config/load.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/core/nearest_name.h"
#include "engine/data/prepare.h"
#include "engine/report/audit_report.h"
#include "engine/training/run_config.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kPage = "audit.html";
constexpr const char* kFigures = "audit.json";

// Where both files go: made when they are written, so that a mistake in the config leaves nothing behind.
class AuditFolder {
 public:
  AuditFolder(const std::string& output, const training::RunConfig& config)
      : path_(output.empty() ? fs::path(config.output.folder) / (folder_name(config.name) + "-audit")
                             : fs::path(output)) {
    std::error_code error;
    if (!fs::exists(path_, error)) return;
    if (!fs::is_directory(path_, error)) refuse("which is a file; name a folder");
    // An earlier audit is written anew; anything else is not ours to fill.
    for (const fs::directory_entry& entry : fs::directory_iterator(path_, error))
      if (entry.path().filename() != kFigures && entry.path().filename() != kPage)
        refuse("a folder with other files in it; name a new one");
  }

  void write(const report::AuditReport& report) const {
    std::error_code error;
    fs::create_directories(path_, error);
    if (error)
      throw core::UserError(core::Fault::data,
                            fmt::format("cannot make the folder '{}': {}", path_.string(), error.message()));
    // The figures first: by them the folder is known as an audit's, should the page not find room.
    core::write_file_atomically(path_ / kFigures, json_text(report::to_json(report)));
    core::write_file_atomically(path_ / kPage, report::to_html(report));
  }

  fs::path page() const { return path_ / kPage; }
  fs::path figures() const { return path_ / kFigures; }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw core::UserError(core::Fault::config,
                          fmt::format("the audit's folder is '{}', {} with --output", path_.string(), why));
  }

  fs::path path_;
};

bool is_yaml(const std::string& file) {
  const std::string extension = fs::path(file).extension().string();
  return extension == ".yaml" || extension == ".yml";
}

class AuditData final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"CONFIG", "The YAML file that says what data and what constraints", &config_file_, "", true},
            {"key=value", "Overrides of the config, as for train", &overrides_},
            {"--reference",
             "Who should be in the data: a YAML file with shares of a population, or a data file of other people (CSV "
             "or Parquet, "
             "with the columns of the config's)",
             &reference_},
            {"--run", "A finished run: also where, among its test rows, it errs most", &run_},
            {"--output", "The folder for audit.html and audit.json", &output_, "<output.folder>/<name>-audit"}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (config_file_.empty())
      throw core::UserError(core::Fault::config, "audit needs a config: equipoise audit CONFIG [key=value ...]");
    training::RunConfig config;
    config::Origin origin;
    config::load(config_file_, overrides_, config, origin);
    const std::vector<training::RunConfig> members = training::members_of(config, origin);
    training::check(config, members.size(), origin);
    const AuditFolder folder(output_, config);
    if (!reference_.empty() && !fs::is_regular_file(reference_))
      throw core::UserError(core::Fault::config,
                            fmt::format("--reference is '{}', and there is no such file", reference_));
    std::optional<SavedRun> run;
    if (!run_.empty()) run = open_run(run_);
    config::Origin reference_origin;
    audit::Reference reference = read_shares(reference_origin);
    const data::Prepared prepared =
        data::prepare(config.data, static_cast<std::uint64_t>(config.seed), origin, journal);
    core::stop_if_interrupted();
    if (is_yaml(reference_)) {
      audit::check(reference, prepared.dataset, reference_origin);
      std::vector<std::string> notes;
      reference = audit::scaled(std::move(reference), notes);
      for (const std::string& note : notes) journal.warn(note);
    } else if (!reference_.empty()) {
      reference = audit::reference_of(data::apply(*prepared.encoder, {reference_}, data::Wanted::people, journal),
                                      "the rows of " + reference_);
    }
    const training::RunConfig& first = members.front();
    std::optional<MeasuredRun> measured_run;
    if (run) measured_run = measured(*run, prepared.dataset.files, config.data.label, journal);
    core::Journal unheard;  // which levels would steer a training: here there is none
    std::vector<constraints::ConstraintTable> tables;
    for (const training::RunConfig& member : members)
      tables.push_back(
          constraints::compile(member.constraints, prepared.dataset, member.multipliers.min_rows, origin, unheard));
    audit::AuditParams params{first.multipliers.min_rows,
                              first.evaluation.confidence,
                              static_cast<std::uint64_t>(config.seed),
                              {},
                              number_loss_of(first.training)};
    for (const data::GroupParams& group : config.data.groups) params.own_columns[group.shown_name()] = group.column;
    report::AuditReport report = about(config, params, reference);
    report.audit = audit::audit(prepared.dataset, tables, reference, params, first.evaluation, journal);
    if (measured_run) {
      journal.say("looking for where the run errs most");
      report.audit.slices = slices_of(*measured_run, params);
    }
    report.files = prepared.dataset.files;
    report.warnings = journal.warnings();
    report.finished = utc_now();
    folder.write(report);
    journal.end_line();
    console.print(report::to_terminal(report));
    console.print(fmt::format("\nreport   {}\nfigures  {}\n", folder.page().string(), folder.figures().string()));
    nlohmann::ordered_json json = {{"report", folder.page().string()}, {"figures", folder.figures().string()}};
    json["audit"] = report::to_json(report);
    json["exit_code"] = 0;
    console.print_json(json);
    return 0;
  }

 private:
  audit::Reference read_shares(config::Origin& origin) const {
    audit::Reference reference;
    if (!is_yaml(reference_)) return reference;
    config::load(reference_, {}, reference, origin);
    return reference;
  }

  // The rows of a finished run, which its own encoder reads, and how wrong it is about each.
  struct MeasuredRun {
    std::string path;
    data::Dataset dataset;
    std::vector<std::int64_t> rows;  // of the test split: those that it has not met
    std::vector<double> errors;
    std::vector<data::GroupParams> groups;
  };

  static MeasuredRun measured(const SavedRun& run, const std::vector<data::Fingerprint>& files,
                              const data::LabelParams& label, TerminalJournal& journal) {
    const data::EncoderPointer encoder = read_encoder(run);
    const at::Device device = device_of(run, journal);
    const SavedModel model = read_model(run, data::layout_of(*encoder), device);
    MeasuredRun measured{run.path.string(), read_own_rows(run, *encoder, journal), {}, {}, run.config.data.groups};
    check_same_data(measured, files);
    if (!(run.config.data.label == label))
      throw core::UserError(core::Fault::config,
                            fmt::format("--run is '{}', whose data.label is not the config's: what it was right and "
                                        "wrong about is another question",
                                        measured.path));
    measured.rows = measured.dataset.rows_of(data::Split::test);
    if (measured.rows.empty())
      throw core::UserError(core::Fault::config, fmt::format("--run is '{}', which has no test rows", measured.path));
    core::stop_if_interrupted();
    const std::vector<double> scores = score_rows(measured.dataset, *model.learner, model.mixture, device, model.rule);
    if (!all_finite(scores))
      throw core::UserError(core::Fault::numerical,
                            fmt::format("the model of '{}' gives scores that are not finite numbers", measured.path));
    measured.errors = audit::errors_of(measured.dataset, scores);
    return measured;
  }

  // Findings about other people would stand among those about these.
  static void check_same_data(const MeasuredRun& run, const std::vector<data::Fingerprint>& files) {
    const auto digests = [](const std::vector<data::Fingerprint>& of) {
      std::set<std::string> found;
      for (const data::Fingerprint& file : of) found.insert(file.sha256);
      return found;
    };
    if (digests(run.dataset.files) == digests(files)) return;
    std::vector<std::string> own;
    for (const data::Fingerprint& file : run.dataset.files) own.push_back(file.path);
    throw core::UserError(core::Fault::config,
                          fmt::format("--run is '{}', which is about other data than the config: it was made with {}",
                                      run.path, core::listed(own)));
  }

  static audit::SliceSearch slices_of(const MeasuredRun& run, audit::AuditParams params) {
    for (const data::GroupParams& group : run.groups) params.own_columns[group.shown_name()] = group.column;
    const std::vector<audit::Input> inputs = audit::inputs_of(run.dataset, params.min_rows);
    audit::SliceSearch slices = audit::find_slices(run.dataset, inputs, run.errors, run.rows, params);
    slices.run = run.path;
    return slices;
  }

  report::AuditReport about(const training::RunConfig& config, const audit::AuditParams& params,
                            const audit::Reference& reference) const {
    std::vector<std::string> words = {"equipoise", "audit", config_file_};
    words.insert(words.end(), overrides_.begin(), overrides_.end());
    if (!reference_.empty()) words.insert(words.end(), {"--reference", reference_});
    if (!run_.empty()) words.insert(words.end(), {"--run", run_});
    if (!output_.empty()) words.insert(words.end(), {"--output", output_});
    report::AuditReport report;
    report.name = config.name;
    report.command = shell_line(words);
    if (!reference_.empty()) report.reference = reference.source.empty() ? reference_ : reference.source;
    report.confidence = params.confidence;
    report.min_rows = params.min_rows;
    return report;
  }

  std::string config_file_, reference_, run_, output_;
  std::vector<std::string> overrides_;
};

}  // namespace

std::unique_ptr<Command> make_audit() {
  return std::make_unique<AuditData>();
}

}  // namespace equipoise::cli
