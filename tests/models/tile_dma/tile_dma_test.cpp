// SPDX-License-Identifier: Apache-2.0
#include "models/tile_dma/tile_dma.h"

#include <catch2/catch.hpp>
#include <deque>
#include <numeric>

#include "models/bus/bus.h"
#include "models/common/error.h"
#include "models/hart/xweft_table.h"
#include "models/memory/memory.h"
#include "models/sync/registers.h"
#include "models/sync/sync_board.h"
#include "tests/models/unit/rig.h"

using namespace weft;
using tile_dma::TileDma;
using tile_dma::TileDmaConfig;
using unit::Cause;
using unit::Command;
using weft::test::Master;
using weft::test::ns;
using xweft::DmaCommand;
namespace r = weft::unit::registers;

namespace {

constexpr std::uint32_t here = 0x40000000;
constexpr std::uint32_t there = 0x40100000;
constexpr std::uint32_t buffer_size = 0x4000;
constexpr std::uint32_t sync_offset = 0xf0000;
constexpr std::uint32_t burst = 64;
const sc_core::sc_time hop = ns(50);

using Bytes = std::vector<std::uint8_t>;

// A network whose transactions block: `hop` there, and `hop` back.
class Link : public sc_core::sc_module {
 public:
  TargetSocket in{"in"};
  InitiatorSocket out{"out"};
  struct Access {
    std::uint64_t address;
    std::uint32_t size;
    sc_core::sc_time begin;
    sc_core::sc_time end;
  };
  std::deque<Access> accesses;  // whose elements stay where they are

  explicit Link(const sc_core::sc_module_name& name) : sc_module(name) {
    in.on_access([this](const Transfer& transfer, sc_core::sc_time& delay) {
      if (transfer.debug) return out.access(transfer, delay);
      accesses.push_back({transfer.address, transfer.size, sc_core::sc_time_stamp(), {}});
      Access& access = accesses.back();
      wait(delay + hop);
      delay = sc_core::SC_ZERO_TIME;
      const Status status = out.access(transfer, delay);
      wait(delay + hop);
      delay = sc_core::SC_ZERO_TIME;
      access.end = sc_core::sc_time_stamp();
      return status;
    });
  }
  // From now on it takes what initiators do not wait for, and keeps it.
  void take_posted_writes() {
    in.on_post([this](const Transfer& transfer, Posting& posting, sc_core::sc_time&) {
      posting.taken = true;
      posted.push_back({posting, Bytes(transfer.data, transfer.data + transfer.size)});
      return Status::ok;
    });
  }
  struct Posted {
    Posting posting;
    Bytes data;
  };
  std::deque<Posted> posted;
};

memory::MemoryConfig buffer_config() {
  memory::MemoryConfig config;
  config.size = buffer_size;
  config.latency = ns(2);
  return config;
}

bus::BusConfig bus_config(std::uint32_t base, const std::string& default_route) {
  bus::BusConfig config;
  config.regions = {{"buffer", base, buffer_size, false}, {"sync", base + sync_offset, 0x1000, false}};
  config.default_route = default_route;
  return config;
}

TileDmaConfig dma_config() {
  TileDmaConfig config;
  config.unit.index = unit::dma_index;
  config.unit.window = {here, buffer_size};
  config.max_burst = burst;
  config.sync_offset = sync_offset;
  return config;
}

// Two tiles: one with the DMA engine, one behind the link.
struct Bench {
  Context context;
  TileDma dma;
  bus::Bus bus_here;
  bus::Bus bus_there;
  memory::Memory buffer_here;
  memory::Memory buffer_there;
  sync::SyncBoard board_here{"board_here", 32};
  sync::SyncBoard board_there{"board_there", 32};
  Link link{"link"};
  Master master;

