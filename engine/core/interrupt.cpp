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
}

void stop_if_interrupted() {
  if (arrived != 0) throw Interrupted(arrived);
}

}  // namespace equipoise::core
