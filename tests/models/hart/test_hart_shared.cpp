// SPDX-License-Identifier: Apache-2.0
// Two harts and a bus master that share a memory.
#include <algorithm>
#include <memory>

#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;
using sc_core::sc_time;

namespace {

constexpr std::uint32_t ram = 0x80000000;
constexpr std::uint32_t ram_size = 0x10000;
constexpr std::uint32_t second_program = ram + 0x1000;
constexpr std::uint32_t shared = ram + 0x4000;
constexpr std::uint32_t result = ram + 0x5000;

std::vector<sc_time> quanta() {
  return {ns(10), ns(17), ns(100), ns(1000), ns(10'000), sc_time(1, sc_core::SC_MS)};
}

hart::HartConfig hart_config(std::uint32_t number, const sc_time& quantum,
                             hart::ReservationMonitor& reservations, bool use_direct_memory) {
  hart::HartConfig config;
  config.use_direct_memory = use_direct_memory;
  config.core.hart_id = number;
  config.core.reset_pc = number == 0 ? ram : second_program;
  config.quantum = quantum;
  config.starts_running = true;
  config.reservations = &reservations;
  return config;
}

// How the harts reach the memory: by host pointer, by debug transport in its place, over the bus.
enum class Reach { pointer, debug, bus };
constexpr Reach reaches[] = {Reach::pointer, Reach::debug, Reach::bus};

struct SharedRig {
  Context context;
  hart::ReservationMonitor reservations;
  bus::Bus bus;
  memory::Memory memory;
  hart::Hart first;
  hart::Hart second;
  Driver other{"other"};
  sc_core::sc_signal<bool> no_interrupt{"no_interrupt"};

  SharedRig(const sc_time& quantum, Reach reach)
      : bus("bus", bus_config(), context),
        memory("memory", ram_config(reach != Reach::bus), context),
        first("first", hart_config(0, quantum, reservations, reach != Reach::debug), context),
        second("second", hart_config(1, quantum, reservations, reach != Reach::debug), context) {
    unsigned input = 0;
    for (hart::Hart* hart : {&first, &second}) {
      hart->fetch_socket.bind(bus.inputs[input++]);
      hart->data_socket.bind(bus.inputs[input++]);
      hart->software_interrupt.bind(no_interrupt);
      hart->timer_interrupt.bind(no_interrupt);
      hart->external_interrupt.bind(no_interrupt);
    }
    other.socket.bind(bus.inputs[input]);
    bus.to("ram").bind(memory.socket);
    memory.on_write([this](std::uint64_t offset, std::uint64_t size) {
      const std::uint32_t address = ram + static_cast<std::uint32_t>(offset);
      reservations.written(address, static_cast<std::uint32_t>(size));
      first.code_written(address, static_cast<std::uint32_t>(size));
      second.code_written(address, static_cast<std::uint32_t>(size));
    });
  }

  static bus::BusConfig bus_config() {
    bus::BusConfig config;
    config.initiators = 5;
    config.latency = ns(3);
    config.regions = {{"ram", ram, ram_size}};
    return config;
  }
  static memory::MemoryConfig ram_config(bool direct) {
    memory::MemoryConfig config;
    config.size = ram_size;
    config.latency = ns(5);
    config.direct = direct;
    return config;
  }

  void load(std::uint32_t address, const Code& code) {
    memory.load(address - ram, code.words.data(), code.bytes());
  }
  std::uint32_t word(std::uint32_t address) const {
    std::uint32_t value = 0;
    memory.save(address - ram, &value, sizeof value);
    return value;
  }
};

Code add_reserved(std::uint32_t rounds) {
  Code code;
  code.li(a1, shared).li(a2, rounds);
  code << lr_w(a0, a1) << addi(a0, a0, 1) << sc_w(a3, a0, a1) << bne(a3, zero, -12) << addi(a2, a2, -1)
       << bne(a2, zero, -20);
  return code.end();
}

Code add_atomically(std::uint32_t rounds) {
  Code code;
  code.li(a1, shared).li(a2, rounds).li(a3, 1);
  code << amo(0, zero, a3, a1) << addi(a2, a2, -1) << bne(a2, zero, -8);
  return code.end();
}

// Reserves the shared word, waits for some 400 cycles, stores conditionally and saves the outcome.
Code reserve_and_wait() {
  Code code;
  code.li(a1, shared).li(a2, 100);
  code << lr_w(a0, a1) << addi(a2, a2, -1) << bne(a2, zero, -4) << sc_w(a3, a0, a1);
  return code.save(a3, result).end();
}

}  // namespace

TEST_CASE("two harts that add to a shared word lose nothing, whatever the quantum") {
  for (const Reach reach : reaches) {
    // Transactions are slow.
    const std::uint32_t rounds = reach == Reach::bus ? 1000 : 10'000;
    for (const sc_time& quantum : quanta()) {
      for (int mix = 0; mix < 3; ++mix) {
        INFO("reach " << static_cast<int>(reach) << ", quantum " << quantum << ", mix " << mix);
        fresh_kernel();
        SharedRig rig(quantum, reach);
        rig.load(ram, mix == 0 ? add_atomically(rounds) : add_reserved(rounds));
        rig.load(second_program, mix == 1 ? add_reserved(rounds) : add_atomically(rounds));
        sc_core::sc_start();
        CHECK(rig.word(shared) == 2 * rounds);
      }
    }
  }
}

TEST_CASE("a plain store of the other hart makes sc.w fail, one beside the word does not") {
  for (const Reach reach : reaches) {
    for (const std::uint32_t offset : {0u, 3u, 4u}) {
      INFO("reach " << static_cast<int>(reach) << ", offset " << offset);
      fresh_kernel();
      SharedRig rig(ns(10), reach);
      rig.load(ram, reserve_and_wait());
      Code store;
      store.li(a1, shared + offset).li(a2, 20);
      store << sb(a2, 0, a1) << addi(a2, a2, -1) << bne(a2, zero, -8);
      rig.load(second_program, store.end());
      sc_core::sc_start();
      CHECK(rig.word(result) == (offset < 4 ? 1 : 0));
    }
  }
}

TEST_CASE("a bus master's write makes sc.w fail, a read or a write beside the word does not") {
  for (const Reach reach : reaches) {
    for (int what = 0; what < 3; ++what) {
      INFO("reach " << static_cast<int>(reach) << ", access " << what);
      fresh_kernel();
      SharedRig rig(ns(10), reach);
      rig.load(ram, reserve_and_wait());
      rig.load(second_program, Code().end());
      rig.other.in_thread = [&rig, what] {
        sc_core::wait(ns(200));
        if (what == 0) rig.other.write(shared, 5u);
        if (what == 1) rig.other.write(shared + 4, 5u);
        if (what == 2) rig.other.read<std::uint32_t>(shared);
      };
      sc_core::sc_start();
      CHECK(rig.word(result) == (what == 0 ? 1 : 0));
    }
  }
}

TEST_CASE("a hart's own stores and traps leave its reservation alone, with and without direct memory") {
  for (const Reach reach : reaches) {
    INFO("reach " << static_cast<int>(reach));
    fresh_kernel();
    SharedRig rig(ns(100), reach);
    Code code;
    code.set_csr(csr_mtvec, ram + 0x800).li(a1, shared);
    code << lr_w(a0, a1) << sw(a0, 0, a1) << sb(a0, 2, a1) << ecall_word << sc_w(a3, a0, a1);
    rig.load(ram, code.save(a3, result).end());
    Code handler;
    handler << csrr(t0, csr_mepc) << addi(t0, t0, 4) << csrw(csr_mepc, t0) << mret_word;
    rig.load(ram + 0x800, handler);
    rig.load(second_program, Code().end());
    rig.memory.load(result - ram, "\xff\xff\xff\xff", 4);
    sc_core::sc_start();
    CHECK(rig.word(result) == 0);
  }
}

TEST_CASE("a loop that a bus master overwrites runs the new code without fence.i") {
  const bool debug = GENERATE(false, true);
  fresh_kernel();
  SharedRig rig(ns(100), Reach::pointer);
  rig.load(ram, Code() << addi(a0, a0, 1) << jal(zero, -4));
  rig.load(second_program, Code().end());
  Code replacement;
  replacement.save(a0, result).end();
  rig.other.in_thread = [&] {
    sc_core::wait(ns(5000));
    if (debug) {
      rig.other.socket.write_debug(ram, replacement.words.data(), replacement.bytes());
    } else {
      sc_time delay;
      rig.other.socket.write(ram, replacement.words.data(), replacement.bytes(), delay);
    }
  };
  sc_core::sc_start();  // ends, for both harts sleep
  CHECK(rig.word(result) > 1000);
  CHECK(rig.word(result) < 1800);
}
