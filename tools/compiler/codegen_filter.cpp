// SPDX-License-Identifier: Apache-2.0
// Changes of the write filters at the beginning of an epoch, by writes of the tile's own filter registers.
#include <fmt/format.h>

#include "models/common/float_bits.h"
#include "models/tile/tile_map.h"
#include "models/tile/window.h"
#include "models/write_filter/registers.h"
#include "tools/compiler/tile_generator.h"

namespace weft::compiler {

using xweft::Mnemonic;

namespace {

std::uint32_t single(double value) { return bits_of(static_cast<float>(value)); }

}  // namespace

void TileGenerator::change_filters() {
  std::uint32_t units = 0;
  for (const int index : shards_) units |= shard_mask(index);
  for (const FilterChange& change : network_.filter_changes.list) {
    const Label later = as_.make_label();
    as_.note(fmt::format("write filters from epoch {} on", change.epoch + 1));
    as_.li(Reg::t0, static_cast<std::uint32_t>(change.epoch));
    as_.bne(epoch, Reg::t0, later);
    if (network_.filter_changes.updates_may_wait && change.epoch > 0) finish_waiting_updates(units);
    write_filter_rules(change.rules, units);
    e_.bind(later);
  }
}

// Units of a tile are used from the first one on, without gaps.
void TileGenerator::write_filter_rules(const write_filter::FilterRules& rules, std::uint32_t units) {
  namespace r = write_filter::registers;
  std::uint32_t count = 0;
  while ((units >> count & 1u) != 0) ++count;
  const std::uint32_t first = tile_.base + static_cast<std::uint32_t>(tile::window::write_filters_base);
  const auto write = [this](const RegisterInfo& info, std::uint32_t value) {
    as_.li(Reg::t2, value);
    as_.sw(Reg::t2, static_cast<std::int32_t>(info.offset), Reg::t0);
  };
  const Label next = as_.make_label();
  as_.li(Reg::t0, first);
  as_.li(Reg::t1, first + count * tile::filter_window_size);
  e_.bind(next);
  write(r::policy, static_cast<std::uint32_t>(rules.policy));
  write(r::granularity, static_cast<std::uint32_t>(rules.granularity));
  write(r::threshold_mode, static_cast<std::uint32_t>(rules.threshold_mode));
  write(r::threshold, single(rules.threshold));
  write(r::density, single(rules.density));
  write(r::control, r::control_apply);
  as_.li(Reg::t2, tile::filter_window_size);
  as_.add(Reg::t0, Reg::t0, Reg::t2);
  as_.bltu(Reg::t0, Reg::t1, next);
}

// Reading one weight makes a unit write what it has collected. The word is about to be cleared.
void TileGenerator::finish_waiting_updates(std::uint32_t units) {
  as_.note("updates of the last batch belong to the epoch before");
  e_.csr(xweft::csr_wdim, 1u | 1u << 16);
  as_.li(Reg::a1, tile_.data.train_metrics);
  for (unsigned unit = 0; units >> unit != 0; ++unit) {
    const std::uint32_t own = units & 1u << unit;
    if (own == 0) continue;
    e_.crossbar(Mnemonic::rdarr, own);
    e_.wait_units(crossbar_units(own));
  }
}

}  // namespace weft::compiler
