#pragma once

#include <cstdint>
#include <string>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/dataset.h"
#include "engine/data/encoder.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Where the stored decisions of the config come from; nothing when it names none.
std::optional<DecisionRule> decision_rule(const StoredDecisionParams& params);

/// What is wrong with the stored decisions whatever the data: throws UserError (config).
void check_stored_decisions(const DataParams& params, const config::Origin& origin);

/// The stored decisions of a table's rows, and the file they came from if it was one of their own.
struct StoredDecisions {
  Grouping grouping;
  std::optional<Fingerprint> file;
};

/// A column of the table, or of a predictions file, which has a row for each row that was read of the data files, in their
/// order (write_predictions writes one; a column "row" in it is checked to count from 1).
/// Throws UserError: config for a column that is not there (at data.stored_decisions.column, with the nearest name), data
/// with file and line for another number of rows, or a value that is neither 0 nor 1 (true and false are).
StoredDecisions read_stored_decisions(const DecisionRule& rule, const std::string& predictions, const Table& table,
                                      const config::Origin& origin, core::Journal& journal);

/// Those of rows whose decisions are not known.
Grouping unknown_decisions();

}  // namespace equipoise::data
