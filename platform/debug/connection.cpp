// SPDX-License-Identifier: Apache-2.0
#include "platform/debug/connection.h"

#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "models/common/error.h"

namespace weft::debug {

namespace {

constexpr int send_patience_s = 5;

struct Place {
  std::string host;
  std::string port;
};

Place split(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  Place place;
  place.port = colon == std::string::npos ? address : address.substr(colon + 1);
  if (colon != std::string::npos) place.host = address.substr(0, colon);
  const bool is_number = !place.port.empty() && place.port.size() <= 5 &&
                         place.port.find_first_not_of("0123456789") == std::string::npos;
  constexpr int largest_port = 65535;
  if (!is_number || std::stoi(place.port) > largest_port) {
    throw Error(
        fmt::format("debugger: '{}' is no place to listen at; allowed: [address]:port with a port "
                    "from 0 to 65535, as in :3333",
                    address));
  }
  if (place.host.empty()) place.host = "127.0.0.1";
  return place;
}

std::string name_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (getsockname(socket, generic, &size) != 0 ||
      getnameinfo(generic, size, host.data(), host.size(), port.data(), port.size(),
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "?";
  }
  const bool ipv6 = std::strchr(host.data(), ':') != nullptr;
  return fmt::format(ipv6 ? "[{}]:{}" : "{}:{}", host.data(), port.data());
}

bool is_nothing_yet(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) close(number_);
}

Connection::Connection(Descriptor socket) : socket_(std::move(socket)) {
  const int on = 1;
  setsockopt(descriptor(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{send_patience_s, 0};
  setsockopt(descriptor(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

std::optional<std::string> Connection::receive() {
  if (broken_) return std::nullopt;
  std::array<char, 0x4000> buffer{};
  const ssize_t count = recv(descriptor(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (count > 0) return std::string(buffer.data(), static_cast<std::size_t>(count));
  return count < 0 && is_nothing_yet(errno) ? std::optional<std::string>("") : std::nullopt;
}

bool Connection::ended() const {
  char next = 0;
  const ssize_t count = recv(descriptor(), &next, 1, MSG_PEEK | MSG_DONTWAIT);
  return broken_ || count == 0 || (count < 0 && !is_nothing_yet(errno));
}

void Connection::send(std::string_view bytes) {
  while (!bytes.empty() && !broken_) {
    const ssize_t count = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    broken_ = count <= 0;
    if (!broken_) bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

Listener::Listener(const std::string& address) {
  const Place place = split(address);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  std::string host = place.host;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  const int failure = getaddrinfo(host.c_str(), place.port.c_str(), &hints, &list);
  const auto complain = [&](const char* why) {
    throw Error(fmt::format("debugger: cannot listen at {}:{}: {}", place.host, place.port, why));
  };
  if (failure != 0) complain(gai_strerror(failure));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, &freeaddrinfo);
  socket_ = Descriptor(socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  setsockopt(descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  constexpr int backlog = 4;
  if (descriptor() < 0 || bind(descriptor(), list->ai_addr, list->ai_addrlen) != 0 ||
      listen(descriptor(), backlog) != 0) {
    complain(std::strerror(errno));
  }
  address_ = name_of(descriptor());
}

std::optional<Connection> Listener::accept() {
  const int socket = accept4(descriptor(), nullptr, nullptr, SOCK_CLOEXEC);
  if (socket < 0) return std::nullopt;
  return Connection(Descriptor(socket));
}

void wait_for_input(int first, int second, int milliseconds) {
  std::array<pollfd, 2> streams{pollfd{first, POLLIN, 0}, pollfd{second, POLLIN, 0}};
  poll(streams.data(), streams.size(), milliseconds);
}

}  // namespace weft::debug
