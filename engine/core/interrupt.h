#pragma once

namespace equipoise::core {

/// From now on SIGINT and SIGTERM set a flag instead of ending the program. A second signal of the same kind ends it.
void catch_signals();

/// Throws Interrupted when a signal has arrived. Long loops call it where stopping leaves things whole.
void stop_if_interrupted();

}  // namespace equipoise::core
