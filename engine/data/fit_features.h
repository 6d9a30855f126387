#pragma once

#include <string>
#include <vector>

#include "engine/config/origin.h"
#include "engine/core/journal.h"
#include "engine/data/column_roles.h"
#include "engine/data/encoder.h"
#include "engine/data/params.h"
#include "engine/data/table.h"

namespace equipoise::data {

/// Checks the names in data.features against the columns; throws UserError (config).
void check_feature_names(const FeatureParams& params, const Table& table, const config::Origin& origin);

/// Checks that what data.features.keep names may be an input; throws UserError (config).
void check_kept_names(const FeatureParams& params, const ColumnRoles& roles, const config::Origin& origin);

struct FittedFeatures {
  std::vector<FeatureRule> rules;    ///< laid out
  std::vector<std::string> reading;  ///< a sentence per column of the table
};

/// Chooses the input columns and learns their encoding from the rows of split train.
FittedFeatures fit_features(const FeatureParams& params, const ColumnRoles& roles, const Table& table,
                            const std::vector<Split>& splits, const config::Origin& origin, core::Journal& journal);

}  // namespace equipoise::data
