// SPDX-License-Identifier: Apache-2.0
// What the compiler hands over: an ELF file, a listing and images that agree with each other.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/common/error.h"
#include "models/hart/disassemble.h"
#include "models/hart/xweft.h"
#include "platform/loader/elf_file.h"
#include "tools/compiler/compiler.h"
#include "tools/dataset/digits.h"

using namespace weft;
using namespace weft::compiler;

namespace {

struct Job {
  reference::Network network;
  reference::TrainingPlan plan;
  dataset::Split data;
  CompileOptions options;
};

// Two layers of two and one column shards on three tiles.
Job make_job() {
  Job job;
  job.network.layers = {{64, 40, reference::Activation::relu}, {40, 10, reference::Activation::none}};
  job.plan.epochs = 2;
  job.plan.batch = 3;
  job.plan.learning_rate = {0.1, 0.05};
  dataset::DigitsOptions digits;
  digits.size = 8;
  job.data = dataset::procedural_digits(1, 20, 10, digits);
  job.options.lowering.array_rows = 16;
  job.options.lowering.array_columns = 16;
  job.options.machine = {4, 8};
  return job;
}

CompiledProgram compile_job(const Job& job) { return compile(job.network, job.plan, job.data, job.options); }

const MemoryImage& image(const CompiledProgram& program, const std::string& what) {
  const auto found = std::find_if(program.images.begin(), program.images.end(),
                                  [&](const MemoryImage& each) { return each.what == what; });
  REQUIRE(found != program.images.end());
  return *found;
}

}  // namespace

TEST_CASE("the ELF file holds the program of every tile, its data and a symbol for every region") {
  const CompiledProgram program = compile_job(make_job());
  const loader::ElfFile elf = loader::parse_elf(program.elf, "program.elf");
  CHECK(program.placement.tiles_used == 3);
  REQUIRE(elf.segments.size() == 3);
  for (std::size_t tile = 0; tile < 3; ++tile) {
    const TileProgram& own = program.programs[tile];
    const loader::Segment& segment = elf.segments[tile];
    CHECK(segment.address == own.entry);
    REQUIRE(segment.bytes.size() == own.data_address - own.entry + 4 * own.data.size());
    CHECK(std::memcmp(segment.bytes.data(), own.code.words().data(), 4 * own.code.words().size()) == 0);
    CHECK(std::memcmp(segment.bytes.data() + (own.data_address - own.entry), own.data.data(),
                      4 * own.data.size()) == 0);
    CHECK(elf.code[tile].address == own.entry);
    CHECK(elf.code[tile].bytes.size() == 4 * own.code.words().size());
    for (const Region& region : own.code.regions()) {
      if (region.start != region.end) CHECK(elf.place(region.start) == region.name);
    }
  }
}

TEST_CASE("a tile's code fits where the layout has put it") {
  const CompiledProgram program = compile_job(make_job());
  for (const TileProgram& each : program.programs) {
    const TileLayout& layout = program.layout.tiles[static_cast<std::size_t>(each.tile)];
    CHECK(each.entry == layout.code);
    CHECK(4 * each.code.words().size() <= layout.code_size);
    CHECK(each.data_address == layout.code + layout.code_size);
  }
}

TEST_CASE("every instruction of the program is one the harts know") {
  const CompiledProgram program = compile_job(make_job());
  for (const TileProgram& each : program.programs) {
    std::uint32_t address = each.entry;
    for (const std::uint32_t word : each.code.words()) {
      const std::string text = hart::disassemble(
          word, address, [](std::uint32_t bits, std::uint32_t) { return xweft::disassemble(bits); });
      CAPTURE(address, word);
      CHECK_THAT(text, !Catch::StartsWith(".") && !Catch::Contains("unknown"));
      address += 4;
    }
  }
}

TEST_CASE("the listing's line numbers lead to the instruction") {
  const CompiledProgram program = compile_job(make_job());
  std::vector<std::string> lines;
  std::istringstream text(listing_text(program));
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  for (const TileProgram& each : program.programs) {
    for (const ListingLine& instruction : each.code.listing()) {
      const ListingPlace place = find_in_listing(program, instruction.address);
      REQUIRE(place.line > 0);
      REQUIRE(static_cast<std::size_t>(place.line) <= lines.size());
      CHECK(place.region == instruction.region);
      CHECK(place.note == instruction.note);
      const std::string& line = lines[static_cast<std::size_t>(place.line) - 1];
      CHECK(std::stoul(line.substr(0, 8), nullptr, 16) == instruction.address);
      CHECK(std::stoul(line.substr(10, 8), nullptr, 16) == instruction.word);
    }
  }
  CHECK(find_in_listing(program, 0).line == 0);
}

