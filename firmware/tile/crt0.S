// SPDX-License-Identifier: Apache-2.0
// Start and end of every tile program. The loader has cleared .bss.
#include "weft/registers.h"

#define CAUSE_CHECK_FAILED 25 /* weft/cause.h */

  .section .text.start, "ax"
  .globl _start
  .type _start, @function
_start:
  .option push
  .option norelax
  la gp, __global_pointer$
  .option pop
  la sp, __stack
  la t0, tile_trap
  csrw mtvec, t0
  call main
  li t1, WEFT_TILE_CONTROL_RAISE_DONE

// t1: the event that tells the host how it ended.
stop:
  la t0, __tile_window + WEFT_WINDOW_TILE_CONTROL_OFFSET
  sw t1, WEFT_TILE_CONTROL_RAISE(t0)
  li t1, WEFT_TILE_CONTROL_CONTROL_STOP
  sw t1, WEFT_TILE_CONTROL_CONTROL(t0)
sleep:
  wfi
  j sleep

  .balign 4
  .globl tile_trap
  .type tile_trap, @function
tile_trap:
  csrr a0, mtval
  csrr a1, mepc
  csrr a2, mcause
  j fault

  .globl tile_check_failed
  .type tile_check_failed, @function
tile_check_failed:
  mv a1, ra
  li a2, CAUSE_CHECK_FAILED

// a0: value, a1: pc, a2: cause.
fault:
  la t0, __tile_window + WEFT_WINDOW_TILE_CONTROL_OFFSET
  sw a2, WEFT_TILE_CONTROL_FAULT_CAUSE(t0)
  sw a1, WEFT_TILE_CONTROL_FAULT_PC(t0)
  sw a0, WEFT_TILE_CONTROL_FAULT_VALUE(t0)
  li t1, WEFT_TILE_CONTROL_RAISE_FAULT
  j stop
