// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/skip.h"
#include "tests/tools/cli/cli.h"

using namespace weft::test;
namespace fs = std::filesystem;

TEST_CASE("version and help go to standard output with status 0") {
  const ProgramResult version = weft::test::weft({"--version"});
  CHECK(version.status == 0);
  CHECK(version.output == "weft 0.1.0\n");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"--help"}, {"run", "--help"}, {"compile", "--help"}, {"check", "--help"}}) {
    const ProgramResult help = weft::test::weft(arguments);
    CHECK(help.status == 0);
    CHECK(contains(help.output, "Usage"));
    CHECK(help.errors.empty());
  }
}

TEST_CASE("bad usage ends with status 2 and says what is wrong") {
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{},
                                                    {"fly"},
                                                    {"run"},
                                                    {"run", "--speed", "x.yaml"},
                                                    {"compile", "x.yaml"},
                                                    {"disasm"}}) {
    const ProgramResult result = weft::test::weft(arguments);
    CHECK(result.status == 2);
    CHECK_FALSE(result.errors.empty());
  }
}

TEST_CASE("an error in a scenario names file, line, column, key and the nearest spelling") {
  const TemporaryFolder folder;
  std::string text = small_scenario;
  text.replace(text.find("outputs: 24"), 11, "outputz: 24");
  const std::string file = folder.file("bad.yaml", text);
  const ProgramResult result = weft::test::weft({"run", file, "--out", (folder / "out").string()});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, file + ":8:"));
  CHECK(contains(result.errors, "outputz"));
  CHECK(contains(result.errors, "did you mean 'outputs'"));
  CHECK_FALSE(fs::exists(folder / "out"));
}

TEST_CASE("bad input of every kind ends with status 2, one clear message and nothing written") {
  const TemporaryFolder folder;
  const std::string good = folder.file("good.yaml", small_scenario);
  const std::string text = folder.file("notes.txt", "not an ELF file");
  struct Case {
    std::vector<std::string> arguments;
    std::string message;
  };
  const std::vector<Case> cases{
      {{"run", (folder / "none.yaml").string()}, "none.yaml"},
      {{"run", good, "--set", "training.epoch=1"}, "did you mean 'epochs'"},
      {{"run", good, "--set", "training.epochs=many"}, "found 'many'"},
      {{"run", good, "--set", "training.epochs=0"}, "training.epochs"},
      {{"run", good, "--set", "training.learning_rate=100000"}, "learning_rate"},
      {{"run", good, "--set", "dataset.kind=idx", "--data", (folder / "no").string()}, "dataset"},
      {{"run", good, "--set", "platform.tile.buffer_size=16 KiB", "--set", "training.batch=64"},
       "buffer_size"},
      {{"run", good, "--set", "platform.host.dram_size=8 MiB"}, "dram_size"},
      {{"run", good, "--set", "workload.layers[0].outputs=4000"}, "crossbar"},
      {{"run", good, "--set", "platform.tile.sync_counters=2"}, "sync_counters"},
      {{"run", good, "--set", "platform.crossbar.arithmetic=exact", "--set",
        "platform.crossbar.adc_bits=200"},
       "adc_bits"},
      {{"run", good, "--set", "run.firmware=" + text}, "not an ELF file"},
      {{"run", good, "--set", "platform.host.hart.isa=rv32imad"},
       "platform.host.hart.isa: ISA 'rv32imad' names 'd': there is no double precision; allowed is"},
      {{"check", good, "--set", "platform.tile.hart.isa=rv64i"}, "platform.tile.hart.isa: ISA 'rv64i'"},
      {{"check", good, "--set", "platform.host.hart.isa=rv32i_xweft"}, "leave _xweft out"},
      {{"check", good, "--set", "platform.host.hart.pmp_entries=17"}, "platform.host.hart.pmp_entries"},
      {{"disasm", text}, "not an ELF file"},
      {{"disasm", WEFT_PROGRAM}, "64-bit"},
      {{"disasm", folder.path().string()}, "directory"},
  };
  for (const Case& each : cases) {
    std::vector<std::string> arguments = each.arguments;
    if (arguments[0] == "run") arguments.insert(arguments.end(), {"--out", (folder / "out").string()});
    const ProgramResult result = weft::test::weft(arguments);
    CAPTURE(each.message, result.errors);
    CHECK(result.status == 2);
    CHECK(contains(result.errors, each.message));
    CHECK_FALSE(fs::exists(folder / "out/results.json"));
  }
}

