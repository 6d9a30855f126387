#pragma once

#include <vector>

#include "engine/audit/inputs.h"
#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

struct FoundRelations {
  std::vector<Relation> relations;  ///< surest first
  std::int64_t compared = 0;
};

/// For each level, input, value and answer: the odds ratio of the answer for training rows with the value against those without, in the
/// level and in all others, and whether the two are equal, by the difference of their logarithms (Woolf 1955) with half a row added
/// to every count (Haldane 1956; Anscombe 1956). Values that fewer than min_rows rows of the level or of the others have are not compared. The
/// p-values are Holm's (1979) over all that were; those below 1 less the confidence are given.
FoundRelations find_relations(const data::Dataset& dataset, const std::vector<Input>& inputs,
                              const std::vector<Answer>& answers, const AuditParams& params);

}  // namespace equipoise::audit
