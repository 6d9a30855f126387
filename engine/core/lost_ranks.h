#pragma once

#include <stdexcept>

namespace equipoise::core {

/// Thrown when other ranks of a run are gone or do not answer. Nothing of the run is wrong: started again it goes on. The program's
/// exit code is that of a failure that passes, 75.
class LostRanks : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace equipoise::core
