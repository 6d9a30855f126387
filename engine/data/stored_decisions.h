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

/// The columns that hold them: the rule's own, of several labels one for each, "decision_spam".
std::vector<std::string> decision_columns(const DecisionRule& rule, const LabelParams& label);

/// The stored decisions of a table's rows, and the file they came from if it was one of their own.
struct StoredDecisions {
  Grouping grouping;
  std::optional<Fingerprint> file;
};

/// A column of the table, or of a predictions file, which has a row for each row that was read of the data files, in their
/// order (write_predictions writes one; a column "row" in it is checked to count from 1).
/// Throws UserError: config for a column that is not there (at data.stored_decisions.column, with the nearest name), data
/// with file and line for another number of rows, or a value that is neither 0 nor 1 (true and false are), of several classes
/// one that is none of them. `outcomes`: names of the classes or labels, of a binary label none.
StoredDecisions read_stored_decisions(const DecisionRule& rule, const std::string& predictions, const Table& table,
                                      const LabelParams& label, const std::vector<std::string>& outcomes,
                                      const config::Origin& origin, core::Journal& journal);

/// Those of rows whose decisions are not known.
Grouping unknown_decisions(const LabelParams& label, const std::vector<std::string>& outcomes);

}  // namespace equipoise::data
