// SPDX-License-Identifier: Apache-2.0
// What devices make of a unit's time and energy: pulses of verified writes, and ages by simulated time.
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/models/crossbar/crossbar_unit_bench.h"

using namespace weft;
using namespace weft::test::crossbar_bench;
using test::fresh_kernel;
using test::Master;
using test::ns;

namespace {

CrossbarUnitConfig device_config() {
  CrossbarUnitConfig config = config_of_test();
  config.array.arithmetic = Arithmetic::device;
  config.energy.array_pulse = picojoule(16 * 12 * 5);  // 5 pJ a cell
  config.energy.array_read = picojoule(16 * 12 * 3);   // 3 pJ a cell
  return config;
}

CrossbarUnitConfig verified_config(std::uint64_t seed = 1) {
  CrossbarUnitConfig config = device_config();
  config.array.device.seed = seed;
  config.array.device.programming.sigma = 0.02;
  config.array.device.programming.verify_window = 0.5;
  return config;
}

struct Written {
  sc_core::sc_time time;
  device::CellStatistics pulses;
  std::map<std::string, std::uint64_t> counts;
  double energy_J = 0;
};

// The last of the commands; what the first ones took is not in it. The time is right to `poll`.
Written write_with(const CrossbarUnitConfig& config, const std::vector<Command>& before, const Command& last,
                   const sc_core::sc_time& poll = ns(0.125)) {
  fresh_kernel();
  Written written;
  Bench* self = nullptr;
  Bench bench(
      [&](Master& master) {
        for (const Command& each : before) {
          master.issue(each);
          while (master.busy()) master.sleep(ns(1));
        }
        written.pulses = self->unit.array().device_statistics();
        written.energy_J = self->context.energy.total().value();
        written.counts = self->counts();
        const sc_core::sc_time start = sc_core::sc_time_stamp();
        master.issue(last);
        while (master.busy()) master.sleep(poll);
        written.time = sc_core::sc_time_stamp() - start;
      },
      config);
  self = &bench;
  bench.put(weights_at, small_weights());
  bench.put(src0_at, small_operand(rows, 13));
  bench.put(src1_at, small_operand(columns, 29));
  sc_core::sc_start();
  const device::CellStatistics after = bench.unit.array().device_statistics();
  written.pulses.program_pulses = after.program_pulses - written.pulses.program_pulses;
  written.pulses.row_pulses = after.row_pulses - written.pulses.row_pulses;
  written.energy_J = bench.context.energy.total().value() - written.energy_J;
  for (auto& [name, count] : bench.counts()) written.counts[name] = count - written.counts[name];
  return written;
}

}  // namespace

TEST_CASE("verified writes take the time and energy of the pulses that were needed") {
  const Written written = write_with(verified_config(), {}, command(CrossbarCommand::prog));
  // 1 us to read a row and 2 us to write it once (config_of_test).
  CHECK(written.pulses.row_pulses > 2 * rows);
  check_time(written.time, us(3.0 * static_cast<double>(written.pulses.row_pulses)));
  CHECK(written.counts.at("array_verified_pulse") == written.pulses.program_pulses);
  CHECK(written.counts.at("array_row_write") == 0);
  CHECK(written.counts.at("update_verified_pulse") == 0);
  CHECK(written.energy_J == Approx(8e-12 * static_cast<double>(written.pulses.program_pulses)));
}

TEST_CASE("carry resolution pays for the pulses of the cells that it rewrites") {
  const std::vector<Command> before{command(CrossbarCommand::prog), command(CrossbarCommand::opa)};
  const Written written = write_with(verified_config(), before, command(CrossbarCommand::crs));
  REQUIRE(written.pulses.program_pulses > 0);
  // All rows are read first.
  check_time(written.time, us(rows * 1.0 + 3.0 * static_cast<double>(written.pulses.row_pulses)));
  CHECK(written.counts.at("update_verified_pulse") == written.pulses.program_pulses);
  CHECK(written.counts.at("update_row_read") == rows * slices);
  CHECK(written.counts.at("update_row_write") == 0);
  CHECK(written.counts.at("array_verified_pulse") == 0);
}

TEST_CASE("a narrower window costs pulses as the geometric law says, over an ensemble of seeds") {
  for (const double window : {0.4, 1.0}) {
    const double passes = std::erf(window / (0.02 * 63 * std::sqrt(2.0)));
    constexpr int seeds = 20;
    const double cells = 1.0 * rows * columns * slices * seeds;
    double pulses = 0;
    double energy_J = 0;
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
      CrossbarUnitConfig config = verified_config(seed);
      config.array.device.programming.verify_window = window;
      const Written written = write_with(config, {}, command(CrossbarCommand::prog), us(10));
      pulses += static_cast<double>(written.pulses.program_pulses);
      energy_J += written.energy_J;
    }
    CAPTURE(window);
    const double sigma_of_mean = std::sqrt(1 - passes) / passes / std::sqrt(cells);
    CHECK(std::fabs(pulses / cells - 1 / passes) < 4 * sigma_of_mean);
    CHECK(energy_J == Approx(8e-12 * pulses));
  }
}

TEST_CASE("writes that are not verified cost what the technology says of a row") {
  CrossbarUnitConfig config = device_config();
  config.array.device.programming.sigma = 0.02;
  const Written written = write_with(config, {}, command(CrossbarCommand::prog));
  check_time(written.time, us(rows * 2));
  CHECK(written.counts.at("array_row_write") == rows * slices);
  CHECK(written.counts.at("array_verified_pulse") == 0);
}

TEST_CASE("cells age by simulated time from the command that wrote them") {
  // An exponent of 1 and t0 of 1 s: after 1 s half of every conductance is left.
  CrossbarUnitConfig config = device_config();
  config.array.device.drift.age = device::DriftAge::simulated;
  config.array.device.drift.t0_s = 1;
  config.array.device.drift.exponent = 1;
  std::vector<std::int32_t> at_once;
  std::vector<std::int32_t> later;
  Bench* self = nullptr;
  Bench bench(
      [&](Master& master) {
        const auto read_after = [&](const sc_core::sc_time& time) {
          master.issue(command(CrossbarCommand::prog));
          while (master.busy()) master.sleep(ns(1));
          master.sleep(time);
          Command read = command(CrossbarCommand::rdarr);
          read.length = part(1, columns);
          master.issue(read);
          while (master.busy()) master.sleep(ns(1));
          return self->get<std::int32_t>(dst_at, columns);
        };
        master.sleep(sc_core::sc_time(5, sc_core::SC_SEC));  // what lies before the write does not count
        at_once = read_after(ns(1));
        later = read_after(sc_core::sc_time(1, sc_core::SC_SEC));
      },
      config);
  self = &bench;
  const std::vector<std::int32_t> weights(rows * columns, 0);
  bench.put(weights_at, weights);
  sc_core::sc_start();
  CHECK(at_once == std::vector<std::int32_t>(columns, 0));
  // Level 0 lies 32 units above the closed cell: half of it is level -16, in every slice.
  std::int64_t expected = 0;
  for (unsigned slice = 0; slice < slices; ++slice) expected = expected * 4 - 16;
  REQUIRE(expected < INT32_MIN);
  CHECK(later == std::vector<std::int32_t>(columns, INT32_MIN));
}
