#pragma once

#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

/// How well each input, and all of them together, tell each level of each grouping from the others: by the level's share among the
/// training rows that have a value, learnt on one half and measured on the other, both ways; all together by an additive
/// model (logistic.h) on about 40,000 rows at most, those of rare levels drawn more often. Intervals are Hanley and McNeil's (1982) on
/// half of Kish's numbers of rows. Levels with fewer than min_rows such training rows in them, or out of them, are left out. Of two levels the first stands for both.
/// A grouping's own column is not looked at.
std::vector<Proxy> find_proxies(const data::Dataset& dataset, const std::vector<Input>& inputs,
                                const AuditParams& params);

/// The column that a grouping is made of; "" where that is not known.
std::string own_column(const data::Grouping& grouping, const AuditParams& params);

}  // namespace equipoise::audit