  explicit Bench(std::function<void(Master&)> script, const TileDmaConfig& config = dma_config())
      : dma("dma", config, context),
        bus_here("bus_here", bus_config(here, "noc"), context),
        bus_there("bus_there", bus_config(there, ""), context),
        buffer_here("buffer_here", buffer_config(), context),
        buffer_there("buffer_there", buffer_config(), context),
        master("master", std::move(script)) {
    master.socket.bind(dma.window);
    dma.completion.bind(board_here.units);
    dma.operands.bind(bus_here.inputs[0]);
    bus_here.to("buffer").bind(buffer_here.socket);
    bus_here.to("sync").bind(board_here.registers);
    bus_here.to("noc").bind(link.in);
    link.out.bind(bus_there.inputs[0]);
    bus_there.to("buffer").bind(buffer_there.socket);
    bus_there.to("sync").bind(board_there.registers);
  }
};

Bytes get(const memory::Memory& memory, std::uint32_t offset, std::size_t count) {
  Bytes bytes(count);
  memory.save(offset, bytes.data(), count);
  return bytes;
}

// Bytes that differ from their neighbours and are never 0.
Bytes pattern(std::size_t count, unsigned first = 1) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) bytes[i] = static_cast<std::uint8_t>(1 + (first + i) % 255);
  return bytes;
}

Command make(DmaCommand what, std::uint32_t source, std::uint32_t destination, std::uint32_t bytes) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(what);
  command.src0 = source;
  command.dst = destination;
  command.length = bytes;
  return command;
}

void run(double nanoseconds = 100000) { sc_core::sc_start(ns(nanoseconds)); }

}  // namespace

TEST_CASE("dma copies within the buffer in bursts, each as long as its read and its write") {
  Command command = make(DmaCommand::dma, here + 0x101, here + 0x1003, 3 * burst + 5);
  command.completion = test::completion_word(9, 2);
  Bench bench([&](Master& master) { master.issue(command); });
  const Bytes data = pattern(3 * burst + 7);
  bench.buffer_here.load(0x100, data.data(), data.size());
  run();
  Bytes expected(data.begin() + 1, data.end() - 1);
  expected.insert(expected.begin(), 0);
  expected.push_back(0);
  CHECK(get(bench.buffer_here, 0x1002, 3 * burst + 7) == expected);
  CHECK(bench.dma.bytes_moved() == 3 * burst + 5);
  CHECK(bench.dma.transfers() == 4);
  CHECK(bench.dma.busy_time() == ns(4 * (2 + 2)));
  CHECK(bench.board_here.counter(9) == 2);
  CHECK(bench.board_here.busy_units() == 0);
  CHECK(bench.link.accesses.empty());
}

TEST_CASE("dma fetches from and stores to another tile through the network") {
  const Bytes data = pattern(burst + 1);
  Bench bench([&](Master& master) {
    master.issue(make(DmaCommand::dma, there + 0x200, here + 0x300, burst + 1));
    master.issue(make(DmaCommand::dma, here + 0x300, there + 0x800, burst + 1));
    master.issue(make(DmaCommand::dma, there + 0x800, there + 0xc00, burst + 1));
  });
  bench.buffer_there.load(0x200, data.data(), data.size());
  run();
  CHECK(get(bench.buffer_here, 0x300, data.size()) == data);
  CHECK(get(bench.buffer_there, 0x800, data.size()) == data);
  CHECK(get(bench.buffer_there, 0xc00, data.size()) == data);
  // Two bursts each; a far access takes two hops and the memory's latency.
  CHECK(bench.dma.busy_time() == 4 * (2 * hop + ns(2)) + 4 * ns(2) + 4 * (2 * hop + ns(2)));
}

