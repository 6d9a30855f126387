#pragma once

#include "engine/audit/results.h"
#include "engine/data/dataset.h"

namespace equipoise::audit {

Duplicates find_duplicates(const data::Dataset& dataset);

}  // namespace equipoise::audit
