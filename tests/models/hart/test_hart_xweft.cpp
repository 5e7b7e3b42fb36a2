// SPDX-License-Identifier: Apache-2.0
// The hart of a tile: Xweft instructions, waits and traps.
#include <catch2/catch.hpp>

#include "models/unit/registers.h"
#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;
using hart::TrapEvent;
using hart::WaitKind;

namespace {

constexpr std::uint32_t wdim(unsigned rows, unsigned columns) { return rows | columns << 16; }

// A program that has a trap handler, for the 8 x 8 arrays of the small tile.
Code prepared() {
  Code code;
  code.set_csr(csr_mtvec, handler_at);
  code.set_csr(xweft::csr_wbits, 10);
  code.set_csr(xweft::csr_wlen, 16);
  return code;
}

// Runs `code`, whose last instruction traps, and returns the one trap it takes.
TrapEvent only_trap(Code code, std::uint32_t* address = nullptr) {
  const std::uint32_t last = tile_base + code.bytes() - 4;
  code.end();
  TileRig rig;
  rig.run(code);
  REQUIRE(rig.traps.size() == 1);
  CHECK_FALSE(rig.traps[0].interrupt);
  CHECK(rig.traps[0].pc == last);
  CHECK(rig.state().pc >= handler_at);
  if (address != nullptr) *address = last;
  return rig.traps[0];
}

void check_trap(const Code& code, std::uint32_t cause, std::uint32_t value) {
  const TrapEvent event = only_trap(code);
  CHECK(event.cause == cause);
  CHECK(event.value == value);
}

std::uint32_t raised(unsigned counter, unsigned amount) { return 1u << 31 | counter << 16 | amount; }

}  // namespace

TEST_CASE("an unknown Xweft encoding is an illegal instruction") {
  for (const std::uint32_t word : {0x0600000bu, 0x0000005bu | 7u << 12, 0x0000007bu, 0x0000700bu}) {
    fresh_kernel();
    check_trap(prepared() << word, 2, word);
  }
}

TEST_CASE("a register that the instruction does not use must be x0, or it is illegal") {
  const std::uint32_t word = xweft::encode(*xweft::find("crs"), {a0, a1, 0, a3});
  check_trap(prepared() << word, 2, word);
}

TEST_CASE("a vendor CSR refuses values that it does not have") {
  Code code = prepared();
  code.set_csr(xweft::csr_wfmt, 6);
  check_trap(code, 2, code.words.back());
  fresh_kernel();
  Code read_only = prepared();
  read_only.set_csr(xweft::csr_wunits, 1);
  check_trap(read_only, 2, read_only.words.back());
}

TEST_CASE("a crossbar unit that does not exist is an access fault at its window") {
  check_trap(prepared().xweft("crs", 0, 0, 0x6), 7, crossbar_window(2));
  fresh_kernel();
  check_trap(prepared().xweft("crs", 0, 0, 1u << 31), 7, crossbar_window(31));
}

TEST_CASE("an empty mask is an illegal instruction") {
  Code code = prepared().xweft("crs", 0, 0, 0);
  check_trap(code, 2, code.words.back());
}

TEST_CASE("misaligned operands trap as such, with their address") {
  check_trap(prepared().xweft("mvm", data_at + 1, data_at + 0x100, 1), 4, data_at + 1);
  fresh_kernel();
  check_trap(prepared().xweft("mvm", data_at, data_at + 0x102, 1), 6, data_at + 0x102);
  fresh_kernel();
  // The second unit of the mask is wsstr further on.
  Code code = prepared().set_csr(xweft::csr_wsstr, 3);
  check_trap(code.xweft("mvm", data_at, data_at + 0x100, 3), 4, data_at + 3);
}

TEST_CASE("operands outside the tile's buffer are access faults with their address") {
  const std::uint32_t end = tile_base + buffer_bytes;
  check_trap(prepared().xweft("mvm", end - 14, data_at, 1), 5, end - 14);
  fresh_kernel();
  check_trap(prepared().xweft("mvm", data_at, end - 28, 1), 7, end - 28);
  fresh_kernel();
  check_trap(prepared().xweft("mvm", system_base, data_at, 1), 5, system_base);
  fresh_kernel();
  check_trap(prepared().xweft("vcopy", data_at, 0, 0), 7, 0);
}

