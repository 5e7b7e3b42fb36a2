// SPDX-License-Identifier: Apache-2.0
// Whole machines with 1, 2 and 4 threads that compute, in turn within one run: wall time, its ratio to one
// thread, and CPU time of the simulating thread and of all. On a machine that others use the ratio is too
// small; the CPU times say what it would be: no run is shorter than its simulating thread or than all its CPU
// time spread over its threads.
#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "models/common/error.h"
#include "platform/config/config.h"
#include "platform/loader/elf_file.h"
#include "tests/models/tlm/fresh_kernel.h"
#include "tools/weft/files.h"
#include "tools/weft/simulation.h"
#include "tools/weft/workload.h"

namespace {

using namespace weft;

double cpu_seconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Times {
  double wall = 0;
  double simulating = 0;  // CPU time
  double all = 0;         // CPU time
};

Times run(config::Scenario scenario, const tool::Workload& workload, int threads) {
  test::fresh_kernel();
  scenario.run.threads = threads;
  tool::SimulationOptions options;
  options.firmware = loader::read_file(tool::default_firmware());
  tool::Simulation simulation(scenario, &workload.program, options);
  const double simulating = cpu_seconds(CLOCK_THREAD_CPUTIME_ID);
  const double all = cpu_seconds(CLOCK_PROCESS_CPUTIME_ID);
  const tool::Outcome outcome = simulation.run();
  if (outcome.ending != tool::Ending::finished) throw Error("the benchmark's machine did not finish");
  return {outcome.wall_s, cpu_seconds(CLOCK_THREAD_CPUTIME_ID) - simulating,
          cpu_seconds(CLOCK_PROCESS_CPUTIME_ID) - all};
}

config::Scenario perceptron(const std::string& arithmetic, const std::string& more) {
  return config::parse_scenario(
      fmt::format("name: threads\n"
                  "platform:\n"
                  "  tiles: {{columns: 4, rows: 4}}\n"
                  "  host: {{dram_size: 16 MiB}}\n"
                  "  tile: {{buffer_size: 768 KiB}}\n"
                  "  crossbar: {{arithmetic: {}{}}}\n"
                  "workload:\n"
                  "  loss: cross_entropy\n"
                  "  layers:\n"
                  "    - {{outputs: 384, activation: relu}}\n"
                  "    - {{outputs: 10}}\n"
                  "dataset: {{kind: digits, size: 28, train: 64, test: 16}}\n"
                  "training: {{epochs: 1, batch: 16, variant: 3, learning_rate: 0.05}}\n",
                  arithmetic, more),
      "threads.yaml");
}

void perceptron_run(benchmark::State& state, const std::string& arithmetic, const std::string& more) {
  const config::Scenario scenario = perceptron(arithmetic, more);
  const tool::Workload workload = tool::prepare(scenario);
  constexpr std::array<int, 3> threads = {1, 2, 4};
  std::array<Times, threads.size()> best;
  for (auto unused : state) {
    static_cast<void>(unused);
    for (std::size_t i = 0; i < threads.size(); ++i) {
      const Times now = run(scenario, workload, threads[i]);
      if (best[i].wall == 0 || now.wall < best[i].wall) best[i] = now;
    }
  }
  for (std::size_t i = 0; i < threads.size(); ++i) {
    const std::string name = std::to_string(threads[i]);
    state.counters["wall_" + name] = best[i].wall;
    state.counters["simulating_" + name] = best[i].simulating;
    state.counters["cpu_" + name] = best[i].all;
    if (i == 0) continue;
    state.counters["speedup_" + name] = best[0].wall / best[i].wall;
    state.counters["possible_" + name] = best[0].all / std::max(best[i].simulating, best[i].all / threads[i]);
  }
}

}  // namespace

// libsystemc.so refers to sc_main; the kernel is started by Simulation.
int sc_main(int, char*[]) { return 0; }

BENCHMARK_CAPTURE(perceptron_run, sliced, "sliced", "")->Iterations(5)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(perceptron_run, read_noise, "device", ", device: {read_noise: {sigma: 0.0002}}")
    ->Iterations(3)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(perceptron_run, exact, "automatic", "")->Iterations(5)->Unit(benchmark::kMillisecond);

BENCHMARK_MAIN();
