// SPDX-License-Identifier: Apache-2.0
#include "models/dram/dram_controller.h"

#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <map>
#include <vector>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "models/memory/memory.h"
#include "tests/models/tlm/driver.h"

using Catch::Contains;
using sc_core::sc_time;
using weft::Context;
using weft::Status;
using weft::dram::DramController;
using weft::dram::DramControllerConfig;
using weft::dram::DramStatistics;
using weft::dram::preset;
using weft::test::Driver;
using weft::test::elaborate;
using weft::test::ns;

namespace {

constexpr std::uint64_t size = 1 << 20;

DramControllerConfig ddr4() {
  DramControllerConfig config;
  config.size = size;
  config.channel = preset("ddr4-3200").channel;  // 0.625 ns: times in it are whole picoseconds
  return config;
}

weft::memory::MemoryConfig store() {
  weft::memory::MemoryConfig config;
  config.size = size;
  return config;
}

struct Bench {
  Context context;
  Driver driver{"driver"};
  weft::memory::Memory memory;
  DramController controller;

  explicit Bench(const DramControllerConfig& config)
      : memory("memory", store(), context), controller("controller", config, context) {
    driver.socket.bind(controller.socket);
    controller.store.bind(memory.socket);
    elaborate();
  }
  sc_time cost(std::uint64_t address, std::uint32_t bytes, bool write = false, sc_time delay = {}) {
    std::vector<std::uint8_t> data(bytes);
    const sc_time before = delay;
    const Status status = write ? driver.socket.write(address, data.data(), bytes, delay)
                                : driver.socket.read(address, data.data(), bytes, delay);
    CHECK(status == Status::ok);
    return delay - before;
  }
  std::map<std::string, std::uint64_t> counts() const {
    std::map<std::string, std::uint64_t> result;
    for (const auto& account : context.energy.accounts()) {
      if (account.component() == "controller") result[account.operation()] = account.count();
    }
    return result;
  }
};

constexpr double tck = 0.625;

}  // namespace

TEST_CASE("an access takes the controller's latency and the channel's time") {
  DramControllerConfig config = ddr4();
  config.latency = ns(10);
  Bench bench(config);
  CHECK(bench.cost(0, 64) == ns(10 + (22 + 22 + 4) * tck));
  sc_core::sc_start(ns(1000));
  CHECK(bench.cost(64 * 4, 8) == ns(10 + (22 + 4) * tck));
  sc_core::sc_start(ns(1000));
  CHECK(bench.cost(32 * 1024 * 4, 4, true) == ns(10 + (22 + 22 + 16 + 4) * tck));
  const DramStatistics statistics = bench.controller.statistics();
  CHECK(statistics.requests == 3);
  CHECK(statistics.bytes_read == 72);
  CHECK(statistics.bytes_written == 4);
  CHECK(statistics.channels.misses == 1);
  CHECK(statistics.channels.hits == 1);
  CHECK(statistics.channels.conflicts == 1);
  CHECK(statistics.latency_max == ns(10 + (22 + 22 + 16 + 4) * tck));
  CHECK(statistics.latency_sum == ns(30 + (48 + 26 + 64) * tck));
}

TEST_CASE("an access waits for the next edge of the channel's clock") {
  Bench bench(ddr4());
  CHECK(bench.cost(0, 1, false, ns(0.1)) == ns(tck - 0.1 + (22 + 22 + 4) * tck));
}

TEST_CASE("channels serve the blocks of an access side by side") {
  DramControllerConfig config = ddr4();
  const auto cycles = [&](int channels) {
    weft::dram::Channel one(config.channel);
    return one.serve({0, 0, static_cast<std::uint32_t>(4096 / channels), false}, 0).end;
  };
  config.channels = 4;
  const double expected = static_cast<double>(cycles(4)) * tck;
  Bench bench(config);
  CHECK(bench.cost(0, 4096) == ns(expected));
  CHECK(bench.controller.statistics().channels.read_bursts == 64);
  // A block of 256 bytes is in one channel.
  CHECK(bench.controller.statistics().channels.reads == 4);
}

