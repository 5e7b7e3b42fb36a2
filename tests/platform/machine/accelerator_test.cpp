// SPDX-License-Identifier: Apache-2.0
#include "platform/machine/accelerator.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <utility>

#include "models/common/error.h"
#include "tests/models/tile/tile_rig.h"
#include "tests/models/tlm/debug_values.h"

using namespace weft;
using namespace weft::test;
using hart::WaitKind;
using machine::Accelerator;
using machine::AcceleratorConfig;

namespace {

constexpr std::uint32_t window(int tile) {
  return tile_base + static_cast<std::uint32_t>(tile) * tile::window_size;
}
// The same place in the window of another tile.
constexpr std::uint32_t in_tile(int tile, std::uint32_t address) {
  return address - tile_base + window(tile);
}

AcceleratorConfig mesh(int columns, int rows, int host_column = 0, int host_row = 0) {
  AcceleratorConfig config;
  config.columns = columns;
  config.rows = rows;
  config.host_column = host_column;
  config.host_row = host_row;
  config.tiles_base = tile_base;
  config.tile = small_tile();
  return config;
}

struct Rig {
  Context context;
  Accelerator accelerator;
  Driver host{"host"};
  Target system{"system"};
  std::vector<std::uint8_t> memory;
  sc_core::sc_signal<bool> irq{"irq"};
  std::vector<std::pair<int, hart::TrapEvent>> traps;

  explicit Rig(const AcceleratorConfig& config)
      : accelerator("accelerator", config, context), memory(system_bytes) {
    host.socket.bind(accelerator.host);
    accelerator.system.bind(system.socket);
    accelerator.irq.bind(irq);
    system.socket.on_access([this](const Transfer& transfer, sc_core::sc_time& delay) {
      const std::uint64_t offset = transfer.address - system_base;
      if (offset >= memory.size() || transfer.size > memory.size() - offset) return Status::address_error;
      transfer.write ? std::memcpy(&memory[offset], transfer.data, transfer.size)
                     : std::memcpy(transfer.data, &memory[offset], transfer.size);
      if (!transfer.debug) delay += ns(50);
      return Status::ok;
    });
    for (int tile = 0; tile < accelerator.tiles(); ++tile) {
      accelerator.tile(tile).hart().set_trap_observer(
          [this, tile](const hart::TrapEvent& event) { traps.emplace_back(tile, event); });
    }
  }

