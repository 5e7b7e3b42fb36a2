// SPDX-License-Identifier: Apache-2.0
#include <tlm_utils/simple_target_socket.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "models/bus/bus.h"
#include "models/common/context.h"
#include "models/common/error.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/driver.h"
#include "tests/models/tlm/non_blocking_write.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Context;
using weft::Status;
using weft::Transfer;
using weft::bus::Bus;
using weft::bus::BusConfig;
using weft::memory::Memory;
using weft::memory::MemoryConfig;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::NonBlockingWrite;
using weft::test::ns;
using weft::test::Target;

namespace {

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;

constexpr std::uint64_t rom_base = 0x1000;
constexpr std::uint64_t device_base = 0x2000;
constexpr std::uint64_t dram_base = 0x80000000;

BusConfig two_targets() {
  BusConfig config;
  config.latency = ns(2);
  // Out of order on purpose.
  config.regions = {{"dram", dram_base, 0x100, false}, {"device", device_base, 0x10, true}};
  return config;
}

// A memory larger than its region, and a device that sees bus addresses and answers with them.
struct Bench {
  Context context;
  Bus bus;
  std::vector<std::unique_ptr<Driver>> drivers;
  Memory dram;
  Target device{"device"};
  std::vector<Transfer> seen;

  explicit Bench(const BusConfig& config = two_targets())
      : bus("bus", config, context), dram("dram", memory(), context) {
    for (unsigned index = 0; index < config.initiators; ++index) {
      drivers.push_back(std::make_unique<Driver>(("driver" + std::to_string(index)).c_str()));
      drivers.back()->socket.bind(bus.inputs[index]);
    }
    bus.to("dram").bind(dram.socket);
    bus.to("device").bind(device.socket);
    device.socket.on_access([this](const Transfer& transfer, sc_time&) {
      seen.push_back(transfer);
      return Status::ok;
    });
    if (config.default_route.empty()) elaborate();
  }
  static MemoryConfig memory() {
    MemoryConfig config;
    config.size = 0x1000;
    config.latency = ns(10);
    return config;
  }
  Driver& driver(unsigned index = 0) { return *drivers.at(index); }
};

struct Tag : tlm::tlm_extension<Tag> {
  int value = 0;
  tlm_extension_base* clone() const override { return new Tag(*this); }
  void copy_from(const tlm_extension_base& other) override { *this = static_cast<const Tag&>(other); }
};

// Fills the extension it finds.
class ExtensionReader : public sc_core::sc_module {
 public:
  explicit ExtensionReader(const sc_core::sc_module_name& name) : sc_module(name) {
    socket.register_b_transport(this, &ExtensionReader::transport);
  }
  tlm_utils::simple_target_socket<ExtensionReader> socket{"socket"};
  std::uint64_t address = 0;
  tlm::tlm_generic_payload* payload = nullptr;

 private:
  void transport(tlm::tlm_generic_payload& arrived, sc_time&) {
    payload = &arrived;
    address = arrived.get_address();
    if (auto* tag = arrived.get_extension<Tag>()) ++tag->value;
    arrived.set_dmi_allowed(true);
    arrived.set_response_status(tlm::TLM_OK_RESPONSE);
  }
};

}  // namespace

TEST_CASE("an address selects its region and the target sees the offset in it") {
  Bench bench;
  bench.driver().write<std::uint32_t>(dram_base + 8, 0xcafe);
  std::uint32_t value = 0;
  bench.dram.save(8, &value, 4);
  CHECK(value == 0xcafe);
  CHECK(bench.driver().read(dram_base + 8) == 0xcafe);
}

TEST_CASE("a region that keeps addresses hands on the bus address") {
  Bench bench;
  bench.driver().read(device_base + 4);
  bench.driver().read(device_base + 12);
  REQUIRE(bench.seen.size() == 2);
  CHECK(bench.seen[0].address == device_base + 4);
  CHECK(bench.seen[1].address == device_base + 12);
}

TEST_CASE("alternating regions are told apart") {
  Bench bench;
  for (std::uint32_t round = 0; round < 4; ++round) {
    bench.driver().write<std::uint32_t>(dram_base + 4 * round, round + 1);
    bench.driver().write<std::uint32_t>(device_base, round);
  }
  CHECK(bench.seen.size() == 4);
  for (std::uint32_t round = 0; round < 4; ++round)
    CHECK(bench.driver().read(dram_base + 4 * round) == round + 1);
}

