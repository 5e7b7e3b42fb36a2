// SPDX-License-Identifier: Apache-2.0
// Programs in the conventions of the RISC-V ISA tests, and every way in which a run can end.
#include "platform/bare/bare_simulation.h"

#include <catch2/catch.hpp>

#include "models/common/error.h"

using namespace weft;
using namespace weft::bare;

namespace {

struct Run {
  Outcome outcome;
  std::string output;
  std::vector<std::string> log;
};

BareOptions options_for(const std::string& program) {
  BareOptions options;
  options.images.push_back(loader::read_elf(WEFT_BARE_PROGRAM_DIR "/" + program + ".elf"));
  options.entry = options.images.back().entry;
  return options;
}

Run run(BareOptions options) {
  Run result;
  options.console = [&](std::uint8_t byte) { result.output += static_cast<char>(byte); };
  options.log = [&](const LogEntry& entry) { result.log.push_back(entry.text); };
  BareSimulation simulation(options);
  result.outcome = simulation.run();
  return result;
}

Run run(const std::string& program) { return run(options_for(program)); }

}  // namespace

TEST_CASE("a store to tohost ends the program with the code it carries") {
  struct Case {
    const char* program;
    std::uint64_t code;
  };
  const Case each = GENERATE(Case{"end0", 0}, Case{"end5", 5}, Case{"end300", 300}, Case{"end_half", 6},
                             Case{"end_narrow", 7});
  const Run result = run(each.program);
  CAPTURE(each.program, result.outcome.detail);
  CHECK(result.outcome.ending == Ending::exited);
  CHECK(result.outcome.exit_code == each.code);
}

TEST_CASE("the store that completes a request is the last instruction executed") {
  // la and li are two instructions each where the value asks for it: li gp, la t5 (2), sw, sw.
  CHECK(run("end0").outcome.instructions == 5);
}

TEST_CASE("console characters, system calls and the answer in fromhost") {
  const Run result = run("console");
  CHECK(result.output == "AB from a system call\n");
  CHECK(result.outcome.ending == Ending::exited);
  CHECK(result.outcome.exit_code == 9);
  REQUIRE(result.log.size() == 1);
  CHECK_THAT(result.log[0], Catch::Contains("system call 12345 is not modelled"));
}

TEST_CASE("the finisher ends the program with its code or asks for a reset") {
  const Run failed = run("finisher3");
  CHECK(failed.outcome.ending == Ending::exited);
  CHECK(failed.outcome.exit_code == 3);
}

TEST_CASE("a program that asks for a reset ends as such") {
  CHECK(run("finisher_reset").outcome.ending == Ending::reset);
}

TEST_CASE("a trap without a handler ends the run with cause, place and value") {
  const Outcome outcome = run("trap").outcome;
  CHECK(outcome.ending == Ending::fatal_trap);
  CHECK_THAT(outcome.detail, Catch::Contains("cause 5") && Catch::Contains(" in inner+0x4") &&
                                 Catch::Contains("value 0x30000004"));
}

TEST_CASE("a handler whose first access always fails is a fatal trap, not an endless run") {
  const Outcome outcome = run("trap_loop").outcome;
  CHECK(outcome.ending == Ending::fatal_trap);
  CHECK_THAT(outcome.detail, Catch::Contains("cause 11"));
}

TEST_CASE("a program that cannot go on is stuck") {
  SECTION("it jumps in place") {
    const Outcome outcome = run("spin").outcome;
    CHECK(outcome.ending == Ending::stuck);
    CHECK_THAT(outcome.detail, Catch::Contains("jumps in place") && Catch::Contains(" in here"));
  }
  SECTION("it sleeps") {
    const Outcome outcome = run("sleep").outcome;
    CHECK(outcome.ending == Ending::stuck);
    CHECK_THAT(outcome.detail, Catch::Contains("sleeps in wfi"));
  }
}

TEST_CASE("the instruction limit is exact") {
  const std::uint64_t limit = GENERATE(0u, 1u, 2u, 3u, 1000u, 54321u);
  BareOptions options = options_for("count");
  options.max_instructions = limit;
  const Outcome outcome = run(options).outcome;
  CHECK(outcome.ending == Ending::instruction_limit);
  CHECK(outcome.instructions == limit);
  CHECK_THAT(outcome.detail, Catch::Contains("limit of " + std::to_string(limit) + " instructions"));
}

TEST_CASE("a request from outside interrupts a program that never ends") {
  const std::atomic<bool> requested{true};
  BareOptions options = options_for("count");
  options.interrupted = &requested;
  const Outcome outcome = run(options).outcome;
  CHECK(outcome.ending == Ending::interrupted);
  CHECK(outcome.instructions > 0);
}

TEST_CASE("a program runs in flash, which refuses its stores") {
  const Run result = run("flash");
  CHECK(result.outcome.ending == Ending::exited);
  CHECK(result.outcome.exit_code == 0);
  CHECK(result.output == "F\n");
}

TEST_CASE("raw binaries run where they are put") {
  BareOptions options;
  options.images.push_back(
      loader::raw_image(loader::read_file(WEFT_BARE_PROGRAM_DIR "/finisher3.bin"), "x.bin", 0x80001000));
  options.entry = 0x80001000;
  const Outcome outcome = run(options).outcome;
  CHECK(outcome.ending == Ending::exited);
  CHECK(outcome.exit_code == 3);
}

TEST_CASE("the signature is what the program has stored") {
  const BareOptions options = options_for("signature");
  BareSimulation simulation(options);
  REQUIRE(simulation.run().ending == Ending::exited);
  const loader::Symbol* const begin = options.images[0].find("begin_signature");
  REQUIRE(begin != nullptr);
  std::array<std::uint32_t, 5> words{};
  REQUIRE(simulation.machine().read_memory(begin->address, words.data(), sizeof words));
  CHECK(words == std::array<std::uint32_t, 5>{0x01234567, 0xdeadbeef, 0x89abcdef, 7, 0xffefffff});
}

TEST_CASE("images that lie in no memory are refused with what is allowed") {
  const BareOptions nowhere = options_for("nowhere");
  CHECK_THROWS_WITH(BareSimulation(nowhere), Catch::Contains("nowhere.elf: the segment at 0x30000000") &&
                                                 Catch::Contains("RAM from 0x80000000 to 0x87ffffff"));
}

TEST_CASE("an image larger than RAM is refused") {
  BareOptions options = options_for("end0");
  options.ram_size = 4096;
  CHECK_THROWS_WITH(BareSimulation(options), Catch::Contains("end0.elf: the segment at 0x80001000"));
}

TEST_CASE("a tohost outside RAM is refused") {
  BareOptions options = options_for("finisher3");
  options.images[0].symbols.push_back({"tohost", 0x20000000, 0});
  CHECK_THROWS_WITH(BareSimulation(options), Catch::Contains("tohost at 0x20000000; allowed"));
}

TEST_CASE("flash that is larger than its window is refused") {
  BareOptions options;
  options.images.push_back(loader::raw_image(std::vector<std::uint8_t>(33u << 20), "x.bin", 0x20000000));
  options.entry = 0x20000000;
  CHECK_THROWS_WITH(BareSimulation(options), Catch::Contains("x.bin: the segment at 0x20000000"));
}
