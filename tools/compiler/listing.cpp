// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "models/hart/disassemble.h"
#include "models/hart/xweft.h"
#include "tools/compiler/compiler.h"

namespace weft::compiler {

namespace {

std::string custom(std::uint32_t instruction, std::uint32_t) { return xweft::disassemble(instruction); }

// Calls `visit(line number, text)` for every line of the listing, `at(line number, instruction)` for every
// instruction.
template <typename Visit, typename At>
void walk(const CompiledProgram& program, Visit visit, At at) {
  int line = 0;
  for (const TileProgram& each : program.programs) {
    visit(++line, fmt::format("; tile {}: entry {:#010x}, {} instructions", each.tile, each.entry,
                              each.code.words().size()));
    std::string region;
    std::string note;
    for (const ListingLine& instruction : each.code.listing()) {
      if (instruction.region != region) {
        region = instruction.region;
        note.clear();
        visit(++line, "");
        visit(++line, region + ":");
      }
      if (instruction.note != note) {
        note = instruction.note;
        if (!note.empty()) visit(++line, "        ; " + note);
      }
      at(++line, instruction);
    }
    visit(++line, "");
  }
}

nlohmann::json json_area(const Area& area) {
  if (area.address == 0) return nullptr;
  return {{"address", area.address}, {"pitch", area.pitch}};
}

const char* name(reference::Activation activation) {
  switch (activation) {
    case reference::Activation::relu:
      return "relu";
    case reference::Activation::sigmoid:
      return "sigmoid";
    case reference::Activation::none:
      break;
  }
  return "none";
}

nlohmann::json json_layer(const LoweredLayer& layer) {
  return {{"inputs", layer.inputs},
          {"outputs", layer.outputs},
          {"activation", name(layer.activation)},
          {"variant", layer.variant},
          {"row_blocks", layer.row_blocks},
          {"column_blocks", layer.column_blocks},
          {"input_bits", layer.input_bits},
          {"fraction_bits",
           {{"input", layer.input_fraction},
            {"weight", layer.weight_fraction},
            {"output", layer.output_fraction},
            {"error", layer.error_fraction},
            {"update", layer.update_fraction}}}};
}

nlohmann::json json_shard(const Shard& shard, const ShardBuffers& buffers) {
  return {{"layer", shard.layer},
          {"tile", shard.tile},
          {"first_unit", shard.first_unit},
          {"copies", shard.copies},
          {"kernel_units", shard.has_kernels ? shard.row_blocks : 0},
          {"row_blocks", shard.row_blocks},
          {"column_blocks", shard.column_blocks},
          {"first_row", shard.first_row},
          {"rows", shard.rows},
          {"first_column", shard.first_column},
          {"columns", shard.columns},
          {"buffers",
           {{"input", json_area(buffers.input)},
            {"sum", json_area(buffers.sum)},
            {"activation", json_area(buffers.activation)},
            {"error", json_area(buffers.error)},
            {"bias", json_area(buffers.bias)}}}};
}

}  // namespace

ListingPlace find_in_listing(const CompiledProgram& program, std::uint32_t address) {
  ListingPlace found;
  walk(
      program, [](int, const std::string&) {},
      [&](int line, const ListingLine& instruction) {
        if (instruction.address == address) found = {line, instruction.region, instruction.note};
      });
  return found;
}

std::string listing_text(const CompiledProgram& program) {
  std::string text;
  walk(
      program, [&](int, const std::string& line) { text += line + "\n"; },
      [&](int, const ListingLine& instruction) {
        text += fmt::format("{:08x}: {:08x}  {}\n", instruction.address, instruction.word,
                            hart::disassemble(instruction.word, instruction.address, custom));
      });
  return text;
}

std::string manifest_text(const CompiledProgram& program) {
  nlohmann::json manifest;
  manifest["manifest_version"] = 1;
  for (const LoweredLayer& layer : program.network.layers) manifest["layers"].push_back(json_layer(layer));
  for (std::size_t index = 0; index < program.placement.shards.size(); ++index) {
    manifest["shards"].push_back(json_shard(program.placement.shards[index], program.layout.shards[index]));
  }
  for (const TileProgram& each : program.programs) {
    manifest["tiles"].push_back({{"tile", each.tile},
                                 {"entry", each.entry},
                                 {"instructions", each.code.words().size()},
                                 {"data", each.data_address}});
  }
  for (const MemoryImage& image : program.images) {
    manifest["dram"].push_back(
        {{"what", image.what}, {"address", image.address}, {"bytes", image.bytes.size()}});
  }
  for (const WeightBlock& block : program.dram.weights) {
    manifest["weights"].push_back({{"shard", block.shard},
                                   {"row_block", block.row_block},
                                   {"column_block", block.column_block},
                                   {"rows", block.rows},
                                   {"columns", block.columns},
                                   {"initial", block.initial},
                                   {"trained", block.trained}});
  }
  manifest["boot_info"] = program.dram.boot_info;
  manifest["records"] = program.dram.records;
  return manifest.dump(2) + "\n";
}

}  // namespace weft::compiler
