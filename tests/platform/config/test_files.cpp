// SPDX-License-Identifier: Apache-2.0
// Includes, presets and the paths in a scenario.
#include <catch2/catch.hpp>

#include "tests/platform/config/support.h"

using namespace weft::config;
using namespace weft::config::test;

TEST_CASE("a scenario starts from what it includes and changes key by key") {
  const TemporaryFolder folder;
  folder.write("base/network.yaml", network + "platform:\n  tile: {crossbars: 4, queue_depth: 2}\n");
  folder.write("base/fast.yaml", "platform:\n  tile: {crossbars: 5}\n  clock_MHz: 2000\n");
  const auto file = folder.write("x.yaml",
                                 "include: [base/network.yaml, base/fast.yaml]\n"
                                 "training: {epochs: 9}\n");
  const Scenario scenario = load_scenario(file);
  CHECK(scenario.name == "x");
  CHECK(scenario.training.epochs == 9);
  CHECK(scenario.training.learning_rate.initial == 0.1);
  CHECK(scenario.platform.tile.crossbars == 5);
  CHECK(scenario.platform.tile.queue_depth == 2);
  CHECK(scenario.platform.clock_MHz == 2000);
}

TEST_CASE("a list replaces an included list") {
  const TemporaryFolder folder;
  folder.write("base.yaml", network);
  const auto file = folder.write("x.yaml", "include: base.yaml\nworkload: {layers: [{outputs: 12}]}\n");
  const Scenario scenario = load_scenario(file);
  REQUIRE(scenario.workload.layers.size() == 1);
  CHECK(scenario.workload.layers[0].outputs == 12);
}

TEST_CASE("an error in an included file names that file") {
  const TemporaryFolder folder;
  folder.write("sub/base.yaml", network + "run: {progress: baar}\n");
  const auto file = folder.write("x.yaml", "include: sub/base.yaml\nname: -x\n");
  CHECK(
      errors_of_file(file) ==
      (folder.path() / "sub/base.yaml").string() +
          ":7:17: run.progress: found 'baar', expected one of auto, bar, lines, none; did you mean 'bar'?\n" +
          file.string() +
          ":2:7: name: found '-x', expected up to 100 letters, digits, '.', '_' or '-', beginning with a "
          "letter or digit");
}

TEST_CASE("files that include each other are refused, one file included twice is not") {
  const TemporaryFolder folder;
  const auto a = folder.write("a.yaml", "include: b.yaml\n");
  const auto b = folder.write("b.yaml", "name: b\ninclude: [a.yaml]\n");
  CHECK(errors_of_file(a) == b.string() + ":2:11: include: leads back to itself: a.yaml -> b.yaml -> a.yaml");

  folder.write("base.yaml", network);
  folder.write("left.yaml", "include: base.yaml\n");
  folder.write("right.yaml", "include: base.yaml\n");
  CHECK(errors_of_file(folder.write("diamond.yaml", "include: [left.yaml, right.yaml]\n")).empty());
}

TEST_CASE("a file that is not there is named where it is asked for") {
  const TemporaryFolder folder;
  const auto file = folder.write("x.yaml", "include:\n  - no.yaml\n  - {}\n");
  CHECK(errors_of_file(file) == file.string() + ":2:5: include: no such file: '" +
                                    (folder.path() / "no.yaml").string() + "'\n" + file.string() +
                                    ":3:5: include: found a mapping, expected a path or a list of paths");
  CHECK(errors_of_file(folder.path() / "none.yaml") ==
        (folder.path() / "none.yaml").string() + ": no such scenario file");
  CHECK(errors_of_file(folder.path()) == folder.path().string() + ": no such scenario file");
}

TEST_CASE("the keys beside a preset override it, and a preset may build on another") {
  const TemporaryFolder folder;
  folder.write("platforms/small.yaml",
               "tiles: {columns: 1, rows: 1}\ntile: {crossbars: 3, queue_depth: 3}\n");
  folder.write("platforms/wide.yaml", "preset: small\ntiles: {columns: 6}\n");
  folder.write("technologies/cheap.yaml", "noc: {link_pJ_per_flit: 0.5}\n");
  const auto file = folder.write("x.yaml", network +
                                               "platform:\n  preset: wide\n  tile: {crossbars: 2}\n"
                                               "technology: {preset: cheap}\n");
  const Scenario scenario = load_scenario(file);
  CHECK(scenario.platform.tiles.columns == 6);
  CHECK(scenario.platform.tiles.rows == 1);
  CHECK(scenario.platform.tile.crossbars == 2);
  CHECK(scenario.platform.tile.queue_depth == 3);
  CHECK(scenario.technology.noc.link_pJ_per_flit == 0.5);
}

TEST_CASE("an override chooses the preset first and changes it then, in whatever order they stand") {
  const TemporaryFolder folder;
  folder.write("platforms/a.yaml", "crossbar: {slices: 2, cell_bits: [4, 5]}\n");
  folder.write("platforms/b.yaml", "crossbar: {slices: 2, cell_bits: [6, 7]}\n");
  const auto file = folder.write("x.yaml", network + "platform: {preset: a}\n");
  const LoadOptions options = set({"platform.crossbar.cell_bits[0]=3", "platform.preset=b"});
  CHECK(load_scenario(file, options).platform.crossbar.cell_bits == std::vector<int>{3, 7});
  CHECK(load_scenario(file, set({"platform={preset: b}"})).platform.crossbar.cell_bits ==
        std::vector<int>{6, 7});
}