TEST_CASE("bytes are those of the store, whatever the sizes and channels") {
  DramControllerConfig config = ddr4();
  config.channels = 2;
  config.channel_bytes = 64;
  Bench bench(config);
  weft::CounterRng random(1, 0, 0);
  std::vector<std::uint8_t> shadow(size);
  for (int i = 0; i < 400; ++i) {
    std::array<std::uint8_t, 600> data{};
    const std::uint32_t bytes = 1 + random.below(data.size());
    const std::uint64_t address = random.below(static_cast<std::uint32_t>(size - bytes + 1));
    sc_time delay = ns(random.below(5000));
    if (random.below(2) == 0) {
      for (std::uint32_t k = 0; k < bytes; ++k) data.at(k) = static_cast<std::uint8_t>(random.next_u32());
      std::memcpy(shadow.data() + address, data.data(), bytes);
      CHECK(bench.driver.socket.write(address, data.data(), bytes, delay) == Status::ok);
    } else {
      CHECK(bench.driver.socket.read(address, data.data(), bytes, delay) == Status::ok);
      CHECK(std::memcmp(shadow.data() + address, data.data(), bytes) == 0);
    }
  }
}

TEST_CASE("byte enables and streaming reach the store") {
  Bench bench(ddr4());
  std::array<std::uint8_t, 8> data{1, 2, 3, 4, 5, 6, 7, 8};
  std::array<std::uint8_t, 2> enables{0, TLM_BYTE_ENABLED};
  tlm::tlm_generic_payload payload;
  payload.set_command(tlm::TLM_WRITE_COMMAND);
  payload.set_address(16);
  payload.set_data_ptr(data.data());
  payload.set_data_length(8);
  payload.set_streaming_width(8);
  payload.set_byte_enable_ptr(enables.data());
  payload.set_byte_enable_length(2);
  sc_time delay;
  bench.driver.socket->b_transport(payload, delay);
  CHECK(payload.get_response_status() == tlm::TLM_OK_RESPONSE);
  CHECK(bench.driver.peek<std::uint64_t>(16) == 0x0800060004000200u);
  payload.set_byte_enable_ptr(nullptr);
  payload.set_streaming_width(4);
  payload.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  bench.driver.socket->b_transport(payload, delay);
  CHECK(bench.driver.peek<std::uint64_t>(16) == 0x0800060008070605u);
}

TEST_CASE("an access that is not the controller's is an address error without time") {
  DramControllerConfig config = ddr4();
  config.shares = 2;
  config.share = 1;
  Bench bench(config);
  std::uint32_t value = 0;
  CHECK(bench.driver.try_read(4096, value) == Status::ok);
  bench.driver.delay = ns(0);
  CHECK(bench.driver.try_read(0, value) == Status::address_error);
  CHECK(bench.driver.try_read(8190, value) == Status::address_error);
  CHECK(bench.driver.try_read(size, value) == Status::address_error);
  CHECK(bench.driver.try_read(~std::uint64_t{0} - 1, value) == Status::address_error);
  CHECK(bench.driver.delay == ns(0));
  CHECK(bench.controller.statistics().requests == 1);
}

TEST_CASE("controllers with shares use their channels without holes") {
  DramControllerConfig config = ddr4();
  config.shares = 4;
  config.share = 2;
  Bench bench(config);
  // Blocks 2 and 6 of the memory are the first two of this controller: neighbours in one row.
  bench.cost(2 * 4096, 64);
  sc_core::sc_start(ns(500));
  bench.cost(6 * 4096, 64);
  CHECK(bench.controller.statistics().channels.hits == 1);
  CHECK(config.own_bytes() == size / 4);
}

TEST_CASE("debug access takes no time and is not counted") {
  Bench bench(ddr4());
  std::uint32_t value = 0x1234;
  CHECK(bench.driver.socket.write_debug(64, &value, 4) == Status::ok);
  CHECK(bench.driver.peek(64) == 0x1234);
  CHECK(bench.controller.statistics().requests == 0);
  CHECK(bench.controller.statistics().channels.activates == 0);
}

