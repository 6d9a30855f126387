#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "engine/cli/arms.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/run_writer.h"
#include "engine/cli/terminal_journal.h"
#include "engine/report/compare_report.h"

namespace equipoise::cli {

/// What a comparison is made from.
struct ComparisonInputs {
  training::RunConfig config;  ///< without any arm: its constraints are what is measured
  config::Origin origin;
  std::vector<Arm> arms;
  std::vector<training::RunConfig> configs;  ///< [arms]
  std::vector<config::Origin> origins;       ///< [arms]
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
class Comparison {
 public:
  /// `folder` and `journal` must outlive it.
  Comparison(ComparisonInputs inputs, RunFolder& folder, TerminalJournal& journal);

  /// Until all is done or a signal comes, whose number is returned (else 0). What was done until then is written. Throws what
  /// preparing, training and writing throw, and UserError (config) where arms do not have the same test rows.
  int run();

  const report::CompareReport& report() const { return report_; }

 private:
  /// The rows of one seed as some arms read them, and the constraints by which all arms are measured.
  struct SeedData {
    data::Prepared prepared;
    constraints::ConstraintTable table;
    std::vector<std::int64_t> test_rows;
    std::vector<std::string> warnings;
  };
  struct Bank;

  void run_seed(std::size_t seed);
  const SeedData& data_of(std::size_t arm, std::int64_t seed);
  SeedData prepare(std::size_t arm, std::int64_t seed);
  void train_bank(std::size_t seed, const std::vector<std::size_t>& arms);
  void begin(Bank& bank, core::Journal& journal);
  void finish(Bank& bank, const at::Device& device, std::vector<training::TrainingResult>& results,
              core::Journal& journal);
  report::ComparedRun measured(report::ComparedRun run, const SeedData& data, const at::Device& device,
                               training::TrainingResult& result);
  void write(const std::string& outcome);

  ComparisonInputs inputs_;
  RunFolder& folder_;
  TerminalJournal& journal_;
  std::vector<std::vector<std::size_t>> banks_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::set<std::string> said_;                                // sentences that the user has seen
  std::map<std::string, std::unique_ptr<SeedData>> data_;     // of the seed that goes on, by how it is read
  std::optional<std::vector<std::int64_t>> first_test_rows_;  // of the first seed
  report::CompareReport report_;
  std::vector<std::vector<std::optional<evaluation::PartedFigure>>> parted_;  // [runs]
  int signal_ = 0;
};

}  // namespace equipoise::cli
