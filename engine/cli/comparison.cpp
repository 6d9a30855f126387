#include "engine/cli/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/comparison_journals.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/json_file.h"
#include "engine/cli/made_rows_audit.h"
#include "engine/cli/measuring.h"
#include "engine/cli/run_tracking.h"
#include "engine/cli/shell_words.h"
#include "engine/cli/starting_multipliers.h"
#include "engine/cli/starting_weights.h"
#include "engine/cli/training_inputs.h"
#include "engine/config/writer.h"
#include "engine/constraints/kinds.h"
#include "engine/core/clock.h"
#include "engine/core/files.h"
#include "engine/core/interrupt.h"
#include "engine/report/compare_summary.h"

namespace equipoise::cli {
namespace {

// The config with all that members of a bank may differ in made alike.
std::string without_bank_axes(training::RunConfig config) {
  config.name.clear();
  config.training.seed = -1;
  config.training.optimizer.learning_rate = 1;
  config.multipliers.step = 1;
  for (constraints::ConstraintParams& constraint : config.constraints)
    if (constraints::has_tolerance(constraint)) constraint.tolerance = 0.5;
  return config::struct_to_yaml(config, config::Comments::none);
}

// "members/003"
std::string name_in(const RunFolder& comparison, const std::filesystem::path& member) {
  return member.lexically_relative(comparison.path()).generic_string();
}

bool follows_one_run(const training::RunConfig& config) {
  return std::ranges::any_of(config.sampling.recipes, [](const sampling::RecipeParams& one) {
    return !one.until.empty() || sampling::recipe_entry(one.recipe).follows_losses;
  });
}

}  // namespace

std::vector<std::vector<std::size_t>> banks_of(const std::vector<training::RunConfig>& configs) {
  std::vector<std::vector<std::size_t>> banks;
  std::map<std::string, std::size_t> of_settings;
  for (std::size_t arm = 0; arm < configs.size(); ++arm) {
    const std::string settings = without_bank_axes(configs[arm]);
    const auto known = of_settings.find(settings);
    if (known != of_settings.end() && !follows_one_run(configs[arm])) {
      banks[known->second].push_back(arm);
      continue;
    }
    of_settings[settings] = banks.size();
    banks.push_back({arm});
  }
  return banks;
}

// The runs that train together at one seed.
struct Comparison::Bank {
  std::int64_t seed = 0;
  const std::vector<std::size_t>& arms;
  std::size_t first_number = 0;    // of the seed's folders
  const SeedData* data = nullptr;  // once they are read
  bool has_begun = false;          // its folders
  std::vector<training::RunConfig> members = {};
  std::vector<constraints::ConstraintTable> tables = {};
  std::vector<std::string> commands = {};
  std::vector<RunFolder> folders = {};
  std::optional<audit::ArtifactAudit> artifacts = {};

