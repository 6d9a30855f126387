#pragma once

namespace equipoise::core {

/// From now on SIGINT, SIGTERM and SIGHUP set a flag instead of ending the program; a second signal of the same kind ends
/// it. SIGINT and SIGHUP stay ignored where they were. SIGPIPE is ignored.
void catch_signals();

/// Throws Interrupted when a signal has arrived. Long loops call it where stopping leaves things whole.
void stop_if_interrupted();

}  // namespace equipoise::core
