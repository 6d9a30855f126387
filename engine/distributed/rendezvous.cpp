#include "engine/distributed/rendezvous.h"

#include <c10/util/Logging.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <future>
#include <memory>
#include <set>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "engine/core/error.h"
#include "engine/core/host.h"
#include "engine/core/interrupt.h"
#include "engine/core/lost_ranks.h"

namespace equipoise::distributed {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

bool is_taken(const std::string& what) {
  return what.find("EADDRINUSE") != std::string::npos || what.find("in use") != std::string::npos;
}

class StoreBoard final : public Board {
 public:
  explicit StoreBoard(c10::intrusive_ptr<c10d::Store> store) : store_(std::move(store)) {}
  void set(const std::string& key, const std::string& value) override { store_->set(key, value); }
  std::string get(const std::string& key) override { return store_->check({key}) ? store_->get_to_str(key) : ""; }

 private:
  c10::intrusive_ptr<c10d::Store> store_;
};

// What a rank shows of itself.
struct Shown {
  std::int64_t size;
  std::string device, host;
};

Shown shown_by(c10d::Store& store, std::int64_t rank) {
  std::istringstream text(store.get_to_str(fmt::format("joined/{}", rank)));
  Shown shown{0, "", ""};
  text >> shown.size >> shown.device >> shown.host;
  return shown;
}

// Who listens there may never answer, being stopped or no store at all, and c10d waits for that for ever: in a thread that is left behind.
c10::intrusive_ptr<c10d::TCPStore> connected(const std::string& host, const c10d::TCPStoreOptions& options,
                                             double seconds) {
  auto promise = std::make_shared<std::promise<c10::intrusive_ptr<c10d::TCPStore>>>();
  std::future<c10::intrusive_ptr<c10d::TCPStore>> store = promise->get_future();
  std::thread([promise, host, options] {
    try {
      promise->set_value(c10::make_intrusive<c10d::TCPStore>(host, options));
    } catch (...) {
      promise->set_exception(std::current_exception());
    }
  }).detach();
  const auto deadline = Clock::now() + milliseconds_of(seconds);
  while (store.wait_for(std::chrono::milliseconds(100)) != std::future_status::ready) {
    core::stop_if_interrupted();
    if (Clock::now() >= deadline) throw std::runtime_error("somebody listens there and does not answer");
  }
  return store.get();
}

}  // namespace

c10::intrusive_ptr<c10d::Store> open_store(const Launch& launch, const RanksParams& params) {
  // c10d tells the terminal of each failed try, with a trace; what matters is said by who catches it.
  FLAGS_caffe2_log_level = 3;
  const auto nobody = [&](const std::string& why) {
    return core::LostRanks(fmt::format(
        "rank {} of {} found no rendezvous at {} port {} within {:g} s: {} has not come, or ended{}", launch.rank,
        launch.size, launch.host, launch.port, params.timeout, launch.is_served ? "the launcher" : "rank 0", why));
  };
  c10d::TCPStoreOptions options;
  options.port = static_cast<std::uint16_t>(launch.port);
  options.isServer = launch.rank == 0 && !launch.is_served;
  options.waitWorkers = false;
  options.timeout = milliseconds_of(params.timeout);
  // c10d would wait twice as long as it is told.
  if (!options.isServer && !wait_for_listener(launch.host, launch.port, params.timeout)) throw nobody("");
  try {
    return c10::make_intrusive<c10d::PrefixStore>(fmt::format("equipoise/{}", launch.attempt),
                                                  connected(launch.host, options, params.timeout));
  } catch (const core::Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    if (options.isServer && is_taken(error.what()))
      throw core::UserError(
          core::Fault::config,
          fmt::format("port {}, where the ranks are to meet, is taken on this host; set MASTER_PORT to a "
                      "free one for all ranks",
                      launch.port));
    throw nobody(" (" + first_line(error.what()) + ")");
  }
}

void wait_for_all(c10d::Store& store, const Launch& launch, const RanksParams& params, const at::Device& device) {
  const std::string kind = device.is_cuda() ? "cuda" : "cpu";
  const auto deadline = Clock::now() + milliseconds_of(params.timeout);
  if (store.add(fmt::format("count/{}", launch.rank), 1) > 1)
    throw core::LostRanks(
        fmt::format("another process is or was rank {} of {} at {} port {} ({}): two were started as the same rank, or "
                    "this one was "
                    "started again before the others ended",
                    launch.rank, launch.size, launch.host, launch.port, launch.launcher));
  store.set(fmt::format("joined/{}", launch.rank), fmt::format("{} {} {}", launch.size, kind, core::host_name()));
  std::set<std::int64_t> missing;
  for (std::int64_t rank = 0; rank < launch.size; ++rank) missing.insert(rank);
  for (std::chrono::milliseconds pause{5}; !missing.empty();
       pause = std::min(2 * pause, std::chrono::milliseconds{200})) {
    for (auto rank = missing.begin(); rank != missing.end();) {
      if (!store.check({fmt::format("joined/{}", *rank)})) {
        ++rank;
        continue;
      }
      const Shown shown = shown_by(store, *rank);
      if (shown.size != launch.size)
        throw core::UserError(
            core::Fault::config,
            fmt::format(
                "rank {} (on {}) was told that there are {} ranks, and rank {} that there are {}: the world size must "
                "be the same for all ({})",
                *rank, shown.host, shown.size, launch.rank, launch.size, launch.launcher));
      if (shown.device != kind)
        throw core::UserError(
            core::Fault::config,
            fmt::format("rank {} (on {}) computes on {}, and rank {} on {}: set device to cpu or cuda", *rank,
                        shown.host, shown.device, launch.rank, kind));
      rank = missing.erase(rank);
    }
    if (missing.empty()) return;
    core::stop_if_interrupted();
    if (Clock::now() >= deadline)
      throw core::LostRanks(fmt::format(
          "{} of {} did not come within {:g} s (ranks.timeout); rank {} waited at {} port {}",
          named({missing.begin(), missing.end()}), launch.size, params.timeout, launch.rank, launch.host, launch.port));
    std::this_thread::sleep_for(pause);
  }
}

std::unique_ptr<Board> board_of(const c10::intrusive_ptr<c10d::Store>& store) {
  return std::make_unique<StoreBoard>(store->clone());
}

}  // namespace equipoise::distributed