TEST_CASE("a descriptor that the unit refuses makes the instruction illegal") {
  Code no_bits = prepared().set_csr(xweft::csr_wbits, 0).xweft("mvm", data_at, data_at + 0x100, 1);
  check_trap(no_bits, 2, no_bits.words.back());
  fresh_kernel();
  Code too_wide = prepared().set_csr(xweft::csr_wdim, wdim(8, 9)).xweft("crs", 0, 0, 1);
  check_trap(too_wide, 2, too_wide.words.back());
  fresh_kernel();
  Code no_elements = prepared().set_csr(xweft::csr_wlen, 0).xweft("vcopy", data_at, 0, data_at);
  check_trap(no_elements, 2, no_elements.words.back());
  fresh_kernel();
  Code no_counter = prepared().set_csr(xweft::csr_wcomp, raised(32, 1)).xweft("crs", 0, 0, 1);
  check_trap(no_counter, 2, no_counter.words.back());
}

TEST_CASE("synchronisation with what does not exist is illegal") {
  Code no_unit = prepared().xweft("wait", 48u << 24);
  check_trap(no_unit, 2, no_unit.words.back());
  fresh_kernel();
  Code no_counter = prepared().xweft("cwait", 32, 0);
  check_trap(no_counter, 2, no_counter.words.back());
  fresh_kernel();
  Code no_remote_counter = prepared().xweft("cadd", 32, 1);
  check_trap(no_remote_counter, 2, no_remote_counter.words.back());
  fresh_kernel();
  Code no_tile = prepared().xweft("cadd", 1u << 16, 1);
  check_trap(no_tile, 2, no_tile.words.back());
  const std::pair<std::uint32_t, std::uint32_t> barriers[] = {{32, 1},        // counter 32
                                                              {0, 0},         // of nobody
                                                              {0, 2},         // of more tiles than there are
                                                              {1u << 16, 1},  // without this tile
                                                              {0, 0xffffffff}};  // everything
  for (const auto& [where, tiles] : barriers) {
    fresh_kernel();
    Code barrier = prepared().xweft("barrier", where, tiles);
    check_trap(barrier, 2, barrier.words.back());
  }
}

TEST_CASE("a DMA transfer that fails later traps the wait for it, with the address") {
  Code from_nowhere = prepared().xweft("dma", nowhere, data_at, 64).wait_for_ticket();
  check_trap(from_nowhere, 5, nowhere);
  fresh_kernel();
  Code to_nowhere = prepared().xweft("dma", data_at, nowhere, 64).wait_for_ticket();
  check_trap(to_nowhere, 7, nowhere);
}

TEST_CASE("a fault that nobody waits for traps the next Xweft instruction, which is not executed") {
  Code code = prepared().xweft("dma", nowhere, data_at, 64);
  for (int i = 0; i < 200; ++i) code << nop;
  code.xweft("cadd", 5, 1);
  TileRig rig;
  const std::uint32_t last = tile_base + code.bytes() - 4;
  rig.run(code.end());
  REQUIRE(rig.traps.size() == 1);
  CHECK(rig.traps[0].cause == 5);
  CHECK(rig.traps[0].value == nowhere);
  CHECK(rig.traps[0].pc == last);
  CHECK(rig.tile.board().counter(5) == 0);
}

TEST_CASE("a fault ends the sleep in cwait") {
  Code code = prepared().xweft("dma", nowhere, data_at, 64).xweft("cwait", 3, 1);
  check_trap(code, 5, nowhere);
}

TEST_CASE("a fault ends the sleep in waitm") {
  Code code = prepared().xweft("dma", nowhere, data_at, 64).xweft("waitm", 1);
  check_trap(code, 5, nowhere);
}

TEST_CASE("an operand that overflows its bits is a unit error with the operand's address") {
  Code code = prepared();
  code.set_csr(xweft::csr_wbits, 4);
  code.li(t0, 15).li(t1, data_at);
  code << sh(t0, 0, t1) << sh(t0, 2, t1);
  code.li(t0, 16).li(t1, data_at);
  code << sh(t0, 4, t1);
  code.xweft("mvm", data_at, data_at + 0x100, 1).wait_for_ticket();
  check_trap(code, 24, data_at + 4);
}

