// SPDX-License-Identifier: Apache-2.0
// The real debugger against the real program.
#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/skip.h"
#include "tests/tools/debug/gdb.h"

using namespace weft::test;

namespace {

std::string firmware(const std::string& name) {
  return std::string(WEFT_BINARY_DIR) + "/firmware/" + name + ".elf";
}

std::string hand_scenario(const std::string& tile_program, const std::string& host_firmware = "weft-host") {
  return fmt::format(
      "name: hand\nplatform: {{preset: mesh2x2}}\ntechnology: {{preset: reram-32nm}}\n"
      "workload: {{programs: [{{tile: 0, elf: {}}}]}}\nrun: {{progress: none, firmware: {}}}\n",
      firmware(tile_program), firmware(host_firmware));
}

// `weft run` of the scenario and GDB on it with the commands.
Session debug(const TemporaryFolder& folder, const std::string& scenario, const std::string& symbols,
              const std::vector<std::string>& commands,
              const std::vector<std::string>& more = {"--gdb-wait"}) {
  std::vector<std::string> arguments{"run", folder.file("debug.yaml", scenario), "--out",
                                     (folder / "out").string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return debug_program(folder, arguments, firmware(symbols), commands);
}

}  // namespace

TEST_CASE("host firmware: breakpoints, stepping, backtraces, variables, registers and disassembly") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session = debug(folder, hand_scenario("tile_hello", "weft-hello"), "weft-hello",
                                {"x/i $pc",
                                 "break main",
                                 "continue",
                                 "bt",
                                 "next",
                                 "next",
                                 "stepi",
                                 "break on_timer",
                                 "continue",
                                 "bt",
                                 "finish",
                                 "info registers mstatus mcause",
                                 "p period",
                                 "set var ticked = 5",
                                 "p ticked",
                                 "p $mscratch = 0x1234",
                                 "p/x $mscratch",
                                 "delete",
                                 "watch next_tick",
                                 "continue",
                                 "continue",
                                 "delete",
                                 "continue"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "=> 0x1000:\tauipc\tt0,0x0"));
  CHECK(contains(session.text, "Thread 1 \"host.hart\" hit Breakpoint 1, main ()"));
  CHECK(contains(session.text, "Thread 1 \"host.hart\" hit Breakpoint 2, on_timer ()"));
  CHECK(contains(session.text, "in main () at"));
  CHECK(contains(session.text, "in trap_entry () at"));
  CHECK(contains(session.text, "mcause         0x80000007"));
  CHECK(contains(session.text, "$1 = 10000"));
  CHECK(contains(session.text, "$2 = 5"));
  CHECK(contains(session.text, "$4 = 0x1234"));
  CHECK(contains(session.text, "hit Hardware watchpoint 3: next_tick"));
  CHECK(contains(session.text, "Old value = "));
  CHECK(contains(session.text, "New value = "));
  CHECK(contains(session.text, "[Inferior 1 (Remote target) exited normally]"));
  CHECK(session.weft.status == 0);
  CHECK(contains(session.weft.output, "exit 0"));
}

TEST_CASE("a tile program: breakpoint by its own symbols, all harts as threads, monitor commands") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session =
      debug(folder, hand_scenario("tile_hello"), "weft-host",
            {"add-symbol-file " + firmware("tile_hello"), "break check_addition", "continue", "info threads",
             "thread apply all bt", "break stop", "continue", "p sum", "p $wlen", "x/2i $pc", "monitor harts",
             "monitor units", "monitor dump tile0.vector", "monitor dump tile0.crossbar0",
             "monitor dump nothing", "monitor time", "delete", "continue"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "Thread 2 \"tile0.hart\" hit Breakpoint 1"));
  CHECK(contains(session.text, "Thread 1 \"host.hart\""));
  CHECK(contains(session.text, "Thread 5 \"tile3.hart\" (halted)"));
  CHECK(contains(session.text, "main () at"));
  CHECK(contains(session.text, "$1 = {42 <repeats 16 times>}"));
  CHECK(contains(session.text, "$2 = 16"));
  CHECK(contains(session.text, "idle, 3 done"));
  CHECK(contains(session.text, "128 x 128 weights"));
  CHECK(contains(session.text, "there is no unit 'nothing'"));
  CHECK(contains(session.text, " ns\n"));
  CHECK(contains(session.text, "exited normally"));
  CHECK(session.weft.status == 0);
}

