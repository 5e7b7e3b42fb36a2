// SPDX-License-Identifier: Apache-2.0
// Traps without a handler, in a function that another one calls.
  .text
  .globl _start
_start:
  la sp, stack
  jal outer
  .type outer, @function
outer:
  addi sp, sp, -16
  sw ra, 12(sp)
  jal inner
  lw ra, 12(sp)
  addi sp, sp, 16
  ret
  .type inner, @function
inner:
  li a0, 0x30000000
  lw a1, 4(a0)
  ret
  .data
  .zero 64
stack:
