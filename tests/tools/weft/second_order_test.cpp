// SPDX-License-Identifier: Apache-2.0
// Second-order training on the whole machine computes what the golden reference computes, bit for bit, and
// goes on when inversion units fail.
#include <catch2/catch.hpp>
#include <map>
#include <optional>

#include "models/common/error.h"
#include "platform/loader/elf_file.h"
#include "tests/tools/weft/training.h"
#include "tools/weft/files.h"
#include "tools/weft/workload.h"

using namespace weft::tool;
using namespace weft::tool::test;
using Catch::Matchers::Contains;

namespace {

Setup second_order(const std::vector<std::string>& more = {}) {
  Setup setup;
  setup.layers = {{12, "relu"}, {10, "none"}};
  setup.train = 40;
  setup.batch = 8;
  setup.rate = 0.05;
  setup.array_rows = setup.array_columns = 64;
  setup.crossbars = 3;
  setup.more = {"training.optimizer=kfac",           "training.kfac.factor_interval=1",
                "training.kfac.inverse_interval=2",  "platform.tile.inversion_units=8",
                "platform.tile.buffer_size=768 KiB", "platform.tile.check_hazards=true",
                "platform.tile.hart.isa=rv32imafc"};
  setup.more.insert(setup.more.end(), more.begin(), more.end());
  return setup;
}

Comparison require_bit_exact(const Setup& setup) {
  Comparison result = require_golden_bits(setup);
  CHECK(result.cells_saturated == 0);
  const auto batches =
      static_cast<std::uint64_t>((setup.train + setup.batch - 1) / setup.batch * setup.epochs);
  CHECK(result.outcome.optimiser.updates == batches);
  CHECK(result.outcome.optimiser.solves == result.golden_kfac.solves);
  CHECK(result.outcome.optimiser.failures == result.golden_kfac.failures);
  CHECK(result.outcome.optimiser.retries == result.golden_kfac.retries);
  CHECK(result.outcome.optimiser.digital == result.golden_kfac.digital);
  CHECK(result.outcome.optimiser.clipped == result.golden_kfac.clipped);
  return result;
}

}  // namespace

TEST_CASE("a second-order update of two layers on two tiles is bit-exact") {
  const Comparison result = require_bit_exact(second_order());
  CHECK(result.placement.tiles_used == 2);
  // Two factors a layer, five updates; refreshed in the first, third and fifth.
  CHECK(result.outcome.optimiser.solves == 4 * 5);
  CHECK(result.outcome.optimiser.refreshes == 4 * 3);
  CHECK(result.outcome.optimiser.clipped > 0);
}

TEST_CASE("a second-order update of two layers on one tile is bit-exact") {
  Setup setup = second_order();
  setup.tile_columns = setup.tile_rows = 1;
  CHECK(require_bit_exact(setup).placement.tiles_used == 1);
}

TEST_CASE("second-order updates with an incomplete batch, weight decay and sparse refreshes are bit-exact") {
  Setup setup = second_order({"training.kfac.weight_decay=0.01", "training.kfac.factor_interval=2",
                              "training.kfac.inverse_interval=3", "training.kfac.statistics_decay=0.5"});
  setup.epochs = 2;
  setup.train = 29;
  const std::string activation = GENERATE("sigmoid", "none");
  setup.layers = {{12, activation}, {10, "none"}};
  require_bit_exact(setup);
}

TEST_CASE("second-order updates without momentum or clipping, with squared error, are bit-exact") {
  Setup setup =
      second_order({"training.kfac.momentum=0", "training.kfac.kl_clip=0", "training.kfac.damping=0.1"});
  setup.loss = "mean_squared_error";
  setup.layers = {{10, "sigmoid"}};
  setup.batch = GENERATE(1, 8);
  CHECK(require_bit_exact(setup).outcome.optimiser.clipped == 0);
}

TEST_CASE("factors cut into blocks over arrays and tiles are bit-exact") {
  Setup setup = second_order();
  setup.layers = {{40, "relu"}, {10, "none"}};
  setup.array_rows = setup.array_columns = 16;
  SECTION("row shards and column shards") { setup.crossbars = 3; }
  SECTION("column shards") { setup.crossbars = 5; }
  SECTION("blocks side by side in a tile") {
    setup.crossbars = 8;
    setup.more.emplace_back("training.kfac.weight_decay=0.001");
  }
  SECTION("nothing is a multiple of anything") {
    setup.array_rows = 13;
    setup.array_columns = 17;
    setup.crossbars = 4;
  }
  const Comparison result = require_bit_exact(setup);
  CHECK(result.layers.front().row_blocks * result.layers.front().column_blocks >= 12);
}