TEST_CASE("dma2d gathers and scatters rows, also backwards, and leaves the gaps alone") {
  Command command = make(DmaCommand::dma2d, here + 0x100, here + 0x1000, 4);
  command.count = 3;
  command.src_stride = 6;
  command.dst_stride = 5;
  std::vector<Bytes> rows{{1, 2, 3, 4}, {7, 8, 9, 10}, {13, 14, 15, 16}};
  SECTION("ascending") {}
  SECTION("source descending") {
    command.src0 = here + 0x100 + 12;
    command.src_stride = -6;
    std::swap(rows[0], rows[2]);
  }
  SECTION("destination descending") {
    command.dst = here + 0x1000 + 10;
    command.dst_stride = -5;
    std::swap(rows[0], rows[2]);
  }
  SECTION("one row over and over") {
    command.src_stride = 0;
    rows = {rows[0], rows[0], rows[0]};
  }
  Bench bench([&](Master& master) { master.issue(command); });
  Bytes source(18);
  std::iota(source.begin(), source.end(), std::uint8_t{1});
  bench.buffer_here.load(0x100, source.data(), source.size());
  run();
  Bytes expected;
  for (const Bytes& row : rows) {
    expected.insert(expected.end(), row.begin(), row.end());
    expected.push_back(0);
  }
  CHECK(get(bench.buffer_here, 0x1000, 15) == expected);
  CHECK(bench.dma.transfers() == 3);
}

TEST_CASE("rows longer than a burst are split, bursts do not span rows") {
  Command command = make(DmaCommand::dma2d, here, here + 0x2000, burst + 16);
  command.count = 5;
  command.src_stride = burst + 16;
  command.dst_stride = 2 * burst;
  Bench bench([&](Master& master) { master.issue(command); });
  const Bytes data = pattern(5 * (burst + 16));
  bench.buffer_here.load(0, data.data(), data.size());
  run();
  CHECK(bench.dma.transfers() == 10);
  for (std::uint32_t row = 0; row < 5; ++row) {
    const auto begin = data.begin() + std::ptrdiff_t{row} * (burst + 16);
    CHECK(get(bench.buffer_here, 0x2000 + row * 2 * burst, burst + 16) == Bytes(begin, begin + burst + 16));
  }
}

TEST_CASE("send raises the counter of the destination's tile after all data have arrived") {
  constexpr std::uint32_t bytes = 5 * burst;
  Command command = make(DmaCommand::send, here + 0x400, there + 0x1000, bytes);
  command.completion = test::completion_word(7, 3);
  Bytes when_announced;
  sc_core::sc_time time_announced;
  Bench* tiles = nullptr;
  Bench bench([&](Master& master) {
    master.issue(command);
    while (tiles->board_there.counter(7) == 0) master.sleep(ns(1));
    when_announced = get(tiles->buffer_there, 0x1000, bytes);
    time_announced = sc_core::sc_time_stamp();
  });
  tiles = &bench;
  const Bytes data = pattern(bytes);
  bench.buffer_here.load(0x400, data.data(), data.size());
  run();
  CHECK(when_announced == data);
  CHECK(bench.board_there.counter(7) == 3);
  CHECK(bench.board_here.counter(7) == 0);
  CHECK(bench.board_here.finished(unit::dma_index) == 1);
  REQUIRE(bench.link.accesses.size() == 6);
  for (std::size_t i = 0; i < 5; ++i) CHECK(bench.link.accesses[i].address == there + 0x1000 + i * burst);
  const Link::Access& announcement = bench.link.accesses.back();
  CHECK(announcement.address == there + sync_offset + 0x400 + 4 * 7);
  CHECK(announcement.size == 4);
  CHECK(announcement.begin == bench.link.accesses[4].end);
  CHECK(time_announced >= announcement.begin + hop);
  CHECK(bench.dma.busy_time() == 5 * (ns(2) + 2 * hop + ns(2)) + 2 * hop);
  CHECK(bench.dma.bytes_moved() == bytes);
}

