// What is said of figures: their bounds, verdicts, and the sentences that stand for them.
#include <algorithm>
#include <cstdio>

#include "engine/audit/cell_artifacts.h"
#include "engine/core/error.h"

namespace equipoise::audit {
namespace {

using Params = sampling::ArtifactParams;

constexpr std::array<const char*, 4> kVerdictNames = {"clean", "too_few", "look", "harmful"};

struct Bound {
  double Params::*value;  // none: no verdict
  bool needs_real;        // rests on the real rows of the cell that are looked at
  ArtifactVerdict gravest;
};

// Beside artifact_kinds().
constexpr std::array<Bound, kArtifactKinds> kBounds = {{
    {&Params::copies, false, ArtifactVerdict::harmful},
    {&Params::near_copies, true, ArtifactVerdict::look},
    {nullptr, true, ArtifactVerdict::look},
    {&Params::telling, true, ArtifactVerdict::harmful},
    {&Params::labels, true, ArtifactVerdict::harmful},
    {&Params::flips, false, ArtifactVerdict::harmful},
    {&Params::outside, true, ArtifactVerdict::harmful},
    {nullptr, true, ArtifactVerdict::look},
    {&Params::combinations, true, ArtifactVerdict::harmful},
    {&Params::drift, true, ArtifactVerdict::harmful},
    {&Params::traced, false, ArtifactVerdict::harmful},
    {nullptr, true, ArtifactVerdict::look},
}};

std::string percent(double share) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.1f %%", 100 * share);
  return text.data();
}

std::string decimal(double number) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.2f", number);
  return text.data();
}

std::string sentence_of(const ArtifactFigure& figure) {
  const auto beside = [&](const char* made, const char* real) {
    return percent(*figure.made) + made + percent(*figure.real) + real +
           (figure.says.empty() ? "" : "; " + figure.says) + ".";
  };
  switch (figure.kind) {
    case ArtifactKind::copies:
      return beside(" of the made rows are equal to a training row; ", " of the real rows are");
    case ArtifactKind::near_copies:
      return beside(" of the made rows are near copies of a training row; ", " of the real rows are");
    case ArtifactKind::two_sample:
      return "A classifier names the made row of " + percent(*figure.made) + " of all pairs of a made and a real row.";
    case ArtifactKind::labels:
      return beside(" of the made rows' neighbours have another label; ", " of the real rows'");
    case ArtifactKind::parents:
      return percent(*figure.made) + " of the made rows are made of a row with another label.";
    case ArtifactKind::outside:
      return beside(" of the made rows have a number or a level that no training row has; ",
                    " of the real rows have one of their own");
    case ArtifactKind::combinations:
      return beside(" of the made rows have two levels that no training row has together; ", " of the real rows do");
    case ArtifactKind::drift:
      return "The correlation of " + figure.says + " is " + decimal(*figure.made) + " among made rows and " +
             decimal(*figure.real) + " among real ones.";
    case ArtifactKind::traced:
      return percent(*figure.made) + " of the made rows have their parent as the closest training row; by chance " +
             percent(*figure.real) + " would.";
    case ArtifactKind::close:
    case ArtifactKind::cell_range:
    case ArtifactKind::held_out:
      break;
  }
  return "";
}

// Beyond the bound, and surely more than honest rows would show: what may be chance alone is for more rows to tell.
bool is_beyond(const ArtifactFigure& figure) {
  return *figure.excess > *figure.bound &&
         figure.interval->low > (figure.kind == ArtifactKind::two_sample ? *figure.real : 0);
}

bool is_surely_inside(const ArtifactFigure& figure) {
  if (*figure.excess > *figure.bound) return false;
  // Of the pairs that do not change most surely there is no interval: what counts is whether a change would have been seen.
  if (figure.kind == ArtifactKind::drift) return *figure.noise <= *figure.bound;
  return figure.interval->high <= *figure.bound;
}

void judge_figure(ArtifactFigure& figure, const Bound& bound, const CellArtifacts& cell, const Params& params) {
  if (bound.value == nullptr) return;
  figure.bound = params.*bound.value;
  const bool rows_do = cell.looked_at >= params.min_rows && (!bound.needs_real || cell.real_rows >= params.min_rows);
  if (!figure.excess) {
    if (!rows_do) figure.verdict = ArtifactVerdict::too_few;
    return;
  }
  // An excess cannot be beyond a bound of 1.
  if (figure.kind == ArtifactKind::traced && *figure.bound >= 1) {
    figure.bound.reset();
    return;
  }
  if (!rows_do) {
    figure.verdict = ArtifactVerdict::too_few;
  } else if (figure.interval->low > *figure.bound) {
    figure.verdict = bound.gravest;
  } else if (is_beyond(figure)) {
    figure.verdict = ArtifactVerdict::look;
  } else {
    figure.verdict = is_surely_inside(figure) ? ArtifactVerdict::clean : ArtifactVerdict::too_few;
  }
}

}  // namespace