  RunInputs inputs(std::size_t run, const ConfigFile& file) const {
    return {members[run], data->prepared, tables[run], commands[run], file, artifacts};
  }
};

Comparison::Comparison(ComparisonInputs inputs, RunFolder& folder, TerminalJournal& journal)
    : inputs_(std::move(inputs)), folder_(folder), journal_(journal) {
  report_.name = inputs_.config.name;
  report_.command = inputs_.command;
  report_.confidence = inputs_.config.evaluation.confidence;
  report_.seeds = inputs_.seeds;
  report_.same_test_rows = inputs_.seeds.size() > 1;
  for (const Arm& arm : inputs_.arms) report_.arms.push_back({arm.name, arm.sentence, arm.overrides, {}, {}});
}

// An earlier comparison that was to go on, and of which nothing was touched yet, stays as it was.
std::optional<core::Interrupted> Comparison::run() {
  try {
    check_arms();
    find_finished();
    for (std::size_t seed = 0; seed < inputs_.seeds.size() && !stopped_; ++seed) run_seed(seed);
  } catch (const core::Interrupted& stopped) {
    if (!folder_.is_kept() || !folder_.has_begun()) throw;
    stopped_ = stopped;
  } catch (...) {
    if (folder_.has_begun()) folder_.mark_failed();
    throw;
  }
  for (const std::string& sentence : said_.warnings.take()) journal_.warn(sentence);
  write(stopped_ ? "interrupted" : "finished");
  folder_.finish(report_.outcome);
  end_tracking(folder_, {.outcome = report_.outcome}, journal_);
  warn_of_unsent(finished_, folder_, journal_);
  return stopped_;
}

// The rows of the first seed stay for its training. Arms whose configs are wrong already have said what they can.
void Comparison::check_arms() {
  ArmProblems& problems = inputs_.problems;
  const std::int64_t seed = inputs_.seeds.front();
  for (std::size_t arm = 0; arm < inputs_.arms.size(); ++arm) {
    const std::string& name = inputs_.arms[arm].name;
    if (problems.has(name)) continue;
    const SeedData* data = nullptr;
    problems.collect(name, [&] { data = &data_of(arm, seed); });
    if (data != nullptr) check_arm(name, config_of(arm, seed), data->prepared, inputs_.origins[arm], problems);
    core::stop_if_interrupted();
  }
  problems.throw_if_any(inputs_.arms.size());
  banks_ = banks_of(inputs_.configs);
}

// Of a comparison that goes on. What is another than was asked for is refused before anything is trained.
void Comparison::find_finished() {
  if (!folder_.goes_on()) return;
  std::vector<training::RunConfig> configs;  // by number
  for (const std::int64_t seed : inputs_.seeds)
    for (std::size_t arm = 0; arm < inputs_.arms.size(); ++arm) configs.push_back(config_of(arm, seed));
  finished_ = finished_members(folder_, configs, journal_);
}

void Comparison::run_seed(std::size_t seed) {
  for (const std::vector<std::size_t>& arms : banks_) {
    std::vector<std::size_t> missing;
    for (const std::size_t arm : arms) {
      const auto member = finished_.find(number_of(arm, seed));
      if (member == finished_.end())
        missing.push_back(arm);
      else
        measure_again(arm, seed, member->second);
    }
    if (!missing.empty()) train_bank(seed, missing);
    if (stopped_) return;
  }
  data_.clear();
  ++report_.done;
  write("running");
}

training::RunConfig Comparison::config_of(std::size_t arm, std::int64_t seed) const {
  training::RunConfig config = inputs_.configs[arm];
  config.seed = seed;
  config.compare = {};
  config.name += fmt::format(", {}, seed {}", inputs_.arms[arm].name, seed);
  return config;
}

Comparison::SeedData Comparison::prepare(std::size_t arm, std::int64_t seed) {
  ReadingJournal journal(journal_, said_, fmt::format("seed {}", seed));
  SeedData data;
  data.prepared =
      prepare_to_train(inputs_.configs[arm], static_cast<std::uint64_t>(seed), inputs_.origins[arm], journal);
  data.test_rows = data.prepared.dataset.rows_of(data::Split::test);
  if (data.test_rows.empty())
    throw core::UserError(core::Fault::config, "compare needs test rows: data.split leaves none (data.split.test)",
                          inputs_.origin.of("data.split"));
  data.warnings = journal.warnings();  // of the data: each bank compiles its own constraints
  data.table = compile_tables({inputs_.config}, data.prepared.dataset, inputs_.origin, journal).front();
  return data;
}

const Comparison::SeedData& Comparison::data_of(std::size_t arm, std::int64_t seed) {
  std::unique_ptr<SeedData>& known = data_[config::struct_to_yaml(inputs_.configs[arm].data, config::Comments::none) +
                                           inputs_.configs[arm].training.warm_start];
  if (!known) known = std::make_unique<SeedData>(read(arm, seed));
  if (known->failure) throw core::UserError(*known->failure);
  return *known;
}

// What rows that cannot be read are refused for is kept: other arms have the same.
Comparison::SeedData Comparison::read(std::size_t arm, std::int64_t seed) {
  try {
    SeedData data = prepare(arm, seed);
    check_same_people(data);
    note(data);
    return data;
  } catch (const core::UserError& error) {
    if (error.fault() == core::Fault::memory) throw;
    SeedData none;
    none.failure = error;
    return none;
  }
}

void Comparison::check_same_people(const SeedData& data) const {
  const data::Dataset& dataset = data.prepared.dataset;
  for (const auto& [how, other] : data_) {
    if (!other || other->failure) continue;
    const data::Dataset& first = other->prepared.dataset;
    if (first.splits != dataset.splits || first.labels != dataset.labels || first.targets != dataset.targets)
      throw core::UserError(
          core::Fault::config,
          "its test rows or labels are not those of the arms before it: its 'data' may differ in what the model sees, "
          "not in who is tested");
  }
}

void Comparison::note(const SeedData& data) {
  if (!first_test_rows_) first_test_rows_ = data.test_rows;
  report_.same_test_rows = report_.same_test_rows && *first_test_rows_ == data.test_rows;
  report_.test_rows = static_cast<std::int64_t>(data.test_rows.size());
  report_.files = data.prepared.dataset.files;
  report_.figures = evaluation::compared_figures(data.table);
  report_.constraints.clear();
  for (const std::string& title : data.table.constraint_titles) report_.constraints.push_back({title, {}});
}

void Comparison::measure_again(std::size_t arm, std::size_t place, const FinishedMember& member) {
  core::stop_if_interrupted();
  const std::int64_t seed = inputs_.seeds[place];
  const SeedData& data = data_of(arm, seed);
  check_own_rows(member.run, *member.encoder, data.prepared);
  const std::string who = fmt::format("{}, seed {}", inputs_.arms[arm].name, seed);
  for (const std::string& warning : member.report.warnings)
    if (!warning.starts_with("Member ") && said_.warnings.is_new(warning, who))  // of the bank that it was in
      journal_.warn(fmt::format("{}: {}", who, warning));
  const at::Device device = device_of(member.run, journal_);
  const SavedModel model = read_model(member.run, data::layout_of(*member.encoder), device);
  report::ComparedRun told;
  told.arm = static_cast<std::int64_t>(arm);
  told.seed = seed;
  told.folder = name_in(folder_, member.run.path);
  told.outcome = member.report.outcome;
  told.members = member.report.members;
  report_.device = member.report.device;
  Run run = measured(std::move(told), data, device, *model.learner, model.mixture);
  check_as_reported(member, run.test);
  runs_[number_of(arm, place)] = std::move(run);
}

// Once a run has its folder, what goes wrong is the disk's, and no arm's.
void Comparison::train_bank(std::size_t seed, const std::vector<std::size_t>& arms) {
  Bank bank{inputs_.seeds[seed], arms, seed * inputs_.arms.size()};
  try {
    bank.data = &data_of(arms.front(), bank.seed);
    train(bank);
  } catch (const core::UserError& error) {
    if (bank.has_begun || error.fault() == core::Fault::memory || !are_files_as_before()) throw;
    count_out(bank, error);
  }
}

// Then another seed is another split of the same rows, and nothing else. Throws for a file that is gone. Those of a folder of pictures are
// not read again.
bool Comparison::are_files_as_before() const {
  return std::ranges::all_of(report_.files, [](const data::Fingerprint& file) {
    std::error_code error;
    return std::filesystem::is_directory(file.path, error) || core::sha256_of_file(file.path) == file.sha256;
  });
}

void Comparison::count_out(const Bank& bank, const core::UserError& error) {
  for (const std::size_t arm : bank.arms) {
    report::ComparedRun& run = runs_[bank.first_number + arm].told;
    run.arm = static_cast<std::int64_t>(arm);
    run.seed = bank.seed;
    run.outcome = "failed";
    run.failure = in_one_line(error);
    journal_.warn(fmt::format("{}, seed {}: it cannot be trained there and is not counted: {}", inputs_.arms[arm].name,
                              bank.seed, run.failure));
  }
}

void Comparison::train(Bank& bank) {
  std::string who;
  for (const std::size_t arm : bank.arms) {
    bank.members.push_back(config_of(arm, bank.seed));
    std::vector<std::string> words = inputs_.train_command;
    // The comparison's own name is taken.
    std::erase_if(words, [](const std::string& word) { return word.starts_with("output.run="); });
    words.insert(words.end(), inputs_.arms[arm].overrides.begin(), inputs_.arms[arm].overrides.end());
    words.push_back(fmt::format("seed={}", bank.seed));
    bank.commands.push_back(shell_line(words));
    who += (who.empty() ? "" : ", ") + inputs_.arms[arm].name;
  }
  const std::size_t all = inputs_.seeds.size() * inputs_.arms.size();
  who += fmt::format(", seed {}", bank.seed);
  const std::string where = fmt::format("run {} of {}: {}", runs_.size() + 1, all, who);
  // Those that are only measured again take no time to speak of.
  const auto is_trained = [&](const auto& run) { return !finished_.contains(run.first); };
  const auto trained = static_cast<std::size_t>(std::ranges::count_if(runs_, is_trained));
  BankJournal journal(journal_, said_, {trained, bank.arms.size(), all - finished_.size(), where, who, start_});
  for (const std::string& warning : bank.data->warnings) journal.warn(warning);

  const config::Origin& origin = inputs_.origins[bank.arms.front()];
  const at::Device device = training::choose_device(bank.members.front(), origin, journal);
  report_.device = device_text(device);
  bank.tables = compile_tables(bank.members, bank.data->prepared.dataset, origin, journal);
  const training::RunConfig& first = bank.members.front();
  const training::Start start = {starting_multipliers(first, bank.tables.front(), origin, journal),
                                 starting_weights(first, bank.data->prepared.dataset, origin, journal)};
  bank.artifacts = audit_made_rows(first, bank.data->prepared.dataset, origin, journal);
  std::vector<training::TrainingResult> results =
      training::train(bank.members, bank.data->prepared.dataset, bank.tables, device, origin, journal,
                      {[&](std::size_t run, const evaluation::Measurement& measurement) {
                         begin(bank, journal);
                         add_measurement(bank.folders[run], measurement, journal);
                       },
                       start});
  begin(bank, journal);
  finish(bank, device, results, journal);
}

void Comparison::begin_folder(core::Journal& journal) {
  if (folder_.has_begun()) return;
  folder_.begin(config::struct_to_yaml(inputs_.config));
  track_runs_of(folder_, inputs_.config, inputs_.command, inputs_.file, journal);
}

void Comparison::begin(Bank& bank, core::Journal& journal) {
  if (bank.has_begun) return;
  bank.has_begun = true;
  begin_folder(journal);
  for (std::size_t run = 0; run < bank.arms.size(); ++run) {
    const std::size_t number = bank.first_number + bank.arms[run];
    folder_.remove_member(number);  // one that was cut off
    bank.folders.push_back(folder_.claim_member(number, marker_of(bank.commands[run], inputs_.file)));
    begin_run(bank.folders.back(), bank.inputs(run, inputs_.file), journal);
  }
}

void Comparison::finish(Bank& bank, const at::Device& device, std::vector<training::TrainingResult>& results,
                        core::Journal& journal) {
  for (std::size_t run = 0; run < results.size(); ++run) {
    training::TrainingResult& result = results[run];
    finish_run(bank.folders[run], bank.inputs(run, inputs_.file), device, result, journal);
    folder_.keep();
    report::ComparedRun one;
    one.arm = static_cast<std::int64_t>(bank.arms[run]);
    one.seed = bank.seed;
    one.folder = name_in(folder_, bank.folders[run].path());
    one.outcome = result.outcome;
    one.failure = result.failure;
    one.members = result.members;
    if (result.interrupted) stopped_ = *result.interrupted;
    Run& kept = runs_[bank.first_number + bank.arms[run]];
    kept = one.outcome == "finished" ? measured(std::move(one), *bank.data, device, *result.learner, result.mixture)
                                     : Run{std::move(one)};
  }
}

Comparison::Run Comparison::measured(report::ComparedRun told, const SeedData& data, const at::Device& device,
                                     models::Learner& learner, const models::Mixture& mixture) const {
  Run run{std::move(told)};
  training::RunConfig config = inputs_.config;
  config.seed = run.told.seed;  // whose intervals are drawn as the run's own
  const MeasuredRows rows(data.prepared.dataset, data.table.cells.of_row, learner, mixture, device);
  run.test = rows.measure("test", data.test_rows, data.table, config);
  for (const evaluation::ConstraintResult& constraint : run.test.constraints)
    run.told.verdicts.push_back(constraint.verdict);
  run.parted = evaluation::measure_figures(report_.figures, rows.compared(data.test_rows, config.training), data.table,
                                           config.multipliers.min_rows, config.evaluation);
  for (const auto& figure : run.parted)
    run.told.figures.push_back(figure ? std::optional(figure->whole) : std::nullopt);
  return run;
}

// What is there, in a state that can be read at any time.
void Comparison::write(const std::string& outcome) {
  report_.outcome = outcome;
  report_.finished = utc_now();
  report_.seconds = core::seconds_since(start_);
  report_.warnings = journal_.warnings();
  report_.runs.clear();
  std::vector<std::vector<std::optional<evaluation::PartedFigure>>> parted;
  for (const auto& [number, run] : runs_) {
    report_.runs.push_back(run.told);
    parted.push_back(run.parted);
  }
  report::summarise(report_, parted);
  // What stood there says more as long as not all that it has is measured again.
  if (!std::ranges::all_of(finished_, [&](const auto& member) { return runs_.contains(member.first); })) return;
  begin_folder(journal_);  // where no arm could be trained
  folder_.write(run_files::kCompare, json_text(report::to_json(report_)));
  folder_.write(run_files::kReport, report::to_html(report_));
}

}  // namespace equipoise::cli