TEST_CASE("where the network takes posted writes, send is done when it has handed its bursts over") {
  constexpr std::uint32_t bytes = 2 * burst + 8;
  Command command = make(DmaCommand::send, here + 0x400, there + 0x1000, bytes);
  command.completion = test::completion_word(7, 3);
  Bench bench([&](Master& master) { master.issue(command); });
  bench.link.take_posted_writes();
  const Bytes data = pattern(bytes);
  bench.buffer_here.load(0x400, data.data(), data.size());
  run();
  CHECK(bench.link.accesses.empty());
  REQUIRE(bench.link.posted.size() == 3);
  Bytes sent;
  for (std::size_t i = 0; i < 3; ++i) {
    const Link::Posted& each = bench.link.posted[i];
    REQUIRE(each.posting.destinations.size() == 1);
    CHECK(each.posting.destinations[0].address == there + 0x1000 + i * burst);
    // Behind the last burst only.
    CHECK(each.posting.destinations[0].counter == (i == 2 ? there + sync_offset + 0x400 + 4 * 7 : 0));
    sent.insert(sent.end(), each.data.begin(), each.data.end());
  }
  CHECK(bench.link.posted[2].posting.destinations[0].amount == 3);
  CHECK(sent == data);
  CHECK(bench.dma.busy_time() == 3 * ns(2));
  CHECK(bench.board_here.finished(unit::dma_index) == 1);
  CHECK(bench.board_here.counter(7) == 0);
}

TEST_CASE("a posted write that nothing took is a fault of the tile after its command has completed") {
  Command command = make(DmaCommand::send, here, there + 0x1000, 8);
  std::uint32_t status = 0;
  Bench* tiles = nullptr;
  const bool reset = GENERATE(false, true);
  Bench bench([&](Master& master) {
    master.issue(command);
    master.sleep(ns(100));
    CHECK(tiles->board_here.finished(unit::dma_index) == 1);
    CHECK_FALSE(tiles->board_here.take_fault());
    if (reset) tiles->dma.reset();
    tiles->link.posted.at(0).posting.failed(Status::address_error, there + 0x1000);
    status = master.read(r::status);
  });
  tiles = &bench;
  bench.link.take_posted_writes();
  run();
  const auto fault = bench.board_here.take_fault();
  // What was sent before a reset is no concern of what runs after it.
  REQUIRE(fault.has_value() == !reset);
  CHECK(((status & r::status_error) != 0) == !reset);
  if (reset) return;
  CHECK(fault->unit == unit::dma_index);
  CHECK(fault->fault.cause == Cause::store_access_fault);
  CHECK(fault->fault.value == there + 0x1000);
  CHECK(bench.board_here.finished(unit::dma_index) == 1);
}

namespace {

constexpr std::uint32_t table_address = here + 0x3000;

// To two places of the other tile and one of the own.
Command multicast_of(std::uint32_t bytes) {
  Command command = make(DmaCommand::mcast, here + 0x400, 0, bytes);
  command.src1 = table_address;
  command.count = 3;
  command.completion = test::completion_word(1, 1);
  return command;
}

void load_table(Bench& bench, std::uint32_t third = here + 0x1000) {
  const std::array<std::uint32_t, 6> table{there + 0x1000, test::completion_word(7, 3),
                                           there + 0x2000, test::completion_word(8, 1),
                                           third,          test::completion_word(9, 2)};
  bench.buffer_here.load(table_address - here, table.data(), sizeof table);
}

}  // namespace

TEST_CASE("mcast brings the same bytes to every place of its table and raises the counters named there") {
  constexpr std::uint32_t bytes = burst + 8;
  Bench bench([&](Master& master) { master.issue(multicast_of(bytes)); });
  const Bytes data = pattern(bytes);
  bench.buffer_here.load(0x400, data.data(), data.size());
  load_table(bench);
  run();
  CHECK(get(bench.buffer_there, 0x1000, bytes) == data);
  CHECK(get(bench.buffer_there, 0x2000, bytes) == data);
  CHECK(get(bench.buffer_here, 0x1000, bytes) == data);
  CHECK(bench.board_there.counter(7) == 3);
  CHECK(bench.board_there.counter(8) == 1);
  CHECK(bench.board_here.counter(9) == 2);
  // That of the command itself means nothing.
  CHECK(bench.board_here.counter(1) == 0);
  CHECK(bench.board_here.finished(unit::dma_index) == 1);
  CHECK(bench.dma.bytes_moved() == 3 * bytes);
}

