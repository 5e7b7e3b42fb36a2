// SPDX-License-Identifier: Apache-2.0
// Never ends: one addition and one jump, for ever.
  .text
  .globl _start
_start:
  li t0, 0
loop:
  addi t0, t0, 1
  j loop
