#include "engine/cli/comparison.h"

#include <fmt/format.h>

#include <algorithm>

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
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/report/compare_summary.h"

namespace equipoise::cli {
namespace {

// What one bank says: to the user what was not said before, for its runs' reports all of its warnings; and how far the whole
// comparison is.
class BankJournal final : public core::Journal {
 public:
  struct Place {
    std::size_t done = 0, runs = 1, all = 1;  // runs before it, its own, and of the comparison
    std::string where;                        // "run 3 of 20: balance, seed 1"
    std::string who;                          // "balance, seed 1"
    std::chrono::steady_clock::time_point start;
  };

  BankJournal(TerminalJournal& terminal, std::set<std::string>& said, Place place)
      : terminal_(terminal), said_(said), place_(std::move(place)) {}

  void say(std::string_view sentence) override {
    if (said_.emplace(sentence).second) terminal_.say(sentence);
  }
  void warn(std::string_view sentence) override {
    Journal::warn(sentence);
    if (said_.emplace(sentence).second) terminal_.warn(fmt::format("{}: {}", place_.who, sentence));
  }
  void progress(const core::Progress& progress) override {
    core::Progress whole = progress;
    const auto runs = static_cast<double>(place_.runs);
    whole.stage = "comparing";
    whole.done = (static_cast<double>(place_.done) + runs * progress.done) / static_cast<double>(place_.all);
    whole.seconds = core::seconds_since(place_.start);
    whole.detail = place_.where;
    terminal_.progress(whole);
  }

 private:
  TerminalJournal& terminal_;
  std::set<std::string>& said_;
  Place place_;
};

// While data are read, which takes a moment of the whole.
class ReadingJournal final : public core::Journal {
 public:
  ReadingJournal(TerminalJournal& terminal, std::set<std::string>& said) : terminal_(terminal), said_(said) {}
  void say(std::string_view sentence) override {
    if (said_.emplace(sentence).second) terminal_.say(sentence);
  }
  void warn(std::string_view sentence) override {
    Journal::warn(sentence);
    if (said_.emplace(sentence).second) terminal_.warn(sentence);
  }

 private:
  TerminalJournal& terminal_;
  std::set<std::string>& said_;
};

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

// The runs that train together at one seed.
struct Comparison::Bank {
  std::int64_t seed = 0;
  const std::vector<std::size_t>& arms;
  const SeedData& data;
  std::vector<training::RunConfig> members = {};
  std::vector<constraints::ConstraintTable> tables = {};
  std::vector<std::string> commands = {};
  std::vector<RunFolder> folders = {};
  std::optional<audit::ArtifactAudit> artifacts = {};
  std::size_t first_number = 0;  // of the seed's folders

