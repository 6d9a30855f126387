#pragma once

#include <string>
#include <vector>

#include "engine/config/fields.h"

namespace equipoise::training {

/// One setting that `equipoise compare` sets beside others: the config with some overrides.
struct ArmParams {
  std::string name;
  std::vector<std::string> set;  ///< overrides, as on the command line

  void describe(config::Fields& fields);
};

/// What only `equipoise compare` reads.
struct CompareParams {
  std::vector<ArmParams> arms;

  void describe(config::Fields& fields);
};

}  // namespace equipoise::training
