// SPDX-License-Identifier: Apache-2.0
#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test::crossbar_bench;
using test::Master;
using test::ns;
using test::Operands;
using unit::Cause;
namespace r = unit::registers;

namespace {

struct Refusal {
  Status status = Status::ok;
  std::uint32_t cause = 0;
  std::uint32_t value = 0;
};

// Issues one command to a fresh unit and lets it run to its end.
Refusal refusal(const Command& wrong, const CrossbarUnitConfig& config = config_of_test(),
                const std::function<void(Bench&)>& prepare = nullptr) {
  test::fresh_kernel();
  Refusal result;
  Bench bench(
      [&](Master& master) {
        result.status = master.issue(wrong);
        master.wait_until_idle();
        result.cause = master.read(r::error_cause);
        result.value = master.read(r::error_value);
      },
      config);
  if (prepare) prepare(bench);
  sc_core::sc_start();
  CHECK(bench.unit.operations() == (result.cause == 0 ? 1 : 0));
  CHECK(bench.listener.taken == (result.status == Status::ok ? 1 : 0));
  CHECK(bench.listener.done == (result.cause == 0 ? 1 : 0));
  CHECK(bench.listener.done + bench.listener.faults.size() == bench.listener.taken);
  return result;
}

void check_refused(const Command& wrong, Cause cause, std::uint32_t value) {
  const Refusal found = refusal(wrong);
  CHECK(found.status == Status::command_error);
  CHECK(found.cause == static_cast<std::uint32_t>(cause));
  CHECK(found.value == value);
}

constexpr CrossbarCommand all_commands[] = {
    CrossbarCommand::mvm,   CrossbarCommand::mtvm, CrossbarCommand::opa,  CrossbarCommand::prog,
    CrossbarCommand::rdarr, CrossbarCommand::crs,  CrossbarCommand::mvma, CrossbarCommand::mtvma};

}  // namespace

TEST_CASE("a part larger than the array is refused, with the length") {
  for (const CrossbarCommand opcode : all_commands) {
    for (const std::uint32_t length :
         {part(rows + 1, columns), part(rows, columns + 1), part(0xffff, 0xffff)}) {
      Command wrong = command(opcode);
      wrong.length = length;
      check_refused(wrong, Cause::illegal_instruction, length);
    }
    Command whole = command(opcode);
    whole.length = part(rows, columns);
    CHECK(refusal(whole).cause == 0);
  }
}

TEST_CASE("an opcode that does not exist is refused") {
  for (const std::uint8_t opcode : {std::uint8_t{0}, std::uint8_t{100}, std::uint8_t{255}}) {
    Command wrong = command(CrossbarCommand::crs);
    wrong.opcode = opcode;
    check_refused(wrong, Cause::illegal_instruction, opcode);
  }
}

TEST_CASE("a streamed operand has 1 to 15 magnitude bits") {
  for (const CrossbarCommand opcode : {CrossbarCommand::mvm, CrossbarCommand::mtvm, CrossbarCommand::opa,
                                       CrossbarCommand::mvma, CrossbarCommand::mtvma}) {
    for (const unsigned bits : {0u, 16u, 31u}) {
      check_refused(command(opcode, bits), Cause::illegal_instruction, bits);
    }
    for (const unsigned bits : {1u, 15u}) CHECK(refusal(command(opcode, bits)).cause == 0);
  }
  for (const CrossbarCommand opcode : {CrossbarCommand::prog, CrossbarCommand::rdarr, CrossbarCommand::crs}) {
    CHECK(refusal(command(opcode, 0)).cause == 0);
  }
}

TEST_CASE("operands are aligned and in the buffer, the last byte included") {
  const auto with_src0 = [](CrossbarCommand opcode, std::uint32_t address) {
    Command result = command(opcode);
    result.src0 = address;
    return result;
  };
  const auto with_dst = [](CrossbarCommand opcode, std::uint32_t address) {
    Command result = command(opcode);
    result.dst = address;
    return result;
  };
  using C = CrossbarCommand;
  check_refused(with_src0(C::mvm, 0x101), Cause::load_misaligned, 0x101);
  check_refused(with_src0(C::prog, 0x102), Cause::load_misaligned, 0x102);
  check_refused(with_dst(C::mtvm, 0x102), Cause::store_misaligned, 0x102);
  check_refused(with_dst(C::rdarr, 0x102), Cause::store_misaligned, 0x102);
  Command odd = command(C::opa);
  odd.src1 = 0x401;
  check_refused(odd, Cause::load_misaligned, 0x401);

  struct Extent {
    C opcode;
    bool is_source;
    std::uint32_t bytes;
  };
  const Extent extents[] = {{C::mvm, true, 2 * rows},
                            {C::mvm, false, 4 * columns},
                            {C::mtvm, true, 2 * columns},
                            {C::mtvm, false, 4 * rows},
                            {C::opa, true, 2 * rows},
                            {C::prog, true, 4 * rows * columns},
                            {C::rdarr, false, 4 * rows * columns}};
  for (const Extent& each : extents) {
    INFO("command " << static_cast<unsigned>(each.opcode) << ", source " << each.is_source);
    const std::uint32_t last = buffer_size - each.bytes;
    const auto at = [&](std::uint32_t address) {
      return each.is_source ? with_src0(each.opcode, address) : with_dst(each.opcode, address);
    };
    CHECK(refusal(at(last)).cause == 0);
    check_refused(at(last + 4), each.is_source ? Cause::load_access_fault : Cause::store_access_fault,
                  last + 4);
  }
  Command second = command(C::opa);
  second.src1 = buffer_size - 2 * columns + 2;
  check_refused(second, Cause::load_access_fault, second.src1);
}

