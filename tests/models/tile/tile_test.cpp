// SPDX-License-Identifier: Apache-2.0
#include <functional>

#include "models/common/error.h"
#include "models/unit/registers.h"
#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;
using hart::WaitKind;

namespace {

constexpr std::uint32_t window_at(std::uint64_t offset) {
  return tile_base + static_cast<std::uint32_t>(offset);
}
constexpr std::uint32_t dma_window = window_at(tile::window::dma_base);
constexpr std::uint32_t vector_window = window_at(tile::window::vector_base);

std::string refusal(const std::function<void(tile::TileConfig&)>& spoil) {
  fresh_kernel();
  tile::TileConfig config = small_tile();
  config.index = 3;
  spoil(config);
  Context context;
  try {
    const tile::Tile tile("tile", config, context);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::uint32_t issued(TileRig& rig, std::uint32_t window) {
  return rig.network.read(window + unit::registers::issued.offset);
}

}  // namespace

TEST_CASE("a tile's numbers have limits, and a refusal names number and limit") {
  CHECK(refusal([](auto&) {}).empty());
  CHECK(refusal([](auto& config) { config.crossbars = 0; }) == "tile 3: crossbars is 0, allowed: 1 to 24");
  CHECK(refusal([](auto& config) { config.crossbars = 25; }) == "tile 3: crossbars is 25, allowed: 1 to 24");
  CHECK(refusal([](auto& config) { config.inversions = 9; }) ==
        "tile 3: inversion units is 9, allowed: 0 to 8");
  CHECK(refusal([](auto& config) { config.fp_pims = 9; }) ==
        "tile 3: floating-point PIM units is 9, allowed: 0 to 8");
  CHECK(refusal([](auto& config) { config.sync_counters = 65; }) ==
        "tile 3: sync counters is 65, allowed: 1 to 64");
  CHECK(refusal([](auto& config) { config.buffer.size = 0; }) ==
        "tile 3: buffer size is 0, allowed: 1 to 786432 bytes");
  CHECK(refusal([](auto& config) { config.buffer.size = 786433; }) ==
        "tile 3: buffer size is 786433, allowed: 1 to 786432 bytes");
  CHECK(refusal([](auto& config) { config.queue_depth = 0; }) ==
        "tile 3: queue depth is 0, allowed: 1 to 255");
  CHECK(refusal([](auto& config) { config.queue_depth = 256; }) ==
        "tile 3: queue depth is 256, allowed: 1 to 255");
  CHECK(refusal([](auto& config) {
          config.crossbars = 24;
          config.inversions = 8;
          config.fp_pims = 8;
          config.buffer.size = 786432;
          config.sync_counters = 64;
          config.queue_depth = 255;
        }).empty());
}

TEST_CASE("the network finds buffer, registers and every unit in the window") {
  TileRig rig;
  elaborate();
  rig.network.write(tile_base + 0x40, 0x12345678u);
  CHECK(rig.network.read(tile_base + 0x40) == 0x12345678);
  CHECK(rig.network.read(control_at(tile_control::registers::crossbars)) == 3);
  CHECK(rig.network.read(control_at(tile_control::registers::buffer_size)) == buffer_bytes);
  CHECK(rig.network.read(control_at(tile_control::registers::counters)) == 32);
  rig.network.write(counter_add_at(31), 5u);
  // The accesses are at the driver's local time, which is ahead.
  sc_core::sc_start(rig.network.delay + ns(1));
  CHECK(rig.tile.board().counter(31) == 5);
  for (const std::uint32_t window : {dma_window, vector_window, crossbar_window(0), crossbar_window(1)}) {
    CHECK(issued(rig, window) == 0);
  }
}

TEST_CASE("a master on the network commands the units as the hart does") {
  TileRig rig;
  elaborate();
  rig.put<std::int32_t>(data_at, {1, 2, 3, 4});
  unit::Command copy;
  copy.opcode = static_cast<std::uint8_t>(xweft::VectorCommand::vcopy);
  copy.format0 = copy.format_dst = unit::Format::int32;
  copy.src0 = data_at;
  copy.dst = data_at + 0x40;
  copy.length = 4;
  copy.completion = 1u << 31 | 2u << 16 | 9;
  const unit::Descriptor words = unit::encode(copy);
  CHECK(rig.network.socket.write(vector_window, words.data(), sizeof words, rig.network.delay) == Status::ok);
  CHECK(rig.tile.busy());
  sc_core::sc_start();
  CHECK_FALSE(rig.tile.busy());
  CHECK(rig.get<std::int32_t>(data_at + 0x40, 4) == std::vector<std::int32_t>{1, 2, 3, 4});
  CHECK(rig.tile.board().counter(2) == 9);
}

TEST_CASE("the hart reaches its own window at the network's addresses and the system beyond it") {
  Code code;
  code.set_csr(csr_mtvec, handler_at);
  code.li(a5, control_at(tile_control::registers::id)) << lw(a0, 0, a5) << lw(a1, 4, a5);
  code.save(a0, system_base).save(a1, system_base + 4);
  code.li(a0, 3).save(a0, counter_add_at(4)).end();
  tile::TileConfig config = small_tile();
  TileRig rig(config);
  rig.run(code);
  CHECK(rig.traps.empty());
  std::uint32_t words[2];
  std::memcpy(words, rig.system.data(), sizeof words);
  CHECK(words[0] == 0);
  CHECK(words[1] == 3);
  CHECK(rig.tile.board().counter(4) == 3);
}

TEST_CASE("what the window leaves unused is an address error to everybody") {
  const std::uint32_t holes[] = {tile_base + buffer_bytes,
                                 window_at(tile::window::tile_control_base) - 4,
                                 window_at(tile::window::sync_base + tile::window::sync_size),
                                 dma_window - 4,
                                 window_at(tile::window::vector_base + tile::window::vector_size),
                                 crossbar_window(2),
                                 window_at(tile::window_size) - 4};
  for (const std::uint32_t hole : holes) {
    fresh_kernel();
    INFO("hole at " << std::hex << hole);
    Code code;
    code.set_csr(csr_mtvec, handler_at).li(a5, hole) << lw(a0, 0, a5);
    code.end();
    TileRig rig;
    rig.run(code);
    REQUIRE(rig.traps.size() == 1);
    CHECK(rig.traps[0].cause == 5);
    CHECK(rig.traps[0].value == hole);
    std::uint32_t value = 0;
    CHECK(rig.network.try_read(hole, value) == Status::address_error);
    CHECK(rig.network.try_write(hole, value) == Status::address_error);
    CHECK(rig.network.socket.read_debug(hole, &value, sizeof value) == Status::address_error);
  }
}

TEST_CASE("a DMA transfer into a hole of the window fails with the address") {
  Code code;
  code.set_csr(csr_mtvec, handler_at).xweft("dma", data_at, crossbar_window(5), 16).wait_for_ticket().end();
  TileRig rig;
  rig.run(code);
  REQUIRE(rig.traps.size() == 1);
  CHECK(rig.traps[0].cause == 7);
  CHECK(rig.traps[0].value == crossbar_window(5));
}

TEST_CASE("a program raises the tile's interrupt") {
  Code code;
  code.li(a0, tile_control::registers::raise_done).save(a0, control_at(tile_control::registers::raise)).end();
  TileRig rig;
  elaborate();
  rig.network.write(control_at(tile_control::registers::enable), tile_control::registers::enable_done);
  CHECK_FALSE(rig.irq.read());
  rig.run(code);
  CHECK(rig.irq.read());
  CHECK(rig.network.read(control_at(tile_control::registers::events)) ==
        tile_control::registers::events_done);
}

TEST_CASE("CONTROL.reset empties queues and counters and keeps buffer and cells") {
  Code code;
  code.set_csr(csr_mtvec, handler_at).set_csr(xweft::csr_wbits, 10).set_csr(xweft::csr_wdim, 2u | 2u << 16);
  code.xweft("prog", data_at, 0, 1).wait_for_ticket().set_csr(xweft::csr_wcomp, 1u << 31 | 7u << 16 | 1);
  for (int i = 0; i < 4; ++i) code.xweft("mvm", data_at, data_at + 0x100, 1);
  code.xweft("cwait", 7, 4).end();
  TileRig rig;
  rig.put<std::int32_t>(data_at, {11, 12, 13, 14});
  rig.start(code);
  // Programming two of eight rows takes 2.7425 us, a product 1.2 us: the second product is running.
  sc_core::sc_start(ns(4'500));
  CHECK(rig.state().kind == WaitKind::counter);
  CHECK(rig.tile.board().counter(7) == 1);
  CHECK(issued(rig, crossbar_window(0)) == 5);
  rig.control(tile_control::registers::control_reset | tile_control::registers::control_stop);
  CHECK(rig.tile.board().counter(7) == 0);
  CHECK_FALSE(rig.tile.busy());
  CHECK(issued(rig, crossbar_window(0)) == 0);
  sc_core::sc_start();
  CHECK(rig.state().kind == WaitKind::halted);
  CHECK(rig.tile.board().counter(7) == 0);
  CHECK(rig.tile.crossbars()[0]->operations() == 0);
  CHECK(rig.tile.crossbars()[0]->array().weight(1, 1) == 14);
  CHECK(rig.word(data_at + 4) == 12);
  // The tile works as before.
  rig.start();
  sc_core::sc_start();
  CHECK(rig.traps.empty());
  CHECK(rig.state().kind == WaitKind::interrupt);
  CHECK(rig.tile.board().counter(7) == 4);
}

TEST_CASE("all crossbars of a tile with the most there can be answer in their windows") {
  tile::TileConfig config = small_tile();
  config.crossbars = tile::max_crossbars;
  Code code;
  code.set_csr(csr_mtvec, handler_at)
      .xweft("crs", 0, 0, (1u << tile::max_crossbars) - 1)
      .save(a0, data_at)
      .end();
  TileRig rig(config);
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.word(data_at) == unit::ticket(unit::first_crossbar_index + tile::max_crossbars - 1, 1));
  for (unsigned number = 0; number < tile::max_crossbars; ++number) {
    CHECK(rig.tile.crossbars()[number]->operations() == 1);
    CHECK(issued(rig, crossbar_window(number)) == 1);
  }
}