TEST_CASE("every fault traps once, oldest first, and the handler can go on") {
  Code code = prepared();
  // The first transfer keeps the others waiting, so that no instruction finds a fault too early.
  code.xweft("dma", system_base, data_at, 4).xweft("dma", nowhere, data_at, 4);
  code.xweft("dma", data_at, nowhere + 4, 4).xweft("waitm", 1).xweft("waitm", 1).xweft("cadd", 5, 7).end();
  Code handler;
  handler << csrr(t0, csr_mepc);
  handler << addi(t0, t0, 4) << csrw(csr_mepc, t0) << mret_word;
  TileRig rig;
  rig.load(handler_at, handler);
  rig.load(tile_base, code);
  elaborate();
  rig.start();
  sc_core::sc_start();
  REQUIRE(rig.traps.size() == 2);
  CHECK(rig.traps[0].cause == 5);
  CHECK(rig.traps[0].value == nowhere);
  CHECK(rig.traps[1].cause == 7);
  CHECK(rig.traps[1].value == nowhere + 4);
  CHECK(rig.tile.board().counter(5) == 7);
}

TEST_CASE("without the extension its instructions and CSRs are illegal") {
  // A host's hart has no Xweft; a hart module alone shows it.
  Context context;
  hart::HartConfig config;
  config.core.reset_pc = 0x1000;
  config.starts_running = true;
  hart::Hart host("host", config, context);
  Target memory("memory");
  std::vector<std::uint32_t> words{xweft::find("waitm")->bits, csrr(t0, xweft::csr_wlen)};
  memory.socket.on_access([&](const Transfer& transfer, sc_core::sc_time&) {
    if (transfer.address < 0x1000 || transfer.address + transfer.size > 0x1008) return Status::address_error;
    std::memcpy(transfer.data, reinterpret_cast<std::uint8_t*>(words.data()) + (transfer.address - 0x1000),
                transfer.size);
    return Status::ok;
  });
  Target unused("unused");
  host.fetch_socket.bind(memory.socket);
  host.data_socket.bind(unused.socket);
  sc_core::sc_signal<bool> low("low");
  host.software_interrupt.bind(low);
  host.timer_interrupt.bind(low);
  host.external_interrupt.bind(low);
  std::vector<TrapEvent> traps;
  host.set_trap_observer([&](const TrapEvent& event) { traps.push_back(event); });
  sc_core::sc_start();
  REQUIRE_FALSE(traps.empty());
  CHECK(traps[0].cause == 2);
  CHECK(traps[0].value == words[0]);
}

TEST_CASE("a ticket names the command among those of its unit") {
  // Three products of 1.2 us each; the second one's ticket is waited for.
  Code code = prepared();
  code.xweft("mvm", data_at, data_at + 0x100, 1).xweft("mvm", data_at, data_at + 0x100, 1);
  code.save(a0, data_at + 0x200).xweft("mvm", data_at, data_at + 0x100, 1);
  code.li(t1, data_at + 0x200) << lw(a0, 0, t1);
  code.wait_for_ticket().save_csr(csr_mcycle, data_at + 0x204).end();
  TileRig rig;
  rig.start(code);
  const auto& unit = *rig.tile.crossbars()[0];
  sc_core::sc_start(ns(2000));
  CHECK(rig.state().kind == WaitKind::ticket);
  CHECK(rig.state().subject == unit::first_crossbar_index);
  CHECK(rig.state().target == 2);
  CHECK(rig.state().present == 1);
  CHECK(hart::describe(rig.state()).find("unit 8 has finished 1 commands, waits for 2") != std::string::npos);
  sc_core::sc_start(ns(600));
  CHECK(unit.operations() == 2);
  CHECK(rig.state().kind == WaitKind::interrupt);
  CHECK(rig.word(data_at + 0x200) == unit::ticket(unit::first_crossbar_index, 2));
  const double second_done = 2 * unit.busy_time().to_seconds() * 1e9 / 2;
  CHECK(rig.word(data_at + 0x204) >= second_done);
  CHECK(rig.word(data_at + 0x204) < second_done + 60);
  sc_core::sc_start();
  CHECK(unit.operations() == 3);
}

TEST_CASE("a mask's ticket is that of its last unit") {
  Code code = prepared().xweft("crs", 0, 0, 3).save(a0, data_at).end();
  TileRig rig;
  rig.run(code);
  CHECK(rig.word(data_at) == unit::ticket(unit::first_crossbar_index + 1, 1));
  CHECK(rig.tile.crossbars()[0]->operations() == 1);
  CHECK(rig.tile.crossbars()[1]->operations() == 1);
}