TEST_CASE("where the network takes posted writes to several places, mcast hands over one message a burst") {
  constexpr std::uint32_t bytes = burst + 8;
  Bench bench([&](Master& master) { master.issue(multicast_of(bytes)); });
  bench.link.take_posted_writes();
  load_table(bench, there + 0x3000);
  run();
  REQUIRE(bench.link.posted.size() == 2);
  for (std::size_t i = 0; i < 2; ++i) {
    const std::vector<PostedDestination>& found = bench.link.posted[i].posting.destinations;
    REQUIRE(found.size() == 3);
    for (std::uint32_t place = 0; place < 3; ++place) {
      CHECK(found[place].address == there + 0x1000 * (place + 1) + i * burst);
      const std::uint64_t counter = there + sync_offset + 0x400 + std::uint64_t{4} * (7 + place);
      CHECK(found[place].counter == (i == 1 ? counter : 0));
    }
  }
  CHECK(bench.link.accesses.empty());
  CHECK(bench.dma.bytes_moved() == 3 * bytes);
}

TEST_CASE("mcast to a place that is not within a tile fails before it sends anything") {
  Bench bench([&](Master& master) { master.issue(multicast_of(8)); });
  load_table(bench, 0x80000000);
  run();
  const auto fault = bench.board_here.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == Cause::store_access_fault);
  CHECK(fault->fault.value == 0x80000000);
  CHECK(bench.link.accesses.empty());
}

TEST_CASE("mcast without its table is a load fault") {
  Command command = multicast_of(8);
  command.src1 = here + buffer_size - 8;
  Bench bench([&](Master& master) { master.issue(command); });
  run();
  const auto fault = bench.board_here.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == Cause::load_access_fault);
  CHECK(fault->fault.value == here + buffer_size - 8);
}

TEST_CASE("send raises nothing when its completion word is not enabled") {
  Command command = make(DmaCommand::send, here, there, 8);
  command.completion = test::completion_word(7, 3) & 0x7fffffff;
  Bench bench([&](Master& master) { master.issue(command); });
  run();
  CHECK(bench.board_there.counter(7) == 0);
  CHECK(bench.link.accesses.size() == 1);
  CHECK(bench.dma.operations() == 1);
}

TEST_CASE("send to the own tile raises the own counter once") {
  Command command = make(DmaCommand::send, here, here + 0x800, 8);
  command.completion = test::completion_word(7, 3);
  Bench bench([&](Master& master) { master.issue(command); });
  run();
  CHECK(bench.board_here.counter(7) == 3);
  CHECK(bench.board_there.counter(7) == 0);
}

TEST_CASE("a source that ends too early is a load fault at the burst that failed") {
  Command command = make(DmaCommand::send, here + buffer_size - 2 * burst, there, 4 * burst);
  command.completion = test::completion_word(7, 3);
  Bench bench([&](Master& master) { master.issue(command); });
  const Bytes data = pattern(2 * burst);
  bench.buffer_here.load(buffer_size - 2 * burst, data.data(), data.size());
  run();
  const auto fault = bench.board_here.take_fault();
  REQUIRE(fault);
  CHECK(fault->unit == unit::dma_index);
  CHECK(fault->fault.cause == Cause::load_access_fault);
  CHECK(fault->fault.value == here + buffer_size);
  CHECK(get(bench.buffer_there, 0, 2 * burst) == data);
  CHECK(bench.board_there.counter(7) == 0);
  CHECK(bench.dma.transfers() == 2);
}

TEST_CASE("a destination that ends too early is a store fault at the burst that failed") {
  Command command = make(DmaCommand::dma, here, there + buffer_size - burst, 2 * burst);
  command.completion = test::completion_word(7, 3);
  std::uint32_t cause = 0;
  std::uint32_t value = 0;
  Bench bench([&](Master& master) {
    master.issue(command);
    master.wait_until_idle();
    cause = master.read(r::error_cause);
    value = master.read(r::error_value);
  });
  run();
  const auto fault = bench.board_here.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == Cause::store_access_fault);
  CHECK(fault->fault.value == there + buffer_size);
  CHECK(cause == 7);
  CHECK(value == there + buffer_size);
  CHECK(bench.board_here.counter(7) == 0);
  CHECK(bench.dma.bytes_moved() == burst);
}

