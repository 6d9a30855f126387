// Whether rows that recipes made could pass for real ones, and what is wrong with those that could not.
#include <fmt/format.h>

#include <algorithm>

#include "engine/report/figures.h"
#include "engine/report/interval_plot.h"
#include "engine/report/sections.h"
#include "engine/report/verdicts.h"

namespace equipoise::report {
namespace {

using audit::ArtifactFigure;
using audit::ArtifactKind;
using audit::ArtifactVerdict;
using audit::CellArtifacts;

// A word, and the shape of one of the four verdicts on promises.
struct ArtifactLook {
  const char* word;
  evaluation::Verdict shape;
};

ArtifactLook look_of(ArtifactVerdict verdict) {
  switch (verdict) {
    case ArtifactVerdict::clean:
      return {"clean", evaluation::Verdict::met};
    case ArtifactVerdict::too_few:
      return {"too few rows to tell", evaluation::Verdict::not_estimable};
    case ArtifactVerdict::look:
      return {"to look at", evaluation::Verdict::not_shown};
    case ArtifactVerdict::harmful:
      break;
  }
  return {"harmful", evaluation::Verdict::violated};
}

void write_badge(Markup& page, ArtifactVerdict verdict) {
  const ArtifactLook look = look_of(verdict);
  draw_badge(page, look.shape, look.word);
}

const ArtifactFigure* figure_of(const CellArtifacts& cell, ArtifactKind kind) {
  const auto found = std::ranges::find(cell.figures, kind, &ArtifactFigure::kind);
  return found == cell.figures.end() ? nullptr : &*found;
}

bool is_share(ArtifactKind kind) {
  return kind != ArtifactKind::two_sample && kind != ArtifactKind::drift;
}

std::string number_text(ArtifactKind kind, const std::optional<double>& number) {
  return is_share(kind) ? percent_text(number) : decimal_text(number, 2);
}

std::string p_text(const std::optional<double>& p_value) {
  return p_value && *p_value < 0.001 ? "< 0.001" : decimal_text(p_value, 3);
}

// "12.2 % (19.3)": made, and real beside it.
std::string both_text(const CellArtifacts& cell, ArtifactKind kind) {
  const ArtifactFigure* figure = figure_of(cell, kind);
  if (figure == nullptr || !figure->made || !figure->real) return "\u2013";
  const std::optional<double> real = is_share(kind) ? 100 * *figure->real : *figure->real;
  return fmt::format("{} ({})", number_text(kind, figure->made), decimal_text(real, is_share(kind) ? 1 : 2));
}

constexpr ArtifactKind kShown[] = {ArtifactKind::copies, ArtifactKind::near_copies,  ArtifactKind::two_sample,
                                   ArtifactKind::labels, ArtifactKind::combinations, ArtifactKind::drift,
                                   ArtifactKind::traced};

void write_verdicts(Markup& page, const audit::RecipeArtifacts& recipe) {
  const std::string caption = fmt::format("Rows that {} made, by cell", recipe.recipe);
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", caption}});
  const auto table = page.in("table");
  page.element("caption", {}, caption);
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    for (const char* name : {"Cell", "Verdict", "Made rows", "Training rows"})
      page.element("th", {{"scope", "col"}}, name);
    for (const ArtifactKind kind : kShown)
      page.element("th", {{"scope", "col"}}, audit::artifact_kinds()[static_cast<std::size_t>(kind)].title);
  }
  const auto body = page.in("tbody");
  for (const CellArtifacts& cell : recipe.cells) {
    const auto row = page.in("tr");
    page.element("th", {{"scope", "row"}}, cell.cell);
    {
      const auto verdict = page.in("td");
      write_badge(page, cell.verdict);
    }
    page.element("td", {}, count_text(cell.looked_at));
    page.element("td", {}, count_text(cell.real_rows));
    for (const ArtifactKind kind : kShown) page.element("td", {}, both_text(cell, kind));
  }
}

void write_reasons(Markup& page, const audit::RecipeArtifacts& recipe) {
  if (std::ranges::all_of(recipe.cells, [](const CellArtifacts& cell) { return cell.reasons.empty(); })) return;
  const auto list = page.in("ul", {{"class", "findings"}});
  for (const CellArtifacts& cell : recipe.cells)
    for (const std::string& reason : cell.reasons) page.element("li", {}, fmt::format("{}: {}", cell.cell, reason));
}

IntervalMark mark_of(const audit::DistanceQuantiles& quantiles, const char* of) {
  IntervalMark mark;
  mark.estimate = quantiles[2];
  mark.interval = evaluation::Interval{quantiles[0], quantiles[4]};
  mark.hover = fmt::format("{}: median {}, nine in ten from {} to {}", of, amount_text(quantiles[2]),
                           amount_text(quantiles[0]), amount_text(quantiles[4]));
  return mark;
}

void draw_distances(Markup& page, const audit::RecipeArtifacts& recipe) {
  double furthest = 0;
  for (const CellArtifacts& cell : recipe.cells)
    if (cell.distances)
      furthest = std::max({furthest, cell.distances->real[4], cell.distances->made[4], cell.distances->to_any[4]});
  if (furthest <= 0) return;
  const Scale scale = round_scale(0, furthest);
  const auto figure = page.in("figure", {{"class", "gaps after"}});
  page.element("figcaption", {},
               "Distance to the closest training row of the cell: median, and where nine in ten lie. From above: real "
               "rows; made rows, the row they are made of left out; made rows, to any");
  const auto list = page.in("ul", {{"class", "plot-rows"}});
  for (const CellArtifacts& cell : recipe.cells) {
    if (!cell.distances) continue;
    const auto row = page.in("li", {{"class", "plot-row"}});
    page.element("div", {{"class", "label"}}, cell.cell);
    IntervalTrack track;
    track.title = fmt::format("Distances, {}", cell.cell);
    track.marks = {mark_of(cell.distances->real, "real rows"), mark_of(cell.distances->made, "made rows"),
                   mark_of(cell.distances->to_any, "made rows, parents among the real ones")};
    for (const IntervalMark& mark : track.marks) track.description += mark.hover + ". ";
    draw_track(page, scale, track);
    page.element(
        "div", {{"class", "numbers"}},
        fmt::format("{} real, {} made", amount_text(cell.distances->real[2]), amount_text(cell.distances->made[2])));
  }
  write_axis_row(
      page, scale, [](double tick) { return tick_text(tick); }, "medians");
}

void write_figure(Markup& page, const ArtifactFigure& figure) {
  const auto row = page.in("tr");
  page.element("th", {{"scope", "row"}}, audit::artifact_kinds()[static_cast<std::size_t>(figure.kind)].title);
  {
    const auto verdict = page.in("td");
    if (figure.verdict) write_badge(page, *figure.verdict);
  }
  const auto number = [&](const std::string& text) { page.element("td", {{"class", "figure"}}, text); };
  number(number_text(figure.kind, figure.made));
  number(number_text(figure.kind, figure.real));
  number(number_text(figure.kind, figure.excess));
  number(!figure.interval        ? "\u2013"
         : is_share(figure.kind) ? percent_range(figure.interval)
                                 : fmt::format("{:.2f} to {:.2f}", figure.interval->low, figure.interval->high));
  number(number_text(figure.kind, figure.bound));
  number(p_text(figure.p_value));
  number(figure.made_rows > 0 ? fmt::format("{}, {}", count_text(figure.made_rows), count_text(figure.real_rows))
                              : "\u2013");
  page.element("td", {}, figure.says);
}

void write_figures(Markup& page, const CellArtifacts& cell) {
  const auto details = page.in("details", {{"class", "outcome"}});
  page.element("summary", {}, fmt::format("All figures of {}", cell.cell));
  const std::string caption = fmt::format(
      "{}: {} looked at, of {}; {}, {}", cell.cell, counted(cell.looked_at, "made row"), count_text(cell.made_rows),
      counted(cell.real_rows, "training row"), counted(cell.held_out_rows, "held-out row"));
  const auto wrap =
      page.in("div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", caption}});
  const auto table = page.in("table", {{"class", "words"}});
  page.element("caption", {}, caption);
  {
    const auto head = page.in("thead");
    const auto row = page.in("tr");
    for (const char* name :
         {"Figure", "Verdict", "Made", "Real", "Judged", "Interval", "Bound", "p", "Rows: made, real", ""})
      page.element("th", {{"scope", "col"}}, name);
  }
  const auto body = page.in("tbody");
  for (const ArtifactFigure& figure : cell.figures) write_figure(page, figure);
}

