// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <systemc>
#include <vector>

#include "models/tlm/target_socket.h"
#include "tests/models/tlm/driver.h"
#include "tests/models/tlm/non_blocking_write.h"

using sc_core::sc_time;
using weft::DirectRegion;
using weft::Status;
using weft::TargetSocket;
using weft::Transfer;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::NonBlockingWrite;
using weft::test::ns;
using weft::test::Target;

namespace {

// 64 bytes of memory that record what reached them; an access costs 10 ns.
class Recorder : public sc_core::sc_module {
 public:
  explicit Recorder(const sc_core::sc_module_name& name) : sc_module(name) {
    socket.on_access([this](const Transfer& transfer, sc_time& delay) {
      seen.push_back(transfer);
      if (transfer.address + transfer.size > bytes.size()) return Status::address_error;
      std::uint8_t* place = bytes.data() + transfer.address;
      if (transfer.write) {
        std::memcpy(place, transfer.data, transfer.size);
      } else {
        std::memcpy(transfer.data, place, transfer.size);
      }
      if (!transfer.debug) delay += ns(10);
      return Status::ok;
    });
  }
  TargetSocket socket{"socket"};
  std::array<std::uint8_t, 64> bytes{};
  std::vector<Transfer> seen;
};

struct Bench {
  Driver driver{"driver"};
  Recorder target{"target"};
  Bench() {
    driver.socket.bind(target.socket);
    elaborate();
  }
  tlm::tlm_response_status send(tlm::tlm_generic_payload& payload) {
    sc_time delay;
    driver.socket->b_transport(payload, delay);
    return payload.get_response_status();
  }
};

void prepare(tlm::tlm_generic_payload& payload, tlm::tlm_command command, std::uint64_t address,
             std::vector<std::uint8_t>& data) {
  payload.set_command(command);
  payload.set_address(address);
  payload.set_data_ptr(data.data());
  payload.set_data_length(static_cast<unsigned>(data.size()));
  payload.set_streaming_width(static_cast<unsigned>(data.size()));
  payload.set_byte_enable_ptr(nullptr);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
}

}  // namespace

TEST_CASE("a plain burst reaches the model as one access and costs what the model says") {
  Bench bench;
  bench.driver.write<std::uint64_t>(16, 0x1122334455667788u);
  CHECK(bench.driver.read<std::uint32_t>(20) == 0x11223344);
  REQUIRE(bench.target.seen.size() == 2);
  CHECK(bench.target.seen[0].write);
  CHECK(bench.target.seen[0].address == 16);
  CHECK(bench.target.seen[0].size == 8);
  CHECK_FALSE(bench.target.seen[1].write);
  CHECK(bench.driver.delay == ns(20));
}

TEST_CASE("a streaming burst writes the same address again and again") {
  Bench bench;
  std::vector<std::uint8_t> data = {1, 2, 3, 4, 5, 6};
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 8, data);
  payload.set_streaming_width(2);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  CHECK(bench.target.seen.size() == 3);
  for (const Transfer& transfer : bench.target.seen) {
    CHECK(transfer.address == 8);
    CHECK(transfer.size == 2);
  }
  CHECK(bench.target.bytes[8] == 5);
  CHECK(bench.target.bytes[9] == 6);
  CHECK(bench.target.bytes[10] == 0);
}

TEST_CASE("a streaming width that does not divide the burst leaves a short last access") {
  Bench bench;
  std::vector<std::uint8_t> data = {1, 2, 3, 4, 5};
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 8, data);
  payload.set_streaming_width(4);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  REQUIRE(bench.target.seen.size() == 2);
  CHECK(bench.target.seen[1].size == 1);
  CHECK(bench.target.bytes[8] == 5);
  CHECK(bench.target.bytes[9] == 2);
}

TEST_CASE("a streaming width of zero is a burst error") {
  Bench bench;
  std::vector<std::uint8_t> data = {1, 2};
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 8, data);
  payload.set_streaming_width(0);
  CHECK(bench.send(payload) == tlm::TLM_BURST_ERROR_RESPONSE);
  CHECK(bench.target.seen.empty());
}

TEST_CASE("byte enables write the enabled bytes only") {
  Bench bench;
  std::vector<std::uint8_t> data = {1, 2, 3, 4, 5, 6, 7, 8};
  std::vector<std::uint8_t> enables = {0xff, 0xff, 0x00, 0xff};
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 0, data);
  payload.set_byte_enable_ptr(enables.data());
  payload.set_byte_enable_length(4);  // repeats over the burst
  bench.target.bytes.fill(0xee);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  const std::array<std::uint8_t, 9> expected = {1, 2, 0xee, 4, 5, 6, 0xee, 8, 0xee};
  CHECK(std::equal(expected.begin(), expected.end(), bench.target.bytes.begin()));
}

TEST_CASE("byte enables read the enabled bytes only") {
  Bench bench;
  for (std::size_t index = 0; index < 4; ++index)
    bench.target.bytes[index] = static_cast<std::uint8_t>(0x10 + index);
  std::vector<std::uint8_t> data(4, 0xaa);
  std::vector<std::uint8_t> enables = {0x00, 0xff, 0xff, 0x00};
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_READ_COMMAND, 0, data);
  payload.set_byte_enable_ptr(enables.data());
  payload.set_byte_enable_length(4);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  CHECK(data == std::vector<std::uint8_t>{0xaa, 0x11, 0x12, 0xaa});
}

TEST_CASE("byte enables that enable nothing succeed without an access") {
  Bench bench;
  std::vector<std::uint8_t> data(4, 0);
  std::vector<std::uint8_t> enables(4, 0);
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 0, data);
  payload.set_byte_enable_ptr(enables.data());
  payload.set_byte_enable_length(4);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  CHECK(bench.target.seen.empty());
}

