// SPDX-License-Identifier: Apache-2.0
// Inversion units for tile programs that want an answer where a system is too hard for the arrays. Elements
// are float (fp32); the driver uses the hart's CSRs wfmt, wdim, wcnt, wshift and wbits.
#pragma once

#include <stdint.h>

#include "weft/inversion_unit.h"

// What inv.stat writes.
struct inversion_status {
  uint32_t failure;
  uint32_t sides;
  uint32_t iterations;  // most terms or passes of a right-hand side
  uint32_t inversions;
  uint32_t products;
  float correction;  // of the last term or pass, as a share of the solution
  float slowest;     // least eigenvalue of the loop, about 1 / condition
  uint32_t unknowns;
};

struct inversion_job {
  uint32_t unit;  // number of the inversion unit
  uint32_t unknowns;
  uint32_t sides;  // right-hand sides, one after the other
  const float* matrix;
  const float* right;
  float* solution;
  float damping;           // added to the diagonal
  float accuracy;          // a last correction above this share of the solution is not good enough
  float more_damping;      // first value tried as additional damping; then four times as much each time
  uint32_t damping_steps;  // values tried; 0: damping stays as it is
  float* workspace;        // unknowns² numbers for the hart's own solution; 0: it does not try
};

struct inversion_result {
  enum inversion_failure failure;  // of the last attempt
  enum inversion_way way;
  float damping;      // of the system that was solved
  uint32_t failures;  // attempts that the unit failed
};

// From now on commands that a unit fails (cause 24) are what inversion_wait() answers. Every other trap still
// ends the program.
void inversion_init(void);

// Waits for the command with this ticket. The first failure of a unit since the last call.
enum inversion_failure inversion_wait(uint32_t ticket);

// Solves by whatever the job allows, and reports what it took (inversion_report). With a failure, `solution`
// holds nothing of use.
struct inversion_result inversion_solve(const struct inversion_job* job);
