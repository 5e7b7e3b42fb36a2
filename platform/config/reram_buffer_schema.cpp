// SPDX-License-Identifier: Apache-2.0
// The keys of platform.tile.reram_buffer, platform.tile.write_filters and technology.reram_buffer, and what
// no key of them can know by itself.
#include <fmt/format.h>

#include <utility>

#include "models/common/error.h"
#include "models/reram_buffer/stored_rows.h"
#include "models/write_filter/buffer_filter.h"
#include "platform/config/schema.h"

namespace weft::config {

namespace {

constexpr double second = 1e9;      // in ns
constexpr double millijoule = 1e9;  // in pJ

}  // namespace

const Table<ReramBufferConfig>& reram_buffer_table() {
  using R = ReramBufferConfig;
  static const Table<R> table =
      Table<R>()
          .add("size", &R::size_bytes, byte_size(0, 764 * kibibyte, 4 * kibibyte),
               "Size of the ReRAM that follows the tile's buffer and holds activations, errors and gradients "
               "of a "
               "compiled network; 0: none, they are in the buffer.")
          .add("row_cells", &R::row_cells, integer(4, 2048),
               "Cells of a row, which are written at once: a power of two that makes 16 to 256 bytes.")
          .add("cell_bits", &R::cell_bits, integer(1, 4), "Bits of a cell: 1, 2 or 4.")
          .add("banks", &R::banks, integer(1, 256),
               "Subarrays that rows take turns over; as many are read or written at the same time.")
          .add("endurance", &R::endurance, object(buffer_endurance_table()), "");
  return table;
}

const Table<BufferFiltersConfig>& buffer_filters_table() {
  using F = BufferFiltersConfig;
  static const Table<F> table =
      Table<F>()
          .add("activation_buffer", &F::activation_buffer, object(buffer_filter_table()), "")
          .add("error_buffer", &F::error_buffer, object(buffer_filter_table()), "")
          .add("gradient_buffer", &F::gradient_buffer, object(buffer_filter_table()), "");
  return table;
}

const Table<ReramBufferTechnology>& reram_buffer_technology_table() {
  using T = ReramBufferTechnology;
  const auto time = [] { return duration(0.001, second); };
  const auto price = [] { return energy(0, millijoule); };
  static const Table<T> table =
      Table<T>()
          .add("read_time", &T::read_time_ns, time(), "Reading a row (PipeLayer: 29.31 ns a spike).")
          .add("read_energy", &T::read_pJ, price(),
               "Reading a row of 128 cells (PipeLayer: 1.08 pJ a spike, read as that of a row).")
          .add("write_time", &T::write_time_ns, time(),
               "One pulse for the cells of a row, its verify read included (PipeLayer: 50.88 ns a spike).")
          .add("write_energy", &T::write_pJ, price(),
               "One pulse of a cell (PipeLayer: 3.91 nJ a spike, read as that of a row of 128 cells).")
          .add("half_select_energy", &T::half_select_pJ, price(),
               "One pulse seen by a cell that is not written, of the row or on a pulsed bit line. Assumed 0, "
               "as in a "
               "1T1R array.")
          .add("row_setup_energy", &T::row_setup_pJ, price(),
               "Decoder and drivers for a row that is written. Assumed part of the pulses.")
          .add("write_lines", &T::write_lines, object(write_lines_table()), "");
  return table;
}

// ReRAM beside the tiles' buffers, and the filters in front of it.
void check_reram_buffer(const Scenario& scenario, Reader& reader) {
  const TileConfig& tile = scenario.platform.tile;
  if (tile.reram_buffer.size_bytes == 0) return;
  const auto check = [&reader](const std::string& path, const auto& valid) {
    try {
      valid();
    } catch (const Error& error) {
      reader.error(reader.where(path), path, error.what());
    }
  };
  const std::string path = "platform.tile.reram_buffer";
  check(path, [&] {
    reram_buffer::StoredRowsConfig rows;
    rows.size = tile.reram_buffer.size_bytes;
    rows.row_cells = tile.reram_buffer.row_cells;
    rows.cell_bits = tile.reram_buffer.cell_bits;
    rows.banks = tile.reram_buffer.banks;
    rows.endurance = tile.reram_buffer.endurance;
    rows.validate();
  });
  const std::string filters = "platform.tile.write_filters.";
  const auto check_filter = [&](const char* name, const write_filter::FilterConfig& rules) {
    check(filters + name, [&] { write_filter::BufferFilter::check(rules); });
  };
  check_filter("activation_buffer", tile.write_filters.activation_buffer);
  check_filter("error_buffer", tile.write_filters.error_buffer);
  check_filter("gradient_buffer", tile.write_filters.gradient_buffer);
  constexpr std::uint64_t window = 768 * kibibyte;
  if (tile.buffer_size_bytes + tile.reram_buffer.size_bytes > window) {
    reader.error(
        reader.where(path), path + ".size",
        fmt::format("{} KiB and a buffer of {} KiB are more than the 768 KiB that a tile's window has "
                    "for both",
                    tile.reram_buffer.size_bytes / kibibyte, tile.buffer_size_bytes / kibibyte));
  }
  if (scenario.platform.crossbar.arithmetic == Arithmetic::none) {
    for (const auto& [name, rules] : {std::pair("activation_buffer", &tile.write_filters.activation_buffer),
                                      std::pair("error_buffer", &tile.write_filters.error_buffer),
                                      std::pair("gradient_buffer", &tile.write_filters.gradient_buffer)}) {
      if (rules->policy == write_filter::Policy::none) continue;
      reader.error(
          reader.where(filters + name), filters + name + ".policy",
          "compares numbers, of which platform.crossbar.arithmetic: none has none; allowed there: none");
    }
  }
  if (scenario.workload.layers.empty()) return;
  if (scenario.training.gradient == Gradient::activation_kernels &&
      tile.write_filters.gradient_buffer.policy != write_filter::Policy::none) {
    reader.error(
        reader.where(filters + "gradient_buffer"), filters + "gradient_buffer.policy",
        "holds back factors of outer products, which training.gradient activation_kernels has none of; "
        "allowed there: none");
  }
  if (scenario.workload.mapping == Mapping::fp_pim || scenario.training.optimizer == Optimizer::kfac) {
    reader.error(
        reader.where(path), path,
        "networks with workload.mapping fp_pim or training.optimizer kfac keep all their data in the "
        "tile's buffer; leave the ReRAM out");
  }
}

}  // namespace weft::config
