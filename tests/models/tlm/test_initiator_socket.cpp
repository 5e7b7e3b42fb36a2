// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <cstdint>
#include <systemc>
#include <vector>

#include "models/tlm/initiator_socket.h"
#include "tests/models/tlm/driver.h"

using sc_core::sc_time;
using weft::InitiatorSocket;
using weft::Status;
using weft::Transfer;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;
using weft::test::Target;

namespace {

// Two threads share one socket.
class TwoThreads : public sc_core::sc_module {
 public:
  explicit TwoThreads(const sc_core::sc_module_name& name) : sc_module(name) {
    SC_THREAD(first);
    SC_THREAD(second);
  }
  SC_HAS_PROCESS(TwoThreads);
  InitiatorSocket socket{"socket"};
  std::uint32_t values[2] = {0, 0};
  Status statuses[2] = {Status::generic_error, Status::generic_error};

 private:
  void first() { read(0, 100); }
  void second() {
    wait(ns(1));
    read(1, 200);
  }
  void read(unsigned index, std::uint64_t address) {
    sc_time delay;
    statuses[index] = socket.read(address, &values[index], 4, delay);
  }
};

}  // namespace

TEST_CASE("the payload of a read and a write is complete") {
  Driver driver("driver");
  struct Inspector : sc_core::sc_module {
    explicit Inspector(const sc_core::sc_module_name& name) : sc_module(name) {
      socket.register_b_transport(this, &Inspector::transport);
    }
    void transport(tlm::tlm_generic_payload& payload, sc_time&) {
      commands.push_back(payload.get_command());
      incomplete = payload.get_response_status() == tlm::TLM_INCOMPLETE_RESPONSE;
      plain = payload.get_byte_enable_ptr() == nullptr && !payload.is_dmi_allowed() &&
              payload.get_streaming_width() == payload.get_data_length();
      length = payload.get_data_length();
      payload.set_response_status(tlm::TLM_OK_RESPONSE);
    }
    tlm_utils::simple_target_socket<Inspector> socket{"socket"};
    std::vector<tlm::tlm_command> commands;
    bool incomplete = false;
    bool plain = false;
    unsigned length = 0;
  } target("target");
  driver.socket.bind(target.socket);
  elaborate();
  driver.read<std::uint16_t>(0);
  CHECK(target.incomplete);
  CHECK(target.plain);
  CHECK(target.length == 2);
  driver.write<std::uint32_t>(0, 1);
  CHECK(target.incomplete);
  CHECK(target.length == 4);
  CHECK(target.commands == std::vector<tlm::tlm_command>{tlm::TLM_READ_COMMAND, tlm::TLM_WRITE_COMMAND});
}

TEST_CASE("an access that the target fails reports the target's status") {
  Driver driver("driver");
  Target target("target");
  target.socket.on_access([](const Transfer&, sc_time&) { return Status::command_error; });
  driver.socket.bind(target.socket);
  elaborate();
  std::uint32_t value = 0;
  CHECK(driver.try_read(0, value) == Status::command_error);
  CHECK(driver.try_write(0, value) == Status::command_error);
}

TEST_CASE("two threads may be inside one socket at a time") {
  TwoThreads initiator("initiator");
  Target target("target");
  target.socket.on_access([](const Transfer& transfer, sc_time&) {
    // The first to come leaves last, so that a shared payload would be overwritten in between.
    sc_core::wait(transfer.address == 100 ? ns(50) : ns(10));
    *reinterpret_cast<std::uint32_t*>(transfer.data) = static_cast<std::uint32_t>(transfer.address);
    return Status::ok;
  });
  initiator.socket.bind(target.socket);
  sc_core::sc_start(ns(100));
  CHECK(initiator.statuses[0] == Status::ok);
  CHECK(initiator.statuses[1] == Status::ok);
  CHECK(initiator.values[0] == 100);
  CHECK(initiator.values[1] == 200);
}

TEST_CASE("a grant that does not contain the address asked for is not handed on") {
  Driver driver("driver");
  Target target("target");
  std::uint8_t byte = 0;
  target.socket.on_direct([&byte](std::uint64_t) {
    return weft::DirectRegion{&byte, 100, 100, true, true, sc_time(), sc_time()};
  });
  driver.socket.bind(target.socket);
  elaborate();
  CHECK_FALSE(driver.socket.direct(0).has_value());
  CHECK(driver.socket.direct(100).has_value());
}
