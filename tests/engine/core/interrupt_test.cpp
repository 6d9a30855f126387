#include "engine/core/interrupt.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <vector>

#include "engine/core/error.h"

namespace equipoise::core {
namespace interrupt_test {

// In a process of its own: what is done to a signal stays.
int exit_code_after(const std::vector<int>& signals) {
  catch_signals();
  expect_preemption();
  for (const int signal : signals) std::raise(signal);
  try {
    stop_if_interrupted();
  } catch (const Interrupted& stopped) {
    return is_interrupted() ? 1 : stopped.exit_code();
  }
  return 0;
}

// A terminal that closes, or a scheduler that sends more than one, makes of a stop to go on from nothing else.
TEST(Interrupt, IsTheFirstOfSeveralSignals) {
  EXPECT_EXIT(std::exit(exit_code_after({SIGTERM, SIGHUP, SIGINT})), testing::ExitedWithCode(kStartAgain), "");
  EXPECT_EXIT(std::exit(exit_code_after({SIGINT, SIGTERM, SIGUSR1})), testing::ExitedWithCode(128 + SIGINT), "");
  EXPECT_EXIT(std::exit(exit_code_after({SIGUSR1, SIGUSR1, SIGTERM})), testing::ExitedWithCode(kStartAgain), "");
  EXPECT_EXIT(std::exit(exit_code_after({})), testing::ExitedWithCode(0), "");
}

}  // namespace interrupt_test
}  // namespace equipoise::core
