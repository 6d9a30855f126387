#include "engine/sweep/launch.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>
#include <thread>

#include "engine/core/clock.h"
#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/refusals.h"
#include "engine/sweep/jobs.h"
#include "engine/sweep/locks.h"
#include "engine/sweep/processes.h"
#include "engine/sweep/standing.h"

namespace equipoise::sweep {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kMostAgain = 3;  // times that a program may ask for it before this launch leaves it
constexpr auto kLook = std::chrono::milliseconds(20);
constexpr auto kPause = std::chrono::seconds(2);  // before a job that another process works on is looked at again
constexpr auto kHeartbeat = std::chrono::seconds(30);

struct Waiting {
  const PlannedJob* job;
  Clock::time_point from{};   // not begun before
  bool is_elsewhere = false;  // its lock is another process's
};

struct Running {
  const PlannedJob* job;
  pid_t process;
  JobLock lock;
  std::size_t log_begin;
  std::size_t slot;
};

std::string reason_of(int exit_code, const std::string& error) {
  if (!error.empty()) return error;
  if (exit_code == 0) return "the program ended well and left no finished run";
  if (exit_code == 128 + SIGKILL) return "the program was killed (SIGKILL), as a machine does that runs out of memory";
  if (exit_code > 128)
    return fmt::format("the program was ended by signal {} ({})", exit_code - 128, ::strsignal(exit_code - 128));
  return fmt::format("the program ended with {} and said nothing of an error", exit_code);
}

bool is_in_use(const std::string& error) {
  return error.find(core::refusals::kFolderInUse) != std::string::npos;
}

class Launch {
 public:
  Launch(const Plan& plan, const std::filesystem::path& folder, const LaunchOptions& options, core::Journal& journal)
      : plan_(plan),
        folder_(folder),
        options_(options),
        journal_(journal),
        cpus_(usable_cpus()),
        runs_(runs_of_jobs(plan)),
        slots_(options.workers, false) {
    std::size_t foreign_jobs = 0;
    const std::vector<std::size_t> places = task_places(plan);
    const std::vector<JobStanding> standings = standings_of(plan, folder);
    for (std::size_t i = 0; i < plan.jobs.size(); ++i) {
      if (places[i] % options.tasks != options.task) continue;
      foreign_jobs += standings[i].state == JobState::foreign;
      take_up(plan.jobs[i], standings[i]);
    }
    if (foreign_jobs > 0)
      journal.warn(
          fmt::format("Another version of Equipoise wrote the folders of {} of the jobs: they are left as they are and "
                      "count as failed. Where one is moved away from '{}', its job is done anew.",
                      foreign_jobs, (folder / sweep_files::kJobs).string()));
  }

  Tally run() {
    while (true) {
      try {
        core::stop_if_interrupted();
        start_more();
      } catch (const core::Interrupted& stopped) {
        pass_on(stopped.signal());
      }
      reap();
      if (running_.empty() && (std::ranges::all_of(waiting_, &Waiting::is_elsewhere) || is_ending())) break;
      beat();
      show();
      std::this_thread::sleep_for(kLook);
    }
    look_elsewhere();
    show();
    return tally_;
  }

 private:
  // Of those that are the plan's.
  std::size_t runs_in(const PlannedJob& job) const { return runs_of(job).size(); }
  const std::vector<std::size_t>& runs_of(const PlannedJob& job) const {
    return runs_[static_cast<std::size_t>(&job - plan_.jobs.data())];
  }

  void take_up(const PlannedJob& job, const JobStanding& standing) {
    if (standing.state != JobState::waiting) return count(job, standing);
    waiting_.push_back({&job});
    work_ += static_cast<double>(runs_in(job));
    tally_.left += runs_in(job);
  }

  void count(const PlannedJob& job, const JobStanding& standing) {
    RunCounts counts;
    add(standing, counts);
    tally_.done += counts.done;
    tally_.failed += counts.failed;
    tally_.foreign += counts.foreign;
    on_disk([&] { note_lost(job, standing.lost, true); });
  }

  // Those that are noted already were told of then.
  void note_lost(const PlannedJob& job, const std::vector<LostRun>& lost, bool is_told) {
    for (const LostRun& one : lost) {
      const std::string& run = plan_.runs[one.run].id;
      std::error_code none;
      if (std::filesystem::exists(folder_ / sweep_files::kFailures / (run + ".json"), none)) continue;
      const std::string log = log_of(job);
      write_failure({static_cast<int>(core::Fault::numerical), one.reason, core::utc_now(), log}, run, folder_);
      if (is_told) journal_.warn(fmt::format("Run {} of bank {} failed: {} ({})", run, job.id, one.reason, log));
    }
  }

  bool is_ending() const { return tally_.signal != 0 || tally_.is_disk_full; }

