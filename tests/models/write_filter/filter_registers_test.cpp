// SPDX-License-Identifier: Apache-2.0
// The registers of a write filter as software meets them.
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>
#include <vector>

#include "models/crossbar/update_port.h"
#include "models/write_filter/registers.h"
#include "models/write_filter/write_filter.h"
#include "tests/models/tlm/driver.h"

using namespace weft;
using namespace weft::write_filter;
namespace r = weft::write_filter::registers;

namespace {

std::uint32_t bits_of(float value) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

WriteFilterConfig dropping(double threshold = 10) {
  WriteFilterConfig config;
  config.rules.policy = Policy::drop;
  config.rules.threshold = threshold;
  config.rows = 4;
  config.columns = 3;
  return config;
}

// An array that has counted 7 cells and 2^33 + 5 pulses.
struct Bench {
  test::Driver unit{"unit"};
  test::Driver host{"host"};
  Context context;
  WriteFilter filter;
  test::Target array{"array"};

  explicit Bench(const WriteFilterConfig& config = dropping()) : filter("filter", config, context) {
    unit.socket.bind(filter.in);
    filter.out.bind(array.socket);
    host.socket.bind(filter.registers);
    array.socket.on_access([](const Transfer& transfer, sc_core::sc_time&) {
      const crossbar::WriteCounts counts{7, (std::uint64_t{1} << 33) + 5};
      if (!transfer.debug || transfer.address != crossbar::write_counts_address) return Status::address_error;
      std::memcpy(transfer.data, &counts, sizeof counts);
      return Status::ok;
    });
    test::elaborate();
  }

