// SPDX-License-Identifier: Apache-2.0
#include <zlib.h>

#include <catch2/catch.hpp>

#include "models/common/error.h"
#include "platform/bare/bare_simulation.h"
#include "platform/trace/trace_writer.h"
#include "tests/support/program.h"

using namespace weft;
using namespace weft::trace;
using weft::test::read_text;
using weft::test::TemporaryFolder;

namespace {

bare::BareOptions options_for(const std::string& program) {
  bare::BareOptions options;
  options.images.push_back(loader::read_elf(WEFT_BARE_PROGRAM_DIR "/" + program + ".elf"));
  options.entry = options.images.back().entry;
  return options;
}

bare::Outcome run_traced(const bare::BareOptions& options, const TraceConfig& config) {
  bare::BareSimulation simulation(options);
  TraceWriter writer(config);
  hart::Hart& hart = simulation.machine().hart();
  hart.set_observer(&writer.add("hart", options.images[0].symbols, [&hart] { hart.set_observer(nullptr); }));
  const bare::Outcome outcome = simulation.run();
  hart.set_observer(nullptr);
  writer.close();
  return outcome;
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("a trace has what every instruction did, function names and traps") {
  const TemporaryFolder folder;
  TraceConfig config;
  config.file = folder / "trace";
  run_traced(options_for("traced"), config);
  CHECK(read_text(config.file) == R"(         0 hart <_start>:
         0 hart 80000000 80002137 lui     sp,0x80002                sp=80002000
         1 hart 80000004 5579     li      a0,-2                     a0=fffffffe
         2 hart 80000006 fea12e23 sw      a0,-4(sp)                 w4 [80001ffc]=fffffffe
         3 hart 8000000a ffd10583 lb      a1,-3(sp)                 a1=ffffffff  r1 [80001ffd]=ff
         5 hart 8000000e ffc12003 lw      zero,-4(sp)               r4 [80001ffc]=fffffffe
         7 hart 80000012 ffc10613 addi    a2,sp,-4                  a2=80001ffc
         8 hart 80000016 00b626af amoadd.w a3,a1,(a2)               a3=fffffffe  r4 [80001ffc]=fffffffe  w4 [80001ffc]=fffffffd
        12 hart 8000001a 00000297 auipc   t0,0x0                    t0=8000001a
        13 hart 8000001e 02c9     addi    t0,t0,18                  t0=8000002c
        14 hart 80000020 30529073 csrw    mtvec,t0
        15 hart 80000024 016000ef jal     0x8000003a                ra=80000028
        17 hart <function>:
        17 hart 8000003a 8082     ret
        19 hart 80000028 trap 11 value 00000000
        23 hart <handler>:
        23 hart 8000002c 6315     lui     t1,0x5                    t1=00005000
        24 hart 8000002e 55530313 addi    t1,t1,1365                t1=00005555
        25 hart 80000032 001002b7 lui     t0,0x100                  t0=00100000
        26 hart 80000036 0062a023 sw      t1,0(t0)                  w4 [00100000]=00005555
)");
}

TEST_CASE("a trace names the register file a result went to") {
  const TemporaryFolder folder;
  TraceConfig config;
  config.file = folder / "trace";
  bare::BareOptions options = options_for("floats");
  options.hart.core.single_float = true;
  CHECK(run_traced(options, config).exit_code == 0);
  const std::string text = read_text(config.file);
  const std::vector<std::pair<std::string, std::string>> lines{
      {"flw     ft0,0(a0)", "ft0=3fc00000  r4 [8000"},
      {"fadd.s  fa0,ft0,ft0", "fa0=40400000"},
      {"fmadd.s fa1,ft0,ft0,fa0", "fa1=40a80000"},
      {"feq.s   a1,ft0,ft0", "a1=00000001"},
      {"fmv.x.w a2,fa0", "a2=40400000"},
      {"fcvt.s.w fa2,a1", "fa2=3f800000"},
      {"fcvt.w.s a3,fa0,rtz", "a3=00000003"},
      {"fsw     fa1,4(a0)", "w4 [8000"}};
  for (const auto& [code, effect] : lines) {
    CAPTURE(code, text);
    CHECK(text.find(code + std::string(34 - code.size(), ' ') + effect) != std::string::npos);
  }
}

TEST_CASE("a trace can be confined to a range of addresses and a number of lines") {
  const TemporaryFolder folder;
  TraceConfig config;
  config.file = folder / "trace";
  SECTION("range") {
    config.range = {0x80000000, 0x80000003};
    run_traced(options_for("traced"), config);
    CHECK(lines_of(read_text(config.file)) == 2);  // the name and one instruction
  }
  SECTION("limit") {
    config.limit = 5;
    const bare::Outcome outcome = run_traced(options_for("traced"), config);
    CHECK(lines_of(read_text(config.file)) == 6);
    CHECK(outcome.ending == bare::Ending::exited);
  }
}

TEST_CASE("a name that ends in .gz makes a gzip file of the same text") {
  const TemporaryFolder folder;
  TraceConfig config;
  config.file = folder / (GENERATE(0, 1) == 0 ? "trace.gz" : "trace");
  const bool compressed = config.file.extension() == ".gz";
  run_traced(options_for("traced"), config);
  CHECK((read_text(config.file).substr(0, 2) == "\x1f\x8b") == compressed);
  const gzFile file = gzopen(config.file.c_str(), "rb");
  std::string text(100'000, '\0');
  text.resize(static_cast<std::size_t>(gzread(file, text.data(), 100'000)));
  gzclose(file);
  CHECK(text.find("<function>:") != std::string::npos);
}

TEST_CASE("results are the same with and without a trace") {
  const TemporaryFolder folder;
  const std::string program = GENERATE("traced", "console", "trap_loop", "files");
  const auto outcome = [&](bool traced) {
    bare::BareOptions options = options_for(program);
    options.max_instructions = 30'000;
    std::string output;
    options.console = [&](std::uint8_t byte) { output += static_cast<char>(byte); };
    options.semihosting.emplace();
    options.semihosting->root = folder.path();
    TraceConfig config;
    config.file = folder / "trace";
    bare::Outcome result;
    if (traced) {
      result = run_traced(options, config);
    } else {
      bare::BareSimulation simulation(options);
      result = simulation.run();
    }
    return std::make_tuple(result.ending, result.exit_code, result.instructions, result.cycles,
                           result.simulated_s, output);
  };
  // One kernel a run: the second simulation needs names and time of its own.
  const auto plain = outcome(false);
  sc_core::sc_curr_simcontext = new sc_core::sc_simcontext();
  sc_core::sc_default_global_context = sc_core::sc_curr_simcontext;
  CHECK(outcome(true) == plain);
}

TEST_CASE("ranges are two addresses, the second one larger") {
  const AddressRange range = parse_range("0x80000000-0x80001000");
  CHECK(range.first == 0x80000000);
  CHECK(range.last == 0x80000fff);
  CHECK(parse_range("0-0x100000000").last == 0xffffffff);
  for (const char* text :
       {"", "0x100", "0x100-", "-0x100", "0x200-0x100", "0x100-0x100", "a-b", "0-0x100000001"}) {
    CHECK_THROWS_AS(parse_range(text), Error);
  }
}

TEST_CASE("a file that cannot be written is an error that names it") {
  TraceConfig config;
  config.file = "/nowhere/trace";
  CHECK_THROWS_WITH(TraceWriter(config), Catch::Contains("/nowhere/trace: cannot be written: No such file"));
  if (std::filesystem::exists("/dev/full")) {
    TraceFile file("/dev/full");
    CHECK_THROWS_WITH(file.write(std::string(1 << 20, 'x')), Catch::Contains("/dev/full: cannot be written"));
  }
}