TEST_CASE("second-order updates of several copies of the weights are bit-exact, and their passes overlap") {
  // The copies that passes read are those of the batch before: all variants train to the same weights.
  static std::optional<Comparison> one_copy;
  const std::string variant = GENERATE("1", "2", "3");
  const std::string units = GENERATE("8", "1");
  Setup setup = second_order({"training.variant=" + variant, "platform.tile.inversion_units=" + units,
                              "training.kfac.weight_decay=0.01"});
  setup.layers = {{24, "relu"}, {16, "sigmoid"}, {10, "none"}};
  setup.array_rows = setup.array_columns = 32;
  setup.crossbars = 7;
  setup.train = 45;  // the last batch is not full
  setup.epochs = 2;
  const Comparison result = require_bit_exact(setup);
  CHECK(result.placement.tiles_used == 3);
  if (!one_copy) one_copy = result;
  CAPTURE(variant, units, result.outcome.simulated_s, one_copy->outcome.simulated_s);
  if (variant == "2" && units == "8") CHECK(result.outcome.simulated_s < one_copy->outcome.simulated_s);
  REQUIRE(result.trained.size() == one_copy->trained.size());
  for (std::size_t layer = 0; layer < result.trained.size(); ++layer) {
    CHECK(result.trained[layer].weights == one_copy->trained[layer].weights);
    CHECK(result.trained[layer].bias == one_copy->trained[layer].bias);
  }
}

TEST_CASE("layers of different variants train together with second-order updates") {
  Setup setup = second_order();
  setup.layers = {{24, "relu"}, {10, "none"}};
  setup.array_rows = setup.array_columns = 32;
  setup.crossbars = 8;
  setup.tile_columns = setup.tile_rows = GENERATE(1, 2);
  const std::string second = GENERATE("1", "2", "3");
  setup.more.emplace_back("workload.layers[0].variant=2");
  setup.more.emplace_back("workload.layers[1].variant=" + second);
  const Comparison result = require_bit_exact(setup);
  CHECK(result.layers[0].variant == 2);
}

TEST_CASE("factors that the circuits form from the samples are bit-exact") {
  Setup setup = second_order();
  std::string mapping = "auto";
  SECTION("fused") { mapping = "fused"; }
  SECTION("as the compiler chooses") {}
  setup.more.push_back("training.kfac.mapping=" + mapping);
  setup.more.emplace_back("training.kfac.factor_interval=5");
  const Comparison result = require_bit_exact(setup);
  // 2 · 8 samples are fewer cells than 64 rows; they are more than 10, for which rare statistics do not make
  // up.
  CHECK(result.layers[0].kfac->a.fused);
  CHECK(result.layers[1].kfac->g.fused == (mapping == "fused"));
  const std::string listing = weft::compiler::listing_text(prepare(make_scenario(setup)).program);
  CHECK_THAT(listing,
             Contains("samples and damping into the inversion unit: fused, 64 x 64: 4096 cells written a "
                      "refresh as a matrix, 1024 as twice 8 samples"));
}

TEST_CASE("batches of more samples than an array has rows are bit-exact") {
  Setup setup = second_order({"training.kfac.weight_decay=0.001", "training.kfac.inverse_interval=1",
                              "training.kfac.mapping=" + std::string(GENERATE("direct", "fused"))});
  setup.array_rows = 16;
  setup.array_columns = 24;
  setup.crossbars = 5;
  setup.batch = 36;
  // The second batch of an epoch has samples for one array, or for two.
  setup.train = GENERATE(36 + 9, 36 + 20);
  require_bit_exact(setup);
}

