#pragma once

#include <string>

#include "engine/evaluation/quality.h"

namespace equipoise::report {

using Quality = evaluation::Quality;

/// "86.1 %", "12.3"
std::string quality_text(const Quality& quality);
/// "86.1 % (85.4 to 86.8 %)"
std::string quality_words(const Quality& quality);

}  // namespace equipoise::report
