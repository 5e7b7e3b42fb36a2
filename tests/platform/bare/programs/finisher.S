// SPDX-License-Identifier: Apache-2.0
// Ends by the finisher with exit code 3, or with a reset.
  .text
  .globl _start
_start:
  li t0, 0x100000
  li t1, REQUEST
  sw t1, 0(t0)
  sw zero, 0(zero) // would be fatal
