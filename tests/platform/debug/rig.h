// SPDX-License-Identifier: Apache-2.0
// Two harts to debug: a tile's, with a program, and one that has never been started.
#pragma once

#include <string>

#include "platform/debug/target.h"
#include "tests/models/tile/tile_rig.h"

namespace weft::test {

struct DebugRig : TileRig {
  hart::Hart other;
  Target code{"code"};
  Target data{"data"};
  sc_core::sc_signal<bool> low{"low"};

  explicit DebugRig(const sc_core::sc_time& quantum = ns(10'000))
      : TileRig(with_quantum(quantum)), other("other", {}, context) {
    other.fetch_socket.bind(code.socket);
    other.data_socket.bind(data.socket);
    other.software_interrupt.bind(low);
    other.timer_interrupt.bind(low);
    other.external_interrupt.bind(low);
    for (Target* each : {&code, &data}) {
      each->socket.on_access([](const Transfer&, sc_core::sc_time&) { return Status::address_error; });
    }
  }

  static tile::TileConfig with_quantum(const sc_core::sc_time& quantum) {
    tile::TileConfig config = small_tile();
    config.hart.quantum = quantum;
    return config;
  }
  debug::Target target() { return {{{"tile.hart", &tile.hart()}, {"other", &other}}, {}}; }
};

constexpr std::uint32_t loop_at = tile_base + 16;
constexpr std::uint32_t store_at = tile_base + 20;
constexpr std::uint32_t rounds = 20;

// Counts a word in memory up, then has the vector unit fill another and waits for it.
inline Code counting_program() {
  Code code;
  code.li(s0, data_at).li(t0, rounds);
  code << addi(a4, a4, 3)      // loop_at
       << sw(a4, 0, s0)        // store_at
       << lw(a5, 0, s0)        //
       << addi(t0, t0, -1)     //
       << bne(t0, zero, -16);  //
  code.set_csr(xweft::csr_wfmt, 2u | 2u << 4 | 2u << 8).set_csr(xweft::csr_wlen, 4);
  code.xweft("vfill", 0, 7, data_at + 64).wait_for_ticket();
  return code.end();
}

}  // namespace weft::test
