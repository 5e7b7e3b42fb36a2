// SPDX-License-Identifier: Apache-2.0
#include "models/vector/vector_unit.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "models/common/error.h"
#include "models/hart/xweft_table.h"
#include "tests/models/unit/unit_bench.h"

using namespace weft;
using unit::Command;
using unit::Format;
using weft::test::Master;
using weft::test::ns;
using weft::vector::VectorUnit;
using weft::vector::VectorUnitConfig;
using xweft::VectorCommand;
namespace r = weft::unit::registers;

namespace {

// The buffer starts at bus address 0; the unit may use all of it but its first 256 bytes.
constexpr std::uint32_t window_base = 0x100;
constexpr std::uint32_t window_size = 0x3f00;

memory::MemoryConfig buffer_config() {
  memory::MemoryConfig config;
  config.size = window_base + window_size;
  config.latency = ns(2);
  return config;
}

VectorUnitConfig unit_config() {
  VectorUnitConfig config;
  config.unit.index = unit::vector_index;
  config.unit.window = {window_base, window_size};
  config.lanes = 16;
  config.cycle = ns(1);
  config.other_element = picojoule(1);
  config.multiply_element = picojoule(10);
  config.table_element = picojoule(100);
  return config;
}

struct Bench : test::UnitBench<VectorUnit> {
  explicit Bench(std::function<void(Master&)> script, const VectorUnitConfig& config = unit_config())
      : UnitBench("vector", config, buffer_config(), std::move(script)) {}
};

Command make(VectorCommand what, std::uint32_t length) {
  Command command;
  command.opcode = static_cast<std::uint8_t>(what);
  command.format0 = Format::int32;
  command.format1 = Format::int32;
  command.format_dst = Format::int32;
  command.src0 = 0x1000;
  command.src1 = 0x2000;
  command.dst = 0x3000;
  command.length = length;
  command.count = 1;
  return command;
}

// Runs one command and answers how long it took.
sc_core::sc_time time_of(Bench& bench) {
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  REQUIRE(bench.unit.operations() == 1);
  return bench.unit.busy_time();
}

struct Refusal {
  Status status = Status::ok;
  std::uint32_t cause = 0;
  std::uint32_t value = 0;
  bool operator==(const Refusal& other) const {
    return status == other.status && cause == other.cause && value == other.value;
  }
};

std::ostream& operator<<(std::ostream& out, const Refusal& refusal) {
  return out << to_text(refusal.status) << ", cause " << refusal.cause << ", value " << std::hex
             << refusal.value;
}

// Commands and how they are refused (or not); all are issued in one simulation.
class Refusals {
 public:
  void expect(const Command& command, const Refusal& refusal) {
    commands_.push_back(command);
    expected_.push_back(refusal);
  }
  void check() const {
    std::vector<Refusal> seen;
    Bench bench([&](Master& master) {
      for (const Command& command : commands_) {
        Refusal refusal;
        refusal.status = master.issue(command);
        refusal.cause = master.read(r::error_cause);
        refusal.value = master.read(r::error_value);
        seen.push_back(refusal);
        master.write(r::error_clear, 0);
      }
    });
    sc_core::sc_start(ns(1));
    CHECK(seen == expected_);
  }

 private:
  std::vector<Command> commands_;
  std::vector<Refusal> expected_;
};

constexpr Refusal illegal(std::uint32_t value) { return {Status::command_error, 2, value}; }
constexpr Refusal load_misaligned(std::uint32_t address) { return {Status::command_error, 4, address}; }
constexpr Refusal load_fault(std::uint32_t address) { return {Status::command_error, 5, address}; }
constexpr Refusal store_misaligned(std::uint32_t address) { return {Status::command_error, 6, address}; }
constexpr Refusal store_fault(std::uint32_t address) { return {Status::command_error, 7, address}; }
constexpr Refusal accepted{};

}  // namespace