  // One pass over one row.
  std::vector<std::int64_t> pass(const std::vector<std::int64_t>& updates) {
    const crossbar::UpdateShape shape{1, static_cast<std::uint16_t>(updates.size())};
    const auto bytes = static_cast<std::uint32_t>(8 * updates.size());
    std::vector<std::uint8_t> taken(9 * updates.size());
    sc_core::sc_time delay;
    CHECK(unit.socket.write(crossbar::update_begin_address, &shape, sizeof shape, delay) == Status::ok);
    CHECK(unit.socket.write(crossbar::update_row_address(0), updates.data(), bytes, delay) == Status::ok);
    unit.write<std::uint32_t>(crossbar::update_decide_address, 1);
    CHECK(unit.socket.read(crossbar::update_row_address(0), taken.data(),
                           static_cast<std::uint32_t>(taken.size()), delay) == Status::ok);
    std::vector<std::int64_t> changes(updates.size());
    std::memcpy(changes.data(), taken.data(), bytes);
    return changes;
  }
  std::uint64_t count(const RegisterInfo& info) {
    const std::uint64_t low = host.read(info.offset);
    return low | std::uint64_t{host.read(info.offset + 4)} << 32;
  }
  std::uint32_t reason() {
    const std::uint32_t status = host.read(r::status.offset);
    CHECK(((status & r::status_error) != 0) == ((status & r::status_reason) != 0));
    return (status & r::status_reason) >> r::status_reason_shift;
  }
  // Stages one value, applies and answers STATUS.reason.
  std::uint32_t apply(const RegisterInfo& info, std::uint32_t value) {
    host.write(info.offset, value);
    host.write(r::control.offset, r::control_clear_error | r::control_apply);
    return reason();
  }
};

using Row = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("the registers show what the filter is and the scenario's rules") {
  WriteFilterConfig config = dropping(2.5);
  config.rules.keep_residual = true;
  config.rules.residual_bits = 20;
  config.rules.threshold_mode = ThresholdMode::rms;
  config.rules.granularity = Granularity::row;
  Bench bench(config);
  CHECK(bench.host.read(r::id.offset) == 0x57460001);
  CHECK(bench.host.read(r::capability.offset) == (20u << r::capability_residual_bits_shift | 0x3ff));
  CHECK(bench.host.read(r::shape.offset) == (4u | 3u << 16));
  CHECK(bench.host.read(r::policy.offset) == 2);
  CHECK(bench.host.read(r::granularity.offset) == 2);
  CHECK(bench.host.read(r::threshold_mode.offset) == 1);
  CHECK(bench.host.read(r::threshold.offset) == bits_of(2.5F));
  CHECK(bench.host.read(r::density.offset) == bits_of(0.1F));
  CHECK(bench.host.read(r::active.offset) ==
        (2u | 2u << r::active_granularity_shift | 1u << r::active_threshold_mode_shift));
}

TEST_CASE("a threshold holds from the pass after it was applied") {
  Bench bench;
  CHECK(bench.pass({9, 10, -30}) == Row{0, 10, -30});
  bench.host.write(r::threshold.offset, bits_of(20));
  CHECK(bench.pass({9, 10, -30}) == Row{0, 10, -30});  // staged only
  bench.host.write(r::control.offset, r::control_apply);
  CHECK(bench.host.read(r::status.offset) == r::status_pending);
  CHECK(bench.pass({9, 10, -30}) == Row{0, 0, -30});
  CHECK(bench.host.read(r::status.offset) == 0);
  CHECK(bench.host.read(r::theta.offset) == bits_of(20));
}

TEST_CASE("rules applied within a pass wait for the next one") {
  Bench bench;
  const crossbar::UpdateShape shape{1, 1};
  const std::int64_t update = 15;
  std::vector<std::uint8_t> taken(9);
  sc_core::sc_time delay;
  bench.unit.socket.write(crossbar::update_begin_address, &shape, sizeof shape, delay);
  bench.unit.socket.write(crossbar::update_row_address(0), &update, 8, delay);
  CHECK(bench.apply(r::threshold, bits_of(20)) == 0);
  bench.unit.write<std::uint32_t>(crossbar::update_decide_address, 1);
  bench.unit.socket.read(crossbar::update_row_address(0), taken.data(), 9, delay);
  CHECK(taken[0] == 15);
  CHECK(bench.pass({15}) == Row{0});
}

TEST_CASE("what is not allowed is refused with its reason and changes nothing") {
  Bench bench;
  CHECK(bench.apply(r::policy, 11) == 1);
  CHECK(bench.apply(r::policy, 2) == 0);
  CHECK(bench.apply(r::granularity, 4) == 2);
  CHECK(bench.apply(r::granularity, 1) == 0);
  CHECK(bench.apply(r::threshold_mode, 3) == 3);
  CHECK(bench.apply(r::threshold_mode, 0) == 0);
  CHECK(bench.apply(r::threshold, bits_of(0)) == 4);
  CHECK(bench.apply(r::threshold, 0x7fc00000) == 4);  // not a number
  CHECK(bench.apply(r::threshold, 0x7f800000) == 4);  // infinite
  CHECK(bench.apply(r::threshold, bits_of(10)) == 0);
  CHECK(bench.apply(r::density, bits_of(1.5F)) == 5);
  CHECK(bench.apply(r::density, bits_of(1)) == 0);
  CHECK(bench.apply(r::policy, 5) == 6);   // ef_reset
  CHECK(bench.apply(r::policy, 10) == 6);  // wear_adaptive
  CHECK(bench.pass({9, 10, -30}) == Row{0, 10, -30});
}

TEST_CASE("the first refusal stays until it is cleared") {
  Bench bench;
  CHECK(bench.apply(r::policy, 99) == 1);
  bench.host.write(r::policy.offset, 2u);
  bench.host.write(r::granularity.offset, 9u);
  bench.host.write(r::control.offset, r::control_apply);
  CHECK(bench.reason() == 1);
  bench.host.write(r::control.offset, r::control_clear_error);
  CHECK(bench.reason() == 0);
}

TEST_CASE("a filter of outer products refuses what only rewriting can have") {
  WriteFilterConfig config = dropping();
  config.outer_products = true;
  Bench bench(config);
  CHECK((bench.host.read(r::capability.offset) & (r::capability_outer_products | 0xf)) ==
        (r::capability_outer_products | 0xd));
  CHECK(bench.apply(r::policy, 1) == 7);
  CHECK(bench.apply(r::policy, 2) == 0);
  CHECK(bench.apply(r::granularity, 0) == 7);
}

TEST_CASE("statistics count in 64 bits, whose halves belong together, and start again when cleared") {
  Bench bench;
  bench.pass({9, 10, -30});
  bench.pass({0, 0, 1});
  CHECK(bench.count(r::passes) == 2);
  CHECK(bench.count(r::weights_offered) == 6);
  CHECK(bench.count(r::weights_written) == 2);
  CHECK(bench.count(r::weights_filtered) == 4);
  CHECK(bench.count(r::rows_offered) == 2);
  CHECK(bench.count(r::rows_written) == 1);
  CHECK(bench.count(r::residuals_forced) == 0);
  CHECK(bench.count(r::cells) == 7);
  CHECK(bench.count(r::pulses) == (std::uint64_t{1} << 33) + 5);
  bench.host.write(r::control.offset, r::control_clear_statistics);
  CHECK(bench.count(r::passes) == 0);
  CHECK(bench.count(r::pulses) == 0);
  bench.pass({100});
  CHECK(bench.count(r::weights_written) == 1);
  CHECK(bench.filter.statistics().weights_written == 3);  // the run's own report goes on
}

TEST_CASE("the running mean square of the updates can be read") {
  Bench bench;
  bench.pass({3, 4, 5});
  CHECK(bench.host.read(r::rms.offset) == bits_of(static_cast<float>(std::sqrt(50.0 / 3))));
}

TEST_CASE("a debug access shows the registers and does nothing") {
  Bench bench;
  bench.pass({100});
  CHECK(bench.count(r::passes) == 1);
  CHECK(bench.host.read(r::pulses.offset) == 5);
  CHECK(bench.host.peek(r::passes.offset) == 1);            // would keep a high word of 0
  CHECK(bench.host.read(r::pulses.offset + 4) == 1u << 1);  // 2^33
  const std::uint32_t apply = r::control_apply | r::control_clear_statistics;
  bench.host.socket.write_debug(r::threshold.offset, &apply, 4);
  bench.host.socket.write_debug(r::control.offset, &apply, 4);
  CHECK(bench.host.peek(r::passes.offset) == 1);
  CHECK(bench.host.peek(r::status.offset) == 0);
  CHECK(bench.host.delay == sc_core::SC_ZERO_TIME);
}

TEST_CASE("a reset brings the scenario's rules back and keeps residuals") {
  WriteFilterConfig config = dropping(10);
  config.rules.keep_residual = true;
  Bench bench(config);
  CHECK(bench.pass({6}) == Row{0});
  CHECK(bench.apply(r::threshold, bits_of(1)) == 0);
  bench.filter.reset();
  CHECK(bench.host.read(r::threshold.offset) == bits_of(10));
  CHECK(bench.host.read(r::status.offset) == 0);
  CHECK(bench.count(r::passes) == 0);
  CHECK(bench.pass({3}) == Row{0});
  CHECK(bench.pass({1}) == Row{10});
}
