#include <arrow/util/config.h>
#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include "commit.h"
#include "engine/cli/command.h"
#include "engine/cli/machine.h"

namespace equipoise::cli {

std::string version_line() {
  return fmt::format("equipoise {} ({})", EQUIPOISE_VERSION, EQUIPOISE_COMMIT);
}

std::vector<std::pair<std::string, std::string>> versions() {
  const Machine machine = describe_machine();
  return {{"equipoise", fmt::format("{} ({})", EQUIPOISE_VERSION, EQUIPOISE_COMMIT)},
          {"LibTorch", TORCH_VERSION},
          {"Arrow", ARROW_VERSION_STRING},
          {"compiler", EQUIPOISE_COMPILER},
          {"CUDA kernels", EQUIPOISE_CUDA_BUILD},
          {"CPU", machine.cpu},
          {"CPU level", machine.cpu_level},
          {"cores", std::to_string(machine.cores)}};
}

}  // namespace equipoise::cli
