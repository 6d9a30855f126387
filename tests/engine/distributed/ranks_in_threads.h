#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "engine/distributed/ranks.h"

namespace equipoise::distributed {

/// A port of this host that nobody had a moment ago.
inline int free_port() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ::bind(socket, reinterpret_cast<sockaddr*>(&address), length);
  ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length);
  ::close(socket);
  return ntohs(address.sin_port);
}

/// Ranks of a run as threads of this process, which meet on a port of this host. Returns what each threw, "" where it threw nothing.
inline std::vector<std::string> run_ranks(std::int64_t size, const std::function<void(const Ranks&)>& work,
                                          int attempts = 3) {
  // LibTorch's recorder of what groups did is one for a process, and is not made for several groups in it.
  ::setenv("TORCH_FR_BUFFER_SIZE", "0", 1);
  ::setenv("TORCH_NCCL_TRACE_BUFFER_SIZE", "0", 1);
  const int port = free_port();
  std::vector<std::string> thrown(static_cast<std::size_t>(size));
  std::vector<std::thread> threads;
  for (std::int64_t rank = 0; rank < size; ++rank)
    threads.emplace_back([&, rank] {
      try {
        Launch launch{"threads", size, rank, size, rank, "127.0.0.1", port};
        RanksParams params;
        params.timeout = 60;
        work(Ranks::join(launch, params, at::kCPU));
      } catch (const std::exception& error) {
        thrown[static_cast<std::size_t>(rank)] = error.what();
      }
    });
  for (std::thread& thread : threads) thread.join();
  // Another test beside this one may have been faster to take the port.
  if (attempts > 1 && thrown.front().find("is taken on this host") != std::string::npos)
    return run_ranks(size, work, attempts - 1);
  return thrown;
}

}  // namespace equipoise::distributed
