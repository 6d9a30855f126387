#include "engine/distributed/ranks.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>

#include "engine/core/error.h"
#include "engine/core/files.h"
#include "engine/core/lost_ranks.h"
#include "engine/distributed/nccl/nccl_group.h"
#include "engine/distributed/rendezvous.h"

namespace equipoise::distributed {

/// The connections of a rank to the others.
struct Group {
  Launch launch;
  c10::intrusive_ptr<c10d::Store> store;  // of rank 0 the server, too: what goes last
  std::unique_ptr<Watch> watch;
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;  // what is on the host
  c10::intrusive_ptr<c10d::Backend> nccl;           // what is on a GPU; null: through the host

  // Whatever the libraries throw means that somebody is not there, but for memory. The others are told by connections that close.
  template <typename Call>
  void call(const Call& does) {
    if (!gloo) throw std::logic_error("ranks are asked for something after one was lost");
    std::string reason;
    try {
      does();
      return;
    } catch (const c10::OutOfMemoryError&) {
      throw;
    } catch (const std::bad_alloc&) {
      throw;
    } catch (const std::exception& error) {
      reason = error.what();
    }
    gloo.reset();
    const Loss lost = watch->find_lost(reason.substr(0, reason.find('\n')));
    const std::string ends = fmt::format("{}. Rank {} of {} ends", lost.sentence, launch.rank, launch.size);
    if (lost.fault) throw core::UserError(*lost.fault, ends);
    throw core::LostRanks(ends + "; started again with --resume, the run can go on");
  }

  void sum_on_host(at::Tensor& values) const {
    std::vector<at::Tensor> one = {values};
    gloo->allreduce(one)->wait();
  }