TEST_CASE("a vector command reads its operands, writes its result and raises its counter") {
  Command command = make(VectorCommand::vadd, 3);
  command.format1 = Format::int16;
  command.format_dst = Format::int16;
  command.shift = 1;
  command.rounding = unit::Rounding::floor;
  command.completion = test::completion_word(6, 4);
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x1000, {10, 100000, -7});
  bench.put<std::int16_t>(0x2000, {-3, 1, 2});
  bench.put<std::int16_t>(0x3000, {-1, -1, -1, -1});
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  CHECK(bench.get<std::int16_t>(0x3000, 4) == std::vector<std::int16_t>{3, 32767, -3, -1});
  CHECK(bench.unit.saturated() == 1);
  CHECK(bench.unit.elements() == 3);
  CHECK(bench.board.counter(6) == 4);
  CHECK(bench.board.busy_units() == 0);
}

TEST_CASE("a command takes its reads, a cycle for each full or part set of lanes, four to fill, its write") {
  SECTION("two operands") {
    Command command = make(VectorCommand::vadd, 100);
    Bench bench([&](Master& master) { master.issue(command); });
    CHECK(time_of(bench) == ns(2 + 2 + 7 + 4 + 2));
  }
  SECTION("an exact number of lanes") {
    Command command = make(VectorCommand::vrelu, 32);
    Bench bench([&](Master& master) { master.issue(command); });
    CHECK(time_of(bench) == ns(2 + 2 + 4 + 2));
  }
  SECTION("no operand in memory") {
    Command command = make(VectorCommand::vfill, 1);
    Bench bench([&](Master& master) { master.issue(command); });
    CHECK(time_of(bench) == ns(1 + 4 + 2));
  }
}

TEST_CASE("the result appears when it is written, not when the command begins") {
  Bench bench([](Master& master) { master.issue(make(VectorCommand::vcopy, 1)); });
  bench.put<std::int32_t>(0x1000, {77});
  sc_core::sc_start(ns(6));
  CHECK(bench.get<std::int32_t>(0x3000, 1).front() == 0);
  sc_core::sc_start(ns(2));
  CHECK(bench.get<std::int32_t>(0x3000, 1).front() == 77);
}

TEST_CASE("the sum of rows that follow each other is one read") {
  Command command = make(VectorCommand::vsumr, 4);
  command.count = 3;
  command.src_stride = 16;
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x1000, {1, 2, 3, 4, 10, 20, 30, 40, 100, 200, 300, 400});
  CHECK(time_of(bench) == ns(2 + 1 + 4 + 2));
  CHECK(bench.get<std::int32_t>(0x3000, 4) == std::vector<std::int32_t>{111, 222, 333, 444});
  CHECK(bench.buffer.socket.traffic().reads == 1);
  CHECK(bench.buffer.socket.traffic().bytes_read == 48);
  CHECK(bench.unit.elements() == 12);
}

TEST_CASE("the sum of scattered rows reads each of them, also backwards") {
  Command command = make(VectorCommand::vsumr, 2);
  command.count = 3;
  bool backwards = false;
  SECTION("ascending") { command.src_stride = 12; }
  SECTION("descending") {
    backwards = true;
    command.src0 = 0x1018;
    command.src_stride = -12;
  }
  CAPTURE(backwards);
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x1000, {1, 2, -9, 10, 20, -9, 100, 200, -9});
  CHECK(time_of(bench) == ns(3 * 2 + 1 + 4 + 2));
  CHECK(bench.get<std::int32_t>(0x3000, 2) == std::vector<std::int32_t>{111, 222});
  CHECK(bench.buffer.socket.traffic().reads == 3);
}

TEST_CASE("the sum of rows takes a lane for every element of every row") {
  Command command = make(VectorCommand::vsumr, 128);
  command.count = 7;
  command.src_stride = 512;
  Bench bench([&](Master& master) { master.issue(command); });
  CHECK(time_of(bench) == ns(2 + 56 + 4 + 2));
}

TEST_CASE("a sum of products starts from what the result holds") {
  Command command = make(VectorCommand::vmac, 3);
  command.format_dst = Format::int16;
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x1000, {2, -3, 40000});
  bench.put<std::int32_t>(0x2000, {5, 7, 1});
  bench.put<std::int16_t>(0x3000, {100, 200, 300, -1});
  CHECK(time_of(bench) == ns(3 * 2 + 1 + 4 + 2));
  CHECK(bench.get<std::int16_t>(0x3000, 4) == std::vector<std::int16_t>{110, 179, 32767, -1});
}

