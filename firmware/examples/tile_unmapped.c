// SPDX-License-Identifier: Apache-2.0
// Loads from an address where nothing answers: load access fault, value 0x30000000.
#include "weft/mmio.h"

int main(void) { return (int)mmio_read32(0x30000000); }
