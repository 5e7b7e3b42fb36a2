// SPDX-License-Identifier: Apache-2.0
// What a program does for the ReRAM behind its tile's buffer: it says what lies where in it, and writes every
// vector once, whole.
#include "models/reram_buffer/registers.h"
#include "models/tile/window.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

namespace r = reram_buffer::registers;

using unit::Format;
using xweft::Mnemonic;

void TileGenerator::prepare_reram() {
  if (tile_.stored.empty()) return;
  as_.note("whatever ran before: no filter holds back the zeros");
  as_.li(Reg::t0, tile_.base + static_cast<std::uint32_t>(tile::window::reram_buffer_base));
  for (unsigned number = 0; number < r::range_size.count; ++number)
    as_.sw(Reg::zero, static_cast<std::int32_t>(r::range_size.offset + number * r::range_size.stride),
           Reg::t0);
  const StoredRange& last = tile_.stored.back();
  e_.form({}, static_cast<int>((last.address + last.bytes - tile_.reram) / 4));
  as_.li(Reg::a2, tile_.reram);
  as_.xweft(Mnemonic::vfill, Reg::zero, Reg::zero, Reg::zero, Reg::a2);
  e_.wait_units(vector_unit);
  as_.note("what lies where in the ReRAM");
  for (unsigned number = 0; number < tile_.stored.size(); ++number) set_range(number, tile_.stored[number]);
}

// t0 is the write filter's address.
void TileGenerator::set_range(unsigned number, const StoredRange& range) {
  constexpr std::uint32_t two_bytes = 1;
  const auto set = [&](const RegisterInfo& info, std::uint32_t value) {
    as_.li(Reg::t1, value);
    as_.sw(Reg::t1, static_cast<std::int32_t>(info.offset + number * info.stride), Reg::t0);
  };
  set(r::range_start, range.address - tile_.reram);
  set(r::range_class, static_cast<std::uint32_t>(range.of) | two_bytes << r::range_class_width_shift |
                          static_cast<std::uint32_t>(range.magnitude_bits)
                              << r::range_class_magnitude_bits_shift);
  set(r::range_size, range.bytes);
}

const Area& TileGenerator::error_under_construction() const {
  return tile_.stored.empty() ? layout_.head.error : layout_.head.error_draft;
}

void TileGenerator::keep_error(int outputs) {
  if (tile_.stored.empty()) return;
  as_.note("the error is complete");
  e_.form({Format::int16, Format::int16, Format::int16, 0, 0}, outputs);
  e_.vector(Mnemonic::vcopy, layout_.head.error_draft, layout_.head.error);
  e_.wait_units(vector_unit);
}

}  // namespace weft::compiler