TEST_CASE("first and last byte of a region belong to it, their neighbours do not") {
  Bench bench;
  std::uint8_t byte = 0;
  CHECK(bench.driver().try_read(dram_base, byte) == Status::ok);
  CHECK(bench.driver().try_read(dram_base + 0xff, byte) == Status::ok);
  CHECK(bench.driver().try_read(dram_base - 1, byte) == Status::address_error);
  CHECK(bench.driver().try_read(dram_base + 0x100, byte) == Status::address_error);
  CHECK(bench.driver().try_read(std::uint64_t{0}, byte) == Status::address_error);
  CHECK(bench.driver().try_read(~std::uint64_t{0}, byte) == Status::address_error);
}

TEST_CASE("a transaction across the end of a region is an address error, also where the target goes on") {
  Bench bench;
  std::uint32_t value = 0;
  CHECK(bench.driver().try_read(dram_base + 0xfe, value) == Status::address_error);
  CHECK(bench.driver().socket.read_debug(dram_base + 0xfe, &value, 4) == Status::address_error);
  CHECK(bench.dram.socket.traffic().errors == 0);
}

TEST_CASE("a streaming burst needs only its width inside the region") {
  Bench bench;
  std::array<std::uint8_t, 8> data{1, 2, 3, 4, 5, 6, 7, 8};
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(dram_base + 0xfe);
  payload.set_data_ptr(data.data());
  payload.set_data_length(8);
  payload.set_streaming_width(2);
  sc_time delay;
  bench.driver().socket->b_transport(payload, delay);
  CHECK(payload.get_response_status() == tlm::TLM_OK_RESPONSE);
  CHECK(bench.driver().read<std::uint16_t>(dram_base + 0xfe) == 0x0807);
}

TEST_CASE("an unmapped access is logged at debug level with its address") {
  Bench bench;
  std::vector<weft::LogEntry> entries;
  bench.context.log.set_sink([&](const weft::LogEntry& entry) { entries.push_back(entry); },
                             weft::LogLevel::debug);
  std::uint32_t value = 0;
  CHECK(bench.driver().try_write(0x44440, value) == Status::address_error);
  CHECK(bench.driver().socket.read_debug(0x44440, &value, 4) == Status::address_error);
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].level == weft::LogLevel::debug);
  CHECK(entries[0].source == "bus");
  CHECK_THAT(entries[0].text, Contains("write") && Contains("0x44440"));
}

TEST_CASE("the bus adds its latency to the target's, and to an unmapped access") {
  Bench bench;
  bench.driver().read(dram_base);
  CHECK(bench.driver().delay == ns(12));
  bench.driver().delay = sc_core::SC_ZERO_TIME;
  std::uint32_t value = 0;
  CHECK(bench.driver().try_read(0, value) == Status::address_error);
  CHECK(bench.driver().delay == ns(2));
}

TEST_CASE("the initiator's own payload arrives, extensions and hints pass, the address is put back") {
  Context context;
  BusConfig config;
  config.regions = {{"reader", 0x100, 0x100, false}};
  Bus bus("bus", config, context);
  Driver driver("driver");
  ExtensionReader reader("target");
  driver.socket.bind(bus.inputs[0]);
  bus.to("reader").bind(reader.socket);
  elaborate();
  std::uint32_t value = 0;
  Tag tag;
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_READ_COMMAND);
  payload.set_address(0x180);
  payload.set_data_ptr(reinterpret_cast<std::uint8_t*>(&value));
  payload.set_data_length(4);
  payload.set_streaming_width(4);
  payload.set_extension(&tag);
  sc_time delay;
  driver.socket->b_transport(payload, delay);
  CHECK(reader.payload == &payload);
  CHECK(reader.address == 0x80);
  CHECK(payload.get_address() == 0x180);
  CHECK(tag.value == 1);
  CHECK(payload.is_dmi_allowed());
  payload.clear_extension(&tag);
}

TEST_CASE("debug transport takes the same way without time") {
  Bench bench;
  std::uint32_t value = 0xabcd;
  CHECK(bench.driver().socket.write_debug(dram_base + 16, &value, 4) == Status::ok);
  CHECK(bench.driver().peek(dram_base + 16) == 0xabcd);
  bench.driver().peek(device_base);
  REQUIRE(bench.seen.size() == 1);
  CHECK(bench.seen[0].debug);
  CHECK(bench.seen[0].address == device_base);
}

