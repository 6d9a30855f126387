#include "engine/cli/ranks_check.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "engine/cli/command.h"
#include "engine/cli/saved_run.h"
#include "engine/config/writer.h"
#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/host.h"
#include "engine/distributed/ranks.h"
#include "engine/distributed/sum_speed.h"
#include "engine/training/trainer.h"

namespace equipoise::cli {
namespace {

std::string bytes_text(std::int64_t bytes) {
  if (bytes >= 1 << 20) return fmt::format("{} MiB", bytes >> 20);
  return bytes >= 1 << 10 ? fmt::format("{} KiB", bytes >> 10) : fmt::format("{} B", bytes);
}

std::string own_place(const at::Device& device) {
  return fmt::format("{}, process {}, {}", core::host_name(), ::getpid(), device.str());
}

}  // namespace

int check_ranks(const distributed::RanksParams& params, const Console& console, core::Journal& journal) {
  const distributed::Launch launch = distributed::launch_of_this_process();
  const at::Device device = training::choose_device({}, config::Origin(), journal, launch);
  const distributed::Ranks ranks = distributed::Ranks::join(launch, params, device);
  const std::vector<std::string> places = ranks.gather(own_place(device));
  const std::vector<distributed::SumSpeed> speeds = distributed::time_sums(ranks, device);
  std::string verdict = "right";
  for (const distributed::SumSpeed& speed : speeds)
    if (!speed.is_right) verdict = "wrong";
  const std::vector<std::string> verdicts = ranks.gather(verdict);
  const bool all_right = std::ranges::all_of(verdicts, [](const std::string& one) { return one == "right"; });
  if (!ranks.is_first()) return all_right ? 0 : kOurBug;
  nlohmann::ordered_json json = {{"ranks", nlohmann::ordered_json::array()}, {"sums", nlohmann::ordered_json::array()}};
  std::string text;
  for (std::size_t rank = 0; rank < places.size(); ++rank) {
    text += fmt::format("{:<14} {}{}\n", fmt::format("rank {}", rank), places[rank],
                        verdicts[rank] == "right" ? "" : ": a sum has the wrong value");
    json["ranks"].push_back({{"rank", rank}, {"place", places[rank]}, {"works", verdicts[rank] == "right"}});
  }
  if (ranks.is_alone()) {
    text +=
        "One rank: there is nothing to add. Start as many as you want to test, for example with torchrun --no-python "
        "--nproc-per-node=2 equipoise doctor --ranks\n";
  }
  for (const distributed::SumSpeed& speed : speeds) {
    const double sent = distributed::sent_per_second(speed, ranks.size());
    text += fmt::format("{:<14} {:.1f} us, {:.3f} GB/s sent by each rank\n", "sum " + bytes_text(speed.bytes),
                        speed.seconds * 1e6, sent / 1e9);
    json["sums"].push_back({{"bytes", speed.bytes}, {"seconds", speed.seconds}, {"bytes_per_second", sent}});
  }
  console.print(text);
  console.print_json(json);
  return all_right ? 0 : kOurBug;
}

void check_same_config(const distributed::Ranks& ranks, const training::RunConfig& config) {
  if (ranks.is_alone()) return;
  ranks.check_same("program", version_line());
  ranks.check_same("config", config::struct_to_yaml(config));
  if (const std::string& module = config.model.file; !module.empty()) {
    std::error_code error;
    const bool is_there = std::filesystem::is_regular_file(module, error);
    ranks.check_same("module", is_there ? core::sha256_of_file(module) : "there is no such file");
  }
}

void check_same_data(const distributed::Ranks& ranks, const data::Prepared& prepared) {
  if (ranks.is_alone()) return;
  const data::Dataset& dataset = prepared.dataset;
  std::string text;
  for (const data::Fingerprint& file : dataset.files)
    text += fmt::format("{} with sha256 {}\n", std::filesystem::path(file.path).filename().string(), file.sha256);
  std::map<data::Split, std::int64_t> rows;
  for (const data::Split split : dataset.splits) ++rows[split];
  for (const auto& [split, count] : rows) text += fmt::format("{} rows of split {}\n", count, static_cast<int>(split));
  text += fmt::format("an encoder with sha256 {}\n", encoder_sha256(prepared));
  const std::vector<float>& teacher = dataset.teacher;
  if (!teacher.empty())
    text += fmt::format("a teacher whose scores have sha256 {}\n",
                        core::sha256({reinterpret_cast<const char*>(teacher.data()), teacher.size() * sizeof(float)}));
  ranks.check_same("data", text);
}

void refuse_ranks(const std::string& verb) {
  const distributed::Launch launch = distributed::launch_of_this_process();
  if (launch.size == 1) return;
  throw core::UserError(
      core::Fault::config,
      fmt::format("equipoise {} runs in one process, and {} started {} ranks: only train shares its work", verb,
                  launch.launcher, launch.size));
}

}  // namespace equipoise::cli
