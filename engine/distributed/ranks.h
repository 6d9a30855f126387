#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/core/error.h"
#include "engine/distributed/launch.h"
#include "engine/distributed/params.h"

namespace equipoise::distributed {

struct Group;

/// The processes of one run, of which this is one. Every call is made by all ranks in the same order, and returns the same on all of
/// them. One rank alone has no connection, and each call is its own answer at no cost.
///
/// Where a rank is gone or does not answer within the time-out, calls throw core::LostRanks, which names the rank and its last step; where it
/// left with a fault, a core::UserError of that fault. After that none may be made.
class Ranks {
 public:
  /// One rank alone.
  Ranks() = default;

  /// Meets the others and waits until all are there. `device` is what sum() will be called with. Throws LostRanks where some do not come
  /// within the time-out, UserError (config) where they contradict each other, an interface is not there or a port is taken.
  static Ranks join(const Launch& launch, const RanksParams& params, const at::Device& device);

  std::int64_t size() const { return size_; }
  std::int64_t rank() const { return rank_; }
  bool is_alone() const { return size_ == 1; }
  /// Rank 0, which alone writes and speaks.
  bool is_first() const { return rank_ == 0; }

  /// This rank's part of `count` things: neighbours, and at most one more or less than another rank's.
  struct Part {
    std::int64_t first, count;
  };
  Part part_of(std::int64_t count) const;

  /// Adds `values`, contiguous, over ranks in place: the same bits on every rank, and each time. On CUDA it is enqueued.
  void sum(at::Tensor& values) const;
  /// Why sums cannot be part of a CUDA graph; "" where they can, after the first one.
  std::string obstacle_to_capture() const;

  /// [ranks] each rank's text.
  std::vector<std::string> gather(const std::string& text) const;
  /// Throws UserError (`fault`) on every rank where not all have the same: the ranks that differ, and the first line in which they do.
  /// `what`: "config", "state after step 100".
  void check_same(const std::string& what, const std::string& text, core::Fault fault = core::Fault::config) const;
  void barrier() const;

  /// How many steps this rank has taken, for those who miss it.
  void say_step(std::int64_t steps) const;
  /// Tells the others why this rank ends before the run does. Others learn it from their next call, which throws: LostRanks, or where
  /// there is a `fault`, which no new start would mend, a UserError of it.
  void leave(const std::string& why, std::optional<core::Fault> fault = std::nullopt) const noexcept;

 private:
  std::int64_t size_ = 1, rank_ = 0;
  std::shared_ptr<Group> group_;  // none where this rank is alone
};

/// One rank alone, for those who are given none.
const Ranks& alone();

}  // namespace equipoise::distributed
