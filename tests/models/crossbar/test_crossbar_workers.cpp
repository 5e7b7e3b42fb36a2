// SPDX-License-Identifier: Apache-2.0
// Crossbar units that compute on worker threads give the results, times, counts and errors of units that do
// not.
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "models/common/worker_pool.h"
#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test::crossbar_bench;
using test::fresh_kernel;
using test::Master;
using test::ns;

namespace {

struct Seen {
  std::vector<sc_core::sc_time> times;
  std::vector<Status> statuses;
  std::vector<std::int32_t> results;
  std::vector<std::int32_t> weights;
  std::map<std::string, std::uint64_t> counts;
  std::vector<std::uint64_t> saturated;
  std::uint64_t conversions_clipped = 0;
  std::size_t faults = 0;
  std::uint64_t tasks = 0;  // handed over; not compared

  bool operator==(const Seen& other) const {
    return times == other.times && statuses == other.statuses && results == other.results &&
           weights == other.weights && counts == other.counts && saturated == other.saturated &&
           conversions_clipped == other.conversions_clipped && faults == other.faults;
  }
};

// Training steps on one unit, every result at an address of its own.
std::vector<Command> training(int steps) {
  std::vector<Command> commands{command(CrossbarCommand::prog)};
  std::uint32_t result = dst_at;
  const auto add = [&](CrossbarCommand opcode) {
    Command each = command(opcode);
    if (opcode == CrossbarCommand::mtvm) each.src0 = src1_at;
    each.dst = result;
    result += 0x40;
    commands.push_back(each);
  };
  for (int step = 0; step < steps; ++step) {
    add(CrossbarCommand::mvm);
    add(CrossbarCommand::mtvm);
    add(CrossbarCommand::opa);
    add(CrossbarCommand::opa);
    if (step % 2 == 1) add(CrossbarCommand::crs);
  }
  commands.push_back(command(CrossbarCommand::rdarr));
  commands.back().dst = result;
  return commands;
}

Seen run_with(unsigned threads, const CrossbarUnitConfig& config, const std::vector<Command>& commands) {
  fresh_kernel();
  std::optional<WorkerPool> pool;
  if (threads > 0) pool.emplace(threads);
  Timing timing;
  Bench bench(run_all(commands, timing), config);
  bench.context.workers = pool ? &*pool : nullptr;
  bench.put(weights_at, small_weights());
  bench.put(src0_at, small_operand(rows, 13));
  bench.put(src1_at, small_operand(columns, 29));
  sc_core::sc_start();
  Seen seen;
  seen.times = timing.times;
  seen.statuses = timing.statuses;
  seen.results = bench.get<std::int32_t>(dst_at, 0x600);
  for (unsigned row = 0; row < rows; ++row) {
    for (unsigned column = 0; column < columns; ++column)
      seen.weights.push_back(static_cast<std::int32_t>(
          bench.unit.array().weight(static_cast<int>(row), static_cast<int>(column))));
  }
  seen.counts = bench.counts();
  for (const auto& slice : bench.unit.array().statistics().saturated) seen.saturated.push_back(slice.cells);
  seen.conversions_clipped = bench.unit.array().statistics().conversions_clipped;
  seen.tasks = pool ? pool->tasks() : 0;
  seen.faults = bench.listener.faults.size();
  return seen;
}

// As the registers say, over all slices.
std::uint32_t saturated_cells(Master& master) {
  std::uint32_t sum = 0;
  for (unsigned slice = 0; slice < slices; ++slice) {
    std::uint32_t count = 0;
    sc_core::sc_time delay;
    master.socket.read(unit::registers::saturated.offset + 4 * slice, &count, sizeof count, delay);
    sum += count;
  }
  return sum;
}

CrossbarUnitConfig config_with(Arithmetic arithmetic) {
  CrossbarUnitConfig config = config_of_test();
  config.array.arithmetic = arithmetic;
  config.array.adc_bits = 6;                 // clips and rounds
  config.array.cell_bits.assign(slices, 3);  // saturates
  if (arithmetic == Arithmetic::device) {
    config.array.device.read_noise.sigma = 0.01;
    config.array.device.programming.sigma = 0.01;
    config.array.device.update.model = "constant_step";
    config.array.device.update.noise = 0.3;
  }
  return config;
}

}  // namespace

TEST_CASE("results, times, counts and weights do not depend on the number of worker threads") {
  const Arithmetic arithmetic = GENERATE(Arithmetic::automatic, Arithmetic::sliced, Arithmetic::device);
  const CrossbarUnitConfig config = config_with(arithmetic);
  const std::vector<Command> commands = training(4);
  const Seen expected = run_with(0, config, commands);
  REQUIRE(expected.faults == 0);
  REQUIRE(expected.tasks == 0);
  REQUIRE(expected.saturated != std::vector<std::uint64_t>(slices, 0));
  for (const unsigned threads : {1u, 3u}) {
    CAPTURE(threads);
    const Seen found = run_with(threads, config, commands);
    CHECK(found == expected);
    CHECK(found.tasks > 10);
  }
}

