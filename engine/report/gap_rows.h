#pragma once

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"
#include "engine/report/scale.h"

namespace equipoise::report {

/// A promise's name and limit, its interval on `scale`, its figures and its verdict: a row of a list. The same promise on
/// `other`, where there is one, is drawn below it and lighter.
void write_gap_row(Markup& page, const Scale& scale, const evaluation::SplitResult& split,
                   const evaluation::PromiseResult& promise, const evaluation::SplitResult* other,
                   const evaluation::PromiseResult* lighter);

/// What the signs of the rows mean.
void write_gap_key(Markup& page, bool selection);

}  // namespace equipoise::report
