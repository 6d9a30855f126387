#pragma once

namespace equipoise::core {

/// From now on SIGINT, SIGTERM and SIGHUP set a flag instead of ending the program; a second signal of the same kind ends
/// it. SIGINT and SIGHUP stay ignored where they were. SIGPIPE is ignored.
void catch_signals();

/// From now on SIGTERM and SIGUSR1 are a scheduler's: what they stop can go on where it was (Interrupted::starts_again), and a second one,
/// while it is being saved, does nothing.
void expect_preemption();

/// Whether a signal has arrived that stop_if_interrupted() would throw.
bool is_interrupted();

/// Throws Interrupted when a signal has arrived: the first one, where several have. Long loops call it where stopping leaves things whole.
void stop_if_interrupted();

}  // namespace equipoise::core
