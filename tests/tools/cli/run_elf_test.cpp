// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "tests/support/skip.h"
#include "tests/tools/cli/cli.h"

using namespace weft::test;

namespace {

std::string bare(const std::string& file) { return std::string(WEFT_BINARY_DIR) + "/firmware/bare/" + file; }

ProgramResult run_elf(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "run-elf");
  return weft::test::weft(arguments);
}

}  // namespace

TEST_CASE("run-elf ends with the program's exit code, or with a status of its own") {
  struct Case {
    std::vector<std::string> arguments;
    int status;
    std::string message;
  };
  const std::vector<Case> cases{
      {{bare("end0.elf")}, 0, ""},
      {{bare("end5.elf")}, 5, "weft: the program ended with exit code 5\n"},
      {{bare("end300.elf")}, 255, "weft: the program ended with exit code 300\n"},
      {{bare("end300.elf"), "-q"}, 255, ""},
      {{bare("trap.elf")}, 120, "cause 5, pc 0x8000001e in inner+0x4, value 0x30000004"},
      {{bare("sleep.elf")}, 121, "stuck: the hart sleeps in wfi"},
      {{bare("finisher_reset.elf")}, 122, "asked for a reset"},
      {{bare("count.elf"), "--max-instructions", "1000"}, 124, "the limit of 1000 instructions is reached"},
      {{"--raw", "0x80004000", bare("finisher3.bin")}, 3, "exit code 3"},
      {{"--flash", bare("flash.bin")}, 0, ""},
      {{"--isa", "rv32i", bare("end0.elf")}, 120, "cause 2"},
  };
  for (const Case& each : cases) {
    const ProgramResult result = run_elf(each.arguments);
    CAPTURE(each.arguments, result.errors);
    CHECK(result.status == each.status);
    CHECK((each.message.empty() ? result.errors.empty() : contains(result.errors, each.message)));
  }
}

TEST_CASE("run-elf shows the program's output, unless it is to be quiet") {
  CHECK(run_elf({bare("console.elf")}).output == "AB from a system call\n");
  CHECK(run_elf({"-q", bare("console.elf")}).output.empty());
}

TEST_CASE("run-elf -v sums up the run") {
  const ProgramResult result = run_elf({"-v", bare("end0.elf")});
  CHECK(contains(result.errors, "weft: 5 instructions, 5 cycles, 0.000000004 s simulated"));
  CHECK(contains(result.errors, "MIPS"));
}

TEST_CASE("run-elf writes the signature as the architecture tests compare it") {
  const TemporaryFolder folder;
  const std::string file = (folder / "signature").string();
  REQUIRE(run_elf({bare("signature.elf"), "--signature", file}).status == 0);
  CHECK(read_text(file) == "01234567\ndeadbeef\n89abcdef\n00000007\nffefffff\n");
  REQUIRE(run_elf({bare("signature.elf"), "--signature", file, "--signature-granularity", "16"}).status == 0);
  CHECK(read_text(file) == "0000000789abcdefdeadbeef01234567\n000000000000000000000000ffefffff\n");
}

TEST_CASE("run-elf refuses what it cannot run with status 2 and a clear message") {
  const TemporaryFolder folder;
  const std::string empty = folder.file("empty.bin", "");
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases{
      {{}, "nothing to run"},
      {{(folder / "none.elf").string()}, "none.elf: cannot be opened"},
      {{WEFT_PROGRAM}, "64-bit"},
      {{bare("end0.bin")}, "not an ELF file"},
      {{bare("nowhere.elf")}, "lies in no memory"},
      {{bare("end0.elf"), "--ram", "1 KiB"}, "lies in no memory"},
      {{bare("end0.elf"), "--ram", "8 GiB"}, "allowed: 1 to"},
      {{bare("end0.elf"), "--ram", "many"}, "--ram many"},
      {{bare("end0.elf"), "--isa", "rv64i"}, "--isa rv64i"},
      {{bare("end0.elf"), "--isa", "rv32iq"}, "'q'"},
      {{bare("end0.elf"), "--signature", (folder / "s").string()}, "begin_signature is missing"},
      {{bare("signature.elf"), "--signature", "s", "--signature-granularity", "3"}, "granularity"},
      {{"--raw", "here", bare("end0.bin")}, "--raw here"},
      {{"--raw", "0x80000001", bare("end0.bin")}, "even address"},
      {{"--raw", "0x80000000", empty}, "empty file"},
      {{"--flash", empty}, "empty file"},
      {{"--raw", "0x80000000"}, "needs a file"},
  };
  for (const Case& each : cases) {
    const ProgramResult result = run_elf(each.arguments);
    CAPTURE(each.arguments, result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, each.message));
  }
}

TEST_CASE("a hosted program does by semihosting what it does on QEMU") {
  const TemporaryFolder here;
  const ProgramResult own = run_elf({"--semihosting", "--semihosting-root", here.path().string(), "--arg",
                                     "one", "--arg", "two", bare("files.elf")});
  CAPTURE(own.errors);
  CHECK(own.status == 42);
  CHECK(own.output == "hello, 2 arguments\nargument one\nargument two\nsum 332833500\n");
  const std::string numbers = read_text(here / "numbers.txt");
  CHECK(numbers.substr(0, 11) == "0\n1\n4\n9\n16\n");

  if (run_program("qemu-system-riscv32", {"--version"}).status != 0)
    WEFT_SKIP("qemu-system-riscv32 is not installed (Debian package qemu-system-misc)");
  const TemporaryFolder there;
  const ProgramResult qemu =
      run_program("env", {"-C", there.path().string(), "qemu-system-riscv32", "-M", "virt", "-bios", "none",
                          "-nographic", "-monitor", "none", "-serial", "none", "-semihosting-config",
                          "enable=on,target=native,arg=one,arg=two", "-kernel", bare("files.elf")});
  CHECK(qemu.status == own.status);
  CHECK(qemu.output + qemu.errors == own.output);  // QEMU's console is its standard error
  CHECK(read_text(there / "numbers.txt") == numbers);
}

TEST_CASE("without --semihosting a request is a breakpoint trap") {
  const ProgramResult result = run_elf({bare("files.elf"), "--max-instructions", "100000"});
  CHECK(result.status == 124);
  CHECK(contains(result.errors, " in _trap"));
  CHECK(result.output.empty());
}

TEST_CASE("options of semihosting without it, and a root that is no folder, are refused") {
  CHECK(run_elf({"--arg", "x", bare("files.elf")}).status == 2);
  const ProgramResult result =
      run_elf({"--semihosting", "--semihosting-root", "/nowhere/x", bare("files.elf")});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "/nowhere/x"));
}
