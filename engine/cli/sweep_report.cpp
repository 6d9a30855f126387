#include <unistd.h>

#include <fmt/format.h>

#include <set>

#include "engine/cli/columns_file.h"
#include "engine/cli/command.h"
#include "engine/cli/paired_runs.h"
#include "engine/cli/shell_words.h"
#include "engine/cli/svg_to_png.h"
#include "engine/cli/sweep_results_file.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/report/sweep_comparison.h"
#include "engine/report/sweep_frontier.h"
#include "engine/report/sweep_report.h"
#include "engine/sweep/effects.h"

namespace equipoise::cli {
namespace {

constexpr std::size_t kMostPairs = 40;  // that are measured again, a second or so for all

class SweepReportCommand final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {
        {"FOLDER", "A sweep's folder, finished or not", &folder_, "", true},
        {"--compare",
         "Which two settings are set side by side: an axis and two of its values, as tolerance=0.02,0.05; without it "
         "the two that look best on the selection rows",
         &compare_},
        {"--png", "Also draw the frontier as frontier.png (needs rsvg-convert, of the package librsvg2-bin)", &png_}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (folder_.empty())
      throw core::UserError(core::Fault::config, "sweep report needs a sweep's folder: equipoise sweep report FOLDER");
    if (png_) check_png_program();
    report::SweepReport report(sweep::read_results(folder_));
    report.written = utc_now();
    report.command = command();
    compare(report);
    const std::filesystem::path folder = folder_;
    const std::vector<FileColumn> columns = results_columns(report.results);
    write_columns(folder / "results.csv", columns);
    write_columns(folder / "results.parquet", columns);
    core::write_file_atomically(folder / "frontier.svg", frontier_of(report));
    if (png_) write_png(folder / "frontier.svg", folder / "frontier.png");
    core::write_file_atomically(folder / run_files::kReport, report::to_html(report));
    journal.end_line();
    return answer(report, folder, console);
  }

 private:
  static std::string frontier_of(const report::SweepReport& report) {
    std::vector<report::FrontierFigure> figures;
    for (std::size_t c = 0; c < report.results.constraints.size(); ++c)
      if (auto figure = report::frontier_figure(report.results, report.findings, c))
        figures.push_back(std::move(*figure));
    return report::frontier_svg(report.results, figures);
  }

  std::string command() const {
    std::vector<std::string> words = {"equipoise", "sweep", "report", folder_};
    if (!compare_.empty()) words.insert(words.end(), {"--compare", compare_});
    if (png_) words.emplace_back("--png");
    return shell_line(words);
  }

  void compare(report::SweepReport& report) const {
    report.pair =
        compare_.empty() ? sweep::best_pair(report.results) : std::optional(sweep::pair_from(report.results, compare_));
    report.is_pair_asked_for = !compare_.empty();
    if (!report.pair) return;
    const std::size_t all = report.pair->pairs.size();
    sweep::thin_out(*report.pair, kMostPairs);
    const std::string thinned =
        all > report.pair->pairs.size()
            ? fmt::format(" Of {} pairs, {} spread over the seeds were measured.", all, report.pair->pairs.size())
            : "";
    try {
      core::Journal quiet;  // what reading the same files many times has to say, the runs' own reports say
      const std::filesystem::path folder = folder_;
      const auto path_of = [&](std::size_t run) { return folder / report.results.runs[run].folder; };
      PairedRuns runs(path_of(report.pair->pairs.front().first), quiet);
      report.comparison = report::compare_pair(report.results, *report.pair, runs.figures(),
                                               [&](std::size_t run) { return runs.measure(path_of(run)); });
      report.comparison_note = "Both were measured again on their test rows, as compare does." + thinned;
    } catch (const core::UserError& error) {
      compare_stored(report, error.what(), thinned);
    }
    if (report.comparison) report.comparison->command = report.command;
  }

  // The rows are not there any more: what the runs noted themselves is left.
  static void compare_stored(report::SweepReport& report, const std::string& why, const std::string& thinned) {
    std::set<std::string> seeds;
    for (const sweep::RunPair& pair : report.pair->pairs) seeds.insert(pair.seed);
    const std::string reason = fmt::format("The test rows could not be measured again ({}).", why);
    constexpr std::size_t kFewest = 3;
    if (seeds.size() < kFewest) {
      report.comparison_note =
          reason +
          " With fewer than three seeds, nothing is then known of how uncertain a difference is, and none is shown.";
      return;
    }
    const std::vector<evaluation::ComparedFigure> figures = sweep::sweep_figures(report.results);
    report.comparison = report::compare_pair(report.results, *report.pair, figures, [&](std::size_t run) {
      return sweep::stored_figures(report.results, run, figures);
    });
    report.comparison_note = fmt::format(
        "{} Figures are those of the runs' own results, and intervals hold what differs between seeds alone: "
        "what differs by the same at every seed is left out.{}",
        reason, thinned);
  }

  static int answer(const report::SweepReport& report, const std::filesystem::path& folder, const Console& console) {
    console.print(report::to_terminal(report, may_have_color(STDOUT_FILENO)));
    console.print(fmt::format("\nresults  {}\nreport   {}\n", (folder / "results.parquet").string(),
                              (folder / run_files::kReport).string()));
    nlohmann::ordered_json json = {{"sweep", folder.string()}, {"report", (folder / run_files::kReport).string()}};
    json.update(report::to_json(report));
    json["exit_code"] = 0;
    console.print_json(json);
    return 0;
  }

  std::string folder_, compare_;
  bool png_ = false;
};

}  // namespace

std::unique_ptr<Command> make_sweep_report() {
  return std::make_unique<SweepReportCommand>();
}

}  // namespace equipoise::cli