  void load(int tile, const Code& code) {
    CHECK(host.socket.write_debug(window(tile), code.words.data(), code.bytes()) == Status::ok);
    const Code handler = Code().end();
    CHECK(host.socket.write_debug(in_tile(tile, handler_at), handler.words.data(), handler.bytes()) ==
          Status::ok);
  }
  template <typename Element>
  void put(std::uint32_t address, const std::vector<Element>& values) {
    put_values(host.socket, address, values);
  }
  template <typename Element>
  std::vector<Element> get(std::uint32_t address, std::size_t count) {
    return get_values<Element>(host.socket, address, count);
  }
  // Over the network, hence in the host's thread.
  void start(int tile) {
    host.write(in_tile(tile, control_at(tile_control::registers::entry)), window(tile));
    host.write<std::uint32_t>(in_tile(tile, control_at(tile_control::registers::control)),
                              tile_control::registers::control_start);
  }
  void start_all_and_run() {
    host.in_thread = [this] {
      for (int tile = 0; tile < accelerator.tiles(); ++tile) start(tile);
    };
    sc_core::sc_start();
  }
};

std::uint32_t announce(unsigned counter, unsigned amount) { return 1u << 31 | counter << 16 | amount; }

Code with_handler(int tile) {
  Code code;
  code.set_csr(csr_mtvec, in_tile(tile, handler_at)).set_csr(xweft::csr_wfmt, 2u | 2u << 4 | 2u << 8);
  return code.set_csr(xweft::csr_wlen, 16);
}

std::vector<std::int32_t> numbers() {
  std::vector<std::int32_t> values(16);
  std::generate(values.begin(), values.end(), [next = 1077]() mutable { return next -= 77; });
  return values;
}

// The head doubles the numbers and sends them to the partner, which doubles them again, sends them back and
// writes them to system memory; the head raises its interrupt when it has them.
std::vector<std::int32_t> there_and_back(const AcceleratorConfig& config) {
  fresh_kernel();
  Rig rig(config);
  const int partner = config.tiles() - 1;
  const auto at = [](int tile, std::uint32_t offset) { return window(tile) + 0x1000 + offset; };
  const auto head_part = [&](Code& code) {
    code.set_csr(xweft::csr_wcomp, 0);
    code.xweft("vadd", at(0, 0), at(0, 0), at(0, 0x100)).xweft("waitm", 2);
    code.set_csr(xweft::csr_wcomp, announce(3, 2));
    code.xweft("send", at(0, 0x100), at(partner, 0x200), 64);
  };
  const auto partner_part = [&](Code& code) {
    code.xweft("cwait", 3, 2).set_csr(xweft::csr_wcomp, 0);
    code.xweft("vadd", at(partner, 0x200), at(partner, 0x200), at(partner, 0x300)).xweft("waitm", 2);
    code.set_csr(xweft::csr_wcomp, announce(4, 1));
    code.xweft("send", at(partner, 0x300), at(0, 0x400), 64).set_csr(xweft::csr_wcomp, 0);
    code.xweft("dma", at(partner, 0x300), system_base + 0x80, 64).wait_for_ticket();
    code.xweft("cadd", 5, 1);
  };
  const auto head_end = [&](Code& code) {
    code.xweft("cwait", 4, 1).xweft("cwait", 5, 1);
    code.li(a0, tile_control::registers::raise_done).save(a0, control_at(tile_control::registers::raise));
  };
  Code head = with_handler(0);
  head_part(head);
  if (partner == 0) partner_part(head);
  head_end(head);
  rig.load(0, head.end());
  if (partner != 0) {
    Code code = with_handler(partner);
    partner_part(code);
    rig.load(partner, code.end());
  }
  rig.put(at(0, 0), numbers());
  std::uint32_t events = 0;
  rig.host.in_thread = [&] {
    rig.host.write<std::uint32_t>(control_at(tile_control::registers::enable),
                                  tile_control::registers::enable_done);
    rig.start(0);
    if (partner != 0) rig.start(partner);
    sc_core::wait(rig.irq.posedge_event());
    events = rig.host.read(control_at(tile_control::registers::events));
  };
  sc_core::sc_start();
  CHECK(rig.traps.empty());
  CHECK(rig.irq.read());
  CHECK(events == tile_control::registers::events_done);
  CHECK(rig.get<std::int32_t>(at(0, 0x400), 16) == rig.get<std::int32_t>(system_base + 0x80 - 0, 16));
  return rig.get<std::int32_t>(at(0, 0x400), 16);
}

}  // namespace

TEST_CASE("two tiles exchange data by send and cwait, with the same result on every mesh") {
  std::vector<std::int32_t> expected = numbers();
  for (std::int32_t& value : expected) value *= 4;
  CHECK(there_and_back(mesh(1, 1)) == expected);
  CHECK(there_and_back(mesh(2, 1)) == expected);
  CHECK(there_and_back(mesh(1, 2, 0, 1)) == expected);
  CHECK(there_and_back(mesh(2, 2)) == expected);
  CHECK(there_and_back(mesh(2, 2, 1, 1)) == expected);
  CHECK(there_and_back(mesh(3, 2, 1, 0)) == expected);
}

TEST_CASE("the host reaches every tile at its window, also the one at its own router") {
  Rig rig(mesh(2, 2, 1, 0));
  std::vector<std::uint32_t> ids;
  rig.host.in_thread = [&] {
    for (int tile = 0; tile < 4; ++tile) {
      ids.push_back(rig.host.read(in_tile(tile, control_at(tile_control::registers::id))));
      rig.host.write<std::uint32_t>(window(tile) + 0x40, 100u + static_cast<unsigned>(tile));
    }
  };
  sc_core::sc_start();
  CHECK(ids == std::vector<std::uint32_t>{0, 1, 2, 3});
  for (int tile = 0; tile < 4; ++tile) {
    std::uint32_t value = 0;
    rig.accelerator.tile(tile).buffer().save(0x40, &value, sizeof value);
    CHECK(value == 100u + static_cast<unsigned>(tile));
  }
}

TEST_CASE("the way to a tile takes longer the further it is from the host") {
  Rig rig(mesh(3, 1));
  std::vector<sc_core::sc_time> times;
  rig.host.in_thread = [&] {
    for (int tile = 0; tile < 3; ++tile) {
      const sc_core::sc_time start = now();
      rig.host.read(window(tile));
      times.push_back(sc_core::sc_time_stamp() - start);
    }
  };
  sc_core::sc_start();
  REQUIRE(times.size() == 3);
  CHECK(times[0] > sc_core::SC_ZERO_TIME);
  // There and back, one hop of four cycles more each.
  CHECK(times[1] - times[0] == ns(8));
  CHECK(times[2] - times[1] == ns(8));
}

