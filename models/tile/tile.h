// SPDX-License-Identifier: Apache-2.0
// A tile: hart, buffer, sync board, DMA, vector unit, crossbar units and, where configured, inversion and
// floating-point PIM units around one bus.
//
//              network in ──▶┌─────┐──▶ buffer, tile control, sync board
//   hart (fetch, data) ─────▶│ bus │──▶ command windows of the units
//   operands of every unit ─▶└─────┘──▶ network out (everything outside the tile's window)
//
//   crossbar unit ──update──▶ write filter ──▶ crossbar unit's update port
//   The filters' registers hang on the bus as well.
//
// Where configured, ReRAM follows the buffer in the window, behind a write filter of its own:
//   bus ──▶ write filter ──▶ ReRAM
//
// The window's layout is in window.yaml; a tile answers at the same global addresses for its own hart and
// for everybody else.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "models/bus/bus.h"
#include "models/common/context.h"
#include "models/crossbar/crossbar_unit.h"
#include "models/fp_pim/fp_pim_unit.h"
#include "models/hart/hart.h"
#include "models/inversion/inversion_unit.h"
#include "models/memory/memory.h"
#include "models/reram_buffer/buffer_write_filter.h"
#include "models/reram_buffer/reram_memory.h"
#include "models/sync/sync_board.h"
#include "models/tile/tile_map.h"
#include "models/tile_control/tile_control.h"
#include "models/tile_dma/tile_dma.h"
#include "models/vector/vector_unit.h"
#include "models/write_filter/write_filter.h"

namespace weft::tile {

struct TileConfig {
  unsigned index = 0;
  unsigned tiles = 1;            // in the accelerator
  std::uint32_t tiles_base = 0;  // global address of tile 0's window
  unsigned crossbars = 8;        // 1 to max_crossbars
  unsigned inversions = 0;       // 0 to max_inversions
  unsigned fp_pims = 0;          // 0 to max_fp_pims
  unsigned sync_counters = 32;   // 1 to sync::max_counters
  unsigned queue_depth = 8;
  bool check_hazards = false;  // warn where hart or units touch memory that a command in flight owns
  sc_core::sc_time bus_latency;
  // Of these, the tile fills in what depends on its number and its map.
  hart::HartConfig hart;
  memory::MemoryConfig buffer;
  reram_buffer::ReramMemoryConfig reram;  // size 0: none
  reram_buffer::BufferWriteFilterConfig buffer_filter;
  crossbar::CrossbarUnitConfig crossbar;
  write_filter::WriteFilterConfig write_filter;
  inversion::InversionUnitConfig inversion;
  fp_pim::FpPimUnitConfig fp_pim;
  vector::VectorUnitConfig vector;
  tile_dma::TileDmaConfig dma;
};

class Tile : public sc_core::sc_module {
 public:
  // Throws Error when a number is outside its limits.
  Tile(const sc_core::sc_module_name& name, const TileConfig& config, Context& context);

  // What arrives from the network, and what leaves towards it.
  bus::Bus::Input& from_network() { return bus_.inputs[0]; }
  bus::Bus::Output& to_network() { return bus_.to("network"); }
  sc_core::sc_out<bool> irq;

  hart::Hart& hart() { return hart_; }
  const hart::Hart& hart() const { return hart_; }
  const memory::Memory& buffer() const { return buffer_; }
  // Null where the tile has no ReRAM beside its buffer.
  const reram_buffer::ReramMemory* reram() const { return reram_.get(); }
  const reram_buffer::BufferWriteFilter* buffer_filter() const { return buffer_filter_.get(); }
  const vector::VectorUnit& vector() const { return vector_; }
  const tile_dma::TileDma& dma() const { return dma_; }
  const sync::SyncBoard& board() const { return board_; }
  const std::vector<std::unique_ptr<crossbar::CrossbarUnit>>& crossbars() const { return crossbars_; }
  const std::vector<std::unique_ptr<write_filter::WriteFilter>>& filters() const { return filters_; }
  const std::vector<std::unique_ptr<inversion::InversionUnit>>& inversions() const { return inversions_; }
  const std::vector<std::unique_ptr<fp_pim::FpPimUnit>>& fp_pims() const { return fp_pims_; }
  // Null unless hazards are checked.
  const unit::HazardChecker* hazards() const { return hazards_.get(); }
  // Commands running or waiting in any unit.
  bool busy() const { return board_.busy_units() != 0; }

 private:
  void build_units(Context& context);
  void build_reram(Context& context);
  void own_filter(unsigned crossbar, Context& context);
  void bind(Context& context);
  void bind_reram(Context& context);
  void memory_written(std::uint64_t window_offset, std::uint64_t size);
  void bind_unit(Context& context, unit::CommandUnit& unit, const std::string& region, unsigned input);
  void check_hazards(Context& context);
  void report_errors();
  void reset_units();

  TileConfig config_;
  bus::Bus bus_;
  sc_core::sc_vector<TargetSocket> holes_;  // what the window leaves unused: address errors
  memory::Memory buffer_;
  std::unique_ptr<reram_buffer::ReramMemory> reram_;
  std::unique_ptr<reram_buffer::BufferWriteFilter> buffer_filter_;
  sync::SyncBoard board_;
  tile_control::TileControl control_;
  hart::Hart hart_;
  tile_dma::TileDma dma_;
  vector::VectorUnit vector_;
  std::vector<std::unique_ptr<crossbar::CrossbarUnit>> crossbars_;
  std::vector<std::unique_ptr<write_filter::WriteFilter>> filters_;
  std::vector<std::unique_ptr<inversion::InversionUnit>> inversions_;
  std::vector<std::unique_ptr<fp_pim::FpPimUnit>> fp_pims_;
  std::unique_ptr<unit::HazardChecker> hazards_;
  std::vector<std::pair<unsigned, unit::CommandUnit*>> units_;  // all, with their numbers
  // A tile hart has no interrupt sources.
  sc_core::sc_signal<bool> no_interrupt_;
};

}  // namespace weft::tile
