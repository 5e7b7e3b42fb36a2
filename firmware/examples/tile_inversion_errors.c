// SPDX-License-Identifier: Apache-2.0
// Systems that an analogue inversion unit cannot solve as they are, and what a program does about it.
#include <stdint.h>

#include "example_system.h"
#include "weft/inversion.h"
#include "weft/tile_program.h"

enum { check_way = 0x100, check_failure = 0x200, check_residual = 0x300 };

static const struct inversion_job job = {.unit = 0,
                                         .unknowns = unknowns,
                                         .sides = 1,
                                         .matrix = matrix,
                                         .right = right,
                                         .solution = solution,
                                         .accuracy = 1.0f / 1024,
                                         .more_damping = 1.0f / 64,
                                         .workspace = workspace};

static float magnitude(float value) { return value < 0 ? -value : value; }

static void check(uint32_t number, const struct inversion_job* asked, enum inversion_failure failure,
                  enum inversion_way way) {
  const struct inversion_result result = inversion_solve(asked);
  if (result.failure != failure) tile_check_failed(check_failure + 16 * number + result.failure);
  if (failure != inversion_ok) return;
  if (result.way != way) tile_check_failed(check_way + 16 * number + result.way);
  for (int i = 0; i < unknowns; ++i) {
    float rest = right[i] - result.damping * solution[i];
    for (int j = 0; j < unknowns; ++j) rest -= matrix[i * unknowns + j] * solution[j];
    if (!(magnitude(rest) < 1.0f / 256)) tile_check_failed(check_residual + 16 * number);
  }
}

int main(void) {
  inversion_init();
  prepare(0.3f);
  check(1, &job, inversion_ok, inversion_as_asked);
  prepare(0.91f);
  check(2, &job, inversion_ok, inversion_compensated);
  prepare(0.99f);
  struct inversion_job damped = job;
  damped.damping_steps = 4;
  check(3, &damped, inversion_ok, inversion_damped);
  check(4, &job, inversion_ok, inversion_digital);
  struct inversion_job unaided = job;
  unaided.workspace = 0;
  check(5, &unaided, inversion_not_converged, inversion_compensated);
  matrix[1] = 0.5f;
  check(6, &job, inversion_asymmetric, inversion_as_asked);
  matrix[1] = matrix[unknowns] = 2;
  check(7, &job, inversion_singular, inversion_digital);
  return 0;
}
