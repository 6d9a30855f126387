#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "engine/evaluation/compared_figures.h"
#include "engine/sweep/results.h"

namespace equipoise::sweep {

/// Two runs that differ in nothing but what is compared.
struct RunPair {
  std::size_t first = 0, second = 0;  ///< places in the plan
  std::string seed;                   ///< unit_text of both
};

/// Two settings, or two values of an axis over all else.
struct SettingPair {
  std::string first, second;      ///< what each is called
  std::string how;                ///< why these two: a sentence
  std::vector<RunPair> pairs;     ///< both finished and measured on the test rows
  std::size_t unpaired = 0;       ///< runs of either without a partner that finished
  std::size_t of_other_data = 0;  ///< pairs that were left out, as the two learned from other data
  std::size_t of_other_rows = 0;  ///< others that were, as the two are tested on other rows (have_other_test_rows)
};

/// "axis=value,value": runs of the first value beside those of the second that are alike in all other fields. Lists in brackets keep
/// their commas. Throws UserError (config): an axis or a value that is not there, with the nearest; no two values; no pair of
/// finished runs that learned from the same data and are tested on the same rows; a value of a paired axis that goes with several of another field.
SettingPair pair_from(const SweepResults& results, const std::string& request);

/// The two best settings by what the choosing split shows: first those that keep all constraints at more of their seeds, then by their
/// mean quality. Nothing where fewer than two settings have a seed in common.
std::optional<SettingPair> best_pair(const SweepResults& results);

/// A run's figures, of all its test rows and without each part of them.
using PartedRun = std::vector<std::optional<evaluation::PartedFigure>>;

/// Figures as results.json has them, where test rows cannot be measured again: their differences are then uncertain through seeds
/// alone, and with fewer than three, or where they are the same at all seeds, nothing can be said of them.
PartedRun stored_figures(const SweepResults& results, std::size_t run,
                         const std::vector<evaluation::ComparedFigure>& figures);

/// At most `most` of the pairs, spread over seeds and settings.
void thin_out(SettingPair& pair, std::size_t most);

}  // namespace equipoise::sweep
