#pragma once

#include <string>
#include <vector>

#include "tests/end_to_end/workspace.h"

namespace equipoise::end_to_end {

/// A workspace with a sweep of its config in sweep.yaml, whose folder is sweeps/s.
class SweepWorkspace : public Workspace {
 protected:
  void write_sweep(const std::string& rest) const {
    write("sweep.yaml", "name: s\nconfig: config.yaml\nset: ['training.epochs=2', 'model.hidden=[4]']\n" + rest);
  }
  Outcome sweep(std::vector<std::string> more = {}, const Manner& manner = {}) const {
    more.insert(more.begin(), {"sweep", "sweep.yaml"});
    return run(more, manner);
  }
  nlohmann::json plan() const { return nlohmann::json::parse(read("sweeps/s/sweep.json")); }
  std::string job(std::size_t index) const { return plan()["jobs"][index]["id"]; }
  bool is_finished(std::size_t index) const {
    const std::string marker = "sweeps/s/jobs/" + job(index) + "/run.json";
    return exists(marker) && nlohmann::json::parse(read(marker))["status"] == "finished";
  }
};

}  // namespace equipoise::end_to_end