  // A disk that is full ends the launch; whatever else cannot be written is thrown on.
  template <typename Work>
  void on_disk(const Work& work) {
    try {
      work();
    } catch (const core::UserError& error) {
      if (!is_full_disk(error.what())) throw;
      note_full_disk(error.what());
    }
  }

  void note_full_disk(const std::string& reason) {
    if (!tally_.is_disk_full) journal_.warn("The disk is full, so no more runs are started: " + reason);
    tally_.is_disk_full = true;
  }

  void pass_on(int signal) {
    if (tally_.signal == 0 && !running_.empty())
      journal_.say(fmt::format("Stopping: {} running programs are asked to end and waited for.", running_.size()));
    tally_.signal = signal;
    // A run without checkpoints does not know a scheduler's SIGUSR1.
    for (const Running& one : running_) ::kill(one.process, signal == SIGUSR1 ? SIGTERM : signal);
  }

  void start_more() {
    const Clock::time_point now = Clock::now();
    for (std::size_t i = 0; i < waiting_.size() && !is_ending() && running_.size() < options_.workers;) {
      if (waiting_[i].from > now) {
        ++i;
        continue;
      }
      const Waiting next = waiting_[i];
      waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
      if (next.is_elsewhere) count_elsewhere(*next.job, false);
      on_disk([&] { start_job(*next.job); });
    }
  }

  void count_elsewhere(const PlannedJob& job, bool is_elsewhere) {
    (is_elsewhere ? tally_.elsewhere : tally_.left) += runs_in(job);
    (is_elsewhere ? tally_.left : tally_.elsewhere) -= runs_in(job);
  }

  // Its process may end, or its host be gone, while others are trained here.
  void leave_elsewhere(const PlannedJob& job) {
    count_elsewhere(job, true);
    waiting_.push_back({&job, Clock::now() + kPause, true});
  }

  // At the end: what other processes had may have come to its own since it was last looked at.
  void look_elsewhere() {
    for (const Waiting& one : waiting_) {
      const JobState state = one.is_elsewhere ? state_of(one.job->id, folder_, plan_.search) : JobState::waiting;
      if (state == JobState::waiting) continue;
      count_elsewhere(*one.job, false);
      settle(*one.job, state);
    }
  }

  void start_job(const PlannedJob& job) {
    std::optional<JobLock> lock = JobLock::take(folder_, job.id);
    if (!lock) return leave_elsewhere(job);
    // Another process may have done it since the folder was looked through.
    if (const JobState state = state_of(job.id, folder_, plan_.search); state != JobState::waiting)
      return settle(job, state);
    const std::filesystem::path log = folder_ / log_of(job);
    std::error_code none;
    const std::uintmax_t size = std::filesystem::file_size(log, none);
    const std::size_t slot = static_cast<std::size_t>(std::ranges::find(slots_, false) - slots_.begin());
    Start what{words_of(plan_, job, folder_, options_.program), log, share_of(cpus_, slot, options_.workers),
               std::nullopt};
    if (!options_.gpus.empty()) what.gpus = options_.gpus[slot];
    running_.push_back({&job, start(what), *std::move(lock), none ? 0 : static_cast<std::size_t>(size), slot});
    slots_[slot] = true;
  }

  void settle(const PlannedJob& job, JobState state) {
    JobStanding standing{state, runs_of(job), {}};
    if (state == JobState::done && job.kind == JobKind::bank) standing.lost = lost_runs(plan_, standing.runs, folder_);
    tally_.left -= runs_in(job);
    worked_ += static_cast<double>(runs_in(job));
    count(job, standing);
  }

  void reap() {
    for (std::size_t i = 0; i < running_.size();) {
      const std::optional<int> exit_code = exit_code_of(running_[i].process);
      if (!exit_code) {
        ++i;
        continue;
      }
      const Running ended = std::move(running_[i]);
      running_.erase(running_.begin() + static_cast<std::ptrdiff_t>(i));
      slots_[ended.slot] = false;
      on_disk([&] { end(ended, *exit_code); });
    }
  }