void write_meanings(Markup& page) {
  const auto details = page.in("details");
  page.element("summary", {}, "What the figures are");
  const auto guide = page.in("dl", {{"class", "guide"}});
  for (const audit::ArtifactKindEntry& kind : audit::artifact_kinds()) {
    const auto pair = page.in("div");
    page.element("dt", {}, kind.title);
    page.element("dd", {}, kind.sentence);
  }
}

}  // namespace

void write_artifacts(Markup& page, const Report& report) {
  const audit::ArtifactAudit& artifacts = *report.artifacts;
  const auto section = page.in("section", {{"id", "artifacts"}, {"aria-labelledby", "artifacts-title"}});
  page.element("h2", {{"id", "artifacts-title"}}, "Made rows");
  page.element(
      "p", {{"class", "intro"}},
      fmt::format("Rows that recipes made, beside the training rows of their cell. In brackets: what real rows show "
                  "among themselves, or chance. Clean: surely inside every bound, at {:.0f} % confidence a figure. To "
                  "look at: beyond one, not surely or not gravely. Harmful: surely beyond one. Too few rows to tell "
                  "is never counted as clean.",
                  100 * artifacts.confidence));
  if (artifacts.recipes.empty()) page.element("p", {}, "No row was made.");
  for (const audit::RecipeArtifacts& recipe : artifacts.recipes) {
    page.element("h3", {}, recipe.recipe);
    if (recipe.cells.empty()) {
      page.element("p", {}, "It made no row.");
      continue;
    }
    write_verdicts(page, recipe);
    write_reasons(page, recipe);
    draw_distances(page, recipe);
    for (const CellArtifacts& cell : recipe.cells) write_figures(page, cell);
  }
  write_meanings(page);
}

}  // namespace equipoise::report