TEST_CASE("a failed access takes the time of its answer") {
  Bench bench([&](Master& master) { master.issue(make(DmaCommand::dma, there + 0x8000, here, 4)); });
  run();
  CHECK(bench.dma.busy_time() == 2 * hop);
}

TEST_CASE("a counter that the destination's tile does not have is a store fault") {
  // The board there has 32 counters; this unit believes in 64.
  TileDmaConfig config = dma_config();
  config.unit.counters = 64;
  Command command = make(DmaCommand::send, here, there, 4);
  command.completion = test::completion_word(32, 1);
  Bench bench([&](Master& master) { master.issue(command); }, config);
  run();
  const auto fault = bench.board_here.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == Cause::store_access_fault);
  CHECK(fault->fault.value == there + sync_offset + 0x400 + 4 * 32);
  CHECK(bench.dma.bytes_moved() == 4);
}

TEST_CASE("commands that cannot be are refused when they are issued") {
  struct Refusal {
    Command command;
    std::uint32_t cause;
    std::uint32_t value;
  };
  Command no_rows = make(DmaCommand::dma2d, here, here, 4);
  no_rows.count = 0;
  Command opcode = make(DmaCommand::dma, here, here, 4);
  opcode.opcode = 5;
  Command below = make(DmaCommand::dma2d, 0x10, here, 4);
  below.count = 3;
  below.src_stride = -16;
  Command above = make(DmaCommand::dma2d, here, 0xfffffff0, 4);
  above.count = 3;
  above.dst_stride = 8;
  Command nobody = make(DmaCommand::mcast, here, here, 4);
  Command everybody = nobody;
  everybody.count = tile_dma::max_destinations + 1;
  Command no_table = nobody;
  no_table.count = 2;
  no_table.src1 = 0xfffffff8;
  const std::vector<Refusal> refusals{
      {nobody, 2, 0},
      {everybody, 2, tile_dma::max_destinations + 1},
      {no_table, 5, 0xfffffff8},
      {opcode, 2, 5},
      {make(DmaCommand::dma, here, here, 0), 2, 0},
      {no_rows, 2, 0},
      {make(DmaCommand::dma, 0xfffffffe, here, 3), 5, 0xfffffffe},
      {make(DmaCommand::dma, here, 0xfffffffe, 3), 7, 0xfffffffe},
      {below, 5, 0x10},
      {above, 7, 0xfffffff0},
      {make(DmaCommand::send, here, 0x80000000, 4), 7, 0x80000000},
      {make(DmaCommand::send, here, 0x3ffffffc, 4), 7, 0x3ffffffc},
      {make(DmaCommand::send, here, there + 0xffff0, 17), 7, there + 0xffff0},
  };
  std::vector<std::array<std::uint32_t, 3>> seen;
  Bench bench([&](Master& master) {
    for (const Refusal& refusal : refusals) {
      const auto status = static_cast<std::uint32_t>(master.issue(refusal.command));
      seen.push_back({status, master.read(r::error_cause), master.read(r::error_value)});
      master.write(r::error_clear, 0);
    }
  });
  run();
  std::vector<std::array<std::uint32_t, 3>> expected;
  expected.reserve(refusals.size());
  for (const Refusal& refusal : refusals) {
    expected.push_back({static_cast<std::uint32_t>(Status::command_error), refusal.cause, refusal.value});
  }
  CHECK(seen == expected);
  CHECK(bench.dma.transfers() == 0);
}

TEST_CASE("a DMA engine that cannot be is refused") {
  Context context;
  TileDmaConfig config = dma_config();
  config.max_burst = 0;
  CHECK_THROWS_WITH(TileDma("a", config, context), Catch::Contains("bursts of 0 bytes"));
  config = dma_config();
  config.tile_window_size = 0x180000;
  CHECK_THROWS_WITH(TileDma("b", config, context),
                    Catch::Contains("0x180000 bytes; it must be a power of two"));
}
