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

void stop_if_interrupted() {
  if (arrived == 0) return;
  // From here on the exception carries it: what is saved on the way out must not be stopped again.
  const int signal = arrived;
  arrived = 0;
  throw Interrupted(signal);
}

}  // namespace equipoise::core
