// SPDX-License-Identifier: Apache-2.0
// A tile alone: the test is the network on one side and system memory on the other. Programs are words.
#pragma once

#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "models/hart/xweft.h"
#include "models/sync/registers.h"
#include "models/tile/tile.h"
#include "models/tile/window.h"
#include "models/tile_control/registers.h"
#include "tests/models/hart/assembler.h"
#include "tests/models/tlm/debug_values.h"
#include "tests/models/tlm/driver.h"
#include "tests/models/tlm/fresh_kernel.h"

namespace weft::test {

constexpr std::uint32_t csr_mstatus = 0x300;
constexpr std::uint32_t csr_mie = 0x304;
constexpr std::uint32_t csr_mtvec = 0x305;
constexpr std::uint32_t csr_mepc = 0x341;
constexpr std::uint32_t csr_mcause = 0x342;
constexpr std::uint32_t csr_mtval = 0x343;
constexpr std::uint32_t csr_mip = 0x344;
constexpr std::uint32_t csr_mcycle = 0xb00;
constexpr std::uint32_t csr_minstret = 0xb02;
constexpr std::uint32_t wfi_word = 0x10500073;
constexpr std::uint32_t mret_word = 0x30200073;
constexpr std::uint32_t ecall_word = 0x00000073;

// A program in words. Constants go through t1, operands of Xweft instructions through a1, a2 and a3.
class Code {
 public:
  std::vector<std::uint32_t> words;

  Code& operator<<(std::uint32_t word) {
    words.push_back(word);
    return *this;
  }
  // Always two words, so that addresses can be counted.
  Code& li(std::uint32_t rd, std::uint32_t value) {
    const std::uint32_t upper = (value + 0x800u) & 0xfffff000u;
    return *this << lui(rd, upper) << addi(rd, rd, static_cast<std::int32_t>(value - upper));
  }
  Code& set_csr(std::uint32_t number, std::uint32_t value) {
    li(t1, value);
    return *this << csrw(number, t1);
  }
  // Stores a register at an address.
  Code& save(std::uint32_t reg, std::uint32_t address) {
    li(t1, address);
    return *this << sw(reg, 0, t1);
  }
  // Stores a CSR at an address, through t0.
  Code& save_csr(std::uint32_t number, std::uint32_t address) {
    *this << csrr(t0, number);
    return save(t0, address);
  }
  // Loads the operands that the instruction uses, then runs it; its ticket comes in a0.
  Code& xweft(const std::string& name, std::uint32_t rs1, std::uint32_t rs2 = 0, std::uint32_t rs3 = 0) {
    const xweft::Instruction& instruction = *xweft::find(name);
    xweft::Fields registers{instruction.has_result ? unsigned{a0} : 0, 0, 0, 0};
    if (instruction.rs1 != xweft::Role::unused) li(registers.rs1 = a1, rs1);
    if (instruction.rs2 != xweft::Role::unused) li(registers.rs2 = a2, rs2);
    if (instruction.rs3 != xweft::Role::unused) li(registers.rs3 = a3, rs3);
    return *this << xweft::encode(instruction, registers);
  }
  // `wait` for the ticket in a0.
  Code& wait_for_ticket() { return *this << xweft::encode(*xweft::find("wait"), {0, a0, 0, 0}); }
  // Sleeps for ever.
  Code& end() { return *this << wfi_word << jal(zero, -4); }
  std::uint32_t bytes() const { return static_cast<std::uint32_t>(4 * words.size()); }
};

constexpr std::uint32_t tile_base = 0x40000000;
constexpr std::uint32_t handler_at = tile_base + 0x800;
constexpr std::uint32_t data_at = tile_base + 0x1000;
constexpr std::uint32_t buffer_bytes = 0x10000;
constexpr std::uint32_t system_base = 0x80000000;
constexpr std::uint32_t system_bytes = 0x10000;
constexpr std::uint32_t nowhere = 0xf0000000;

inline tile::TileConfig small_tile() {
  tile::TileConfig config;
  config.tiles_base = tile_base;
  config.crossbars = 2;
  config.buffer.size = buffer_bytes;
  config.buffer.latency = ns(4);
  config.buffer.bytes_per_second = 16e9;
  config.crossbar.array.rows = 8;
  config.crossbar.array.cols = 8;
  config.hart.energy_per_instruction = picojoule(2);
  return config;
}

inline std::uint32_t control_at(const RegisterInfo& info) {
  return tile_base + static_cast<std::uint32_t>(tile::window::tile_control_base) + info.offset;
}
inline std::uint32_t counter_at(unsigned index) {
  return tile_base + static_cast<std::uint32_t>(tile::window::sync_base) + 4 * index;
}
inline std::uint32_t counter_add_at(unsigned index) {
  return counter_at(index) + sync::registers::add.offset;
}
inline std::uint32_t crossbar_window(unsigned number) {
  return tile_base + static_cast<std::uint32_t>(tile::window::crossbars_base) +
         number * tile::unit_window_size;
}

struct TileRig {
  Context context;
  tile::Tile tile;
  Driver network{"network"};
  Target outside{"outside"};
  std::vector<std::uint8_t> system;  // memory at system_base
  sc_core::sc_time system_delay = ns(100);
  sc_core::sc_signal<bool> irq{"irq"};
  std::vector<hart::TrapEvent> traps;
  std::vector<std::string> warnings;