const char* name_of(ArtifactVerdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

std::optional<ArtifactVerdict> artifact_verdict_from(const std::string& name) {
  const auto found = std::ranges::find(kVerdictNames, name);
  if (found == kVerdictNames.end()) return std::nullopt;
  return static_cast<ArtifactVerdict>(found - kVerdictNames.begin());
}

const std::array<ArtifactKindEntry, kArtifactKinds>& artifact_kinds() {
  static constexpr std::array<ArtifactKindEntry, kArtifactKinds> kinds = {{
      {ArtifactKind::copies, "copies", "Copies",
       "Rows equal to a training row in every input; of real rows those that have such a twin."},
      {ArtifactKind::near_copies, "near_copies", "Near copies",
       "Rows nearer to a training row of their cell than a small part of the median distance from a real row to the "
       "nearest other."},
      {ArtifactKind::close, "close", "Close to others",
       "Rows as near to a training row of their cell, their parent left out, as the nearest twentieth of the real "
       "rows."},
      {ArtifactKind::two_sample, "two_sample", "Told from real",
       "Of pairs of a made and a real row, those in which a classifier names the made one; one half is chance."},
      {ArtifactKind::labels, "labels", "Neighbours disagree",
       "Of the nearest training rows of the same groups, parents left out, those with another label."},
      {ArtifactKind::parents, "parents", "Parents disagree", "Rows whose parent or partner has another label."},
      {ArtifactKind::outside, "outside", "Unheard of",
       "Rows with a number or a level that no training row has; of real rows, that no other has."},
      {ArtifactKind::cell_range, "cell_range", "Outside the cell",
       "Rows with a number outside the range of their cell; of real rows, outside that of the others."},
      {ArtifactKind::combinations, "combinations", "New combinations",
       "Rows with two levels that no training row has together; of real rows, that no other has."},
      {ArtifactKind::drift, "drift", "Correlation",
       "The two columns of the cell whose correlation changes most surely."},
      {ArtifactKind::traced, "traced", "Parent found",
       "Rows whose parent is the closest training row of the cell; beside it, what chance would find."},
      {ArtifactKind::held_out, "held_out", "Closer to training",
       "Rows closer to a training row of the cell than to a held-out one; beside it, the share of training rows among "
       "both."},
  }};
  return kinds;
}

void judge(CellArtifacts& cell, const Params& params) {
  cell.verdict = ArtifactVerdict::clean;
  cell.reasons.clear();
  for (ArtifactFigure& figure : cell.figures) {
    judge_figure(figure, kBounds[static_cast<std::size_t>(figure.kind)], cell, params);
    if (figure.verdict) cell.verdict = std::max(cell.verdict, *figure.verdict);
  }
  for (const ArtifactVerdict grave : {ArtifactVerdict::harmful, ArtifactVerdict::look})
    for (const ArtifactFigure& figure : cell.figures)
      if (figure.verdict == grave) cell.reasons.push_back(sentence_of(figure));
  std::string unsure;
  for (const ArtifactFigure& figure : cell.figures)
    if (figure.verdict == ArtifactVerdict::too_few)
      unsure +=
          (unsure.empty() ? "" : ", ") + std::string(artifact_kinds()[static_cast<std::size_t>(figure.kind)].title);
  if (!unsure.empty())
    cell.reasons.push_back("Too few rows to tell (" + std::to_string(cell.looked_at) + " made, " +
                           std::to_string(cell.real_rows) + " real): " + unsure + ".");
}

ArtifactVerdict ArtifactAudit::verdict() const {
  ArtifactVerdict gravest = ArtifactVerdict::clean;
  for (const RecipeArtifacts& recipe : recipes)
    for (const CellArtifacts& cell : recipe.cells) gravest = std::max(gravest, cell.verdict);
  return gravest;
}

std::vector<std::string> artifact_warnings(const ArtifactAudit& audit) {
  std::vector<std::string> warnings;
  for (const ArtifactVerdict grave : {ArtifactVerdict::harmful, ArtifactVerdict::look})
    for (const RecipeArtifacts& recipe : audit.recipes)
      for (const CellArtifacts& cell : recipe.cells)
        if (cell.verdict == grave)
          warnings.push_back("rows that " + recipe.recipe + " makes of " + cell.cell +
                             (grave == ArtifactVerdict::harmful ? " are harmful: " : " are to be looked at: ") +
                             cell.reasons.front());
  return warnings;
}

void stop_on_artifacts(const ArtifactAudit& audit, const Params& params) {
  if (params.on_artifacts != "stop" || audit.verdict() != ArtifactVerdict::harmful) return;
  std::string message = "made rows are beyond the bounds of sampling.artifacts, and on_artifacts is stop";
  for (const RecipeArtifacts& recipe : audit.recipes)
    for (const CellArtifacts& cell : recipe.cells)
      if (cell.verdict == ArtifactVerdict::harmful)
        message += "\n  " + recipe.recipe + ", " + cell.cell + ": " + cell.reasons.front();
  throw core::UserError(core::Fault::data, message);
}

}  // namespace equipoise::audit