TEST_CASE("direct access is granted in bus addresses, cut to the region, with the latency of the bus") {
  Bench bench;
  const auto region = bench.driver().socket.direct(dram_base + 0x20);
  REQUIRE(region.has_value());
  CHECK(region->start == dram_base);
  CHECK(region->end == dram_base + 0xff);
  CHECK(region->read_latency == ns(12));
  CHECK(region->write_latency == ns(12));
  region->pointer[0x20] = 0x77;
  CHECK(bench.driver().read<std::uint8_t>(dram_base + 0x20) == 0x77);
}

TEST_CASE("a grant that begins before the region is cut and its pointer moved") {
  Context context;
  BusConfig config;
  config.regions = {{"window", 0x1040, 0x20, true}};
  Bus bus("bus", config, context);
  Driver driver("driver");
  Target target("target");
  std::array<std::uint8_t, 0x100> bytes{};
  target.socket.on_direct([&bytes](std::uint64_t) {
    return weft::DirectRegion{bytes.data(), 0x1000, 0x10ff, true, true, sc_time(), sc_time()};
  });
  driver.socket.bind(bus.inputs[0]);
  bus.to("window").bind(target.socket);
  elaborate();
  const auto region = driver.socket.direct(0x1048);
  REQUIRE(region.has_value());
  CHECK(region->start == 0x1040);
  CHECK(region->end == 0x105f);
  CHECK(region->pointer == bytes.data() + 0x40);
}

TEST_CASE("refused direct access covers bus addresses the initiator need not ask for again") {
  Bench bench;
  tlm::tlm_generic_payload payload;
  tlm::tlm_dmi dmi;
  payload.set_address(device_base + 4);
  CHECK_FALSE(bench.driver().socket->get_direct_mem_ptr(payload, dmi));
  CHECK(dmi.get_start_address() == device_base + 4);
  CHECK(dmi.get_end_address() == device_base + 4);
  payload.set_address(device_base + 0x20);
  CHECK_FALSE(bench.driver().socket->get_direct_mem_ptr(payload, dmi));
  CHECK(dmi.get_start_address() == device_base + 0x10);
  CHECK(dmi.get_end_address() == dram_base - 1);
  CHECK(payload.get_address() == device_base + 0x20);
}

TEST_CASE("invalidation reaches every initiator in bus addresses, cut to the region") {
  BusConfig config = two_targets();
  config.initiators = 2;
  Bench bench(config);
  Ranges first;
  Ranges second;
  bench.driver(0).socket.on_invalidate(
      [&](std::uint64_t start, std::uint64_t end) { first.emplace_back(start, end); });
  bench.driver(1).socket.on_invalidate(
      [&](std::uint64_t start, std::uint64_t end) { second.emplace_back(start, end); });
  bench.dram.socket.invalidate_direct(0x10, 0x1f);
  bench.dram.socket.invalidate_direct(0, ~std::uint64_t{0});
  bench.dram.socket.invalidate_direct(0x100, 0x1ff);  // outside the region: nobody holds a pointer there
  bench.device.socket.invalidate_direct(device_base + 1, device_base + 2);
  const Ranges expected = {{dram_base + 0x10, dram_base + 0x1f},
                           {dram_base, dram_base + 0xff},
                           {device_base + 1, device_base + 2}};
  CHECK(first == expected);
  CHECK(second == expected);
}

TEST_CASE("several initiators reach the same target") {
  BusConfig config = two_targets();
  config.initiators = 3;
  Bench bench(config);
  for (unsigned index = 0; index < 3; ++index)
    bench.driver(index).write<std::uint32_t>(dram_base + 4 * index, index + 10);
  for (unsigned index = 0; index < 3; ++index)
    CHECK(bench.driver((index + 1) % 3).read(dram_base + 4 * index) == index + 10);
}

