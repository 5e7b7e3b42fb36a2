// SPDX-License-Identifier: Apache-2.0
// Which rank, bank group, bank, row and column an address of a channel belongs to.
#pragma once

#include <cstdint>

#include "models/dram/dram_config.h"

namespace weft::dram {

struct Place {
  int rank = 0;
  int group = 0;
  int bank = 0;  // among all banks of its rank: group * banks of a group + bank of the group
  int row = 0;
  int column = 0;  // in bursts

  friend bool operator==(const Place& a, const Place& b) {
    return a.rank == b.rank && a.group == b.group && a.bank == b.bank && a.row == b.row &&
           a.column == b.column;
  }
};

class AddressMap {
 public:
  // The organisation must be valid (ChannelConfig::validate).
  AddressMap(const Organisation& organisation, Mapping mapping);

  // Of the burst number `burst`: address of the channel / bytes of a burst. Numbers beyond the capacity
  // start again at 0.
  Place place(std::uint64_t burst) const;
  // The burst at a place: the inverse.
  std::uint64_t burst(const Place& place) const;

 private:
  struct Field {
    unsigned shift = 0;
    unsigned bits = 0;
    int take(std::uint64_t burst) const {
      return static_cast<int>(burst >> shift & ((std::uint64_t{1} << bits) - 1));
    }
  };

  Field rank_;
  Field group_;
  Field bank_;
  Field row_;
  Field column_;
  int banks_of_group_;
};

}  // namespace weft::dram
