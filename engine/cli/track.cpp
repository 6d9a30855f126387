#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "engine/cli/command.h"
#include "engine/cli/run_folder.h"
#include "engine/cli/saved_run.h"
#include "engine/core/error.h"
#include "engine/core/folder_lock.h"
#include "engine/tracking/outbox.h"
#include "engine/tracking/trackers.h"

namespace equipoise::cli {
namespace {

namespace fs = std::filesystem;

class Track final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"RUN", "A run folder, or that of a bank or a comparison", &run_, "", true},
            {"--uri", "The MLflow server, where it is another one than when the run was trained", &uri_},
            {"--wait", "Seconds to wait for a server that does not answer", &wait_, "60"}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (run_.empty()) throw core::UserError(core::Fault::config, "track needs a run folder: equipoise track RUN");
    const double seconds = seconds_from(wait_.empty() ? "60" : wait_);
    const SavedRun run = open_run_or_bank(run_);
    const core::FolderLock lock(run.path);  // two that send the same parts would double them
    check_address(run);
    const tracking::SentOutboxes sent = tracking::send_outboxes(folders_of(run), uri_, seconds);
    for (const std::string& sentence : sent.warnings) journal.warn(sentence);
    if (sent.left > 0)
      throw core::UserError(
          core::Fault::data,
          fmt::format("the MLflow server has not got everything of '{}': {} parts were sent, {} are left",
                      run.path.string(), sent.lines, sent.left));
    console.print(fmt::format(
        "sent    {}\n", sent.lines == 0 ? "nothing: the server had everything" : fmt::format("{} parts", sent.lines)));
    console.print_json(
        {{"run", run.path.string()}, {"sent", sent.lines}, {"warnings", journal.warnings()}, {"exit_code", 0}});
    return 0;
  }

 private:
  // Who can write tracking.json is not to have the user's name and token sent to an address of theirs.
  void check_address(const SavedRun& run) const {
    const auto is_set = [](const char* name) { return std::getenv(name) != nullptr && *std::getenv(name) != '\0'; };
    if (!uri_.empty() || !tracking::has_outbox(run.path)) return;
    if (!is_set("MLFLOW_TRACKING_TOKEN") && !is_set("MLFLOW_TRACKING_USERNAME")) return;
    const std::string told = tracking::Outbox(run.path, "", "").state().uri, own = run.config.tracking.mlflow.uri;
    if (told == (own.empty() ? own : tracking::checked_uri(own, "tracking.mlflow.uri"))) return;
    throw core::UserError(
        core::Fault::config,
        fmt::format(
            "'{}' names the server '{}', and the run's own config '{}': the name or token in the environment is "
            "sent to the first only where you say so, with --uri {}",
            run.file(tracking::kStateFile).string(), told, own, told));
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
