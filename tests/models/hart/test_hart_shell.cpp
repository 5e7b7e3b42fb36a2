// SPDX-License-Identifier: Apache-2.0
// Time, interrupts, start and stop of a hart. What is compared between quanta is everything a program or a
// report can see.
#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>

#include "models/clint/clint.h"
#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;
using hart::TrapEvent;
using hart::WaitKind;
using sc_core::sc_time;

namespace {

constexpr std::uint32_t clint_base = 0x02000000;
constexpr std::uint32_t msip_at = clint_base;
constexpr std::uint32_t mtimecmp_at = clint_base + 0x4000;
constexpr std::uint32_t ram = 0x80000000;
constexpr std::uint32_t ram_size = 0x10000;
constexpr std::uint32_t host_handler = ram + 0x800;
constexpr std::uint32_t host_data = ram + 0x2000;
constexpr std::uint32_t timer_bit = 1u << 7;
constexpr std::uint32_t software_bit = 1u << 3;
constexpr std::uint32_t mstatus_mie = 8;

// Everything that may change how fast a hart is simulated and nothing else.
struct Pace {
  sc_time quantum;
  bool cache = true;
  bool direct_memory = true;

  void apply(hart::HartConfig& config) const {
    config.quantum = quantum;
    config.core.enable_cache = cache;
    config.use_direct_memory = direct_memory;
  }
};

std::vector<Pace> paces() {
  std::vector<Pace> result;
  for (const sc_time& quantum : {ns(10), ns(17), ns(100), ns(1000), ns(10'000), sc_time(1, sc_core::SC_MS)}) {
    result.push_back({quantum});
  }
  for (const sc_time& quantum : {ns(17), ns(10'000)}) {
    result.push_back({quantum, false, true});
    result.push_back({quantum, true, false});
    result.push_back({quantum, false, false});
  }
  return result;
}

// Set and clear bits of a CSR by an immediate below 32.
std::uint32_t csrsi(std::uint32_t number, std::uint32_t bits) { return csrrsi(zero, number, bits); }
std::uint32_t csrci(std::uint32_t number, std::uint32_t bits) {
  return hart::encode_i(hart::Opcode::system, zero, 7, bits, number);
}

// A loop that loads, adds and stores a word of memory `rounds` times; uses a2 to a5.
void compute(Code& code, std::uint32_t address, std::uint32_t rounds) {
  code.li(a3, address).li(a4, rounds);
  code << lw(a5, 0, a3) << add(a5, a5, a4) << sw(a5, 0, a3) << mul(a2, a5, a4) << addi(a4, a4, -1)
       << bne(a4, zero, -20);
}

bool same(const TrapEvent& a, const TrapEvent& b) {
  return a.interrupt == b.interrupt && a.cause == b.cause && a.pc == b.pc && a.value == b.value;
}

// What a run leaves behind.
struct Outcome {
  sc_time end;
  std::uint64_t cycles = 0;
  std::uint64_t instructions = 0;
  std::vector<TrapEvent> traps;
  std::vector<std::uint32_t> memory;
  std::vector<std::pair<std::string, std::uint64_t>> charges;
};

std::vector<std::pair<std::string, std::uint64_t>> charges(const Context& context) {
  std::vector<std::pair<std::string, std::uint64_t>> result;
  for (const auto& account : context.energy.accounts()) {
    result.emplace_back(account.component() + "/" + account.operation(), account.count());
  }
  return result;
}

void check_equal(const Outcome& found, const Outcome& expected) {
  CHECK(found.end == expected.end);
  CHECK(found.cycles == expected.cycles);
  CHECK(found.instructions == expected.instructions);
  CHECK(found.traps.size() == expected.traps.size());
  CHECK(
      std::equal(found.traps.begin(), found.traps.end(), expected.traps.begin(), expected.traps.end(), same));
  CHECK((found.memory == expected.memory));
  CHECK(found.charges == expected.charges);
}

// A host: hart, RAM and CLINT on a bus, and a second bus master.
struct HostRig {
  static hart::HartConfig hart_config(const Pace& pace) {
    hart::HartConfig config;
    config.core.reset_pc = ram;
    config.core.costs.load_use = 1;
    pace.apply(config);
    config.starts_running = true;
    return config;
  }
  static bus::BusConfig bus_config() {
    bus::BusConfig config;
    config.initiators = 3;
    config.latency = ns(3);
    config.regions = {{"clint", clint_base, 0x10000}, {"ram", ram, ram_size}};
    return config;
  }
  static memory::MemoryConfig ram_config() {
    memory::MemoryConfig config;
    config.size = ram_size;
    config.latency = ns(20);
    return config;
  }

  Context context;
  bus::Bus bus{"bus", bus_config(), context};
  memory::Memory memory{"memory", ram_config(), context};
  clint::Clint clint{"clint", {}, context};
  hart::Hart hart;
  Driver other{"other"};
  sc_core::sc_signal<bool> software{"software"};
  sc_core::sc_signal<bool> timer{"timer"};
  sc_core::sc_signal<bool> external{"external"};
  std::vector<TrapEvent> traps;

  explicit HostRig(const Pace& pace) : hart("hart", hart_config(pace), context) {
    hart.fetch_socket.bind(bus.inputs[0]);
    hart.data_socket.bind(bus.inputs[1]);
    other.socket.bind(bus.inputs[2]);
    bus.to("ram").bind(memory.socket);
    bus.to("clint").bind(clint.socket);
    clint.software[0].bind(software);
    clint.timer[0].bind(timer);
    hart.software_interrupt.bind(software);
    hart.timer_interrupt.bind(timer);
    hart.external_interrupt.bind(external);
    hart.set_tick_source([this] { return clint.now_ticks(); });
    hart.set_trap_observer([this](const TrapEvent& event) { traps.push_back(event); });
  }

  void load(std::uint32_t address, const Code& code) {
    memory.load(address - ram, code.words.data(), code.bytes());
  }
  std::uint32_t word(std::uint32_t address) const {
    std::uint32_t value = 0;
    memory.save(address - ram, &value, sizeof value);
    return value;
  }
  Outcome outcome() const {
    Outcome result{sc_core::sc_time_stamp(), hart.core().cycles(), hart.core().instructions(), traps, {}, {}};
    result.memory.resize(ram_size / 4);
    memory.save(0, result.memory.data(), ram_size);
    result.charges = charges(context);
    return result;
  }
};

void set_timer(Code& code, std::uint32_t ticks) {
  code.li(t0, 0).save(t0, mtimecmp_at + 4).li(t0, ticks).save(t0, mtimecmp_at);
}

// Notes when and where it was called, silences both interrupts and asks for the next 7 ticks later.
Code ticking_handler() {
  Code handler;
  handler << csrr(t0, csr_mepc) << sw(t0, 0, s0) << csrr(t0, csr_mcycle) << sw(t0, 4, s0)
          << csrr(t0, csr_minstret) << sw(t0, 8, s0) << csrr(t0, csr_mcause) << sw(t0, 12, s0)
          << addi(s0, s0, 16);
  handler.save(zero, msip_at);
  handler.li(t1, mtimecmp_at) << lw(t0, 0, t1) << addi(t0, t0, 7) << sw(t0, 0, t1) << mret_word;
  return handler;
}

Code host_start(std::uint32_t interrupts) {
  Code code;
  code.set_csr(csr_mtvec, host_handler).li(s0, host_data);
  set_timer(code, 3);
  return code.set_csr(csr_mie, interrupts);
}

void save_counts_and_end(Code& code) {
  code.save_csr(csr_mcycle, ram + 0x1000).save_csr(csr_minstret, ram + 0x1004).end();
}

// Runs the same program at every pace and compares everything with the first run.
template <typename MakeRun>
Outcome check_every_pace(MakeRun run) {
  std::vector<Outcome> outcomes;
  for (const Pace& pace : paces()) {
    fresh_kernel();
    INFO("quantum " << pace.quantum << ", cache " << pace.cache << ", direct memory " << pace.direct_memory);
    outcomes.push_back(run(pace));
    check_equal(outcomes.back(), outcomes.front());
  }
  return outcomes.front();
}

}  // namespace

TEST_CASE(
    "interrupts are taken at the same instruction for every quantum, with and without cache and direct "
    "memory") {
  const Outcome outcome = check_every_pace([](const Pace& pace) {
    Code code = host_start(timer_bit | software_bit);
    code.li(s1, 40);
    const auto loop = static_cast<std::int32_t>(code.words.size());
    code << csrsi(csr_mstatus, mstatus_mie);
    compute(code, ram + 0x1100, 97);
    code << csrci(csr_mstatus, mstatus_mie);
    compute(code, ram + 0x1104, 53);
    code << addi(s1, s1, -1);
    code << bne(s1, zero, 4 * (loop - static_cast<std::int32_t>(code.words.size())));
    code.set_csr(csr_mie, 0);
    save_counts_and_end(code);
    HostRig rig(pace);
    rig.load(ram, code);
    rig.load(host_handler, ticking_handler());
    // Somebody else interrupts between two clock edges, and writes while the hart computes.
    rig.other.in_thread = [&rig] {
      for (int round = 0; round < 20; ++round) {
        sc_core::wait(ns(1234.5));
        rig.other.write(msip_at, 1u);
      }
    };
    sc_core::sc_start();
    CHECK(rig.hart.state().kind == WaitKind::interrupt);
    return rig.outcome();
  });
  const auto of_cause = [&](std::uint32_t cause) {
    return std::count_if(outcome.traps.begin(), outcome.traps.end(),
                         [&](const TrapEvent& event) { return event.cause == cause; });
  };
  CHECK(of_cause(7) > 40);
  CHECK(of_cause(3) > 15);
}

TEST_CASE("an interrupt is taken before the first instruction that starts after it") {
  check_every_pace([](const Pace& pace) {
    Code code = host_start(timer_bit);
    code << csrsi(csr_mstatus, mstatus_mie);
    code << jal(zero, 0);
    HostRig rig(pace);
    rig.load(ram, code);
    Code handler;
    handler.save_csr(csr_mcycle, host_data).set_csr(csr_mie, 0).end();
    rig.load(host_handler, handler);
    sc_core::sc_start();
    // 3 ticks of 100 ns; a jump of 2 cycles may be under way; the trap costs 4.
    CHECK(rig.word(host_data) >= 304);
    CHECK(rig.word(host_data) < 306);
    return rig.outcome();
  });
}

TEST_CASE(
    "a program that enables interrupts in the middle of a quantum takes the one that has come meanwhile") {
  check_every_pace([](const Pace& pace) {
    Code code = host_start(timer_bit);
    compute(code, ram + 0x1100, 300);
    code << csrsi(csr_mstatus, mstatus_mie);
    const std::uint32_t after = ram + code.bytes();
    for (int i = 0; i < 50; ++i) code << nop;
    code.end();
    HostRig rig(pace);
    rig.load(ram, code);
    rig.load(host_handler, Code().set_csr(csr_mie, 0).end());
    sc_core::sc_start();
    REQUIRE(rig.traps.size() == 1);
    CHECK(rig.traps[0].interrupt);
    CHECK(rig.traps[0].pc == after);
    return rig.outcome();
  });
}

TEST_CASE("mie and mret enable interrupts in the middle of a quantum as well") {
  check_every_pace([](const Pace& pace) {
    Code code = host_start(0);
    code << csrsi(csr_mstatus, mstatus_mie);
    compute(code, ram + 0x1100, 300);
    code.set_csr(csr_mie, timer_bit);
    const std::uint32_t after_mie = ram + code.bytes();
    code << nop << nop;
    // The handler has moved the compare value; it passes with interrupts off, then mret lets it in.
    code << csrci(csr_mstatus, mstatus_mie);
    compute(code, ram + 0x1100, 300);
    code.li(t1, 0x80).words.push_back(csrrs(zero, csr_mstatus, t1));  // MPIE
    const std::uint32_t after_mret = ram + code.bytes() + 16;
    code.li(t1, after_mret) << csrw(csr_mepc, t1) << mret_word;
    code << nop << nop;
    code.set_csr(csr_mie, 0);
    save_counts_and_end(code);
    HostRig rig(pace);
    rig.load(ram, code);
    rig.load(host_handler, ticking_handler());
    sc_core::sc_start();
    REQUIRE(rig.traps.size() >= 2);
    CHECK(rig.traps[0].pc == after_mie);
    CHECK(std::any_of(rig.traps.begin(), rig.traps.end(),
                      [&](const TrapEvent& event) { return event.pc == after_mret; }));
    return rig.outcome();
  });
}

TEST_CASE("wfi wakes for an interrupt that is not let in, whatever the quantum") {
  check_every_pace([](const Pace& pace) {
    Code code = host_start(timer_bit);
    code.li(s1, 30);
    const auto loop = static_cast<std::int32_t>(code.words.size());
    compute(code, ram + 0x1100, 20);
    code << wfi_word << csrr(t0, csr_mcycle) << sw(t0, 0, s0) << addi(s0, s0, 4);
    code.li(t1, mtimecmp_at) << lw(t0, 0, t1) << addi(t0, t0, 2) << sw(t0, 0, t1);
    code << addi(s1, s1, -1);
    code << bne(s1, zero, 4 * (loop - static_cast<std::int32_t>(code.words.size())));
    code.set_csr(csr_mie, 0);
    save_counts_and_end(code);
    HostRig rig(pace);
    rig.load(ram, code);
    sc_core::sc_start();
    CHECK(rig.traps.empty());
    // The first wakes at 300 ns; wfi itself costs a cycle or more.
    CHECK(rig.word(host_data) >= 300);
    CHECK(rig.word(host_data) < 310);
    CHECK(rig.word(host_data + 29 * 4) >= 300 + 29 * 200);
    return rig.outcome();
  });
}

TEST_CASE("mip shows a line that has risen by the time it is read, whatever the quantum") {
  check_every_pace([](const Pace& pace) {
    Code code = host_start(0);
    code << csrr(t0, csr_mip) << op_imm(7, t0, t0, timer_bit) << addi(s1, s1, 1) << beq(t0, zero, -12);
    save_counts_and_end(code);
    HostRig rig(pace);
    rig.load(ram, code);
    sc_core::sc_start();
    CHECK(rig.word(ram + 0x1000) >= 300);
    CHECK(rig.word(ram + 0x1000) < 320);
    return rig.outcome();
  });
}

TEST_CASE("the time CSR follows the hart's own time") {
  check_every_pace([](const Pace& pace) {
    Code code;
    compute(code, ram + 0x1100, 500);
    code << csrr(a0, 0xc01) << csrr(a1, csr_mcycle);
    code.save(a0, host_data).save(a1, host_data + 4).end();
    HostRig rig(pace);
    rig.load(ram, code);
    sc_core::sc_start();
    CHECK(rig.word(host_data + 4) > 4000);
    CHECK(rig.word(host_data) == (rig.word(host_data + 4) - 1) / 100);
    return rig.outcome();
  });
}

TEST_CASE(
    "a tile's program gives the same result and takes the same time for every quantum, cache and direct "
    "memory or not") {
  const Outcome outcome = check_every_pace([](const Pace& pace) {
    Code code;
    code.set_csr(csr_mtvec, handler_at).set_csr(xweft::csr_wbits, 10).set_csr(xweft::csr_wlen, 64);
    code.set_csr(xweft::csr_wfmt, 2u | 2u << 4 | 2u << 8).set_csr(xweft::csr_wcomp, 1u << 31 | 6u << 16 | 1);
    code.xweft("prog", data_at, 0, 3);
    compute(code, data_at + 0x800, 400);
    code.xweft("mvm", data_at + 0x400, data_at + 0x500, 3);
    code.xweft("dma", system_base, data_at + 0x600, 64).wait_for_ticket();
    compute(code, data_at + 0x600, 150);
    code.xweft("waitm", 0x301).xweft("vadd", data_at, data_at + 0x100, data_at + 0x700).xweft("cwait", 6, 6);
    code.xweft("opa", data_at + 0x400, data_at + 0x410, 1).xweft("crs", 0, 0, 1);
    code.xweft("cwait", 3, 1);
    code.li(t1, data_at + 0x900) << lw(t0, 0, t1);
    code.save(t0, data_at + 0x904).li(t1, system_base) << lw(t0, 4, t1) << sw(t0, 8, t1);
    code.xweft("rdarr", 0, data_at + 0xa00, 1).wait_for_ticket().xweft("cadd", 3, 5);
    code.save_csr(csr_mcycle, data_at + 0x908).save_csr(csr_minstret, data_at + 0x90c).end();

    tile::TileConfig config = small_tile();
    pace.apply(config.hart);
    TileRig rig(config);
    std::vector<std::int32_t> words(256);
    std::generate(words.begin(), words.end(), [next = -3037]() mutable { return next += 37; });
    rig.put(data_at, words);
    rig.put<std::int16_t>(data_at + 0x400, {1, -2, 3, -4, 5, -6, 7, -8, 9, 10, 11, 12, 13, 14, 15, 16});
    for (std::size_t i = 0; i < 64; ++i) rig.system[i] = static_cast<std::uint8_t>(i);
    rig.network.in_thread = [&rig] {
      sc_core::wait(ns(77'777.7));
      rig.network.write(data_at + 0x900, 0x1234u);
      rig.network.write(counter_add_at(3), 1u);
    };
    rig.run(code);
    CHECK(rig.state().kind == WaitKind::interrupt);
    CHECK(rig.word(data_at + 0x904) == 0x1234);
    const auto& core = rig.tile.hart().core();
    Outcome result{sc_core::sc_time_stamp(),
                   core.cycles(),
                   core.instructions(),
                   rig.traps,
                   rig.get<std::uint32_t>(tile_base, buffer_bytes / 4),
                   charges(rig.context)};
    return result;
  });
  CHECK(outcome.traps.empty());
  CHECK(outcome.cycles > 77'777);
}

TEST_CASE("a load over the bus takes the target's time, rounded up to whole cycles") {
  Code code;
  code.li(a5, system_base) << csrr(a0, csr_mcycle) << lw(a4, 0, a5) << csrr(a1, csr_mcycle) << sw(a4, 4, a5)
                           << csrr(a2, csr_mcycle);
  code.save(a0, data_at).save(a1, data_at + 4).save(a2, data_at + 8).end();
  TileRig rig;
  rig.system_delay = ns(99.5);
  rig.run(code);
  const auto seen = rig.get<std::uint32_t>(data_at, 3);
  // csrr 1 cycle, load 2, store 1.
  CHECK(seen[1] - seen[0] == 1 + 2 + 100);
  CHECK(seen[2] - seen[1] == 1 + 1 + 100);
}

TEST_CASE("a load from the own buffer costs its instruction class and no energy of the buffer") {
  Code code;
  code.li(a5, data_at) << csrr(a0, csr_mcycle) << lw(a4, 0, a5) << csrr(a1, csr_mcycle);
  code.save(a0, data_at).save(a1, data_at + 4).end();
  tile::TileConfig config = small_tile();
  config.buffer.read_energy_per_byte = picojoule(1);
  config.buffer.write_energy_per_byte = picojoule(1);
  TileRig rig(config);
  rig.run(code);
  const auto seen = rig.get<std::uint32_t>(data_at, 2);
  CHECK(seen[1] - seen[0] == 1 + 2);
  for (const auto& account : rig.context.energy.accounts()) {
    INFO(account.component() << " " << account.operation());
    CHECK(account.count() ==
          (account.operation() == "instruction" ? rig.tile.hart().core().instructions() : 0));
  }
}

TEST_CASE("energy is charged for every instruction, also while the hart sleeps in one") {
  Code code;
  code.li(a0, 1).xweft("cwait", 3, 1);
  TileRig rig;
  rig.run(code.end());
  const auto& accounts = rig.context.energy.accounts();
  const auto account = std::find_if(accounts.begin(), accounts.end(), [](const EnergyLedger::Account& each) {
    return each.component() == "tile.hart";
  });
  REQUIRE(account != accounts.end());
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(account->count() == 6);
  CHECK(account->total().value() == Approx(6 * 2e-12));
}

TEST_CASE("a hart sleeps until it is started, and starts with fresh registers at its entry") {
  Code first;
  first.li(s0, 77).set_csr(xweft::csr_wlen, 9).xweft("cwait", 3, 1).end();
  Code second;
  second.save_csr(csr_mcycle, data_at).save(s0, data_at + 4).save_csr(xweft::csr_wlen, data_at + 8);
  second.save_csr(xweft::csr_wunits, data_at + 12).end();
  const bool stop_first = GENERATE(false, true);
  TileRig rig;
  rig.put<std::uint32_t>(data_at, {9, 9, 9, 9});
  rig.load(tile_base + 0x400, second);
  elaborate();
  CHECK(rig.state().kind == WaitKind::halted);
  CHECK(rig.network.read(control_at(tile_control::registers::status)) == 0);
  rig.start(first);
  sc_core::sc_start(ns(500));
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(rig.network.read(control_at(tile_control::registers::status)) == 1);
  if (stop_first) {
    rig.control(tile_control::registers::control_stop);
    CHECK(rig.network.read(control_at(tile_control::registers::status)) == 0);
    sc_core::sc_start(ns(100));
    CHECK(rig.state().kind == WaitKind::halted);
    // Nothing wakes a halted hart.
    rig.network.write(counter_add_at(3), 1u);
    const std::uint64_t before = rig.tile.hart().core().instructions();
    sc_core::sc_start(ns(400));
    CHECK(rig.tile.hart().core().instructions() == before);
  } else {
    sc_core::sc_start(ns(500));
  }
  rig.start(tile_base + 0x400);
  sc_core::sc_start();
  CHECK(rig.traps.empty());
  CHECK(rig.state().kind == WaitKind::interrupt);
  CHECK(rig.get<std::uint32_t>(data_at, 4) == std::vector<std::uint32_t>{0, 0, 0, 3});
}

TEST_CASE("an endless loop can be stopped, and started elsewhere without a stop") {
  Code loop;
  loop << jal(zero, 0);
  Code second;
  second.li(s0, 77).save(s0, data_at).end();
  const bool stop_first = GENERATE(false, true);
  tile::TileConfig config = small_tile();
  config.hart.quantum = ns(300);
  TileRig rig(config);
  rig.load(tile_base + 0x400, second);
  rig.start(loop);
  sc_core::sc_start(ns(5'000));
  CHECK(rig.state().kind == WaitKind::running);
  if (stop_first) {
    rig.control(tile_control::registers::control_stop);
    sc_core::sc_start();
    CHECK(rig.state().kind == WaitKind::halted);
    CHECK(sc_core::sc_time_stamp() <= ns(5'300));
  }
  rig.start(tile_base + 0x400);
  sc_core::sc_start();
  CHECK(rig.word(data_at) == 77);
}

TEST_CASE("a hart that is stopped while its command waits for room does not issue it") {
  tile::TileConfig config = small_tile();
  config.queue_depth = 1;
  Code code;
  code.set_csr(xweft::csr_wbits, 10);
  code.xweft("mvm", data_at, data_at + 0x100, 3).xweft("mvm", data_at, data_at + 0x100, 3).end();
  TileRig rig(config);
  rig.start(code);
  sc_core::sc_start(ns(300));
  CHECK(rig.state().kind == WaitKind::queue);
  rig.control(tile_control::registers::control_stop);
  sc_core::sc_start();
  CHECK(rig.state().kind == WaitKind::halted);
  CHECK(rig.tile.crossbars()[0]->operations() == 1);
  CHECK(rig.tile.crossbars()[1]->operations() == 1);
}

TEST_CASE("a trap without a handler halts the hart and says which trap it was") {
  Code code;
  code << nop << ecall_word;
  code.end();
  TileRig rig;
  rig.run(code);
  const hart::HartState state = rig.state();
  CHECK(state.kind == WaitKind::halted);
  CHECK(state.lost);
  CHECK(state.trap.cause == 11);
  CHECK(state.trap.pc == tile_base + 4);
  CHECK(rig.network.read(control_at(tile_control::registers::status)) == 0);
  CHECK(hart::describe(state).find("cause 11, pc 0x40000004") != std::string::npos);
  REQUIRE(rig.warnings.size() == 1);
  CHECK(rig.warnings[0].find("trap handler 0x00000000; the trap had cause 11") != std::string::npos);
  // The trap, and the one at the handler; then silence.
  CHECK(rig.traps.size() == 2);
}

TEST_CASE("a handler in empty memory loses the hart as well") {
  Code code;
  code.set_csr(csr_mtvec, data_at).xweft("crs", 0, 0, 0).end();
  TileRig rig;
  rig.run(code);
  CHECK(rig.state().lost);
  CHECK(rig.state().trap.cause == 2);
  CHECK(rig.state().trap.pc == tile_base + code.bytes() - 12);
}

TEST_CASE("a hart that starts where nothing is, is lost to its first fetch") {
  TileRig rig;
  elaborate();
  rig.start(nowhere);
  sc_core::sc_start();
  CHECK(rig.state().lost);
  CHECK(rig.state().trap.cause == 1);
  CHECK(rig.state().trap.pc == nowhere);
  CHECK(rig.state().trap.value == nowhere);
}

TEST_CASE("a lost hart can be started again") {
  TileRig rig;
  elaborate();
  rig.start(nowhere);
  sc_core::sc_start();
  CHECK(rig.state().lost);
  Code code;
  code.set_csr(csr_mtvec, handler_at) << ecall_word;
  rig.run(code.end());
  CHECK_FALSE(rig.state().lost);
  CHECK(rig.state().kind == WaitKind::interrupt);
  CHECK(rig.traps.back().cause == 11);
}

TEST_CASE("an interrupt whose vector is empty ends at the base of the handlers") {
  // Vectored mode: the timer's entry is base + 28; nothing there, then nothing at the base either.
  Code code = host_start(timer_bit);
  code.set_csr(csr_mtvec, nowhere | 1u);
  code << csrsi(csr_mstatus, mstatus_mie) << jal(zero, 0);
  HostRig rig(Pace{ns(1000)});
  rig.load(ram, code);
  sc_core::sc_start();
  CHECK(rig.hart.state().lost);
  CHECK(rig.hart.state().trap.interrupt);
  CHECK(rig.hart.state().trap.cause == 7);
}