TEST_CASE("the accelerator's interrupt is up while any tile's is") {
  Rig rig(mesh(2, 2));
  std::vector<bool> seen;
  rig.host.in_thread = [&] {
    const auto write = [&](int tile, const RegisterInfo& info, std::uint32_t value) {
      rig.host.write(in_tile(tile, control_at(info)), value);
      sc_core::wait(ns(1));
      seen.push_back(rig.irq.read());
    };
    namespace r = tile_control::registers;
    for (int tile = 0; tile < 4; ++tile) write(tile, r::enable, r::enable_done);
    write(1, r::raise, r::raise_progress);
    write(1, r::raise, r::raise_done);
    write(3, r::raise, r::raise_done);
    write(1, r::events, r::events_done);
    write(3, r::events, r::events_done);
  };
  sc_core::sc_start();
  CHECK(seen == std::vector<bool>{false, false, false, false, false, true, true, true, false});
}

TEST_CASE("tiles reach system memory from every node") {
  const AcceleratorConfig config = mesh(2, 2, 1, 1);
  Rig rig(config);
  for (int tile = 0; tile < 4; ++tile) {
    Code code = with_handler(tile);
    const auto offset = static_cast<std::uint32_t>(tile) * 64;
    code.xweft("dma", system_base, window(tile) + 0x1000, 64).wait_for_ticket();
    code.xweft("dma", window(tile) + 0x1000, system_base + 0x1000 + offset, 64).wait_for_ticket().end();
    rig.load(tile, code);
  }
  for (std::size_t i = 0; i < 64; ++i) rig.memory[i] = static_cast<std::uint8_t>(3 * i + 1);
  rig.start_all_and_run();
  CHECK(rig.traps.empty());
  for (std::size_t tile = 0; tile < 4; ++tile) {
    for (std::size_t i = 0; i < 64; ++i) REQUIRE(rig.memory[0x1000 + 64 * tile + i] == rig.memory[i]);
  }
}

TEST_CASE("what nobody answers is an error, not a message that travels for ever") {
  const std::uint32_t targets[] = {window(4),  system_base + system_bytes, 0,
                                   0xfffffff0, window(0) + buffer_bytes,   in_tile(3, crossbar_window(2))};
  for (const std::uint32_t target : targets) {
    fresh_kernel();
    INFO("address " << std::hex << target);
    Rig rig(mesh(2, 2));
    for (int tile = 0; tile < 4; ++tile) {
      Code code = with_handler(tile);
      rig.load(tile, code.xweft("dma", window(tile) + 0x1000, target, 16).wait_for_ticket().end());
    }
    Status status = Status::ok;
    rig.host.in_thread = [&] {
      std::uint32_t value = 0;
      if (target >= tile_base && target < window(4)) status = rig.host.try_read(target, value);
      for (int tile = 0; tile < 4; ++tile) rig.start(tile);
    };
    sc_core::sc_start();
    if (target >= tile_base && target < window(4)) CHECK(status == Status::address_error);
    REQUIRE(rig.traps.size() == 4);
    for (const auto& [tile, event] : rig.traps) {
      CHECK(event.cause == 7);
      CHECK(event.value == target);
    }
  }
}

TEST_CASE("cadd raises a counter of another tile") {
  Rig rig(mesh(2, 2));
  for (int tile = 0; tile < 4; ++tile) {
    Code code = with_handler(tile);
    const auto next = static_cast<std::uint32_t>((tile + 1) % 4);
    if (tile == 0) code.xweft("cadd", next << 16 | 9, 1);
    code.xweft("cwait", 9, 1);
    if (tile != 0) code.xweft("cadd", next << 16 | 9, 1);
    rig.load(tile, code.end());
  }
  rig.start_all_and_run();
  CHECK(rig.traps.empty());
  for (int tile = 0; tile < 4; ++tile) {
    CHECK(rig.accelerator.tile(tile).board().counter(9) == 1);
    CHECK(rig.accelerator.tile(tile).hart().state().kind == WaitKind::interrupt);
  }
}

