#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/arm_checks.h"
#include "engine/cli/arms.h"
#include "engine/cli/comparison_journals.h"
#include "engine/cli/finished_members.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/run_writer.h"
#include "engine/cli/terminal_journal.h"
#include "engine/core/error.h"
#include "engine/report/compare_report.h"

namespace equipoise::cli {

/// What a comparison is made from.
struct ComparisonInputs {
  training::RunConfig config;  ///< without any arm: its constraints are what is measured
  config::Origin origin;
  std::vector<Arm> arms;
  std::vector<training::RunConfig> configs;  ///< [arms]
  std::vector<config::Origin> origins;       ///< [arms]
  ArmProblems problems;                      ///< of arms whose configs are wrong without any data
  std::vector<std::int64_t> seeds;
  std::string command;                     ///< what reproduces it
  std::vector<std::string> train_command;  ///< the words that train the config without an arm
  ConfigFile file;
};

/// Which arms train together: those whose configs differ in nothing but what members of a bank may differ in. [banks] of
/// places, each arm once, in order.
std::vector<std::vector<std::size_t>> banks_of(const std::vector<training::RunConfig>& configs);

/// Trains every arm at every seed, seed by seed, each into a run folder of its own inside the comparison's, and measures all
/// arms by the same constraints on the same test rows. After each seed compare.json and the page are written with what there is.
/// An arm that the rows of a later seed do not let train is not counted there. A comparison that goes on (`folder` is reclaimed) measures the
/// runs that have finished again, goes on with those that were training and saved (checkpoint), and trains the others.
class Comparison {
 public:
  /// `folder` and `journal` must outlive it.
  Comparison(ComparisonInputs inputs, RunFolder& folder, TerminalJournal& journal);

  /// Until all is done or a signal comes, which is returned. What was done until then is written. Throws UserError before anything is
  /// trained: all that keeps any arm from being trained on the rows of the first seed, arms that do not have the same test rows, a finished
  /// run of another comparison. Later what writing throws, and UserError where memory runs out or the data files are others than before.
  std::optional<core::Interrupted> run();

  const report::CompareReport& report() const { return report_; }
  /// The step that the runs which were training were saved at when they were stopped; 0: none were.
  std::int64_t saved_step() const { return saved_step_; }

 private:
  /// The rows of one seed as some arms read them, and the constraints by which all arms are measured.
  struct SeedData {
    data::Prepared prepared;
    constraints::ConstraintTable table;
    std::vector<std::int64_t> test_rows;
    std::vector<std::string> warnings;
    std::optional<core::UserError> failure;  // why there are none
  };
  struct Run {
    report::ComparedRun told;
    evaluation::SplitResult test = {};  // of one that finished
    std::vector<std::optional<evaluation::PartedFigure>> parted = {};
  };
  struct Bank;

  void check_arms();
  void find_finished();
  void run_seed(std::size_t seed);
  std::size_t number_of(std::size_t arm, std::size_t seed) const { return seed * inputs_.arms.size() + arm; }
  training::RunConfig config_of(std::size_t arm, std::int64_t seed) const;
  const SeedData& data_of(std::size_t arm, std::int64_t seed);
  SeedData read(std::size_t arm, std::int64_t seed);
  SeedData prepare(std::size_t arm, std::int64_t seed);
  void check_same_people(const SeedData& data) const;
  void note(const SeedData& data);
  void measure_again(std::size_t arm, std::size_t place, const FinishedMember& member);
  void train_bank(std::size_t seed, const std::vector<std::size_t>& arms);
  void train(Bank& bank);
  void plan_checkpoints(Bank& bank, const at::Device& device, core::Journal& journal);
  bool are_files_as_before() const;
  void count_out(const Bank& bank, const core::UserError& error);
  void begin_folder(core::Journal& journal);
  void begin(Bank& bank, core::Journal& journal);
  void leave(Bank& bank, const training::TrainingResult& stopped, core::Journal& journal);
  void finish(Bank& bank, const at::Device& device, std::vector<training::TrainingResult>& results,
              core::Journal& journal);
  Run measured(report::ComparedRun told, const SeedData& data, const at::Device& device, models::Learner& learner,
               const models::Mixture& mixture) const;
  void write(const std::string& outcome);

  ComparisonInputs inputs_;
  RunFolder& folder_;
  TerminalJournal& journal_;
  std::vector<std::vector<std::size_t>> banks_;
  std::map<std::size_t, FinishedMember> finished_;  // by number, of a comparison that goes on
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  Said said_;
  std::map<std::string, std::unique_ptr<SeedData>> data_;     // of the seed that goes on, by how it is read
  std::optional<std::vector<std::int64_t>> first_test_rows_;  // of the first seed
  report::CompareReport report_;
  std::map<std::size_t, Run> runs_;  // by number
  std::optional<core::Interrupted> stopped_;
  std::int64_t saved_step_ = 0;
};

}  // namespace equipoise::cli
