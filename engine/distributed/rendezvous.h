#pragma once

#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include <memory>
#include <string>

#include "engine/distributed/launch.h"
#include "engine/distributed/params.h"
#include "engine/distributed/watch.h"

namespace equipoise::distributed {

/// The store in which the ranks of this attempt, and no others, see each other's keys. Rank 0 serves it where the launcher does not.
/// Throws LostRanks where nobody serves it within the time-out, UserError (config) where its port is taken.
c10::intrusive_ptr<c10d::Store> open_store(const Launch& launch, const RanksParams& params);

/// Waits until every rank has shown itself in the store. Throws LostRanks naming those that did not come within the time-out, and where
/// another process was the same rank; Interrupted where a signal comes meanwhile; UserError (config) where ranks were told another number of them, or compute on another kind of device.
void wait_for_all(c10d::Store& store, const Launch& launch, const RanksParams& params, const at::Device& device);

/// The store as ranks tell each other of their steps, by a connection of its own.
std::unique_ptr<Board> board_of(const c10::intrusive_ptr<c10d::Store>& store);

/// Waits until something listens there. Returns whether it came within `seconds`. Throws Interrupted where a signal comes meanwhile.
bool wait_for_listener(const std::string& host, std::int64_t port, double seconds);

/// The address of this host on the network that ranks speak over: of the interface that is asked for, else of the one that leads to
/// the rendezvous. Throws UserError (config) naming the interfaces that there are.
std::string own_address(const Launch& launch, const RanksParams& params);

}  // namespace equipoise::distributed
