#pragma once

#include <string>
#include <vector>

#include "engine/sampling/sampler.h"
#include "engine/training/device_data.h"

namespace equipoise::training {

/// Of recipes that make rows from others of their cell: where a fold, from whose rows alone they are made (made_rows.h), has too few. A
/// sentence for each recipe and cell: how many rows stay as they are, or have fewer neighbours than SMOTE is to look at. Of rows that
/// are alone in their whole cell the sampler's own warnings say so.
std::vector<std::string> fold_shortages(const sampling::Sampler& sampler, const DeviceData& data);

}  // namespace equipoise::training
