#pragma once

#include <string>
#include <string_view>

#include "engine/evaluation/evaluation.h"
#include "engine/report/markup.h"

namespace equipoise::report {

/// How a verdict is shown: a word and a shape, so that colour never has to be seen.
struct VerdictLook {
  std::string_view word;     ///< "not shown"
  std::string_view style;    ///< class that carries the colour
  std::string_view meaning;  ///< a sentence for the reading guide
};
const VerdictLook& look_of(evaluation::Verdict verdict);

/// The verdict's shape, about 10 px wide, around the origin of the enclosing SVG.
void draw_shape(Markup& page, evaluation::Verdict verdict, std::string_view extra_class = "");

/// The shape in an SVG of its own, to stand before a word.
void draw_icon(Markup& page, evaluation::Verdict verdict);

/// Shape and word in a coloured box.
void draw_badge(Markup& page, evaluation::Verdict verdict);
/// The same with another word, for findings that are shown by the looks of verdicts.
void draw_badge(Markup& page, evaluation::Verdict looks, std::string_view word);

/// Why nothing can be said of a constraint that is not estimable: "the test split has too few rows of a group".
/// `where` names the rows that were measured.
std::string reason_of_no_verdict(const evaluation::ConstraintResult& constraint, const std::string& where);
/// The same of one promise that has no gap.
std::string reason_of_no_gap(const evaluation::PromiseResult& promise, const std::string& where);

}  // namespace equipoise::report