namespace {

constexpr std::uint32_t barrier_rounds = 4;
constexpr std::uint32_t barrier_counter = 6;

std::uint32_t slot(int tile) { return system_base + 4 * static_cast<std::uint32_t>(tile); }
std::uint32_t log_of(int tile) { return system_base + 0x1000 + 0x400 * static_cast<std::uint32_t>(tile); }

// In every round, a tile computes for a while, says in system memory that it is there, passes the barrier and
// notes who was there.
Code barrier_program(int tile, int home, int tiles) {
  Code code = with_handler(tile);
  for (std::uint32_t round = 1; round <= barrier_rounds; ++round) {
    // Everybody is once the last.
    code.li(a4, 1 + 500u * (static_cast<std::uint32_t>(tile) * 5 + round * 7) % 4001);
    code << addi(a4, a4, -1) << bne(a4, zero, -4);
    code.li(a5, round).save(a5, slot(tile));
    code.xweft("barrier", static_cast<std::uint32_t>(home) << 16 | barrier_counter,
               static_cast<std::uint32_t>(tiles));
    for (int other = home; other < home + tiles; ++other) {
      const auto entry =
          (round - 1) * static_cast<std::uint32_t>(tiles) + static_cast<std::uint32_t>(other - home);
      code.li(t1, slot(other)) << lw(a5, 0, t1);
      code.save(a5, log_of(tile) + 4 * entry);
    }
  }
  return code.end();
}

}  // namespace

