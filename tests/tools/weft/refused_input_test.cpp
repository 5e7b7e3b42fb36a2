// SPDX-License-Identifier: Apache-2.0
// Input that is found wrong only when the machine is being filled, or that users order unexpectedly.
#include <elf.h>

#include <catch2/catch.hpp>

#include "platform/loader/elf_file.h"
#include "tests/tools/cli/cli.h"

using namespace weft::test;
namespace fs = std::filesystem;
namespace loader = weft::loader;

namespace {

// An ELF file that takes `size` bytes at `address`, one of them given.
std::string firmware_at(std::uint32_t address, std::uint32_t size) {
  loader::ElfFile file;
  file.entry = address;
  file.segments = {{address, size, {0x13}}};
  const std::vector<std::uint8_t> bytes = loader::merge_elf({file});
  return {bytes.begin(), bytes.end()};
}

ProgramResult run_with_firmware(const TemporaryFolder& folder, const std::string& firmware) {
  const std::string scenario = folder.file("small.yaml", small_scenario);
  return weft::test::weft({"run", "--set", "run.firmware=" + folder.file("own.elf", firmware), scenario,
                           "--out", (folder / "out").string()});
}

}  // namespace

TEST_CASE("firmware outside its memory is refused with the memory it may use, and nothing is written") {
  struct Place {
    std::uint32_t address;
    std::uint32_t size;
  };
  const Place place = GENERATE(Place{0x20000000, 16},          // nothing answers there
                               Place{0x80000000, 0x800001},    // into the boot information
                               Place{0x80000000, 0x7ffffff0},  // more than there is
                               Place{0x7fffffff, 16},          // starts before it
                               Place{0x40000000, 16});         // a tile's buffer
  const TemporaryFolder folder;
  const ProgramResult result = run_with_firmware(folder, firmware_at(place.address, place.size));
  CAPTURE(place.address, place.size, result.errors);
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "firmware: the segment at"));
  CHECK(contains(result.errors, "DRAM from 0x80000000 to 0x80800000"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("firmware that is no ELF file leaves nothing behind") {
  const TemporaryFolder folder;
  const ProgramResult result = run_with_firmware(folder, "#!/bin/sh\n");
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "not an ELF file"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("a tile program that is cut off leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string whole = read_text(WEFT_BINARY_DIR "/firmware/tile_hello.elf");
  const std::string half = folder.file("half.elf", whole.substr(0, whole.size() / 2));
  const std::string scenario =
      folder.file("half.yaml", "workload: {programs: [{tile: 0, elf: " + half + "}]}\n");
  const ProgramResult result = weft::test::weft({"run", scenario, "--out", (folder / "out").string()});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, half + ": truncated ELF file"));
  CHECK_FALSE(fs::exists(folder / "out"));
  CHECK(weft::test::weft({"check", scenario}).status == 2);
  CHECK(weft::test::weft({"disasm", half}).status == 2);
}

TEST_CASE("tile programs that DRAM has no room for are refused with what they need") {
  const TemporaryFolder folder;
  const std::string scenario =
      folder.file("hand.yaml", "workload: {programs: [{tile: 0, elf: " WEFT_BINARY_DIR
                               "/firmware/tile_hello.elf}]}\n"
                               "platform: {host: {dram_size: 4 MiB}}\n");
  const ProgramResult result = weft::test::weft({"run", scenario, "--out", (folder / "out").string()});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "at 0x80800000, memory ends at 0x80400000"));
  CHECK(contains(result.errors, "platform.host.dram_size"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("an override may stand before the scenario, and each takes one value") {
  const TemporaryFolder folder;
  const std::string scenario = folder.file("small.yaml", small_scenario);
  const ProgramResult result =
      weft::test::weft({"config", "--set", "training.batch=4", scenario, "--set", "training.epochs=7"});
  CAPTURE(result.errors);
  CHECK(result.status == 0);
  CHECK(contains(result.output, "batch: 4"));
  CHECK(contains(result.output, "epochs: 7"));
}