TEST_CASE("the units of a mask use operands a stride apart") {
  Code code = prepared();
  code.set_csr(xweft::csr_wdim, wdim(2, 2)).set_csr(xweft::csr_wsstr, 16);
  code.xweft("prog", data_at, 0, 3);
  code.set_csr(xweft::csr_wsstr, 4).set_csr(xweft::csr_wdstr, 8);
  code.xweft("mvm", data_at + 0x80, data_at + 0x100, 3).xweft("waitm", 0x300).end();
  TileRig rig;
  rig.put<std::int32_t>(data_at, {1, 2, 3, 4, 10, 20, 30, 40});
  rig.put<std::int16_t>(data_at + 0x80, {1, 1, 2, 3});
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.get<std::int32_t>(data_at + 0x100, 4) == std::vector<std::int32_t>{4, 6, 110, 160});
}

TEST_CASE("units that accumulate into one result add up") {
  std::vector<std::int32_t> weights(2 * 64);
  std::vector<std::int16_t> inputs(16);
  for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = static_cast<std::int32_t>(i * 7 % 23) - 11;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    inputs[i] = static_cast<std::int16_t>(static_cast<int>(3 * i) - 20);
  std::vector<std::int32_t> expected(8, 1000);
  for (std::size_t unit = 0; unit < 2; ++unit) {
    for (std::size_t i = 0; i < 64; ++i) expected[i % 8] += inputs[8 * unit + i / 8] * weights[64 * unit + i];
  }
  constexpr std::uint32_t inputs_at = data_at + 0x400;
  constexpr std::uint32_t sums_at = data_at + 0x500;
  Code code = prepared().set_csr(xweft::csr_wsstr, 256).xweft("prog", data_at, 0, 3);
  code.set_csr(xweft::csr_wsstr, 16).set_csr(xweft::csr_wdstr, 0).xweft("mvma", inputs_at, sums_at, 3);
  TileRig rig;
  rig.put(data_at, weights);
  rig.put(inputs_at, inputs);
  rig.put(sums_at, std::vector<std::int32_t>(8, 1000));
  rig.run(code.end());
  CHECK(rig.traps.empty());
  CHECK(rig.get<std::int32_t>(sums_at, 8) == expected);
}

TEST_CASE(
    "inversion and floating-point units take commands by mask, tell their tickets and can be waited for") {
  tile::TileConfig config = small_tile();
  config.inversions = 2;
  config.fp_pims = 3;
  Code code = prepared().set_csr(xweft::csr_wfmt, 0x333).set_csr(xweft::csr_wdim, wdim(2, 2));
  code.set_csr(xweft::csr_wcnt, 1).set_csr(xweft::csr_wsstr, 16).set_csr(xweft::csr_wdstr, 8);
  code.xweft("inv.load", data_at, 0, 3).save(a0, data_at + 0x100);
  code.set_csr(xweft::csr_wsstr, 0).xweft("inv.solve", data_at + 0x40, data_at + 0x80, 3);
  code.set_csr(xweft::csr_wcnt, 0).xweft("fpm.load", data_at, 0, 5).save(a0, data_at + 0x104);
  code.xweft("fpm.mvm", data_at + 0x40, data_at + 0x90, 5).xweft("waitmh", 0x503);
  code.save_csr(csr_mcycle, data_at + 0x108);
  code.save_csr(xweft::csr_winv, data_at + 0x10c).save_csr(xweft::csr_wfpm, data_at + 0x110).end();
  TileRig rig(config);
  rig.put<float>(data_at, {2, 0, 0, 4, 1, 1, 0, 1});
  rig.put<float>(data_at + 0x40, {6, 8});
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.get<float>(data_at + 0x80, 4) == std::vector<float>{3, 2, -2, 8});
  CHECK(rig.get<float>(data_at + 0x90, 4) == std::vector<float>{12, 32, 12, 32});
  CHECK(rig.word(data_at + 0x100) == unit::ticket(unit::first_inversion_index + 1, 1));
  CHECK(rig.word(data_at + 0x104) == unit::ticket(unit::first_fp_pim_index + 2, 1));
  CHECK(rig.word(data_at + 0x10c) == 3);
  CHECK(rig.word(data_at + 0x110) == 7);
  CHECK(rig.network.peek(control_at(tile_control::registers::inversions)) == 3);
  CHECK(rig.network.peek(control_at(tile_control::registers::fp_pims)) == 7);
  // The products, two rows of fp32, take 9.9 us; the solutions 7.6 us. The hart slept for both.
  CHECK(rig.word(data_at + 0x108) > 9900);
  CHECK(rig.tile.fp_pims()[1]->operations() == 0);
  CHECK(rig.tile.fp_pims()[2]->operations() == 2);
}