  void end(const Running& ended, int exit_code) {
    const PlannedJob& job = *ended.job;
    const std::string log = log_of(job);
    if ((exit_code == 0 || exit_code == 1) && state_of(job.id, folder_, plan_.search) == JobState::done)
      return settle(job, JobState::done);
    const std::string error = last_error(folder_ / log, ended.log_begin);
    if (is_full_disk(error)) return note_full_disk(error);
    if (error.empty() && exit_code == static_cast<int>(core::Fault::data))  // it always says why
      return note_full_disk(fmt::format("an error could not be written to '{}'", log));
    if (is_in_use(error)) return wait_for_its_end(job);
    const bool was_stopped = exit_code == 128 + SIGINT || exit_code == 128 + SIGTERM || exit_code == 128 + SIGHUP ||
                             exit_code == core::kStartAgain;
    if (was_stopped && is_ending()) return;
    if (was_stopped) return start_again(job, exit_code);
    const std::string reason = error.empty() ? reason_of_members(job, exit_code) : "";
    const Failure failure{exit_code, reason.empty() ? reason_of(exit_code, error) : reason, core::utc_now(), log};
    write_failure(failure, job.id, folder_);
    journal_.warn(fmt::format("{} failed: {} ({})", title_of(job), failure.reason, log));
    settle(job, JobState::failed);
  }

  // Of a bank that ended since all its members diverged, each of which has its own reason; "" of another job.
  std::string reason_of_members(const PlannedJob& job, int exit_code) {
    if (job.kind != JobKind::bank || exit_code != static_cast<int>(core::Fault::numerical)) return "";
    const std::vector<LostRun> lost = lost_runs(plan_, runs_of(job), folder_);
    if (lost.empty()) return "";
    note_lost(job, lost, false);
    return fmt::format("all {} members failed, the first one: {}", lost.size(), lost.front().reason);
  }

  // A program whose sweep was killed is about to end; one that somebody started by hand may go on for long.
  void wait_for_its_end(const PlannedJob& job) {
    const Clock::time_point now = Clock::now();
    if (now - in_use_since_.try_emplace(job.id, now).first->second > JobLock::kTimeOut) return leave_elsewhere(job);
    waiting_.push_back({&job, now + kPause});
  }

  // What asks for it again and again is left to the next start: it is no failure.
  void start_again(const PlannedJob& job, int exit_code) {
    if (++again_[job.id] <= kMostAgain) return waiting_.push_back({&job});
    journal_.warn(
        fmt::format("{} ended {} times with {} and is left for now.", title_of(job), kMostAgain + 1, exit_code));
  }

  static std::string log_of(const PlannedJob& job) { return fmt::format("{}/{}.log", sweep_files::kLogs, job.id); }

  static std::string title_of(const PlannedJob& job) {
    return job.kind == JobKind::bank ? fmt::format("Bank {} of {} runs", job.id, job.runs.size()) : "Run " + job.id;
  }

  void beat() {
    if (Clock::now() - beaten_ < kHeartbeat) return;
    beaten_ = Clock::now();
    for (const Running& one : running_) one.lock.touch();
  }

  void show() {
    if (work_ == 0) return;
    const double seconds = core::seconds_since(begun_);
    std::size_t running = 0;
    for (const Running& one : running_) running += runs_in(*one.job);
    journal_.progress({"sweep", worked_ / work_, seconds, tally_text(tally_, running)});
  }

  const Plan& plan_;
  const std::filesystem::path& folder_;
  const LaunchOptions& options_;
  core::Journal& journal_;
  std::vector<int> cpus_;
  std::vector<std::vector<std::size_t>> runs_;  // [plan.jobs] runs_of_jobs
  std::vector<bool> slots_;                     // of workers: whether each is taken
  std::deque<Waiting> waiting_;
  std::vector<Running> running_;
  std::map<std::string, int> again_;
  std::map<std::string, Clock::time_point> in_use_since_;
  Tally tally_;
  double work_ = 0, worked_ = 0;  // runs to do, and done now
  Clock::time_point begun_ = Clock::now(), beaten_ = begun_;
};

}  // namespace

Tally launch(const Plan& plan, const std::filesystem::path& folder, const LaunchOptions& options,
             core::Journal& journal) {
  return Launch(plan, folder, options, journal).run();
}

std::vector<std::string> words_of(const Plan& plan, const PlannedJob& job, const std::filesystem::path& folder,
                                  const std::filesystem::path& program) {
  std::vector<std::string> words = {program.string(), "train", base_file(plan, folder).string()};
  words.insert(words.end(), job.overrides.begin(), job.overrides.end());
  // The config lies in the sweep's folder, by which its paths go.
  words.push_back(fmt::format("output.folder={}", sweep_files::kJobs));
  words.push_back("output.run=" + job.id);
  words.emplace_back("--resume=auto");
  if (plan.search == "asha") words.insert(words.end(), {"--halving", folder.string()});
  return words;
}

std::string tally_text(const Tally& tally, std::size_t running) {
  std::string text = fmt::format("{} done, {} running", tally.done, running);
  if (tally.failed > 0) text += fmt::format(", {} failed", tally.failed);
  if (tally.elsewhere > 0) text += fmt::format(", {} elsewhere", tally.elsewhere);
  return text + fmt::format(", {} left", tally.left - std::min(tally.left, running));
}

}  // namespace equipoise::sweep
