#include "engine/cli/comparison.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/cli/comparison_journals.h"
#include "engine/cli/compiled_tables.h"
#include "engine/cli/json_file.h"
#include "engine/cli/made_rows_audit.h"
#include "engine/cli/measuring.h"
#include "engine/cli/member_folders.h"
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
  told.folder = name_in(folder_.path(), member.run.path);
  told.outcome = member.report.outcome;
  told.members = member.report.members;
  report_.device = member.report.device;
  Run run = measured(std::move(told), data, device, *model.learner, model.mixture);
  check_as_reported(member, run.test);
  runs_[number_of(arm, place)] = std::move(run);
}

void Comparison::begin_folder(core::Journal& journal) {
  if (folder_.has_begun()) return;
  folder_.begin(config::struct_to_yaml(inputs_.config));
  track_runs_of(folder_, inputs_.config, inputs_.command, inputs_.file, journal);
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
