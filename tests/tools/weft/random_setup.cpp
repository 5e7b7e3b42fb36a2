// SPDX-License-Identifier: Apache-2.0
#include "tests/tools/weft/random_setup.h"

#include <fmt/format.h>

#include <algorithm>

#include "models/common/counter_rng.h"
#include "models/common/error.h"
#include "tools/weft/workload.h"

namespace weft::tool::test {

namespace {

using Texts = std::vector<std::string>;

// Who is fast and who is slow must not matter either.
const std::vector<Texts> variations{
    {"platform.quantum=10 ns", "platform.quantum=10 us", "platform.quantum=1 ms"},
    {"platform.noc.hop_cycles=1", "platform.noc.hop_cycles=64"},
    {"platform.noc.flit_bytes=1", "platform.noc.flit_bytes=8"},
    {"platform.tile.queue_depth=1", "platform.tile.queue_depth=2", "platform.tile.queue_depth=8"},
    {"platform.tile.vector_lanes=1", "platform.tile.vector_lanes=1024"},
    {"platform.tile.buffer_bandwidth=100 MB/s", "platform.tile.buffer_bandwidth=1 TB/s"},
    {"platform.host.dram_bandwidth=100 MB/s", "platform.host.dram_bandwidth=1 TB/s"},
    {"platform.tile.check_hazards=true", "platform.tile.check_hazards=false"},
    {"training.evaluate=true", "training.evaluate=false"},
    {"training.shuffle=true", "training.shuffle=false"},
    {"training.initial=auto", "training.initial=he", "training.initial=xavier"},
    {"technology.crossbar.mvm_step=1 ps", "technology.crossbar.mvm_step=1 us"},
    {"technology.crossbar.opa_step=1 ps", "technology.crossbar.opa_step=1 us"},
    {"technology.crossbar.read_time=1 ps", "technology.crossbar.read_time=10 us"},
    {"technology.crossbar.write_time=1 ps", "technology.crossbar.write_time=10 us"}};

class Draw {
 public:
  explicit Draw(std::uint64_t number) : random_(number, 0, 0) {}

  int between(int low, int high) {
    return low + static_cast<int>(random_.below(static_cast<std::uint32_t>(high - low + 1)));
  }
  template <typename T>
  T one_of(const std::vector<T>& choices) {
    return choices[random_.below(static_cast<std::uint32_t>(choices.size()))];
  }

 private:
  CounterRng random_;
};

constexpr int most_tiles_in_a_row = 8;

void set_tiles(Setup& setup, int tiles) {
  setup.tile_columns = std::min(tiles, most_tiles_in_a_row);
  setup.tile_rows = (tiles + setup.tile_columns - 1) / setup.tile_columns;
}

void give_every_shard_a_tile(Setup& setup) {
  constexpr int enough = 128;
  set_tiles(setup, enough);
  set_tiles(setup, static_cast<int>(prepare(make_scenario(setup)).program.placement.shards.size()));
}

void take_smallest_machine(Setup& setup) {
  give_every_shard_a_tile(setup);
  const int most = setup.tile_columns * setup.tile_rows;
  for (int tiles = 1; tiles < most; ++tiles) {
    try {
      set_tiles(setup, tiles);
      prepare(make_scenario(setup));
      return;
    } catch (const Error&) {
      // Too small; the next one.
    }
  }
  set_tiles(setup, most);
}

// A batch of outer products must leave room in the cells when carries are resolved after it.
void draw_deposits(Draw& draw, Setup& setup) {
  constexpr int safe_outer_products = 5;
  const bool once_a_batch = draw.between(0, 2) == 0;
  const bool counts_batches = draw.between(0, 1) == 0;
  setup.more.emplace_back(once_a_batch ? "training.deposits=batch" : "training.deposits=example");
  if (!counts_batches) return;
  if (!once_a_batch && setup.carry_period * setup.batch > safe_outer_products) return;
  setup.more.emplace_back("training.carry_unit=batch");
}

}  // namespace

Setup random_setup(std::uint64_t number) {
  Draw draw(number);
  Setup setup;
  setup.layers.clear();
  for (int hidden = draw.between(0, 2); hidden > 0; --hidden) {
    setup.layers.push_back({draw.between(3, 40), draw.one_of(Texts{"relu", "relu", "sigmoid", "none"})});
  }
  setup.loss = draw.one_of(Texts{"cross_entropy", "mean_squared_error"});
  const bool entropy = setup.loss == "cross_entropy";
  setup.layers.push_back({draw.one_of(std::vector<int>{10, 13, 24, 45, 60}),
                          entropy ? "none" : draw.one_of(Texts{"none", "relu", "sigmoid"})});
  setup.batch = draw.between(1, 9);
  setup.train = draw.between(setup.batch, 24);
  setup.test = draw.between(1, 8);
  setup.epochs = draw.between(1, 2);
  setup.rate = 0.01 * draw.between(1, 100);
  setup.seed = static_cast<std::uint64_t>(draw.between(0, 1000));
  setup.array_rows = draw.between(6, 40);
  setup.array_columns = draw.between(3, 40);
  setup.crossbars = draw.one_of(std::vector<int>{1, 2, 3, 4, 5, 8, 12, 24});
  setup.arithmetic = draw.one_of(Texts{"automatic", "sliced"});
  setup.carry_period = draw.one_of(std::vector<int>{1, 1, 2, 5});
  setup.more = {"platform.tile.sync_counters=64",
                "platform.crossbar.cell_bits=8",
                "platform.crossbar.adc_bits=20",
                fmt::format("workload.number_format.input_bits={}", draw.between(6, 10)),
                fmt::format("workload.number_format.activation_bits={}", draw.between(8, 15)),
                fmt::format("workload.number_format.error_bits={}", draw.between(13, 15))};
  const std::vector<int> variants{1, 2, 3};
  for (std::size_t layer = 0; layer < setup.layers.size(); ++layer) {
    const int variant = std::min(draw.one_of(variants), setup.crossbars);
    setup.more.push_back(fmt::format("workload.layers[{}].variant={}", layer, variant));
  }
  draw_deposits(draw, setup);
  for (const Texts& each : variations) setup.more.push_back(draw.one_of(each));
  if (draw.between(0, 1) == 0) {
    give_every_shard_a_tile(setup);
  } else {
    take_smallest_machine(setup);
  }
  return setup;
}

}  // namespace weft::tool::test