TEST_CASE("operands that are overwritten while a worker computes change nothing") {
  for (const unsigned threads : {0u, 2u}) {
    CAPTURE(threads);
    fresh_kernel();
    std::optional<WorkerPool> pool;
    if (threads > 0) pool.emplace(threads);
    Bench* other = nullptr;
    Bench bench(
        [&other](Master& master) {
          master.issue(command(CrossbarCommand::prog));
          while (master.busy()) master.sleep(ns(100));
          master.issue(command(CrossbarCommand::mvm));
          master.sleep(ns(100));
          other->put(src0_at, std::vector<std::int16_t>(rows, 0));
          while (master.busy()) master.sleep(ns(100));
        },
        config_with(Arithmetic::sliced));
    other = &bench;
    bench.context.workers = pool ? &*pool : nullptr;
    bench.put(weights_at, small_weights());
    bench.put(src0_at, small_operand(rows, 13));
    sc_core::sc_start();
    CHECK(bench.get<std::int32_t>(dst_at, columns) != std::vector<std::int32_t>(columns, 0));
  }
}

TEST_CASE("an operand that is too wide is refused at the same time with workers") {
  Command narrow = command(CrossbarCommand::mvm, 3);
  Command narrow_update = command(CrossbarCommand::opa, 3);
  const std::vector<Command> commands{command(CrossbarCommand::prog), narrow, narrow_update,
                                      command(CrossbarCommand::mvm)};
  const CrossbarUnitConfig config = config_with(Arithmetic::sliced);
  const Seen expected = run_with(0, config, commands);
  REQUIRE(expected.faults == 2);
  CHECK(run_with(2, config, commands) == expected);
}

TEST_CASE("counters read in the middle of an operation are those of the operation done") {
  std::vector<std::uint32_t> found;
  for (const unsigned threads : {0u, 2u}) {
    fresh_kernel();
    std::optional<WorkerPool> pool;
    if (threads > 0) pool.emplace(threads);
    std::uint32_t saturated = 0;
    Bench bench(
        [&saturated](Master& master) {
          for (int i = 0; i < 3; ++i) {
            master.issue(command(CrossbarCommand::opa));
            master.sleep(ns(1));
            saturated += saturated_cells(master);
            while (master.busy()) master.sleep(ns(1));
          }
        },
        config_with(Arithmetic::sliced));
    bench.context.workers = pool ? &*pool : nullptr;
    bench.put(src0_at, small_operand(rows, 13));
    bench.put(src1_at, small_operand(columns, 29));
    sc_core::sc_start();
    found.push_back(saturated);
  }
  CHECK(found[0] > 0);
  CHECK(found[0] == found[1]);
}

TEST_CASE("work that throws ends the simulation with the same words on a worker") {
  class Thrower : public sc_core::sc_module {
   public:
    Thrower(const sc_core::sc_module_name& name, WorkerPool* pool) : sc_module(name), pool_(pool) {
      SC_HAS_PROCESS(Thrower);
      SC_THREAD(run);
    }

   private:
    void run() {
      task_.start(pool_, [] { throw std::runtime_error("no such cell"); });
      wait(ns(10));
      task_.finish();
    }

    WorkerPool* pool_;
    Task task_;
  };
  std::vector<std::string> messages;
  WorkerPool pool(1);
  for (WorkerPool* each : {static_cast<WorkerPool*>(nullptr), &pool}) {
    fresh_kernel();
    const Thrower thrower("thrower", each);
    try {
      sc_core::sc_start();
    } catch (const sc_core::sc_report& report) {
      messages.emplace_back(report.get_msg());
    }
  }
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].find("no such cell") != std::string::npos);
  CHECK(messages[0] == messages[1]);
}

TEST_CASE("a machine that is taken down in the middle of an operation waits for its workers") {
  for (int stop_ns = 33'000; stop_ns < 36'000; stop_ns += 250) {
    fresh_kernel();
    WorkerPool pool(2);
    Timing timing;
    Bench bench(run_all(training(2), timing), config_with(Arithmetic::sliced));
    bench.context.workers = &pool;
    bench.put(weights_at, small_weights());
    bench.put(src0_at, small_operand(rows, 13));
    bench.put(src1_at, small_operand(columns, 29));
    sc_core::sc_start(ns(stop_ns));
  }
  SUCCEED("nothing was touched after its end");
}