TEST_CASE("a results folder that cannot be made is an error before anything runs") {
  const TemporaryFolder folder;
  const std::string good = folder.file("good.yaml", small_scenario);
  const std::string blocker = folder.file("file", "");
  const ProgramResult result = weft::test::weft({"run", good, "--out", blocker + "/out"});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "cannot be created"));
}

TEST_CASE("truncated images are an error that names the file and the byte") {
  const fs::path data = fs::path(WEFT_SOURCE_DIR) / "../shared/data/mnist";
  if (!fs::exists(data)) WEFT_SKIP("no MNIST files beside the project");
  const TemporaryFolder folder;
  fs::copy_file(data / "t10k-labels-idx1-ubyte.gz", folder / "t10k-labels-idx1-ubyte.gz");
  const std::string images = read_text(data / "t10k-images-idx3-ubyte.gz");
  folder.file("t10k-images-idx3-ubyte.gz", images.substr(0, images.size() / 2));
  const ProgramResult result =
      weft::test::weft({"check", std::string(WEFT_SOURCE_DIR) + "/scenarios/mnist_mlp.yaml", "--data",
                        folder.path().string()});
  CHECK(result.status == 2);
  CHECK(contains(result.errors, "t10k-images-idx3-ubyte.gz"));
  CHECK(contains(result.errors, "byte"));
}

TEST_CASE("check accepts every scenario that needs no files") {
  for (const char* name : {"digits_mlp", "digits_sliced", "digits_devices", "digits_sigmoid_mse"}) {
    const ProgramResult result =
        weft::test::weft({"check", std::string(WEFT_SOURCE_DIR) + "/scenarios/" + name + ".yaml"});
    CAPTURE(name, result.errors);
    CHECK(result.status == 0);
    CHECK(contains(result.output, "valid"));
  }
}

TEST_CASE("compile writes a program that GNU objdump and weft disasm read") {
  const TemporaryFolder folder;
  const std::string good = folder.file("good.yaml", small_scenario);
  const ProgramResult compiled = weft::test::weft({"compile", good, "-o", (folder / "out").string()});
  REQUIRE(compiled.status == 0);
  for (const char* name : {"program.elf", "program.lst", "manifest.json", "scenario.yaml"}) {
    CHECK(fs::exists(folder / "out" / name));
  }
  const std::string elf = (folder / "out/program.elf").string();
  const ProgramResult disassembly = weft::test::weft({"disasm", elf});
  CHECK(disassembly.status == 0);
  CHECK(contains(disassembly.output, "<tile0.layer0.forward>:"));
  CHECK(contains(disassembly.output, "<tile1.layer1.update>:"));
  for (const char* mnemonic :
       {"\tmvm zero,", "\tmtvm zero,", "\topa zero,", "\tcrs zero,", "\tsend zero,", "\tcwait "}) {
    CAPTURE(mnemonic);
    CHECK(contains(disassembly.output, mnemonic));
  }
  const ProgramResult objdump = run_program("riscv64-unknown-elf-objdump", {"-d", elf});
  if (objdump.status == 127) WEFT_SKIP("no riscv64-unknown-elf-objdump");
  CHECK(objdump.status == 0);
  CHECK(contains(objdump.output, "<tile0.layer0.forward>:"));
  CHECK(contains(objdump.output, "csrw\tmtvec,t0"));
}
