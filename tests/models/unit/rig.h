// SPDX-License-Identifier: Apache-2.0
// What the tests of units share: a plain bus master that writes descriptors, and a thread with a script.
#pragma once

#include <functional>
#include <initializer_list>
#include <systemc>
#include <utility>
#include <vector>

#include "models/tlm/initiator_socket.h"
#include "models/unit/command.h"
#include "models/unit/registers.h"
#include "tests/models/tlm/driver.h"

namespace weft::test {

// A bus master bound to a unit's command window; `script` is its thread.
class Master : public sc_core::sc_module {
 public:
  InitiatorSocket socket{"socket"};

  Master(const sc_core::sc_module_name& name, std::function<void(Master&)> script)
      : sc_module(name), script_(std::move(script)) {
    SC_HAS_PROCESS(Master);
    SC_THREAD(run);
  }

  void sleep(const sc_core::sc_time& time) { wait(time); }
  void sleep_until(const sc_core::sc_time& time) { wait(time - sc_core::sc_time_stamp()); }

  Status write(const RegisterInfo& info, std::uint32_t value) { return write_at(info.offset, value); }
  Status write_at(std::uint32_t offset, std::uint32_t value) {
    sc_core::sc_time delay;
    return socket.write(offset, &value, sizeof value, delay);
  }
  std::uint32_t read(const RegisterInfo& info) {
    sc_core::sc_time delay;
    std::uint32_t value = 0xdeadbeef;
    socket.read(info.offset, &value, sizeof value, delay);
    return value;
  }
  std::uint32_t peek(const RegisterInfo& info) {
    std::uint32_t value = 0xdeadbeef;
    socket.read_debug(info.offset, &value, sizeof value);
    return value;
  }

  Status issue(const unit::Command& command, sc_core::sc_time delay = sc_core::SC_ZERO_TIME) {
    const unit::Descriptor words = unit::encode(command);
    return socket.write(0, words.data(), sizeof words, delay);
  }
  Status issue_word_by_word(const unit::Command& command) {
    Status status = Status::ok;
    std::uint32_t offset = 0;
    for (const std::uint32_t word : unit::encode(command)) {
      status = write_at(offset, word);
      if (status != Status::ok) return status;
      offset += 4;
    }
    return status;
  }
  bool busy() { return (read(unit::registers::status) & unit::registers::status_busy) != 0; }
  void wait_until_idle() {
    while (busy()) wait(ns(1));
  }

 private:
  void run() { script_(*this); }

  std::function<void(Master&)> script_;
};

inline std::uint32_t completion_word(unsigned counter, unsigned amount) {
  return 1u << 31 | counter << 16 | amount;
}

}  // namespace weft::test
