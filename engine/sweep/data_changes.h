#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "engine/sweep/results.h"

namespace equipoise::sweep {

/// Places of the runs that learned from other data than the most, though they name the same files: the data changed while the sweep went on.
/// Where a field of `data` that names files is an axis, runs are compared with those of the same value. Of equally many the first in the
/// plan count as the most.
std::vector<std::size_t> runs_of_changed_data(const SweepResults& results);

/// Whether two runs (their places) that name the same files say what they learned from, and it was not the same.
bool have_changed_data(const SweepResults& results, std::size_t one, std::size_t other);

/// The fields that vary and decide which rows are tested, or what these say of people: all of `data` but data.features and data.teacher. Figures of
/// runs that differ in one are of other people. Seeds are not among them: each has test rows of its own by design.
std::vector<std::string> fields_of_test_rows(const SweepResults& results);
/// Whether two runs (their places) have other values of such a field, or say that their rows fall into other splits.
bool have_other_test_rows(const SweepResults& results, std::size_t one, std::size_t other);

}  // namespace equipoise::sweep
