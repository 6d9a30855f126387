// Parallel coordinates: every run a line over its settings and what came of them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "engine/core/cut.h"
#include "engine/report/figures.h"
#include "engine/report/plot_key.h"
#include "engine/report/quality.h"
#include "engine/report/scale.h"
#include "engine/report/sweep_report.h"
#include "engine/report/verdicts.h"
#include "engine/sweep/effects.h"

namespace equipoise::report {
namespace {

using evaluation::Verdict;
using sweep::SplitFigures;
using sweep::SweepResults;
using sweep::Value;
using sweep::value_text;

constexpr int kHeight = 280;
constexpr std::size_t kMostLines = 400;
constexpr std::size_t kMostWords = 9;  // of an axis whose values are no numbers

// One upright axis: where each run's value lies on it, 0 at the foot.
struct Upright {
  std::string name, high_word, low_word;
  std::vector<std::pair<double, std::string>> words;  // of values that have a place each
  std::vector<std::optional<double>> at;              // [runs]
};

Upright figure_axis(const SweepResults& results, const evaluation::ComparedFigure& figure,
                    const std::vector<std::size_t>& runs, data::Split split) {
  Upright axis;
  axis.name = figure.constraint < 0 ? at_the_start(results.quality.short_name)
                                    : results.constraints[static_cast<std::size_t>(figure.constraint)].name;
  double low = HUGE_VAL, high = -HUGE_VAL;
  std::vector<std::optional<double>> values;
  for (const std::size_t run : runs) {
    values.push_back(figure_of(results, run, figure, split));
    if (!values.back()) continue;
    low = std::min(low, *values.back());
    high = std::max(high, *values.back());
  }
  if (!(low <= high)) return axis;
  axis.low_word = compared_text(low, figure);
  axis.high_word = compared_text(high, figure);
  const Scale scale{low, high > low ? high : low + 1};
  for (const auto& value : values) axis.at.push_back(value ? std::optional(scale.at(*value)) : std::nullopt);
  return axis;
}

// Values that are few, or no numbers, have a place each in the order of size or as they come; of many numbers their size (of
// positive ones over more than a factor of a hundred, its logarithm) says where.
Upright field_axis(const SweepResults& results, std::size_t field, const std::vector<std::size_t>& runs) {
  Upright axis;
  axis.name = results.short_names[field];
  std::vector<const Value*> values;
  std::vector<std::string> texts;
  bool numbers = true;
  double low = HUGE_VAL, high = -HUGE_VAL;
  for (const std::size_t run : runs) {
    values.push_back(value_of(results.plan.runs[run], results.fields[field]));
    if (values.back() == nullptr) continue;
    numbers = numbers && values.back()->is_number();
    if (std::ranges::find(texts, value_text(*values.back())) == texts.end() && texts.size() <= kMostWords)
      texts.push_back(value_text(*values.back()));
    if (!values.back()->is_number()) continue;
    low = std::min(low, values.back()->get<double>());
    high = std::max(high, values.back()->get<double>());
  }
  if (texts.empty()) return axis;
  if (texts.size() <= kMostWords) {
    if (numbers) std::ranges::sort(texts, {}, [](const std::string& text) { return std::stod(text); });
    const double steps = texts.size() > 1 ? static_cast<double>(texts.size() - 1) : 1;
    for (std::size_t i = 0; i < texts.size(); ++i) axis.words.emplace_back(static_cast<double>(i) / steps, texts[i]);
    for (const Value* value : values) {
      axis.at.emplace_back();
      if (value != nullptr)
        axis.at.back() = static_cast<double>(std::ranges::find(texts, value_text(*value)) - texts.begin()) / steps;
    }
    return axis;
  }
  if (!numbers) return axis;
  axis.low_word = fmt::format("{:.3g}", low);
  axis.high_word = fmt::format("{:.3g}", high);
  const bool logarithmic = low > 0 && high > 100 * low;
  const auto shown = [&](double value) { return logarithmic ? std::log(value) : value; };
  const Scale scale{shown(low), shown(high)};
  for (const Value* value : values)
    axis.at.push_back(value != nullptr ? std::optional(scale.at(shown(value->get<double>()))) : std::nullopt);
  return axis;
}

// All of few runs; of many those on a frontier, and others evenly over the plan.
std::vector<std::size_t> drawn_runs(const SweepResults& results, const sweep::SweepFindings& findings) {
  const data::Split split = findings.shown;
  const std::vector<std::size_t> measured = results.measured(split);
  if (measured.size() <= kMostLines) return measured;
  std::set<std::size_t> drawn;
  for (const std::vector<std::size_t>& front : findings.fronts)
    for (const std::size_t run : front)
      if (results.runs[run].on(split)) drawn.insert(run);
  const std::size_t room = kMostLines - std::min(kMostLines, drawn.size());
  for (std::size_t i = 0; i < room; ++i) drawn.insert(measured[i * measured.size() / room]);
  return {drawn.begin(), drawn.end()};
}

std::string hover_of(const SweepResults& results, std::size_t run, data::Split split) {
  const SplitFigures& figures = *results.runs[run].on(split);
  std::string words = fmt::format("{}: {} {}", title_of(results, run), results.quality.short_name,
                                  quality_text(quality_of(results, figures.quality)));
  for (std::size_t c = 0; c < results.constraints.size(); ++c)
    if (figures.constraints[c])
      words += fmt::format("; {} {}", results.constraints[c].name,
                           figure_text(figures.constraints[c]->gap, results.constraints[c].unit));
  if (const auto verdict = worst_verdict(figures)) words += fmt::format(": {}", look_of(*verdict).word);
  return words;
}

std::string path_of(const std::vector<Upright>& axes, std::size_t line) {
  std::string path;
  bool pen_down = false;
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const auto& at = axes[a].at[line];
    if (at)
      path += fmt::format("{}{:.0f} {:.0f}", pen_down ? "L" : "M",
                          1000 * static_cast<double>(a) / static_cast<double>(axes.size() - 1), kHeight * (1 - *at));
    pen_down = at.has_value();
  }
  return path;
}

void draw_lines(Markup& page, const SweepResults& results, const std::vector<Upright>& axes,
                const std::vector<std::size_t>& runs, data::Split split) {
  const auto box = page.in("svg", {{"viewBox", fmt::format("0 0 1000 {}", kHeight)},
                                   {"preserveAspectRatio", "none"},
                                   {"width", "100%"},
                                   {"height", fmt::format("{}", kHeight)}});
  const auto all = page.in("g", {{"class", "strands"}});
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string path = path_of(axes, i);
    if (path.find('L') == std::string::npos) continue;
    const auto verdict = worst_verdict(*results.runs[runs[i]].on(split));
    const auto strand = page.in("g", {{"class", "strand"}});
    page.element("title", {}, hover_of(results, runs[i], split));
    page.empty("path", {{"class", "reach"}, {"d", path}});
    page.empty("path",
               {{"class", fmt::format("line {}", look_of(verdict.value_or(Verdict::no_promise)).style)}, {"d", path}});
  }
}

