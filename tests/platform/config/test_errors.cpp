// SPDX-License-Identifier: Apache-2.0
// What a user reads when a scenario is wrong.
#include <catch2/catch.hpp>

#include "platform/config/spelling.h"
#include "tests/platform/config/support.h"

using namespace weft::config;
using namespace weft::config::test;

namespace {

struct BadInput {
  const char* what;
  std::string text;
  std::string message;
};

std::string with(const std::string& more) { return network + more; }

}  // namespace

TEST_CASE("a bad scenario is refused with file, line, column, key, what was found and what is allowed") {
  const BadInput inputs[] = {
      {"unknown key", with("platform:\n  noc:\n    flit_byts: 8\n"),
       "x.yaml:9:5: platform.noc.flit_byts: unknown key; did you mean 'flit_bytes'? (allowed: fidelity, "
       "topology, routing, concentration, hop_cycles, flit_bytes, virtual_channels, buffer_flits, "
       "control_priority, posted_writes, multicast, max_packet_flits, clock_MHz, host_node)"},
      {"routing that locks up", with("platform:\n  noc: {topology: torus, routing: west_first}\n"),
       "x.yaml:8:26: platform.noc.routing: west_first keeps only a mesh and a cmesh free of deadlock"},
      {"pipeline shorter than flit routers have", with("platform:\n  noc: {fidelity: flit, hop_cycles: 2}\n"),
       "x.yaml:8:25: platform.noc.hop_cycles: found 2, routers of flits take at least 3"},
      {"too few virtual channels for a ring",
       with("platform:\n  noc: {fidelity: flit, topology: ring, control_priority: true}\n"),
       "x.yaml:8:3: platform.noc.virtual_channels: found 2, needed are at least 4, an even number: a torus "
       "or ring takes two a class to be free of deadlock"},
      {"unknown key without a near one", with("platform:\n  tiles: {depth: 2}\n"),
       "x.yaml:8:11: platform.tiles.depth: unknown key (allowed: columns, rows)"},
      {"key in the wrong place", with("run:\n  vector_lanes: 4\n"),
       "x.yaml:8:3: run.vector_lanes: unknown key; did you mean 'platform.tile.vector_lanes'? (allowed: "
       "output, firmware, max_simulated_time, watchdog, progress, threads, speed, check_protocol)"},
      {"preset misspelt", with("platform: {prest: mesh2x2}\n"),
       "x.yaml:7:12: platform.prest: unknown key; did you mean 'preset'? (allowed: preset, tiles, clock_MHz, "
       "quantum, host, tile, crossbar, inversion, fp_pim, noc, memory)"},
      {"duplicate key", with("run:\n  progress: bar\n  progress: none\n"),
       "x.yaml:9:3: run.progress: duplicate key; it was given on line 8 already"},
      {"duplicate section", with("training: {epochs: 2}\n"),
       "x.yaml:7:1: training: duplicate key; it was given on line 5 already"},
      {"duplicate key in a list",
       "workload: {layers: [{outputs: 10, outputs: 11}]}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:1:35: workload.layers[0].outputs: duplicate key; it was given on line 1 already"},
      {"text where a number should be", with("platform: {tile: {crossbars: many}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found 'many', expected an integer from 1 to 24"},
      {"out of range", with("platform: {tile: {crossbars: 25}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found '25', expected an integer from 1 to 24"},
      {"too large for any integer", with("platform: {tile: {crossbars: 99999999999999999999}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found '99999999999999999999', expected an integer from 1 to "
       "24"},
      {"number in quotes", with("platform: {tile: {crossbars: '8'}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found '8' in quotes, expected an integer from 1 to 24"},
      {"real where an integer should be", with("platform: {tile: {crossbars: 8.0}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found '8.0', expected an integer from 1 to 24"},
      {"list where a number should be", with("platform: {tile: {crossbars: [8]}}\n"),
       "x.yaml:7:30: platform.tile.crossbars: found a list, expected an integer from 1 to 24"},
      {"number where a mapping should be", with("platform: {tile: 8}\n"),
       "x.yaml:7:18: platform.tile: found '8', expected a mapping"},
      {"nothing where a mapping should be", with("platform:\n"),
       "x.yaml:7:1: platform: found nothing, expected a mapping"},
      {"nothing where a value should be", with("run:\n  progress:\n  watchdog: 1 s\n"),
       "x.yaml:8:3: run.progress: found nothing, expected one of auto, bar, lines, none"},
      {"duration without a unit", with("platform: {quantum: 10}\n"),
       "x.yaml:7:21: platform.quantum: found '10', expected a duration with its unit, from 1 ns to 1 s, such "
       "as '10 us'"},
      {"duration in bytes", with("platform: {quantum: 10 KiB}\n"),
       "x.yaml:7:21: platform.quantum: found '10 KiB', expected a duration with its unit, from 1 ns to 1 s, "
       "such as '10 us'"},
      {"duration too long", with("platform: {quantum: 2 s}\n"),
       "x.yaml:7:21: platform.quantum: found '2 s', expected a duration with its unit, from 1 ns to 1 s, "
       "such as '10 us'"},
      {"size that is no multiple", with("platform: {tile: {buffer_size: 5000}}\n"),
       "x.yaml:7:32: platform.tile.buffer_size: found '5000', expected a size from 4 KiB to 768 KiB that is "
       "a multiple of 4 KiB, such as '64 KiB'"},
      {"buffer larger than its window", with("platform: {tile: {buffer_size: 1 MiB}}\n"),
       "x.yaml:7:32: platform.tile.buffer_size: found '1 MiB', expected a size from 4 KiB to 768 KiB that is "
       "a multiple of 4 KiB, such as '64 KiB'"},
      {"word that is not among the choices", with("platform: {crossbar: {arithmetic: slcied}}\n"),
       "x.yaml:7:35: platform.crossbar.arithmetic: found 'slcied', expected one of automatic, exact, sliced, "
       "device, none; "
       "did you mean 'sliced'?"},
      {"boolean in another language's spelling",
       "workload: {layers: [{outputs: 10}]}\n"
       "training: {epochs: 1, learning_rate: 0.1, shuffle: yes}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:2:52: training.shuffle: found 'yes', expected true or false"},
      {"learning rate of a wrong kind",
       "workload: {layers: [{outputs: 10}]}\n"
       "training: {epochs: 1, learning_rate: [0.1, fast]}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:2:44: training.learning_rate[1]: found 'fast', expected a number from 1e-09 to 10"},
      {"empty list",
       "workload: {layers: []}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:1:20: workload.layers: found an empty list, expected a list of layers"},
      {"position with three coordinates", with("platform: {noc: {host_node: [0, 0, 0]}}\n"),
       "x.yaml:7:29: platform.noc.host_node: found a list, expected a list of two integers [column, row], "
       "such as [0, 0]"},
      {"name that cannot name a folder", with("name: ../results\n"),
       "x.yaml:7:7: name: found '../results', expected up to 100 letters, digits, '.', '_' or '-', beginning "
       "with a letter or digit"},
      {"missing file", with("run: {firmware: no/such.elf}\n"),
       "x.yaml:7:17: run.firmware: no such file: '" +
           (std::filesystem::current_path() / "no/such.elf").string() + "'"},
      {"not YAML", "workload: [1\n", "x.yaml:2:1: not valid YAML: end of sequence flow not found"},
      {"list as a key", "? [a]\n: 1\n", "x.yaml:1:3: not valid YAML: found a list where a key should be"},
      {"two documents", network + "---\nrun: {}\n", "x.yaml:8:1: a second YAML document; a file holds one"},
      {"empty file", "", "x.yaml:1:1: found nothing, expected a mapping"},
      {"list at the top", "- 1\n", "x.yaml:1:1: found a list, expected a mapping"},
  };
  for (const BadInput& input : inputs) {
    INFO(input.what);
    CHECK(errors_of(input.text) == input.message);
  }
}

TEST_CASE("values that do not fit together are refused where they stand") {
  const BadInput inputs[] = {
      {"weight too wide", with("platform: {crossbar: {slices: 17}}\n"),
       "x.yaml:7:23: platform.crossbar.slices: 17 slices of 2 digit_bits make a weight of 34 bits, at most "
       "32 are possible"},
      {"cell bits for another number of slices", with("platform: {crossbar: {cell_bits: [6, 6]}}\n"),
       "x.yaml:7:23: platform.crossbar.cell_bits: found 2 entries, expected one number or one for each of "
       "the 16 slices"},
      {"converter bits for another number of slices", with("platform: {crossbar: {adc_bits: [8, 8]}}\n"),
       "x.yaml:7:23: platform.crossbar.adc_bits: found 2 entries, expected one number or one for each of the "
       "16 slices"},
      {"calibrated converters without a full scale", with("platform: {crossbar: {adc_range: calibrated}}\n"),
       "x.yaml:7:12: platform.crossbar.adc_full_scale: missing; it or adc_full_scale_by_layer is required"},
      {"a full scale where a list of them is needed",
       with("platform: {crossbar: {slices: 2, adc_range: calibrated, adc_full_scale_by_layer: [9, [9]]}}\n"),
       "x.yaml:7:83: platform.crossbar.adc_full_scale_by_layer[0]: found '9', expected a list of integers"},
      {"full scales of layers for another number of layers",
       with("platform: {crossbar: {adc_range: calibrated, adc_full_scale_by_layer: [[9], [9], [9]]}}\n"),
       "x.yaml:7:46: platform.crossbar.adc_full_scale_by_layer: found 3 lists, the network has 2 layers"},
      {"a full scale for all layers and for each",
       with("platform: {crossbar: {adc_range: calibrated, adc_full_scale: 9, adc_full_scale_by_layer: "
            "[[9]]}}\n"),
       "x.yaml:7:65: platform.crossbar.adc_full_scale_by_layer: adc_full_scale says the same; give one of "
       "them"},
      {"a layer's full scale beyond the largest current",
       with("platform: {crossbar: {encoding: offset, adc_range: calibrated, adc_full_scale_by_layer: "
            "[[8065], [1]]}}\n"),
       "x.yaml:7:90: platform.crossbar.adc_full_scale_by_layer[0]: found 8065 for slice 0, whose largest "
       "current is 8064 cell units"},
      {"more converters than lines", with("platform: {crossbar: {columns: 64, adcs: 65}}\n"),
       "x.yaml:7:36: platform.crossbar.adcs: 65 converters for 128 rows and 64 columns: some would have no "
       "line"},
      {"digits without a sign in cells without room for them",
       with("platform: {crossbar: {encoding: twos_complement, cell_bits: 2}}\n"),
       "x.yaml:7:50: platform.crossbar.cell_bits: with encoding twos_complement a cell below the top slice "
       "needs a bit more than the 2 of a digit; found 2 for slice 0"},
      {"cells too wide for a pair", with("platform: {crossbar: {encoding: differential, cell_bits: 8}}\n"),
       "x.yaml:7:47: platform.crossbar.cell_bits: with encoding differential a cell has at most 7 bits; "
       "found 8 "
       "for slice 0"},
      {"a full scale without calibrated converters", with("platform: {crossbar: {adc_full_scale: 9}}\n"),
       "x.yaml:7:23: platform.crossbar.adc_full_scale: has no effect here: it needs adc_range: calibrated"},
      {"a full scale beyond the largest current",
       with("platform: {crossbar: {adc_range: calibrated, adc_full_scale: 4097}}\n"),
       "x.yaml:7:46: platform.crossbar.adc_full_scale: found 4097 for slice 0, whose largest current is 4096 "
       "cell units"},
      {"cell smaller than its digit",
       with("platform: {crossbar: {slices: 8, digit_bits: 4, cell_bits: 3}}\n"),
       "x.yaml:7:49: platform.crossbar.cell_bits: a cell of 3 bits cannot hold a digit of 4 bits "
       "(platform.crossbar.digit_bits)"},
      {"default cell smaller than the digit", with("platform: {crossbar: {slices: 4, digit_bits: 8}}\n"),
       "x.yaml:7:12: platform.crossbar.cell_bits: a cell of 6 bits cannot hold a digit of 8 bits "
       "(platform.crossbar.digit_bits)"},
      {"host outside the mesh", with("platform: {noc: {host_node: [1, 2]}}\n"),
       "x.yaml:7:18: platform.noc.host_node: [1, 2] is outside the mesh of 2 columns and 2 rows"},
      {"a DRAM's key with the simple memory", with("platform: {memory: {channels: 2}}\n"),
       "x.yaml:7:21: platform.memory.channels: has no effect here: it needs kind: a DRAM"},
      {"an unknown DRAM", with("platform: {memory: {kind: ddr5}}\n"),
       "x.yaml:7:27: platform.memory.kind: found 'ddr5', expected one of simple, ddr4-2400, ddr4-3200, "
       "lpddr4-3200, hbm2"},
      {"a memory controller outside the mesh",
       with("platform: {memory: {kind: hbm2, controllers: [[0, 0], [2, 0]]}}\n"),
       "x.yaml:7:55: platform.memory.controllers[1]: [2, 0] is outside the mesh of 2 columns and 2 rows"},
      {"two memory controllers at one router",
       with("platform: {memory: {kind: hbm2, controllers: [[0, 1], [0, 1]]}}\n"),
       "x.yaml:7:55: platform.memory.controllers[1]: router [0, 1] has platform.memory.controllers[0] "
       "already; one is allowed at each"},
      {"a row that closes before it can be read",
       with("platform: {memory: {kind: ddr4-2400, timing: {tras: 10}}}\n"),
       "x.yaml:7:38: platform.memory.timing: DRAM: tRAS is 10, but tRCD is 16; it must not be smaller"},
      {"channels that no address bits count", with("platform: {memory: {kind: hbm2, channels: 12}}\n"),
       "x.yaml:7:33: platform.memory.channels: found 12, expected a power of two"},
      {"channels that change within a burst",
       with("platform: {memory: {kind: ddr4-2400, channel_interleave: 32 B}}\n"),
       "x.yaml:7:38: platform.memory.channel_interleave: found 32 bytes, expected a power of two from a "
       "burst of "
       "64 bytes on"},
      {"controllers that change within a channel's block",
       with("platform: {memory: {kind: ddr4-2400, interleave: 128 B}}\n"),
       "x.yaml:7:38: platform.memory.interleave: found 128 bytes, expected a power of two from "
       "channel_interleave (256) on"},
      {"more DRAM than its devices hold",
       with("platform: {host: {dram_size: 2 GiB}, memory: {kind: lpddr4-3200, channels: 1}}\n"),
       "x.yaml:7:19: platform.host.dram_size: found 2147483648 bytes, but 1 controllers with 1 channels of "
       "1073741824 bytes each hold 1073741824"},
      {"softmax after an activation",
       "workload: {layers: [{outputs: 10, activation: relu}]}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:1:35: workload.layers[0].activation: the last layer's activation must be none with loss "
       "cross_entropy, which has a softmax of its own"},
      {"fewer outputs than classes",
       "workload: {layers: [{outputs: 9}]}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:1:22: workload.layers[0].outputs: found 9, but the dataset has 10 classes"},
      {"batch larger than the training set",
       "workload: {layers: [{outputs: 10}]}\n"
       "training: {epochs: 1, learning_rate: 0.1, batch: 101}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:2:43: training.batch: found 101, but dataset.train has only 100 samples"},
      {"nothing to evaluate with",
       "workload: {layers: [{outputs: 10}]}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 0}\n",
       "x.yaml:3:37: dataset.test: found 0, but training.evaluate needs test samples"},
      {"images without labels",
       "workload: {layers: [{outputs: 10}]}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: idx, train: 100, test: 10, images: i}\n",
       "x.yaml:3:44: dataset.images: dataset.images and dataset.labels go together"},
      {"neither layers nor programs",
       "workload: {loss: cross_entropy}\n"
       "training: {epochs: 1, learning_rate: 0.1}\n"
       "dataset: {kind: digits, train: 100, test: 10}\n",
       "x.yaml:1:1: workload: either layers (a network to train) or programs is required"},
  };
  for (const BadInput& input : inputs) {
    INFO(input.what);
    CHECK(errors_of(input.text) == input.message);
  }
}

TEST_CASE("buffers in ReRAM that make no sense are refused where they stand") {
  const std::string sized = "platform: {tile: {reram_buffer: {size: 64 KiB";
  const std::string small = network + sized;
  const auto refused = [](const std::string& text, const std::string& message) {
    INFO(text);
    CHECK_THAT(errors_of(text), Catch::Contains(message));
  };
  refused(small + ", cell_bits: 3}}}\n",
          "platform.tile.reram_buffer: ReRAM buffer: cell_bits is 3; allowed: 1, 2, 4");
  refused(small + ", row_cells: 100}}}\n",
          "row_cells is 100; allowed is a power of two that makes rows of 16 to 256");
  refused(network + "platform: {tile: {buffer_size: 760 KiB, reram_buffer: {size: 64 KiB}}}\n",
          "platform.tile.reram_buffer.size: 64 KiB and a buffer of 760 KiB are more than the 768 KiB");
  refused(small + "}, write_filters: {error_buffer: {policy: ef_reset}}}}\n",
          "platform.tile.write_filters.error_buffer.policy: found 'ef_reset', expected one of none, compare, "
          "drop");
  refused(small + "}, write_filters: {error_buffer: {keep_residual: true}}}}\n",
          "keep_residual: unknown key");
  refused(small + "}, write_filters: {weight: {policy: drop}}}}\n",
          "platform.tile.write_filters.weight: unknown key (allowed: activation_buffer, error_buffer, "
          "gradient_buffer)");
  refused(network + "platform: {tile: {write_filters: {error_buffer: {policy: drop}}}}\n",
          "platform.tile.write_filters: has no effect here: it needs reram_buffer.size");
  refused(small + "}, write_filters: {error_buffer: {policy: drop}}}, crossbar: {arithmetic: none}}\n",
          "platform.tile.write_filters.error_buffer.policy: compares numbers, of which "
          "platform.crossbar.arithmetic: none has none");
  const std::string fp_pim =
      "workload: {layers: [{outputs: 10}], mapping: fp_pim}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: digits, train: 100, test: 10}\n"
      "platform: {tile: {fp_pim_units: 4, hart: {isa: rv32imafc}, reram_buffer: {size: 4 KiB}}}\n";
  refused(fp_pim,
          "platform.tile.reram_buffer: networks with workload.mapping fp_pim or training.optimizer kfac");
}

TEST_CASE("a missing key is reported where it belongs") {
  CHECK(errors_of("name: a\n") ==
        "x.yaml:1:1: workload: missing; it is required\n"
        "x.yaml:1:1: training: missing; it is required\n"
        "x.yaml:1:1: dataset: missing; it is required");
  CHECK(errors_of("workload:\n  layers:\n    - {}\n"
                  "training: {}\n"
                  "dataset: {kind: csv}\n") ==
        "x.yaml:3:7: workload.layers[0].outputs: missing; it is required\n"
        "x.yaml:4:11: training.epochs: missing; it is required\n"
        "x.yaml:4:11: training.learning_rate: missing; it is required\n"
        "x.yaml:5:10: dataset.train: missing; it is required\n"
        "x.yaml:5:10: dataset.test: missing; it is required\n"
        "x.yaml:5:10: dataset.path: missing; it is required");
}

TEST_CASE("a key without effect is an error") {
  const std::string head =
      "workload: {layers: [{outputs: 10}]}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n";
  CHECK(errors_of(head + "dataset: {kind: digits, train: 100, test: 10, path: a.csv}\n") ==
        "x.yaml:3:47: dataset.path: has no effect here: it needs kind: csv");
  CHECK(errors_of(head + "dataset: {kind: idx, train: 100, test: 10, size: 8, seed: 2}\n") ==
        "x.yaml:3:44: dataset.size: has no effect here: it needs kind: digits\n"
        "x.yaml:3:53: dataset.seed: has no effect here: it needs kind: digits");
}

TEST_CASE("while a deciding key is wrong, what depends on it is left alone") {
  CHECK(errors_of("workload: {layers: [{outputs: 10}]}\n"
                  "training: {epochs: 1, learning_rate: 0.1}\n"
                  "dataset: {kind: cvs, train: 100, test: 10, path: a.csv}\n") ==
        "x.yaml:3:17: dataset.kind: found 'cvs', expected one of digits, idx, csv; did you mean 'csv'?");
}

TEST_CASE("all errors of a file are reported at once, in the order of its lines") {
  CHECK(errors_of("platform:\n"
                  "  clok_MHz: 500\n"
                  "  tile: {crossbars: 0}\n"
                  "workload:\n"
                  "  layers:\n"
                  "    - {outputs: 0}\n"
                  "    - {outputs: 10, activation: tanh}\n"
                  "training: {epochs: 1, epochs: 2, learning_rate: 0.1}\n"
                  "dataset: {kind: digits, train: 100, test: -1}\n") ==
        "x.yaml:2:3: platform.clok_MHz: unknown key; did you mean 'clock_MHz'? (allowed: preset, tiles, "
        "clock_MHz, quantum, host, tile, crossbar, inversion, fp_pim, noc, memory)\n"
        "x.yaml:3:21: platform.tile.crossbars: found '0', expected an integer from 1 to 24\n"
        "x.yaml:6:17: workload.layers[0].outputs: found '0', expected an integer from 1 to 65536\n"
        "x.yaml:7:33: workload.layers[1].activation: found 'tanh', expected one of none, relu, sigmoid\n"
        "x.yaml:8:23: training.epochs: duplicate key; it was given on line 8 already\n"
        "x.yaml:9:43: dataset.test: found '-1', expected an integer from 0 to 10000000");
}

TEST_CASE("an error is also available as data") {
  try {
    parse_scenario(with("platform: {tile: {crossbars: 25}}\n"), "x.yaml");
    FAIL("accepted");
  } catch (const ConfigError& error) {
    REQUIRE(error.diagnostics().size() == 1);
    const Diagnostic& diagnostic = error.diagnostics().front();
    CHECK(diagnostic.where.line == first_free_line);
    CHECK(diagnostic.where.column == 30);
    CHECK(diagnostic.path == "platform.tile.crossbars");
  }
}

TEST_CASE("aliases stand for what they name and cannot hang the reader") {
  const Scenario scenario = parse_scenario(
      "workload:\n  layers:\n    - &hidden {outputs: 32, activation: relu}\n    - *hidden\n    - {outputs: "
      "10}\n"
      "training: {epochs: 1, learning_rate: 0.1}\n"
      "dataset: {kind: digits, train: 100, test: 10}\n",
      "x.yaml");
  REQUIRE(scenario.workload.layers.size() == 3);
  CHECK(scenario.workload.layers[1].outputs == 32);

  CHECK(errors_of("a: &a [*a]\n") == "x.yaml:1:8: not valid YAML: an alias inside what it stands for");
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const std::string below = "*a" + std::to_string(i - 1);
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 9; ++j) bomb += below + ", ";
    bomb += below + "]\n";
  }
  CHECK(errors_of(bomb).find("not valid YAML: more than 100000 values") != std::string::npos);
}

TEST_CASE("no mutilated scenario gets past the reader with anything but a ConfigError") {
  const std::string good =
      network + "platform:\n  noc: {host_node: [0, 0], clock_MHz: 1e3}\n  quantum: 10 us\n";
  REQUIRE(errors_of(good).empty());
  const std::string junk = "{}[]:,&*!|>'\"%@`#?-~\t\n\\ \x01\xff\xc3";
  int refused = 0;
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char character : {junk[i % junk.size()], junk[(i * 7 + 3) % junk.size()]}) {
      std::string replaced = good;
      replaced[i] = character;
      std::string cut = good.substr(0, i) + character;
      refused += errors_of(replaced).empty() ? 0 : 1;
      refused += errors_of(cut).empty() ? 0 : 1;
    }
  }
  CHECK(refused > static_cast<int>(good.size()));
}

TEST_CASE("edit distance counts a swap of neighbours once") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("relu", "rleu") == 1);
  CHECK(edit_distance("crosbars", "crossbars") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("a suggestion is the nearest word, and none when nothing is near") {
  CHECK(nearest("colums", {"rows", "columns", "column_bits"}) == "columns");
  CHECK(nearest("lanes", {"rows", "columns"}) == std::nullopt);
  CHECK(nearest("ab", {"xy"}) == std::nullopt);
  CHECK(nearest(std::string(100'000, 'x'), {"rows"}) == std::nullopt);
}
