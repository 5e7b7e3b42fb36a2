// SPDX-License-Identifier: Apache-2.0
// What a DRAM channel is: organisation, timing parameters and prices of its operations.
//
// The names of timing parameters are those of the JEDEC standards (DDR4: JESD79-4, LPDDR4: JESD209-4,
// HBM2: JESD235); all are in cycles of the command clock. `_s` is between different bank groups, `_l`
// within one; devices without bank groups have one group and equal values.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/common/energy_ledger.h"

namespace weft::dram {

// Cycles of the command clock since the start of simulation.
using Cycle = std::int64_t;

struct Organisation {
  int ranks = 1;
  int groups = 4;        // bank groups of a rank
  int banks = 4;         // of a group
  int rows = 65536;      // of a bank
  int row_bytes = 8192;  // of a rank: what one activation opens in all of its devices
  int data_bits = 64;    // width of the channel
  int burst_length = 8;  // transfers of one read or write command, two a cycle

  int banks_of_rank() const { return groups * banks; }
  int burst_bytes() const { return data_bits / 8 * burst_length; }
  int burst_cycles() const { return burst_length / 2; }
  int bursts_of_row() const { return row_bytes / burst_bytes(); }
  std::uint64_t capacity() const {
    return static_cast<std::uint64_t>(ranks) * static_cast<std::uint64_t>(banks_of_rank()) *
           static_cast<std::uint64_t>(rows) * static_cast<std::uint64_t>(row_bytes);
  }
};

struct Timing {
  int clock_ps = 833;  // tCK
  int cl = 16;         // read command to first data (RL)
  int cwl = 16;        // write command to first data (WL)
  int rcd = 16;        // activate to read or write
  int rp = 16;         // precharge to activate, one bank
  int rpab = 16;       // the same, and to refresh, of all banks of a rank
  int ras = 39;        // activate to precharge
  int rc = 55;         // activate to activate, one bank
  int ccd_s = 4;       // read to read, write to write
  int ccd_l = 6;
  int rrd_s = 4;  // activate to activate, one rank
  int rrd_l = 6;
  int faw = 26;   // window of four activates of a rank
  int wr = 19;    // last write data to precharge
  int wtr_s = 3;  // last write data to read, one rank
  int wtr_l = 9;
  int rtp = 9;      // read to precharge
  int rtw = 6;      // read to write, one rank
  int rtrs = 2;     // idle cycles of the data bus between ranks
  int refi = 9364;  // refresh to refresh; 0: no refresh
  int rfc = 421;    // refresh to activate
};

// Prices of one channel, all devices of a rank together.
struct Prices {
  Joule activate;       // an activate and its precharge
  Joule read_bit;       // array, data path and output drivers
  Joule write_bit;      // data path, array and termination
  Joule refresh;        // one refresh of a rank
  Joule standby_cycle;  // a rank with all banks precharged, by cycle of the command clock
  Joule active_cycle;   // on top of it while a bank is open
};

enum class PagePolicy {
  open,    // a row stays open until another one of its bank, or a refresh, is due
  closed,  // a bank is precharged after the last burst of a request in its row
};

// Where the parts of an address lie in it, most significant first. `group` at the end sends neighbouring
// bursts to different bank groups, which is what reaches ccd_s; `bank` below `column` spreads them further.
enum class Mapping {
  row_bank_column_group,
  row_bank_group_column,
  bank_group_row_column,
  row_column_bank_group
};

struct ChannelConfig {
  Organisation organisation;
  Timing timing;
  Prices prices;
  PagePolicy policy = PagePolicy::open;
  Mapping mapping = Mapping::row_bank_column_group;

  // Bytes a second of the data bus.
  double peak_bandwidth() const;
  // Throws weft::Error: parameter, what was found, what is allowed.
  void validate() const;
};

// A kind of memory by name: what is true of one channel, and how many its package has.
struct Preset {
  std::string name;
  std::string source;  // of the figures, for reports
  int channels = 1;
  ChannelConfig channel;
};

const std::vector<Preset>& presets();
// Throws weft::Error naming the known ones.
const Preset& preset(const std::string& name);

// Currents of one device in mA at its supply voltages, which are summed up as power in mW: average of
// the measurement loops IDD0 (activate, precharge), IDD2N and IDD3N (standby, all banks precharged and
// one open), IDD4R, IDD4W (bursts without gap) and IDD5B (refresh).
struct DevicePower {
  double activate = 0;  // mW
  double standby = 0;
  double active = 0;
  double read = 0;
  double write = 0;
  double refresh = 0;
};

// Prices of a rank of `devices`, as Micron's TN-40-07 "Calculating Memory Power for DDR4 SDRAM" takes
// background power off the currents of the loops. `io_bit` is what termination takes of a bit on the bus.
Prices prices_from(const DevicePower& device, int devices, const Organisation& organisation,
                   const Timing& timing, Joule io_bit);

}  // namespace weft::dram