TEST_CASE("a gather reads a run for every index, and none where the index is negative") {
  Command command = make(VectorCommand::vgather, 4);
  command.count = 2;
  command.format0 = Format::int8;
  command.format1 = Format::int16;
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int8_t>(0x1000, {10, 11, 12, 13, 14, 15});
  bench.put<std::int16_t>(0x2000, {4, -1, 0, 3});
  bench.put<std::int32_t>(0x3000, {7, 7, 7, 7, 7, 7, 7, 7, 7});
  CHECK(time_of(bench) == ns(2 + 3 * 2 + 1 + 4 + 2));
  CHECK(bench.get<std::int32_t>(0x3000, 9) == std::vector<std::int32_t>{14, 15, 0, 0, 10, 11, 13, 14, 7});
  CHECK(bench.unit.elements() == 8);
}

TEST_CASE("a gather of kernel rows is the im2col matrix of a padded convolution") {
  constexpr int height = 4;
  constexpr int width = 5;
  constexpr int kernel = 3;
  std::vector<std::int32_t> image(height * width);
  std::iota(image.begin(), image.end(), 100);
  // Padding to the left and right of the image would cut a run in two, so the run is one element.
  std::vector<std::int32_t> indices;
  std::vector<std::int32_t> expected;
  for (int y = -1; y + kernel <= height + 1; ++y) {
    for (int x = -1; x + kernel <= width + 1; ++x) {
      for (int tap = 0; tap < kernel * kernel; ++tap) {
        const int row = y + tap / kernel;
        const int column = x + tap % kernel;
        const bool inside = row >= 0 && row < height && column >= 0 && column < width;
        indices.push_back(inside ? row * width + column : -1);
        expected.push_back(inside ? image[static_cast<std::size_t>(row * width + column)] : 0);
      }
    }
  }
  Command command = make(VectorCommand::vgather, static_cast<std::uint32_t>(indices.size()));
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put(0x1000, image);
  bench.put(0x2000, indices);
  time_of(bench);
  CHECK(bench.get<std::int32_t>(0x3000, expected.size()) == expected);
}

TEST_CASE("a gather whose run leaves the buffer is a fault at the run's address") {
  constexpr std::uint32_t end = window_base + window_size;
  Command command = make(VectorCommand::vgather, 2);
  command.count = 2;
  command.src0 = end - 16;
  std::int32_t index = 3;
  std::uint32_t address = end - 4;
  SECTION("in part") {}
  SECTION("beyond 32 bits") {
    index = 0x7fffffff;
    address = static_cast<std::uint32_t>(end - 16 + std::uint64_t{4} * 0x7fffffff);
  }
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x2000, {2, index});
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  const auto fault = bench.board.take_fault();
  REQUIRE(fault);
  CHECK(fault->fault.cause == unit::Cause::load_access_fault);
  CHECK(fault->fault.value == address);
}

TEST_CASE("a transposition packs or spreads the rows of its result") {
  Command command = make(VectorCommand::vtrans, 3);
  command.count = 2;
  command.src_stride = 16;
  command.format_dst = Format::int16;
  command.dst_stride = 4;
  unsigned writes = 1;
  std::vector<std::int16_t> expected{1, 4, 2, 5, 3, 6, -1};
  SECTION("packed") {}
  SECTION("spread") {
    command.dst_stride = 6;
    writes = 3;
    expected = {1, 4, -1, 2, 5, -1, 3, 6, -1};
  }
  Bench bench([&](Master& master) { master.issue(command); });
  bench.put<std::int32_t>(0x1000, {1, 2, 3, -9, 4, 5, 6});
  bench.put<std::int16_t>(0x3000, std::vector<std::int16_t>(9, -1));
  CHECK(time_of(bench) == ns(2 * 2 + 1 + 4 + 2 * writes));
  CHECK(bench.buffer.socket.traffic().writes == writes);
  CHECK(bench.get<std::int16_t>(0x3000, expected.size()) == expected);
}