  explicit TileRig(const tile::TileConfig& config = small_tile())
      : tile("tile", config, context), system(system_bytes) {
    network.socket.bind(tile.from_network());
    tile.to_network().bind(outside.socket);
    tile.irq.bind(irq);
    outside.socket.on_access(
        [this](const Transfer& transfer, sc_core::sc_time& delay) { return access_system(transfer, delay); });
    tile.hart().set_trap_observer([this](const hart::TrapEvent& event) { traps.push_back(event); });
    context.log.set_sink([this](const LogEntry& entry) { warnings.push_back(entry.text); },
                         LogLevel::warning);
  }

  void load(std::uint32_t address, const Code& code) {
    CHECK(network.socket.write_debug(address, code.words.data(), code.bytes()) == Status::ok);
  }
  template <typename Element>
  void put(std::uint32_t address, const std::vector<Element>& values) {
    put_values(network.socket, address, values);
  }
  template <typename Element>
  std::vector<Element> get(std::uint32_t address, std::size_t count) {
    return get_values<Element>(network.socket, address, count);
  }
  std::uint32_t word(std::uint32_t address) { return network.peek(address); }

  // Before or between calls of sc_start().
  void control(std::uint32_t bits) { network.write(control_at(tile_control::registers::control), bits); }
  void start(std::uint32_t entry = tile_base) {
    network.write(control_at(tile_control::registers::entry), entry);
    control(tile_control::registers::control_start);
  }
  // Puts the program at the start of the buffer, and a trap handler that sleeps for ever behind it.
  void start(const Code& code) {
    load(tile_base, code);
    load(handler_at, Code().end());
    if (sc_core::sc_get_status() == sc_core::SC_ELABORATION) elaborate();
    start();
  }
  // Starts the program and lets everything happen that will.
  void run(const Code& code) {
    start(code);
    sc_core::sc_start();
  }
  hart::HartState state() { return tile.hart().state(); }

 private:
  Status access_system(const Transfer& transfer, sc_core::sc_time& delay) {
    const std::uint64_t offset = transfer.address - system_base;
    if (offset >= system.size() || transfer.size > system.size() - offset) return Status::address_error;
    std::uint8_t* const at = system.data() + offset;
    transfer.write ? std::memcpy(at, transfer.data, transfer.size)
                   : std::memcpy(transfer.data, at, transfer.size);
    if (!transfer.debug) delay += system_delay;
    return Status::ok;
  }
};

}  // namespace weft::test
