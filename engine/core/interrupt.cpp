#include "engine/core/interrupt.h"

#include <atomic>
#include <csignal>

#include "engine/core/error.h"

namespace equipoise::core {
namespace {

// The first signal that came; 0: none.
std::atomic<int> arrived{0};
static_assert(std::atomic<int>::is_always_lock_free, "signal handlers take no locks");
bool is_preemptible = false;

void keep_first(int signal) {
  int none = 0;
  arrived.compare_exchange_strong(none, signal);
}

void remember(int signal) {
  keep_first(signal);
  std::signal(signal, SIG_DFL);
}

// Stays in force: schedulers send it again.
void remember_preemption(int signal) {
  keep_first(signal);
}

bool is_of_a_scheduler(int signal) {
  return is_preemptible && (signal == SIGTERM || signal == SIGUSR1);
}

// Whoever started the program may have it ignore a signal: nohup SIGHUP, a shell without job control the SIGINT of what
// runs in the background.
void catch_unless_ignored(int signal) {
  if (std::signal(signal, remember) == SIG_IGN) std::signal(signal, SIG_IGN);
}

}  // namespace

void catch_signals() {
  catch_unless_ignored(SIGINT);
  std::signal(SIGTERM, remember);
  catch_unless_ignored(SIGHUP);
  // A reader that went away shows as a failed write, which is reported where it matters.
  std::signal(SIGPIPE, SIG_IGN);
}

void expect_preemption() {
  is_preemptible = true;
  for (const int signal : {SIGTERM, SIGUSR1}) {
    struct sigaction action {};
    action.sa_handler = remember_preemption;
    action.sa_flags = SA_RESTART;
    ::sigaction(signal, &action, nullptr);
  }
}

bool is_interrupted() {
  return arrived != 0;
}

void stop_if_interrupted() {
  // From here on the exception carries it: what is saved on the way out must not be stopped again.
  const int signal = arrived.exchange(0);
  if (signal == 0) return;
  throw Interrupted(signal, is_of_a_scheduler(signal));
}

}  // namespace equipoise::core