TEST_CASE("a transposition whose rows do not fit is refused") {
  constexpr std::uint32_t end = window_base + window_size;
  Refusals refusals;
  Command command = make(VectorCommand::vtrans, 3);
  command.count = 2;
  command.src_stride = 12;
  command.dst_stride = 8;
  refusals.expect(command, accepted);
  command.dst_stride = 6;
  refusals.expect(command, store_misaligned(0x3006));
  command.dst_stride = -0x3000;
  refusals.expect(command, store_fault(0));
  command.dst_stride = 8;
  command.dst = end - 20;
  refusals.expect(command, store_fault(end - 4));
  command.dst = 0x3000;
  command.count = 0;
  refusals.expect(command, illegal(0));
  command.count = 2;
  command.length = 0x800;
  command.src_stride = 0;
  refusals.expect(command, illegal(2));
  Command gather = make(VectorCommand::vgather, 0x1000);
  gather.count = 5;
  gather.format1 = Format::int8;
  refusals.expect(gather, illegal(5));
  refusals.check();
}

TEST_CASE("floating-point formats are refused where they are used") {
  Refusals refusals;
  Command command = make(VectorCommand::vadd, 4);
  command.format1 = Format::fp32;
  refusals.expect(command, illegal(3));
  command.opcode = static_cast<std::uint8_t>(VectorCommand::vadds);
  refusals.expect(command, accepted);
  command.format0 = Format::fp16;
  refusals.expect(command, illegal(4));
  command.opcode = static_cast<std::uint8_t>(VectorCommand::vfill);
  refusals.expect(command, accepted);
  command.format_dst = Format::bf16;
  refusals.expect(command, illegal(5));
  refusals.check();
}

TEST_CASE("a result may overwrite its operand") {
  Command command = make(VectorCommand::vadds, 300);
  command.dst = command.src0;
  command.src1 = 5;
  Bench bench([&](Master& master) { master.issue(command); });
  std::vector<std::int32_t> values(300);
  std::iota(values.begin(), values.end(), 0);
  bench.put(0x1000, values);
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  for (std::int32_t& value : values) value += 5;
  CHECK(bench.get<std::int32_t>(0x1000, 300) == values);
}

TEST_CASE("a reduction writes a single element") {
  Bench bench([](Master& master) { master.issue(make(VectorCommand::vmaxe, 4)); });
  bench.put<std::int32_t>(0x1000, {1, 9, -2, 3});
  bench.put<std::int32_t>(0x3000, {-1, -1});
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  CHECK(bench.get<std::int32_t>(0x3000, 2) == std::vector<std::int32_t>{9, -1});
}

TEST_CASE("energy is booked by element and class") {
  Bench bench([](Master& master) {
    Command rows = make(VectorCommand::vsumr, 10);
    rows.count = 3;
    rows.src_stride = 40;
    for (const Command& command : {make(VectorCommand::vadd, 7), rows, make(VectorCommand::vmul, 5),
                                   make(VectorCommand::vmuls, 6), make(VectorCommand::vtanh, 2)}) {
      master.issue(command);
    }
  });
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  std::uint64_t found = 0;
  for (const EnergyLedger::Account& account : bench.context.energy.accounts()) {
    if (account.component() != "vector") continue;
    ++found;
    if (account.operation() == "vector element") CHECK(account.count() == 37);
    if (account.operation() == "vector multiplication") CHECK(account.count() == 11);
    if (account.operation() == "vector table look-up") CHECK(account.count() == 2);
  }
  CHECK(found == 3);
  CHECK(bench.context.energy.total().value() == Approx((37 * 1 + 11 * 10 + 2 * 100) * 1e-12));
}

TEST_CASE("every vector instruction of the table is accepted, other opcodes are illegal") {
  std::vector<Status> answers(256);
  auto config = unit_config();
  config.unit.queue_depth = 255;
  Bench bench(
      [&](Master& master) {
        for (unsigned opcode = 0; opcode < 256; ++opcode) {
          Command command = make(VectorCommand::vadd, 4);
          command.opcode = static_cast<std::uint8_t>(opcode);
          command.dst_stride = 4;  // for a transposition
          answers[opcode] = master.issue(command);
        }
      },
      config);
  sc_core::sc_start(ns(1));
  std::vector<Status> expected(256, Status::command_error);
  for (const xweft::Instruction& each : xweft::instructions) {
    if (each.unit == xweft::Unit::vector) expected[each.command] = Status::ok;
  }
  CHECK(answers == expected);
}

