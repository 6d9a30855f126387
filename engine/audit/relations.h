#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

struct FoundRelations {
  std::vector<Relation> relations;  ///< surest first
  std::int64_t compared = 0;
  std::vector<std::string> uncompared;  ///< inputs of which nothing could be compared: too few rows have their values
};

/// For each level, input, value and answer: the odds ratio of the answer for training rows with the value against those without, in the
/// level and in all others, and whether the two are equal, by the difference of their logarithms (Woolf 1955) with half a row added
/// to every count (Haldane 1956; Anscombe 1956). Where rows have weights the variance of a count's logarithm is 1 / n with Kish's n: the
/// smaller of its own, which is the linearised variance of weighted shares, and its weight over what rows of its level and answer, and
/// with its value, weigh elsewhere. Values that fewer than min_rows rows (Kish's) of the level or of the others have, or lack,
/// are not compared, nor is a grouping's own column; bins of a number are joined with their neighbours until there are so many. The p-values are Holm's (1979)
/// over all that were compared; those below 1 less the confidence are given.
FoundRelations find_relations(const data::Dataset& dataset, const std::vector<Input>& inputs,
                              const std::vector<Answer>& answers, const AuditParams& params);

}  // namespace equipoise::audit
