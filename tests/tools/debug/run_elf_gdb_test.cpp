// SPDX-License-Identifier: Apache-2.0
// The real debugger and bare-metal programs.
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "tests/support/skip.h"
#include "tests/tools/debug/gdb.h"

using namespace weft::test;

namespace {

std::string bare(const std::string& file) { return std::string(WEFT_BINARY_DIR) + "/firmware/bare/" + file; }

// `weft run-elf` of the program, stopped before its first instruction.
Session debug(const TemporaryFolder& folder, const std::string& program,
              const std::vector<std::string>& commands, const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments{"run-elf", bare(program), "--gdb-wait"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return debug_program(folder, arguments, bare(program), commands);
}

}  // namespace

TEST_CASE("a bare program: breakpoints, steps, watchpoints and its exit code") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const std::string jit = GENERATE("on", "off");
  const Session session =
      debug(folder, "debugged.elf",
            {"x/i $pc", "break add", "continue", "bt", "print value", "stepi", "info threads", "delete",
             "watch total", "continue", "continue", "delete", "monitor time", "monitor harts", "continue"},
            {"--jit", jit});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "=> 0x80000000 <_start>:"));
  CHECK(contains(session.text, "Breakpoint 1, add (value="));
  CHECK(contains(session.text, "in main () at"));
  CHECK(contains(session.text, "$1 = 1"));
  CHECK(contains(session.text, "Thread 1 \"hart\" (running)"));
  CHECK(contains(session.text, "Hardware watchpoint 2: total"));
  CHECK(contains(session.text, "Old value = 0\nNew value = 1\n"));
  CHECK(contains(session.text, "Old value = 1\nNew value = 3\n"));
  CHECK(contains(session.text, " instructions  running"));
  CHECK(contains(session.text, "exited with code 012"));  // octal
  CHECK(session.weft.status == 10);
}

TEST_CASE("memory and registers of a bare program can be changed") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session =
      debug(folder, "debugged.elf", {"break add", "continue", "delete", "set var value = 31", "continue"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(session.weft.status == 31 + 2 + 3 + 4);
}

TEST_CASE("a client that detaches lets a bare program go on, one that kills ends it as interrupted") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const bool kill = GENERATE(true, false);
  const Session session = debug(folder, "debugged.elf", {"break add", "continue", kill ? "kill" : "detach"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(session.weft.status == (kill ? 130 : 10));
}

TEST_CASE("a bare program that comes to nothing is halted and can be started again") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session session =
      debug(folder, "calls.elf",
            {"continue", "break innermost", "monitor reset", "continue", "bt", "delete", "continue", "kill"});
  CAPTURE(session.text, session.weft.errors);
  const std::string reason = "a trap ended the program, its handler cannot be executed: cause 5";
  CHECK(contains(session.text, reason));
  CHECK(session.text.find(reason) != session.text.rfind(reason));
  CHECK(contains(session.text, "received signal SIGINT"));
  CHECK(contains(session.text, "starts again at the entry"));
  CHECK(contains(session.text, "Breakpoint 1, innermost ("));
  CHECK(contains(session.text, "#1  0x8000"));
  CHECK(session.weft.status == 120);

  const Session spinning =
      debug(folder, "spin.elf", {"continue", "set var $pc = &_start", "stepi", "p $t0", "kill"});
  CAPTURE(spinning.text);
  CHECK(contains(spinning.text, "stuck: the hart jumps in place"));
  CHECK(contains(spinning.text, "$1 = 1"));
}

TEST_CASE("an ebreak is a request when semihosting is on, and else a trap, under a debugger too") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const Session served = debug(folder, "files.elf", {"break main", "continue", "next", "continue"},
                               {"--semihosting", "--semihosting-root", folder.path().string()});
  CAPTURE(served.text, served.weft.errors);
  CHECK(contains(served.text, "Breakpoint 1, main ("));
  CHECK(contains(served.text, "exited with code 052"));
  CHECK(contains(served.weft.output, "sum 332833500"));
  CHECK(served.weft.status == 42);

  const Session trapped = debug(folder, "files.elf", {"break _trap", "continue", "p $mcause", "kill"});
  CAPTURE(trapped.text);
  CHECK(contains(trapped.text, "Breakpoint 1, _trap ("));
  CHECK(contains(trapped.text, "$1 = 3"));
}

TEST_CASE("what blocks log appears on the debugger's console when it has asked for it") {
  if (no_gdb()) WEFT_SKIP("no gdb-multiarch");
  const TemporaryFolder folder;
  const bool asked = GENERATE(true, false);
  const Session session = debug(
      folder, "calls.elf", {"monitor log", asked ? "monitor log on" : "monitor time", "continue", "kill"});
  CAPTURE(session.text, session.weft.errors);
  CHECK(contains(session.text, "monitor log on, or monitor log off"));
  CHECK(contains(session.text, "] bare.hart: halted: nothing can be executed at the trap handler") == asked);
}

TEST_CASE("run-elf refuses a place to listen that cannot be had, and --gdb-wait alone") {
  CHECK(weft::test::weft({"run-elf", bare("end0.elf"), "--gdb", ":70000"}).status == 2);
  CHECK(weft::test::weft({"run-elf", bare("end0.elf"), "--gdb-wait"}).status == 2);
}
