// SPDX-License-Identifier: Apache-2.0
#include "tools/weft/buffer_report.h"

#include <fmt/format.h>

#include <vector>

#include "tools/weft/lifetime_report.h"

namespace weft::tool {

namespace {

using nlohmann::json;
using reram_buffer::WriteClass;

struct Name {
  WriteClass of;
  const char* key;
};
constexpr Name filtered_classes[] = {{WriteClass::activation, "activation_buffer"},
                                     {WriteClass::error, "error_buffer"},
                                     {WriteClass::gradient, "gradient_buffer"}};

template <typename Visit>
void for_each_reram(const machine::Accelerator& accelerator, Visit visit) {
  for (int number = 0; number < accelerator.tiles(); ++number) {
    const tile::Tile& tile = accelerator.tile(number);
    if (tile.reram() != nullptr) visit(number, *tile.reram(), *tile.buffer_filter());
  }
}

json class_report(const machine::Accelerator& accelerator, WriteClass of, int cell_bits) {
  reram_buffer::ClassWrites done;
  write_filter::BufferStatistics seen;
  std::uint64_t bytes_held_back = 0;
  for_each_reram(accelerator, [&](int, const auto& memory, const auto& filter) {
    done.cells += memory.writes(of).cells;
    done.pulses += memory.writes(of).pulses;
    done.rows += memory.writes(of).rows;
    const write_filter::BufferStatistics& own = filter.filter(of).statistics();
    seen.rows_offered += own.rows_offered;
    seen.values_offered += own.values_offered;
    seen.values_written += own.values_written;
    bytes_held_back += filter.bytes_held_back(of);
  });
  return {{"cells", done.cells},
          {"pulses", done.pulses},
          {"filtered", bytes_held_back * 8 / static_cast<unsigned>(cell_bits)},
          {"values_offered", seen.values_offered},
          {"values_written", seen.values_written},
          {"density", share(seen.values_written, seen.values_offered)},
          {"rows_offered", seen.rows_offered},
          {"rows_written", done.rows},
          {"row_density", share(done.rows, seen.rows_offered)}};
}

// Writes of no filtered class.
template <typename Pick>
json plain_report(const machine::Accelerator& accelerator, Pick pick) {
  reram_buffer::ClassWrites sum;
  for_each_reram(accelerator, [&](int, const auto& memory, const auto&) {
    const reram_buffer::ClassWrites own = pick(memory);
    sum.cells += own.cells;
    sum.pulses += own.pulses;
    sum.rows += own.rows;
  });
  return {{"cells", sum.cells}, {"pulses", sum.pulses}, {"rows_written", sum.rows}};
}

json time_report(const machine::Accelerator& accelerator) {
  double read_s = 0;
  double write_s = 0;
  double waited_s = 0;
  std::uint64_t rows_read = 0;
  for_each_reram(accelerator, [&](int, const auto& memory, const auto&) {
    read_s += memory.read_time().to_seconds();
    write_s += memory.write_time().to_seconds();
    waited_s += memory.waited().to_seconds();
    rows_read += memory.rows_read();
  });
  return {{"rows_read", rows_read}, {"read_s", read_s}, {"write_s", write_s}, {"waited_s", waited_s}};
}

// Wear of every row that has any, in the order of its bytes.
json wear_map(const machine::Accelerator& accelerator) {
  json map = json::array();
  for_each_reram(accelerator, [&](int number, const auto& memory, const auto&) {
    const std::vector<double> rows = memory.rows().wear_of_rows();
    if (!rows.empty()) map.push_back({{"tile", number}, {"rows", rows}});
  });
  return map;
}

std::vector<const endurance::WornCells*> subarrays(const machine::Accelerator& accelerator) {
  std::vector<const endurance::WornCells*> all;
  for_each_reram(accelerator, [&](int, const auto& memory, const auto&) {
    for (const auto& cells : memory.rows().subarrays()) {
      if (cells != nullptr) all.push_back(cells.get());
    }
  });
  return all;
}

json lifetime_report(const machine::Accelerator& accelerator, double duty, double simulated_s) {
  json life = lifetime_of(subarrays(accelerator), duty, simulated_s);
  life["wear_map"] = wear_map(accelerator);
  return life;
}

}  // namespace

bool buffers_worn(const machine::Accelerator& accelerator) {
  return total_wear(subarrays(accelerator)).cells_stuck > 0;
}

void add_buffer_report(json& results, const config::Scenario& scenario,
                       const machine::Accelerator& accelerator, double simulated_s) {
  const config::ReramBufferConfig& buffer = scenario.platform.tile.reram_buffer;
  if (buffer.size_bytes == 0) return;
  for (const Name& each : filtered_classes)
    results["writes"][each.key] = class_report(accelerator, each.of, buffer.cell_bits);
  using reram_buffer::ReramMemory;
  results["writes"]["other_buffer"] =
      plain_report(accelerator, [](const ReramMemory& memory) { return memory.writes(WriteClass::other); });
  if (buffer.endurance.levelling != endurance::Levelling::none) {
    results["writes"]["moved_in_buffer"] =
        plain_report(accelerator, [](const ReramMemory& memory) { return memory.moved(); });
  }
  results["reram_buffer"] = time_report(accelerator);
  if (buffer.endurance.count_wear)
    results["reram_buffer"]["lifetime"] = lifetime_report(accelerator, buffer.endurance.duty, simulated_s);
}

std::string buffer_summary(const json& results) {
  if (!results.contains("reram_buffer")) return "";
  std::string text;
  for (const Name& each : filtered_classes) {
    const json& own = results["writes"][each.key];
    const std::string label =
        fmt::format("{}s", std::string(each.key).substr(0, std::string(each.key).find('_')));
    text += fmt::format("\n  {:<17} {} cells written, {} filtered", label, own["cells"].get<std::uint64_t>(),
                        own["filtered"].get<std::uint64_t>());
    if (own["density"].is_number())
      text += fmt::format(", {:.2f} % of the values", 100 * own["density"].get<double>());
  }
  if (!results["reram_buffer"].contains("lifetime")) return text;
  return text + "\n  buffers' lifetime " + lifetime_summary(results["reram_buffer"]["lifetime"]);
}

}  // namespace weft::tool