TEST_CASE("blocks of factors that share inversion units are bit-exact, and take their time") {
  static std::map<std::string, double> with_own_units;
  const std::string units = GENERATE("8", "3", "1");
  const std::string mapping = GENERATE("direct", "fused");
  Setup setup = second_order({"training.kfac.mapping=" + mapping, "training.kfac.factor_interval=2",
                              "training.kfac.inverse_interval=3", "platform.tile.inversion_units=" + units});
  setup.tile_columns = setup.tile_rows = 1;
  setup.layers = {{24, "relu"}, {10, "none"}};
  setup.array_rows = setup.array_columns = 32;
  setup.crossbars = 4;
  setup.train = 45;  // the last batch is not full
  const Comparison result = require_bit_exact(setup);
  // Two layers: two blocks and one, one and one.
  const OptimiserCounts& counts = result.outcome.optimiser;
  CHECK(counts.solves == 5 * 6);
  if (units == "8") {
    CHECK(counts.refreshes == 5 * 2);
    with_own_units[mapping] = result.outcome.simulated_s;
  } else {
    // Loaded for every solution, but for the one of the three whose unit is its own.
    CHECK(counts.refreshes == (units == "1" ? 5 * 6 : 4 * 6 + 2));
    CHECK(result.outcome.simulated_s > with_own_units.at(mapping));
  }
}

TEST_CASE("a block that fails on a shared inversion unit keeps what helped until the next refresh") {
  const std::string retries = GENERATE("0", "2");
  Setup setup = second_order({"training.kfac.damping=1e-12", "training.kfac.mapping=direct",
                              "training.kfac.retries=" + retries, "platform.tile.inversion_units=1"});
  setup.tile_columns = setup.tile_rows = 1;
  const Comparison result = require_bit_exact(setup);
  CHECK(result.outcome.optimiser.failures > 0);
  CHECK((result.outcome.optimiser.retries > 0) == (retries == "2"));
}

TEST_CASE("circuits that share their work train as circuits of their own do") {
  static std::optional<Comparison> own;
  const std::string units = GENERATE("8", "1");
  Setup setup = second_order({"platform.inversion.mode=nested", "platform.inversion.array_bits=3",
                              "training.kfac.mapping=direct", "training.kfac.damping=1e-5",
                              "platform.tile.inversion_units=" + units});
  setup.tile_columns = setup.tile_rows = 1;
  const Comparison result = compare_with_golden(setup);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.optimiser.compensated > 0);
  if (!own) own = result;
  CHECK(result.distance == own->distance);
  CHECK(result.outcome.optimiser.solves == own->outcome.optimiser.solves);
  CHECK(result.outcome.optimiser.compensated == own->outcome.optimiser.compensated);
}

TEST_CASE("factors larger than an array lie on several") {
  static std::map<std::string, double> on_one_array;
  const std::string mapping = GENERATE("direct", "fused", "auto");
  const std::string array = GENERATE("64", "32");
  const Setup setup =
      second_order({"platform.inversion.mode=nested", "platform.inversion.array=" + array,
                    "platform.inversion.effects.amplifier_gain=1e4", "training.kfac.mapping=" + mapping});
  const Comparison result = compare_with_golden(setup);
  CAPTURE(mapping, array, result.distance);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.optimiser.failures == 0);
  CHECK(result.layers[0].kfac->a.fused == (mapping != "direct"));
  CHECK(result.distance < 0.01);
  const std::string listing = weft::compiler::listing_text(prepare(make_scenario(setup)).program);
  if (array == "64") {
    on_one_array[mapping] = result.distance;
    CHECK_THAT(listing, !Contains("arrays of"));
    return;
  }
  CHECK_THAT(listing, Contains("; arrays of 2 x 2 or twice 2 x 1; chosen by"));
  // The currents of the samples' arrays add up to the same loop; blocks of a matrix are another circuit.
  if (mapping == "fused") CHECK(result.distance == on_one_array.at(mapping));
  if (mapping == "direct") CHECK(result.distance != on_one_array.at(mapping));
}

TEST_CASE("a system whose inversion fails is tried again with more damping") {
  const Comparison result =
      require_bit_exact(second_order({"training.kfac.damping=1e-12", "training.kfac.mapping=direct"}));
  CHECK(result.outcome.optimiser.failures > 0);
  CHECK(result.outcome.optimiser.retries > 0);
}

TEST_CASE("the controller solves a system that no damping saves, until the next refresh") {
  const Comparison result =
      require_bit_exact(second_order({"training.kfac.damping=1e-12", "training.kfac.mapping=direct",
                                      "training.kfac.retries=0", "training.kfac.inverse_interval=5"}));
  CHECK(result.outcome.optimiser.retries == 0);
  CHECK(result.outcome.optimiser.failures > 0);
  // A failed system stays with the controller; there is one refresh only.
  CHECK(result.outcome.optimiser.digital > result.outcome.optimiser.failures);
}

