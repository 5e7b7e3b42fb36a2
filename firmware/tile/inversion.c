// SPDX-License-Identifier: Apache-2.0
#include "weft/inversion.h"

#include "weft/cause.h"
#include "weft/dense_solver.h"
#include "weft/tile_program.h"
#include "weft/xweft.h"

// Where the linker has put the tile's window.
extern char __tile_window[];

static const uint32_t fp32_to_fp32 = 0x303;

static volatile uint32_t first_failure;

// The instruction that trapped is executed when this returns: a failed command is told once.
__attribute__((interrupt("machine"), aligned(4))) static void on_trap(void) {
  uint32_t cause;
  __asm__ volatile("csrr %0, mcause" : "=r"(cause));
  if (cause != cause_unit_error) __asm__ volatile("j tile_trap");
  uint32_t value;
  __asm__ volatile("csrr %0, mtval" : "=r"(value));
  if (first_failure == inversion_ok) first_failure = value;
}

void inversion_init(void) {
  first_failure = inversion_ok;
  __asm__ volatile("csrw mtvec, %0" : : "r"(on_trap) : "memory");
}

enum inversion_failure inversion_wait(uint32_t ticket) {
  xweft_wait(ticket);
  const uint32_t failure = first_failure;
  first_failure = inversion_ok;
  return (enum inversion_failure)failure;
}

static uint32_t load(const struct inversion_job* job, enum inversion_way way, float damping) {
  const uint32_t mask = 1u << job->unit;
  const uint32_t matrix = bus_address(job->matrix);
  xweft_set_wdim(job->unknowns | job->unknowns << 16);
  if (way == inversion_compensated) return xweft_inv_loadc(matrix, float_bits(damping), mask);
  return xweft_inv_loadd(matrix, float_bits(damping), mask);
}

// Inaccurate is as bad as not converged.
static enum inversion_failure attempt(const struct inversion_job* job, enum inversion_way way,
                                      float damping) {
  static struct inversion_status status;
  const uint32_t mask = 1u << job->unit;
  xweft_set_wfmt(fp32_to_fp32);
  xweft_set_wshift(0);
  xweft_set_wbits(0);
  enum inversion_failure failure = inversion_wait(load(job, way, damping));
  if (failure != inversion_ok) return failure;
  xweft_set_wcnt(job->sides);
  failure = inversion_wait(xweft_inv_solve(bus_address(job->right), bus_address(job->solution), mask));
  if (failure != inversion_ok) return failure;
  failure = inversion_wait(xweft_inv_stat(bus_address(&status), mask));
  if (failure != inversion_ok) return failure;
  return status.correction > job->accuracy ? inversion_not_converged : inversion_ok;
}

static enum inversion_failure solve_on_hart(const struct inversion_job* job) {
  const uint32_t n = job->unknowns;
  float* const a = job->workspace;
  for (uint32_t i = 0; i < n * n; ++i) a[i] = job->matrix[i];
  for (uint32_t i = 0; i < n; ++i) a[i * n + i] += job->damping;
  if (!dense_decompose(a, n)) return inversion_singular;
  for (uint32_t i = 0; i < n * job->sides; ++i) job->solution[i] = job->right[i];
  for (uint32_t side = 0; side < job->sides; ++side) dense_substitute(a, n, job->solution + side * n);
  return inversion_ok;
}

static int is_final(struct inversion_result* result, enum inversion_failure failure) {
  result->failure = failure;
  if (failure != inversion_ok) ++result->failures;
  return failure == inversion_ok || !inversion_is_of_the_circuit(failure);
}

static struct inversion_result find_solution(const struct inversion_job* job) {
  struct inversion_result result = {inversion_ok, inversion_as_asked, job->damping, 0};
  if (is_final(&result, attempt(job, inversion_as_asked, job->damping))) return result;
  result.way = inversion_compensated;
  if (is_final(&result, attempt(job, inversion_compensated, job->damping))) return result;
  result.way = inversion_damped;
  float more = job->more_damping;
  for (uint32_t step = 0; step < job->damping_steps; ++step, more *= 4) {
    result.damping = job->damping + more;
    if (is_final(&result, attempt(job, inversion_damped, result.damping))) return result;
  }
  result.damping = job->damping;
  if (job->workspace == 0) return result;
  result.way = inversion_digital;
  result.failure = solve_on_hart(job);
  return result;
}

struct inversion_result inversion_solve(const struct inversion_job* job) {
  const struct inversion_result result = find_solution(job);
  inversion_report(inversion_unit_registers(bus_address(__tile_window), job->unit),
                   result.failure == inversion_ok ? result.way : inversion_unsolved);
  return result;
}