  // [ranks, bytes] what each rank has in its `own`.
  at::Tensor gather_bytes(const at::Tensor& own) const {
    at::Tensor all = at::zeros({launch.size, own.numel()}, own.options());
    std::vector<at::Tensor> mine = {own};
    std::vector<std::vector<at::Tensor>> of_ranks = {all.unbind(0)};
    gloo->allgather(of_ranks, mine)->wait();
    return all;
  }
};

namespace {

c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo_of(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                                   const RanksParams& params, const std::string& address) {
  const auto options = c10d::ProcessGroupGloo::Options::create(
      std::chrono::milliseconds(static_cast<std::int64_t>(params.timeout * 1000)));
  options->devices = {c10d::ProcessGroupGloo::createDeviceForHostname(address)};
  options->threads = 1;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(c10::make_intrusive<c10d::PrefixStore>("gloo", store),
                                                     static_cast<int>(launch.rank), static_cast<int>(launch.size),
                                                     options);
}

// LibTorch's CUDA half is loaded by then (training/device.cpp).
c10::intrusive_ptr<c10d::Backend> nccl_of(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch,
                                          const RanksParams& params, const at::Device& device) {
  if (!params.interface.empty()) ::setenv("NCCL_SOCKET_IFNAME", params.interface.c_str(), 0);
  void* library = ::dlopen("libequipoise_nccl.so", RTLD_NOW | RTLD_LOCAL);
  void* make = library ? ::dlsym(library, kMakeNcclGroup) : nullptr;
  if (make == nullptr)
    throw core::UserError(core::Fault::config, fmt::format("ranks.backend nccl cannot be loaded: {}", ::dlerror()));
  auto inner = c10::make_intrusive<c10d::PrefixStore>("nccl", store);
  return c10::intrusive_ptr<c10d::Backend>::reclaim(
      reinterpret_cast<MakeNcclGroup>(make)(inner.release(), launch.rank, launch.size, device.index(), params.timeout));
}

void check_backend(const RanksParams& params, const at::Device& device) {
  if (params.backend == "nccl" && !device.is_cuda())
    throw core::UserError(
        core::Fault::config,
        "ranks.backend is 'nccl', which adds on GPUs, and the run computes on the CPU; set it to auto");
}

// "line 12: 'a: 1' and 'a: 2'"
std::string first_difference(const std::string& one, const std::string& other) {
  std::size_t line = 1, start = 0;
  const std::size_t both = std::min(one.size(), other.size());
  std::size_t at = 0;
  for (; at < both && one[at] == other[at]; ++at)
    if (one[at] == '\n') {
      ++line;
      start = at + 1;
    }
  const auto line_of = [&](const std::string& text) {
    std::string own = text.substr(start, text.find('\n', start) - start);
    const std::size_t first = own.find_first_not_of(' ');
    return first == std::string::npos ? own : own.substr(first);
  };
  return fmt::format("line {}: '{}' there, '{}' here", line, line_of(other), line_of(one));
}

}  // namespace

const Ranks& alone() {
  static const Ranks one;
  return one;
}

Ranks Ranks::join(const Launch& launch, const RanksParams& params, const at::Device& device) {
  Ranks ranks;
  if (launch.size == 1) return ranks;
  check_backend(params, device);
  ranks.size_ = launch.size;
  ranks.rank_ = launch.rank;
  ranks.group_ = std::make_shared<Group>();
  Group& group = *ranks.group_;
  group.launch = launch;
  const std::string address = own_address(launch, params);
  group.store = open_store(launch, params);
  try {
    wait_for_all(*group.store, launch, params, device);
    group.watch = std::make_unique<Watch>(
        Watch::Setting{launch.rank, launch.size, launch.is_served ? -1 : std::int64_t{0}}, board_of(group.store));
    group.gloo = gloo_of(group.store, launch, params, address);
    if (device.is_cuda() && params.backend != "gloo") group.nccl = nccl_of(group.store, launch, params, device);
  } catch (const core::UserError&) {
    throw;
  } catch (const core::LostRanks&) {
    throw;
  } catch (const core::Interrupted&) {
    throw;
  } catch (const std::exception& error) {
    const std::string what = error.what();
    throw core::LostRanks(fmt::format("rank {} of {} was lost while the ranks met: {}", launch.rank, launch.size,
                                      what.substr(0, what.find('\n'))));
  }
  ranks.barrier();
  return ranks;
}

Ranks::Part Ranks::part_of(std::int64_t count) const {
  const std::int64_t first = count * rank_ / size_;
  return {first, count * (rank_ + 1) / size_ - first};
}

void Ranks::sum(at::Tensor& values) const {
  if (is_alone()) return;
  if (values.is_cuda() && group_->nccl) {
    std::vector<at::Tensor> one = {values};
    group_->call([&] { group_->nccl->allreduce(one)->wait(); });
    return;
  }
  // What goes wrong between device and host is no lost rank.
  at::Tensor host = values.is_cuda() ? values.to(at::kCPU) : values;
  group_->call([&] { group_->sum_on_host(host); });
  if (values.is_cuda()) values.copy_(host);
}

std::string Ranks::obstacle_to_capture() const {
  return is_alone() || group_->nccl ? "" : "sums over ranks go through the host (ranks.backend: gloo)";
}

std::vector<std::string> Ranks::gather(const std::string& text) const {
  if (is_alone()) return {text};
  std::vector<std::string> texts;
  group_->call([&] {
    const auto bytes = at::TensorOptions().dtype(at::kByte);
    at::Tensor length = at::empty({1}, at::TensorOptions().dtype(at::kLong));
    length.mutable_data_ptr<std::int64_t>()[0] = static_cast<std::int64_t>(text.size());
    const at::Tensor lengths = group_->gather_bytes(length);
    at::Tensor own = at::zeros({std::max<std::int64_t>(1, lengths.max().item<std::int64_t>())}, bytes);
    std::memcpy(own.mutable_data_ptr<std::uint8_t>(), text.data(), text.size());
    const at::Tensor all = group_->gather_bytes(own);
    for (std::int64_t rank = 0; rank < size_; ++rank)
      texts.emplace_back(reinterpret_cast<const char*>(all.const_data_ptr<std::uint8_t>()) + rank * own.numel(),
                         static_cast<std::size_t>(lengths.const_data_ptr<std::int64_t>()[rank]));
  });
  return texts;
}

void Ranks::check_same(const std::string& what, const std::string& text, core::Fault fault) const {
  if (is_alone()) return;
  const std::vector<std::string> digests = gather(core::sha256(text));
  std::vector<std::int64_t> others;
  for (std::int64_t rank = 1; rank < size_; ++rank)
    if (digests[static_cast<std::size_t>(rank)] != digests.front()) others.push_back(rank);
  if (others.empty()) return;
  const std::vector<std::string> texts = gather(text);
  throw core::UserError(
      fault, fmt::format("{} {} another {} than rank 0: {}", named(others), others.size() == 1 ? "has" : "have", what,
                         first_difference(texts.front(), texts[static_cast<std::size_t>(others.front())])));
}

void Ranks::barrier() const {
  if (is_alone()) return;
  group_->call([&] { group_->gloo->barrier()->wait(); });
}

void Ranks::say_step(std::int64_t steps) const {
  if (!is_alone()) group_->watch->say_step(steps);
}

void Ranks::leave(const std::string& why, std::optional<core::Fault> fault) const noexcept {
  if (is_alone()) return;
  try {
    group_->watch->leave(why, fault);
  } catch (...) {  // the others then learn it from a connection that closes
  }
}

}  // namespace equipoise::distributed