TEST_CASE("a sync counter of a tile is watched through the command that waits for it") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session = debug(folder, hand_scenario("tile_deadlock"), "tile_deadlock",
                                {"continue", "info threads", "thread 2", "bt", "x/i $pc", "monitor harts",
                                 "set var *(unsigned*)0x400c1014 = 1", "x/wx 0x400c1014", "kill"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "deadlock: every hart waits and nothing is under way"));
  CHECK(contains(session.text, "received signal SIGINT"));
  CHECK(contains(session.text, "(cwait: counter 5 is 0, waits for 1)"));
  CHECK(contains(session.text, "0x400c1014:\t0x00000001"));
  CHECK(session.weft.status == 1);
}

TEST_CASE("an exit code reaches the debugger") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session =
      debug(folder, hand_scenario("tile_hello", "weft-exit3"), "weft-exit3", {"continue"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "exited with code 03"));
  CHECK(session.weft.status == 1);
}

TEST_CASE("results after a session that only looks are those of a run without a debugger") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const bool wait = GENERATE(true, false);
  // Long enough to be still running when the debugger comes.
  std::vector<std::string> common{"-q", "--no-reference"};
  if (!wait) common.insert(common.end(), {"--set", "training.epochs=100"});
  std::vector<std::string> plain{"run", folder.file("plain.yaml", small_scenario), "--out",
                                 (folder / "plain").string()};
  plain.insert(plain.end(), common.begin(), common.end());
  REQUIRE(weft::test::weft(plain).status == 0);
  if (wait) common.emplace_back("--gdb-wait");
  const std::vector<std::string> commands =
      wait ? std::vector<
                 std::string>{"break tiles_start", "continue",   "finish",    "next",
                              "stepi 200",         "thread 2",   "stepi 300", "info threads",
                              "break *$pc",        "continue",   "thread 4",  "stepi 50",
                              "monitor units",     "continue 3", "delete",    "rwatch *(int*)0x40000100",
                              "thread 1",          "delete",     "continue"}
           : std::vector<std::string>{"info threads", "thread 2", "stepi 100", "bt", "detach"};
  const Session session = debug(folder, small_scenario, "weft-host", commands, common);
  CAPTURE(session.text, session.weft.errors);
  CHECK(session.weft.status == 0);
  CHECK(contains(session.text, wait ? "exited normally" : "detached"));
  CHECK(comparable(folder / "out") == comparable(folder / "plain"));
}

TEST_CASE("a client that quits lets the run go on, one that kills ends it as interrupted") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const bool kill = GENERATE(true, false);
  const Session session = debug(folder, hand_scenario("tile_hello"), "weft-host",
                                {"break main", "continue", kill ? "kill" : "info threads"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(session.weft.status == (kill ? 1 : 0));
  CHECK(results(folder / "out")["ending"] == (kill ? "interrupted" : "finished"));
}

TEST_CASE("places to listen that cannot be had are errors before anything is written") {
  const TemporaryFolder folder;
  const std::string file = folder.file("small.yaml", small_scenario);
  for (const char* place : {"here", ":70000", "127.0.0.1:"}) {
    const ProgramResult result =
        weft::test::weft({"run", file, "--gdb", place, "--out", (folder / "out").string()});
    CHECK(result.status == 2);
    CHECK(contains(result.errors, place));
    CHECK_FALSE(std::filesystem::exists(folder / "out"));
  }
  CHECK(weft::test::weft({"run", file, "--gdb-wait"}).status == 2);
}
