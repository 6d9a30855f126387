#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/error.h"
#include "engine/data/prepare.h"
#include "engine/training/run_config.h"

namespace equipoise::cli {

/// What is wrong with the arms of a comparison, all at once: each problem with the name of its arm, but for one that every arm of
/// several has, which is the config's and said once.
class ArmProblems {
 public:
  /// Keeps what `check` throws that is the arm's; memory that runs out is nobody's, and is thrown on.
  template <typename Check>
  void collect(const std::string& arm, const Check& check) {
    try {
      check();
    } catch (const core::UserError& error) {
      add(arm, error);
    }
  }
  bool has(const std::string& arm) const;
  /// UserError where there are any: of the fault that all have, else config. `arms` are how many there are.
  void throw_if_any(std::size_t arms) const;

 private:
  struct Found {
    core::Problem problem;
    core::Fault fault;
    std::vector<std::string> arms;
  };
  void add(const std::string& arm, const core::UserError& error);

  std::vector<Found> found_;
};

/// Looks for all that would keep an arm from being trained on these rows: makes of them what training makes, except what takes long (neighbours,
/// rankings, a sample of made rows), and trains nothing. Nothing is said: training says it.
void check_arm(const std::string& arm, const training::RunConfig& config, const data::Prepared& prepared,
               const config::Origin& origin, ArmProblems& problems);

/// What is wrong, in one line and without the places in files.
std::string in_one_line(const core::UserError& error);

}  // namespace equipoise::cli
