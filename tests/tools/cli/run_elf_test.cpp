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

// The frames that are printed for a hart, without those of the next one.
std::string chain_of(const std::string& text, const std::string& hart) {
  const std::size_t chains = text.find("call chains:\n");
  const std::size_t found = chains == std::string::npos ? chains : text.find("  " + hart + ":\n", chains);
  if (found == std::string::npos) return "";
  const std::size_t begin = text.find('\n', found) + 1;
  return text.substr(begin, text.find(".hart:", begin) - begin);
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

TEST_CASE("the benchmark programs get their checksums, in equal time with and without the JIT") {
  for (const std::string name : {"integer_loop", "memory_loop", "records", "kernels"}) {
    const std::string elf = std::string(WEFT_BINARY_DIR) + "/firmware/bench_" + name + "_short.elf";
    CAPTURE(name);
    // "weft: 886132 instructions, 1395352 cycles, 0.001395351 s simulated", what follows is the host's time.
    const auto run = [&](const std::string& mode) {
      const ProgramResult result = run_elf({"-v", "--jit", mode, elf});
      CHECK(result.status == 0);
      CHECK(contains(result.output, name + ": "));
      return result.output + result.errors.substr(0, result.errors.find("simulated"));
    };
    const std::string interpreted = run("off");
    CHECK(contains(interpreted, " cycles, "));
    CHECK(run("on") == interpreted);
    CHECK(run("lockstep") == interpreted);
  }
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
      {{bare("end0.elf"), "--isa", "rv64i"}, "--isa: "},
      {{bare("end0.elf"), "--isa", "rv32iq"}, "--isa: "},
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

namespace {

std::string scenario_with(const std::string& keys) {
  return "platform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\nworkload: {programs: [{tile: 0, "
         "elf: " +
         std::string(WEFT_BINARY_DIR) + "/firmware/tile_hello.elf}]}\n" + keys;
}

}  // namespace

TEST_CASE("the platform boots from flash") {
  const TemporaryFolder folder;
  const std::string file = folder.file("flash.yaml", scenario_with("run: {progress: none}\n"));
  const ProgramResult result =
      weft::test::weft({"run", file, "--out", (folder / "out").string(), "--set", "platform.host.boot=flash",
                        "--set", "platform.host.flash.image=" + bare("flash.bin")});
  CAPTURE(result.errors);
  CHECK(result.status == 0);
  CHECK(results(folder / "out")["ending"] == "finished");
  CHECK(read_text(folder / "out/uart.log") == "F\n");
}

TEST_CASE("booting from a flash that is missing, too small or beside firmware is refused") {
  const TemporaryFolder folder;
  const std::string file = folder.file("flash.yaml", scenario_with(""));
  const std::string large = folder.file("large.bin", std::string(5000, 'x'));
  const auto refused = [&](std::vector<std::string> arguments, const std::string& message) {
    arguments.insert(arguments.begin(), {"run", file, "--out", (folder / "out").string()});
    const ProgramResult result = weft::test::weft(arguments);
    CAPTURE(result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, message));
  };
  refused({"--set", "platform.host.boot=flash"}, "platform.host.flash.image is needed");
  refused({"--set", "platform.host.flash.image=" + large, "--set", "platform.host.flash.size=4 KiB"},
          "an image of 5000 bytes does not fit");
  refused({"--set", "platform.host.boot=flash", "--set", "platform.host.flash.image=" + large, "--set",
           "run.firmware=" + bare("files.elf")},
          "not loaded when the host boots from flash");
}

TEST_CASE("firmware of a scenario uses semihosting when it is allowed to") {
  const TemporaryFolder folder;
  const std::string file = folder.file(
      "semihosting.yaml", scenario_with("run: {progress: none, firmware: " + bare("files.elf") + "}\n"));
  const ProgramResult result = weft::test::weft({"run", file, "--out", (folder / "out").string(), "--set",
                                                 "platform.host.semihosting.root=" + folder.path().string()});
  CAPTURE(result.errors);
  CHECK(result.status == 1);
  CHECK(results(folder / "out")["exit_code"] == 42);
  CHECK(contains(read_text(folder / "out/uart.log"), "sum 332833500\n"));
  CHECK(std::filesystem::exists(folder / "numbers.txt"));
  CHECK(contains(read_text(folder / "out/scenario.yaml"), "semihosting:"));
}

TEST_CASE("run-elf prints the call chain of a program that ends abnormally") {
  const ProgramResult result = run_elf({bare("calls.elf")});
  CHECK(result.status == 120);
  const std::size_t innermost = result.errors.find(" innermost+0x");
  CHECK(contains(result.errors, "\n    #0 0x800"));
  CHECK(result.errors.find(" main+0x", innermost) != std::string::npos);
}

TEST_CASE("a failing run prints the call chains of the harts concerned") {
  struct Case {
    std::string tile_program;
    std::string host_firmware;
    std::string hart;
    std::string innermost;
    std::vector<std::string> callers;
  };
  const Case each = GENERATE(values<Case>({
      {"tile_unmapped", "weft-host", "tile0.hart", "    #0 0x4000", {" main+0x"}},
      {"tile_deadlock", "weft-host", "host.hart", "    #0 0x800", {" trap_sleep_until+0x", " main+0x"}},
      {"tile_deadlock", "weft-host", "tile0.hart", "    #0 0x4000", {" main+0x"}},
      {"tile_hello", "weft-trap", "host.hart", "    #0 0x800", {" read_nowhere+0x", " main+0x"}},
  }));
  const TemporaryFolder folder;
  const std::string folder_of_programs = std::string(WEFT_BINARY_DIR) + "/firmware/";
  const std::string file = folder.file(
      "fault.yaml",
      "platform: {preset: mesh2x2}\ntechnology: {preset: reram-32nm}\nworkload: {programs: [{tile: 0, elf: " +
          folder_of_programs + each.tile_program +
          ".elf}]}\nrun: {progress: none, firmware: " + folder_of_programs + each.host_firmware + ".elf}\n");
  const ProgramResult result = weft::test::weft({"run", file, "--out", (folder / "out").string()});
  CAPTURE(each.tile_program, each.hart, result.output, result.errors);
  CHECK(result.status == 1);
  const std::string chain = chain_of(result.errors, each.hart);
  CAPTURE(chain);
  std::size_t at = chain.find(each.innermost);
  CHECK(at == 0);
  for (const std::string& caller : each.callers) {
    at = chain.find(caller, at);
    CHECK(at != std::string::npos);
  }
}

TEST_CASE("run-elf writes a trace, and refuses one that makes no sense") {
  const TemporaryFolder folder;
  const std::string file = (folder / "trace").string();
  REQUIRE(run_elf({bare("end0.elf"), "--trace", file}).status == 0);
  const std::string text = read_text(file);
  CHECK(std::count(text.begin(), text.end(), '\n') == 6);
  CHECK(contains(text, "         0 hart <_start>:\n"));
  CHECK(run_elf({bare("end0.elf"), "--trace-limit", "3"}).status == 2);
  CHECK(run_elf({bare("end0.elf"), "--trace", file, "--trace-range", "5-4"}).status == 2);
  CHECK(run_elf({bare("end0.elf"), "--trace", "/nowhere/x"}).status == 2);
}

TEST_CASE("a trace of a run has every hart asked for and changes no result") {
  const TemporaryFolder folder;
  const std::string file = folder.file("traced.yaml", scenario_with("run: {progress: none}\n"));
  const std::string trace = (folder / "trace").string();
  REQUIRE(weft::test::weft({"run", file, "--out", (folder / "plain").string()}).status == 0);
  REQUIRE(weft::test::weft({"run", file, "--out", (folder / "traced").string(), "--trace", trace}).status ==
          0);
  CHECK(comparable(folder / "traced") == comparable(folder / "plain"));
  const std::string text = read_text(trace);
  CHECK(contains(text, " host.hart <main>:"));
  CHECK(contains(text, " tile0.hart <main>:"));
  CHECK(contains(text, " vadd "));

  REQUIRE(weft::test::weft({"run", file, "--out", (folder / "one").string(), "--trace", trace, "--trace-hart",
                            "tile0.hart", "--trace-limit", "50"})
              .status == 0);
  CHECK_FALSE(contains(read_text(trace), "host.hart"));
  const ProgramResult unknown = weft::test::weft(
      {"run", file, "--out", (folder / "none").string(), "--trace", trace, "--trace-hart", "tile9.hart"});
  CHECK(unknown.status == 2);
  CHECK(contains(unknown.errors, "tile0.hart to tile3.hart"));
}
