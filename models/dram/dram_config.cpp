// SPDX-License-Identifier: Apache-2.0
#include "models/dram/dram_config.h"

#include <fmt/format.h>

#include <cmath>

#include "models/common/error.h"

namespace weft::dram {

namespace {

constexpr double picoseconds_per_second = 1e12;

bool is_power_of_two(int value) { return value > 0 && (value & (value - 1)) == 0; }

void check_organisation(const Organisation& organisation) {
  const auto require = [](const char* name, int value, int most) {
    if (is_power_of_two(value) && value <= most) return;
    throw Error(fmt::format("DRAM: {} is {}, allowed are powers of two up to {}", name, value, most));
  };
  require("ranks", organisation.ranks, 8);
  require("bank groups", organisation.groups, 16);
  require("banks of a group", organisation.banks, 64);
  require("rows", organisation.rows, 1 << 24);
  require("bytes of a row", organisation.row_bytes, 1 << 20);
  require("data bits", organisation.data_bits, 1024);
  require("burst length", organisation.burst_length, 64);
  if (organisation.data_bits < 8 || organisation.burst_length < 2) {
    throw Error(fmt::format("DRAM: {} data bits in bursts of {}, at least 8 bits and 2 transfers are needed",
                            organisation.data_bits, organisation.burst_length));
  }
  if (organisation.row_bytes < organisation.burst_bytes()) {
    throw Error(fmt::format("DRAM: a row of {} bytes is shorter than a burst of {} bytes",
                            organisation.row_bytes, organisation.burst_bytes()));
  }
}

void check_cycles(const Timing& timing) {
  constexpr int most = 10'000'000;
  const auto require = [&](const char* name, int value, int least) {
    if (value >= least && value <= most) return;
    throw Error(fmt::format("DRAM: {} is {}, allowed are {} to {}", name, value, least, most));
  };
  require("tCK (ps)", timing.clock_ps, 1);
  require("CL", timing.cl, 1);
  require("CWL", timing.cwl, 1);
  require("tRCD", timing.rcd, 1);
  require("tRP", timing.rp, 1);
  require("tRPab", timing.rpab, 1);
  require("tRAS", timing.ras, 1);
  require("tRC", timing.rc, 1);
  require("tCCD_S", timing.ccd_s, 1);
  require("tCCD_L", timing.ccd_l, 1);
  require("tRRD_S", timing.rrd_s, 1);
  require("tRRD_L", timing.rrd_l, 1);
  require("tFAW", timing.faw, 1);
  require("tWR", timing.wr, 0);
  require("tWTR_S", timing.wtr_s, 0);
  require("tWTR_L", timing.wtr_l, 0);
  require("tRTP", timing.rtp, 1);
  require("tRTW", timing.rtw, 1);
  require("tRTRS", timing.rtrs, 0);
  require("tREFI", timing.refi, 0);
  require("tRFC", timing.rfc, 1);
}

// What the parameters must be to each other, or no device could work.
void check_relations(const Timing& timing, const Organisation& organisation) {
  const auto require = [](bool good, const char* lower, int small, const char* upper, int large) {
    if (!good)
      throw Error(
          fmt::format("DRAM: {} is {}, but {} is {}; it must not be smaller", upper, large, lower, small));
  };
  require(timing.ras >= timing.rcd, "tRCD", timing.rcd, "tRAS", timing.ras);
  require(timing.rc >= timing.ras + timing.rp, "tRAS + tRP", timing.ras + timing.rp, "tRC", timing.rc);
  require(timing.rpab >= timing.rp, "tRP", timing.rp, "tRPab", timing.rpab);
  require(timing.ccd_l >= timing.ccd_s, "tCCD_S", timing.ccd_s, "tCCD_L", timing.ccd_l);
  require(timing.ccd_s >= organisation.burst_cycles(), "a burst on the bus", organisation.burst_cycles(),
          "tCCD_S", timing.ccd_s);
  require(timing.rrd_l >= timing.rrd_s, "tRRD_S", timing.rrd_s, "tRRD_L", timing.rrd_l);
  require(timing.faw >= timing.rrd_s, "tRRD_S", timing.rrd_s, "tFAW", timing.faw);
  require(timing.wtr_l >= timing.wtr_s, "tWTR_S", timing.wtr_s, "tWTR_L", timing.wtr_l);
  const int bus_free = timing.cl + organisation.burst_cycles() - timing.cwl;
  require(timing.rtw >= bus_free, "CL + a burst - CWL", bus_free, "tRTW", timing.rtw);
  if (timing.refi == 0) return;
  const int shortest = timing.rfc + timing.rc + timing.rpab;
  require(timing.refi > shortest, "tRFC + tRC + tRPab", shortest, "tREFI", timing.refi);
}

void check_prices(const Prices& prices) {
  const auto require = [](const char* name, Joule price) {
    if (std::isfinite(price.value()) && price.value() >= 0) return;
    throw Error(
        fmt::format("DRAM: the price {} is {} J, allowed are finite values from 0", name, price.value()));
  };
  require("activate", prices.activate);
  require("read_bit", prices.read_bit);
  require("write_bit", prices.write_bit);
  require("refresh", prices.refresh);
  require("standby_cycle", prices.standby_cycle);
  require("active_cycle", prices.active_cycle);
}

}  // namespace

double ChannelConfig::peak_bandwidth() const {
  return organisation.data_bits / 8.0 * 2 / (timing.clock_ps / picoseconds_per_second);
}

void ChannelConfig::validate() const {
  check_organisation(organisation);
  check_cycles(timing);
  check_relations(timing, organisation);
  check_prices(prices);
}

Prices prices_from(const DevicePower& device, int devices, const Organisation& organisation,
                   const Timing& timing, Joule io_bit) {
  constexpr double joule_per_mW_ps = 1e-15;
  const auto cycles = [&](double power_mW, double count) {
    return Joule(power_mW * devices * count * timing.clock_ps * joule_per_mW_ps);
  };
  const double burst_bits = 8.0 * organisation.burst_bytes();
  Prices prices;
  // The loop of IDD0 is one tRC long: standby with the bank open for tRAS and precharged for the rest.
  prices.activate = cycles(device.activate, timing.rc) + cycles(-device.active, timing.ras) +
                    cycles(-device.standby, timing.rc - timing.ras);
  prices.read_bit =
      cycles(device.read - device.active, organisation.burst_cycles()) * (1 / burst_bits) + io_bit;
  prices.write_bit =
      cycles(device.write - device.active, organisation.burst_cycles()) * (1 / burst_bits) + io_bit;
  prices.refresh = cycles(device.refresh - device.active, timing.rfc);
  prices.standby_cycle = cycles(device.standby, 1);
  prices.active_cycle = cycles(device.active - device.standby, 1);
  return prices;
}

}  // namespace weft::dram