TEST_CASE("waitmh names the units it sleeps for") {
  tile::TileConfig config = small_tile();
  config.inversions = 1;
  Code code = prepared().set_csr(xweft::csr_wfmt, 0x333).set_csr(xweft::csr_wdim, wdim(1, 1));
  code.set_csr(xweft::csr_wcnt, 1).xweft("inv.load", data_at, 0, 1);
  code.xweft("inv.solve", data_at, data_at + 0x80, 1).xweft("waitmh", 1).end();
  TileRig rig(config);
  rig.put<float>(data_at, {2});
  rig.start(code);
  sc_core::sc_start(ns(2000));
  CHECK(rig.state().kind == WaitKind::units);
  CHECK(hart::describe(rig.state()).rfind("waitmh: units 0x1 of 0x1 are busy", 0) == 0);
  sc_core::sc_start();
  CHECK(rig.state().kind == WaitKind::interrupt);
  CHECK(rig.get<float>(data_at + 0x80, 1)[0] == 1);
}

TEST_CASE("an inversion or floating-point unit that does not exist is an access fault at its window") {
  const auto window = [](std::uint64_t base, unsigned number) {
    return tile_base + static_cast<std::uint32_t>(base) + number * tile::unit_window_size;
  };
  check_trap(prepared().xweft("inv.solve", data_at, data_at, 1), 7, window(tile::window::inversions_base, 0));
  fresh_kernel();
  check_trap(prepared().xweft("fpm.read", 0, data_at, 8), 7, window(tile::window::fp_pims_base, 3));
}

TEST_CASE("a system that cannot be solved traps as a unit error with the reason") {
  tile::TileConfig config = small_tile();
  config.inversions = 1;
  Code code = prepared().set_csr(xweft::csr_wfmt, 0x333).set_csr(xweft::csr_wcnt, 1);
  code.xweft("inv.solve", data_at, data_at + 0x80, 1).wait_for_ticket().end();
  TileRig rig(config);
  rig.run(code);
  REQUIRE(rig.traps.size() == 1);
  CHECK(rig.traps[0].cause == 24);
  CHECK(rig.traps[0].value == static_cast<std::uint32_t>(inversion::Failure::not_loaded));
}

