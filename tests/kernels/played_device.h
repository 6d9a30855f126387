// Plays a CUDA device on the host: a block's threads as fibers, so that what a block does (the .cuh files of the kernels) runs, and is
// compared with the CPU's version, where there is no GPU. Include it before those.
//
// Threads take turns at barriers alone, in an order that the test chooses: what hangs on a barrier that is missing comes out otherwise in
// one order or another. A barrier that not all threads of a block or warp come to, or come to at different calls, ends the test. Copies
// that a device makes in the background are made as late as they may be, or at once. What it does not play: caches, alignment, time.
#pragma once

#include <gtest/gtest.h>
#include <setjmp.h>
#include <ucontext.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#define __device__

namespace equipoise::kernels {

struct Place {
  unsigned x = 0;
};
struct alignas(16) float4 {
  float x, y, z, w;
};

namespace played {

enum class Order { kAscending, kDescending, kWarpByWarpBackwards };

// Who waits for whom at a barrier: all threads of a block, or a warp's.
struct Meeting {
  int members = 0, arrived = 0;
  std::int64_t held = 0;  // how often it took place
  const char* where = nullptr;
  std::vector<std::uint64_t> said[2];  // by its members, at this one and at the last
};

// Begins on a stack of its own, by its context, and goes on where it jumped away: a jump asks nothing of the system.
struct Fiber {
  ucontext_t context;
  jmp_buf here;
  bool has_begun = false, is_over = false;
  Meeting* waits_at = nullptr;
  std::int64_t since = 0;
  struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
  };
  std::vector<Copy> copies;
};

struct Block {
  std::vector<Fiber> fibers;
  Meeting all;
  std::vector<Meeting> warps;
  ucontext_t unused;
  jmp_buf scheduler;
  std::size_t running = 0;
  std::function<void()> work;
  std::string failure;
  bool copies_late = true;
};

inline Block* block = nullptr;

}  // namespace played

inline Place threadIdx, blockIdx, gridDim;

