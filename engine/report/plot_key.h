#pragma once

#include <string_view>

#include "engine/report/markup.h"

namespace equipoise::report {

/// List items of a plot's key (ul.legend): the shape of each verdict that a plot can show, with its word.
void write_verdict_keys(Markup& page);

/// One list item of it: a line of this class along `path`, in a box of 28 by 14, and what it means.
void write_line_key(Markup& page, std::string_view style, std::string_view path, std::string_view words);

}  // namespace equipoise::report
