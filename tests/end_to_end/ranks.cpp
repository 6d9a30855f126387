#include "tests/end_to_end/ranks.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <thread>

namespace equipoise::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

void sleep_for(double seconds) {
  std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
}

// Bytes of what runs have measured.
std::uintmax_t measured_in(const std::filesystem::path& runs) {
  std::error_code ignored;
  std::uintmax_t bytes = 0;
  for (const auto& run : std::filesystem::directory_iterator(runs, ignored)) {
    const std::filesystem::path file = run.path() / "measurements.jsonl";
    if (std::filesystem::exists(file, ignored)) bytes += std::filesystem::file_size(file);
  }
  return bytes;
}

}  // namespace

RankedWorkspace::Variables RankedWorkspace::by_torchrun(int rank, int ranks, int port) {
  return {{"RANK", std::to_string(rank)},       {"WORLD_SIZE", std::to_string(ranks)},
          {"LOCAL_RANK", std::to_string(rank)}, {"LOCAL_WORLD_SIZE", std::to_string(ranks)},
          {"MASTER_ADDR", "127.0.0.1"},         {"MASTER_PORT", std::to_string(port)}};
}

int RankedWorkspace::free_port() {
  const int own = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(own, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(own, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(own);
  return ntohs(address.sin_port);
}

std::vector<Outcome> RankedWorkspace::run_ranks(const std::vector<std::string>& words, const Plan& plan) const {
  const int port = free_port();
  const std::uintmax_t measured_before = measured_in(path("runs"));
  const auto count = static_cast<std::size_t>(plan.ranks);
  std::vector<Outcome> outcomes(count);
  std::vector<std::atomic<pid_t>> processes(count);
  std::vector<std::atomic<bool>> ended(count);
  std::vector<std::thread> threads;
  for (int rank = 0; rank < plan.ranks; ++rank) {
    threads.emplace_back([&, rank, place = static_cast<std::size_t>(rank)] {
      if (plan.seconds_late.contains(rank)) sleep_for(plan.seconds_late.at(rank));
      Manner manner;
      manner.environment = plan.variables ? plan.variables(rank, port) : by_torchrun(rank, plan.ranks, port);
      manner.while_running = [&](pid_t process) { processes[place] = process; };
      std::vector<std::string> own = words;
      if (plan.own_words.contains(rank))
        own.insert(own.end(), plan.own_words.at(rank).begin(), plan.own_words.at(rank).end());
      outcomes[place] = run_program(own, plan.own_folder.contains(rank) ? plan.own_folder.at(rank) : folder_, manner);
      ended[place] = true;
    });
  }
  if (plan.when_training) {
    while (measured_in(path("runs")) <= measured_before && !ended[0]) sleep_for(0.02);
    const auto start = Clock::now();
    const std::vector<pid_t> all(processes.begin(), processes.end());
    plan.when_training(all);
    // A stopped process comes to no end by itself: it has one when no other is left.
    const auto stopped = static_cast<std::size_t>(plan.stopped);
    std::size_t open = count;
    while (open > stopped && std::chrono::duration<double>(Clock::now() - start).count() < 60) {
      open = 0;
      for (const std::atomic<bool>& one : ended) open += one ? 0 : 1;
      sleep_for(0.02);
    }
    seconds_after_ = std::chrono::duration<double>(Clock::now() - start).count();
    for (std::size_t place = 0; place < count; ++place)
      if (!ended[place]) ::kill(processes[place], SIGKILL);
  }
  for (std::thread& thread : threads) thread.join();
  return outcomes;
}

std::vector<float> weights_in(const std::string& safetensors) {
  std::uint64_t header = 0;
  std::memcpy(&header, safetensors.data(), sizeof header);
  const std::size_t start = sizeof header + header;
  std::vector<float> weights((safetensors.size() - start) / sizeof(float));
  std::memcpy(weights.data(), safetensors.data() + start, weights.size() * sizeof(float));
  return weights;
}

}  // namespace equipoise::end_to_end
