// SPDX-License-Identifier: Apache-2.0
// The examples of every group of Xweft instructions on the whole platform; each checks its own results.
#include <catch2/catch.hpp>

#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

// `programs` as in "{tile: 0, elf: …}", separated by commas.
std::string scenario(const std::string& programs) {
  return "name: example\nplatform: {preset: mesh2x2, tile: {inversion_units: 1, fp_pim_units: 1}}\n"
         "technology: {preset: reram-32nm}\nworkload: {programs: [" +
         programs + "]}\nrun: {progress: none}\n";
}

std::string program(int tile, const std::string& name) {
  return "{tile: " + std::to_string(tile) + ", elf: " + WEFT_BINARY_DIR + "/firmware/" + name + ".elf}";
}

nlohmann::json run(const std::string& programs) {
  const TemporaryFolder folder;
  const std::string file = folder.file("example.yaml", scenario(programs));
  const ProgramResult result = weft::test::weft({"run", file, "--out", (folder / "out").string()});
  CAPTURE(programs, result.output, result.errors);
  CHECK(result.status == 0);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["ending"] == "finished");
  CHECK(all["faults"].empty());
  return all;
}

std::uint64_t count(const nlohmann::json& all, const std::string& operation) {
  std::uint64_t sum = 0;
  for (const auto& each : all["energy"]["operations"]) {
    if (each["operation"] == operation) sum += each["count"].get<std::uint64_t>();
  }
  return sum;
}

}  // namespace

TEST_CASE("a convolution runs on vector unit and accumulating crossbars") {
  const nlohmann::json all = run(program(0, "tile_convolution"));
  CHECK(all["operations"]["crossbar"]["mvm"] == 2 * 9);
}

TEST_CASE("four tiles meet at barriers") {
  run(program(0, "tile_barrier0") + ", " + program(1, "tile_barrier1") + ", " + program(2, "tile_barrier2") +
      ", " + program(3, "tile_barrier3"));
}

TEST_CASE("linear systems are solved on an inversion unit") {
  const nlohmann::json all = run(program(0, "tile_inversion"));
  CHECK(count(all, "right-hand side") == 3);
  CHECK(count(all, "matrix row write") == 3 + 2 * 3);
}

TEST_CASE("a training step runs on a floating-point PIM unit") {
  const nlohmann::json all = run(program(0, "tile_fp_pim"));
  CHECK(count(all, "fp32 multiplication") == 4 * 12);
  CHECK(count(all, "fp32 addition") == 3 * 12);
}