TEST_CASE("circuits of 8 bits with four terms train almost as exact inversion does") {
  const Comparison result =
      compare_with_golden(second_order({"platform.inversion.mode=nested", "platform.inversion.terms=4"}));
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.optimiser.failures == 0);
  CHECK(result.distance > 0);
  CHECK(result.distance < 0.01);
}

TEST_CASE("the compiler gives every factor the terms that the wanted bits take") {
  const auto terms = [](const std::vector<std::string>& more) {
    std::vector<std::string> keys{"platform.inversion.mode=nested", "training.kfac.damping=0.1"};
    keys.insert(keys.end(), more.begin(), more.end());
    const auto program = prepare(make_scenario(second_order(keys))).program;
    const auto& layer = *program.network.layers[0].kfac;
    return std::make_pair(layer.a.terms, weft::compiler::listing_text(program));
  };
  CHECK(terms({}).first == 0);
  CHECK_THAT(terms({}).second, !Contains("inv.terms"));
  // 64 unknowns: 4.1 bits a term as a matrix, 8.4 as samples, and a bit and a half to spare.
  const auto direct = terms({"training.kfac.bits=16", "training.kfac.mapping=direct"});
  CHECK(direct.first == 5);
  CHECK_THAT(direct.second, Contains("inv.terms"));
  CHECK_THAT(direct.second, Contains("about 4.1 or 8.5 bits a term, so 5 or 3 terms"));
  CHECK(terms({"training.kfac.bits=16", "training.kfac.mapping=fused"}).first == 3);
  CHECK(terms({"training.kfac.bits=7", "training.kfac.mapping=fused"}).first == 2);
  CHECK(terms({"training.kfac.bits=16", "training.kfac.mapping=direct", "training.kfac.damping=1e-3"}).first >
        direct.first);
  // A pass has no more bits than its converter.
  CHECK(terms({"training.kfac.bits=16", "training.kfac.mapping=fused", "platform.inversion.mode=merged"})
            .first == 3);
}

TEST_CASE("a program sets the terms of its factors, and they are what its units take") {
  const std::string mapping = GENERATE("direct", "fused");
  const std::string units = GENERATE("8", "1");
  Setup setup = second_order({"platform.inversion.mode=nested", "platform.inversion.terms=1",
                              "training.kfac.damping=0.1", "training.kfac.bits=16",
                              "training.kfac.mapping=" + mapping, "platform.tile.inversion_units=" + units});
  setup.tile_columns = setup.tile_rows = 1;
  const weft::config::Scenario own = make_scenario(setup);
  const Workload workload = prepare(own);
  SimulationOptions options;
  options.firmware = weft::loader::read_file(default_firmware());
  Simulation simulation(own, &workload.program, options);
  const Outcome outcome = simulation.run();
  REQUIRE(to_text(outcome.ending) == std::string("finished"));
  CHECK(outcome.optimiser.failures == 0);
  std::uint64_t wanted = 0;
  for (const auto& layer : workload.program.network.layers)
    wanted += static_cast<std::uint64_t>((layer.kfac->a.terms + layer.kfac->g.terms) * setup.train);
  weft::inversion::InversionStatistics sum;
  for (const auto& unit : simulation.machine().accelerator().tile(0).inversions())
    sum.add(unit->statistics());
  CAPTURE(mapping, units, sum.bits.lowest());
  CHECK(sum.iterations == wanted);
  CHECK(sum.bits.below(16) == 0);
}

