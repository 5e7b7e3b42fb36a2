// SPDX-License-Identifier: Apache-2.0
// Programs that do something wrong, runs that are stopped, firmware of one's own.
#include <catch2/catch.hpp>

#include "tests/support/skip.h"
#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

std::string firmware(const std::string& name) {
  return std::string(WEFT_BINARY_DIR) + "/firmware/" + name + ".elf";
}

std::string tile_scenario(const std::string& program) {
  return "name: hand\nplatform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\n"
         "workload: {programs: [{tile: 0, elf: " +
         firmware(program) + "}]}\nrun: {progress: none}\n";
}

struct TileRun {
  ProgramResult program;
  nlohmann::json results;
};

TileRun run_tile(const TemporaryFolder& folder, const std::string& program) {
  const std::string file = folder.file(program + ".yaml", tile_scenario(program));
  TileRun run{weft::test::weft({"run", file, "--out", (folder / program).string()}), {}};
  run.results = results(folder / program);
  return run;
}

}  // namespace

TEST_CASE("a hand-written tile program runs under the firmware") {
  const TemporaryFolder folder;
  const TileRun run = run_tile(folder, "tile_hello");
  CHECK(run.program.status == 0);
  CHECK(run.results["ending"] == "finished");
  CHECK(run.results["faults"].empty());
  CHECK(contains(run.program.output, "done"));
}

TEST_CASE("a faulty tile program traps, the firmware says so, and the run fails with its results") {
  struct Case {
    const char* program;
    int cause;
    std::uint32_t value;
    const char* text;
  };
  const Case fault = GENERATE(Case{"tile_unmapped", 5, 0x30000000u, "load access fault"},
                              Case{"tile_illegal", 2, 0x0600702bu, "illegal instruction"},
                              Case{"tile_no_unit", 7, 0x400f7000u, "store access fault"},
                              Case{"tile_dma_outside", 5, 0x30000000u, "load access fault"});
  const TemporaryFolder folder;
  const TileRun run = run_tile(folder, fault.program);
  CAPTURE(fault.program, run.program.output, run.program.errors);
  CHECK(run.program.status == 1);
  CHECK(run.results["ending"] == "failed");
  CHECK(run.results["partial"] == true);
  CHECK(run.results["exit_code"] == 3);
  REQUIRE(run.results["faults"].size() == 1);
  CHECK(run.results["faults"][0]["tile"] == 0);
  CHECK(run.results["faults"][0]["cause"] == fault.cause);
  CHECK(run.results["faults"][0]["value"] == fault.value);
  CHECK(contains(run.program.output, std::string("tile 0: ") + fault.text));
  CHECK(contains(run.program.errors, std::string("tile0.hart: ") + fault.text));
  CHECK(contains(run.program.errors, "main"));
}

TEST_CASE("a program in which all wait is reported as a deadlock that names who waits for what") {
  const TemporaryFolder folder;
  const TileRun run = run_tile(folder, "tile_deadlock");
  CHECK(run.program.status == 1);
  CHECK(run.results["ending"] == "deadlock");
  CHECK(contains(run.program.output, "host.hart: wfi"));
  CHECK(contains(run.program.output, "tile0.hart: cwait: counter 5 is 0, waits for 1"));
  CHECK(contains(run.results["detail"].get<std::string>(), "tile0.hart"));
}

TEST_CASE("own firmware prints the same here and in QEMU's virt machine") {
  const TemporaryFolder folder;
  const std::string scenario = folder.file(
      "hello.yaml",
      "name: hello\nplatform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\n"
      "workload: {programs: [{tile: 0, elf: " +
          firmware("tile_hello") + "}]}\nrun: {progress: none, firmware: " + firmware("weft-hello") + "}\n");
  const ProgramResult here = weft::test::weft({"run", scenario, "--out", (folder / "out").string()});
  CHECK(here.status == 0);
  const std::string printed = read_text(folder / "out/uart.log");
  CHECK_FALSE(printed.empty());
  const ProgramResult qemu =
      run_program("qemu-system-riscv32", {"-M", "virt", "-bios", "none", "-nographic", "-monitor", "none",
                                          "-serial", "stdio", "-kernel", firmware("weft-hello")});
  if (qemu.status == 127) WEFT_SKIP("no qemu-system-riscv32");
  CHECK(qemu.status == 0);
  CHECK(qemu.output == printed);
}

TEST_CASE("the firmware's exit code fails the run and is in the results") {
  const TemporaryFolder folder;
  const std::string file = folder.file("exit.yaml", tile_scenario("tile_hello"));
  const ProgramResult result =
      weft::test::weft({"run", file, "-q", "--set", "run.firmware=" + firmware("weft-exit3"), "--out",
                        (folder / "out").string()});
  CHECK(result.status == 1);
  CHECK(results(folder / "out")["ending"] == "failed");
  CHECK(results(folder / "out")["exit_code"] == 3);
}

TEST_CASE("an interrupt ends a run cleanly with partial results marked as such") {
  const TemporaryFolder folder;
  const std::string file = folder.file("long.yaml", small_scenario);
  const ProgramResult result = weft::test::weft({"run", file, "--set", "training.epochs=1000", "--set",
                                                 "dataset.train=200", "--out", (folder / "out").string()},
                                                "epoch 2/1000");
  CHECK(result.status == 1);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["ending"] == "interrupted");
  CHECK(all["partial"] == true);
  CHECK(all["epochs"].size() >= 2);
  CHECK(all["epochs"].size() < 1000);
  CHECK(all["reference"]["bit_exact"].is_null());
}

// Whether the signal arrives while the references are trained or just after, the results are those of a whole
// run.
TEST_CASE("an interrupt of the references keeps the results of the simulation") {
  const TemporaryFolder folder;
  const std::string file = folder.file("references.yaml", small_scenario);
  const ProgramResult result =
      weft::test::weft({"run", file, "--set", "dataset.train=400", "--out", (folder / "out").string()},
                       "training the references");
  CHECK(result.status == 0);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["ending"] == "finished");
  CHECK(all["partial"] == false);
  CHECK(all["accuracy"]["platform"].is_number());
  CHECK(all["reference"]["stopped"] == all["accuracy"]["golden"].is_null());
  CHECK(all["reference"]["bit_exact"].is_null() == all["accuracy"]["golden"].is_null());
}

TEST_CASE("a limit of simulated time ends a run at that time") {
  const TemporaryFolder folder;
  const std::string file = folder.file("limit.yaml", small_scenario);
  const ProgramResult result = weft::test::weft(
      {"run", file, "-q", "--set", "run.max_simulated_time=2 ms", "--out", (folder / "out").string()});
  CHECK(result.status == 1);
  const nlohmann::json all = results(folder / "out");
  CHECK(all["ending"] == "time_limit");
  CHECK(all["time"]["simulated_s"] == 0.002);
}