TEST_CASE("a preset is looked for beside the scenario, then in the given folders") {
  const TemporaryFolder mine;
  const TemporaryFolder installed;
  installed.write("platforms/shared.yaml", "clock_MHz: 100\n");
  installed.write("platforms/both.yaml", "clock_MHz: 200\n");
  mine.write("platforms/both.yaml", "clock_MHz: 300\n");
  LoadOptions options;
  options.preset_path = {installed.path()};
  const auto shared = mine.write("s.yaml", network + "platform: {preset: shared}\n");
  const auto both = mine.write("b.yaml", network + "platform: {preset: both}\n");
  CHECK(load_scenario(shared, options).platform.clock_MHz == 100);
  CHECK(load_scenario(both, options).platform.clock_MHz == 300);

  const auto wrong = mine.write("w.yaml", network + "platform: {preset: shard}\n");
  CHECK(errors_of_file(wrong, options) ==
        wrong.string() +
            ":7:20: platform.preset: no preset 'shard'; did you mean 'shared'? (known: both, shared)");
}

TEST_CASE("a bad preset is reported with its own file and the whole path of the key") {
  const TemporaryFolder folder;
  const auto preset = folder.write("platforms/p.yaml", "tile: {crossbars: 0}\ntile: {}\nname: p\n");
  const auto loop = folder.write("platforms/loop.yaml", "preset: loop\n");
  const auto text = folder.write("platforms/text.yaml", "just text\n");
  CHECK(errors_of_file(folder.write("x.yaml", network + "platform: {preset: p}\n")) ==
        preset.string() + ":1:19: platform.tile.crossbars: found '0', expected an integer from 1 to 24\n" +
            preset.string() + ":2:1: platform.tile: duplicate key; it was given on line 1 already\n" +
            preset.string() +
            ":3:1: platform.name: unknown key; did you mean 'name'? (allowed: preset, tiles, clock_MHz, "
            "quantum, host, tile, crossbar, inversion, fp_pim, noc, memory)");
  CHECK(errors_of_file(folder.write("y.yaml", network + "platform: {preset: loop}\n")) ==
        loop.string() + ":1:9: platform.preset: leads back to itself: loop.yaml -> loop.yaml");
  CHECK(errors_of_file(folder.write("z.yaml", network + "platform: {preset: text}\n")) ==
        text.string() + ":1:1: platform: found 'just text', expected a mapping");
}

TEST_CASE("paths start at the file they stand in") {
  const TemporaryFolder folder;
  const auto elf = folder.write("programs/a.elf", "elf");
  folder.write("base/run.yaml", "run: {firmware: ../programs/a.elf}\n");
  const auto file = folder.write("x.yaml",
                                 "include: base/run.yaml\n"
                                 "workload:\n  programs:\n    - {tile: 3, elf: programs/a.elf}\n");
  const Scenario scenario = load_scenario(file);
  CHECK(scenario.run.firmware == elf);
  REQUIRE(scenario.workload.programs.size() == 1);
  CHECK(scenario.workload.programs[0].elf == elf);
  CHECK(scenario.workload.programs[0].tile == 3);
}

TEST_CASE("a workload of programs needs no training and takes none") {
  const TemporaryFolder folder;
  folder.write("a.elf", "elf");
  const std::string programs = "workload:\n  programs:\n    - {tile: 0, elf: a.elf}\n";
  CHECK(errors_of_file(folder.write("good.yaml", programs)).empty());

  const auto training = folder.write("training.yaml", programs + "training: {epochs: 1, learning_rate: 1}\n");
  CHECK(errors_of_file(training) ==
        training.string() + ":4:1: training: has no effect here: it needs workload.layers");
  const auto tiles =
      folder.write("tiles.yaml", programs + "    - {tile: 4, elf: a.elf}\n    - {tile: 0, elf: a.elf}\n");
  CHECK(errors_of_file(tiles) ==
        tiles.string() + ":4:8: workload.programs[1].tile: found 4, but the platform has tiles 0 to 3\n" +
            tiles.string() + ":5:8: workload.programs[2].tile: tile 0 runs workload.programs[0] already");
  const auto both = folder.write("both.yaml", network + "include: good.yaml\n");
  CHECK(errors_of_file(both) ==
        (folder.path() / "good.yaml").string() +
            ":2:3: workload.programs: a workload has either layers or programs, not both");
}

TEST_CASE("dataset files are looked for beside the scenario, in its directory, or where --data says") {
  const TemporaryFolder folder;
  const std::string head = "workload: {layers: [{outputs: 10}]}\ntraining: {epochs: 1, learning_rate: 0.1}\n";
  const auto beside = folder.write("a.yaml", head + "dataset: {kind: csv, train: 9, test: 1, path: t.csv}\n");
  const auto given =
      folder.write("b.yaml", head + "dataset: {kind: idx, train: 9, test: 1, directory: sub/../mnist}\n");
  CHECK(load_scenario(beside).dataset.directory == folder.path());
  CHECK(load_scenario(beside).dataset.path == "t.csv");
  CHECK(load_scenario(given).dataset.directory == folder.path() / "mnist");
  LoadOptions options;
  options.data_directory = "/data";
  CHECK(load_scenario(beside, options).dataset.directory == "/data");
  CHECK(load_scenario(given, options).dataset.directory == "/data");
  CHECK(parse_scenario(network, "x.yaml", options).dataset.directory.empty());
}

TEST_CASE("a scenario without a name is called after its file") {
  const TemporaryFolder folder;
  CHECK(load_scenario(folder.write("my run.yaml", network)).name == "my_run");
  CHECK(load_scenario(folder.write(".hidden.yaml", network)).name == "scenario.hidden");
  CHECK(load_scenario(folder.write("plain.yaml", network)).run.output == "results/plain");
}