TEST_CASE("bits that circuits cannot reach are refused") {
  const auto refused = [](const std::vector<std::string>& more) {
    try {
      prepare(make_scenario(second_order(more)));
    } catch (const weft::Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused({"training.kfac.bits=16"}),
             Contains("training.kfac.bits") && Contains("needs platform.inversion.mode nested or merged"));
  CHECK_THAT(refused({"training.kfac.bits=16", "platform.inversion.mode=nested",
                      "platform.inversion.residual_bits=16"}),
             Contains("platform.inversion.residual_bits 0"));
  CHECK_THAT(refused({"training.kfac.bits=22", "platform.inversion.mode=nested"}),
             Contains("end at 21 bits; allowed: at most 21, or more solution_bits"));
  CHECK_THAT(refused({"training.kfac.bits=22", "platform.inversion.mode=nested",
                      "platform.inversion.solution_bits=24", "training.kfac.damping=0.1"}),
             Contains("accepted"));
  CHECK_THAT(refused({"training.kfac.bits=16", "platform.inversion.mode=nested",
                      "platform.inversion.array_bits=4", "training.kfac.mapping=direct"}),
             Contains("about 0.1 bits a term; allowed: fewer bits"));
}

TEST_CASE("compensated rounding saves circuits that rounding has made unstable") {
  const Comparison result =
      compare_with_golden(second_order({"platform.inversion.mode=nested", "platform.inversion.array_bits=3",
                                        "training.kfac.mapping=direct", "training.kfac.damping=1e-5"}));
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  const OptimiserCounts& counts = result.outcome.optimiser;
  CHECK(counts.failures > 0);
  CHECK(counts.compensated == counts.failures);
  CHECK(counts.retries == 0);
  CHECK(counts.digital == 0);
}

TEST_CASE("training goes on when no circuit is good enough, whatever is tried") {
  const Comparison result = compare_with_golden(second_order(
      {"platform.inversion.mode=nested", "platform.inversion.array_bits=3", "training.kfac.mapping=direct",
       "platform.inversion.residual_bits=20", "training.kfac.damping=1e-5", "training.kfac.retries=1"}));
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  CHECK(result.outcome.optimiser.compensated > 0);
  CHECK(result.outcome.optimiser.retries > 0);
  CHECK(result.outcome.optimiser.digital > 0);
  CHECK(result.outcome.optimiser.failures > result.outcome.optimiser.retries);
}

TEST_CASE("what circuits never solve to the wanted residual, the controller does in their place") {
  const std::string mapping = GENERATE("direct", "fused");
  const Comparison result = compare_with_golden(second_order(
      {"platform.inversion.mode=nested", "platform.inversion.residual_bits=48", "platform.inversion.limit=1",
       "training.kfac.mapping=" + mapping, "training.kfac.retries=0", "training.kfac.damping=0.1",
       "training.kfac.inverse_interval=1"}));
  CAPTURE(mapping, result.outcome.optimiser.solves, result.distance);
  REQUIRE(to_text(result.outcome.ending) == std::string("finished"));
  CHECK(result.outcome.faults.empty());
  // A matrix is tried with compensated rounding, too; samples need not be.
  const std::uint64_t systems = 4 * 5;
  const std::uint64_t compensated = mapping == "direct" ? systems : 0;
  CHECK(result.outcome.optimiser.compensated == compensated);
  CHECK(result.outcome.optimiser.solves == systems + compensated);
  CHECK(result.outcome.optimiser.failures == systems + compensated);
  CHECK(result.outcome.optimiser.digital == systems);
  // The circuit's damping has only the samples' 8 fraction bits where it is fused.
  CHECK(result.distance < (mapping == "fused" ? 0.05 : 0.001));
}

TEST_CASE("second-order training gives the same bits and takes the same time whatever the quantum") {
  // Every value of the generator is a run of its own, with a simulation kernel of its own.
  static std::optional<double> first;
  const std::string quantum = GENERATE("100 ns", "100 us");
  const Comparison result = require_bit_exact(second_order({"platform.quantum=" + quantum}));
  if (!first) first = result.outcome.simulated_s;
  CHECK(result.outcome.simulated_s == *first);
}

TEST_CASE("a machine that second-order training cannot use is refused with what it lacks") {
  const auto refused = [](const std::vector<std::string>& more, int crossbars, int rows, int columns) {
    Setup setup = second_order(more);
    setup.crossbars = crossbars;
    setup.array_rows = rows;
    setup.array_columns = columns;
    try {
      prepare(make_scenario(setup));
    } catch (const weft::Error& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK_THAT(refused({"platform.tile.hart.isa=rv32imac"}, 3, 64, 64), Contains("platform.tile.hart.isa"));
  CHECK_THAT(refused({"platform.tile.inversion_units=0"}, 3, 64, 64),
             Contains("platform.tile.inversion_units"));
  CHECK_THAT(refused({}, 1, 64, 64), Contains("platform.tile.crossbars"));
  CHECK_THAT(refused({"platform.inversion.size=32"}, 3, 64, 64), Contains("platform.inversion.size"));
  CHECK_THAT(refused({}, 3, 64, 32), Contains("at least as many columns as rows"));
  CHECK_THAT(refused({"training.variant=3"}, 3, 64, 64),
             Contains("layer 0 has variant 3 and hence 3 copies of every array, a tile has 2 arrays"));
}
