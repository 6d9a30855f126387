#include "engine/sweep/locks.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "engine/core/files.h"
#include "tests/engine/sweep/sample_sweep.h"

namespace equipoise::sweep {
namespace locks_test {

using std::chrono::seconds;

class Locks : public SweepFolder {
 protected:
  void SetUp() override {
    SweepFolder::SetUp();
    std::filesystem::create_directories(folder_ / "locks");
  }
  std::filesystem::path file() const { return folder_ / "locks" / "a.json"; }
  void write_lock(const ProcessName& owner) const {
    const nlohmann::json json = {{"host", owner.host},       {"space", owner.space},
                                 {"pid", owner.pid},         {"process_start", owner.start},
                                 {"machine", owner.machine}, {"taken", "2026-01-01T00:00:00Z"}};
    write("locks/a.json", json.dump());
  }
  static std::string boot() {
    const std::string start = this_process().start;
    return start.substr(0, start.find(' '));
  }
  void make_older(long by) const {
    timespec times[2] = {{::time(nullptr) - by, 0}, {::time(nullptr) - by, 0}};
    ::utimensat(AT_FDCWD, file().c_str(), times, 0);
  }
};

// Nobody asks how it ended where the first process of a container does not.
TEST_F(Locks, AProcessThatEndedAndIsNotAskedForIsNotRunning) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    char byte = 0;
    [[maybe_unused]] const auto read = ::read(ends[0], &byte, 1);
    ::_exit(0);
  }
  std::ifstream stat("/proc/" + std::to_string(child) + "/stat");
  std::string line;
  std::getline(stat, line);
  std::istringstream after(line.substr(line.rfind(')') + 2));
  std::string start;
  for (int field = 3; field <= 22; ++field) after >> start;
  ProcessName process = this_process();
  process.pid = child;
  process.start = boot() + " " + start;
  EXPECT_EQ(is_running(process), true);
  ASSERT_EQ(::write(ends[1], "x", 1), 1);
  siginfo_t ended;
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(is_running(process), false);
  ::waitpid(child, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(Locks, OneHoldsUntilItsEnd) {
  {
    const std::optional<JobLock> lock = JobLock::take(folder_, "a");
    ASSERT_TRUE(lock);
    EXPECT_FALSE(JobLock::take(folder_, "a"));
    EXPECT_TRUE(JobLock::take(folder_, "b"));
    EXPECT_EQ(holder_of(folder_, "a"), this_process());
  }
  EXPECT_FALSE(holder_of(folder_, "a"));
  EXPECT_TRUE(JobLock::take(folder_, "a"));
  EXPECT_FALSE(std::filesystem::exists(file()));
}

TEST_F(Locks, OfManyProcessesOneWins) {
  constexpr int kProcesses = 12, kRounds = 20;
  for (int round = 0; round < kRounds; ++round) {
    // A lock whose owner is dead lies there: taking over is the hard part.
    write_lock({this_process().host, this_process().space, 1, boot() + " never", ""});
    // Whoever won stays alive until all have tried, or it would be dead in its turn.
    int results[2], all_tried[2];
    ASSERT_EQ(::pipe(results), 0);
    ASSERT_EQ(::pipe(all_tried), 0);
    std::vector<pid_t> children;
    for (int i = 0; i < kProcesses; ++i) {
      const pid_t child = ::fork();
      if (child == 0) {
        ::close(all_tried[1]);
        const std::optional<JobLock> lock = JobLock::take(folder_, "a");
        char word = lock ? 1 : 0;
        const bool told = ::write(results[1], &word, 1) == 1 && ::read(all_tried[0], &word, 1) == 0;
        ::_exit(told ? 0 : 1);  // the lock stays, as of one that was killed
      }
      children.push_back(child);
    }
    int winners = 0;
    for (int i = 0; i < kProcesses; ++i) {
      char word = 0;
      ASSERT_EQ(::read(results[0], &word, 1), 1);
      winners += word;
    }
    for (const int end : {results[0], results[1], all_tried[0], all_tried[1]}) ::close(end);
    for (const pid_t child : children) ::waitpid(child, nullptr, 0);
    ASSERT_EQ(winners, 1);
  }
}

TEST_F(Locks, OneWhoseProcessIsDeadIsTakenOver) {
  const pid_t child = ::fork();
  if (child == 0) {
    const std::optional<JobLock> lock = JobLock::take(folder_, "a");
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  ASSERT_TRUE(std::filesystem::exists(file()));
  EXPECT_FALSE(holder_of(folder_, "a"));
  EXPECT_TRUE(JobLock::take(folder_, "a"));
}

TEST_F(Locks, ANumberThatCameAgainIsAnotherProcess) {
  ProcessName self = this_process();
  write_lock(self);
  EXPECT_FALSE(JobLock::take(folder_, "a"));
  self.start += "0";
  write_lock(self);
  EXPECT_TRUE(JobLock::take(folder_, "a"));
}

TEST_F(Locks, OfAnotherHostItIsHeldWhileItIsTouched) {
  write_lock({"another", "pid:[1]", 1, "x", ""});
  EXPECT_FALSE(JobLock::take(folder_, "a", seconds(60)));
  EXPECT_EQ(holder_of(folder_, "a", seconds(60))->host, "another");
  make_older(100);
  EXPECT_FALSE(JobLock::take(folder_, "a", seconds(1000)));
  EXPECT_TRUE(JobLock::take(folder_, "a", seconds(60)));
}

TEST_F(Locks, OfAnotherStartItIsDeadOnThisMachineAlone) {
  ProcessName other = this_process();
  other.start = "another 1";
  other.machine = "of the same name";
  EXPECT_EQ(is_running(other), std::nullopt);
  write_lock(other);
  EXPECT_FALSE(JobLock::take(folder_, "a", seconds(60)));
  other.machine = this_process().machine;
  if (other.machine.empty()) GTEST_SKIP() << "this machine has no number in /etc/machine-id";
  EXPECT_EQ(is_running(other), false);
  write_lock(other);
  EXPECT_TRUE(JobLock::take(folder_, "a", seconds(60)));
}

TEST_F(Locks, WhoLostItDoesNotTouchItsNextOwners) {
  const std::optional<JobLock> lock = JobLock::take(folder_, "a");
  write_lock({"another", "pid:[1]", 1, "x", ""});
  make_older(1000);
  lock->touch();
  struct stat now {};
  ASSERT_EQ(::stat(file().c_str(), &now), 0);
  EXPECT_GT(::time(nullptr) - now.st_mtim.tv_sec, 900);
}

TEST_F(Locks, TouchingKeepsIt) {
  const std::optional<JobLock> lock = JobLock::take(folder_, "a");
  make_older(1000);
  lock->touch();
  struct stat now {};
  ASSERT_EQ(::stat(file().c_str(), &now), 0);
  EXPECT_LT(::time(nullptr) - now.st_mtim.tv_sec, 100);
}

TEST_F(Locks, ATornOneIsHeldUntilItIsOld) {
  write("locks/a.json", "{\"host\": \"an");
  EXPECT_FALSE(JobLock::take(folder_, "a", seconds(60)));
  make_older(100);
  EXPECT_TRUE(JobLock::take(folder_, "a", seconds(60)));
}

TEST_F(Locks, WhoLostItDoesNotTakeItFromItsNextOwner) {
  {
    const std::optional<JobLock> lock = JobLock::take(folder_, "a");
    write_lock({"another", "pid:[1]", 1, "x", ""});
  }
  EXPECT_TRUE(std::filesystem::exists(file()));
}

}  // namespace locks_test
}  // namespace equipoise::sweep
