// SPDX-License-Identifier: Apache-2.0
// Ends the run. exit(), abort() and the return of main() arrive here too, through _exit().
#pragma once

// Exit codes of the firmware that comes with Weft.
enum {
  exit_pass = 0,
  exit_bad_program = 2,  // boot information or program cannot be used
  exit_tile_fault = 3,   // a tile's program has trapped
  exit_host_trap = 4,    // the firmware itself has trapped
};

// 0 passes, 1 to 65535 fail with that code.
_Noreturn void finisher_exit(unsigned code);
