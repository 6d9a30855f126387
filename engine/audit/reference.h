#pragma once

#include <string>
#include <vector>

#include "engine/config/fields.h"
#include "engine/config/origin.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// Who should be in the data: shares of a population.
struct ReferenceShare {
  std::string group, level;
  double share = 0;
  bool absent = false;  ///< no row has the level
  double rows = 0;      ///< of how many rows of equal weight it is the share; 0: it is known
  void describe(config::Fields& fields);
};

struct Reference {
  std::string source;  ///< a sentence: where the shares are from
  std::vector<ReferenceShare> shares;
  void describe(config::Fields& fields);
};

/// Throws UserError (config), all that is wrong at once: a group that the data do not have, a level that they do not have and that is not
/// said to be absent (or the other way round), one named twice, shares of a group that do not add up to 1, within .005 for each of
/// them (they may be rounded) and .02 in all.
void check(const Reference& reference, const data::Dataset& dataset, const config::Origin& origin);

/// The same shares, those of each group scaled so that they add up to 1; a sentence in `notes` for each group where they did not.
Reference scaled(Reference reference, std::vector<std::string>& notes);

inline constexpr const char* kAbsentLevels = "(levels that the data lack)";

/// The shares of the levels of `dataset`'s own groupings, by weight: those of another file of people, as an encoder of the data reads
/// it. Rows whose level is missing count for nobody; those of a level that the data lack are kAbsentLevels.
Reference reference_of(const data::Dataset& dataset, const std::string& source);

}  // namespace equipoise::audit