TEST_CASE("waitm sleeps for the units of its mask only") {
  Code code = prepared();
  code.xweft("crs", 0, 0, 1).xweft("vcopy", data_at, 0, data_at + 0x40).xweft("waitm", 2);
  code.save_csr(csr_mcycle, data_at + 0x100)
      .xweft("waitm", 0x102)
      .save_csr(csr_mcycle, data_at + 0x104)
      .end();
  tile::TileConfig config = small_tile();
  config.crossbar.timing.array_read = config.crossbar.timing.array_write =
      sc_core::sc_time(8, sc_core::SC_US);
  TileRig rig(config);
  rig.put<std::int32_t>(data_at + 0x200, std::vector<std::int32_t>(64, 1));
  // Rows in use, so that carry resolution takes time: 8 + 8 us.
  Code first = prepared();
  first.xweft("prog", data_at + 0x200, 0, 1).wait_for_ticket();
  first.words.insert(first.words.end(), code.words.begin(), code.words.end());
  rig.start(first);
  sc_core::sc_start(sc_core::sc_time(20, sc_core::SC_US));
  CHECK(rig.state().kind == WaitKind::units);
  CHECK(rig.state().target == 0x102);
  CHECK(rig.state().present == 0x100);
  CHECK(hart::describe(rig.state()).find("units 0x100 of 0x102 are busy") != std::string::npos);
  sc_core::sc_start();
  CHECK(rig.word(data_at + 0x100) < 9'000);
  CHECK(rig.word(data_at + 0x104) > 24'000);
}

TEST_CASE("cwait sleeps until the counter has reached the value") {
  Code code = prepared().xweft("cwait", 3, 5).save_csr(csr_mcycle, data_at).end();
  TileRig rig;
  rig.start(code);
  sc_core::sc_start(ns(500));
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(hart::describe(rig.state()).find("counter 3 is 0, waits for 5") != std::string::npos);
  rig.network.write(counter_add_at(3), 4u);
  sc_core::sc_start(ns(500));
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(rig.state().present == 4);
  rig.network.write(counter_add_at(3), 1u);
  sc_core::sc_start();
  // Awake at 1000 ns; cwait itself costs a cycle.
  CHECK(rig.word(data_at) == 1001);
}

TEST_CASE("cwait compares modulo 2^32") {
  Code code = prepared();
  code.xweft("cwait", 3, 0xfffffffe).save_csr(csr_mcycle, data_at);
  code.xweft("cwait", 3, 1).save_csr(csr_mcycle, data_at + 4);
  code.xweft("cwait", 3, 0xfffffff0).save_csr(csr_mcycle, data_at + 8).end();
  TileRig rig;
  elaborate();
  rig.network.write(counter_at(3), 0xfffffffeu);
  rig.start(code);
  sc_core::sc_start(ns(1000));
  CHECK(rig.word(data_at) < 30);
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(rig.state().target == 1);
  rig.network.write(counter_add_at(3), 3u);
  sc_core::sc_start();
  CHECK(rig.word(data_at + 4) == 1001);
  CHECK(rig.word(data_at + 8) < 1020);
  CHECK(rig.state().kind == WaitKind::interrupt);
}

TEST_CASE("cadd raises a counter of the own tile") {
  Code code = prepared().xweft("cadd", 7, 0xffffffff).xweft("cadd", 7, 3).xweft("cwait", 7, 2).end();
  TileRig rig;
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.tile.board().counter(7) == 2);
  CHECK(rig.state().kind == WaitKind::interrupt);
}

TEST_CASE("a tile alone passes its barrier and leaves the counter as it was") {
  TileRig rig;
  rig.run(prepared().xweft("barrier", 3, 1).xweft("cadd", 3, 5).xweft("barrier", 3, 1).end());
  CHECK(rig.traps.empty());
  CHECK(rig.tile.board().counter(3) == 5);
  CHECK(rig.state().kind == WaitKind::interrupt);
}

TEST_CASE("a full queue stalls the hart and loses nothing") {
  tile::TileConfig config = small_tile();
  config.queue_depth = 2;
  Code code = prepared().set_csr(xweft::csr_wcomp, raised(4, 1));
  for (int i = 0; i < 5; ++i) code.xweft("mvm", data_at, data_at + 0x100, 1);
  code.save_csr(csr_mcycle, data_at + 0x200).end();
  TileRig rig(config);
  rig.start(code);
  const auto& unit = *rig.tile.crossbars()[0];
  sc_core::sc_start(ns(300));
  CHECK(rig.state().kind == WaitKind::queue);
  CHECK(rig.state().subject == unit::first_crossbar_index);
  CHECK(hart::describe(rig.state()).find("queue of unit 8 is full") != std::string::npos);
  sc_core::sc_start();
  CHECK(rig.traps.empty());
  CHECK(unit.operations() == 5);
  CHECK(rig.tile.board().counter(4) == 5);
  // Three had to be finished before the fifth could be issued.
  const double each = unit.busy_time().to_seconds() * 1e9 / 5;
  CHECK(rig.word(data_at + 0x200) > 3 * each);
  CHECK(rig.word(data_at + 0x200) < 3 * each + 60);
}

TEST_CASE("a full queue that is emptied by a failure traps the stalled instruction") {
  tile::TileConfig config = small_tile();
  config.queue_depth = 1;
  Code code = prepared().xweft("dma", nowhere, data_at, 64).xweft("dma", data_at, data_at + 64, 4);
  TileRig rig(config);
  const std::uint32_t last = tile_base + code.bytes() - 4;
  rig.run(code.end());
  REQUIRE(rig.traps.size() == 1);
  CHECK(rig.traps[0].pc == last);
  CHECK(rig.traps[0].cause == 5);
  CHECK(rig.tile.dma().operations() == 0);
}

TEST_CASE("completion raises the counter that wcomp names") {
  Code code =
      prepared().set_csr(xweft::csr_wcomp, raised(9, 0x123)).xweft("vcopy", data_at, 0, data_at + 0x40);
  code.xweft("cwait", 9, 0x123).end();
  TileRig rig;
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.tile.board().counter(9) == 0x123);
}
