#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>

#include "engine/cli/command.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/saved_run.h"
#include "engine/cli/sweep_tracking.h"
#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/folder_lock.h"
#include "engine/core/refusals.h"
#include "engine/tracking/outbox.h"
#include "engine/tracking/trackers.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

// What was sent of a sweep's runs, and of how many there is more.
struct SweepSent {
  std::size_t lines = 0, runs = 0, left = 0, running = 0;
};

class Track final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"RUN", "A run folder, or that of a bank, a comparison or a sweep", &run_, "", true},
            {"--uri", "The MLflow server, where it is another one than when the run was trained", &uri_},
            {"--wait", "Seconds to wait for a server that does not answer", &wait_, "60"}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty()) throw core::UserError(core::Fault::config, "track needs a run folder: equipoise track RUN");
    const double seconds = seconds_from(wait_.empty() ? "60" : wait_);
    std::error_code error;
    if (fs::is_regular_file(fs::path(run_) / sweep::sweep_files::kPlan, error))
      return send_sweep(fs::weakly_canonical(run_), seconds, console, journal);
    const SavedRun run = open_run_or_bank(run_);
    const tracking::SentOutboxes sent = send_run(run, seconds);
    for (const std::string& sentence : sent.warnings) journal.warn(sentence);
    if (sent.left > 0)
      throw core::UserError(
          core::Fault::data,
          fmt::format("the MLflow server has not got everything of '{}': {} parts were sent, {} are left",
                      run.path.string(), sent.lines, sent.left));
    console.print(fmt::format("sent    {}\n", parts_text(sent.lines)));
    console.print_json(
        {{"run", run.path.string()}, {"sent", sent.lines}, {"warnings", journal.warnings()}, {"exit_code", 0}});
    return 0;
  }

 private:
  static std::string parts_text(std::size_t lines) {
    return lines == 0 ? "nothing: the server had everything" : fmt::format("{} parts", lines);
  }

  tracking::SentOutboxes send_run(const SavedRun& run, double seconds) const {
    const core::FolderLock lock(run.path);  // two that send the same parts would double them
    check_address(run.path, run.config.tracking.mlflow.uri);
    return tracking::send_outboxes(folders_of(run), uri_, seconds);
  }

  int send_sweep(const fs::path& folder, double seconds, const Console& console, TerminalJournal& journal) const {
    const sweep::Plan plan = sweep::read_plan(folder);
    const std::vector<fs::path> jobs = unsent_jobs(folder);
    std::error_code error;
    if (jobs.empty() && !fs::exists(folder / tracking::kSweepFile, error))
      throw core::UserError(core::Fault::data,
                            fmt::format("no run of the sweep '{}' was meant for an MLflow server: it has no {} "
                                        "(tracking.mlflow.uri in its config)",
                                        folder.string(), tracking::kSweepFile));
    SweepSent sum;
    for (const fs::path& job : jobs) send_job(job, seconds, sum, journal);
    const bool is_told = sum.left + sum.running > 0 || send_end(plan, folder, seconds, sum, journal);
    if (sum.left > 0 || !is_told)
      throw core::UserError(
          core::Fault::data,
          sum.left == 0 ? fmt::format("the MLflow server was not told that the sweep '{}' ended", folder.string())
                        : fmt::format("the MLflow server has not got everything of the sweep '{}': {} parts were "
                                      "sent, {} of {} runs and banks are left",
                                      folder.string(), sum.lines, sum.left, jobs.size()));
    std::string text = parts_text(sum.lines);
    if (sum.runs > 0) text += fmt::format(" of {} runs and banks", sum.runs);
    if (sum.running > 0) text += fmt::format("; {} are being trained, and send theirs themselves", sum.running);
    console.print(fmt::format("sent    {}\n", text));
    console.print_json({{"sweep", folder.string()},
                        {"sent", sum.lines},
                        {"running", sum.running},
                        {"warnings", journal.warnings()},
                        {"exit_code", 0}});
    return 0;
  }

  // Takes off `seconds` what was waited in vain: an absent server is not waited for anew by each run.
  void send_job(const fs::path& job, double& seconds, SweepSent& sum, TerminalJournal& journal) const {
    const auto begun = std::chrono::steady_clock::now();
    try {
      const tracking::SentOutboxes sent = send_run(open_run_or_bank(job), seconds);
      for (const std::string& sentence : sent.warnings) journal.warn(sentence);
      sum.lines += sent.lines;
      sum.runs += sent.lines > 0;
      sum.left += sent.left > 0;
      if (sent.left > 0) seconds = std::max(0.0, seconds - core::seconds_since(begun));
    } catch (const core::UserError& error) {
      if (std::string(error.what()).find(core::refusals::kFolderInUse) != std::string::npos) {
        ++sum.running;
        return;
      }
      ++sum.left;
      journal.warn(fmt::format("Nothing was sent of '{}': {}", job.string(), error.what()));
    }
  }

  // Whether the server knows how far the sweep itself is.
  bool send_end(const sweep::Plan& plan, const fs::path& folder, double seconds, SweepSent& sum,
                TerminalJournal& journal) const {
    if (tracking::read_mlflow_state(folder).has_ended && !has_spool(folder)) return true;
    check_address(folder, mlflow_of(plan, folder).uri);
    const tracking::SentOutboxes sent = tell_sweep_end(plan, folder, uri_, seconds);
    sum.lines += sent.lines;
    for (const std::string& sentence : sent.warnings) journal.warn(sentence);
    return sent.left == 0;
  }

  static std::vector<fs::path> unsent_jobs(const fs::path& folder) {
    std::vector<fs::path> jobs;
    std::error_code error;
    for (fs::directory_iterator entry(folder / sweep::sweep_files::kJobs, error), end; !error && entry != end;
         entry.increment(error))
      if (has_spool(entry->path())) jobs.push_back(entry->path());
    std::ranges::sort(jobs);
    return jobs;
  }

  // Who can write tracking.json is not to have the user's name and token sent to an address of theirs.
  void check_address(const fs::path& folder, const std::string& own) const {
    const auto is_set = [](const char* name) { return std::getenv(name) != nullptr && *std::getenv(name) != '\0'; };
    if (!uri_.empty() || !tracking::has_outbox(folder)) return;
    if (!is_set("MLFLOW_TRACKING_TOKEN") && !is_set("MLFLOW_TRACKING_USERNAME")) return;
    const std::string told = tracking::read_mlflow_state(folder).uri;
    if (told == (own.empty() ? own : tracking::checked_uri(own, "tracking.mlflow.uri"))) return;
    throw core::UserError(
        core::Fault::config,
        fmt::format("'{}' names the server '{}', and its own config '{}': the name or token in the environment is "
                    "sent to the first only where you say so, with --uri {}",
                    (folder / tracking::kStateFile).string(), told, own, told));
  }

  static double seconds_from(const std::string& word) {
    double seconds = -1;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), seconds);
    if (error != std::errc() || end != word.data() + word.size() || !(seconds >= 0 && seconds <= 86400))
      throw core::UserError(core::Fault::config, fmt::format("--wait is '{}', expected seconds from 0 to 86400", word));
    return seconds;
  }

  // Its own first: a member is made under its parent's run.
  static std::vector<fs::path> folders_of(const SavedRun& run) {
    std::vector<fs::path> folders = {run.path};
    std::error_code error;
    for (fs::directory_iterator entry(run.file(run_files::kMembers), error), end; !error && entry != end;
         entry.increment(error))
      folders.push_back(entry->path());
    std::sort(folders.begin() + 1, folders.end());
    return folders;
  }

  std::string run_, uri_, wait_;
};

}  // namespace

std::unique_ptr<Command> make_track() {
  return std::make_unique<Track>();
}

}  // namespace equipoise::cli
