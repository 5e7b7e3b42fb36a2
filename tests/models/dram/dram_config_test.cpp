// SPDX-License-Identifier: Apache-2.0
#include "models/dram/dram_config.h"

#include <catch2/catch.hpp>
#include <set>
#include <tuple>

#include "models/common/error.h"
#include "models/dram/address_map.h"

using Catch::Contains;
using weft::Error;
using weft::dram::AddressMap;
using weft::dram::ChannelConfig;
using weft::dram::Mapping;
using weft::dram::Organisation;
using weft::dram::Place;
using weft::dram::preset;
using weft::dram::Preset;
using weft::dram::presets;
using weft::dram::Prices;

namespace {

constexpr Mapping mappings[] = {Mapping::row_bank_column_group, Mapping::row_bank_group_column,
                                Mapping::bank_group_row_column, Mapping::row_column_bank_group};

ChannelConfig ddr4() { return preset("ddr4-2400").channel; }

template <typename Change>
void check_refused(const Change& change, const char* words) {
  ChannelConfig config = ddr4();
  change(config);
  CHECK_THROWS_WITH(config.validate(), Contains(words));
}

}  // namespace

TEST_CASE("every preset is a device that can work") {
  REQUIRE(presets().size() == 4);
  for (const Preset& each : presets()) {
    INFO(each.name);
    CHECK_NOTHROW(each.channel.validate());
    CHECK(each.channel.prices.activate.value() > 0);
    CHECK(each.channel.prices.refresh.value() > 0);
    CHECK(each.channel.prices.active_cycle.value() > 0);
  }
  CHECK_THROWS_WITH(preset("ddr5"), Contains("ddr5") && Contains("lpddr4-3200"));
}

// Data rate x width: DDR4-2400 and -3200 on 64 bits (PC4-19200, PC4-25600), LPDDR4-3200 on 2 x 16 bits
// (12.8 GB/s a die, Micron 200b x32 LPDDR4 data sheet), an HBM2 stack at 2 Gb/s on 1024 bits (256 GB/s).
TEST_CASE("peak bandwidths are those of the standards") {
  const auto peak = [](const char* name) {
    return preset(name).channels * preset(name).channel.peak_bandwidth() / 1e9;
  };
  CHECK(peak("ddr4-2400") == Approx(19.2).epsilon(0.001));
  CHECK(peak("ddr4-3200") == Approx(25.6));
  CHECK(peak("lpddr4-3200") == Approx(12.8));
  CHECK(peak("hbm2") == Approx(256));
}

TEST_CASE("capacities are those of the devices") {
  constexpr double gibibyte = 1024.0 * 1024 * 1024;
  const auto size = [](const char* name) {
    return preset(name).channels * static_cast<double>(preset(name).channel.organisation.capacity()) /
           gibibyte;
  };
  CHECK(size("ddr4-2400") == 8);    // eight devices of 8 Gbit
  CHECK(size("lpddr4-3200") == 2);  // two channels of 8 Gbit
  CHECK(size("hbm2") == 8);
}

// Micron TN-40-07: power of a loop less the background, here for DDR4-2400 by hand: tCK 0.833 ns, 8 devices.
TEST_CASE("prices follow from currents as in the manufacturer's method") {
  const Prices prices = ddr4().prices;
  const double act = 1.2e-3 * 8 * 0.833e-9 * (48 * 55 - 43 * 39 - 34 * 16);
  CHECK(prices.activate.value() == Approx(act));
  const double termination = 1.44 / (240.0 / 7 + 60) / 2 / 2.4e9;
  CHECK(prices.read_bit.value() == Approx(1.2e-3 * 8 * 0.833e-9 * 4 * (135 - 43) / 512 + termination));
  CHECK(prices.write_bit.value() == Approx(1.2e-3 * 8 * 0.833e-9 * 4 * (123 - 43) / 512 + termination));
  CHECK(prices.refresh.value() == Approx(1.2e-3 * 8 * (250 - 43) * 421 * 0.833e-9));
  CHECK(prices.standby_cycle.value() == Approx(1.2e-3 * 8 * 34 * 0.833e-9));
  CHECK(prices.active_cycle.value() == Approx(1.2e-3 * 8 * 9 * 0.833e-9));
}

