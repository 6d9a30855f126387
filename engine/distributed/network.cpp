#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "engine/core/error.h"
#include "engine/core/interrupt.h"
#include "engine/core/lost_ranks.h"
#include "engine/core/nearest_name.h"
#include "engine/distributed/rendezvous.h"

namespace equipoise::distributed {
namespace {

std::string text_of(const sockaddr* address) {
  char text[NI_MAXHOST];
  const socklen_t size = address->sa_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  return ::getnameinfo(address, size, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0 ? text : "";
}

// IPv4 where an interface has both.
std::string address_of_interface(const std::string& name) {
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return "";
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> holder(list, ::freeifaddrs);
  std::string address;
  std::vector<std::string> known;
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (std::ranges::find(known, one->ifa_name) == known.end()) known.emplace_back(one->ifa_name);
    if (name != one->ifa_name || one->ifa_addr == nullptr) continue;
    const int family = one->ifa_addr->sa_family;
    if (family == AF_INET || (family == AF_INET6 && address.empty())) address = text_of(one->ifa_addr);
  }
  if (!address.empty()) return address;
  const bool is_there = std::ranges::find(known, name) != known.end();
  throw core::UserError(
      core::Fault::config,
      fmt::format("ranks.interface is '{}', {}{}; there are: {}", name,
                  is_there ? "which has no address on this host" : "which is no network interface of this host",
                  is_there ? "" : core::did_you_mean(name, known), core::listed(known)));
}

// A datagram socket that is connected sends nothing, and knows where it would send from.
std::string address_towards(const std::string& host, std::int64_t port) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (const int error = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list); error != 0)
    throw core::UserError(core::Fault::config,
                          fmt::format("the host of rank 0, '{}', is not known here: {}", host, ::gai_strerror(error)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(list, ::freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const int own = ::socket(one->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (own < 0) continue;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    const bool is_known = ::connect(own, one->ai_addr, one->ai_addrlen) == 0 &&
                          ::getsockname(own, reinterpret_cast<sockaddr*>(&address), &size) == 0;
    ::close(own);
    if (is_known) return text_of(reinterpret_cast<const sockaddr*>(&address));
  }
  throw core::LostRanks(fmt::format("no network leads to the host of rank 0, '{}'", host));
}

// Whether a connection can be made within a second.
bool listens(const std::string& host, std::int64_t port) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) return false;
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> holder(list, ::freeaddrinfo);
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    const int own = ::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (own < 0) continue;
    int error = ::connect(own, one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    pollfd waits{own, POLLOUT, 0};
    socklen_t size = sizeof error;
    if (error == EINPROGRESS && ::poll(&waits, 1, 1000) == 1) ::getsockopt(own, SOL_SOCKET, SO_ERROR, &error, &size);
    ::close(own);
    if (error == 0) return true;
  }
  return false;
}

}  // namespace

bool wait_for_listener(const std::string& host, std::int64_t port, double seconds) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!listens(host, port)) {
    core::stop_if_interrupted();
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return true;
}

std::string own_address(const Launch& launch, const RanksParams& params) {
  return params.interface.empty() ? address_towards(launch.host, launch.port) : address_of_interface(params.interface);
}

}  // namespace equipoise::distributed