TEST_CASE("the default route takes what no region has, unchanged") {
  BusConfig config = two_targets();
  config.default_route = "outside";
  Bench bench(config);
  Target outside("outside_target");
  std::vector<std::uint64_t> addresses;
  std::vector<std::uint8_t> bytes(0x8000);
  outside.socket.on_access([&](const Transfer& transfer, sc_time&) {
    addresses.push_back(transfer.address);
    return Status::ok;
  });
  outside.socket.on_direct([&bytes](std::uint64_t) {
    return weft::DirectRegion{bytes.data(), 0, 0x7fff, true, true, sc_time(), sc_time()};
  });
  bench.bus.to("outside").bind(outside.socket);
  elaborate();
  bench.driver().read(0x40);
  bench.driver().read(dram_base + 4);
  bench.driver().read(dram_base + 0x100);
  CHECK(addresses == std::vector<std::uint64_t>{0x40, dram_base + 0x100});
  std::uint32_t value = 0;
  CHECK(bench.driver().try_read(device_base - 2, value) == Status::address_error);
  const auto region = bench.driver().socket.direct(device_base + 0x18);
  REQUIRE(region.has_value());
  CHECK(region->start == device_base + 0x10);
  CHECK(region->end == 0x7fff);
  CHECK(region->pointer == bytes.data() + device_base + 0x10);
  Ranges withdrawn;
  bench.driver().socket.on_invalidate(
      [&](std::uint64_t start, std::uint64_t end) { withdrawn.emplace_back(start, end); });
  outside.socket.invalidate_direct(0x40, 0x4f);
  CHECK(withdrawn == Ranges{{0x40, 0x4f}});
}

TEST_CASE("a non-blocking initiator reaches a target behind the bus") {
  Context context;
  BusConfig config;
  config.latency = ns(2);
  config.regions = {{"dram", dram_base, 0x100, false}};
  Bus bus("bus", config, context);
  Memory dram("dram", Bench::memory(), context);
  NonBlockingWrite initiator("initiator", dram_base + 4);
  initiator.socket.bind(bus.inputs[0]);
  bus.to("dram").bind(dram.socket);
  sc_core::sc_start(ns(100));
  CHECK(initiator.payload.get_response_status() == tlm::TLM_OK_RESPONSE);
  CHECK(initiator.payload.get_address() == dram_base + 4);
  CHECK(initiator.answered == ns(12));
  std::uint32_t value = 0;
  dram.save(4, &value, 4);
  CHECK(value == 0x04030201);
}

TEST_CASE("overlapping regions are refused by name") {
  Context context;
  BusConfig config;
  config.regions = {
      {"rom", rom_base, 0x1000, false}, {"uart", 0x3000, 0x100, false}, {"ram", 0x1fff, 0x10, false}};
  CHECK_THROWS_WITH(Bus("bus", config, context),
                    Contains("'rom'") && Contains("'ram'") && !Contains("'uart'"));
}

TEST_CASE("adjacent regions and the whole address space are allowed") {
  Context context;
  BusConfig config;
  config.regions = {{"low", 0, 0x1000, false}, {"high", 0x1000, ~std::uint64_t{0} - 0xfff, false}};
  CHECK_NOTHROW(Bus("bus", config, context));
}

TEST_CASE("a configuration that cannot be is refused") {
  Context context;
  BusConfig config;
  SECTION("an empty region") {
    config.regions = {{"nothing", 0x1000, 0, false}};
    CHECK_THROWS_WITH(Bus("bus", config, context), Contains("'nothing'"));
  }
  SECTION("a region past the end of the address space") {
    config.regions = {{"far", ~std::uint64_t{0}, 2, false}};
    CHECK_THROWS_WITH(Bus("bus", config, context), Contains("'far'"));
  }
  SECTION("a name used twice") {
    config.regions = {{"ram", 0, 16, false}, {"ram", 32, 16, false}};
    CHECK_THROWS_WITH(Bus("bus", config, context), Contains("'ram'") && Contains("twice"));
  }
  SECTION("the default route's name used for a region") {
    config.default_route = "ram";
    config.regions = {{"ram", 0, 16, false}};
    CHECK_THROWS_AS(Bus("bus", config, context), weft::Error);
  }
  SECTION("no initiator") {
    config.initiators = 0;
    CHECK_THROWS_AS(Bus("bus", config, context), weft::Error);
  }
}

TEST_CASE("asking for a region that the bus does not have is an error with its name") {
  Context context;
  Bus bus("bus", two_targets(), context);
  CHECK_THROWS_WITH(bus.to("sram"), Contains("'sram'"));
  CHECK_THROWS_AS(bus.to(""), weft::Error);
}