TEST_CASE("direct access is granted only where configured, and withdrawn") {
  Bench bench(ddr4());
  CHECK_FALSE(bench.driver.socket.direct(0).has_value());
  bench.controller.allow_direct(true);
  std::uint64_t first = 1;
  std::uint64_t last = 0;
  bench.driver.socket.on_invalidate([&](std::uint64_t start, std::uint64_t end) {
    first = start;
    last = end;
  });
  const auto region = bench.driver.socket.direct(100);
  REQUIRE(region.has_value());
  CHECK(region->end == size - 1);
  CHECK(region->read_latency == ns((22 + 4) * tck));
  region->pointer[100] = 77;
  CHECK(bench.driver.peek<std::uint8_t>(100) == 77);
  bench.controller.allow_direct(false);
  CHECK(first == 0);
  CHECK(last == size - 1);
  CHECK_FALSE(bench.driver.socket.direct(100).has_value());
}

TEST_CASE("energy is the count of events times their prices") {
  Bench bench(ddr4());
  bench.cost(0, 4096);
  bench.cost(4096, 100, true);
  sc_core::sc_start(ns(100'000));
  bench.controller.settle();
  const auto counts = bench.counts();
  const DramStatistics statistics = bench.controller.statistics();
  CHECK(counts.at("activate") == statistics.channels.activates);
  CHECK(counts.at("read bit") == 4096 * 8);
  CHECK(counts.at("write bit") == 2 * 64 * 8);  // whole bursts
  CHECK(counts.at("refresh") == 12);            // 100 us / 7.8 us
  CHECK(counts.at("standby cycle") == 160'000);
  CHECK(counts.at("active cycle") == static_cast<std::uint64_t>(statistics.channels.open));
  CHECK(counts.at("active cycle") == 12480);  // open from the first cycle to the first refresh
  double expected = 0;
  const weft::dram::Prices& prices = bench.controller.config().channel.prices;
  expected += static_cast<double>(counts.at("activate")) * prices.activate.value();
  expected +=
      4096 * 8 * prices.read_bit.value() + 1024 * prices.write_bit.value() + 12 * prices.refresh.value();
  expected += 160'000 * prices.standby_cycle.value() + 12480 * prices.active_cycle.value();
  CHECK(bench.context.energy.total().value() == Approx(expected).epsilon(1e-12));
  bench.controller.settle();
  CHECK(bench.counts() == counts);
}

TEST_CASE("time annotated and time passed are the same to a controller") {
  std::vector<sc_time> annotated;
  std::vector<sc_time> passed;
  {
    Bench bench(ddr4());
    sc_time local;
    for (std::uint64_t i = 0; i < 50; ++i) {
      local += bench.cost(i * 40'000 % size, 256, i % 3 == 0, local);
      local += ns(20);
      annotated.push_back(local);
    }
  }
  weft::dram::Channel channel(ddr4().channel);
  sc_time local;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const auto arrival = static_cast<weft::dram::Cycle>(std::ceil(local / ns(tck)));
    const weft::dram::Service service = channel.serve({arrival, i * 40'000 % size, 256, i % 3 == 0}, arrival);
    local = ns(static_cast<double>(service.end) * tck) + ns(20);
    passed.push_back(local);
  }
  CHECK(annotated == passed);
}

TEST_CASE("controllers that cannot be built say why") {
  const auto refused = [](auto change) {
    DramControllerConfig config = ddr4();
    change(config);
    try {
      config.validate();
    } catch (const weft::Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused([](auto& c) { c.channels = 3; }), Contains("3 channels"));
  CHECK_THAT(refused([](auto& c) { c.channel_bytes = 32; }), Contains("32 bytes") && Contains("64 bytes"));
  CHECK_THAT(refused([](auto& c) { c.share_bytes = 128; }), Contains("128 bytes"));
  CHECK_THAT(refused([](auto& c) { c.share = 1; }), Contains("share 1 of 1"));
  CHECK_THAT(refused([](auto& c) { c.size = std::uint64_t{1} << 34; }),
             Contains("17179869184") && Contains("8589934592"));
  CHECK_THAT(refused([](auto& c) { c.channel.timing.ras = 3; }), Contains("tRAS is 3"));
  CHECK(refused([](auto& c) { c.size = std::uint64_t{1} << 34, c.shares = 2; }) == "accepted");
}
