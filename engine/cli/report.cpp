#include <fmt/format.h>

#include "engine/cli/command.h"
#include "engine/cli/json_file.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/report/bank_report.h"
#include "engine/report/compare_report.h"
#include "engine/report/frontier_report.h"
#include "engine/report/report.h"

namespace equipoise::cli {
namespace {

class WriteReport final : public Command {
 public:
  std::vector<Argument> arguments() override { return {{"RUN", "A run folder", &run_, "", true}}; }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty()) throw core::UserError(core::Fault::config, "report needs a run folder: equipoise report RUN");
    const SavedRun run = open_run_or_bank(run_);
    const std::filesystem::path page = run.file(run_files::kReport);
    core::write_file_atomically(page, page_of(run));
    if (std::error_code error; std::filesystem::exists(run.file(run_files::kFrontier), error))
      core::write_file_atomically(
          run.file(run_files::kFrontierPage),
          report::to_html(report::frontier_report_from_json(results_of(run, run_files::kFrontier))));
    console.print(fmt::format("report  {}\n", page.string()));
    console.print_json({{"run", run.path.string()}, {"report", page.string()}, {"exit_code", 0}});
    return 0;
  }

 private:
  static std::string page_of(const SavedRun& run) {
    if (is_comparison(run))
      return report::to_html(report::compare_report_from_json(results_of(run, run_files::kCompare)));
    if (is_bank(run)) return report::to_html(report::bank_report_from_json(results_of(run, run_files::kBank)));
    return report::to_html(report::report_from_json(results_of(run, run_files::kResults)));
  }

  static nlohmann::json results_of(const SavedRun& run, const char* name) {
    std::error_code error;
    if (std::filesystem::exists(run.file(name), error)) return read_json(run.file(name));
    throw core::UserError(core::Fault::data,
                          fmt::format("the run '{}' is {} and has no {}", run.path.string(), run.marker.status, name));
  }

  std::string run_;
};

}  // namespace

std::unique_ptr<Command> make_report() {
  return std::make_unique<WriteReport>();
}

}  // namespace equipoise::cli
