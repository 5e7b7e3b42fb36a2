// SPDX-License-Identifier: Apache-2.0
// TCP for one client at a time: never blocks for long, never raises a signal.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weft::debug {

// Owns a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  int number() const { return number_; }

 private:
  int number_;
};

class Connection {
 public:
  explicit Connection(Descriptor socket);

  // What has arrived, possibly nothing; nullopt once the client is gone.
  std::optional<std::string> receive();
  // Gone, and nothing it has said is left to receive.
  bool ended() const;
  // Waits a few seconds for a client that does not read, then gives it up.
  void send(std::string_view bytes);
  int descriptor() const { return socket_.number(); }

 private:
  Descriptor socket_;
  bool broken_ = false;
};

class Listener {
 public:
  // "[address]:port" or "port"; without an address only this machine can connect, port 0 is any free one.
  // Throws weft::Error that names the address if it cannot be had.
  explicit Listener(const std::string& address);

  // Where it listens: "127.0.0.1:3333".
  const std::string& address() const { return address_; }
  std::optional<Connection> accept();
  int descriptor() const { return socket_.number(); }

 private:
  Descriptor socket_;
  std::string address_;
};

// Until one of them has something to read, a signal arrives or the time is over; -1 stands for none.
void wait_for_input(int first, int second, int milliseconds);

}  // namespace weft::debug
