// SPDX-License-Identifier: Apache-2.0
// A bus master for tests of targets. Weft's targets annotate time instead of waiting, so that a test
// reads and writes from its own body between calls of sc_start().
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <functional>
#include <systemc>
#include <utility>

#include "models/tlm/initiator_socket.h"
#include "models/tlm/target_socket.h"

namespace weft::test {

inline sc_core::sc_time ns(double value) { return {value, sc_core::SC_NS}; }

// The present time as a value: what sc_time_stamp() refers to goes on.
inline sc_core::sc_time now() { return sc_core::sc_time_stamp(); }

// Binds ports and runs the processes once.
inline void elaborate() { sc_core::sc_start(sc_core::SC_ZERO_TIME); }
// Lets signals and events of the present take effect.
inline void settle() { sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_PS)); }

class Driver : public sc_core::sc_module {
 public:
  explicit Driver(const sc_core::sc_module_name& name) : sc_module(name) { SC_THREAD(run); }
  SC_HAS_PROCESS(Driver);

  InitiatorSocket socket{"socket"};
  sc_core::sc_time delay;           // local time of the accesses below, ahead of simulated time
  std::function<void()> in_thread;  // for what must be a process; set before elaboration

  template <typename Word>
  Status try_read(std::uint64_t address, Word& value) {
    return socket.read(address, &value, sizeof value, delay);
  }
  template <typename Word>
  Status try_write(std::uint64_t address, Word value) {
    return socket.write(address, &value, sizeof value, delay);
  }
  template <typename Word = std::uint32_t>
  Word read(std::uint64_t address) {
    Word value{};
    const Status status = try_read(address, value);
    INFO("read at " << address << ": " << to_text(status));
    CHECK(status == Status::ok);
    return value;
  }
  template <typename Word = std::uint32_t>
  void write(std::uint64_t address, Word value) {
    const Status status = try_write(address, value);
    INFO("write at " << address << ": " << to_text(status));
    CHECK(status == Status::ok);
  }
  template <typename Word = std::uint32_t>
  Word peek(std::uint64_t address) {
    Word value{};
    CHECK(socket.read_debug(address, &value, sizeof value) == Status::ok);
    return value;
  }

 private:
  void run() {
    if (in_thread) in_thread();
  }
};

// A target whose behaviour is the test's.
class Target : public sc_core::sc_module {
 public:
  explicit Target(const sc_core::sc_module_name& name) : sc_module(name) {}
  TargetSocket socket{"socket"};
};

}  // namespace weft::test