// At most so many bytes and a sign of what is left out.
std::string shortened(const std::string& text, std::size_t most) {
  return text.size() <= most ? text : core::cut(text, most - 1) + "\u2026";
}

// Over the axis; every other one higher, so that long names stay apart.
void draw_name(Markup& page, const std::string& name, const std::string& x, const char* y) {
  constexpr std::size_t kLetters = 24;
  const auto place = page.in("svg", {{"x", x}, {"y", y}});
  page.element("text", {{"class", "axis-name"}, {"text-anchor", "middle"}}, shortened(name, kLetters));
}

void draw_axes(Markup& page, const std::vector<Upright>& axes) {
  for (std::size_t a = 0; a < axes.size(); ++a) {
    const double at = static_cast<double>(a) / static_cast<double>(axes.size() - 1);
    const std::string x = length(at);
    const auto word = [&](double share, const std::string& text, const char* style = "axis-word") {
      // Beside the axis, so that the words of neighbours stay apart.
      const auto place = page.in("svg", {{"x", x}, {"y", fmt::format("{:.1f}", kHeight * (1 - share))}});
      page.element("text", {{"class", style}, {"x", "4"}, {"y", "-5"}}, text);
    };
    page.empty("line", {{"class", "axis-line"}, {"x1", x}, {"x2", x}, {"y1", "0"}, {"y2", fmt::format("{}", kHeight)}});
    draw_name(page, axes[a].name, x, a % 2 == 0 ? "-18" : "-34");
    if (!axes[a].words.empty()) {
      for (const auto& [share, text] : axes[a].words) word(share, shortened(text, 14));
    } else {
      word(1, axes[a].high_word);
      word(0, axes[a].low_word);
    }
  }
}

void write_key(Markup& page) {
  const auto key = page.in("ul", {{"class", "legend"}});
  for (const Verdict verdict : {Verdict::met, Verdict::not_shown, Verdict::violated, Verdict::not_estimable}) {
    write_line_key(page, fmt::format("line {}", look_of(verdict).style), "M1 7H27", look_of(verdict).word);
  }
}

}  // namespace

void write_sweep_parallel(Markup& page, const SweepReport& report) {
  const SweepResults& results = report.results;
  const auto section = page.in("section", {{"id", "parallel"}, {"aria-labelledby", "parallel-title"}});
  page.element("h2", {{"id", "parallel-title"}}, "All runs at once");
  const data::Split split = report.findings.shown;
  const std::vector<std::size_t> runs = drawn_runs(results, report.findings);
  std::vector<Upright> axes;
  for (std::size_t field = 0; field < results.fields.size(); ++field) axes.push_back(field_axis(results, field, runs));
  for (const evaluation::ComparedFigure& figure : sweep_figures(results))
    axes.push_back(figure_axis(results, figure, runs, split));
  std::erase_if(axes, [](const Upright& axis) { return axis.at.empty(); });
  if (axes.size() < 2) {
    page.element("p", {}, "There is nothing to draw.");
    return;
  }
  page.element(
      "p", {{"class", "intro"}},
      fmt::format(
          "A line is a run: its settings on the left, what came of them on the {} rows on the right, "
          "its colour the worst verdict. A pointer on a line lifts it out and tells its figures. {} of {} drawn.",
          split_word(split), runs.size(), counted(static_cast<std::int64_t>(results.measured(split).size()), "run")));
  {
    const auto wrap = page.in(
        "div", {{"class", "scroll"}, {"tabindex", "0"}, {"role", "region"}, {"aria-label", "Parallel coordinates"}});
    const auto box = page.in("div", {{"class", "parallel"}});
    const std::string title = page.next_id();
    const auto picture = page.in(
        "svg",
        {{"class", "canvas"}, {"role", "group"}, {"height", fmt::format("{}", kHeight)}, {"aria-labelledby", title}});
    page.element("title", {{"id", title}}, "Settings and figures of every run, a line each");
    draw_lines(page, results, axes, runs, split);
    draw_axes(page, axes);
  }
  write_key(page);
}

}  // namespace equipoise::report
