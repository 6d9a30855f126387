#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/prepare.h"
#include "engine/sampling/params.h"
#include "engine/sampling/sampler.h"
#include "engine/training/synthesis.h"

namespace equipoise::cli {

/// A sentence that names the recipes whose work no written row shows, each with its reason; nothing where there are none.
std::optional<std::string> recipes_left_out(const sampling::SamplingParams& params);

/// Where batches that drew `drawn` rows made far fewer: a sentence with both numbers, and what share of the drawn rows each recipe
/// could have made; else nothing.
std::optional<std::string> few_made_rows(const training::MadeList& list, const sampling::Sampler& sampler,
                                         std::int64_t drawn);

/// For each group that an input tells: a sentence where made rows have a value of it that is another group's than their parents', whose
/// they count as. Rows whose recipe exchanges that column on purpose are not counted.
std::vector<std::string> in_other_groups(const training::MadeList& list, const sampling::Sampler& sampler,
                                         const data::Prepared& prepared);

}  // namespace equipoise::cli
