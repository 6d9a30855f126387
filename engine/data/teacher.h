#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// What is wrong with data.teacher whatever the data: throws UserError (config).
void check_teacher(const DataParams& params, const config::Origin& origin);

/// The columns of the data files that hold a teacher's scores; none where they are elsewhere. `classes`: names of several classes as far as
/// they are known.
std::vector<std::string> teacher_columns_of_data(const DataParams& params, const std::vector<std::string>& classes);

/// What a teacher scores a table's rows [rows * max(1, outcomes)], and the file it came from if it was one of its own.
struct TeacherScores {
  std::vector<float> scores;
  std::optional<Fingerprint> file;
};

/// A teacher's stored scores, of a column or a predictions file. `dataset` has the task, the outcomes and the splits. Throws UserError: config
/// for a column that is not there, data with file and line for another number of rows, and for a training row whose score is missing, no
/// number, outside [0, 1] where it is a probability, or whose classes do not add up to 1 (by a hundredth; they are then divided by their sum).
TeacherScores read_teacher(const DataParams& params, const Table& table, const Dataset& dataset,
                           const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::data
