// SPDX-License-Identifier: Apache-2.0
// What a flit costs in routers and links, by technology.
//
// DSENT 0.9 (Sun et al., NOCS 2012), run for these figures: bulk low-Vt, 340 K, 1 GHz, random data; routers
// of five ports and eight flits per virtual channel (buffer write and read, crossbar, arbitration), repeated
// links of 1 mm for a delay of 1 ns. ISAAC: 20.74 pJ per 256 bits and router (Accelergy's library of
// published components). PUMA: 16.13 mW of a router of four ports of 32 bits at 1 GHz (its public simulator;
// units inferred). These two charge a router's whole budget and have no links of their own.
#pragma once

#include "models/common/energy_ledger.h"

namespace weft::noc {

enum class PriceTable { kDsent45nm, kDsent32nm, kDsent22nm, kDsent11nm, kIsaac, kPuma };

struct FlitPrices {
  Joule router;           // one flit through one router
  Joule link_millimetre;  // one flit over 1 mm of link
};

const char* to_string(PriceTable table);

// For flits of so many bytes. DSENT's tables have flits of 4, 8, 16 and 32 bytes and 1, 2 or 4 virtual
// channels; throws weft::Error for others, naming what is allowed.
FlitPrices flit_prices(PriceTable table, unsigned flit_bytes, unsigned virtual_channels);

}  // namespace weft::noc
