// SPDX-License-Identifier: Apache-2.0
// Firmware that reads where nothing is: the trap handler says so and ends the run.
#include <stdint.h>

static __attribute__((noipa)) uint32_t read_nowhere(volatile uint32_t* place) { return *place; }

int main(void) {
  // Something is left to do behind the call, so that main has a frame.
  return (int)read_nowhere((volatile uint32_t*)0x30000000) + 1;
}
