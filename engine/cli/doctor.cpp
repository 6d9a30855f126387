#include <ATen/Parallel.h>
#include <ATen/ops/full.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/tensor.h>
#include <torch/headeronly/version.h>

#include <fmt/format.h>

#include <charconv>

#include "engine/cli/command.h"
#include "engine/cli/machine.h"
#include "engine/cli/ranks_check.h"
#include "engine/core/error.h"
#include "engine/core/gpu_driver.h"
#include "engine/training/trainer.h"
#include "kernels/cell_stats/cell_stats.h"

namespace equipoise::cli {
namespace {

constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;

// One line of the answer: what was tried, whether it works, and why not.
struct Check {
  std::string name;
  bool works = false;
  std::string detail;
};

// A product of LibTorch and one of our own kernels, against known answers.
std::string wrong_answer(const at::Device& device) {
  const auto floats = at::TensorOptions(device).dtype(at::kFloat);
  const at::Tensor product = at::mm(at::full({8, 8}, 2.0, floats), at::full({8, 8}, 3.0, floats));
  if (product.sum().item<double>() != 8 * 8 * 48) return "a matrix product has the wrong value";
  const at::Tensor cells = at::tensor({0, 1, 1}, at::kByte).to(device);
  const at::Tensor labels = at::tensor({0, 1}, at::kByte).to(device);
  const at::Tensor logits = at::tensor({-1.0, 2.0, -3.0}, at::kFloat).to(device).unsqueeze(0);
  const at::Tensor sums = kernels::cell_stats(logits, cells, labels, std::nullopt, 0.0, 1.0).to(at::kCPU);
  const bool is_right = sums[0][1][0].item<double>() == 2 && sums[0][1][3].item<double>() == 1;
  return is_right ? "" : "the kernel cell_stats has the wrong value";
}

// A device that throws is the answer to the question here, not a failure of this command.
Check check_device(const std::string& name, const std::string& shown) {
  training::RunConfig config;
  config.device = name;
  core::Journal ignored;
  try {
    const std::string wrong = wrong_answer(training::choose_device(config, config::Origin(), ignored));
    return {shown, wrong.empty(), wrong.empty() ? "a matrix product and a kernel gave the right values" : wrong};
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return {shown, false, text.substr(0, text.find('\n'))};
  }
}

std::vector<Check> check_devices(const core::GpuDriver& driver) {
  std::vector<Check> checks = {check_device("cpu", "cpu")};
  if (!driver.missing.empty()) {
    checks.push_back({"cuda", false, driver.missing});
    return checks;
  }
  for (std::size_t i = 0; i < driver.devices.size(); ++i) {
    const std::string name = fmt::format("cuda:{}", i);
    checks.push_back(check_device(name, fmt::format("{} ({})", name, driver.devices[i].name)));
  }
  return checks;
}

std::string text_of(const Machine& machine, const core::GpuDriver& driver, const std::vector<Check>& checks) {
  std::string text = fmt::format(
      "cpu            {}\narchitecture   {}\ncores          {}\nmemory         {:.1f} GiB, {:.1f} "
      "GiB free\n",
      machine.cpu, machine.architecture, machine.cores, machine.memory_bytes / kGiB, machine.free_memory_bytes / kGiB);
  for (const auto& [name, version] : versions()) {
    if (name != "CPU" && name != "cores") text += fmt::format("{:<14} {}\n", name, version);
  }
  if (driver.missing.empty()) {
    text += fmt::format("GPU driver     CUDA {}.{}\n", driver.cuda_version / 1000, driver.cuda_version % 1000 / 10);
    for (std::size_t i = 0; i < driver.devices.size(); ++i) {
      const core::GpuFacts& gpu = driver.devices[i];
      text += fmt::format("cuda:{:<9} {}, {:.1f} GiB, compute capability {}.{}\n", i, gpu.name, gpu.memory_bytes / kGiB,
                          gpu.major, gpu.minor);
    }
  } else {
    text += fmt::format("GPU driver     {}\n", driver.missing);
  }
  for (const Check& check : checks) {
    text += fmt::format("{} {}: {}\n", check.works ? "works         " : "does not work ", check.name, check.detail);
  }
  return text;
}

nlohmann::ordered_json json_of(const Machine& machine, const core::GpuDriver& driver,
                               const std::vector<Check>& checks) {
  nlohmann::ordered_json json = {{"cpu", machine.cpu},
                                 {"architecture", machine.architecture},
                                 {"cores", machine.cores},
                                 {"memory_bytes", machine.memory_bytes},
                                 {"free_memory_bytes", machine.free_memory_bytes},
                                 {"cpu_level", machine.cpu_level},
                                 {"threads", at::get_num_threads()}};
  json["versions"] = nlohmann::ordered_json::object();
  for (const auto& [name, version] : versions()) json["versions"][name] = version;
  json["gpus"] = nlohmann::ordered_json::array();
  for (const core::GpuFacts& gpu : driver.devices) {
    json["gpus"].push_back({{"name", gpu.name},
                            {"memory_bytes", gpu.memory_bytes},
                            {"compute_capability", fmt::format("{}.{}", gpu.major, gpu.minor)}});
  }
  json["driver_cuda_version"] = driver.cuda_version;
  json["devices"] = nlohmann::ordered_json::array();
  for (const Check& check : checks) {
    json["devices"].push_back({{"name", check.name}, {"works", check.works}, {"detail", check.detail}});
  }
  return json;
}

double seconds_of(const std::string& text) {
  if (text.empty()) return distributed::RanksParams().timeout;
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (error != std::errc() || stop != end || seconds < 1 || seconds > 86400)
    throw core::UserError(core::Fault::config,
                          fmt::format("--timeout is '{}', expected a number of seconds from 1 to 86400", text));
  return seconds;
}

class Doctor final : public Command {
 public:
  std::vector<Argument> arguments() override {
    return {{"--ranks", "Adds buffers over the ranks that it was started with, and says how fast that is", &ranks_},
            {"--interface", "With --ranks: the network interface, as ranks.interface", &params_.interface},
            {"--timeout", "With --ranks: seconds that ranks wait for each other, as ranks.timeout", &timeout_, "60"}};
  }

  int run(const Console& console, TerminalJournal& journal) override {
    if (ranks_) {
      params_.timeout = seconds_of(timeout_);
      return check_ranks(params_, console, journal);
    }
    const Machine machine = describe_machine();
    const core::GpuDriver driver = core::describe_gpus();
    const std::vector<Check> checks = check_devices(driver);
    console.print(text_of(machine, driver, checks));
    console.print_json(json_of(machine, driver, checks));
    return 0;
  }

 private:
  bool ranks_ = false;
  std::string timeout_;
  distributed::RanksParams params_;
};

}  // namespace

std::unique_ptr<Command> make_doctor() {
  return std::make_unique<Doctor>();
}

}  // namespace equipoise::cli