TEST_CASE("the manifest names every shard, tile and image at its address") {
  const CompiledProgram program = compile_job(make_job());
  const nlohmann::json manifest = nlohmann::json::parse(manifest_text(program));
  CHECK(manifest["layers"].size() == 2);
  CHECK(manifest["shards"].size() == program.placement.shards.size());
  CHECK(manifest["tiles"].size() == program.programs.size());
  CHECK(manifest["tiles"][1]["entry"] == program.programs[1].entry);
  CHECK(manifest["dram"].size() == program.images.size());
  CHECK(manifest["boot_info"] == program.dram.boot_info);
  CHECK(manifest["weights"].size() == program.dram.weights.size());
}

TEST_CASE("images and results lie in DRAM behind the firmware without overlap") {
  const Job job = make_job();
  const CompiledProgram program = compile_job(job);
  std::vector<std::pair<std::uint64_t, std::uint64_t>> extents;
  for (const MemoryImage& each : program.images)
    extents.emplace_back(each.address, each.address + each.bytes.size());
  for (const WeightBlock& block : program.dram.weights) {
    const auto bytes = 4 * static_cast<std::uint64_t>(block.rows) * static_cast<std::uint64_t>(block.columns);
    extents.emplace_back(block.trained, block.trained + bytes);
  }
  for (const BiasBlock& block : program.dram.biases) {
    extents.emplace_back(block.trained, block.trained + 4 * static_cast<std::uint64_t>(block.columns));
  }
  std::sort(extents.begin(), extents.end());
  std::uint64_t free = job.options.dram_base + job.options.firmware_size;
  for (const auto& [start, end] : extents) {
    CHECK(start >= free);
    free = end;
  }
  CHECK(free <= job.options.dram_base + job.options.dram_size);
}

TEST_CASE("the tables of the samples follow the order of every epoch") {
  const Job job = make_job();
  const CompiledProgram program = compile_job(job);
  const MemoryImage& samples = image(program, "training samples");
  const MemoryImage& order = image(program, "training order");
  const MemoryImage& labels = image(program, "training labels");
  constexpr std::size_t count = 20;
  constexpr std::size_t sample_bytes = 2 * 64;
  REQUIRE(order.bytes.size() == 2 * count * 4);
  for (std::size_t epoch = 0; epoch < 2; ++epoch) {
    for (std::size_t position = 0; position < count; ++position) {
      std::uint32_t address = 0;
      std::uint32_t label = 0;
      std::memcpy(&address, order.bytes.data() + 4 * (epoch * count + position), sizeof address);
      std::memcpy(&label, labels.bytes.data() + 4 * (epoch * count + position), sizeof label);
      const std::uint32_t sample = program.orders[epoch][position];
      CHECK(address == samples.address + sample * sample_bytes);
      CHECK(static_cast<int>(label) == job.data.train.labels[sample]);
    }
  }
  CHECK(program.orders[0] != program.orders[1]);
}

TEST_CASE("compiling twice gives the same bytes") {
  const CompiledProgram one = compile_job(make_job());
  const CompiledProgram two = compile_job(make_job());
  CHECK(one.elf == two.elf);
  CHECK(listing_text(one) == listing_text(two));
  CHECK(manifest_text(one) == manifest_text(two));
  REQUIRE(one.images.size() == two.images.size());
  for (std::size_t index = 0; index < one.images.size(); ++index) {
    CHECK(one.images[index].bytes == two.images[index].bytes);
  }
}

TEST_CASE("what does not fit is an error that says what would") {
  Job job = make_job();
  SECTION("data with other features than the network's inputs") {
    job.network.layers.front().inputs = 63;
    CHECK_THROWS_WITH(compile_job(job), Catch::Contains("64 features a sample, the network has 63 inputs"));
  }
  SECTION("fewer outputs than classes") {
    job.network.layers.back().outputs = 9;
    CHECK_THROWS_WITH(compile_job(job), Catch::Contains("the last layer has 9 outputs"));
  }
  SECTION("too few tiles") {
    job.options.machine.tiles = 1;
    CHECK_THROWS_WITH(compile_job(job), Catch::Contains("the platform has 1 tiles"));
  }
  SECTION("DRAM too small") {
    job.options.dram_size = job.options.firmware_size + 1024;
    CHECK_THROWS_WITH(compile_job(job), Catch::Contains("DRAM is full: training samples"));
  }
}
