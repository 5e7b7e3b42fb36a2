// SPDX-License-Identifier: Apache-2.0
// The kinds of DRAM that have a name. JEDEC's speed bins are in nanoseconds; here they are cycles, rounded
// up. Currents are those of data sheets as the public simulators named below carry them.
#include <fmt/format.h>

#include "models/common/error.h"
#include "models/dram/dram_config.h"

namespace weft::dram {

namespace {

// A bit on a line terminated to its supply (POD12) draws current while it is low, half of the time.
Joule terminated_bit(double volt, double driver_ohm, double termination_ohm, double bits_per_second) {
  return Joule(volt * volt / (driver_ohm + termination_ohm) / 2 / bits_per_second);
}

// Output driver RZQ/7, termination RZQ/4, JESD79-4 section 5 with RZQ = 240 ohm.
Joule ddr4_io(double bits_per_second) { return terminated_bit(1.2, 240.0 / 7, 240.0 / 4, bits_per_second); }

// One rank of eight devices of 8 Gbit, 8 bits wide: 8 GiB on 64 bits.
Organisation ddr4_rank() { return {}; }

// JESD79-4, bin 2400R (16-16-16), 1 KiB page, 8 Gbit; as in DRAMsim3's DDR4_8Gb_x8_2400.ini for Micron
// MT40A1G8-083E, whose currents these are (mA at 1.2 V: IDD0 48, IDD2N 34, IDD3N 43, IDD4R 135, IDD4W 123,
// IDD5B 250).
Preset ddr4_2400() {
  Preset preset;
  preset.name = "ddr4-2400";
  preset.source = "JESD79-4 speed bin 2400R; currents of Micron MT40A1G8-083E";
  ChannelConfig& channel = preset.channel;
  channel.organisation = ddr4_rank();
  Timing& t = channel.timing;
  t.clock_ps = 833;
  t.cl = t.cwl = t.rcd = t.rp = t.rpab = 16;
  t.ras = 39;
  t.rc = 55;
  t.ccd_s = 4;
  t.ccd_l = 6;
  t.rrd_s = 4;
  t.rrd_l = 6;
  t.faw = 26;
  t.wr = 19;
  t.wtr_s = 3;
  t.wtr_l = 9;
  t.rtp = 10;  // 7.5 ns
  t.rtw = t.cl + 4 - t.cwl + 2;
  t.rtrs = 2;
  t.refi = 9364;  // 7.8 us
  t.rfc = 421;    // 350 ns
  constexpr double volt = 1.2;
  const DevicePower device{48 * volt, 34 * volt, 43 * volt, 135 * volt, 123 * volt, 250 * volt};
  channel.prices = prices_from(device, 8, channel.organisation, t, ddr4_io(2.4e9));
  return preset;
}

// JESD79-4, bin 3200AA (22-22-22), 1 KiB page, 8 Gbit; as in DRAMsim3's DDR4_8Gb_x8_3200.ini, currents
// (mA at 1.2 V: IDD0 57, IDD2N 37, IDD3N 52, IDD4R 168, IDD4W 150, IDD5B 250) included.
Preset ddr4_3200() {
  Preset preset;
  preset.name = "ddr4-3200";
  preset.source = "JESD79-4 speed bin 3200AA; currents of an 8 Gbit x8 device";
  ChannelConfig& channel = preset.channel;
  channel.organisation = ddr4_rank();
  Timing& t = channel.timing;
  t.clock_ps = 625;
  t.cl = t.rcd = t.rp = t.rpab = 22;
  t.cwl = 16;
  t.ras = 52;
  t.rc = 74;
  t.ccd_s = 4;
  t.ccd_l = 8;
  t.rrd_s = 4;
  t.rrd_l = 8;
  t.faw = 34;
  t.wr = 24;
  t.wtr_s = 4;
  t.wtr_l = 12;
  t.rtp = 12;
  t.rtw = t.cl + 4 - t.cwl + 2;
  t.rtrs = 2;
  t.refi = 12480;  // 7.8 us
  t.rfc = 560;     // 350 ns
  constexpr double volt = 1.2;
  const DevicePower device{57 * volt, 37 * volt, 52 * volt, 168 * volt, 150 * volt, 250 * volt};
  channel.prices = prices_from(device, 8, channel.organisation, t, ddr4_io(3.2e9));
  return preset;
}

// mW of LPDDR4's rails: VDD1 1.8 V, VDD2 and VDDQ 1.1 V.
constexpr double lpddr4_mW(double idd1_mA, double idd2_mA, double iddq_mA) {
  return 1.8 * idd1_mA + 1.1 * (idd2_mA + iddq_mA);
}

// JESD209-4, 3200 Mb/s, one channel of 16 bits and 8 Gbit, latencies of set A without DBI; timings and
// currents as in DRAMSys's JEDEC_8Gb_LPDDR4-3200_16bit. VDDQ includes the output drivers. Refresh is that
// of all banks.
Preset lpddr4_3200() {
  Preset preset;
  preset.name = "lpddr4-3200";
  preset.source = "JESD209-4 at 3200 Mb/s; currents of a channel of 8 Gbit";
  preset.channels = 2;
  ChannelConfig& channel = preset.channel;
  channel.organisation = {1, 1, 8, 65536, 2048, 16, 16};
  Timing& t = channel.timing;
  t.clock_ps = 625;
  t.cl = 28 + 6;   // RL + tDQSCK(max)
  t.cwl = 14 + 1;  // WL + tDQSS
  t.rcd = t.rp = 29;
  t.rpab = 34;
  t.ras = 68;
  t.rc = 97;
  t.ccd_s = t.ccd_l = 8;
  t.rrd_s = t.rrd_l = 16;
  t.faw = 64;
  t.wr = 29;
  t.wtr_s = t.wtr_l = 16;
  t.rtp = 12;
  t.rtw = 34 + 8 - 14 + 2;  // RL + tDQSCK + BL/2 - WL + tWPRE
  t.rtrs = 1;
  t.refi = 6246;  // 3.9 us
  t.rfc = 448;    // 280 ns
  DevicePower device;
  device.activate = lpddr4_mW(3.5, 45, 0.75);
  device.standby = lpddr4_mW(2, 27, 0.75);
  device.active = lpddr4_mW(2.25, 30, 0.75);
  device.read = lpddr4_mW(2.25, 275, 150);
  device.write = lpddr4_mW(2.25, 210, 55);
  device.refresh = lpddr4_mW(10, 90, 0.75);
  channel.prices = prices_from(device, 1, channel.organisation, t, Joule());
  return preset;
}

// One stack of 8 GiB: eight channels of two pseudo-channels (64 bits, 1 KiB pages) at 2 Gb/s. JESD235 is not
// public: timings as in DRAMsim3's HBM2_8Gb_x128.ini and, for what pseudo-channels change, DRAMSys's
// HBM2.json (tFAW, tCCD_S); tCCD_L, tRTW and tRTRS are from memory. Energy: O'Connor et al., "Fine-Grained
// DRAM", MICRO-50 (2017): 909 pJ an activation, 1.51 pJ/bit to and 1.17 pJ/bit from the sense amplifiers'
// edge, 0.80 pJ/bit of I/O (from memory); standby and refresh from DRAMsim3's currents, half a channel.
Preset hbm2() {
  Preset preset;
  preset.name = "hbm2";
  preset.source = "2 Gb/s pseudo-channels, timings of public simulators; O'Connor et al., MICRO-50 (2017)";
  preset.channels = 16;
  ChannelConfig& channel = preset.channel;
  channel.organisation = {1, 4, 4, 32768, 1024, 64, 4};
  Timing& t = channel.timing;
  t.clock_ps = 1000;
  t.cl = 14;
  t.cwl = 4;
  t.rcd = t.rp = t.rpab = 14;
  t.ras = 34;
  t.rc = 48;
  t.ccd_s = 2;
  t.ccd_l = 4;
  t.rrd_s = 4;
  t.rrd_l = 6;
  t.faw = 16;
  t.wr = 16;
  t.wtr_s = 6;
  t.wtr_l = 8;
  t.rtp = 6;
  t.rtw = t.cl + 2 - t.cwl + 2;
  t.rtrs = 1;
  t.refi = 3900;
  t.rfc = 260;
  constexpr double half_channel_volt = 1.2 / 2;
  DevicePower device;
  device.standby = 40 * half_channel_volt;
  device.active = 55 * half_channel_volt;
  device.refresh = 250 * half_channel_volt;
  channel.prices = prices_from(device, 1, channel.organisation, t, Joule());
  channel.prices.activate = picojoule(909);
  channel.prices.read_bit = channel.prices.write_bit = picojoule(1.51 + 1.17 + 0.80);
  return preset;
}

}  // namespace

const std::vector<Preset>& presets() {
  static const std::vector<Preset> all{ddr4_2400(), ddr4_3200(), lpddr4_3200(), hbm2()};
  return all;
}

const Preset& preset(const std::string& name) {
  std::string known;
  for (const Preset& candidate : presets()) {
    if (candidate.name == name) return candidate;
    known += (known.empty() ? "" : ", ") + candidate.name;
  }
  throw Error(fmt::format("there is no kind of DRAM '{}'; known are {}", name, known));
}

}  // namespace weft::dram
