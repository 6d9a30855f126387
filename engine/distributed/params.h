#pragma once

#include <cstdint>
#include <string>

#include "engine/config/fields.h"

namespace equipoise::distributed {

/// How the ranks of one run find each other and agree. Read, and of no effect, where a run is one process.
struct RanksParams {
  double timeout = 60;             // seconds
  std::string interface = {};      // of the network; "": the one that leads to the rendezvous
  std::string backend = "auto";    // auto | gloo | nccl
  std::int64_t check_every = 500;  // steps

  void describe(config::Fields& fields);
};

}  // namespace equipoise::distributed
