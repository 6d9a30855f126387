#include "engine/core/interrupt.h"

#include <csignal>

#include "engine/core/error.h"

namespace equipoise::core {
namespace {

volatile std::sig_atomic_t arrived = 0;

void remember(int signal) {
  arrived = signal;
  std::signal(signal, SIG_DFL);
}

}  // namespace

void catch_signals() {
  std::signal(SIGINT, remember);
  std::signal(SIGTERM, remember);
  // Under nohup it stays ignored.
  if (std::signal(SIGHUP, remember) == SIG_IGN) std::signal(SIGHUP, SIG_IGN);
  // A reader that went away shows as a failed write, which is reported where it matters.
  std::signal(SIGPIPE, SIG_IGN);
}

void stop_if_interrupted() {
  if (arrived == 0) return;
  // From here on the exception carries it: what is saved on the way out must not be stopped again.
  const int signal = arrived;
  arrived = 0;
  throw Interrupted(signal);
}

}  // namespace equipoise::core