  RunInputs inputs(std::size_t run, const ConfigFile& file) const {
    return {members[run], data.prepared, tables[run], commands[run], file, artifacts};
  }
};

Comparison::Comparison(ComparisonInputs inputs, RunFolder& folder, TerminalJournal& journal)
    : inputs_(std::move(inputs)), folder_(folder), journal_(journal), banks_(banks_of(inputs_.configs)) {
  report_.name = inputs_.config.name;
  report_.command = inputs_.command;
  report_.confidence = inputs_.config.evaluation.confidence;
  report_.seeds = inputs_.seeds;
  report_.same_test_rows = inputs_.seeds.size() > 1;
  for (const Arm& arm : inputs_.arms) report_.arms.push_back({arm.name, arm.sentence, arm.overrides, {}, {}});
}

int Comparison::run() {
  try {
    for (std::size_t seed = 0; seed < inputs_.seeds.size() && signal_ == 0; ++seed) run_seed(seed);
  } catch (const core::Interrupted& stopped) {
    if (!folder_.is_kept()) throw;
    signal_ = stopped.signal();
  } catch (...) {
    folder_.mark_failed();
    throw;
  }
  write(signal_ == 0 ? "finished" : "interrupted");
  folder_.finish(report_.outcome);
  end_tracking(folder_, {.outcome = report_.outcome}, journal_);
  return signal_;
}

void Comparison::run_seed(std::size_t seed) {
  data_.clear();
  for (const std::vector<std::size_t>& arms : banks_) {
    train_bank(seed, arms);
    if (signal_ != 0) return;
  }
  ++report_.done;
  write("running");
}

Comparison::SeedData Comparison::prepare(std::size_t arm, std::int64_t seed) {
  ReadingJournal journal(journal_, said_);
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
  if (known) return *known;
  known = std::make_unique<SeedData>(prepare(arm, seed));
  const data::Dataset& dataset = known->prepared.dataset;
  for (const auto& [how, other] : data_) {
    if (!other || other == known) continue;
    const data::Dataset& first = other->prepared.dataset;
    if (first.splits != dataset.splits || first.labels != dataset.labels || first.targets != dataset.targets)
      throw core::UserError(
          core::Fault::config,
          fmt::format(
              "arm '{}' has other test rows or other labels than the arms before it: its 'data' may differ in what "
              "the model sees, not in who is tested",
              inputs_.arms[arm].name));
  }
  if (!first_test_rows_) first_test_rows_ = known->test_rows;
  report_.same_test_rows = report_.same_test_rows && *first_test_rows_ == known->test_rows;
  report_.test_rows = static_cast<std::int64_t>(known->test_rows.size());
  report_.files = dataset.files;
  report_.figures = evaluation::compared_figures(known->table);
  report_.constraints.clear();
  for (const std::string& title : known->table.constraint_titles) report_.constraints.push_back({title, {}});
  return *known;
}

void Comparison::train_bank(std::size_t seed, const std::vector<std::size_t>& arms) {
  Bank bank{inputs_.seeds[seed], arms, data_of(arms.front(), inputs_.seeds[seed])};
  bank.first_number = seed * inputs_.arms.size();
  std::string who;
  for (const std::size_t arm : arms) {
    training::RunConfig& member = bank.members.emplace_back(inputs_.configs[arm]);
    member.seed = bank.seed;
    member.compare = {};
    member.name += fmt::format(", {}, seed {}", inputs_.arms[arm].name, bank.seed);
    std::vector<std::string> words = inputs_.train_command;
    words.insert(words.end(), inputs_.arms[arm].overrides.begin(), inputs_.arms[arm].overrides.end());
    words.push_back(fmt::format("seed={}", bank.seed));
    bank.commands.push_back(shell_line(words));
    who += (who.empty() ? "" : ", ") + inputs_.arms[arm].name;
  }
  const std::size_t all = inputs_.seeds.size() * inputs_.arms.size();
  who += fmt::format(", seed {}", bank.seed);
  const std::string where = fmt::format("run {} of {}: {}", report_.runs.size() + 1, all, who);
  BankJournal journal(journal_, said_, {report_.runs.size(), arms.size(), all, where, who, start_});
  for (const std::string& warning : bank.data.warnings) journal.warn(warning);

  const config::Origin& origin = inputs_.origins[arms.front()];
  const at::Device device = training::choose_device(bank.members.front(), origin, journal);
  report_.device = device_text(device);
  bank.tables = compile_tables(bank.members, bank.data.prepared.dataset, origin, journal);
  const training::RunConfig& first = bank.members.front();
  const training::Start start = {starting_multipliers(first, bank.tables.front(), origin, journal),
                                 starting_weights(first, bank.data.prepared.dataset, origin, journal)};
  bank.artifacts = audit_made_rows(first, bank.data.prepared.dataset, origin, journal);
  std::vector<training::TrainingResult> results =
      training::train(bank.members, bank.data.prepared.dataset, bank.tables, device, origin, journal,
                      {[&](std::size_t run, const evaluation::Measurement& measurement) {
                         begin(bank, journal);
                         add_measurement(bank.folders[run], measurement, journal);
                       },
                       start});
  begin(bank, journal);
  finish(bank, device, results, journal);
}

void Comparison::begin(Bank& bank, core::Journal& journal) {
  if (!bank.folders.empty()) return;
  if (!folder_.has_begun()) {
    folder_.begin(config::struct_to_yaml(inputs_.config));
    track_runs_of(folder_, inputs_.config, inputs_.command, inputs_.file, journal);
  }
  for (std::size_t run = 0; run < bank.arms.size(); ++run) {
    bank.folders.push_back(
        folder_.claim_member(bank.first_number + bank.arms[run], marker_of(bank.commands[run], inputs_.file)));
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
    one.folder = fmt::format("{}/{}", run_files::kMembers, bank.folders[run].path().filename().string());
    one.outcome = result.outcome;
    one.failure = result.failure;
    if (result.interrupted) signal_ = result.interrupted->signal();
    report_.runs.push_back(measured(std::move(one), bank.data, device, result));
  }
}

report::ComparedRun Comparison::measured(report::ComparedRun run, const SeedData& data, const at::Device& device,
                                         training::TrainingResult& result) {
  parted_.emplace_back();
  if (run.outcome != "finished") return run;
  training::RunConfig config = inputs_.config;
  config.seed = run.seed;  // whose intervals are drawn as the run's own
  const MeasuredRows rows(data.prepared.dataset, data.table.cells.of_row, *result.learner, result.mixture, device);
  for (const evaluation::ConstraintResult& constraint :
       rows.measure("test", data.test_rows, data.table, config).constraints)
    run.verdicts.push_back(constraint.verdict);
  parted_.back() = evaluation::measure_figures(report_.figures, rows.compared(data.test_rows, config.training),
                                               data.table, config.multipliers.min_rows, config.evaluation);
  for (const auto& figure : parted_.back()) run.figures.push_back(figure ? std::optional(figure->whole) : std::nullopt);
  return run;
}

// What is there, in a state that can be read at any time.
void Comparison::write(const std::string& outcome) {
  report_.outcome = outcome;
  report_.finished = utc_now();
  report_.seconds = core::seconds_since(start_);
  report_.warnings = journal_.warnings();
  report::summarise(report_, parted_);
  folder_.write(run_files::kCompare, json_text(report::to_json(report_)));
  folder_.write(run_files::kReport, report::to_html(report_));
}

}  // namespace equipoise::cli