TEST_CASE("nobody passes a barrier before everybody has reached it") {
  struct Case {
    int columns;
    int rows;
    int home;
    int tiles;
  };
  const auto [columns, rows, home, tiles] =
      GENERATE(Case{2, 2, 0, 4}, Case{3, 3, 0, 9}, Case{2, 2, 1, 3}, Case{3, 2, 2, 2});
  std::vector<std::uint64_t> instructions;
  for (const sc_core::sc_time& quantum : {ns(10), ns(100'000)}) {
    fresh_kernel();
    INFO("quantum " << quantum);
    AcceleratorConfig config = mesh(columns, rows);
    config.tile.hart.quantum = quantum;
    Rig rig(config);
    for (int tile = 0; tile < columns * rows; ++tile) {
      const bool takes_part = tile >= home && tile < home + tiles;
      rig.load(tile, takes_part ? barrier_program(tile, home, tiles) : Code().end());
    }
    rig.start_all_and_run();
    CHECK(rig.traps.empty());
    for (int tile = home; tile < home + tiles; ++tile) {
      CHECK(rig.accelerator.tile(tile).board().counter(barrier_counter) == 0);
      const auto count = static_cast<std::size_t>(tiles);
      const auto seen = rig.get<std::uint32_t>(log_of(tile), barrier_rounds * count);
      for (std::size_t i = 0; i < seen.size(); ++i) {
        const std::uint32_t round = static_cast<std::uint32_t>(i / count) + 1;
        INFO("tile " << tile << ", round " << round << ", other " << i % count);
        CHECK(seen[i] >= round);
        CHECK(seen[i] <= round + 1);
      }
    }
    // Who waits sleeps: no instruction more for however long it takes.
    std::uint64_t sum = 0;
    for (int tile = home; tile < home + tiles; ++tile)
      sum += rig.accelerator.tile(tile).hart().core().instructions();
    instructions.push_back(sum);
  }
  CHECK(instructions[0] == instructions[1]);
}

TEST_CASE("who waits in a barrier says so, and a stopped tile leaves it") {
  Rig rig(mesh(2, 2));
  for (int tile = 0; tile < 4; ++tile) {
    rig.load(tile, tile == 3 ? Code().end() : with_handler(tile).xweft("barrier", barrier_counter, 4).end());
  }
  rig.start_all_and_run();
  CHECK(rig.accelerator.tile(0).hart().state().kind == WaitKind::barrier);
  // Tile 1 waits for tile 3; tile 2, a leaf, has signalled tile 0.
  const std::string text = describe(rig.accelerator.tile(0).hart().state());
  CHECK(text.rfind("barrier: counter 6 is 1, waits for 2", 0) == 0);
  CHECK(describe(rig.accelerator.tile(1).hart().state()).rfind("barrier: counter 6 is 0, waits for 1", 0) ==
        0);
  rig.accelerator.tile(2).hart().halt();
  sc_core::sc_start(ns(10));
  CHECK(rig.accelerator.tile(2).hart().state().kind == WaitKind::halted);
  CHECK(rig.accelerator.tile(2).board().counter(barrier_counter) == 0);
}

TEST_CASE("a unit's fault does not break a barrier and traps the instruction behind it") {
  Rig rig(mesh(2, 1));
  Code faulty = with_handler(0);
  faulty.xweft("dma", window(2), window(0) + 0x1000, 16).xweft("barrier", barrier_counter, 2);
  const std::uint32_t behind = window(0) + faulty.bytes();
  rig.load(0, (faulty << xweft::encode(*xweft::find("waitm"), {0, 0, 0, 0})).end());
  Code late = with_handler(1);
  late.li(a4, 3000) << addi(a4, a4, -1) << bne(a4, zero, -4);
  rig.load(1, late.xweft("barrier", barrier_counter, 2).end());
  rig.start_all_and_run();
  REQUIRE(rig.traps.size() == 1);
  CHECK(rig.traps[0].first == 0);
  CHECK(rig.traps[0].second.pc == behind);
  CHECK(rig.accelerator.tile(1).hart().state().kind == WaitKind::interrupt);
}

TEST_CASE("tiles that compete for network and memory take the same time for every quantum") {
  struct Outcome {
    sc_core::sc_time end;
    std::vector<std::uint64_t> cycles;
    std::vector<std::uint8_t> memory;
    std::uint64_t flits;
  };
  std::vector<Outcome> outcomes;
  for (const sc_core::sc_time& quantum :
       {ns(10), ns(33), ns(1000), ns(100'000), sc_core::sc_time(1, sc_core::SC_MS)}) {
    fresh_kernel();
    INFO("quantum " << quantum);
    AcceleratorConfig config = mesh(2, 2);
    config.tile.hart.quantum = quantum;
    Rig rig(config);
    for (int tile = 0; tile < 4; ++tile) {
      // Everybody sends to everybody else, computes for a while, and writes the time to system memory.
      Code code = with_handler(tile);
      code.set_csr(xweft::csr_wcomp, announce(2, 1));
      for (std::uint32_t round = 1; round <= 4; ++round) {
        for (int other = 0; other < 4; ++other) {
          if (other == tile) continue;
          const auto slot = static_cast<std::uint32_t>(tile) * 0x100;
          code.xweft("send", window(tile) + 0x1000, window(other) + 0x2000 + slot, 256);
        }
        code.li(a4, 40u + 20u * static_cast<std::uint32_t>(tile));
        code << addi(a4, a4, -1) << bne(a4, zero, -4);
        const auto word = system_base + 4 * (4 * round + static_cast<std::uint32_t>(tile));
        code.save_csr(csr_mcycle, word).xweft("cwait", 2, 3 * round);
      }
      code.save_csr(csr_mcycle, system_base + 0x100 + 4 * static_cast<std::uint32_t>(tile));
      rig.load(tile, code.end());
    }
    rig.start_all_and_run();
    CHECK(rig.traps.empty());
    Outcome outcome{sc_core::sc_time_stamp(), {}, rig.memory, rig.accelerator.noc().traffic().flits};
    for (int tile = 0; tile < 4; ++tile) {
      CHECK(rig.accelerator.tile(tile).hart().state().kind == WaitKind::interrupt);
      outcome.cycles.push_back(rig.accelerator.tile(tile).hart().core().cycles());
    }
    outcomes.push_back(outcome);
    CHECK(outcome.end == outcomes[0].end);
    CHECK(outcome.cycles == outcomes[0].cycles);
    CHECK((outcome.memory == outcomes[0].memory));
    CHECK(outcome.flits == outcomes[0].flits);
  }
}

TEST_CASE("mesh and host node have limits, and a refusal names what was found") {
  const auto refusal = [](const AcceleratorConfig& config) -> std::string {
    fresh_kernel();
    Context context;
    try {
      const Accelerator accelerator("accelerator", config, context);
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  CHECK(refusal(mesh(0, 1)) == "accelerator: 0 x 1 tiles, allowed: 1 to 1024 in all");
  CHECK(refusal(mesh(33, 32)) == "accelerator: 33 x 32 tiles, allowed: 1 to 1024 in all");
  CHECK(refusal(mesh(2, 2, 2, 0)) == "accelerator: host node (2, 0) lies outside the mesh of 2 x 2");
  CHECK(refusal(mesh(2, 2, 0, -1)) == "accelerator: host node (0, -1) lies outside the mesh of 2 x 2");
}
