#pragma once

#include "engine/audit/audit.h"

namespace equipoise::audit {

Duplicates find_duplicates(const data::Dataset& dataset);

}  // namespace equipoise::audit