TEST_CASE("an operand with too many bits is accepted and fails when it is read, with its address") {
  const auto prepare = [](Bench& bench) {
    Operands x(rows, 1);
    x[5] = -16;
    bench.put(src0_at, x);
  };
  for (const CrossbarCommand opcode : {CrossbarCommand::mvm, CrossbarCommand::mtvm}) {
    const Refusal found = refusal(command(opcode, 4), config_of_test(), prepare);
    CHECK(found.status == Status::ok);
    CHECK(found.cause == 2);
    CHECK(found.value == src0_at + 2 * 5);
    CHECK(refusal(command(opcode, 5), config_of_test(), prepare).cause == 0);
  }
  // Outer products are checked behind the filter, which does not say which element it was.
  const Refusal update = refusal(command(CrossbarCommand::opa, 4), config_of_test(), prepare);
  CHECK(update.status == Status::ok);
  CHECK(update.cause == 2);
  CHECK(update.value == src0_at);
}

TEST_CASE("with exact arithmetic a product that is not provable fails with its opcode") {
  CrossbarUnitConfig config = config_of_test();
  config.array.arithmetic = Arithmetic::exact;
  config.array.adc_bits = 2;
  const auto prepare = [](Bench& bench) { bench.put(src0_at, Operands(rows, 1)); };
  const Refusal found = refusal(command(CrossbarCommand::mvm), config, prepare);
  CHECK(found.status == Status::ok);
  CHECK(found.cause == 2);
  CHECK(found.value == static_cast<std::uint32_t>(CrossbarCommand::mvm));
}

TEST_CASE("a failed command neither takes the time of a product nor spends its energy") {
  Operands x(rows, 100);
  Timing timing;
  Bench bench(run_all({command(CrossbarCommand::mvm, 4)}, timing));
  bench.put(src0_at, x);
  sc_core::sc_start();
  check_time(timing.times[0], sc_core::SC_ZERO_TIME);
  CHECK(bench.counts()["mvm_slice_step"] == 0);
}

TEST_CASE("reset drops what waits and leaves the cells as they are") {
  Bench* self = nullptr;
  Bench bench([&](Master& master) {
    master.issue(command(CrossbarCommand::prog));
    master.wait_until_idle();
    master.issue(command(CrossbarCommand::mvm));
    master.issue(command(CrossbarCommand::mvm));
    master.sleep(ns(500));
    self->unit.reset();
  });
  self = &bench;
  const auto weights = small_weights();
  bench.put(weights_at, weights);
  sc_core::sc_start();
  CHECK(bench.unit.operations() == 0);
  CHECK(bench.counts()["mvm_slice_step"] == 10 * slices);
  CHECK(bench.unit.array().weight(2, 3) == weights[2 * columns + 3]);
}

TEST_CASE("the update port takes whole rows, whole outer products and carry resolution, and nothing else") {
  Context context;
  CrossbarUnit unit("unit", config_of_test(), context);
  Listener listener;
  test::Target unused_operands("unused_operands");
  test::Target unused_filter("unused_filter");
  test::Driver window("window");
  test::Driver port("port");
  window.socket.bind(unit.window);
  unit.operands.bind(unused_operands.socket);
  unit.update_out.bind(unused_filter.socket);
  unit.completion.bind(listener);
  port.socket.bind(unit.update);
  test::elaborate();

  std::vector<std::uint8_t> bytes(4096, 0);
  const auto write = [&](std::uint64_t address, std::uint32_t size) {
    return port.socket.write(address, bytes.data(), size, port.delay);
  };
  CHECK(write(program_address(rows - 1), 4 * columns) == Status::ok);
  CHECK(port.delay == us(2));
  CHECK(write(program_address(rows), 4 * columns) == Status::address_error);
  CHECK(write(program_address(0) + 4, 4) == Status::burst_error);
  CHECK(write(program_address(0), 6) == Status::burst_error);
  CHECK(write(program_address(0), 4 * (rows + columns)) == Status::burst_error);
  CHECK(write(carry_resolution_address, 4) == Status::ok);
  CHECK(write(carry_resolution_address + 4, 4) == Status::address_error);
  CHECK(write(outer_product_address + 4, 16) == Status::address_error);
  CHECK(port.socket.read(program_address(0), bytes.data(), 4, port.delay) == Status::command_error);
  CHECK(port.socket.write_debug(program_address(0), bytes.data(), 4) == Status::address_error);

  const auto update = [&](std::uint16_t used_rows, std::uint16_t used_columns, std::uint16_t bits,
                          std::uint32_t size) {
    const UpdateHeader header{used_rows, used_columns, bits, 0};
    std::memcpy(bytes.data(), &header, sizeof header);
    return write(outer_product_address, size);
  };
  const std::uint32_t whole = sizeof(UpdateHeader) + 2 * (rows + columns);
  CHECK(update(rows, columns, 10, whole) == Status::ok);
  CHECK(update(rows, columns, 10, whole - 2) == Status::burst_error);
  CHECK(update(rows, columns, 10, 6) == Status::burst_error);
  CHECK(update(rows, columns, 0, whole) == Status::generic_error);
  CHECK(update(rows, columns, 16, whole) == Status::generic_error);
  CHECK(update(rows + 1, columns, 10, whole + 2) != Status::ok);
  CHECK(update(rows, columns + 1, 10, whole + 2) != Status::ok);
  CHECK(unit.array().statistics().opas == 1);
}