TEST_CASE("byte enables without a length, or on a streaming burst, are a byte enable error") {
  Bench bench;
  std::vector<std::uint8_t> data(4, 0);
  std::vector<std::uint8_t> enables(4, 0xff);
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 0, data);
  payload.set_byte_enable_ptr(enables.data());
  payload.set_byte_enable_length(0);
  CHECK(bench.send(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  payload.set_byte_enable_length(4);
  payload.set_streaming_width(2);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  CHECK(bench.send(payload) == tlm::TLM_BYTE_ENABLE_ERROR_RESPONSE);
  CHECK(bench.target.seen.empty());
}

TEST_CASE("a burst of no bytes or without data is a burst error") {
  Bench bench;
  std::vector<std::uint8_t> data(4, 0);
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_READ_COMMAND, 0, data);
  payload.set_data_length(0);
  CHECK(bench.send(payload) == tlm::TLM_BURST_ERROR_RESPONSE);
  prepare(payload, tlm::TLM_READ_COMMAND, 0, data);
  payload.set_data_ptr(nullptr);
  CHECK(bench.send(payload) == tlm::TLM_BURST_ERROR_RESPONSE);
}

TEST_CASE("an ignore command succeeds without an access") {
  Bench bench;
  std::vector<std::uint8_t> data(4, 0);
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_IGNORE_COMMAND, 1000, data);
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  CHECK(bench.target.seen.empty());
}

TEST_CASE("a debug access reaches the model marked as such, takes no time and is not counted") {
  Bench bench;
  CHECK(bench.driver.peek<std::uint32_t>(4) == 0);
  REQUIRE(bench.target.seen.size() == 1);
  CHECK(bench.target.seen[0].debug);
  CHECK(bench.target.socket.traffic().reads == 0);
  std::uint32_t value = 0;
  CHECK(bench.driver.socket.read_debug(62, &value, 4) == Status::address_error);
}

TEST_CASE("traffic is counted by direction, bytes and errors") {
  Bench bench;
  bench.driver.write<std::uint64_t>(0, 1);
  bench.driver.write<std::uint8_t>(0, 1);
  bench.driver.read<std::uint16_t>(0);
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read<std::uint32_t>(62, value) == Status::address_error);
  const weft::SocketTraffic& traffic = bench.target.socket.traffic();
  CHECK(traffic.writes == 2);
  CHECK(traffic.bytes_written == 9);
  CHECK(traffic.reads == 1);
  CHECK(traffic.bytes_read == 2);
  CHECK(traffic.errors == 1);
}

TEST_CASE("a model's status becomes the response status and back again") {
  for (const Status status : {Status::ok, Status::address_error, Status::command_error, Status::burst_error,
                              Status::byte_enable_error, Status::generic_error}) {
    CHECK(weft::from_tlm(weft::to_tlm(status)) == status);
  }
  CHECK(weft::from_tlm(tlm::TLM_INCOMPLETE_RESPONSE) == Status::generic_error);
  CHECK(std::string(weft::to_text(Status::burst_error)) == "burst error");
}

TEST_CASE("a target without a model answers a generic error") {
  Driver driver("driver");
  Target target("target");
  driver.socket.bind(target.socket);
  elaborate();
  std::uint32_t value = 0;
  CHECK(driver.try_read(0, value) == Status::generic_error);
}

TEST_CASE("without a handler direct access is refused for the address asked for") {
  Bench bench;
  tlm::tlm_generic_payload payload;
  payload.set_address(24);
  tlm::tlm_dmi dmi;
  CHECK_FALSE(bench.driver.socket->get_direct_mem_ptr(payload, dmi));
  CHECK(dmi.get_start_address() == 24);
  CHECK(dmi.get_end_address() == 24);
}

TEST_CASE("a granted region carries rights and latencies, and transactions hint at it") {
  Bench bench;
  bench.target.socket.on_direct([&](std::uint64_t) {
    return DirectRegion{bench.target.bytes.data(), 0, 63, true, false, ns(1), ns(2)};
  });
  const auto region = bench.driver.socket.direct(24);
  REQUIRE(region.has_value());
  CHECK(region->pointer == bench.target.bytes.data());
  CHECK(region->start == 0);
  CHECK(region->end == 63);
  CHECK(region->readable);
  CHECK_FALSE(region->writable);
  CHECK(region->read_latency == ns(1));

  std::vector<std::uint8_t> data(4, 0);
  tlm::tlm_generic_payload payload;
  prepare(payload, tlm::TLM_WRITE_COMMAND, 0, data);
  tlm::tlm_dmi dmi;
  CHECK_FALSE(bench.driver.socket->get_direct_mem_ptr(payload, dmi));
  CHECK(bench.send(payload) == tlm::TLM_OK_RESPONSE);
  CHECK(payload.is_dmi_allowed());
}

TEST_CASE("invalidation reaches the initiator with its range") {
  Bench bench;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges;
  bench.driver.socket.on_invalidate(
      [&](std::uint64_t start, std::uint64_t end) { ranges.emplace_back(start, end); });
  bench.target.socket.invalidate_direct(8, 15);
  CHECK(ranges == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{8, 15}});
}

TEST_CASE("a non-blocking initiator reaches the model and is answered after the annotated time") {
  NonBlockingWrite initiator("initiator", 8);
  Recorder target("target");
  initiator.socket.bind(target.socket);
  sc_core::sc_start(ns(100));
  CHECK(initiator.payload.get_response_status() == tlm::TLM_OK_RESPONSE);
  CHECK(initiator.answered == ns(10));
  CHECK(target.bytes[8] == 1);
  CHECK(target.bytes[11] == 4);
}
