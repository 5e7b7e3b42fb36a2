// SPDX-License-Identifier: Apache-2.0
// ReRAM behind a tile's buffer: whoever writes, the filter in front of it sees it.
#include "models/reram_buffer/registers.h"
#include "tests/models/tile/tile_rig.h"

using namespace weft;
using namespace weft::test;
using reram_buffer::WriteClass;

namespace {

constexpr std::uint32_t reram_base = tile_base + buffer_bytes;
constexpr std::uint32_t reram_bytes = 0x2000;

tile::TileConfig tile_with_reram(bool direct = true) {
  tile::TileConfig config = small_tile();
  config.reram.rows.size = reram_bytes;
  config.reram.row_read = ns(30);
  config.reram.row_write = ns(50);
  for (write_filter::FilterConfig& rules : config.buffer_filter.rules) {
    rules.policy = write_filter::Policy::drop;
    rules.threshold = 10;
  }
  config.hart.use_direct_memory = direct;
  return config;
}

constexpr std::uint32_t filter_at(const RegisterInfo& info) {
  return tile_base + static_cast<std::uint32_t>(tile::window::reram_buffer_base) + info.offset;
}

// Makes the first 256 bytes errors of two bytes.
Code set_up() {
  namespace r = reram_buffer::registers;
  Code code;
  code.set_csr(csr_mtvec, handler_at);
  code.li(a0, 256).save(a0, filter_at(r::range_size));
  code.li(a0, static_cast<std::uint32_t>(WriteClass::error) | 1u << r::range_class_width_shift);
  code.save(a0, filter_at(r::range_class));
  return code;
}

const write_filter::BufferStatistics& seen(const TileRig& rig) {
  return rig.tile.buffer_filter()->filter(WriteClass::error).statistics();
}

}  // namespace

TEST_CASE("a hart's stores pass the filter, with host pointers to other memory and without") {
  const bool direct = GENERATE(true, false);
  Code code = set_up();
  // The buffer first, so that a host pointer is there to be misused.
  code.li(a0, 7).save(a0, data_at);
  code.li(a0, 0x00140005).save(a0, reram_base + 8).save(a0, reram_base + 0x400);
  code.li(t1, reram_base + 8) << lw(a1, 0, t1);
  code.save(a1, data_at + 4).end();
  TileRig rig(tile_with_reram(direct));
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.word(reram_base + 8) == 0x00140000);
  CHECK(rig.word(data_at + 4) == 0x00140000);
  CHECK(rig.word(reram_base + 0x400) == 0x00140005);
  CHECK(seen(rig).values_offered == 2);
  CHECK(seen(rig).values_written == 1);
}

TEST_CASE("vector unit and DMA pass the filter and read what is stored") {
  Code code = set_up();
  code.set_csr(xweft::csr_wlen, 4);
  code.set_csr(xweft::csr_wfmt, 0x111);
  code.xweft("vcopy", data_at, 0, reram_base).wait_for_ticket();
  code.xweft("dma", data_at + 8, reram_base + 8, 8).wait_for_ticket();
  code.xweft("dma", reram_base, data_at + 0x40, 16).wait_for_ticket();
  code.end();
  TileRig rig(tile_with_reram());
  rig.put<std::int16_t>(data_at, {9, 10, -9, -10, 1, 100, 2, -100});
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.get<std::int16_t>(reram_base, 8) == std::vector<std::int16_t>{0, 10, 0, -10, 0, 100, 0, -100});
  CHECK(rig.get<std::int16_t>(data_at + 0x40, 8) ==
        std::vector<std::int16_t>{0, 10, 0, -10, 0, 100, 0, -100});
  CHECK(seen(rig).values_offered == 8);
  CHECK(seen(rig).values_written == 4);
}

TEST_CASE("code in ReRAM that is written anew is executed anew") {
  TileRig rig(tile_with_reram());
  constexpr std::uint32_t routine = reram_base + 0x1000;
  Code code;
  code.set_csr(csr_mtvec, handler_at);
  code.li(a0, addi(a1, zero, 1)).save(a0, routine);
  code.li(a0, jalr(zero, 0, ra)).save(a0, routine + 4);
  code.li(t1, routine) << jalr(ra, 0, t1);
  code.save(a1, data_at);
  code.li(a0, addi(a1, zero, 2)).save(a0, routine) << 0x0000100f;  // fence.i
  code.li(t1, routine) << jalr(ra, 0, t1);
  code.save(a1, data_at + 4).end();
  rig.run(code);
  CHECK(rig.traps.empty());
  CHECK(rig.word(data_at) == 1);
  CHECK(rig.word(data_at + 4) == 2);
}

TEST_CASE("the network reaches ReRAM and its filter, a reset of the tile forgets the ranges") {
  namespace r = reram_buffer::registers;
  TileRig rig(tile_with_reram());
  elaborate();
  rig.network.write(filter_at(r::range_size), 256u);
  rig.network.write(filter_at(r::range_class),
                    static_cast<std::uint32_t>(WriteClass::error) | 1u << r::range_class_width_shift);
  rig.network.write<std::int16_t>(reram_base, 5);
  CHECK(rig.network.read<std::int16_t>(reram_base) == 0);
  rig.control(tile_control::registers::control_reset);
  rig.network.write<std::int16_t>(reram_base, 5);
  CHECK(rig.network.read<std::int16_t>(reram_base) == 5);
  CHECK(rig.network.read(filter_at(r::size)) == reram_bytes);
}

TEST_CASE("without ReRAM nothing is there") {
  TileRig rig;
  elaborate();
  std::uint32_t value = 0;
  CHECK(rig.network.try_read(reram_base, value) == Status::address_error);
  CHECK(rig.network.try_read(filter_at(reram_buffer::registers::size), value) == Status::address_error);
  CHECK(rig.tile.reram() == nullptr);
}

TEST_CASE("more ReRAM than the window holds is refused") {
  tile::TileConfig config = tile_with_reram();
  config.buffer.size = 786432;
  Context context;
  CHECK_THROWS_WITH(tile::Tile("tile", config, context),
                    "tile 0: buffer with its ReRAM is 794624, allowed: at most 786432 bytes");
}