namespace played {

inline void enter() {
  block->work();
  block->fibers[block->running].is_over = true;
  _longjmp(block->scheduler, 1);
}

__attribute__((noinline)) inline void wait() {
  if (_setjmp(block->fibers[block->running].here) == 0) _longjmp(block->scheduler, 1);
}

__attribute__((noinline)) inline void go_on() {
  if (_setjmp(block->scheduler) != 0) return;
  Fiber& fiber = block->fibers[block->running];
  if (fiber.has_begun) _longjmp(fiber.here, 1);
  fiber.has_begun = true;
  swapcontext(&block->unused, &fiber.context);
}

// Says `word` to all members and comes back when all have said theirs.
inline const std::vector<std::uint64_t>& meet(Meeting& meeting, std::size_t own, std::uint64_t word,
                                              const char* where) {
  Fiber& fiber = block->fibers[block->running];
  if (meeting.arrived == 0) meeting.where = where;
  if (std::strcmp(meeting.where, where) != 0)
    block->failure = std::string("threads wait for each other at ") + meeting.where + " and at " + where;
  std::vector<std::uint64_t>& said = meeting.said[meeting.held % 2];
  said[own] = word;
  if (++meeting.arrived == meeting.members) {
    meeting.arrived = 0;
    ++meeting.held;
    return said;
  }
  fiber.waits_at = &meeting;
  fiber.since = meeting.held;
  wait();
  return said;
}

inline const std::vector<std::uint64_t>& meet_block(std::uint64_t word, const char* where) {
  return meet(block->all, threadIdx.x, word, where);
}
inline const std::vector<std::uint64_t>& meet_warp(std::uint64_t word, const char* where) {
  return meet(block->warps[threadIdx.x / 32], threadIdx.x % 32, word, where);
}

inline bool can_go_on(const Fiber& fiber) {
  return !fiber.is_over && (fiber.waits_at == nullptr || fiber.waits_at->held > fiber.since);
}

inline std::size_t turn(Order order, std::size_t i, std::size_t threads) {
  if (order == Order::kAscending) return i;
  if (order == Order::kDescending) return threads - 1 - i;
  return (threads / 32 - 1 - i / 32) * 32 + i % 32;
}

// Runs `work` as each thread of block `index` of `blocks`.
inline void play_block(unsigned index, unsigned blocks, int threads, Order order, bool copies_late,
                       const std::function<void()>& work) {
  Block own;
  block = &own;
  own.work = work;
  own.copies_late = copies_late;
  own.fibers.resize(static_cast<std::size_t>(threads));
  const auto set_up = [](Meeting& meeting, int members) {
    meeting.members = members;
    for (auto& said : meeting.said) said.resize(static_cast<std::size_t>(members));
  };
  set_up(own.all, threads);
  own.warps.resize(static_cast<std::size_t>(threads / 32));
  for (Meeting& warp : own.warps) set_up(warp, 32);
  constexpr std::size_t kStack = 1 << 16;
  static std::vector<char> stacks;
  stacks.resize(std::max(stacks.size(), own.fibers.size() * kStack));
  for (std::size_t i = 0; i < own.fibers.size(); ++i) {
    Fiber& fiber = own.fibers[i];
    getcontext(&fiber.context);
    fiber.context.uc_stack.ss_sp = stacks.data() + i * kStack;
    fiber.context.uc_stack.ss_size = kStack;
    fiber.context.uc_link = nullptr;
    makecontext(&fiber.context, &enter, 0);
  }
  blockIdx.x = index;
  gridDim.x = blocks;
  for (bool any = true; any && own.failure.empty();) {
    any = false;
    for (std::size_t i = 0; i < own.fibers.size() && own.failure.empty(); ++i) {
      own.running = turn(order, i, own.fibers.size());
      Fiber& fiber = own.fibers[own.running];
      if (!can_go_on(fiber)) continue;
      any = true;
      fiber.waits_at = nullptr;
      threadIdx.x = static_cast<unsigned>(own.running);
      go_on();
    }
  }
  for (const Fiber& fiber : own.fibers)
    if (!fiber.is_over && own.failure.empty())
      own.failure = std::string("not all threads come to ") + fiber.waits_at->where;
  EXPECT_EQ(own.failure, "") << "block " << index;
  block = nullptr;
}

inline void play(unsigned blocks, int threads, Order order, bool copies_late, const std::function<void()>& work) {
  for (unsigned index = 0; index < blocks; ++index) play_block(index, blocks, threads, order, copies_late, work);
}

inline void make_copies() {
  Fiber& fiber = block->fibers[block->running];
  for (const Fiber::Copy& copy : fiber.copies) std::memcpy(copy.to, copy.from, copy.bytes);
  fiber.copies.clear();
}

template <typename Value>
std::uint64_t as_word(Value value) {
  static_assert(sizeof(Value) <= 8);
  std::uint64_t word = 0;
  std::memcpy(&word, &value, sizeof(value));
  return word;
}

}  // namespace played

inline void __syncthreads() {
  played::meet_block(0, "__syncthreads");
}
inline int __syncthreads_or(int predicate) {
  int any = 0;
  for (const std::uint64_t one : played::meet_block(predicate != 0, "__syncthreads_or")) any |= one != 0;
  return any;
}
inline void __syncwarp() {
  played::meet_warp(0, "__syncwarp");
}
inline unsigned __ballot_sync(unsigned, int predicate) {
  const std::vector<std::uint64_t>& said = played::meet_warp(predicate != 0, "__ballot_sync");
  unsigned lanes = 0;
  for (unsigned lane = 0; lane < 32; ++lane) lanes |= static_cast<unsigned>(said[lane] != 0) << lane;
  return lanes;
}
template <typename Value>
Value __shfl_sync(unsigned, Value value, int lane) {
  const std::uint64_t word = played::meet_warp(played::as_word(value), "__shfl_sync")[static_cast<std::size_t>(lane)];
  std::memcpy(&value, &word, sizeof(value));
  return value;
}
inline int __ffs(int bits) {
  return __builtin_ffs(bits);
}
inline int __popc(unsigned bits) {
  return __builtin_popcount(bits);
}
inline int atomicAdd(int* to, int add) {
  const int before = *to;
  *to += add;
  return before;
}
inline void __pipeline_memcpy_async(void* to, const void* from, std::size_t bytes) {
  if (reinterpret_cast<std::uintptr_t>(to) % bytes != 0 || reinterpret_cast<std::uintptr_t>(from) % bytes != 0)
    played::block->failure = "a copy of so many bytes must begin at a multiple of them";
  played::block->fibers[played::block->running].copies.push_back({to, from, bytes});
  if (!played::block->copies_late) played::make_copies();
}
inline void __pipeline_commit() {}
inline void __pipeline_wait_prior(int) {
  played::make_copies();
}

}  // namespace equipoise::kernels
