// SPDX-License-Identifier: Apache-2.0
  .text
  .globl _start
_start:
  li t0, 1
here:
  j here