TEST_CASE("an opcode, a length or a count that cannot be is an illegal instruction") {
  Refusals refusals;
  Command command = make(VectorCommand::vadd, 4);
  command.opcode = 200;
  refusals.expect(command, illegal(200));
  refusals.expect(make(VectorCommand::vadd, 0), illegal(0));
  Command rows = make(VectorCommand::vsumr, 1000);
  rows.count = 0;
  refusals.expect(rows, illegal(0));
  rows.count = 5;  // on top of each other, and together more than the buffer
  refusals.expect(rows, illegal(5));
  rows.count = 4;
  refusals.expect(rows, accepted);
  refusals.check();
}

TEST_CASE("operands that are not aligned to their elements are refused") {
  Refusals refusals;
  Command command = make(VectorCommand::vadd, 4);
  command.src0 = 0x1002;
  refusals.expect(command, load_misaligned(0x1002));
  command.format0 = Format::int16;
  refusals.expect(command, accepted);
  command.src1 = 0x2001;
  command.format1 = Format::int16;
  refusals.expect(command, load_misaligned(0x2001));
  command.format1 = Format::int8;
  refusals.expect(command, accepted);
  command.dst = 0x3002;
  refusals.expect(command, store_misaligned(0x3002));
  Command rows = make(VectorCommand::vsumr, 4);
  rows.count = 2;
  rows.src_stride = 18;
  refusals.expect(rows, load_misaligned(0x1012));
  refusals.check();
}

TEST_CASE("operands outside the buffer are refused") {
  constexpr std::uint32_t end = window_base + window_size;
  Refusals refusals;
  Command command = make(VectorCommand::vadd, 4);
  command.src0 = window_base - 4;
  refusals.expect(command, load_fault(window_base - 4));
  command.src0 = window_base;
  command.src1 = end - 16;
  refusals.expect(command, accepted);
  command.src1 = end - 12;
  refusals.expect(command, load_fault(end - 12));
  command.src1 = 0x2000;
  command.dst = end - 4;
  refusals.expect(command, store_fault(end - 4));
  command.opcode = static_cast<std::uint8_t>(VectorCommand::vsum);
  refusals.expect(command, accepted);
  Command rows = make(VectorCommand::vsumr, 4);
  rows.count = 3;
  rows.src0 = window_base + 16;
  rows.src_stride = -16;
  refusals.expect(rows, load_fault(window_base - 16));
  refusals.expect(make(VectorCommand::vadd, 0x40000001), load_fault(0x1000));
  Command scalar = make(VectorCommand::vadds, 4);
  scalar.src1 = 0xffffffff;
  refusals.expect(scalar, accepted);
  refusals.check();
}

TEST_CASE("a transaction that the buffer refuses is a fault of the tile") {
  auto config = unit_config();
  config.unit.window.size += 0x1000;
  Command command = make(VectorCommand::vadd, 4);
  std::uint32_t cause = 0;
  std::uint32_t address = window_base + window_size;
  SECTION("load") {
    command.src1 = address;
    cause = 5;
  }
  SECTION("store") {
    command.dst = address;
    cause = 7;
  }
  Bench bench([&](Master& master) { master.issue(command); }, config);
  sc_core::sc_start(sc_core::sc_time(1, sc_core::SC_US));
  const auto fault = bench.board.take_fault();
  REQUIRE(fault);
  CHECK(fault->unit == unit::vector_index);
  CHECK(static_cast<std::uint32_t>(fault->fault.cause) == cause);
  CHECK(fault->fault.value == address);
  CHECK(bench.unit.operations() == 0);
}

TEST_CASE("a vector unit without lanes is refused") {
  Context context;
  auto config = unit_config();
  config.lanes = 0;
  CHECK_THROWS_WITH(VectorUnit("v", config, context), Catch::Contains("at least 1 lane"));
}
