// SPDX-License-Identifier: Apache-2.0
#include "tools/compiler/images.h"

#include <fmt/format.h>

#include <numeric>
#include <utility>

#include "firmware/include/weft/boot_info.h"
#include "models/common/error.h"

namespace weft::compiler {

MemoryAllocator::MemoryAllocator(std::uint64_t begin, std::uint64_t end, std::string memory,
                                 std::string remedy)
    : next_(begin), end_(end), memory_(std::move(memory)), remedy_(std::move(remedy)) {}

std::uint32_t MemoryAllocator::take(const std::string& what, std::uint64_t bytes) {
  const std::uint64_t address = next_;
  next_ += (bytes + alignment - 1) / alignment * alignment;
  if (next_ <= end_) return static_cast<std::uint32_t>(address);
  throw Error(
      fmt::format("{} is full: {} needs {} bytes at {:#x}, memory ends at {:#x}; allowed: a larger {}",
                  memory_, what, bytes, address, end_, remedy_));
}

DramImages::DramImages(CompiledProgram& program, const CompileOptions& options)
    : program_(program),
      dram_(options.dram_base + options.firmware_size, options.dram_base + options.dram_size, "DRAM",
            "platform.host.dram_size, fewer samples or epochs") {}

void DramImages::reserve_boot() {
  program_.dram.boot_info = take("boot information", sizeof(weft_boot_info));
  program_.dram.records = take("records", program_.orders.size() * sizeof(weft_epoch_record));
}

std::uint32_t DramImages::put(const std::string& what, std::vector<std::uint8_t> bytes) {
  const std::uint32_t address = take(what, bytes.size());
  program_.images.push_back({what, address, std::move(bytes)});
  return address;
}

SampleSet DramImages::put_samples(const std::string& what, const dataset::Dataset& data,
                                  std::vector<std::uint8_t> samples, std::uint32_t sample_bytes,
                                  const std::vector<std::vector<std::uint32_t>>& orders) {
  const std::uint32_t base = put(what + " samples", std::move(samples));
  std::vector<std::uint32_t> addresses;
  std::vector<std::uint32_t> labels;
  for (const std::vector<std::uint32_t>& order : orders) {
    for (const std::uint32_t index : order) {
      addresses.push_back(base + index * sample_bytes);
      labels.push_back(static_cast<std::uint32_t>(data.labels[index]));
    }
  }
  SampleSet set;
  set.count = static_cast<std::uint32_t>(data.count());
  set.order = put(what + " order", bytes_of(addresses));
  set.labels = put(what + " labels", bytes_of(labels));
  return set;
}

void DramImages::put_boot() {
  weft_boot_info info{};
  info.magic = WEFT_BOOT_MAGIC;
  info.version = WEFT_BOOT_VERSION;
  info.program = put("program", program_.elf);
  info.program_size = static_cast<std::uint32_t>(program_.elf.size());
  std::vector<std::uint32_t> tiles;
  for (const TileProgram& each : program_.programs) {
    tiles.push_back(static_cast<std::uint32_t>(each.tile));
    tiles.push_back(each.entry);
  }
  info.tiles = put("tile table", bytes_of(tiles));
  info.tile_count = static_cast<std::uint32_t>(program_.programs.size());
  info.records = program_.dram.records;
  info.record_count = static_cast<std::uint32_t>(program_.orders.size());
  std::vector<std::uint8_t> bytes(sizeof info);
  std::memcpy(bytes.data(), &info, sizeof info);
  program_.images.push_back({"boot information", program_.dram.boot_info, std::move(bytes)});
}

std::vector<std::uint32_t> natural_order(std::size_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  return order;
}

}  // namespace weft::compiler