// O'Connor et al., MICRO-50 (2017), give 3.92 pJ/bit for HBM2 (average of their GPU workloads). Activation is
// shared by the bits that are read from the open row: that figure is 258 bytes, a whole row costs 3.59.
TEST_CASE("an HBM2 bit costs what was published") {
  const Prices& prices = preset("hbm2").channel.prices;
  const auto pJ_per_bit = [&](double bytes_per_activation) {
    return (prices.read_bit.value() + prices.activate.value() / (8 * bytes_per_activation)) * 1e12;
  };
  CHECK(pJ_per_bit(258) == Approx(3.92).epsilon(0.001));
  CHECK(pJ_per_bit(1024) == Approx(3.59).epsilon(0.001));
}

TEST_CASE("a mapping reaches every burst of every bank once") {
  for (const Mapping mapping : mappings) {
    const Organisation small{2, 2, 4, 8, 512, 64, 8};
    const AddressMap map(small, mapping);
    std::set<std::tuple<int, int, int, int>> seen;
    const std::uint64_t bursts = small.capacity() / 64;
    for (std::uint64_t burst = 0; burst < bursts; ++burst) {
      const Place place = map.place(burst);
      CHECK(place.bank / small.banks == place.group);
      CHECK(map.burst(place) == burst);
      seen.emplace(place.rank, place.bank, place.row, place.column);
    }
    CHECK(seen.size() == bursts);
    CHECK(map.place(bursts) == map.place(0));
  }
}

TEST_CASE("neighbouring bursts lie where the mapping says") {
  const Organisation organisation = ddr4().organisation;
  const auto second = [&](Mapping mapping) { return AddressMap(organisation, mapping).place(1); };
  CHECK(second(Mapping::row_bank_column_group).group == 1);
  CHECK(second(Mapping::row_bank_group_column).column == 1);
  CHECK(second(Mapping::bank_group_row_column).column == 1);
  CHECK(AddressMap(organisation, Mapping::row_column_bank_group).place(4).bank == 1);
  CHECK(AddressMap(organisation, Mapping::bank_group_row_column).place(128).row == 1);
}

TEST_CASE("timings that no device can have are refused with their names") {
  check_refused([](ChannelConfig& c) { c.timing.ras = 10; }, "tRCD is 16");
  check_refused([](ChannelConfig& c) { c.timing.rc = 54; }, "tRC is 54, but tRAS + tRP is 55");
  check_refused([](ChannelConfig& c) { c.timing.ccd_l = 3; }, "tCCD_L is 3");
  check_refused([](ChannelConfig& c) { c.timing.ccd_s = 3; }, "tCCD_S is 3, but a burst on the bus is 4");
  check_refused([](ChannelConfig& c) { c.timing.rrd_l = 3; }, "tRRD_L is 3");
  check_refused([](ChannelConfig& c) { c.timing.faw = 3; }, "tFAW is 3");
  check_refused([](ChannelConfig& c) { c.timing.wtr_l = 2; }, "tWTR_L is 2");
  check_refused([](ChannelConfig& c) { c.timing.rtw = 3; }, "tRTW is 3");
  check_refused([](ChannelConfig& c) { c.timing.rpab = 15; }, "tRPab is 15");
  check_refused([](ChannelConfig& c) { c.timing.refi = 450; }, "tREFI is 450");
  check_refused([](ChannelConfig& c) { c.timing.clock_ps = 0; }, "tCK (ps) is 0");
  check_refused([](ChannelConfig& c) { c.timing.rcd = -1; }, "tRCD is -1");
  check_refused([](ChannelConfig& c) { c.organisation.rows = 1000; }, "rows is 1000");
  check_refused([](ChannelConfig& c) { c.organisation.row_bytes = 32; }, "shorter than a burst");
  check_refused([](ChannelConfig& c) { c.prices.read_bit = weft::Joule(-1); }, "read_bit");
}
